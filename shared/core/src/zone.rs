//! Where a buyer's clock stands, and when it is decent to write.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use thiserror::Error;

use crate::Phone;

const CALLING_CODES: &str = include_str!("calling_codes.tsv");

/// Every clock a buyer may live by: one when it is known, all of the country's when it is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zones(Vec<TimeZone>);

impl Zones {
    /// Takes the named zone if it is an IANA zone of some place, else all zones of the phone's calling code.
    ///
    /// Empty when neither is known; nothing is then ever in a send window.
    pub fn of(zone: Option<&str>, phone: Option<&Phone>) -> Self {
        if let Some(zone) = zone.and_then(named) {
            return Self(vec![zone]);
        }
        let names = phone.map_or("", |phone| zones_of_calling_code(phone.expose()));
        Self(names.split(',').filter_map(named).collect())
    }

    /// The clock that days are counted by: the known zone, else the first of the country, else UTC.
    pub fn calendar(&self) -> TimeZone {
        self.0.first().cloned().unwrap_or(TimeZone::UTC)
    }
}

/// The zone of this name. The names by which a computer says that it does not know its zone stand for UTC in the tables,
/// and would let a message out at night.
fn named(name: &str) -> Option<TimeZone> {
    let nowhere = name.eq_ignore_ascii_case("Etc/Unknown") || name.eq_ignore_ascii_case("Factory");
    if nowhere { None } else { TimeZone::get(name).ok() }
}

/// The zone list of the longest calling code that the number starts with.
fn zones_of_calling_code(e164: &str) -> &'static str {
    calling_code(e164).map_or("", |(_, zones)| zones)
}

/// The longest calling code that the number starts with, and its zones.
fn calling_code(e164: &str) -> Option<(&'static str, &'static str)> {
    let digits = e164.trim_start_matches('+');
    CALLING_CODES
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .filter(|(code, _)| digits.starts_with(code))
        .max_by_key(|(code, _)| code.len())
}

impl Phone {
    /// The calling code of the number's country, or of its part of the North American plan; empty for one that nobody has.
    pub fn calling_code(&self) -> &'static str {
        calling_code(self.expose()).map_or("", |(code, _)| code)
    }
}

/// A malformed `QUIET_HOURS` setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "quiet hours must be \"off\" or \"HH:MM-HH:MM\" with a start after the end, for example \"20:00-09:00\""
)]
pub struct MalformedQuietHours;

/// The daily window in which a buyer may be messaged: the complement of the quiet hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendWindow {
    opens: Time,
    closes: Time,
}

impl SendWindow {
    /// Reads quiet hours such as `20:00-09:00`; `None` for `off`.
    ///
    /// # Errors
    /// [`MalformedQuietHours`] for anything else, and for hours that do not span midnight.
    pub fn from_quiet_hours(text: &str) -> Result<Option<Self>, MalformedQuietHours> {
        if text == "off" {
            return Ok(None);
        }
        let (closes, opens) = text.split_once('-').ok_or(MalformedQuietHours)?;
        let time = |text: &str| text.trim().parse::<Time>().map_err(|_| MalformedQuietHours);
        let window = Self { opens: time(opens)?, closes: time(closes)? };
        if window.opens < window.closes { Ok(Some(window)) } else { Err(MalformedQuietHours) }
    }

    /// The wall time at which it opens.
    pub fn opens(&self) -> Time {
        self.opens
    }

    /// The first instant at or after `at` when every one of the zones is inside the window.
    ///
    /// `None` when no such instant comes within eight days: fail closed.
    pub fn next_open(&self, at: Timestamp, zones: &Zones) -> Option<Timestamp> {
        if zones.0.is_empty() {
            return None;
        }
        let limit = at.checked_add(SignedDuration::from_hours(8 * 24)).ok()?;
        let mut candidate = at;
        while candidate <= limit {
            let latest =
                zones.0.iter().map(|zone| self.open_in(candidate, zone)).collect::<Option<Vec<_>>>()?;
            let moved = latest.into_iter().max()?;
            if moved == candidate {
                return Some(candidate);
            }
            candidate = moved;
        }
        None
    }

    /// The first instant at or after `at` inside the window of one zone. Daylight saving is the zone's own affair: the
    /// local wall clock decides. It enters the window at the opening, which a day may have twice or not at all, or when it
    /// is changed.
    fn open_in(&self, at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let is_open = |at: Timestamp| (self.opens..self.closes).contains(&at.to_zoned(zone.clone()).time());
        if is_open(at) {
            return Some(at);
        }
        let days = at.to_zoned(zone.clone()).date().series(1.day()).take(3);
        let openings = days.flat_map(|day| {
            let wall = zone.to_ambiguous_timestamp(day.to_datetime(self.opens));
            [wall.earlier(), wall.later()]
        });
        let limit = at.saturating_add(SignedDuration::from_hours(3 * 24)).unwrap_or(Timestamp::MAX);
        let changes =
            zone.following(at).map(|change| change.timestamp()).take_while(|change| *change < limit);
        openings.filter_map(Result::ok).chain(changes).filter(|open| *open >= at && is_open(*open)).min()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn window() -> SendWindow {
        SendWindow::from_quiet_hours("20:00-09:00").expect("well formed").expect("on")
    }

    fn phone(number: &str) -> Zones {
        Zones::of(None, Some(&Phone::parse(number).expect("well formed")))
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("well formed")
    }

    #[test]
    fn f41_the_window_follows_the_buyer_s_clock_over_daylight_saving_and_midnight() {
        let berlin = Zones::of(Some("Europe/Berlin"), None);
        for (now, expected) in [
            ("2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z"),
            ("2026-11-22T07:59:59Z", "2026-11-22T08:00:00Z"),
            ("2026-11-22T18:59:59Z", "2026-11-22T18:59:59Z"),
            ("2026-11-22T19:00:00Z", "2026-11-23T08:00:00Z"),
            ("2026-03-28T20:00:00Z", "2026-03-29T07:00:00Z"),
            ("2026-10-24T20:00:00Z", "2026-10-25T08:00:00Z"),
        ] {
            assert_eq!(window().next_open(at(now), &berlin), Some(at(expected)), "{now}");
        }
    }

    #[test]
    fn f41_an_unknown_zone_waits_until_every_zone_of_the_country_is_open() {
        assert_eq!(
            window().next_open(at("2026-11-22T14:00:00Z"), &phone("+14155550123")),
            Some(at("2026-11-22T19:00:00Z")),
            "Honolulu opens last"
        );
        assert_eq!(
            window().next_open(at("2026-11-22T05:00:00Z"), &phone("+919876543210")),
            Some(at("2026-11-22T05:00:00Z"))
        );
    }

    #[test]
    fn f41_no_known_clock_means_no_message() {
        assert_eq!(window().next_open(at("2026-11-22T14:00:00Z"), &phone("+99955501234")), None);
    }

    #[test]
    fn f42_malformed_quiet_hours_are_refused() {
        for text in ["", "on", "20:00", "09:00-20:00", "25:00-09:00", "20:00-20:00"] {
            assert_eq!(SendWindow::from_quiet_hours(text), Err(MalformedQuietHours), "{text}");
        }
        assert_eq!(SendWindow::from_quiet_hours("off"), Ok(None));
    }

    #[test]
    fn every_zone_of_the_calling_code_table_exists() {
        for (code, zones) in CALLING_CODES.lines().filter_map(|line| line.split_once('\t')) {
            for zone in zones.split(',') {
                assert!(TimeZone::get(zone).is_ok(), "{code}: {zone}");
            }
        }
    }

    proptest! {
        #[test]
        fn i7_an_opening_is_never_early_and_always_inside_the_window(
            second in 1_700_000_000_i64..2_000_000_000,
            number in prop::sample::select(vec!["+14155550123", "+442079460958", "+61491570156", "+5511987654321", "+79161234567"]),
        ) {
            let now = Timestamp::from_second(second).expect("in range");
            let zones = phone(number);
            let open = window().next_open(now, &zones).expect("these countries share an hour");
            prop_assert!(open >= now);
            for zone in &zones.0 {
                let hour = open.to_zoned(zone.clone()).hour();
                prop_assert!((9..20).contains(&hour), "{hour} in {zone:?}");
            }
        }
    }
}
