//! (h) The payment of an order fails: the notice climbs from the app to `WhatsApp` to a text message until it is opened or paid.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::play::Play;
use crate::LocalError;
use crate::stubs::Sent;

/// An order, and whoever placed it.
struct Order {
    id: String,
    phone: &'static str,
    push_token: &'static str,
}

impl Order {
    /// Where it can be paid.
    fn pay_url(&self) -> String {
        format!("https://invoice.stripe.com/i/acct_1Demo/test_{}", self.id)
    }

    /// What the merchant's backend tells of its payment.
    fn failed(&self) -> Value {
        json!({
            "obligation_id": self.id,
            "amount": {"amount_minor": 14_900, "currency": "USD"},
            "number": "#1031",
            "one_time": true,
            "decline": "new_method_needed",
            "pay_url": self.pay_url(),
            "customer": {
                "id": self.push_token,
                "phone": self.phone,
                "push_token": self.push_token,
                "name": "Eve",
                "locale": "en",
            },
        })
    }

    /// Checks how many messages went out so far, by push, `WhatsApp` and text message.
    async fn check(&self, play: &mut Play<'_>, text: &str, expected: [usize; 3]) -> Result<(), LocalError> {
        let mut found = [0; 3];
        for (count, channel) in found.iter_mut().zip(["push", "whatsapp", "sms"]) {
            *count = self.sent(play, channel).await?.len();
        }
        let seen = format!("{} by push, {} by WhatsApp, {} by text message", found[0], found[1], found[2]);
        play.check(text, found == expected, seen);
        Ok(())
    }

    async fn sent(&self, play: &Play<'_>, channel: &str) -> Result<Vec<Sent>, LocalError> {
        let mut sent = play.sent(channel).await?;
        let alias =
            |entry: &Sent| entry.request["body"]["include_aliases"]["external_id"][0] == self.push_token;
        sent.retain(|entry| entry.accepted() && (alias(entry) || entry.phone.as_deref() == Some(self.phone)));
        Ok(sent)
    }
}

pub(super) async fn play(play: &mut Play<'_>) -> Result<(), LocalError> {
    let order =
        |play: &Play<'_>, suffix, phone, push_token| Order { id: play.label(suffix), phone, push_token };
    let silent = order(play, "1", "+12025550121", "u_order_1");
    let read = order(play, "2", "+12025550122", "u_order_2");
    let paid = order(play, "3", "+12025550123", "u_order_3");
    let statuses = json!([{"status": "sent"}, {"status": "delivered"}, {"status": "read"}]);
    let opened = json!([{"statuses": statuses, "match": {"phone": read.phone}, "repeat": true}]);
    play.script("whatsapp", opened).await?;
    let failed_at = play.now()?;
    for order in [&silent, &read, &paid] {
        play.tell("payment.failed", &order.failed()).await?;
    }
    play.settle("the failures").await?;
    for order in [&silent, &read, &paid] {
        order.check(play, "nothing is sent at once: the buyer may be trying again", [0, 0, 0]).await?;
    }
    play.pass(SignedDuration::from_secs(65), "1 minute after the failures").await?;
    for order in [&silent, &read, &paid] {
        order.check(play, "1 minute: one notification of the app", [1, 0, 0]).await?;
    }
    play.tell("payment.paid", &json!({"obligation_id": paid.id})).await?;
    play.pass(SignedDuration::from_secs(14 * 60 + 5), "15 minutes after the failures").await?;
    for order in [&silent, &read] {
        order.check(play, "15 minutes: one WhatsApp message", [1, 1, 0]).await?;
    }
    play.pass(SignedDuration::from_secs(105 * 60 + 5), "2 hours after the failures").await?;
    silent.check(play, "2 hours: one text message", [1, 1, 1]).await?;
    read.check(play, "WhatsApp was read: no text message", [1, 1, 0]).await?;
    play.pass(SignedDuration::from_hours(48), "2 days later").await?;
    silent.check(play, "each exactly once, and nothing after", [1, 1, 1]).await?;
    read.check(play, "and nothing after", [1, 1, 0]).await?;
    paid.check(play, "paid after the notification: nothing more", [1, 0, 0]).await?;

    let mut minutes = Vec::new();
    for channel in ["push", "whatsapp", "sms"] {
        minutes.extend(silent.sent(play, channel).await?.iter().map(|sent| minutes_after(failed_at, sent)));
    }
    play.check("the minutes are 1, 15 and 120", minutes == [1, 15, 120], format!("{minutes:?}"));
    let texts = silent.sent(play, "sms").await?;
    let text = texts.first().map(|sent| sent.request["body"].to_string()).unwrap_or_default();
    play.check("the text message has the link to pay", text.contains(&silent.pay_url()), text);
    let mut unread = 0;
    for sender in ["push-sender", "whatsapp-sender", "sms-fallback"] {
        let lines = play.stack.emulator.log_lines(sender).await?;
        unread += lines.iter().filter(|line| line.contains("standing_unread")).count();
    }
    play.check("every sender asked what the providers said before", unread == 0, format!("{unread} did not"));
    for order in [&silent, &read] {
        play.tell("payment.paid", &json!({"obligation_id": order.id})).await?;
    }
    play.settle("after the payments").await
}

/// Whole minutes from the failure to a message, rounded to the nearest.
fn minutes_after(failed_at: Timestamp, entry: &Sent) -> i64 {
    (entry.time.duration_since(failed_at) + SignedDuration::from_secs(30)).as_mins()
}
