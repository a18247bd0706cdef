//! The stubs over real HTTP: what each accepts and refuses, what a script makes it answer, and what it writes down.

mod control;
mod messages;
mod objects;

use recoup_local::stubs::{ApprovedTemplates, Credentials, Sent, Stub, Stubs};
use recoup_local::{Http, LocalError, MovedClock, Reply};
use serde_json::{Value, json};

/// Stubs with a clock of their own.
struct Bench {
    http: Http,
    stubs: Stubs,
    clock: MovedClock,
}

const TOKEN: &str = "EAAtest";
const NUMBER: &str = "100000000000009";

impl Bench {
    async fn start() -> Self {
        let name = recoup_local::signing::random_id().expect("random numbers");
        let file = std::env::temp_dir().join(format!("recoup-stubs-{name}"));
        let clock = MovedClock::start(file).expect("a clock file");
        let credentials = Credentials {
            phone_number_id: NUMBER.into(),
            meta_access_token: TOKEN.into(),
            meta_app_secret: "appsecret".into(),
            stripe_api_key: "sk_test_1".into(),
            twilio_account_sid: "AC1".into(),
            twilio_auth_token: "token1".into(),
            push_token: "ya29.1".into(),
            ses_identity: "acme.example".into(),
            ses_configuration_set: "recoup".into(),
            onesignal_app_id: "app1".into(),
            onesignal_api_key: "os1".into(),
            slack_path: "/services/T1/B1/x".into(),
            help_desk_key: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into(),
            ends_key: "whsec_plJ3nmyCDGBKInavdOK15jsl".into(),
        };
        let stubs = Stubs::start(&credentials, &clock, ApprovedTemplates::default()).await.expect("stubs");
        Self { http: Http::new().expect("a client"), stubs, clock }
    }

    async fn post(&self, url: &str, headers: &[(&str, &str)], body: String) -> Result<Reply, LocalError> {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.http.send("POST".parse().expect("a method"), url, &headers, body.into_bytes()).await
    }

    async fn whatsapp(&self, token: &str, message: &Value) -> Result<Reply, LocalError> {
        let url = format!("{}/v26.0/{NUMBER}/messages", self.stubs.whatsapp.url());
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        self.post(&url, &headers, message.to_string()).await
    }

    /// Sends the usual template message and returns the status, or `None` for a broken connection.
    async fn send_to(&self, phone: &str) -> Option<u16> {
        self.whatsapp(TOKEN, &template_message(phone, "day_0")).await.ok().map(|reply| reply.status)
    }

    async fn script(&self, stub: &Stub, script: Value) {
        let url = format!("{}/_script", stub.url());
        let reply = self.post(&url, &[], script.to_string()).await.expect("an answer");
        assert_eq!(reply.status, 200, "{}", reply.text);
    }

    async fn sent(&self, stub: &Stub) -> Vec<Sent> {
        let url = format!("{}/_sent", stub.url());
        let list = self.http.json("GET".parse().expect("a method"), &url, None).await.expect("a list");
        serde_json::from_value(list).expect("records")
    }

    async fn control(&self, method: &str, url: &str, body: Value) -> Result<Value, LocalError> {
        self.http.json(method.parse().expect("a method"), url, Some(&body)).await
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // A leftover file in the folder of temporary files harms nobody.
        let _ = std::fs::remove_file(self.clock.file());
    }
}

fn template_message(phone: &str, template: &str) -> Value {
    json!({
        "messaging_product": "whatsapp", "recipient_type": "individual", "to": phone,
        "type": "template", "biz_opaque_callback_data": "rcp1/main/stripe/in_1/0/whatsapp/t1",
        "template": {"name": template, "language": {"code": "en"}, "components": [
            {"type": "body", "parameters": [{"type": "text", "parameter_name": "name", "text": "Ada"}]},
            {"type": "button", "sub_type": "url", "index": "0",
             "parameters": [{"type": "text", "text": "i/acct_1/test_1"}]}]}
    })
}
