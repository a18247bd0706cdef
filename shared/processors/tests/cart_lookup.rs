//! What the stores' own APIs are asked, and what their answers come to.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response};
use recoup_core::{CustomerId, Fact, Obligation, Phone, Secret};
use recoup_processors::{
    Ignored, Lookup, LookupAnswer, Normalised, Processor, Status, Unanswered, Verified, by_name,
};

fn source(name: &str) -> &'static dyn Processor {
    by_name(name).expect("a source")
}

fn order(id: &str) -> Lookup {
    Lookup::Obligation(Obligation::parse(id).expect("well formed"))
}

fn customer(id: &str) -> Lookup {
    Lookup::Customer(CustomerId::parse(id).expect("well formed"))
}

fn key(text: &str) -> Secret {
    Secret::parse(text).expect("fit")
}

fn answer(status: u16, body: &str) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::copy_from_slice(body.as_bytes())).expect("well formed")
}

#[test]
fn r2_the_questions_are_what_the_apis_document() {
    for (name, key_text, lookup, uri, header, value) in [
        (
            "shopify",
            "shpat_1",
            order("5778000000001"),
            "https://acme.myshopify.com/admin/api/2026-04/orders/5778000000001.json",
            "x-shopify-access-token",
            "shpat_1",
        ),
        (
            "shopify",
            "shpat_1",
            customer("7358000000001"),
            "https://acme.myshopify.com/admin/api/2026-04/customers/7358000000001.json",
            "x-shopify-access-token",
            "shpat_1",
        ),
        (
            "woocommerce",
            "ck_1:cs_2",
            order("727"),
            "https://acme.myshopify.com/wp-json/wc/v3/orders/727",
            "authorization",
            "Basic Y2tfMTpjc18y",
        ),
        (
            "woocommerce",
            "ck_1:cs_2",
            customer("25"),
            "https://acme.myshopify.com/wp-json/wc/v3/customers/25",
            "authorization",
            "Basic Y2tfMTpjc18y",
        ),
    ] {
        for base in ["https://acme.myshopify.com", "https://acme.myshopify.com/"] {
            let request = source(name).request(base, &lookup, &key(key_text)).expect("it can be asked");
            assert_eq!((request.method(), request.uri().to_string().as_str()), (&Method::GET, uri));
            let sent = request.headers().get(header).expect("authorized");
            assert!(sent.is_sensitive());
            assert_eq!(sent, &HeaderValue::from_static(value));
        }
    }
}

#[test]
fn r2_what_is_no_order_is_not_asked_for() {
    let shopify = |lookup: &Lookup| source("shopify").request("https://acme.example.com", lookup, &key("k"));
    for id in ["SubscriptionContract-9264000001", "3f9c0d6a7be84d51a2c4e8f0b1d2c3e4", "1.2f..2f2", ".."] {
        assert!(shopify(&order(id)).is_none(), "{id}");
    }
    let woocommerce = |lookup: &Lookup, secret: &str| {
        source("woocommerce").request("https://acme.example.com", lookup, &key(secret))
    };
    assert!(woocommerce(&order("a.2fb"), "ck_1:cs_2").is_none());
    assert!(woocommerce(&order("727"), "ck_1").is_none(), "a key without its secret");
    assert!(shopify(&order("727")).is_some());
    assert!(source("shopify").request("no url", &order("727"), &key("k")).is_none());
}

#[test]
fn r2_an_order_that_was_read_is_settled_owed_or_not_to_be_touched() {
    let (void, back) = (Fact::Voided, Fact::Refunded { full: true });
    let settled = LookupAnswer::Settled;
    for (members, expected) in [
        (r#""financial_status":"paid""#, settled(Fact::Paid)),
        (r#""financial_status":"partially_refunded""#, settled(Fact::Paid)),
        (r#""financial_status":"refunded""#, settled(back.clone())),
        (r#""financial_status":"voided""#, settled(void.clone())),
        (r#""financial_status":"pending","cancelled_at":"2026-02-26T09:00:00Z""#, settled(void.clone())),
        (r#""financial_status":"pending","cancelled_at":null"#, LookupAnswer::StillOwed),
        (r#""financial_status":"partially_paid""#, LookupAnswer::StillOwed),
        (r#""financial_status":"authorized""#, LookupAnswer::Unreachable),
        (r#""financial_status":"a_status_of_next_year""#, LookupAnswer::Unreachable),
        (r#""name":"1""#, LookupAnswer::Unreachable),
    ] {
        let body = format!(r#"{{"order":{{"id":5,{members}}}}}"#);
        assert_eq!(source("shopify").read_answer(&order("5"), &answer(200, &body)), expected, "{members}");
    }
    for (members, expected) in [
        (r#""status":"processing""#, settled(Fact::Paid)),
        (r#""status":"failed","date_paid_gmt":"2026-02-26T09:00:00""#, settled(Fact::Paid)),
        (r#""status":"refunded""#, settled(back)),
        (r#""status":"cancelled""#, settled(void.clone())),
        (r#""status":"trash""#, settled(void)),
        (r#""status":"pending","total":"1.00","currency":"USD""#, LookupAnswer::StillOwed),
        (r#""status":"failed","total":"1.00","currency":"USD""#, LookupAnswer::StillOwed),
        (r#""status":"on-hold""#, LookupAnswer::Unreachable),
        (r#""status":"a-plug-in-s-own""#, LookupAnswer::Unreachable),
    ] {
        let body = format!(r#"{{"id":5,{members}}}"#);
        assert_eq!(
            source("woocommerce").read_answer(&order("5"), &answer(200, &body)),
            expected,
            "{members}"
        );
    }
}

#[test]
fn o20_a_customer_who_was_read_has_a_phone_or_none() {
    let phone = |name: &str, body: &str| {
        let read = source(name).read_answer(&customer("25"), &answer(200, body));
        let LookupAnswer::Buyer(facts) = read else { panic!("{read:?}") };
        facts.phone.as_ref().map(Phone::expose).map(str::to_owned)
    };
    let shopify = r#"{"customer":{"id":25,"phone":null,"default_address":{"phone":"+14155550123"}}}"#;
    assert_eq!(phone("shopify", shopify).as_deref(), Some("+14155550123"));
    let woocommerce = r#"{"id":25,"email":"a@example.com","billing":{"phone":"(555) 555-5555"}}"#;
    assert_eq!(phone("woocommerce", woocommerce), None);
}

#[test]
fn r2_an_answer_about_something_else_is_no_answer() {
    for (name, body) in [
        ("shopify", r#"{"order":{"id":6,"financial_status":"paid"}}"#),
        ("woocommerce", r#"{"id":6,"status":"completed"}"#),
    ] {
        for (status, body, expected) in [
            (200, body, LookupAnswer::Unreachable),
            (200, "{", LookupAnswer::Unreachable),
            (200, "{}", LookupAnswer::Unreachable),
            (200, "[]", LookupAnswer::Unreachable),
            (404, body, LookupAnswer::NotFound),
            (401, body, LookupAnswer::Denied),
            (403, body, LookupAnswer::Denied),
            (429, body, LookupAnswer::Unreachable),
            (503, body, LookupAnswer::Unreachable),
        ] {
            assert_eq!(
                source(name).read_answer(&order("5"), &answer(status, body)),
                expected,
                "{name} {status} {body}"
            );
        }
    }
}

fn failed_transaction() -> Normalised {
    let body = r#"{"id":1,"order_id":5,"kind":"sale","status":"failure","amount":"54.95","currency":"USD","error_code":"card_declined"}"#;
    let mut headers = HeaderMap::new();
    headers.insert("x-shopify-topic", HeaderValue::from_static("order_transactions/create"));
    headers.insert("x-shopify-event-id", HeaderValue::from_static("e1"));
    source("shopify").normalise(&Verified::recorded(&headers, body.as_bytes())).expect("well formed")
}

#[test]
fn o20_a_failed_transaction_is_completed_by_its_order() {
    let complete =
        |status: u16, body: &str| source("shopify").complete(failed_transaction(), &answer(status, body));
    let kinds =
        |normalised: &Normalised| normalised.events.iter().map(|event| event.fact.kind()).collect::<Vec<_>>();

    let owed = complete(
        200,
        r##"{"order":{"id":5,"financial_status":"pending","name":"#7","phone":"+14155550123"}}"##,
    )
    .expect("whole");
    assert!(owed.asks.is_empty());
    let Fact::PaymentFailed(failed) = &owed.events[0].fact else { panic!("a failure") };
    assert_eq!(failed.buyer.phone.as_ref().map(Phone::expose), Some("+14155550123"));
    assert_eq!(
        failed.amount.map(|amount| amount.to_string()).as_deref(),
        Some("54.95 USD"),
        "what was tried"
    );

    let paid = complete(200, r#"{"order":{"id":5,"financial_status":"paid"}}"#).expect("whole");
    assert_eq!(kinds(&paid), ["paid"], "another attempt has paid it");
    let authorized = complete(200, r#"{"order":{"id":5,"financial_status":"authorized"}}"#).expect("whole");
    assert_eq!((authorized.status, authorized.events.len()), (Status::Ignored(Ignored::InProgress), 0));
    let hidden = complete(404, "").expect("as it was told");
    assert_eq!((kinds(&hidden), hidden.asks.len()), (vec!["payment_failed"], 0));

    for (status, body, code) in [
        (200, r#"{"order":{"id":6,"financial_status":"paid"}}"#, "ask_back_malformed"),
        (200, "{}", "ask_back_malformed"),
        (200, "{", "ask_back_malformed"),
        (401, "", "ask_back_denied"),
        (429, "", "ask_back_unreachable"),
        (500, "", "ask_back_unreachable"),
    ] {
        assert_eq!(complete(status, body).map_err(Unanswered::code), Err(code), "{status} {body}");
    }
    let nothing = Normalised { asks: Vec::new(), ..failed_transaction() };
    assert_eq!(source("shopify").complete(nothing.clone(), &answer(200, "{}")), Ok(nothing));
}
