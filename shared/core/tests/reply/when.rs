//! The times buyers promise to pay at, and what they come to.

use std::collections::BTreeMap;

use jiff::civil::{Time, Weekday, date, time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use recoup_core::{Intent, When, read_reply, read_when};

const PHRASES: &str = include_str!("when.tsv");

#[test]
fn the_time_a_buyer_names_is_read_in_every_language() {
    let mut wrong: Vec<String> = Vec::new();
    let mut tried = BTreeMap::<&str, usize>::new();
    for row in PHRASES.lines().skip(1) {
        let columns: Vec<&str> = row.split('\t').collect();
        let [expected, locale, text] = columns[..] else { panic!("three columns: {row}") };
        let read = read_when(text).map_or_else(|| "none".to_owned(), |when| when.to_string());
        *tried.entry(locale).or_default() += 1;
        if read != expected {
            wrong.push(format!("{locale}: {text}: {read}, not {expected}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(tried.len() == 8 && tried.values().all(|times| *times >= 15), "{tried:?}");
}

#[test]
fn a_time_is_a_promise_only_of_who_will_pay_later() {
    for (text, intent, when) in [
        ("i get paid friday will sort it then", Intent::Later, Some(When::Weekday(Weekday::Friday))),
        ("not right now", Intent::Later, None),
        ("paid on friday", Intent::PaidAlready, None),
        ("stop texting me on friday", Intent::Stop, None),
    ] {
        let reading = read_reply(text);
        assert_eq!((reading.intent, reading.when), (intent, when), "{text}");
    }
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).expect("a zone of the tz database")
}

#[test]
fn r17_what_was_said_comes_to_the_next_such_opening() {
    // A Friday.
    let at = |hour| date(2026, 1, 30).at(hour, 0, 0, 0).to_zoned(zone("America/New_York")).expect("a time");
    let nine = time(9, 0, 0, 0);
    for (when, hour, expected) in [
        (When::InHours(3), 10, date(2026, 1, 30).at(13, 0, 0, 0)),
        (When::InHours(0), 10, date(2026, 1, 30).at(11, 0, 0, 0)),
        (When::InDays(1), 10, date(2026, 1, 31).at(9, 0, 0, 0)),
        (When::InDays(0), 8, date(2026, 1, 30).at(9, 0, 0, 0)),
        (When::InDays(0), 9, date(2026, 1, 31).at(9, 0, 0, 0)),
        (When::Weekday(Weekday::Friday), 8, date(2026, 2, 6).at(9, 0, 0, 0)),
        (When::Weekday(Weekday::Saturday), 23, date(2026, 1, 31).at(9, 0, 0, 0)),
        (When::DayOfMonth(30), 8, date(2026, 1, 30).at(9, 0, 0, 0)),
        (When::DayOfMonth(30), 10, date(2026, 2, 28).at(9, 0, 0, 0)),
        (When::DayOfMonth(5), 10, date(2026, 2, 5).at(9, 0, 0, 0)),
        (When::Date { month: 2, day: 29 }, 10, date(2026, 2, 28).at(9, 0, 0, 0)),
        (When::Date { month: 1, day: 30 }, 8, date(2026, 1, 30).at(9, 0, 0, 0)),
        (When::Date { month: 1, day: 30 }, 10, date(2027, 1, 30).at(9, 0, 0, 0)),
        (When::EndOfMonth, 10, date(2026, 1, 31).at(9, 0, 0, 0)),
        (When::NextWeek, 10, date(2026, 2, 6).at(9, 0, 0, 0)),
        (When::NextMonth, 10, date(2026, 2, 1).at(9, 0, 0, 0)),
    ] {
        let resolved = when.resolve(at(hour).timestamp(), &zone("America/New_York"), nine);
        assert_eq!(resolved.to_zoned(zone("America/New_York")).datetime(), expected, "{when} at {hour}");
    }
}

#[test]
fn r17_the_last_day_of_a_month_that_has_opened_is_over() {
    let berlin = zone("Europe/Berlin");
    let at = date(2026, 1, 31).at(10, 0, 0, 0).to_zoned(berlin.clone()).expect("a time").timestamp();
    let resolved = When::EndOfMonth.resolve(at, &berlin, time(9, 0, 0, 0)).to_zoned(berlin);
    assert_eq!(resolved.datetime(), date(2026, 2, 28).at(9, 0, 0, 0));
}

#[test]
fn r17_an_opening_that_the_clocks_skip_is_the_moment_after() {
    // At two the clocks go to three.
    let berlin = zone("Europe/Berlin");
    let at = date(2026, 3, 28).at(12, 0, 0, 0).to_zoned(berlin.clone()).expect("a time").timestamp();
    let resolved = When::InDays(1).resolve(at, &berlin, time(2, 30, 0, 0)).to_zoned(berlin);
    assert_eq!(resolved.datetime(), date(2026, 3, 29).at(3, 30, 0, 0));
}

#[test]
fn r17_where_time_ends_nothing_panics() {
    for when in [When::InHours(u16::MAX), When::InDays(u16::MAX), When::NextMonth, When::EndOfMonth] {
        assert_eq!(when.resolve(Timestamp::MAX, &TimeZone::UTC, Time::midnight()), Timestamp::MAX, "{when}");
    }
}

fn whens() -> impl Strategy<Value = When> {
    prop_oneof![
        (0_u16..=1_440).prop_map(When::InHours),
        (0_u16..=60).prop_map(When::InDays),
        (1_i8..=7).prop_map(|day| When::Weekday(Weekday::from_monday_one_offset(day).expect("a day"))),
        (1_i8..=31).prop_map(When::DayOfMonth),
        (1_i8..=12, 1_i8..=31).prop_map(|(month, day)| When::Date { month, day }),
        Just(When::EndOfMonth),
        Just(When::NextWeek),
        Just(When::NextMonth),
    ]
}

proptest! {
    #[test]
    fn r17_a_promise_is_always_ahead_and_never_far(
        when in whens(),
        at in 0_i64..4_000_000_000,
        name in prop::sample::select(vec!["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Africa/Cairo", "Australia/Lord_Howe"]),
        minute in 0_i16..1_440,
    ) {
        let at = Timestamp::from_second(at).expect("in range");
        let opens = time(i8::try_from(minute / 60).expect("an hour"), i8::try_from(minute % 60).expect("a minute"), 0, 0);
        let resolved = when.resolve(at, &zone(name), opens);
        let days = if matches!(when, When::Date { .. }) { 366 } else { 62 };
        prop_assert!(resolved > at);
        prop_assert!(resolved.duration_since(at) <= SignedDuration::from_hours(24 * days), "{when}: {resolved}");
    }

    #[test]
    fn r17_a_time_that_is_read_can_be_kept(text in "(in|le|am|dia|tgl|[0-9]{1,5}|/|[.]| |days|wochen|semanas|hari|घंटे|ايام){0,8}") {
        if let Some(when) = read_when(&text) {
            let at = Timestamp::from_second(1_800_000_000).expect("in range");
            let waits = when.resolve(at, &TimeZone::UTC, time(9, 0, 0, 0)).duration_since(at);
            prop_assert!(waits.is_positive() && waits <= SignedDuration::from_hours(24 * 366), "{text}: {when}");
        }
    }
}
