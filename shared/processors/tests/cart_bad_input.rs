//! Bodies of stores that carry a good signature and still cannot be trusted: a reason, never a panic, never a wrong number.

use std::fs;
use std::path::Path;

use http::{HeaderMap, HeaderName, HeaderValue};
use recoup_core::Event;
use recoup_processors::{NormaliseError, Normalised, Status, Verified, by_name};

const SOURCES: [(&str, &str, &str); 2] = [
    ("shopify", "x-shopify-topic", "checkouts/update"),
    ("woocommerce", "x-wc-webhook-topic", "order.updated"),
];

fn read(
    source: &str,
    headers: &[(&str, &str)],
    body: impl AsRef<[u8]>,
) -> Result<Normalised, NormaliseError> {
    let pair = |(name, value): &(&str, &str)| {
        (HeaderName::try_from(*name).expect("a name"), HeaderValue::try_from(*value).expect("a value"))
    };
    let headers: HeaderMap = headers.iter().map(pair).collect();
    by_name(source).expect("a source").normalise(&Verified::recorded(&headers, body.as_ref()))
}

fn only(read: Result<Normalised, NormaliseError>) -> Event {
    let mut events = read.expect("well formed").events;
    assert_eq!(events.len(), 1);
    events.remove(0)
}

fn object(members: &[(&str, &str)], changed: (&str, &str)) -> String {
    let others = members.iter().filter(|(name, _)| *name != changed.0);
    let all: Vec<_> = others.chain([&changed]).map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", all.join(","))
}

/// An open checkout of Shopify's with one member changed.
fn checkout(member: &str, value: &str) -> Result<Normalised, NormaliseError> {
    let members = [
        ("token", r#""t1""#),
        ("updated_at", r#""2026-02-25T06:13:20Z""#),
        ("total_price", r#""54.95""#),
        ("currency", r#""USD""#),
    ];
    read("shopify", &[("x-shopify-topic", "checkouts/update")], object(&members, (member, value)))
}

/// A failed order of `WooCommerce`'s with one member changed.
fn order(member: &str, value: &str) -> Result<Normalised, NormaliseError> {
    let members = [
        ("id", "727"),
        ("status", r#""failed""#),
        ("date_modified_gmt", r#""2026-02-25T06:13:20""#),
        ("total", r#""29.35""#),
        ("currency", r#""USD""#),
    ];
    read("woocommerce", &[("x-wc-webhook-topic", "order.updated")], object(&members, (member, value)))
}

fn nested(depth: usize) -> String {
    "[".repeat(depth) + &"]".repeat(depth)
}

#[test]
fn r4_what_is_not_json_text_is_named() {
    for (source, header, topic) in SOURCES {
        for (body, expected) in [
            (&b""[..], "body_not_json"),
            (b"null", "body_not_event"),
            (b"42", "body_not_event"),
            (b"{", "body_not_json"),
            (b"{} {}", "body_not_json"),
            (b"[]", "body_not_event"),
            (b"{}", "body_member_missing"),
            (b"id=1&status=failed", "body_not_json"),
            (b"\xef\xbb\xbf{}", "body_not_json"),
            (b"{\"id\":\"\xff\"}", "body_not_utf8"),
        ] {
            let error = read(source, &[(header, topic)], body).expect_err("not a body to read");
            assert_eq!(error.code(), expected, "{source} {}", String::from_utf8_lossy(body));
        }
    }
}

#[test]
fn r4_a_delivery_needs_its_topic_and_a_topic_its_shape() {
    for (source, header, _) in SOURCES {
        for headers in [vec![], vec![(header, "")], vec![(header, "  ")]] {
            assert_eq!(
                read(source, &headers, "{}"),
                Err(NormaliseError::Missing { member: "topic" }),
                "{source}"
            );
        }
        let long = "x".repeat(65);
        for topic in ["orders paid", "orders/paid?", "a\"b", "<a>", &long] {
            let error = read(source, &[(header, topic)], "{}");
            assert_eq!(error, Err(NormaliseError::Malformed { member: "topic" }), "{source} {topic}");
        }
        let next_year = read(source, &[(header, "a.topic_of/next_year")], "{}").expect("ignored");
        assert_eq!((next_year.kind.as_str(), next_year.events.len()), ("a.topic_of/next_year", 0));
    }
}

#[test]
fn r4_ids_that_do_not_fit_a_key_are_refused_where_they_decide() {
    let long = format!("\"{}\"", "1".repeat(129));
    for id in [r#""a b""#, r#""注文""#, r#""\u0000""#, r#""..""#, &long] {
        assert_eq!(checkout("token", id), Err(NormaliseError::Malformed { member: "token" }), "{id}");
        assert_eq!(order("id", id), Err(NormaliseError::Malformed { member: "id" }), "{id}");
    }
    for id in ["null", "[]", "{}", "true", r#""""#] {
        assert_eq!(checkout("token", id), Err(NormaliseError::Missing { member: "token" }), "{id}");
        assert_eq!(order("id", id), Err(NormaliseError::Missing { member: "id" }), "{id}");
    }
    assert_eq!(only(checkout("token", r#""a/../b?c""#)).obligation.as_str(), "a.2f...2fb.3fc");
    let cannot_view = r#"{"code":"woocommerce_rest_cannot_view","message":"Sorry","data":{"status":401}}"#;
    let refused = read("woocommerce", &[("x-wc-webhook-topic", "order.updated")], cannot_view);
    assert_eq!(refused, Err(NormaliseError::Missing { member: "status" }));
}

#[test]
fn r4_an_event_id_that_is_none_gives_way_to_the_next() {
    let body = r#"{"token":"t1","updated_at":"2026-02-25T06:13:20Z","total_price":"1.00","currency":"USD"}"#;
    let id = |headers: &[(&str, &str)]| {
        let all = [&[("x-shopify-topic", "checkouts/update")], headers].concat();
        only(read("shopify", &all, body)).id.as_str().to_owned()
    };
    let long = "e".repeat(128);
    for bad in ["two words", long.as_str()] {
        let headers = [("x-shopify-event-id", bad), ("x-shopify-webhook-id", "w1")];
        assert_eq!(id(&headers), "checkouts/update-w1");
        assert_eq!(id(&headers[..1]), "checkouts/update-t1-2026-02-25T06:13:20Z");
    }
    assert_eq!(id(&[("shopify-event-id", "e1"), ("x-shopify-webhook-id", "w1")]), "checkouts/update-e1");
    assert_eq!(
        read(
            "shopify",
            &[("x-shopify-topic", "refunds/create")],
            r#"{"order_id":5,"transactions":[{"kind":"refund","status":"success"}]}"#
        ),
        Err(NormaliseError::Missing { member: "event id" })
    );
}

#[test]
fn r4_a_member_named_twice_is_refused() {
    for (source, header, topic) in SOURCES {
        for body in [
            r#"{"id":1,"token":"t1","status":"failed","total_price":"1.00","total":"1.00","id":2}"#,
            r#"{"id":1,"token":"t1","token":"t2","status":"failed","status":"completed"}"#,
        ] {
            let error = read(source, &[(header, topic)], body).expect_err("ambiguous");
            assert_eq!(error.code(), "body_not_event", "{source} {body}");
        }
    }
}

#[test]
fn r4_depth_neither_overflows_nor_hides_an_event() {
    for depth in [127, 128, 100_000] {
        let deep = nested(depth);
        for member in ["line_items", "customer", "note_attributes", "shipping_address", "total_price_set"] {
            assert_eq!(only(checkout(member, &deep)).obligation.as_str(), "t1", "{member} {depth}");
        }
        for member in ["line_items", "billing", "meta_data", "refunds", "_links"] {
            assert_eq!(only(order(member, &deep)).obligation.as_str(), "727", "{member} {depth}");
        }
    }
}

#[test]
fn o20_times_that_are_none_leave_a_gap_and_a_zone_is_never_guessed() {
    for (at, expected) in [
        (r#""2026-02-25T06:13:20""#, Some("2026-02-25T06:13:20Z")),
        (r#""2026-02-25T06:13:20Z""#, Some("2026-02-25T06:13:20Z")),
        (r#""2026-02-25T06:13:20+00:00""#, Some("2026-02-25T06:13:20Z")),
        (r#""2026-13-45T06:13:20""#, None),
        (r#""yesterday""#, None),
        ("1772000000", None),
        ("null", None),
    ] {
        let event = only(order("date_modified_gmt", at));
        assert_eq!(event.occurred_at.map(|at| at.to_string()).as_deref(), expected, "{at}");
    }
    let local = read(
        "woocommerce",
        &[("x-wc-webhook-topic", "order.updated")],
        r#"{"id":727,"status":"failed","date_modified":"2026-02-25T09:13:20"}"#,
    );
    let event = only(local);
    assert_eq!(event.occurred_at, None, "the store's own clock has no zone");
    assert_eq!(event.id.as_str(), "order.updated-727-2026-02-25T09:13:20-payment_failed");
    assert_eq!(
        order("date_modified_gmt", r#""2026 02 25""#),
        Err(NormaliseError::Malformed { member: "date_modified_gmt" })
    );
}

#[test]
fn o25_decorations_of_every_wrong_type_leave_a_gap_not_a_failure() {
    let values = ["null", "42", "-1.5e300", "true", "\"\"", "[]", "[null,[{}]]", "{}", "{\"id\":[]}", "[{}]"];
    for value in values {
        for member in [
            "id",
            "cart_token",
            "email",
            "phone",
            "customer",
            "shipping_address",
            "billing_address",
            "note_attributes",
            "customer_locale",
            "abandoned_checkout_url",
            "presentment_currency",
            "buyer_accepts_marketing",
            "buyer_accepts_sms_marketing",
            "sms_marketing_phone",
            "updated_at",
            "test",
        ] {
            let read = read(
                "shopify",
                &[("x-shopify-topic", "checkouts/update"), ("x-shopify-event-id", "e1")],
                object(
                    &[("token", "\"t1\""), ("total_price", "\"1.00\""), ("currency", "\"USD\"")],
                    (member, value),
                ),
            );
            assert_eq!(only(read).obligation.as_str(), "t1", "{member} {value}");
        }
        for member in [
            "number",
            "order_key",
            "customer_id",
            "billing",
            "shipping",
            "meta_data",
            "refunds",
            "payment_url",
            "_links",
        ] {
            assert_eq!(only(order(member, value)).obligation.as_str(), "727", "{member} {value}");
        }
    }
}

#[test]
fn r4_truncated_and_damaged_bodies_give_an_answer() {
    for (source, header, topic, name) in [
        ("shopify", "x-shopify-topic", "orders/create", "orders.create"),
        ("woocommerce", "x-wc-webhook-topic", "order.updated", "order.updated.failed"),
    ] {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(source).join(format!("{name}.json"));
        let body = fs::read(path).expect("the fixture is there");
        let headers = [(header, topic), ("x-shopify-event-id", "e1")];
        let body = body.trim_ascii_end();
        assert!(read(source, &headers, body).is_ok());
        for end in (0..body.len()).step_by(11) {
            assert!(read(source, &headers, &body[..end]).is_err(), "{source} truncated at {end}");
        }
        let mut answers = [0, 0];
        for place in (0..body.len()).step_by(23) {
            for byte in [0, b'"', b'\\', b'{', b'9', 0xff] {
                let mut damaged = body.to_vec();
                damaged[place] = byte;
                answers[usize::from(read(source, &headers, &damaged).is_ok())] += 1;
            }
        }
        assert!(answers[0] > 0 && answers[1] > 0, "{source} {answers:?}");
    }
}

#[test]
fn r4_requests_about_a_person_s_data_are_left_to_a_person() {
    for topic in ["customers/redact", "customers/data_request", "shop/redact"] {
        let read = read("shopify", &[("x-shopify-topic", topic)], r#"{"shop_id":1,"customer":{"id":1}}"#);
        let Status::Ignored(why) = read.expect("well formed").status else { panic!("{topic}") };
        assert_eq!(why.code(), "privacy_request", "{topic}");
    }
}
