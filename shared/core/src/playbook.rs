//! Playbooks: a sequence of steps as data.

use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::Deserialize;
use thiserror::Error;

use crate::{Channel, Name, StepIndex, Zones};

/// The last day a step may come on, and the longest it may be of use: sums of both stay far inside every calendar.
const LAST_DAY: i32 = 366;

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

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Days after the first failure, on the buyer's calendar.
    pub day: i32,
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
            let gap_hours =
                self.steps.get(index + 1).map_or(i64::MAX, |next| i64::from(next.day - step.day) * 24);
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
            let outreach = |other: &&Step| other.lane.is_none() && other.category == Category::Utility;
            if self.steps.iter().filter(in_two_weeks).filter(outreach).count() > 3 {
                return broken(index, "at most 3 dunning messages in 14 days");
            }
        }
        Ok(())
    }

    /// The step with this number; `None` for the end.
    pub fn step(&self, index: StepIndex) -> Option<&Step> {
        self.steps.get(usize::from(index.0))
    }

    /// Whether the number stands for "after the last step".
    pub fn is_end(&self, index: StepIndex) -> bool {
        usize::from(index.0) >= self.steps.len()
    }

    /// When a step is due, before quiet hours and holds: the anchor, moved by whole days on the buyer's calendar. The end
    /// is due when the last step has expired.
    pub fn due(&self, index: StepIndex, anchor: Timestamp, zones: &Zones) -> Timestamp {
        let Some(step) = self.step(index) else {
            let last = StepIndex(u8::try_from(self.steps.len()).unwrap_or(u8::MAX).saturating_sub(1));
            return self.expiry(last, anchor, zones);
        };
        days_later(anchor, step.day, zones)
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
        ] {
            let error = Playbook::parse(&format!("{head}{body}")).expect_err(rule).to_string();
            assert!(error.contains(rule), "{error} should say {rule}");
        }
    }
}
