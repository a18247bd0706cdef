//! The floor that `cold_start` measures the functions against: the official runtime client and no work at all.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::de::IgnoredAny;
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(async |_: LambdaEvent<IgnoredAny>| Ok::<Value, Error>(json!({"statusCode": 200})))).await
}
