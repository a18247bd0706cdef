//! Items: cases, recipients, feeds and standings as DynamoDB keeps them.
//!
//! Invariant: what is written is read back as it was, times to the millisecond and those of the trail to the second.
//! Attributes that this version does not know are passed over; an item of a newer schema is refused.

mod case;
mod feed;
mod fields;
mod lifetime;
mod lines;
mod recipient;
mod standing;

use aws_sdk_dynamodb::types::AttributeValue;

pub use case::{decode_case, encode_case};
pub use feed::{decode_feed, encode_feed};
pub use lifetime::{
    CLOSED_DAYS, FEED_DAYS, LONGEST_PLAYBOOK_DAYS, OPEN_DAYS, RECIPIENT_DAYS, TOMBSTONE_DAYS,
};
pub use recipient::{decode_recipient, encode_recipient};
pub use standing::{decode_standing, encode_standing};

use super::keys;

/// An item as the SDK takes and gives it.
#[expect(clippy::disallowed_types, reason = "the SDK's type; nothing depends on the order of its attributes")]
pub type Item = std::collections::HashMap<String, AttributeValue>;

/// The schema version that this build writes, and the newest it reads.
pub const SCHEMA: u32 = 1;

/// The token of the write that made the item what it is; `None` when the item has none.
pub fn token_of(item: &Item) -> Option<&str> {
    item.get(keys::TOKEN)?.as_s().ok().map(String::as_str)
}
