//! A source's feed as an item.

use jiff::{SignedDuration, Timestamp};
use recoup_app::ports::{StoreError, Versioned};
use recoup_core::{Brand, Feed, Token};

use super::fields::{Reader, Unfit, Writer, required};
use super::{Item, lifetime};
use crate::table::keys;

/// The feed as an item in this version, written by the holder of this token.
pub fn encode_feed(brand: &Brand, feed: &Feed, version: u64, token: &Token) -> Item {
    let ttl = Some(lifetime::of_feed(feed));
    let mut item = Writer::new(keys::feed(brand, &feed.source), version, token, ttl);
    item.time(keys::HEARD, Some(feed.heard));
    item.number(keys::PAUSE, (!feed.pause.is_zero()).then(|| feed.pause.as_millis()));
    item.time(keys::PAUSED_AT, feed.paused_at);
    item.lines(keys::OPENED, feed.opened.iter().map(|at| at.as_millisecond().to_string()));
    item.into_item()
}

/// Reads a feed back.
///
/// # Errors
/// [`StoreError::Malformed`] naming the attribute that is missing, unfit, or of a newer schema.
pub fn decode_feed(item: &Item) -> Result<Versioned<Feed>, StoreError> {
    read_feed(item).map_err(|unfit| unfit.of(item))
}

fn read_feed(item: &Item) -> Result<Versioned<Feed>, Unfit> {
    let reader = Reader::new(item)?;
    let (_, source) = required(keys::PK, reader.parsed(keys::PK, keys::parse_feed)?)?;
    let version = required(keys::VERSION, reader.number(keys::VERSION)?)?;
    let feed = Feed {
        source,
        heard: required(keys::HEARD, reader.time(keys::HEARD)?)?,
        pause: SignedDuration::from_millis(reader.number(keys::PAUSE)?.unwrap_or_default()),
        paused_at: reader.time(keys::PAUSED_AT)?,
        opened: reader.lines(keys::OPENED, |text| Timestamp::from_millisecond(text.parse().ok()?).ok())?,
    };
    Ok(Versioned { item: feed, version })
}
