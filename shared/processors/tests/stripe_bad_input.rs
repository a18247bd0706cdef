//! Bodies that carry a good signature and still cannot be trusted to be well formed: a reason, never a panic.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use recoup_core::{Event, Fact, Secret};
use recoup_processors::{NormaliseError, Normalised, Status, Unverified, by_name};

fn normalise(body: impl AsRef<[u8]>) -> Result<Normalised, NormaliseError> {
    let body = body.as_ref();
    let stripe = by_name("stripe").expect("stripe is a source");
    let (secret, now) = (Secret::parse("whsec_bad").expect("not empty"), Timestamp::UNIX_EPOCH);
    let headers = stripe.sign(body, &secret, now, "").expect("stripe's signature is symmetric").headers;
    let verified = stripe.verify(Unverified::new(&headers, body), &[secret], now).expect("just signed");
    stripe.normalise(&verified)
}

fn code(body: impl AsRef<[u8]>) -> &'static str {
    normalise(body).expect_err("not a body to read").code()
}

/// A failed invoice with `member` set to the JSON text `value`.
fn invoice_with(member: &str, value: &str) -> String {
    let members = [
        ("id", r#""in_1""#),
        ("status", r#""open""#),
        ("amount_remaining", "4900"),
        ("currency", r#""usd""#),
        ("attempt_count", "1"),
        ("next_payment_attempt", "1772259200"),
    ];
    let others = members.iter().filter(|(name, _)| *name != member);
    let mut object: Vec<String> = others.map(|(name, value)| format!("\"{name}\":{value}")).collect();
    object.push(format!("\"{member}\":{value}"));
    let object = object.join(",");
    format!(
        r#"{{"id":"evt_1","object":"event","created":1,"data":{{"object":{{{object}}}}},"type":"invoice.payment_failed"}}"#
    )
}

fn only(body: impl AsRef<[u8]>) -> Event {
    let normalised = normalise(body).expect("well formed");
    assert_eq!(normalised.events.len(), 1);
    normalised.events.into_iter().next().expect("counted")
}

fn nested(depth: usize) -> String {
    "[".repeat(depth) + &"]".repeat(depth)
}

#[test]
fn f35_what_is_not_json_text_is_named() {
    for (body, expected) in [
        (&b""[..], "body_not_json"),
        (b" \n", "body_not_json"),
        (b"null", "body_not_event"),
        (b"42", "body_not_event"),
        (b"\"text\"", "body_not_event"),
        (b"{", "body_not_json"),
        (b"{}", "body_member_missing"),
        (b"[]", "body_member_missing"),
        (b"{} {}", "body_not_json"),
        (b"{\"type\":\"invoice.paid\"", "body_not_json"),
        (b"{'type':'invoice.paid'}", "body_not_json"),
        (b"{\"type\":\"invoice.paid\",}", "body_not_json"),
        (b"{\"type\":NaN}", "body_not_json"),
        (b"id=evt_1&type=invoice.paid", "body_not_json"),
        (b"\xef\xbb\xbf{}", "body_not_json"),
        (b"{\"type\":\"\xff\"}", "body_not_utf8"),
        (b"\x1f\x8b\x08\x00", "body_not_utf8"),
        (b"{\"type\":\"a\0b\"}", "body_not_json"),
    ] {
        assert_eq!(code(body), expected, "{}", String::from_utf8_lossy(body));
    }
    assert_eq!(normalise(b"{\"id\":\"\xff\"}"), Err(NormaliseError::NotUtf8 { offset: 7 }));
    assert_eq!(normalise("{\n  \"id\": x"), Err(NormaliseError::NotJson { line: 2, column: 9 }));
}

#[test]
fn f36_depth_neither_overflows_nor_hides_an_event() {
    for depth in [127, 128, 3_000_000] {
        let deep = nested(depth);
        for unread in ["lines", "metadata"] {
            assert_eq!(only(invoice_with(unread, &deep)).obligation.as_str(), "in_1", "{unread} {depth}");
        }
        assert!(normalise(&deep).is_err());
        assert!(normalise("[".repeat(depth)).is_err());
    }
    for depth in [127, 128, 10_000] {
        let arrays = nested(depth);
        let objects = format!("{}1{}", "{\"subscription_details\":".repeat(depth), "}".repeat(depth));
        for lenient in
            ["customer", "parent", "payments", "customer_shipping", "subscription", "payment_intent"]
        {
            for deep in [&arrays, &objects] {
                assert_eq!(
                    only(invoice_with(lenient, deep)).obligation.as_str(),
                    "in_1",
                    "{lenient} {depth}"
                );
            }
        }
        assert_eq!(code(invoice_with("amount_remaining", &arrays)), "body_member_malformed");
        assert_eq!(code(invoice_with("id", &arrays)), "body_member_missing");
        assert!(normalise("{\"data\":".repeat(depth)).is_err());
    }
}

#[test]
fn f36_a_member_named_twice_is_refused() {
    for body in [
        r#"{"id":"evt_1","id":"evt_2","type":"invoice.paid","data":{"object":{"id":"in_1"}}}"#,
        r#"{"id":"evt_1","type":"invoice.voided","type":"invoice.paid","data":{"object":{"id":"in_1"}}}"#,
        r#"{"id":"evt_1","type":"invoice.paid","data":{"object":{"id":"in_1","id":"in_2"}}}"#,
        r#"{"id":"evt_1","type":"invoice.paid","data":{"object":{"id":"in_1"}},"data":{"object":{"id":"in_2"}}}"#,
    ] {
        assert_eq!(code(body), "body_not_event", "{body}");
    }
}

#[test]
fn f36_amounts_are_whole_numbers_of_64_bits_or_refused() {
    let huge = format!("1{}", "0".repeat(400));
    let huger = "9".repeat(400_000);
    for value in
        ["49.99", "4900.0", "4.9e3", "1e400", &huge, &huger, "9223372036854775808", "\"4900\"", "true", "{}"]
    {
        let shown = &value[..value.len().min(24)];
        for member in ["amount_remaining", "attempt_count", "next_payment_attempt"] {
            assert_eq!(code(invoice_with(member, value)), "body_member_malformed", "{member} {shown}");
        }
    }
    let Fact::PaymentFailed(failed) = only(invoice_with("amount_remaining", "9223372036854775807")).fact
    else {
        panic!("a failure")
    };
    assert_eq!(failed.amount.map(|money| money.minor), Some(i64::MAX));
    for nothing in ["0", "-0", "-1", "-9223372036854775808"] {
        let normalised = normalise(invoice_with("amount_remaining", nothing)).expect("well formed");
        assert_ne!(normalised.status, Status::Recognised, "{nothing}");
    }
}

#[test]
fn f32_times_and_counters_outside_their_range_are_refused() {
    for (member, value) in [
        ("next_payment_attempt", "9223372036854775807"),
        ("next_payment_attempt", "-9223372036854775808"),
        ("attempt_count", "-1"),
        ("attempt_count", "4294967296"),
    ] {
        assert_eq!(code(invoice_with(member, value)), "body_member_malformed", "{member} {value}");
    }
}

#[test]
fn f36_lone_surrogates_and_nul_cost_a_decoration_never_the_event() {
    for member in ["customer_name", "customer_phone", "number", "hosted_invoice_url", "currency"] {
        for value in [r#""\ud800""#, r#""\udc00\ud800""#, r#""\u0000""#, r#""a\u0000b""#] {
            let event = only(invoice_with(member, value));
            assert_eq!(event.obligation.as_str(), "in_1", "{member} {value}");
        }
    }
    assert_eq!(code(invoice_with("id", r#""in_\ud800""#)), "body_member_missing");
    assert_eq!(code(invoice_with("id", r#""in_\u0000""#)), "body_member_malformed");
    assert_eq!(code(invoice_with("customer_name", r#""\ud8zz""#)), "body_not_json");
}

#[test]
fn r4_ids_that_do_not_fit_a_key_are_refused_where_they_decide() {
    for id in [r#""""#, r#""in 1""#, r#""in/../1""#, r#""インボイス""#] {
        assert_eq!(code(invoice_with("id", id)), "body_member_malformed", "{id}");
    }
    let long = format!("\"in_{}\"", "1".repeat(126));
    assert_eq!(code(invoice_with("id", &long)), "body_member_malformed");
    for id in ["null", "42", "[]", "{}"] {
        assert_eq!(code(invoice_with("id", id)), "body_member_missing", "{id}");
    }
    let envelope =
        |id: &str| format!(r#"{{"id":{id},"type":"invoice.paid","data":{{"object":{{"id":"in_1"}}}}}}"#);
    assert_eq!(code(envelope("null")), "body_member_missing");
    assert_eq!(code(envelope(r#""evt 1""#)), "body_member_malformed");
    assert!(normalise(envelope(r#""evt_1""#)).is_ok());
}

#[test]
fn r4_a_type_is_a_name_and_an_object_is_needed_only_where_it_is_read() {
    assert_eq!(code(r#"{"id":"evt_1","type":null}"#), "body_member_missing");
    assert_eq!(code(r#"{"id":"evt_1","type":"invoice paid\n"}"#), "body_member_malformed");
    assert_eq!(code(format!(r#"{{"id":"evt_1","type":"{}"}}"#, "x".repeat(129))), "body_member_malformed");
    assert_eq!(code(r#"{"id":"evt_1","type":"invoice.paid"}"#), "body_member_missing");
    assert_eq!(code(r#"{"id":"evt_1","type":"invoice.paid","data":null}"#), "body_member_missing");
    assert_eq!(code(r#"{"id":"evt_1","type":"invoice.paid","data":{"object":null}}"#), "body_member_missing");
    assert_eq!(code(r#"{"id":"evt_1","type":"invoice.paid","data":{"object":"in_1"}}"#), "body_not_event");
    let ignored = normalise(r#"{"id":"evt_1","type":"a.type_of_next_year"}"#).expect("ignored");
    assert_eq!((ignored.kind.as_str(), ignored.events.len()), ("a.type_of_next_year", 0));
    assert_eq!(ignored.livemode, None);
}

#[test]
fn r5_decorations_of_every_wrong_type_leave_a_gap_not_a_failure() {
    for member in [
        "customer",
        "customer_name",
        "customer_phone",
        "customer_shipping",
        "metadata",
        "subscription",
        "subscription_details",
        "parent",
        "payments",
        "payment_intent",
        "charge",
        "currency",
        "number",
        "hosted_invoice_url",
    ] {
        for value in
            ["null", "42", "-1.5e300", "true", "\"\"", "[]", "[null,[{}]]", "{}", "{\"id\":[]}", "[{}]"]
        {
            let Fact::PaymentFailed(failed) = only(invoice_with(member, value)).fact else {
                panic!("{member} {value}")
            };
            assert_eq!(failed.buyer.phone, None, "{member} {value}");
        }
    }
}

#[test]
fn f36_a_million_members_are_read_in_one_pass() {
    let many: String = "\"\":0,".repeat(1_000_000);
    let metadata = format!("{{{many}\"whatsapp_phone\":\"+14155550123\"}}");
    let Fact::PaymentFailed(failed) = only(invoice_with("metadata", &metadata)).fact else {
        panic!("a failure")
    };
    assert!(failed.buyer.phone.is_some());
}

#[test]
fn f36_truncated_and_damaged_bodies_give_an_answer() {
    let path = "fixtures/stripe/invoice.payment_failed.expanded.2020-08-27.json";
    let body = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("the fixture is there");
    let body = body.trim_ascii_end();
    assert!(normalise(body).is_ok());
    for end in (0..body.len()).step_by(11) {
        assert!(normalise(&body[..end]).is_err(), "truncated at {end}");
    }
    let mut answers = [0, 0];
    for place in (0..body.len()).step_by(23) {
        for byte in [0, b'"', b'\\', b'{', b'9', 0xff] {
            let mut damaged = body.to_vec();
            damaged[place] = byte;
            answers[usize::from(normalise(&damaged).is_ok())] += 1;
        }
    }
    assert!(answers[0] > 0 && answers[1] > 0, "{answers:?}");
}
