//! What of Adyen's notifications may be believed: the eight signed members of each item, and no other.

use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use recoup_core::{Event, Fact, Secret};
use recoup_processors::{
    Ignored, NormaliseError, Normalised, Processor, SignatureError, Status, Unverified, Verified, by_name,
};
use serde_json::{Value, json};

const KEY: &str = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056";

fn adyen() -> &'static dyn Processor {
    by_name("adyen").expect("adyen is a source")
}

fn secret(text: &str) -> Secret {
    Secret::parse(text).expect("not empty")
}

fn now() -> Timestamp {
    Timestamp::from_second(1_772_000_000).expect("in range")
}

fn item() -> Value {
    json!({
        "additionalData": { "shopperReference": "shopper_204" },
        "amount": { "currency": "EUR", "value": 4900 },
        "eventCode": "AUTHORISATION",
        "eventDate": "2026-02-25T07:13:20+01:00",
        "merchantAccountCode": "ExampleShopECOM",
        "merchantReference": "INV-1",
        "originalReference": "ORIG000000000001",
        "paymentMethod": "visa",
        "pspReference": "PSPR000000000001",
        "reason": "Refused",
        "success": "false",
    })
}

fn notification(items: &[Value]) -> Vec<u8> {
    let items: Vec<Value> = items.iter().map(|item| json!({ "NotificationRequestItem": item })).collect();
    json!({ "live": "false", "notificationItems": items }).to_string().into_bytes()
}

fn normalise(body: &[u8]) -> Result<Normalised, NormaliseError> {
    adyen().normalise(&Verified::recorded(&HeaderMap::new(), body))
}

fn events(body: &[u8]) -> Vec<Event> {
    normalise(body).expect("readable").events
}

fn verify(body: &[u8], headers: &HeaderMap, secrets: &[Secret]) -> Result<(), SignatureError> {
    adyen().verify(Unverified::new(headers, body), secrets, now()).map(drop)
}

/// What decides: for whom, what, how much.
fn decided(events: &[Event]) -> Vec<String> {
    let amount = |fact: &Fact| {
        let Fact::PaymentFailed(failed) = fact else { return None };
        failed.amount.map(|amount| amount.to_string())
    };
    let line = |event: &Event| {
        format!("{} {} {} {:?}", event.id, event.obligation, event.fact.kind(), amount(&event.fact))
    };
    events.iter().map(line).collect()
}

#[test]
fn r4_members_that_are_not_signed_change_neither_the_debt_nor_its_state() {
    let genuine = decided(&events(&notification(&[item()])));
    let forged = json!({
        "reason": "Expired Card", "eventDate": "1999-01-01T00:00:00Z", "paymentMethod": "ideal", "operations": ["REFUND"],
        "paid": true, "status": "paid", "type": "recurring.token.updated", "amountPaid": { "value": 0, "currency": "EUR" },
    });
    for (member, value) in forged.as_object().expect("an object") {
        let mut changed = item();
        changed[member] = value.clone();
        assert_eq!(decided(&events(&notification(&[changed]))), genuine, "{member}");
    }
    for name in [
        "success",
        "merchantReference",
        "paymentLinkId",
        "merchantOrderReference",
        "originalReference",
        "amount",
    ] {
        let mut changed = item();
        changed["additionalData"][name] = json!("true");
        let events = events(&notification(&[changed]));
        assert_eq!(decided(&events), genuine, "{name}");
        let Some(Fact::PaymentFailed(failed)) = events.first().map(|event| &event.fact) else {
            panic!("a failure")
        };
        let links: Vec<_> = failed.links.iter().map(recoup_core::Obligation::as_str).collect();
        assert_eq!(links, ["PSPR000000000001", "ORIG000000000001"], "{name}");
        assert!(failed.pay_link.is_none(), "no page of an unsigned member is sent to a buyer");
    }
}

#[test]
fn o19_what_sign_makes_of_every_item_is_believed_and_stands_alone() {
    let (key, bare) = (secret(KEY), HeaderMap::new());
    let mut other = item();
    other["merchantReference"] = json!("INV-2");
    let signed = adyen().sign(&notification(&[item(), other]), &key, now(), "").expect("adyen signs items");
    assert!(signed.headers.is_empty(), "the proof is in the body");
    assert_eq!(verify(&signed.body, &bare, std::slice::from_ref(&key)), Ok(()));
    let both: Value = serde_json::from_slice(&signed.body).expect("JSON");
    let mac = |nth: usize| {
        both["notificationItems"][nth]["NotificationRequestItem"]["additionalData"]["hmacSignature"].clone()
    };
    assert_ne!(mac(0), mac(1));
    let mut swapped = both.clone();
    for (nth, mac) in [(0, mac(1)), (1, mac(0))] {
        swapped["notificationItems"][nth]["NotificationRequestItem"]["additionalData"]["hmacSignature"] = mac;
    }
    assert_eq!(verify(swapped.to_string().as_bytes(), &bare, &[key]), Err(SignatureError::Mismatch));
    assert!(adyen().sign(b"{}", &secret("user:password"), now(), "").is_none(), "a password signs nothing");
}

#[test]
fn r4_a_password_is_asked_for_once_and_beside_the_signature() {
    let signed = adyen().sign(&notification(&[item()]), &secret(KEY), now(), "").expect("adyen signs items");
    let secrets = [secret(KEY), secret("hook:right")];
    let with = |values: &[&'static str]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("authorization", HeaderValue::from_static(value));
        }
        verify(&signed.body, &headers, &secrets)
    };
    // `hook:right` and `hook:wrong` in base64.
    assert_eq!(with(&["Basic aG9vazpyaWdodA=="]), Ok(()));
    assert_eq!(with(&["basic aG9vazpyaWdodA=="]), Ok(()));
    assert_eq!(with(&[]), Err(SignatureError::Missing));
    assert_eq!(with(&["Basic aG9vazp3cm9uZw=="]), Err(SignatureError::Mismatch));
    assert_eq!(with(&["Basic aG9vazpyaWdodA==", "Basic aG9vazpyaWdodA=="]), Err(SignatureError::Malformed));
    assert_eq!(with(&["Basic"]), Err(SignatureError::Malformed));
    assert_eq!(with(&["Basic %"]), Err(SignatureError::Malformed));
    let unsigned = notification(&[item()]);
    let mut headers = HeaderMap::new();
    headers.insert("authorization", HeaderValue::from_static("Basic aG9vazpyaWdodA=="));
    assert_eq!(
        verify(&unsigned, &headers, &secrets),
        Err(SignatureError::Missing),
        "a password proves no item"
    );
}

#[test]
fn o21_a_redelivery_has_the_same_id_and_another_outcome_another() {
    let first = events(&notification(&[item()]));
    let mut again = item();
    (again["reason"], again["eventDate"]) = (json!("Not enough balance"), json!("2026-02-25T08:13:20+01:00"));
    assert_eq!(events(&notification(&[again]))[0].id, first[0].id);
    let mut paid = item();
    paid["success"] = json!("true");
    assert_ne!(events(&notification(&[paid]))[0].id, first[0].id);
}

#[test]
fn r4_items_without_what_decides_are_named_and_decorations_of_any_type_cost_nothing() {
    for (member, error) in [
        ("eventCode", NormaliseError::Missing { member: "eventCode" }),
        ("success", NormaliseError::Malformed { member: "success" }),
        ("pspReference", NormaliseError::Missing { member: "pspReference" }),
    ] {
        let mut lacking = item();
        lacking.as_object_mut().expect("an object").remove(member);
        assert_eq!(normalise(&notification(&[lacking])).map(drop), Err(error), "{member}");
    }
    for odd in [json!(null), json!(7), json!([]), json!({}), json!("\u{0}\u{202e}"), json!(true)] {
        let mut strange = item();
        for member in ["additionalData", "eventDate", "reason", "operations"] {
            strange[member] = odd.clone();
        }
        assert_eq!(events(&notification(&[strange])).len(), 1, "{odd}");
        let mut strange = item();
        for member in [
            "shopperReference",
            "shopperEmail",
            "shopperInteraction",
            "recurringProcessingModel",
            "metadata.whatsapp_phone",
            "metadata.push_token",
            "retry.orderAttemptNumber",
        ] {
            strange["additionalData"][member] = odd.clone();
        }
        assert_eq!(events(&notification(&[strange])).len(), 1, "{odd}");
    }
    let body = br#"{"live":"false","notificationItems":[{"NotificationRequestItem":[]}]}"#;
    assert_eq!(normalise(body).map(drop), Err(NormaliseError::Malformed { member: "notificationItems" }));
    let twice = br#"{"notificationItems":[],"notificationItems":[]}"#;
    assert!(matches!(normalise(twice), Err(NormaliseError::NotAnEvent { .. })), "a member named twice");
}

#[test]
fn r2_the_mode_is_handed_on_and_a_test_among_others_is_passed_over() {
    let mut test = item();
    test["pspReference"] = json!("test_AUTHORISATION_1");
    let mixed = normalise(&notification(&[test.clone(), item()])).expect("readable");
    assert_eq!((mixed.status, mixed.events.len(), mixed.livemode), (Status::Recognised, 1, Some(false)));
    let only = normalise(&notification(&[test])).expect("readable");
    assert_eq!(only.status, Status::Ignored(Ignored::Test));
    let live =
        json!({ "live": true, "notificationItems": [{ "NotificationRequestItem": item() }] }).to_string();
    assert_eq!(normalise(live.as_bytes()).expect("readable").livemode, Some(true));
}
