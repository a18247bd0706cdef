//! Whether a source still reports successes: where only failures come in, people would be dunned who have paid.

use jiff::{SignedDuration, Timestamp};

use crate::{Policy, Source};

/// So many cases must have opened in the silence before it counts: a quiet week alone is none.
pub const SILENT_AFTER: usize = 10;

/// A success within this time of the last one is no news worth a write.
pub const HEARD_STEP: SignedDuration = SignedDuration::from_hours(1);

/// For how long the longest pause is remembered: what was usual a season ago need not be.
const PAUSE_MEMORY: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What is known of a source's successes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// The source.
    pub source: Source,
    /// When a success was last heard of, to the hour; before the first one, when somebody first looked.
    pub heard: Timestamp,
    /// The longest time between two successes that is remembered.
    pub pause: SignedDuration,
    /// When that pause ended.
    pub paused_at: Option<Timestamp>,
    /// When cases opened although nothing had been heard for too long, oldest first; [`SILENT_AFTER`] at most.
    pub opened: Vec<Timestamp>,
}

impl Feed {
    /// A source that somebody looks at for the first time.
    pub fn new(source: Source, now: Timestamp) -> Self {
        Self { source, heard: now, pause: SignedDuration::ZERO, paused_at: None, opened: Vec::new() }
    }

    /// Whether failures still come and successes no longer do.
    pub fn is_silent(&self) -> bool {
        self.opened.len() >= SILENT_AFTER
    }

    /// The feed after a success; `None` when that is no news.
    #[must_use]
    pub fn hear(&self, now: Timestamp) -> Option<Self> {
        let pause = now.duration_since(self.heard);
        if pause < HEARD_STEP && self.opened.is_empty() {
            return None;
        }
        let mut next = Self { heard: self.heard.max(now), opened: Vec::new(), ..self.clone() };
        if pause >= self.usual_pause(now) {
            (next.pause, next.paused_at) = (pause, Some(now));
        }
        Some(next)
    }

    /// The feed after a case that opened at `anchor` was looked at; `None` when that says nothing new.
    ///
    /// It speaks against the source when the last success was then longer ago than the policy allows, and than twice what
    /// is usual for this source.
    #[must_use]
    pub fn doubt(&self, anchor: Timestamp, now: Timestamp, policy: &Policy) -> Option<Self> {
        let allowed = policy.success_gap.max(self.usual_pause(now).saturating_mul(2));
        let late = anchor.duration_since(self.heard) >= allowed;
        if !late || self.is_silent() || self.opened.contains(&anchor) {
            return None;
        }
        let mut next = self.clone();
        next.opened.push(anchor);
        Some(next)
    }

    fn usual_pause(&self, now: Timestamp) -> SignedDuration {
        let remembered = self.paused_at.is_some_and(|at| now.duration_since(at) <= PAUSE_MEMORY);
        if remembered { self.pause } else { SignedDuration::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
    }

    fn feed() -> Feed {
        Feed::new(Source::parse("stripe").expect("well formed"), at(0))
    }

    /// The feed after a case for each of these hours was looked at in it.
    fn doubted(feed: Feed, hours: impl IntoIterator<Item = i64>) -> Feed {
        let policy = Policy::standard("Acme");
        hours.into_iter().fold(feed, |feed, hour| feed.doubt(at(hour), at(hour), &policy).unwrap_or(feed))
    }

    #[test]
    fn gap_guard_ten_cases_after_two_silent_days_make_it_silent_and_a_success_ends_that() {
        assert!(!doubted(feed(), 0..48).is_silent(), "within the two days");
        assert!(!doubted(feed(), 48..57).is_silent(), "nine cases");
        let silent = doubted(feed(), 48..58);
        assert!(silent.is_silent());
        assert_eq!(
            silent.doubt(at(59), at(59), &Policy::standard("Acme")),
            None,
            "no write beyond the tenth"
        );
        let heard = silent.hear(at(60)).expect("news");
        assert!(!heard.is_silent());
        assert!(heard.opened.is_empty());
    }

    #[test]
    fn gap_guard_one_case_counts_once_however_often_its_step_is_due() {
        assert_eq!(doubted(feed(), [50; 20]).opened, [at(50)]);
    }

    #[test]
    fn gap_guard_what_is_usual_for_a_source_is_no_silence() {
        let weekly = feed().hear(at(168)).expect("news");
        assert!(
            !doubted(weekly.clone(), 168 + 48..168 + 336).is_silent(),
            "twice a week's pause is usual here"
        );
        assert!(doubted(weekly.clone(), 168 + 336..168 + 346).is_silent());
        let forgotten = (1..=31 * 24).fold(weekly, |feed, hour| feed.hear(at(168 + hour)).unwrap_or(feed));
        let end = 168 + 31 * 24;
        assert!(doubted(forgotten, end + 48..end + 58).is_silent(), "and no longer a month later");
    }

    #[test]
    fn gap_guard_successes_are_written_by_the_hour_and_time_never_runs_back() {
        assert_eq!(feed().hear(at(0) + SignedDuration::from_mins(59)), None);
        assert_eq!(feed().hear(at(1)).map(|feed| feed.heard), Some(at(1)));
        let doubted = doubted(feed(), [50]);
        assert_eq!(doubted.hear(at(-5)).map(|feed| (feed.heard, feed.opened)), Some((at(0), Vec::new())));
    }
}
