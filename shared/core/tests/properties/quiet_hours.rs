//! Quiet hours in every zone of the table of calling codes, most of all around the changes of its clocks.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;
use recoup_core::{Phone, SendWindow, Zones};

const CALLING_CODES: &str = include_str!("../../src/calling_codes.tsv");

fn countries() -> Vec<(&'static str, Vec<&'static str>)> {
    let lines = CALLING_CODES.lines().filter_map(|line| line.split_once('\t'));
    lines.map(|(code, zones)| (code, zones.split(',').collect())).collect()
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).expect("a zone of the table")
}

fn window(setting: &str) -> SendWindow {
    SendWindow::from_quiet_hours(setting).expect("well formed").expect("on")
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("well formed")
}

/// An instant between 2012 and 2037, half of the time within three hours of a change of this zone's clocks.
fn instants(zone: TimeZone) -> impl Strategy<Value = Timestamp> {
    let second = 1_325_376_000_i64..2_114_380_800;
    (second, any::<bool>(), -10_800_i64..10_800).prop_map(move |(second, near, off)| {
        let at = Timestamp::from_second(second).expect("in range");
        let change = zone.following(at).next().filter(|_| near).map(|change| change.timestamp());
        change.and_then(|change| change.checked_add(off.seconds()).ok()).unwrap_or(at)
    })
}

/// A country, one of its clocks, and an instant that is interesting there.
fn places() -> impl Strategy<Value = (&'static str, &'static str, Timestamp)> {
    let country = prop::sample::select(countries());
    country
        .prop_flat_map(|(code, zones)| (Just(code), prop::sample::select(zones)))
        .prop_flat_map(|(code, name)| (Just(code), Just(name), instants(zone(name))))
}

/// When messages may go: from and until, in minutes of the day.
fn hours() -> impl Strategy<Value = (Time, Time)> {
    let time = |minute: i16| {
        let (hour, minute) = (i8::try_from(minute / 60), i8::try_from(minute % 60));
        Time::constant(hour.expect("in a day"), minute.expect("in an hour"), 0, 0)
    };
    let usual = Just((540, 1_200));
    let any = (0_i16..1_439).prop_flat_map(|opens| (Just(opens), opens + 1..=1_439));
    prop_oneof![usual, any].prop_map(move |(opens, closes)| (time(opens), time(closes)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn f41_nobody_in_any_zone_of_the_country_is_written_to_in_quiet_hours(
        (code, _, now) in places(),
        (opens, closes) in hours(),
    ) {
        let subscriber = &"2345678901"[..10.min(15 - code.len())];
        let phone = Phone::parse(&format!("+{code}{subscriber}")).expect("well formed");
        let zones = Zones::of(None, Some(&phone));
        let window = window(&format!("{closes}-{opens}"));
        let clocks = countries().into_iter().filter(|(other, _)| phone.expose()[1..].starts_with(other));
        let (_, names) = clocks.max_by_key(|(other, _)| other.len()).expect("the code itself");
        let open_at = |at: Timestamp| {
            names.iter().all(|name| (opens..closes).contains(&at.to_zoned(zone(name)).time()))
        };
        let Some(open) = window.next_open(now, &zones) else {
            prop_assert!(!open_at(now), "an open window was not seen");
            return Ok(());
        };
        prop_assert!(open_at(open), "{open} is in quiet hours");
        prop_assert!(open >= now, "{open} is past");
        prop_assert_eq!(open == now, open_at(now));
    }

    #[test]
    fn f41_a_message_waits_for_the_next_opening_and_no_longer(
        (_, name, now) in places(),
        (opens, closes) in hours(),
    ) {
        // A change of the clocks may skip a shorter window altogether, and then the next day's is the next.
        prop_assume!(closes.duration_since(opens) >= SignedDuration::from_hours(3));
        let zones = Zones::of(Some(name), None);
        let window = window(&format!("{closes}-{opens}"));
        let open = window.next_open(now, &zones).expect("one zone has an hour a day");
        prop_assert!(open.duration_since(now) <= SignedDuration::from_hours(26), "{open} is late");
        let minutes = open.duration_since(now).as_mins().min(60 * 26);
        for minute in 0..minutes {
            let earlier = now.checked_add(minute.minutes()).expect("in range").to_zoned(zone(name));
            prop_assert!(!(opens..closes).contains(&earlier.time()), "{earlier} was open");
        }
    }
}

#[test]
fn f41_an_opening_in_an_hour_that_comes_twice_is_never_in_the_past() {
    let new_york = Zones::of(Some("America/New_York"), None);
    let quiet = window("23:00-01:45");
    for (now, open) in [
        ("2026-11-01T05:30:00Z", "2026-11-01T05:45:00Z"),
        ("2026-11-01T05:50:00Z", "2026-11-01T05:50:00Z"),
        ("2026-11-01T06:30:00Z", "2026-11-01T06:45:00Z"),
    ] {
        assert_eq!(quiet.next_open(at(now), &new_york), Some(at(open)), "{now}");
    }
}

#[test]
fn f41_a_zone_that_names_no_place_is_no_clock() {
    let phone = Phone::parse("+14155550123").expect("well formed");
    for name in ["Etc/Unknown", "Factory", "Nowhere/Town", ""] {
        let zones = Zones::of(Some(name), Some(&phone));
        assert_eq!(zones, Zones::of(None, Some(&phone)), "{name}");
        assert_eq!(
            window("20:00-09:00").next_open(at("2026-11-22T14:00:00Z"), &Zones::of(Some(name), None)),
            None
        );
    }
}
