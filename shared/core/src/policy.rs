//! What the merchant allows: one value, passed to every decision.

use jiff::SignedDuration;

use crate::{LinkTo, SendWindow};

/// The rules that hold for every playbook of a brand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The name the buyer knows the merchant by; templates show it.
    pub brand_name: String,
    /// Language used when the buyer's is unknown or not written, for example `en`.
    pub default_locale: String,
    /// When messages may go; `None` switches quiet hours off.
    pub window: Option<SendWindow>,
    /// The fixed part of payment links, as approved in the templates' URL button.
    pub pay_link_base: String,
    /// The fixed part of links into the shop; empty sends none.
    pub shop_link_base: String,
    /// The fixed part of links to a check of identity; empty sends none.
    pub identity_link_base: String,
    /// From a failure to the first step, so that a burst of events for one debt settles first.
    pub first_delay: SignedDuration,
    /// The same, for a failure that another obligation may also report.
    pub unlinked_delay: SignedDuration,
    /// No message in this time before an automatic retry of the processor.
    pub retry_hold: SignedDuration,
    /// How long after such a retry its result is waited for.
    pub retry_settle: SignedDuration,
    /// At most this many messages of one lane ..
    pub cap_messages: usize,
    /// .. in this time.
    pub cap_window: SignedDuration,
    /// At most one message, over all lanes and channels, in this time.
    pub touch_gap: SignedDuration,
    /// Days from the first failure to the suspension that texts announce.
    pub suspend_after_days: i32,
    /// Whether steps from Day 3 on re-read the obligation at the processor first.
    pub verify_before_send: bool,
    /// First pause before the same request may go again; it doubles.
    pub retry_backoff: SignedDuration,
    /// How long a step waits when the account or the processor cannot answer.
    pub hold: SignedDuration,
    /// A source that reported no success for so long is doubted; zero never doubts.
    pub success_gap: SignedDuration,
    /// How long a step waits while the successes of its source have stopped.
    pub success_hold: SignedDuration,
    /// How long the messages wait after a buyer asked for another day without naming one.
    pub snooze: SignedDuration,
    /// How long the messages wait for a person to settle what a buyer wrote.
    pub handoff_timeout: SignedDuration,
    /// How long a channel rests after its provider barred the account or the number; then one message tries again.
    pub channel_pause: SignedDuration,
    /// How long a template rests after its provider paused it.
    pub template_pause: SignedDuration,
    /// How long marketing, or a country, rests after its provider asked for it.
    pub marketing_pause: SignedDuration,
    /// Whether WhatsApp takes no templates: its provider is a linked phone, which sends plain text only.
    pub whatsapp_plain: bool,
    /// Whether e-mail takes over where no number is known.
    pub email: bool,
    /// A claim without an outcome after this time is recorded as unknown.
    pub claim_stale_after: SignedDuration,
    /// A timer this late is taken for lost.
    pub timer_grace: SignedDuration,
}

impl Policy {
    /// The policy a deployment starts from.
    pub fn standard(brand_name: &str) -> Self {
        Self {
            brand_name: brand_name.to_owned(),
            default_locale: "en".to_owned(),
            window: SendWindow::from_quiet_hours("20:00-09:00").unwrap_or(None),
            pay_link_base: "https://invoice.stripe.com/".to_owned(),
            shop_link_base: String::new(),
            identity_link_base: String::new(),
            first_delay: SignedDuration::from_secs(120),
            unlinked_delay: SignedDuration::from_mins(15),
            retry_hold: SignedDuration::from_hours(6),
            retry_settle: SignedDuration::from_mins(30),
            cap_messages: 3,
            cap_window: SignedDuration::from_hours(14 * 24),
            touch_gap: SignedDuration::from_mins(60),
            suspend_after_days: 14,
            verify_before_send: true,
            retry_backoff: SignedDuration::from_secs(30),
            hold: SignedDuration::from_mins(15),
            success_gap: SignedDuration::from_hours(48),
            success_hold: SignedDuration::from_hours(1),
            snooze: SignedDuration::from_hours(48),
            handoff_timeout: SignedDuration::from_hours(72),
            channel_pause: SignedDuration::from_mins(30),
            template_pause: SignedDuration::from_hours(6),
            marketing_pause: SignedDuration::from_hours(24),
            whatsapp_plain: false,
            email: false,
            claim_stale_after: SignedDuration::from_hours(1),
            timer_grace: SignedDuration::from_mins(30),
        }
    }

    /// The approved fixed part of the links of a playbook; empty where none is approved.
    pub fn link_base(&self, links: LinkTo) -> &str {
        match links {
            LinkTo::Payment => &self.pay_link_base,
            LinkTo::Shop => &self.shop_link_base,
            LinkTo::Identity => &self.identity_link_base,
        }
    }
}
