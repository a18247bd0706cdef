//! A stack with the lines it logs, and what every test asserts when it ends.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

use jiff::SignedDuration;
use recoup_app::http::Answer;
use recoup_app::ports::Queue;
use recoup_tests::{Line, Lines, Settings, Stack, seeds, stripe};
use serde_json::Value;
use tracing::Level;

/// A stack and the lines it logged.
pub(crate) struct Scene {
    stack: Stack,
    lines: Lines,
}

impl Deref for Scene {
    type Target = Stack;
    fn deref(&self) -> &Stack {
        &self.stack
    }
}

impl DerefMut for Scene {
    fn deref_mut(&mut self) -> &mut Stack {
        &mut self.stack
    }
}

/// Plays a test on a fresh stack, then looks for seeded values where none may be.
pub(crate) fn scene<T>(test: impl FnOnce(&mut Scene) -> T) -> T {
    scene_with(Settings::default(), test)
}

/// The same with other settings.
pub(crate) fn scene_with<T>(settings: Settings, test: impl FnOnce(&mut Scene) -> T) -> T {
    let lines = Lines::default();
    let mut scene = Scene { stack: Stack::new(settings), lines: lines.clone() };
    let done = lines.during(|| test(&mut scene));
    assert_eq!(scene.leaks(), Vec::<String>::new());
    done
}

impl Scene {
    /// Every line so far.
    pub(crate) fn lines(&self) -> Vec<Line> {
        self.lines.all()
    }

    /// The last line.
    pub(crate) fn last_line(&self) -> Line {
        self.lines().pop().expect("something was logged")
    }

    /// The reasons of the lines that call a person.
    pub(crate) fn alarms(&self) -> Vec<String> {
        let lines = self.lines();
        let calling = lines.iter().filter(|line| line.level == Level::ERROR || line.get("alarm") == "1");
        calling.map(|line| line.get("reason").to_owned()).collect()
    }

    /// Lines, queued texts and schedules that show what they must not.
    pub(crate) fn leaks(&self) -> Vec<String> {
        let lines = self.lines().into_iter().map(|line| format!("{line:?}"));
        lines.chain(self.memory.queued_texts()).filter(|text| seeds::leak(text).is_some()).collect()
    }

    /// What a run of `act` asked of the world, the secrets left out.
    pub(crate) fn cost(&mut self, act: impl FnOnce(&mut Self)) -> String {
        let before = self.memory.calls();
        act(self);
        self.memory.calls().since(&before).remote().to_string()
    }

    /// Posts the failure of an invoice and expects 200.
    pub(crate) fn fail_invoice(&self, id: &str) {
        let event = stripe::event(&format!("evt_failed_{id}"), "invoice.payment_failed", stripe::invoice(id));
        assert_eq!(self.post_stripe(&event).status, Answer::OK);
    }

    /// Posts the failure of an invoice of the buyer with this number and expects 200.
    pub(crate) fn fail_invoice_of(&self, id: &str, phone: &str) {
        let invoice = stripe::with(stripe::invoice(id), "/customer_phone", Value::from(phone));
        let event = stripe::event(&format!("evt_failed_{id}"), "invoice.payment_failed", invoice);
        assert_eq!(self.post_stripe(&event).status, Answer::OK);
    }

    /// Posts that an invoice is paid and expects 200.
    pub(crate) fn pay_invoice(&self, id: &str) {
        assert_eq!(self.post_stripe(&paid(id)).status, Answer::OK);
    }

    /// The templates that reached Meta, in order.
    pub(crate) fn templates(&self) -> Vec<String> {
        let name = |body: &Value| body["template"]["name"].as_str().unwrap_or_default().to_owned();
        self.whatsapp_sends().iter().map(|asked| name(&asked.json())).collect()
    }

    /// The reasons on the parked messages.
    pub(crate) fn parked(&self) -> Vec<String> {
        let reason =
            |attributes: &BTreeMap<&str, String>| attributes.get("reason").cloned().unwrap_or_default();
        self.memory.waiting(Queue::Parked).iter().map(|waiting| reason(&waiting.attributes)).collect()
    }
}

/// The event that an invoice is paid.
pub(crate) fn paid(id: &str) -> Value {
    let invoice = stripe::with(stripe::invoice(id), "/status", Value::from("paid"));
    stripe::event(&format!("evt_paid_{id}"), "invoice.paid", invoice)
}

pub(crate) fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

pub(crate) fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

pub(crate) fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}
