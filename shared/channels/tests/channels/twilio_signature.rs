//! Who may speak to the Twilio webhook.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use recoup_channels::ChannelSignatureError::{self, Malformed, Mismatch, Missing};
use recoup_channels::twilio::{SIGNATURE_HEADER, verify};
use recoup_core::Secret;
use serde_json::Value;

use crate::fixtures::{json, shared};

const URL: &str = "https://api.acme.example/channels/twilio?c=rcp1.main.stripe.in_1.0.sms.tok1";
const BODY: &str = "MessageSid=SM1&MessageStatus=sent&To=%2B16505551234";
const TOKEN: &str = "an-auth-token-of-a-test";
const SIGNATURE: &str = "rWHDwSmkFW/upeQhyoVNHeg/BuY=";

fn check(signatures: &[&str], url: &str, body: &str, tokens: &[&str]) -> Result<(), ChannelSignatureError> {
    let mut headers = HeaderMap::new();
    for signature in signatures {
        headers.append(SIGNATURE_HEADER, HeaderValue::from_str(signature).expect("plain header"));
    }
    let tokens: Vec<Secret> = tokens.iter().map(|text| Secret::parse(text).expect("fit")).collect();
    let verified = verify(&headers, url, Bytes::copy_from_slice(body.as_bytes()), &tokens)?;
    assert_eq!(verified.body(), body);
    Ok(())
}

#[test]
fn o19_f34_a_right_signature_of_any_of_our_tokens_is_taken() {
    assert_eq!(check(&[SIGNATURE], URL, BODY, &[TOKEN]), Ok(()));
    assert_eq!(check(&[SIGNATURE], URL, BODY, &["new-auth-token", TOKEN]), Ok(()));
    let reordered = "To=%2B16505551234&MessageStatus=sent&MessageSid=SM1&MessageStatus=sent";
    assert_eq!(check(&[SIGNATURE], URL, reordered, &[TOKEN]), Ok(()), "the order of fields is not signed");
    let ported = URL.replace("example/", "example:443/");
    assert_eq!(check(&[SIGNATURE], &ported, BODY, &[TOKEN]), Ok(()));
}

#[test]
fn o19_f30_anything_else_is_refused() {
    let other = SIGNATURE.replace(&SIGNATURE[..1], if SIGNATURE.starts_with('A') { "B" } else { "A" });
    for (signatures, expected) in [
        (&[][..], Missing),
        (&[""], Missing),
        (&["x"], Malformed),
        (&["c2hvcnQ="], Malformed),
        (&[&SIGNATURE[..27]], Malformed),
        (&[&SIGNATURE.replace('=', "")], Malformed),
        (&[&format!("{SIGNATURE},{SIGNATURE}")], Malformed),
        (&[SIGNATURE, SIGNATURE], Malformed),
        (&[&other], Mismatch),
    ] {
        assert_eq!(check(signatures, URL, BODY, &[TOKEN]), Err(expected), "{signatures:?}");
    }
}

#[test]
fn o19_f33_what_was_signed_is_the_whole_url_and_every_field() {
    for (url, body) in [
        (URL.replace("tok1", "tok2"), BODY.to_owned()),
        (URL.replace("https", "http"), BODY.to_owned()),
        (URL.replace("api.", "other."), BODY.to_owned()),
        (format!("{URL}&x="), BODY.to_owned()),
        (URL.to_owned(), BODY.replace("sent", "read")),
        (URL.to_owned(), format!("{BODY}&ErrorCode=30003")),
        (URL.to_owned(), BODY.replace("&MessageStatus=sent", "")),
        (URL.to_owned(), String::new()),
    ] {
        assert_eq!(check(&[SIGNATURE], &url, &body, &[TOKEN]), Err(Mismatch), "{url} {body}");
    }
    assert_eq!(check(&[SIGNATURE], URL, BODY, &["another-token"]), Err(Mismatch));
    assert_eq!(check(&[SIGNATURE], URL, BODY, &[]), Err(Mismatch));
}

#[test]
fn every_shared_signature_vector_holds_and_breaks() {
    let Some(folder) = shared("every_shared_signature_vector_holds_and_breaks") else { return };
    let fixture = json(&folder.join("twilio.signature_vectors.json"));
    let token = fixture["auth_token"].as_str().expect("text");
    let vectors = fixture["vectors"].as_array().expect("list");
    assert_eq!(vectors.len(), 5);
    for vector in vectors {
        let text = |name: &str| vector[name].as_str().expect("text");
        let (url, signature) = (text("url"), text("signature"));
        let raw = vector["raw_body"].as_str().map(str::to_owned);
        let body = raw.unwrap_or_else(|| form(&vector["params"]));
        assert_eq!(check(&[signature], url, &body, &[token]), Ok(()), "{}", vector["label"]);
        if let Some(signed) = vector["signed_url"].as_str() {
            assert_eq!(check(&[signature], signed, &body, &[token]), Ok(()), "{}", vector["label"]);
        }
        let altered = format!("{body} ");
        let broken = check(&[signature], url, &altered, &[token]);
        assert_eq!(broken, Err(Mismatch), "{}: one byte more", vector["label"]);
        assert_eq!(check(&[signature], url, &body, &["54321"]), Err(Mismatch), "{}", vector["label"]);
    }
}

fn form(params: &Value) -> String {
    let pairs = params.as_array().expect("list").iter();
    let text = |pair: &Value, at: usize| pair[at].as_str().expect("text").to_owned();
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs.map(|pair| (text(pair, 0), text(pair, 1))))
        .finish()
}
