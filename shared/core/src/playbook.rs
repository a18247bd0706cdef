//! Playbooks: a sequence of steps as data.

use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::Deserialize;
use thiserror::Error;

use crate::{Channel, Name, StepIndex, Zones};

/// The last day a step may come on, and the longest it may be of use: sums of both stay far inside every calendar.
const LAST_DAY: i32 = 366;

/// The shortest time-to-live of a marketing template at Meta, in minutes (messaging-providers.md 1.7).
const MARKETING_LIVES: i64 = 12 * 60;

/// Why a playbook was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MalformedPlaybook {
    /// Not TOML, or a member is missing, misspelt or of the wrong type.
    #[error("not a playbook: {0}")]
    Syntax(String),
    /// It breaks a rule of its kind.
    #[error("step {step}: {rule}")]
    Rule {
        /// The step, counted from 0.
        step: usize,
        /// The rule.
        rule: &'static str,
    },
}

/// What a message is, in the words of the providers' and the law's categories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// About a transaction the buyer started; no offer.
    Utility,
    /// Anything that sells; needs the buyer's agreement.
    Marketing,
}

/// Whose page a playbook's links lead to; each has an approved fixed part of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkTo {
    /// The processor's payment page.
    #[default]
    Payment,
    /// The shop.
    Shop,
    /// The vendor of identity checks, or the merchant's page for them.
    Identity,
}

/// A sequence of steps for one kind of matter.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Playbook {
    /// The name, equal to the file's.
    pub name: Name,
    /// The lane its steps count in, unless a step names another.
    pub lane: Name,
    /// Minutes from the anchor to the first step; without it the deployment's first delay.
    pub first_minutes: Option<i64>,
    /// Where its links lead.
    #[serde(default)]
    pub links: LinkTo,
    /// Whether an order that the buyer placed by any way ends the messages.
    #[serde(default)]
    pub until_order: bool,
    /// Whether the source reports what ends these messages, so that its silence is a bad sign.
    #[serde(default = "reported")]
    pub ends_by_report: bool,
    /// The notices by the processor's attempt counter: a step shows the later of its own and the attempt's.
    #[serde(default)]
    pub by_attempt: Vec<Name>,
    /// The steps, in time order.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
}

/// How far a message must have got so that the next channel is not needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// On the device.
    Delivered,
    /// Opened.
    Read,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Days after the first failure, on the buyer's calendar.
    #[serde(default)]
    pub day: i32,
    /// Minutes after the step before: this step carries the same notice by another channel. It goes only where no message of
    /// the notice got as far as [`Step::unless`] says.
    pub after_minutes: Option<i64>,
    /// What spares the buyer this step.
    pub unless: Option<Wanted>,
    /// The channel it goes by.
    pub channel: Channel,
    /// The channel that takes over after a definite failure.
    pub fallback: Option<Channel>,
    /// The lane it counts in, if not the playbook's.
    pub lane: Option<Name>,
    /// Utility or marketing.
    pub category: Category,
    /// The text.
    pub template: Name,
    /// The utility text for a buyer who did not agree to marketing; without it the step is silent.
    pub without_consent: Option<Name>,
    /// Hours after its time until the step is of no use.
    pub expires_hours: i64,
    /// Minutes a provider may keep trying.
    pub ttl_minutes: u32,
}

fn reported() -> bool {
    true
}

impl Playbook {
    /// Reads a playbook and checks it.
    ///
    /// # Errors
    /// [`MalformedPlaybook`] naming the member or the broken rule.
    pub fn parse(text: &str) -> Result<Self, MalformedPlaybook> {
        let playbook: Self =
            toml::from_str(text).map_err(|error| MalformedPlaybook::Syntax(error.message().to_owned()))?;
        playbook.lint()?;
        Ok(playbook)
    }

    fn lint(&self) -> Result<(), MalformedPlaybook> {
        let broken = |step: usize, rule: &'static str| Err(MalformedPlaybook::Rule { step, rule });
        if self.steps.is_empty() || self.steps.len() > 16 {
            return broken(0, "a playbook has 1 to 16 steps");
        }
        let far = |step: &Step| {
            !(0..=LAST_DAY).contains(&step.day) || step.expires_hours > i64::from(LAST_DAY) * 24
        };
        if let Some(index) = self.steps.iter().position(far) {
            return broken(index, "a step comes and expires within a year");
        }
        if self.first_minutes.is_some_and(|minutes| !(0..=24 * 60).contains(&minutes)) {
            return broken(0, "the first step comes within a day");
        }
        for (index, step) in self.steps.iter().enumerate() {
            if let Some(rule) = self.breaks_notice(index, step) {
                return broken(index, rule);
            }
            let day = self.steps[self.first_of_notice(index)].day;
            let next = self.steps[index + 1..].iter().find(|next| next.after_minutes.is_none());
            let gap_hours = next.map_or(i64::MAX, |next| i64::from(next.day - day) * 24);
            if gap_hours <= 0 {
                return broken(index, "each step comes on a later day than the one before");
            }
            if step.expires_hours <= 0 || step.expires_hours.saturating_mul(2) > gap_hours {
                return broken(index, "a step expires within half the time to the next one");
            }
            if step.ttl_minutes == 0 || i64::from(step.ttl_minutes) > step.expires_hours * 60 {
                return broken(index, "a message lives no longer than its step");
            }
            if step.category == Category::Utility && step.without_consent.is_some() {
                return broken(index, "only a marketing step has a text for buyers without consent");
            }
            if step.fallback == Some(step.channel) {
                return broken(index, "a step does not fall back to its own channel");
            }
            let in_two_weeks = |other: &&Step| (step.day..step.day + 14).contains(&other.day);
            let outreach = |other: &&Step| {
                other.lane.is_none() && other.category == Category::Utility && other.after_minutes.is_none()
            };
            if self.steps.iter().filter(in_two_weeks).filter(outreach).count() > 3 {
                return broken(index, "at most 3 dunning messages in 14 days");
            }
        }
        Ok(())
    }

    /// What a step that carries a notice on by another channel does wrong.
    fn breaks_notice(&self, index: usize, step: &Step) -> Option<&'static str> {
        let Some(minutes) = step.after_minutes else {
            return step.unless.map(|_| "only a step that carries a notice on has something that spares it");
        };
        if index == 0 {
            return Some("the first step carries nothing on");
        }
        let before = &self.steps[index - 1];
        if step.unless.is_none() {
            return Some("a step that carries a notice on says what spares the buyer");
        }
        if step.day != 0 || !(1..=24 * 60).contains(&minutes) {
            return Some("a notice is carried on within a day, and counts no days of its own");
        }
        if i64::from(before.ttl_minutes) > minutes {
            return Some("the next channel waits until the message before can no longer arrive");
        }
        let marketing = before.channel == Channel::Whatsapp && before.category == Category::Marketing;
        if marketing && minutes < MARKETING_LIVES {
            return Some(
                "a marketing message may arrive for twelve hours, so no channel carries it on sooner",
            );
        }
        if before.category != step.category || before.lane != step.lane {
            return Some("the channels of a notice share its category and its lane");
        }
        let notice = &self.steps[self.first_of_notice(index)..index];
        if notice.iter().any(|other| other.channel == step.channel) {
            return Some("a notice goes by each channel once");
        }
        None
    }

    fn first_of_notice(&self, index: usize) -> usize {
        let begins = |step: &Step| step.after_minutes.is_none();
        self.steps.iter().take(index + 1).rposition(begins).unwrap_or_default()
    }

    /// The step that began the notice this one belongs to; most steps are a notice of their own.
    pub fn notice(&self, index: StepIndex) -> StepIndex {
        let first = self.first_of_notice(usize::from(index.0));
        StepIndex(u8::try_from(first).unwrap_or(u8::MAX))
    }

    /// The step with this number; `None` for the end.
    pub fn step(&self, index: StepIndex) -> Option<&Step> {
        self.steps.get(usize::from(index.0))
    }

    /// Whether the number stands for "after the last step".
    pub fn is_end(&self, index: StepIndex) -> bool {
        usize::from(index.0) >= self.steps.len()
    }

    /// When a step is due, before quiet hours and holds: the anchor, moved by whole days on the buyer's calendar, and by the
    /// minutes of the steps that carry its notice on. The end is due when the last step has expired.
    pub fn due(&self, index: StepIndex, anchor: Timestamp, zones: &Zones) -> Timestamp {
        let Some(step) = self.step(index) else {
            let last = StepIndex(u8::try_from(self.steps.len()).unwrap_or(u8::MAX).saturating_sub(1));
            return self.expiry(last, anchor, zones);
        };
        let first = self.first_of_notice(usize::from(index.0));
        let carried = self.steps.get(first + 1..=usize::from(index.0)).unwrap_or_default();
        let waits: i64 = carried.iter().filter_map(|step| step.after_minutes).sum();
        let minutes = waits + self.first_minutes.filter(|_| first == 0 && waits > 0).unwrap_or_default();
        let day = self.steps.get(first).map_or(step.day, |first| first.day);
        days_later(anchor, day, zones)
            .saturating_add(SignedDuration::from_mins(minutes))
            .unwrap_or(Timestamp::MAX)
    }

    /// When a step is of no use any more.
    pub fn expiry(&self, index: StepIndex, anchor: Timestamp, zones: &Zones) -> Timestamp {
        let hours = self.step(index).map_or(0, |step| step.expires_hours);
        self.due(index, anchor, zones)
            .saturating_add(SignedDuration::from_hours(hours))
            .unwrap_or(Timestamp::MAX)
    }

    /// The text of a step: the later of its own and the one of the processor's attempt.
    pub fn template_of<'a>(&'a self, step: &'a Step, attempt: u32) -> &'a Name {
        let position = |name: &Name| self.by_attempt.iter().position(|other| other == name);
        let Some(own) = position(&step.template) else { return &step.template };
        let by_attempt =
            usize::try_from(attempt.max(1) - 1).unwrap_or(usize::MAX).min(self.by_attempt.len() - 1);
        &self.by_attempt[own.max(by_attempt)]
    }
}

/// The same local time some days later; daylight saving moves the instant, not the wall clock.
pub(crate) fn days_later(anchor: Timestamp, days: i32, zones: &Zones) -> Timestamp {
    let local = anchor.to_zoned(zones.calendar());
    local.checked_add(days.days()).map_or(Timestamp::MAX, |later| later.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Library;

    fn dunning() -> Playbook {
        let text = Library::playbook_text("payment_failed").expect("shipped");
        Playbook::parse(text).expect("well formed")
    }

    #[test]
    fn r9_the_dunning_days_are_0_3_7_and_a_win_back_on_14() {
        let playbook = dunning();
        let days: Vec<_> = playbook.steps.iter().map(|step| (step.day, step.category)).collect();
        assert_eq!(
            days,
            [
                (0, Category::Utility),
                (3, Category::Utility),
                (7, Category::Utility),
                (14, Category::Marketing)
            ]
        );
        let win_back = &playbook.steps[3];
        assert_eq!(win_back.lane.as_ref().map(Name::as_str), Some("win_back"));
        assert!(win_back.without_consent.is_some(), "without consent a plain notice goes");
    }

    #[test]
    fn r9_days_are_counted_on_the_buyer_s_calendar_over_daylight_saving() {
        let berlin = Zones::of(Some("Europe/Berlin"), None);
        let anchor = "2026-03-27T12:00:00+01:00".parse().expect("well formed");
        let due = dunning().due(StepIndex(1), anchor, &berlin);
        assert_eq!(due, "2026-03-30T12:00:00+02:00".parse::<Timestamp>().expect("well formed"));
    }

    #[test]
    fn r6_the_attempt_counter_picks_the_later_text() {
        let playbook = dunning();
        let text = |step: usize, attempt| playbook.template_of(&playbook.steps[step], attempt).as_str();
        assert_eq!(
            [text(0, 0), text(0, 1), text(0, 2), text(0, 3), text(0, 9)],
            [
                "payment_failed_first",
                "payment_failed_first",
                "payment_failed_second",
                "payment_failed_final",
                "payment_failed_final"
            ]
        );
        assert_eq!(
            [text(1, 1), text(2, 1), text(3, 9)],
            ["payment_failed_second", "payment_failed_final", "win_back_offer"]
        );
    }

    #[test]
    fn a_playbook_that_breaks_a_rule_is_refused_with_the_step() {
        let step = |day: i32, category: &str, expires: i64, more: &str| {
            format!(
                "[[step]]\nday = {day}\nchannel = \"whatsapp\"\ncategory = \"{category}\"\ntemplate = \"t\"\n\
                 expires_hours = {expires}\nttl_minutes = 60\n{more}\n"
            )
        };
        let carried = |channel: &str, category: &str, more: &str| {
            let step = step(0, category, 12, more).replace("day = 0\n", "");
            step.replace("\"whatsapp\"", &format!("\"{channel}\""))
        };
        let head = "name = \"p\"\nlane = \"p\"\n";
        let four: String = [0, 2, 4, 6].map(|day| step(day, "utility", 12, "")).concat();
        for (body, rule) in [
            (String::new(), "not a playbook"),
            (step(0, "utility", 12, "surprise = 1"), "not a playbook"),
            (step(3, "utility", 12, "") + &step(3, "utility", 12, ""), "each step comes on a later day"),
            (step(0, "utility", 40, "") + &step(3, "utility", 12, ""), "a step expires within half"),
            (step(0, "utility", 0, ""), "a step expires within half"),
            (step(0, "utility", 12, "without_consent = \"x\""), "only a marketing step"),
            (step(0, "utility", 12, "fallback = \"whatsapp\""), "does not fall back to its own"),
            (four, "at most 3 dunning messages in 14 days"),
            (step(0, "utility", 12, "after_minutes = 60\nunless = \"read\""), "carries nothing on"),
            (step(0, "utility", 12, "unless = \"read\""), "has something that spares it"),
            (
                step(0, "utility", 12, "") + &carried("sms", "utility", "after_minutes = 60"),
                "what spares the buyer",
            ),
            (
                step(0, "utility", 12, "")
                    + &carried("sms", "utility", "after_minutes = 59\nunless = \"read\""),
                "can no longer arrive",
            ),
            (
                step(0, "utility", 12, "")
                    + &carried("sms", "marketing", "after_minutes = 60\nunless = \"read\""),
                "share its category",
            ),
            (
                step(0, "marketing", 12, "")
                    + &carried("sms", "marketing", "after_minutes = 60\nunless = \"read\""),
                "for twelve hours",
            ),
            (
                step(0, "utility", 12, "")
                    + &carried("whatsapp", "utility", "after_minutes = 60\nunless = \"read\""),
                "by each channel once",
            ),
        ] {
            let error = Playbook::parse(&format!("{head}{body}")).expect_err(rule).to_string();
            assert!(error.contains(rule), "{error} should say {rule}");
        }
    }
}
