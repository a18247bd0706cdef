//! Quiet hours. Input: the setting, a zone, a phone, the second.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use recoup_core::{Phone, SendWindow, Zones};

use crate::input::Lines;
use crate::shown::assert_silent;

const CALLING_CODES: &str = include_str!("../../shared/core/src/calling_codes.tsv");

/// An opening is never early, never late without need, and inside the window of every zone the buyer may live in.
pub fn check(data: &[u8]) {
    let mut input = Lines::of(data);
    let (setting, zone, phone, at) = (input.line(), input.line(), input.line(), input.instant());
    let window = match SendWindow::from_quiet_hours(&setting) {
        Ok(Some(window)) => window,
        Ok(None) => return assert_eq!(setting, "off"),
        Err(error) => return assert_silent(&error),
    };
    let phone = Phone::parse(&phone).ok();
    let zones = Zones::of(Some(&zone), phone.as_ref());
    let clocks = clocks(&zone, phone.as_ref());
    let (closes, opens) = setting.split_once('-').expect("a window has two ends");
    let [opens, closes] =
        [opens, closes].map(|text| text.trim().parse::<Time>().expect("a window has times"));
    let open_at = |at: Timestamp| {
        clocks.iter().all(|clock| (opens..closes).contains(&at.to_zoned(clock.clone()).time()))
    };

    let Some(open) = window.next_open(at, &zones) else {
        assert!(clocks.is_empty() || !open_at(at), "an open window was not seen");
        return;
    };
    assert!(!clocks.is_empty(), "an hour was found on no clock");
    assert!(open >= at, "an opening lies in the past");
    assert!(open_at(open), "a message would go in quiet hours");
    assert_eq!(open == at, open_at(at), "an open window was passed over");
    let before = open.checked_sub(SignedDuration::from_secs(1)).expect("in range");
    assert!(open == at || before < at || !open_at(before), "the window was open before");
    let width = closes.duration_since(opens);
    if clocks.len() == 1 && width >= SignedDuration::from_hours(3) {
        assert!(open.duration_since(at) <= SignedDuration::from_hours(49), "later than a day without need");
    }
}

/// The clocks by this target's own reading: the zone by name, else all of the longest calling code.
fn clocks(zone: &str, phone: Option<&Phone>) -> Vec<TimeZone> {
    let known = |name: &str| TimeZone::get(name).ok().filter(|zone| !zone.is_unknown());
    if let Some(zone) = known(zone) {
        return vec![zone];
    }
    let digits = phone.map_or("", |phone| &phone.expose()[1..]);
    let codes = CALLING_CODES.lines().filter_map(|line| line.split_once('\t'));
    let longest = codes.filter(|(code, _)| digits.starts_with(code)).max_by_key(|(code, _)| code.len());
    longest.map_or("", |(_, zones)| zones).split(',').filter_map(known).collect()
}
