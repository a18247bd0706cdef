//! A brand's standing with its providers as an item.

use jiff::Timestamp;
use recoup_app::ports::{StoreError, Versioned};
use recoup_core::{Brand, Category, Governor, Name, Pause, Paused, Recounted, Standing, Token};

use super::Item;
use super::fields::{Reader, Unfit, Writer, required};
use super::lines::{channel_letter, parse_channel};
use crate::table::keys;

/// The standing as an item in this version, written by the holder of this token. It is kept for ever: there is one of it.
pub fn encode_standing(brand: &Brand, standing: &Standing, version: u64, token: &Token) -> Item {
    let mut item = Writer::new(keys::standing(brand), version, token, None);
    item.lines(keys::PAUSES, standing.pauses.iter().map(pause));
    item.lines(keys::RECOUNTED, standing.recounted.iter().map(recounted));
    let Governor { level, capped, since } = standing.governor;
    item.number(keys::GOVERNOR_LEVEL, (level > 0).then_some(level));
    item.number(keys::GOVERNOR_CAPPED, (capped > 0).then_some(capped));
    item.time(keys::GOVERNOR_SINCE, since);
    item.into_item()
}

/// Reads a standing back.
///
/// # Errors
/// [`StoreError::Malformed`] naming the attribute that is missing, unfit, or of a newer schema.
pub fn decode_standing(item: &Item) -> Result<Versioned<Standing>, StoreError> {
    read_standing(item).map_err(|unfit| unfit.of(item))
}

fn read_standing(item: &Item) -> Result<Versioned<Standing>, Unfit> {
    let reader = Reader::new(item)?;
    required(keys::PK, reader.parsed(keys::PK, keys::parse_standing)?)?;
    let version = required(keys::VERSION, reader.number(keys::VERSION)?)?;
    let standing = Standing {
        pauses: reader.lines(keys::PAUSES, parse_pause)?,
        recounted: reader.lines(keys::RECOUNTED, parse_recounted)?,
        governor: Governor {
            level: reader.number(keys::GOVERNOR_LEVEL)?.unwrap_or_default(),
            capped: reader.number(keys::GOVERNOR_CAPPED)?.unwrap_or_default(),
            since: reader.time(keys::GOVERNOR_SINCE)?,
        },
    };
    Ok(Versioned { item: standing, version })
}

/// A pause: until when in Unix milliseconds, the provider's code, and what rests.
fn pause(pause: &Pause) -> String {
    let what = match &pause.what {
        Paused::Channel(channel) => format!("channel {}", channel_letter(*channel)),
        Paused::Marketing(channel) => format!("marketing {}", channel_letter(*channel)),
        Paused::Template(name, language) => format!("template {name} {language}"),
        Paused::Country(channel, code) => format!("country {} {code}", channel_letter(*channel)),
    };
    format!("{} {} {what}", pause.until.as_millisecond(), pause.code)
}

fn parse_pause(line: &str) -> Option<Pause> {
    let fields: Vec<&str> = line.split(' ').collect();
    let [until, code, what @ ..] = fields.as_slice() else { return None };
    let what = match what {
        ["channel", letter] => Paused::Channel(parse_channel(letter)?),
        ["marketing", letter] => Paused::Marketing(parse_channel(letter)?),
        ["template", name, language] => Paused::Template(Name::parse(name).ok()?, (*language).to_owned()),
        ["country", letter, code] => Paused::Country(parse_channel(letter)?, (*code).to_owned()),
        _ => return None,
    };
    let until = Timestamp::from_millisecond(until.parse().ok()?).ok()?;
    Some(Pause { what, until, code: (*code).to_owned() })
}

fn recounted(recounted: &Recounted) -> String {
    let category = match recounted.category {
        Category::Utility => "utility",
        Category::Marketing => "marketing",
    };
    format!("{} {} {category}", recounted.template, recounted.language)
}

fn parse_recounted(line: &str) -> Option<Recounted> {
    let fields: Vec<&str> = line.split(' ').collect();
    let [template, language, category] = fields.as_slice() else { return None };
    let category = match *category {
        "utility" => Category::Utility,
        "marketing" => Category::Marketing,
        _ => return None,
    };
    Some(Recounted { template: Name::parse(template).ok()?, language: (*language).to_owned(), category })
}
