//! What Recurly's API is asked, and the reading of its answers.

use std::fs;
use std::path::Path;

use bytes::Bytes;
use http::{HeaderMap, Response};
use recoup_core::{CustomerId, Fact, Obligation, Phone, Secret};
use recoup_processors::{
    Ignored, Lookup, LookupAnswer, NormaliseError, Normalised, Processor, Status, Unanswered, Verified,
    by_name,
};

fn recurly() -> &'static dyn Processor {
    by_name("recurly").expect("a source")
}

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/recurly");
    fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn notice(name: &str) -> Normalised {
    recurly().normalise(&Verified::recorded(&HeaderMap::new(), &fixture(name))).expect("read")
}

fn response(status: u16, body: impl Into<Bytes>) -> Response<Bytes> {
    Response::builder().status(status).body(body.into()).expect("a status")
}

fn obligation(id: &str) -> Obligation {
    Obligation::parse(id).expect("well formed")
}

fn customer(id: &str) -> Lookup {
    Lookup::Customer(CustomerId::parse(id).expect("well formed"))
}

#[test]
fn a_question_is_one_get_of_the_version_that_is_read() {
    let key = Secret::parse("seeded_key").expect("not empty");
    let object = |kind, id| Lookup::Object { kind, id: obligation(id) };
    for (lookup, path) in [
        (object("invoices", "rb9x2k4m6p8q"), "invoices/rb9x2k4m6p8q"),
        (object("invoices", "number-FR1031"), "invoices/number-FR1031"),
        (object("transactions", "ratx11111111"), "transactions/ratx11111111"),
        (Lookup::Obligation(obligation("rb9x2k4m6p8q")), "invoices/rb9x2k4m6p8q"),
        (customer("raacct123456"), "accounts/raacct123456"),
        (customer("code-ana-7731"), "accounts/code-ana-7731"),
    ] {
        for base in ["https://v3.eu.recurly.com", "https://v3.eu.recurly.com/"] {
            let request = recurly().request(base, &lookup, &key).expect("it can be asked");
            assert_eq!(request.uri().to_string(), format!("https://v3.eu.recurly.com/{path}"));
            assert_eq!(request.method(), "GET");
            assert_eq!(request.headers()["accept"], "application/vnd.recurly.v2021-02-25");
            assert_eq!(request.headers()["authorization"], "Basic c2VlZGVkX2tleTo=");
            assert!(!format!("{request:?}").contains("c2VlZGVk"), "the key shows");
        }
    }
    // The UUIDs of the XML style, and names that the API has no invoice by.
    for id in ["6a1b2c3d4e5f60718293a4b5c6d7e8f9", "number-1", "..", "a.2fb"] {
        let lookup = Lookup::Obligation(obligation(id));
        assert!(recurly().request("https://v3.recurly.com", &lookup, &key).is_none(), "{id}");
    }
    assert!(recurly().request("not a url", &customer("raacct123456"), &key).is_none());
}

#[test]
fn r5_an_answer_that_is_none_completes_nothing() {
    let asked = "charge_invoice.past_due.unasked.json";
    for (status, expected) in [
        (401, Unanswered::Denied),
        (403, Unanswered::Denied),
        (429, Unanswered::Unreachable),
        (500, Unanswered::Unreachable),
        (302, Unanswered::Unreachable),
    ] {
        assert_eq!(recurly().complete(notice(asked), &response(status, "{}")), Err(expected), "{status}");
    }
    let malformed = |body: &'static str| recurly().complete(notice(asked), &response(200, body));
    for body in ["", "<html>", "[]", "null", "\u{0}"] {
        assert!(matches!(malformed(body), Err(Unanswered::Malformed(_))), "{body}");
    }
    let other = Unanswered::Malformed(NormaliseError::Malformed { member: "id" });
    for body in ["{}", r#"{"id":"another"}"#, r#"{"id":null,"state":"paid"}"#] {
        assert_eq!(malformed(body), Err(other), "somebody else's invoice: {body}");
    }
    let number = recurly()
        .complete(notice("dunning_event.created.json"), &response(200, r#"{"id":"a","number":"1"}"#));
    assert_eq!(number, Err(other));
}

#[test]
fn r5_where_there_is_no_such_object_the_notice_stands_alone() {
    let told = recurly()
        .complete(notice("charge_invoice.past_due.unasked.json"), &response(404, "{}"))
        .expect("told");
    assert_eq!((told.events.len(), told.asks.len(), told.status), (1, 0, Status::Recognised));
    let thin = recurly().complete(notice("payment.failed.unasked.json"), &response(404, "{}")).expect("told");
    assert_eq!((thin.events.len(), thin.asks.len()), (0, 0));
    assert_eq!(thin.status, Status::Ignored(Ignored::ThinEvent));
}

#[test]
fn o21_what_is_asked_back_keeps_the_notification_s_own_id_or_makes_the_same_one() {
    for (name, answer) in [
        ("charge_invoice.past_due.unasked.json", "charge_invoice.past_due.first.answer1.json"),
        ("payment.failed.json", "payment.failed.answer1.json"),
        ("dunning_event.created.json", "dunning_event.created.answer1.json"),
    ] {
        let once = recurly().complete(notice(name), &response(200, fixture(answer))).expect("told");
        let again = recurly().complete(notice(name), &response(200, fixture(answer))).expect("told");
        assert_eq!(once, again, "{name}");
        assert_eq!(once.events.len(), 1, "{name}");
    }
    let before = notice("charge_invoice.past_due.unasked.json").events[0].id.clone();
    let answer = response(200, fixture("charge_invoice.past_due.first.answer1.json"));
    let after = recurly().complete(notice("charge_invoice.past_due.unasked.json"), &answer).expect("told");
    assert_eq!(after.events[0].id, before);
}

#[test]
fn o15_an_invoice_s_state_says_whether_it_is_still_owed() {
    let asked = Lookup::Obligation(obligation("rb9x2k4m6p8q"));
    let state = |state: &str, balance: &str| {
        let body =
            format!(r#"{{"id":"rb9x2k4m6p8q","state":"{state}","balance":{balance},"currency":"USD"}}"#);
        recurly().read_answer(&asked, &response(200, body))
    };
    for (name, balance, expected) in [
        ("past_due", "29.9", LookupAnswer::StillOwed),
        ("pending", "29.9", LookupAnswer::StillOwed),
        ("open", "29.9", LookupAnswer::StillOwed),
        ("past_due", "0.0", LookupAnswer::Settled(Fact::Paid)),
        ("paid", "0.0", LookupAnswer::Settled(Fact::Paid)),
        ("closed", "0.0", LookupAnswer::Settled(Fact::Paid)),
        ("closed", "29.9", LookupAnswer::Unreachable),
        ("failed", "29.9", LookupAnswer::Settled(Fact::MarkedUncollectible)),
        ("voided", "29.9", LookupAnswer::Settled(Fact::Voided)),
        ("processing", "29.9", LookupAnswer::Unreachable),
        ("a state of next year", "29.9", LookupAnswer::Unreachable),
        ("past_due", "null", LookupAnswer::StillOwed),
    ] {
        assert_eq!(state(name, balance), expected, "{name} {balance}");
    }
    let read = |status, body: &'static str| recurly().read_answer(&asked, &response(status, body));
    assert_eq!(read(200, r#"{"id":"another","state":"paid"}"#), LookupAnswer::Unreachable);
    assert_eq!(read(200, "no JSON"), LookupAnswer::Unreachable);
    assert_eq!(read(404, "{}"), LookupAnswer::NotFound);
    assert_eq!(read(401, "{}"), LookupAnswer::Denied);
    assert_eq!(read(503, "{}"), LookupAnswer::Unreachable);
}

#[test]
fn r5_an_account_answers_with_what_is_known_of_the_buyer() {
    let body = r#"{"id":"raacct123456","code":"ana-7731","email":"Ana.Gil@example.com","first_name":"Ana","last_name":null,
        "preferred_locale":"pt-BR","preferred_time_zone":"America/Sao_Paulo","deleted_at":null,
        "address":{"phone":"+1 415 555 0123"},
        "custom_fields":[{"name":"size","value":"+14155550199"},{"name":"whatsapp_phone","value":"+44 20 7946 0958"}]}"#;
    for asked in ["raacct123456", "code-ana-7731"] {
        let LookupAnswer::Buyer(buyer) = recurly().read_answer(&customer(asked), &response(200, body)) else {
            panic!("a buyer")
        };
        assert_eq!(buyer.phone.as_ref().map(Phone::expose), Some("+442079460958"));
        assert_eq!(buyer.name.as_ref().map(recoup_core::PersonName::expose), Some("Ana"));
        assert_eq!(
            (buyer.locale.as_deref(), buyer.zone.as_deref()),
            (Some("pt-BR"), Some("America/Sao_Paulo"))
        );
    }
    let read = |asked: &str, body: String| recurly().read_answer(&customer(asked), &response(200, body));
    assert_eq!(read("raacct999999", body.to_owned()), LookupAnswer::Unreachable);
    assert_eq!(read("code-another", body.to_owned()), LookupAnswer::Unreachable);
    let deleted = body.replace(r#""deleted_at":null"#, r#""deleted_at":"2026-02-25T06:13:20Z""#);
    assert_eq!(read("raacct123456", deleted), LookupAnswer::NotFound);
}

#[test]
fn r4_a_notice_that_lacks_what_decides_is_told_by_the_member() {
    let read =
        |body: &str| recurly().normalise(&Verified::recorded(&HeaderMap::new(), body.as_bytes())).map(drop);
    let missing = |member| Err(NormaliseError::Missing { member });
    let malformed = |member| Err(NormaliseError::Malformed { member });
    assert_eq!(read("{}"), missing("object_type"));
    assert_eq!(read(r#"{"object_type":"payment"}"#), missing("event_type"));
    assert_eq!(read(r#"{"object_type":"payment","event_type":"Failed!"}"#), malformed("event_type"));
    let notice = |object: &str, event: &str, rest: &str| {
        read(&format!(r#"{{"object_type":"{object}","event_type":"{event}"{rest}}}"#))
    };
    assert_eq!(notice("payment", "failed", ""), missing("id"));
    for id in ["../x", "a/b", "a.b", "number-1", "é"] {
        assert_eq!(notice("payment", "failed", &format!(r#","id":"{id}""#)), malformed("id"), "{id}");
    }
    assert_eq!(notice("dunning_event", "created", r#","id":"a""#), missing("invoice_number"));
    assert_eq!(notice("dunning_event", "created", r#","invoice_number":"1/2""#), malformed("invoice_number"));
    assert_eq!(
        notice("charge_invoice", "paid", r#","id":"a","id":"b""#).map_err(NormaliseError::code),
        Err("body_not_event")
    );
    for (body, expected) in [
        ("<failed_payment_notification/>", missing("transaction/invoice_id")),
        ("<paid_charge_invoice_notification/>", missing("invoice/uuid")),
        ("<expired_subscription_notification/>", missing("subscription/uuid")),
        ("<Odd-name/>", malformed("notification")),
    ] {
        assert_eq!(read(body), expected, "{body}");
    }
    let twice = "<paid_charge_invoice_notification><invoice><uuid>a</uuid></invoice><invoice><uuid>b</uuid></invoice>\
        </paid_charge_invoice_notification>";
    assert_eq!(read(twice), missing("invoice/uuid"));
}
