//! When a buyer promises to pay: what was said, which needs no clock, and what it comes to.

use std::fmt;
use std::sync::OnceLock;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use thiserror::Error;

use super::language;
use super::phrase::{Found, Part, Vocabulary, everywhere, rows};
use super::words::words;

const SHIPPED: &str = include_str!("when.tsv");

/// The most days that are read: who names a time beyond them promises nothing.
const MOST_DAYS: u16 = 60;

/// The time a buyer names for a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// So many hours from now.
    InHours(u16),
    /// So many days from today.
    InDays(u16),
    /// The next such day after today.
    Weekday(Weekday),
    /// The next such day of a month, its last one in a month that is shorter.
    DayOfMonth(i8),
    /// The next such day of the year, 28 February for the 29th.
    Date {
        /// 1 to 12.
        month: i8,
        /// 1 to 31.
        day: i8,
    },
    /// The last day of this month, or of the next when that has begun.
    EndOfMonth,
    /// This day of next week.
    NextWeek,
    /// The first of next month.
    NextMonth,
}

impl fmt::Display for When {
    /// Writes it as `when.tsv` names it: `in_days=3`, `weekday=friday`, `date=12-05`, `end_of_month`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InHours(hours) => write!(f, "in_hours={hours}"),
            Self::InDays(days) => write!(f, "in_days={days}"),
            Self::Weekday(day) => write!(f, "weekday={}", weekday_name(*day)),
            Self::DayOfMonth(day) => write!(f, "day_of_month={day}"),
            Self::Date { month, day } => write!(f, "date={month:02}-{day:02}"),
            Self::EndOfMonth => f.write_str("end_of_month"),
            Self::NextWeek => f.write_str("next_week"),
            Self::NextMonth => f.write_str("next_month"),
        }
    }
}

impl When {
    /// The first instant after `at` that is meant where it is `opens` o'clock, in the buyer's time zone; hours are counted from `at`.
    pub fn resolve(self, at: Timestamp, zone: &TimeZone, opens: Time) -> Timestamp {
        if let Self::InHours(hours) = self {
            let wait = SignedDuration::from_hours(i64::from(hours.max(1)));
            return at.checked_add(wait).unwrap_or(Timestamp::MAX);
        }
        let today = at.to_zoned(zone.clone()).date();
        let opening = |date: Date| {
            date.to_datetime(opens).to_zoned(zone.clone()).ok().map(|opening| opening.timestamp())
        };
        let candidates = (0..=3).filter_map(|turn| self.candidate(today, turn)).filter_map(opening);
        candidates.into_iter().find(|opening| *opening > at).unwrap_or(Timestamp::MAX)
    }

    /// The day that is meant, or, where its opening is over, the one that would be meant `turn` times later.
    fn candidate(self, today: Date, turn: i64) -> Option<Date> {
        let month = |ahead: i64| today.first_of_month().checked_add(ahead.months()).ok();
        let day_of = |first: Date, day: i8| {
            Date::new(first.year(), first.month(), day.clamp(1, first.days_in_month())).ok()
        };
        match self {
            Self::InHours(_) => None,
            Self::InDays(days) => today.checked_add((i64::from(days) + turn).days()).ok(),
            Self::Weekday(day) => today.checked_add(turn.weeks()).ok()?.nth_weekday(1, day).ok(),
            Self::DayOfMonth(day) => day_of(month(turn)?, day),
            Self::Date { month, day } => {
                let year = today.year().checked_add(i16::try_from(turn).ok()?)?;
                day_of(Date::new(year, month.clamp(1, 12), 1).ok()?, day)
            }
            Self::EndOfMonth => Some(month(turn)?.last_of_month()),
            Self::NextWeek => today.checked_add((7 + turn).days()).ok(),
            Self::NextMonth => month(1 + turn),
        }
    }
}

/// Reads when a buyer promises to pay; `None` where no time is named, or more than one, or one that may be read in two ways.
pub fn read_when(text: &str) -> Option<When> {
    static PHRASES: OnceLock<Phrases> = OnceLock::new();
    of_digits(text).or_else(|| PHRASES.get_or_init(|| Phrases::parse(SHIPPED).unwrap_or_default()).read(text))
}

/// The line of a text of phrases that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {0} cannot be used")]
struct MalformedPhrases(usize);

/// What a phrase makes of its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// No time is promised.
    Nothing,
    Fixed(When),
    InHours,
    InDays,
    InWeeks,
    DayOfMonth,
    DayOf(u16),
}

impl Meaning {
    fn parse(name: &str) -> Option<Self> {
        let (kind, of) = name.split_once('=').unwrap_or((name, ""));
        Some(match (kind, of) {
            ("none", "") => Self::Nothing,
            ("end_of_month", "") => Self::Fixed(When::EndOfMonth),
            ("next_week", "") => Self::Fixed(When::NextWeek),
            ("next_month", "") => Self::Fixed(When::NextMonth),
            ("in_hours", "#") => Self::InHours,
            ("in_days", "#") => Self::InDays,
            ("in_weeks", "#") => Self::InWeeks,
            ("day_of_month", "#") => Self::DayOfMonth,
            ("in_hours", hours) => Self::Fixed(When::InHours(hours.parse().ok()?)),
            ("in_days", days) => Self::Fixed(When::InDays(days.parse().ok()?)),
            ("day_of_month", day) => Self::Fixed(When::DayOfMonth(day.parse().ok()?)),
            ("date", month) => Self::DayOf(month.parse().ok().filter(|month| (1..=12).contains(month))?),
            ("weekday", name) => {
                Self::Fixed(When::Weekday(WEEKDAYS.into_iter().find(|day| weekday_name(*day) == name)?))
            }
            _ => return None,
        })
    }

    fn takes_a_number(self) -> bool {
        match self {
            Self::Nothing | Self::Fixed(_) => false,
            Self::InHours | Self::InDays | Self::InWeeks | Self::DayOfMonth | Self::DayOf(_) => true,
        }
    }

    /// What is meant, if it can be.
    fn with(self, number: Option<u16>) -> Option<When> {
        let number = number.filter(|number| *number > 0);
        match self {
            Self::Nothing => None,
            Self::Fixed(when) => Some(when),
            Self::InHours => number.filter(|hours| *hours <= 24 * MOST_DAYS).map(When::InHours),
            Self::InDays => number.filter(|days| *days <= MOST_DAYS).map(When::InDays),
            Self::InWeeks => {
                number.map(|weeks| weeks * 7).filter(|days| *days <= MOST_DAYS).map(When::InDays)
            }
            Self::DayOfMonth => i8::try_from(number?).ok().filter(|day| *day <= 31).map(When::DayOfMonth),
            Self::DayOf(month) => date(month, number?),
        }
    }
}

/// All phrases of a time, in the order of the text.
#[derive(Debug, Default)]
struct Phrases(Vec<(Meaning, &'static str, Vec<Part>)>);

impl Phrases {
    fn parse(text: &'static str) -> Result<Self, MalformedPhrases> {
        let mut all = Vec::new();
        let mut vocabulary = Vocabulary::default();
        for (line, row) in rows(text) {
            let broken = || MalformedPhrases(line);
            let [head, locale, phrases] = row.ok_or_else(broken)?;
            if head == "number" {
                vocabulary.add_numbers(locale, phrases).ok_or_else(broken)?;
            } else if head.starts_with('@') {
                vocabulary.add_class(head, locale, phrases).ok_or_else(broken)?;
            } else {
                let meaning = Meaning::parse(head).ok_or_else(broken)?;
                for phrase in phrases.split(';') {
                    let parts = vocabulary.parts(locale, phrase).ok_or_else(broken)?;
                    let number = parts.iter().any(|part| matches!(part, Part::Number(_)));
                    if number != meaning.takes_a_number() && meaning != Meaning::Nothing {
                        return Err(broken());
                    }
                    all.push((meaning, locale, parts));
                }
            }
        }
        Ok(Self(all))
    }

    /// What the longest phrase means; nothing where two as long as each other mean different times.
    fn read(&self, text: &str) -> Option<When> {
        let text = words(text);
        let languages = language::of(&text);
        let of_them = self.0.iter().filter(|(_, locale, parts)| {
            languages.iter().any(|of| of.locale == *locale && (of.most || parts.len() > 1))
        });
        let found: Vec<(Meaning, Found)> = of_them
            .flat_map(|(meaning, _, parts)| everywhere(parts, &text).map(move |found| (*meaning, found)))
            .collect();
        // A phrase within a longer one is that one: "tomorrow" in "the day after tomorrow", and what is no time in "since Friday".
        let hidden = |(meaning, at): &(Meaning, Found)| {
            found.iter().any(|(other, over)| {
                over.overlaps(at) && over.weight > at.weight
                    || *other == Meaning::Nothing
                        && *meaning != *other
                        && over.overlaps(at)
                        && over.weight == at.weight
            })
        };
        let whens = found.iter().filter(|found| !hidden(found));
        let whens: Vec<(When, usize)> =
            whens.filter_map(|(meaning, at)| Some((meaning.with(at.number)?, at.weight))).collect();
        let longest = whens.iter().map(|(_, weight)| *weight).max()?;
        let mut of_those = whens.iter().filter(|(_, weight)| *weight == longest).map(|(when, _)| *when);
        let first = of_those.next()?;
        of_those.all(|other| other == first).then_some(first)
    }
}

/// The day of a date in digits: `25/12`, `5.12.`, `2026-12-05`. Where the day may be the month, no day.
fn of_digits(text: &str) -> Option<When> {
    text.split_whitespace().find_map(|token| {
        let token = token.trim_matches([',', ';', ':', '!', '?', '(', ')', '"', '،', '؟']);
        let separator = ['/', '.', '-'].into_iter().find(|separator| token.contains(*separator))?;
        let numbers: Option<Vec<u16>> =
            token.trim_end_matches(separator).split(separator).map(number_of_digits).collect();
        match (separator, numbers?.as_slice()) {
            // All day, every day.
            ('/', [24, 7]) => None,
            ('-', [year, month, day]) if *year >= 1_000 => date(*month, *day),
            ('.', [day, month]) if token.ends_with('.') => date(*month, *day),
            ('.', [day, month, _]) => date(*month, *day),
            ('/', [day, month]) | ('/' | '-', [day, month, _]) => {
                match (date(*month, *day), date(*day, *month)) {
                    (Some(one), Some(other)) => (one == other).then_some(one),
                    (one, other) => one.or(other),
                }
            }
            _ => None,
        }
    })
}

fn number_of_digits(token: &str) -> Option<u16> {
    let digits = token.chars().all(char::is_numeric).then(|| words(token))?;
    digits.first()?.plain.parse().ok()
}

/// A date that there is in some year.
fn date(month: u16, day: u16) -> Option<When> {
    let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    Date::new(2024, month, day).is_ok().then_some(When::Date { month, day })
}

const WEEKDAYS: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

fn weekday_name(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "monday",
        Weekday::Tuesday => "tuesday",
        Weekday::Wednesday => "wednesday",
        Weekday::Thursday => "thursday",
        Weekday::Friday => "friday",
        Weekday::Saturday => "saturday",
        Weekday::Sunday => "sunday",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_phrases_are_well_formed_and_one_that_is_not_is_named_by_its_line() {
        assert!(Phrases::parse(SHIPPED).is_ok_and(|phrases| phrases.0.len() > 1_000));
        for text in [
            "in_days=1\ten",
            "in_days=x\ten\ttomorrow",
            "in_days=#\ten\ttomorrow",
            "in_days=1\ten\tin # days",
            "weekday=funday\ten\tfunday",
            "date=13\ten\t## smarch",
            "next_year\ten\tnext year",
            "number\ten\ttwo",
            "in_days=1\ten\t@tomorrow",
        ] {
            assert_eq!(Phrases::parse(text).err(), Some(MalformedPhrases(1)), "{text}");
        }
    }
}
