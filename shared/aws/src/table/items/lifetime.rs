//! How long DynamoDB keeps an item. It deletes late, within days, so nothing is decided by these times.

use jiff::{SignedDuration, Timestamp};
use recoup_core::{Case, Feed, Recipient};

/// Days a case is kept after it ended.
pub const CLOSED_DAYS: i64 = 45;

/// Days a settlement without messaging is kept: longer than any processor repeats the failure it silences.
pub const TOMBSTONE_DAYS: i64 = 30;

/// Days from the first failure to the expiry of the last step of the longest playbook; a test compares.
pub const LONGEST_PLAYBOOK_DAYS: i64 = 17;

/// Days an open case is kept after its first failure.
pub const OPEN_DAYS: i64 = LONGEST_PLAYBOOK_DAYS + 60;

/// Days a recipient is kept after the last message to it.
pub const RECIPIENT_DAYS: i64 = 400;

/// Days a source's feed is kept after the last that is known of it.
pub const FEED_DAYS: i64 = 400;

/// When a case may be deleted, in Unix seconds; `None` when it carries no time to count from.
pub(super) fn of_case(case: &Case) -> Option<i64> {
    let last = case.trail.last().map(|entry| entry.at);
    match (&case.outreach, case.closed_at) {
        (Some(_), Some(closed)) => Some(after(closed, CLOSED_DAYS)),
        (Some(outreach), None) => Some(after(outreach.anchor, OPEN_DAYS)),
        (None, settled) => settled.or(last).map(|at| after(at, TOMBSTONE_DAYS)),
    }
}

/// When a recipient may be deleted, in Unix seconds; `None` for one who opted out of anything, or whose number is
/// somebody else's: both are remembered.
pub(super) fn of_recipient(recipient: &Recipient) -> Option<i64> {
    let withdrawn = recipient.opted_out.or(recipient.opted_out_marketing).or(recipient.opted_out_sms);
    let silent = withdrawn.or(recipient.opted_out_email).or(recipient.wrong_person);
    if silent.is_some() {
        return None;
    }
    let touches = recipient.touches.iter().map(|touch| touch.at);
    let cases = recipient.cases.iter().map(|known| known.opened_at);
    let newest = touches.chain(cases).chain(recipient.marketing_consent).max();
    newest.map(|at| after(at, RECIPIENT_DAYS))
}

/// When a feed may be deleted, in Unix seconds: a source that is silent for so long is no longer one.
pub(super) fn of_feed(feed: &Feed) -> i64 {
    let newest = feed.opened.iter().copied().chain([feed.heard]).max();
    after(newest.unwrap_or(feed.heard), FEED_DAYS)
}

fn after(at: Timestamp, days: i64) -> i64 {
    let kept = SignedDuration::from_hours(days * 24);
    at.saturating_add(kept).unwrap_or(Timestamp::MAX).as_second()
}
