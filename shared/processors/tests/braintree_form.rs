//! Braintree's form and its challenge, and notifications that are no notifications.

use http::HeaderMap;
use jiff::Timestamp;
use recoup_core::Secret;
use recoup_processors::{NormaliseError, Normalised, Processor, Unverified, Verified, by_name};

fn braintree() -> &'static dyn Processor {
    by_name("braintree").expect("a source")
}

fn secret(text: &str) -> Secret {
    Secret::parse(text).expect("not empty")
}

fn read(body: &str) -> Result<Normalised, NormaliseError> {
    braintree().normalise(&Verified::recorded(&HeaderMap::new(), body.as_bytes()))
}

#[test]
fn o19_the_challenge_is_answered_with_the_key_pair_s_proof() {
    let headers = HeaderMap::new();
    let greet =
        |query: &str, secrets: &[Secret]| braintree().greet(query, Unverified::new(&headers, b""), secrets);
    let pair = [secret("example_public_key:example_private_key"), secret("previous_public_key:previous")];
    // Known answers of another implementation: HMAC-SHA1 keyed with the SHA-1 of the private key.
    for (query, expected) in [
        (
            "bt_challenge=20f9f8ed05f77439fe955c977e4c8a53",
            "example_public_key|c8072b407dceeb78d730d213e13832cf5c725daf",
        ),
        (
            "x=1&bt_challenge=0123456789abcdef0123&y=",
            "example_public_key|c235411a84a580e78edaf5dc348e93481c2fcd00",
        ),
    ] {
        assert_eq!(greet(query, &pair).as_deref(), Some(expected), "{query}");
        assert_eq!(greet(query, &[]), None);
        assert_eq!(greet(query, &[secret("no pair")]), None);
    }
    for query in [
        "",
        "bt_challenge=",
        "bt_challenge=0123456789abcdef012",
        "bt_challenge=0123456789abcdef0123456789abcdef0",
        "bt_challenge=0123456789ABCDEF0123",
        "bt_challenge=0123456789abcdef012g",
        "bt_challenge=%3Cscript%3Ealert(1)%3C/script%3E",
        "bt_challenge=0123456789abcdef0123&bt_challenge=0123456789abcdef0124",
        "challenge=0123456789abcdef0123",
        "hub.mode=subscribe&hub.challenge=1",
    ] {
        assert_eq!(greet(query, &pair), None, "{query}");
    }
}

#[test]
fn o19_what_is_verified_is_the_notification_and_not_the_form() {
    let pair = [secret("public:private")];
    let now = Timestamp::UNIX_EPOCH;
    for length in [1, 44, 45, 46, 90, 1000] {
        let body = "<".repeat(length);
        let signed = braintree().sign(body.as_bytes(), &pair[0], now, "").expect("a pair");
        let request = Unverified::new(&signed.headers, &signed.body);
        let verified =
            braintree().verify(request, &pair, now).unwrap_or_else(|error| panic!("{length}: {error}"));
        assert_eq!(verified.body(), body.as_bytes());
    }
    assert!(braintree().sign(b"<n/>", &secret("no pair"), now, "").is_none());
}

#[test]
fn r4_a_notification_that_lacks_what_decides_is_told_by_the_member() {
    let missing = |member| Err(NormaliseError::Missing { member });
    let malformed = |member| Err(NormaliseError::Malformed { member });
    let read = |body: &str| read(body).map(drop);
    let note = |kind: &str, rest: &str| format!("<notification><kind>{kind}</kind>{rest}</notification>");
    let at = "<timestamp>2026-02-25T06:13:20Z</timestamp>";
    assert_eq!(read("<n/>"), missing("notification"));
    assert_eq!(read("<notification/>"), missing("kind"));
    assert_eq!(read("<notification><kind>check</kind><kind>check</kind></notification>"), missing("kind"));
    assert_eq!(read(&note("<b/>", "")), missing("kind"));
    assert_eq!(read(&note("Check it", "")), malformed("kind"));
    assert_eq!(read(&note(&"k".repeat(129), "")), malformed("kind"));
    let failed = "subscription_charged_unsuccessfully";
    let subject = |inner: &str| format!("{at}<subject>{inner}</subject>");
    assert_eq!(read(&note(failed, at)), missing("subject/subscription/id"));
    assert_eq!(
        read(&note(failed, &subject("<subscription><id nil=\"true\"/></subscription>"))),
        missing("subject/subscription/id")
    );
    let twice = "<subscription><id>a</id><id>b</id></subscription>";
    assert_eq!(read(&note(failed, &subject(twice))), missing("subject/subscription/id"));
    assert_eq!(
        read(&note(failed, &subject("<subscription><id>é</id></subscription>"))),
        malformed("subject/subscription/id")
    );
    let timeless = "<subject><subscription><id>a</id></subscription></subject>";
    assert_eq!(read(&note(failed, timeless)), missing("timestamp"));
    let long = format!("<timestamp>{}</timestamp>{timeless}", "9".repeat(129));
    assert_eq!(read(&note(failed, &long)), malformed("timestamp"));
    assert_eq!(read(&note("transaction_settled", at)), missing("subject/transaction/id"));
    assert_eq!(read(&note("dispute_opened", at)), missing("subject/dispute/id"));
    assert_eq!(
        read(&note("dispute_opened", &subject("<dispute><id>d</id></dispute>"))),
        missing("subject/dispute/transaction/id")
    );
}

#[test]
fn r4_a_document_type_is_refused_before_anything_is_expanded() {
    let bomb = "<!DOCTYPE n [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><notification><kind>&b;</kind></notification>";
    assert_eq!(read(bomb).expect_err("refused").code(), "body_not_xml");
    let outside = "<!DOCTYPE n SYSTEM \"file:///etc/passwd\"><notification><kind>check</kind></notification>";
    assert_eq!(read(outside).expect_err("refused").code(), "body_not_xml");
}
