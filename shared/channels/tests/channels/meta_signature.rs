//! Who may speak to the Meta webhook.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use recoup_channels::ChannelSignatureError::{self, Malformed, Mismatch, Missing};
use recoup_channels::meta::{SIGNATURE_HEADER, verify, verify_subscription};
use recoup_core::Secret;
use serde_json::Value;

use crate::fixtures::{json, shared};

const BODY: &str = r#"{"object":"whatsapp_business_account","entry":[]}"#;
const SECRET: &str = "5f1a0c8b2e7d4f6a9b3c1d2e4f6a8b0c";
const SIGNATURE: &str = "sha256=25626f050d2970f3cf63b6805a2ac8efb1f514bf3d81942d6ae3f3e82bc8b4f8";

fn secret(text: &str) -> Secret {
    Secret::parse(text).expect("fit")
}

fn check(signature: Option<&str>, body: &str, secrets: &[&str]) -> Result<(), ChannelSignatureError> {
    let mut headers = HeaderMap::new();
    if let Some(signature) = signature {
        headers.insert(SIGNATURE_HEADER, HeaderValue::from_str(signature).expect("plain header"));
    }
    let secrets: Vec<Secret> = secrets.iter().map(|text| secret(text)).collect();
    let verified = verify(&headers, Bytes::copy_from_slice(body.as_bytes()), &secrets)?;
    assert_eq!(verified.body(), body);
    Ok(())
}

#[test]
fn o19_a_right_signature_of_any_of_our_secrets_is_taken() {
    assert_eq!(check(Some(SIGNATURE), BODY, &[SECRET]), Ok(()));
    assert_eq!(check(Some(SIGNATURE), BODY, &["new-app-secret", SECRET]), Ok(()));
}

#[test]
fn o19_f30_anything_else_is_refused() {
    let upper = SIGNATURE.to_uppercase().replace("SHA256", "sha256");
    let doubled = format!("{SIGNATURE},{SIGNATURE}");
    let longer = format!("{SIGNATURE}00");
    let zeros = format!("sha256={}", "0".repeat(64));
    let foreign = format!("sha256={}", "g".repeat(64));
    for (signature, expected) in [
        (None, Missing),
        (Some(""), Missing),
        (Some("sha256="), Malformed),
        (Some("sha1=abc"), Malformed),
        (Some("sha256=deadbeef"), Malformed),
        (Some(&SIGNATURE[7..]), Malformed),
        (Some(&SIGNATURE[..70]), Malformed),
        (Some(&SIGNATURE[..69]), Malformed),
        (Some(&upper), Malformed),
        (Some(&doubled), Malformed),
        (Some(&longer), Malformed),
        (Some(&foreign), Malformed),
        (Some(&zeros), Mismatch),
    ] {
        assert_eq!(check(signature, BODY, &[SECRET]), Err(expected), "{signature:?}");
    }
    assert_eq!(check(Some(SIGNATURE), BODY, &["other-app-secret"]), Err(Mismatch));
    assert_eq!(check(Some(SIGNATURE), BODY, &[]), Err(Mismatch));
    assert_eq!(check(Some(SIGNATURE), &format!("{BODY} "), &[SECRET]), Err(Mismatch));
    assert_eq!(check(Some(SIGNATURE), "", &[SECRET]), Err(Mismatch));
}

#[test]
fn f30_two_signature_headers_are_refused() {
    let mut headers = HeaderMap::new();
    headers.append(SIGNATURE_HEADER, HeaderValue::from_static(SIGNATURE));
    headers.append(SIGNATURE_HEADER, HeaderValue::from_static("sha256=00"));
    let refused = verify(&headers, Bytes::from_static(BODY.as_bytes()), &[secret(SECRET)]);
    assert_eq!(refused, Err(Malformed));
    let mut headers = HeaderMap::new();
    headers.append(SIGNATURE_HEADER, HeaderValue::from_bytes(b"sha256=\xff").expect("opaque header"));
    assert_eq!(verify(&headers, Bytes::new(), &[secret(SECRET)]), Err(Malformed));
}

#[test]
fn i10_a_refusal_and_a_verified_body_say_nothing_of_what_was_sent() {
    let mut headers = HeaderMap::new();
    headers.insert(SIGNATURE_HEADER, HeaderValue::from_static(SIGNATURE));
    let verified = verify(&headers, Bytes::from_static(BODY.as_bytes()), &[secret(SECRET)]);
    assert_eq!(format!("{verified:?}"), "Ok(VerifiedChannelWebhook(49 bytes))");
    for (error, code) in [
        (Missing, "channel_signature_missing"),
        (Malformed, "channel_signature_malformed"),
        (Mismatch, "channel_signature_mismatch"),
    ] {
        assert_eq!(error.code(), code);
        assert!(!error.to_string().contains("sha256"), "{error}");
    }
}

#[test]
fn o19_the_shared_signature_vectors_hold() {
    let Some(folder) = shared("o19_the_shared_signature_vectors_hold") else { return };
    let vectors = json(&folder.join("meta.webhook.signature_vectors.json"));
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let accepted = vectors["vectors"].as_array().expect("list");
    assert!(!accepted.is_empty());
    for vector in accepted {
        let (body, key) = (text(&vector["raw_body"]), text(&vector["app_secret"]));
        let header = text(&vector["header"]);
        assert_eq!(check(Some(&header), &body, &[&key]), Ok(()), "{}", vector["label"]);
        for header in vectors["reject"].as_array().expect("list") {
            assert!(check(header.as_str(), &body, &[&key]).is_err(), "{header} on {}", vector["label"]);
        }
    }
}

#[test]
fn the_subscription_is_answered_only_to_our_token_and_only_with_digits() {
    let answer = |query: &str| verify_subscription(query, &secret("meatyhamhock"));
    let ours = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=meatyhamhock";
    assert_eq!(answer(ours).as_deref(), Some("1158201444"));
    let encoded = "hub%2Emode=subscribe&hub%2Echallenge=1158201444&hub%2Everify_token=meatyhamhoc%6b";
    assert_eq!(answer(encoded).as_deref(), Some("1158201444"));
    let longest = "7".repeat(64);
    assert_eq!(answer(&ours.replace("1158201444", &longest)).as_deref(), Some(longest.as_str()));
    for query in [
        String::new(),
        ours.replace("meatyhamhock", "meatyhamhoc"),
        ours.replace("meatyhamhock", ""),
        ours.replace("subscribe", "unsubscribe"),
        ours.replace("1158201444", "%3Cscript%3E"),
        ours.replace("1158201444", ""),
        ours.replace("1158201444", "١٢٣"),
        ours.replace("1158201444", &"7".repeat(65)),
        ours.replace("hub.challenge", "challenge"),
        format!("{ours}&hub.challenge=1"),
        format!("{ours}&hub.verify_token=guess"),
    ] {
        assert_eq!(answer(&query), None, "{query}");
    }
}

#[test]
fn the_shared_subscription_request_is_answered() {
    let Some(folder) = shared("the_shared_subscription_request_is_answered") else { return };
    let fixture = json(&folder.join("meta.webhook.verify_get.json"));
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in fixture["query"].as_object().expect("object") {
        query.append_pair(name, value.as_str().expect("text"));
    }
    let token = fixture["query"]["hub.verify_token"].as_str().expect("text");
    let query = query.finish();
    let challenge = verify_subscription(&query, &secret(token));
    assert_eq!(challenge.as_deref(), fixture["expect_body"].as_str());
    assert_eq!(verify_subscription(&query, &secret("another-token")), None);
}
