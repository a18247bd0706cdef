//! A recipient as an item.

use recoup_app::ports::{StoreError, Versioned};
use recoup_core::{Brand, EventKey, Recipient, Token};

use super::fields::{Reader, Unfit, Writer, required};
use super::{Item, lifetime, lines};
use crate::table::keys;

/// The recipient as an item in this version, written by the holder of this token.
pub fn encode_recipient(brand: &Brand, recipient: &Recipient, version: u64, token: &Token) -> Item {
    let ttl = lifetime::of_recipient(recipient);
    let mut item = Writer::new(keys::recipient(brand, &recipient.id), version, token, ttl);
    item.time(keys::OPTED_OUT, recipient.opted_out);
    item.time(keys::OPTED_OUT_MARKETING, recipient.opted_out_marketing);
    item.time(keys::OPTED_OUT_SMS, recipient.opted_out_sms);
    item.time(keys::OPTED_OUT_EMAIL, recipient.opted_out_email);
    item.time(keys::CONSENT, recipient.marketing_consent);
    item.time(keys::WRONG_PERSON, recipient.wrong_person);
    item.bytes(keys::ANSWERED, recipient.answered.iter().flat_map(|key| key.0).collect());
    item.lines(keys::TOUCHES, recipient.touches.iter().map(lines::touch));
    item.lines(keys::CASES, recipient.cases.iter().map(lines::known_case));
    item.into_item()
}

/// Reads a recipient back.
///
/// # Errors
/// [`StoreError::Malformed`] naming the attribute that is missing, unfit, or of a newer schema.
pub fn decode_recipient(item: &Item) -> Result<Versioned<Recipient>, StoreError> {
    read_recipient(item).map_err(|unfit| unfit.of(item))
}

fn read_recipient(item: &Item) -> Result<Versioned<Recipient>, Unfit> {
    let reader = Reader::new(item)?;
    let (_, id) = required(keys::PK, reader.parsed(keys::PK, keys::parse_recipient)?)?;
    let version = required(keys::VERSION, reader.number(keys::VERSION)?)?;
    let (answered, rest) = reader.bytes(keys::ANSWERED)?.as_chunks();
    if !rest.is_empty() {
        return Err(Unfit(keys::ANSWERED));
    }
    let recipient = Recipient {
        id,
        opted_out: reader.time(keys::OPTED_OUT)?,
        opted_out_marketing: reader.time(keys::OPTED_OUT_MARKETING)?,
        opted_out_sms: reader.time(keys::OPTED_OUT_SMS)?,
        opted_out_email: reader.time(keys::OPTED_OUT_EMAIL)?,
        marketing_consent: reader.time(keys::CONSENT)?,
        wrong_person: reader.time(keys::WRONG_PERSON)?,
        answered: answered.iter().copied().map(EventKey).collect(),
        touches: reader.lines(keys::TOUCHES, lines::parse_touch)?,
        cases: reader.lines(keys::CASES, lines::parse_known_case)?,
    };
    Ok(Versioned { item: recipient, version })
}
