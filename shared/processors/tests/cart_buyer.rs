//! What stores say of a buyer: typed by the buyer, and never believed further than it reads.

use http::{HeaderMap, HeaderName, HeaderValue};
use recoup_core::{Checkout, Event, Fact, PaymentFailed, PersonName, Phone};
use recoup_processors::{NormaliseError, Normalised, Verified, by_name};

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

fn cart(event: Event) -> Checkout {
    let Fact::CheckoutUpdated(checkout) = event.fact else { panic!("a checkout") };
    *checkout
}

fn failure(event: Event) -> PaymentFailed {
    let Fact::PaymentFailed(failed) = event.fact else { panic!("a failure") };
    *failed
}

#[test]
fn o20_text_of_a_buyer_cannot_speak_for_the_store() {
    for (name, expected) in [
        ("Ana", Some("Ana")),
        ("{{1}}", None),
        ("https://evil.example", None),
        ("Pay at evil.example now", Some("Pay at now")),
        ("\\u202eanA", Some("anA")),
        ("\\ud800", None),
        ("<b>Ana</b>", None),
    ] {
        let customer = format!(r#"{{"first_name":"{name}"}}"#);
        let said = cart(only(checkout("customer", &customer))).buyer.name;
        assert_eq!(said.as_ref().map(PersonName::expose), expected, "{name}");
        let said = failure(only(order("billing", &customer))).buyer.name;
        assert_eq!(said.as_ref().map(PersonName::expose), expected, "{name}");
    }
}

#[test]
fn o20_only_a_phone_with_its_country_is_a_phone() {
    for (phone, expected) in [
        ("+1 415-555-0123", Some("+14155550123")),
        ("0044 20 7946 0958", Some("+442079460958")),
        ("98765 43210", None),
        ("(555) 555-5555", None),
        ("555-555-SHIP", None),
        ("14155550123", None),
        ("+0000000", None),
        ("", None),
    ] {
        let address = format!(r#"{{"country":"IN","country_code":"US","phone":"{phone}"}}"#);
        let said = cart(only(checkout("shipping_address", &address))).buyer.phone;
        assert_eq!(said.as_ref().map(Phone::expose), expected, "{phone}");
        let said = failure(only(order("billing", &address))).buyer.phone;
        assert_eq!(said.as_ref().map(Phone::expose), expected, "{phone}");
    }
    let numbers =
        [r#"{"phone":14155550123}"#, r#"{"phone":["+14155550123"]}"#, r#"[{"phone":"+14155550123"}]"#];
    for address in numbers {
        assert_eq!(cart(only(checkout("shipping_address", address))).buyer.phone, None, "{address}");
        assert_eq!(failure(only(order("billing", address))).buyer.phone, None, "{address}");
    }
}

#[test]
fn o20_the_first_phone_that_reads_is_the_one() {
    let body = |members: &str| {
        let body = format!(
            r#"{{"token":"t1","updated_at":"2026-02-25T06:13:20Z","total_price":"1.00","currency":"USD",{members}}}"#
        );
        let read = read("shopify", &[("x-shopify-topic", "checkouts/update")], body);
        cart(only(read)).buyer.phone.map(|phone| phone.expose()[8..].to_owned())
    };
    let members = [
        r#""note_attributes":[{"name":"whatsapp_phone","value":"+14155550100"}]"#,
        r#""phone":"+14155550101""#,
        r#""sms_marketing_phone":"+14155550102""#,
        r#""customer":{"phone":"+14155550103","default_address":{"phone":"+14155550106"}}"#,
        r#""shipping_address":{"phone":"+14155550104"}"#,
        r#""billing_address":{"phone":"+14155550105"}"#,
    ];
    for (first, expected) in ["0100", "0101", "0102", "0103", "0104", "0105"].into_iter().enumerate() {
        assert_eq!(body(&members[first..].join(",")).as_deref(), Some(expected));
    }
    let home = r#""customer":{"phone":"98765 43210","default_address":{"phone":"+14155550106"}}"#;
    assert_eq!(body(&[home, members[5]].join(",")).as_deref(), Some("0105"));
    assert_eq!(body(home).as_deref(), Some("0106"));
}

#[test]
fn o25_an_agreement_is_to_messages_and_for_its_own_number() {
    let agreed = |members: &str| {
        let body = format!(
            r#"{{"token":"t1","updated_at":"2026-02-25T06:13:20Z","total_price":"1.00","currency":"USD",{members}}}"#
        );
        cart(only(read("shopify", &[("x-shopify-topic", "checkouts/update")], body))).marketing_consent
    };
    let (sms, email, phone) = (
        r#""buyer_accepts_sms_marketing":true,"sms_marketing_phone":"+14155550123""#,
        r#""buyer_accepts_marketing":true"#,
        r#""phone":"+14155550123""#,
    );
    for (members, expected) in [
        (format!("{sms},{phone}"), Some(true)),
        (sms.to_owned(), Some(true)),
        (format!(r#"{sms},"phone":"+442079460958""#), None),
        (format!(r#""buyer_accepts_sms_marketing":true,{phone}"#), None),
        (format!(r#""buyer_accepts_sms_marketing":false,{email}"#), Some(false)),
        (format!("{email},{phone}"), None),
        (r#""buyer_accepts_marketing":false"#.to_owned(), Some(false)),
        (phone.to_owned(), None),
        (format!(r#""buyer_accepts_sms_marketing":"yes",{phone}"#), None),
    ] {
        assert_eq!(agreed(&members), expected, "{members}");
    }
}

#[test]
fn o20_a_pay_link_is_the_store_s_own_https_page_or_none() {
    let built = |href: &str, key: &str| {
        let body = format!(
            r#"{{"id":727,"status":"failed","order_key":"{key}","_links":{{"self":[{{"href":"{href}"}}]}}}}"#
        );
        let headers =
            [("x-wc-webhook-topic", "order.updated"), ("x-wc-webhook-source", "https://evil.example/")];
        failure(only(read("woocommerce", &headers, body))).pay_link.map(|link| link.expose().to_owned())
    };
    let own = "https://shop.example.com/wp-json/wc/v3/orders/727";
    assert_eq!(
        built(own, "wc_order_Ex4mpleKey01").as_deref(),
        Some("https://shop.example.com/checkout/order-pay/727/?pay_for_order=true&key=wc_order_Ex4mpleKey01")
    );
    for (href, key) in [
        ("http://shop.example.com/wp-json/wc/v3/orders/727", "wc_order_1"),
        ("https://user@shop.example.com/wp-json/wc/v3/orders/727", "wc_order_1"),
        ("https://shop.example.com:8443/wp-json/wc/v3/orders/727", "wc_order_1"),
        ("https://127.0.0.1/wp-json/wc/v3/orders/727", "wc_order_1"),
        ("https://shop.example.com/?x=/wp-json/wc/v3/orders/727", "wc_order_1"),
        ("https://shop.example.com/index.php?rest_route=/wc/v3/orders/727", "wc_order_1"),
        ("javascript:alert(1)//wp-json/", "wc_order_1"),
        ("", "wc_order_1"),
        (own, ""),
        (own, "wc_order_1&x=1"),
        (own, "../../x"),
        (own, "wc order"),
    ] {
        assert_eq!(built(href, key), None, "{href} {key}");
    }
    for url in ["http://shop.example.com/pay", "javascript:alert(1)", "https://shop.example.com/a b", ""] {
        let event = only(order("payment_url", &format!("\"{url}\"")));
        assert_eq!(failure(event).pay_link, None, "{url}");
        let event = only(checkout("abandoned_checkout_url", &format!("\"{url}\"")));
        assert_eq!(cart(event).resume_link, None, "{url}");
    }
}
