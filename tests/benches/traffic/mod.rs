//! Webhooks as a processor posts them, made up here, of any size.

use http::HeaderMap;
use jiff::Timestamp;
use recoup_core::Secret;
use serde_json::{Value, json};

/// The signing secret of every body made here.
pub(crate) const SIGNING_SECRET: &str = "whsec_bench0123456789abcdefghijklmnop";

/// The buyer's number.
pub(crate) const PHONE: &str = "+14155550123";

/// The body of `invoice.payment_failed` for the `n`th invoice: laid out over lines as Stripe does it, and padded with
/// invoice lines to `bytes`.
pub(crate) fn invoice_payment_failed(n: u64, bytes: usize) -> String {
    let mut lines: Vec<Value> = Vec::new();
    loop {
        let body = pretty(n, &lines, "");
        let room = bytes.saturating_sub(body.len());
        if room < 600 {
            return pretty(n, &lines, &"Pro plan, monthly. ".repeat(40)[..room]);
        }
        lines.push(line(n, lines.len()));
    }
}

fn pretty(n: u64, lines: &[Value], description: &str) -> String {
    serde_json::to_string_pretty(&event(n, lines, description)).expect("a value becomes JSON")
}

fn event(n: u64, lines: &[Value], description: &str) -> Value {
    json!({
        "id": format!("evt_1Bench{n:016}"),
        "object": "event",
        "api_version": "2025-03-31.basil",
        "created": 1_767_225_600,
        "data": {"object": {
            "id": format!("in_1Bench{n:016}"),
            "object": "invoice",
            "amount_due": 4900,
            "amount_paid": 0,
            "amount_remaining": 4900,
            "attempt_count": 1,
            "attempted": true,
            "billing_reason": "subscription_cycle",
            "collection_method": "charge_automatically",
            "currency": "usd",
            "customer": "cus_Bench00000001",
            "customer_email": "ana@example.com",
            "customer_name": "Ana Example",
            "customer_phone": null,
            "description": description,
            "hosted_invoice_url": format!("https://invoice.stripe.com/i/acct_1Bench/live_{n:024}"),
            "lines": {"object": "list", "data": lines, "has_more": false},
            "livemode": true,
            "metadata": {"whatsapp_phone": PHONE},
            "next_payment_attempt": null,
            "number": "BENCH-0001",
            "parent": {"type": "subscription_details", "subscription_details": {
                "metadata": {"plan": "pro"}, "subscription": "sub_1Bench0000000001",
            }},
            "period_end": 1_767_225_600,
            "period_start": 1_764_547_200,
            "status": "open",
            "subtotal": 4900,
            "total": 4900,
        }},
        "livemode": true,
        "pending_webhooks": 1,
        "request": {"id": null, "idempotency_key": null},
        "type": "invoice.payment_failed",
    })
}

fn line(n: u64, index: usize) -> Value {
    json!({
        "id": format!("il_1Bench{n:08}{index:08}"),
        "object": "line_item",
        "amount": 4900,
        "currency": "usd",
        "description": "1 × Pro plan (at $49.00 / month)",
        "metadata": {},
        "period": {"end": 1_767_225_600, "start": 1_764_547_200},
        "pricing": {"type": "price_details", "price_details": {"price": "price_1Bench", "product": "prod_Bench"}},
        "quantity": 1,
    })
}

/// The headers with which Stripe would send the body at this time.
pub(crate) fn signed(body: &str, at: Timestamp) -> HeaderMap {
    let stripe = recoup_processors::by_name("stripe").expect("a source of this build");
    let secret = Secret::parse(SIGNING_SECRET).expect("fit");
    stripe.sign(body.as_bytes(), &secret, at, "").expect("Stripe signs with a shared secret").headers
}
