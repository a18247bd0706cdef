//! Stripe's objects: put, read, unknown, and without a key.

use recoup_local::Reply;
use serde_json::json;

use super::Bench;

async fn get(bench: &Bench, path: &str, key: Option<&str>) -> Reply {
    let url = format!("{}{path}", bench.stubs.stripe.url());
    let headers: Vec<_> = key.map(|key| ("authorization", format!("Bearer {key}"))).into_iter().collect();
    bench.http.send("GET".parse().expect("a method"), &url, &headers, Vec::new()).await.expect("an answer")
}

#[tokio::test]
async fn stripe_serves_what_was_put_to_it() {
    let bench = Bench::start().await;
    for (path, object) in [
        ("/v1/customers/cus_1", "customer"),
        ("/v1/invoices/in_1", "invoice"),
        ("/v1/payment_intents/pi_1", "payment_intent"),
    ] {
        let missing = get(&bench, path, Some("sk_test_1")).await;
        assert_eq!(
            (missing.status, missing.json()["error"]["code"].clone()),
            (404, json!("resource_missing"))
        );
        let url = format!("{}{path}", bench.stubs.stripe.url());
        bench.control("PUT", &url, json!({"phone": "+15550100"})).await.expect("put");
        let found = get(&bench, &format!("{path}?expand[]=x"), Some("sk_test_1")).await;
        assert_eq!(found.status, 200, "{path}");
        assert_eq!(found.json()["object"], object);
        assert_eq!(found.json()["phone"], "+15550100");
    }
}

#[tokio::test]
async fn stripe_wants_its_key_and_knows_its_paths() {
    let bench = Bench::start().await;
    let url = format!("{}/v1/invoices/in_1", bench.stubs.stripe.url());
    bench.control("PUT", &url, json!({"status": "open"})).await.expect("put");
    assert_eq!(get(&bench, "/v1/invoices/in_1", None).await.status, 401);
    assert_eq!(get(&bench, "/v1/invoices/in_1", Some("sk_test_2")).await.status, 401);
    assert_eq!(get(&bench, "/v1/invoices", Some("sk_test_1")).await.status, 404);
    assert_eq!(get(&bench, "/v1/refunds/re_1", Some("sk_test_1")).await.status, 404);
    assert!(bench.control("PUT", &url, json!({"id": "in_2"})).await.is_err());
    assert!(bench.control("PUT", &url, json!([])).await.is_err());
}

#[tokio::test]
async fn stripe_can_be_scripted_by_id() {
    let bench = Bench::start().await;
    let url = format!("{}/v1/invoices/in_1", bench.stubs.stripe.url());
    bench.control("PUT", &url, json!({"status": "open"})).await.expect("put");
    bench.script(&bench.stubs.stripe, json!([{"status": 500, "match": {"id": "in_1"}}])).await;
    bench.control("PUT", &url, json!({"status": "paid"})).await.expect("put, without using up the script");
    assert_eq!(get(&bench, "/v1/invoices/in_1", Some("sk_test_1")).await.status, 500);
    assert_eq!(get(&bench, "/v1/invoices/in_1", Some("sk_test_1")).await.status, 200);
}
