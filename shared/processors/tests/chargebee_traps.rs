//! What Chargebee's bodies hold in store: a password for a proof, ids of the merchant's choice, amounts without a rule,
//! and the statuses that only `invoice_updated` tells.

use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use recoup_core::{Fact, PaymentFailed, Secret};
use recoup_processors::{
    Ignored, Lookup, NormaliseError, Normalised, Processor, SignatureError, Status, Unverified, by_name,
};

const PAIR: &str = "example_user:p:a:ss";
/// `Basic` credentials of [`PAIR`], made with another implementation (Python's).
const SENT: &str = "Basic ZXhhbXBsZV91c2VyOnA6YTpzcw==";

fn chargebee() -> &'static dyn Processor {
    by_name("chargebee").expect("chargebee is a source")
}

fn headers(sent: &str) -> HeaderMap {
    let value = HeaderValue::from_str(sent).expect("a header value");
    HeaderMap::from_iter([(http::header::AUTHORIZATION, value)])
}

fn verify(sent: &str, pairs: &[&str]) -> Result<(), SignatureError> {
    let secrets: Vec<Secret> = pairs.iter().map(|text| Secret::parse(text).expect("not empty")).collect();
    let headers = headers(sent);
    chargebee().verify(Unverified::new(&headers, b"{}"), &secrets, Timestamp::UNIX_EPOCH).map(|_| ())
}

fn normalise(body: impl AsRef<[u8]>) -> Result<Normalised, NormaliseError> {
    let (headers, secrets) = (headers(SENT), [Secret::parse(PAIR).expect("not empty")]);
    let request = Unverified::new(&headers, body.as_ref());
    chargebee().normalise(&chargebee().verify(request, &secrets, Timestamp::UNIX_EPOCH).expect("the pair"))
}

fn code(body: impl AsRef<[u8]>) -> &'static str {
    normalise(body).expect_err("not a body to read").code()
}

/// An event with a content of JSON text.
fn event(kind: &str, content: &str) -> String {
    format!(r#"{{"id":"ev_1","event_type":"{kind}","occurred_at":1772000000,"content":{{{content}}}}}"#)
}

/// A failed payment of an invoice with these members, as JSON text.
fn failed_with(members: &str) -> String {
    event("payment_failed", &format!(r#""invoice":{{"id":"INV-1"{members}}},"transaction":{{"id":"txn_1"}}"#))
}

fn failure(body: impl AsRef<[u8]>) -> PaymentFailed {
    let events = normalise(body).expect("well formed").events;
    let [event] = &events[..] else { panic!("one event") };
    let Fact::PaymentFailed(failed) = &event.fact else { panic!("a failure") };
    (**failed).clone()
}

#[test]
fn o19_the_pair_is_believed_under_any_spelling_of_basic_and_nothing_else() {
    use SignatureError::{Malformed, Mismatch, Missing, NoSecret};
    let credentials = &SENT[6..];
    for sent in [SENT.to_owned(), format!("basic {credentials}"), format!("BASIC  {credentials}")] {
        assert_eq!(verify(&sent, &[PAIR]), Ok(()), "{sent}");
        assert_eq!(verify(&sent, &["old:pair", PAIR]), Ok(()), "{sent}");
        assert_eq!(verify(&sent, &["example_user:p"]), Err(Mismatch), "{sent}");
    }
    for (sent, expected) in [
        ("", Missing),
        ("Basic", Malformed),
        (credentials, Malformed),
        (&format!("Bearer {credentials}")[..], Malformed),
        (&format!("Basic {}", &credentials[1..])[..], Malformed),
        ("Basic %%%", Malformed),
        ("Basic Og==", Mismatch),
        (&format!("Basic {}", "QUJD".repeat(20_000))[..], Mismatch),
    ] {
        assert_eq!(verify(sent, &[PAIR]), Err(expected), "{}", &sent[..sent.len().min(32)]);
    }
    for unfit in ["no-colon", ":password", "user:"] {
        assert_eq!(verify(SENT, &[unfit]), Err(NoSecret), "{unfit}");
    }
    assert!(!chargebee().habits().signs_body);
}

#[test]
fn o20_what_would_move_money_is_confirmed_and_what_is_ignored_is_not() {
    let paid = normalise(event("invoice_updated", r#""invoice":{"id":"INV-1","status":"paid"}"#));
    let asks = paid.expect("well formed").asks;
    let [Lookup::Object { kind: "events", id }] = &asks[..] else { panic!("the event is asked for") };
    assert_eq!(id.as_str(), "ev_1");
    let unknown = normalise(event("quote_created", "")).expect("ignored");
    assert_eq!((unknown.asks.len(), unknown.status), (0, Status::Ignored(Ignored::UnknownType)));
}

#[test]
fn o20_an_invoice_s_status_tells_how_it_ended() {
    for (members, expected) in [
        (r#","status":"paid","write_off_amount":0"#, Some(Fact::Paid)),
        (r#","status":"paid","write_off_amount":4900"#, Some(Fact::MarkedUncollectible)),
        (r#","status":"voided""#, Some(Fact::Voided)),
        (r#","status":"not_paid""#, Some(Fact::MarkedUncollectible)),
        (r#","status":"payment_due""#, None),
        (r#","status":"posted""#, None),
        (r#","status":"pending""#, None),
        (r#","status":"a_status_of_next_year""#, None),
    ] {
        let body = event("invoice_updated", &format!(r#""invoice":{{"id":"INV-1"{members}}}"#));
        let normalised = normalise(body).expect("well formed");
        let said: Vec<_> = normalised.events.into_iter().map(|event| event.fact).collect();
        assert_eq!(said, Vec::from_iter(expected), "{members}");
    }
    for kind in ["invoice_updated", "payment_succeeded"] {
        assert_eq!(code(event(kind, r#""invoice":{"id":"INV-1"}"#)), "body_member_missing", "{kind}");
    }
}

#[test]
fn o20_an_invoice_is_paid_once_nothing_is_left_of_it() {
    for (status, due, paid) in [
        ("paid", "0", true),
        ("payment_due", "0", true),
        ("payment_due", "100", false),
        ("posted", "null", false),
    ] {
        let invoice = format!(r#""invoice":{{"id":"INV-1","status":"{status}","amount_due":{due}}}"#);
        let normalised = normalise(event("payment_succeeded", &invoice)).expect("well formed");
        assert_eq!(normalised.events.len(), usize::from(paid), "{status} {due}");
        assert!(normalised.events.iter().all(|event| event.fact == Fact::Paid));
    }
}

#[test]
fn o20_dunning_tells_the_last_attempt() {
    for (status, last) in [
        (r#""exhausted""#, true),
        (r#""stopped""#, true),
        (r#""in_progress""#, false),
        (r#""success""#, false),
        ("null", false),
    ] {
        let failed = failure(failed_with(&format!(r#","dunning_status":{status}"#)));
        assert_eq!(failed.last_attempt, last, "{status}");
    }
}

#[test]
fn r7_an_amount_is_shown_where_it_is_known_how_chargebee_counts() {
    for (amount, currency, expected) in [
        ("4900", "USD", Some(4900)),
        ("4900", "JPY", Some(4900)),
        ("9223372036854775807", "USD", Some(i64::MAX)),
        ("4900", "KWD", None),
        ("4900", "ISK", None),
        ("4900", "dollars", None),
        ("49.5", "USD", None),
        ("4.9e3", "USD", None),
        ("null", "USD", None),
    ] {
        let body = failed_with(&format!(r#","amount_due":{amount},"currency_code":"{currency}""#));
        assert_eq!(failure(body).amount.map(|amount| amount.minor), expected, "{amount} {currency}");
    }
    for nothing in ["0", "-1"] {
        let normalised = normalise(failed_with(&format!(r#","amount_due":{nothing}"#))).expect("well formed");
        assert_eq!(normalised.status, Status::Ignored(Ignored::NothingOwed), "{nothing}");
    }
}

#[test]
fn o20_ids_of_the_merchant_s_choice_stay_apart() {
    let obligation = |id: &str| {
        let content = format!(r#""invoice":{{"id":"{id}","status":"voided"}}"#);
        normalise(event("invoice_updated", &content))
            .map(|normalised| normalised.events[0].obligation.clone())
    };
    let keys: Vec<_> = ["INV/2026/1", "INV 2026 1", "INV.2026.1", "INV2026/1", "1"].map(obligation).into();
    for (place, key) in keys.iter().enumerate() {
        assert!(key.is_ok() && !keys[..place].contains(key), "{key:?}");
    }
    let cancelled =
        normalise(event("subscription_cancelled", r#""subscription":{"id":"1","activated_at":1}"#));
    assert_eq!(cancelled.expect("well formed").events[0].obligation.as_str(), "sub.1.1");
    for id in ["", "   ", "..", "счёт", "a\\u0000b"] {
        assert!(obligation(id).is_err(), "{id}");
    }
}

#[test]
fn r4_what_is_not_an_event_is_named() {
    for (body, expected) in [
        ("", "body_not_json"),
        ("{}", "body_member_missing"),
        (r#"{"event_type":"payment failed"}"#, "body_member_malformed"),
        (r#"{"event_type":"payment_failed","event_type":"payment_succeeded"}"#, "body_not_event"),
        (r#"{"event_type":"payment_failed","content":[]}"#, "body_member_missing"),
        (r#"{"event_type":"invoice_deleted","content":{"invoice":{"id":"1"}}}"#, "body_member_missing"),
        (
            r#"{"id":"ev/../1","event_type":"invoice_deleted","content":{"invoice":{"id":"1"}}}"#,
            "body_member_malformed",
        ),
    ] {
        assert_eq!(code(body), expected, "{body}");
    }
    for invoice in [r#"{"id":"INV-1","id":"INV-2"}"#, "[]", r#""INV-1""#, "1"] {
        let content = format!(r#""invoice":{invoice},"transaction":{{"id":"txn_1"}}"#);
        for kind in ["payment_failed", "payment_succeeded", "payment_refunded"] {
            assert_eq!(code(event(kind, &content)), "body_member_malformed", "{kind} {invoice}");
        }
    }
    let body = failed_with(r#","amount_due":4900"#);
    for end in 0..body.len() {
        assert!(normalise(&body[..end]).is_err(), "truncated at {end}");
    }
}

#[test]
fn r5_decorations_of_every_wrong_type_leave_a_gap_not_a_failure() {
    for member in ["customer", "subscription", "transaction", "credit_note"] {
        for value in ["null", "7", r#""text""#, "[]", "[{}]", r#"{"id":[]}"#, r#"{"id":"a","id":"b"}"#] {
            let content = format!(r#""invoice":{{"id":"INV-1","amount_due":4900}},"{member}":{value}"#);
            let normalised = normalise(event("payment_failed", &content)).expect("well formed");
            assert_eq!(normalised.events[0].obligation.as_str(), "INV-1", "{member} {value}");
        }
    }
}
