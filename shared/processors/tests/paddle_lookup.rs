//! Questions to Paddle's API and the reading of its answers.

use bytes::Bytes;
use http::{Response, StatusCode};
use recoup_core::{CustomerId, Fact, Obligation, Phone, Secret};
use recoup_processors::{Lookup, LookupAnswer, Processor, by_name};

fn paddle() -> &'static dyn Processor {
    by_name("paddle").expect("paddle is a source")
}

fn customer() -> Lookup {
    Lookup::Customer(CustomerId::parse("ctm_1").expect("well formed"))
}

fn debt(id: &str) -> Lookup {
    Lookup::Obligation(Obligation::parse(id).expect("well formed"))
}

fn answer(lookup: &Lookup, status: u16, body: &str) -> LookupAnswer {
    let mut answer = Response::new(Bytes::copy_from_slice(body.as_bytes()));
    *answer.status_mut() = StatusCode::from_u16(status).expect("a status");
    paddle().read_answer(lookup, &answer)
}

#[test]
fn a_look_up_is_one_get_with_the_key_in_its_header() {
    let key = Secret::parse("pdl_live_apikey_seeded").expect("not empty");
    for (lookup, uri) in [
        (customer(), "https://api.paddle.com/customers/ctm_1"),
        (debt("txn_1"), "https://api.paddle.com/transactions/txn_1"),
    ] {
        for base in ["https://api.paddle.com", "https://api.paddle.com/"] {
            let request = paddle().request(base, &lookup, &key).expect("paddle answers this");
            assert_eq!((request.method().as_str(), request.uri().to_string().as_str()), ("GET", uri));
            assert_eq!(request.headers()["authorization"], "Bearer pdl_live_apikey_seeded");
            assert!(!format!("{request:?}").contains("seeded"));
        }
    }
    for id in ["sub_1", "inv_1", "adj_1", ".."] {
        assert!(paddle().request("https://api.paddle.com", &debt(id), &key).is_none(), "{id}");
    }
    let object =
        Lookup::Object { kind: "transactions", id: Obligation::parse("txn_1").expect("well formed") };
    assert!(paddle().request("https://api.paddle.com", &object, &key).is_none());
    assert!(paddle().request("not a url", &customer(), &key).is_none());
}

#[test]
fn r5_a_customer_has_a_name_and_an_address_and_a_phone_only_from_the_merchant() {
    let body = r#"{"data":{"id":"ctm_1","name":"Example Buyer","email":"Buyer@example.com","locale":"pt-BR",
        "custom_data":{"whatsapp_phone":"+442079460958","time_zone":"Europe/London"}},"meta":{"request_id":"1"}}"#;
    let LookupAnswer::Buyer(buyer) = answer(&customer(), 200, body) else { panic!("a buyer") };
    assert_eq!(buyer.phone.as_ref().map(Phone::expose), Some("+442079460958"));
    assert_eq!(buyer.email.as_ref().map(recoup_core::Email::expose), Some("buyer@example.com"));
    assert_eq!((buyer.locale.as_deref(), buyer.zone.as_deref()), (Some("pt-BR"), Some("Europe/London")));
    let bare = r#"{"data":{"id":"ctm_1","name":null,"email":null,"custom_data":null}}"#;
    let LookupAnswer::Buyer(buyer) = answer(&customer(), 200, bare) else { panic!("a buyer") };
    assert_eq!((buyer.phone, buyer.name), (None, None));
}

#[test]
fn a_transaction_is_settled_still_owed_or_not_to_be_touched() {
    use LookupAnswer::{Settled, StillOwed, Unreachable};
    for (members, expected) in [
        (r#""status":"past_due""#, StillOwed),
        (r#""status":"billed""#, StillOwed),
        (r#""status":"ready","payments":[{"status":"error"}]"#, StillOwed),
        (r#""status":"draft""#, StillOwed),
        (r#""status":"past_due","payments":[{"status":"action_required"}]"#, StillOwed),
        (
            r#""status":"past_due","payments":[{"status":"pending_no_action_required"},{"status":"error"}]"#,
            Unreachable,
        ),
        (r#""status":"ready","payments":[{"status":"authorized"}]"#, Unreachable),
        (r#""status":"past_due","payments":[{"status":"error"},{"status":"authorized"}]"#, StillOwed),
        (r#""status":"paid""#, Settled(Fact::Paid)),
        (r#""status":"completed","payments":[{"status":"captured"}]"#, Settled(Fact::Paid)),
        (r#""status":"canceled""#, Settled(Fact::Voided)),
        (r#""status":"a_status_of_next_year""#, Unreachable),
        (r#""status":null"#, Unreachable),
    ] {
        let body = format!(r#"{{"data":{{"id":"txn_1",{members}}}}}"#);
        assert_eq!(answer(&debt("txn_1"), 200, &body), expected, "{body}");
    }
}

#[test]
fn r5_an_answer_that_cannot_be_used_holds_instead_of_guessing() {
    let good = r#"{"data":{"id":"txn_1","status":"past_due"}}"#;
    for (status, body, expected) in [
        (404, good, LookupAnswer::NotFound),
        (401, good, LookupAnswer::Denied),
        (403, good, LookupAnswer::Denied),
        (429, good, LookupAnswer::Unreachable),
        (500, good, LookupAnswer::Unreachable),
        (302, good, LookupAnswer::Unreachable),
        (200, "", LookupAnswer::Unreachable),
        (200, "<html>", LookupAnswer::Unreachable),
        (200, "{}", LookupAnswer::Unreachable),
        (200, r#"{"data":null}"#, LookupAnswer::Unreachable),
        (200, r#"{"data":[{"id":"txn_1","status":"paid"}]}"#, LookupAnswer::Unreachable),
        (200, r#"{"data":{"id":"txn_2","status":"paid"}}"#, LookupAnswer::Unreachable),
        (200, r#"{"data":{"id":"txn_1","status":"past_due","status":"paid"}}"#, LookupAnswer::Unreachable),
    ] {
        assert_eq!(answer(&debt("txn_1"), status, body), expected, "{status} {body}");
    }
}
