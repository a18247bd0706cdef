//! A case as an item.

use jiff::Timestamp;
use recoup_app::ports::{StoreError, Versioned};
use recoup_core::{
    BuyerFacts, Case, Currency, CustomerId, Debt, DeclineClass, Dunning, EventKey, Link, Money, Name, Next,
    Obligation, PersonName, Phone, Settlement, StepIndex, Token,
};

use super::fields::{Reader, Unfit, Writer, required};
use super::{Item, lifetime, lines};
use crate::table::keys;

/// What every link begins with and no item repeats.
const SCHEME: &str = "https://";

/// The case as an item in this version, written by the holder of this token.
pub fn encode_case(case: &Case, version: u64, token: &Token) -> Item {
    let mut item = Writer::new(keys::case(&case.id), version, token, lifetime::of_case(case));
    item.text(keys::STATE, Some(case.state().as_str()));
    item.number(keys::MONEY, (!case.settlement.is_empty()).then(|| case.settlement.bits()));
    item.bytes(keys::SEEN, case.seen.iter().flat_map(|key| key.0).collect());
    item.time(keys::CLOSED, case.closed_at);
    item.text(keys::TRAIL, lines::trail(&case.trail));
    if let Some(dunning) = &case.dunning {
        write_dunning(&mut item, dunning);
    }
    item.into_item()
}

fn write_dunning(item: &mut Writer, dunning: &Dunning) {
    item.time(keys::ANCHOR, Some(dunning.anchor));
    item.text(keys::PLAYBOOK, Some(format!("{}@{}", dunning.playbook, dunning.version)));
    write_debt(item, &dunning.debt);
    item.lines(keys::LEDGER, lines::ledger(dunning));
    if let Some(next) = dunning.next {
        item.number(keys::NEXT_STEP, Some(next.step));
        item.time(keys::NEXT_AT, Some(next.at));
        item.text(keys::NEXT_CHANNEL, Some(lines::channel_letter(next.channel)));
        item.number(keys::NEXT_GENERATION, Some(next.generation));
    }
    item.text(keys::ENDED, dunning.ended.map(recoup_core::Outcome::as_str));
    item.text(keys::TRACE, dunning.trace.as_deref());
}

fn write_debt(item: &mut Writer, debt: &Debt) {
    let Debt { attempt, next_retry, decline, amount, pay_link, number, buyer, links, unlinked } = debt;
    item.number(keys::ATTEMPT, Some(attempt));
    item.time(keys::RETRY, *next_retry);
    item.text(keys::DECLINE, decline.map(DeclineClass::as_str));
    item.number(keys::AMOUNT, amount.map(|amount| amount.minor));
    item.text(keys::CURRENCY, amount.as_ref().map(|amount| amount.currency.code()));
    item.text(keys::LINK, pay_link.as_ref().and_then(|link| link.expose().strip_prefix(SCHEME)));
    item.text(keys::NUMBER, number.as_ref().map(PersonName::expose));
    let BuyerFacts { customer, phone, name, locale, zone } = buyer;
    item.text(keys::CUSTOMER, customer.as_ref().map(CustomerId::as_str));
    item.text(keys::PHONE, phone.as_ref().map(Phone::expose));
    item.text(keys::NAME, name.as_ref().map(PersonName::expose));
    item.text(keys::LOCALE, locale.as_deref());
    item.text(keys::ZONE, zone.as_deref());
    let links: Vec<_> = links.iter().map(Obligation::as_str).collect();
    item.text(keys::LINKS, (!links.is_empty()).then(|| links.join(" ")));
    item.flag(keys::UNLINKED, *unlinked);
}

/// Reads a case back.
///
/// # Errors
/// [`StoreError::Malformed`] naming the attribute that is missing, unfit, or of a newer schema.
pub fn decode_case(item: &Item) -> Result<Versioned<Case>, StoreError> {
    read_case(item).map_err(|unfit| unfit.of(item))
}

fn read_case(item: &Item) -> Result<Versioned<Case>, Unfit> {
    let reader = Reader::new(item)?;
    let id = required(keys::PK, reader.parsed(keys::PK, keys::parse_case)?)?;
    let version = required(keys::VERSION, reader.number(keys::VERSION)?)?;
    required(keys::STATE, reader.text(keys::STATE)?)?;
    let (seen, rest) = reader.bytes(keys::SEEN)?.as_chunks();
    if !rest.is_empty() {
        return Err(Unfit(keys::SEEN));
    }
    let case = Case {
        id,
        settlement: Settlement::from_bits(reader.number(keys::MONEY)?.unwrap_or_default()),
        seen: seen.iter().copied().map(EventKey).collect(),
        dunning: read_dunning(&reader)?,
        trail: reader.parsed(keys::TRAIL, lines::parse_trail)?.unwrap_or_default(),
        closed_at: reader.time(keys::CLOSED)?,
    };
    Ok(Versioned { item: case, version })
}

/// The messaging, when the item holds any of what it cannot be without.
fn read_dunning(reader: &Reader<'_>) -> Result<Option<Dunning>, Unfit> {
    let (anchor, playbook) = (reader.time(keys::ANCHOR)?, reader.parsed(keys::PLAYBOOK, parse_playbook)?);
    if anchor.is_none() && playbook.is_none() {
        return Ok(None);
    }
    let anchor: Timestamp = required(keys::ANCHOR, anchor)?;
    let (playbook, version) = required(keys::PLAYBOOK, playbook)?;
    let mut before = lines::Before::of(&playbook);
    Ok(Some(Dunning {
        anchor,
        debt: read_debt(reader)?,
        ledger: reader.lines(keys::LEDGER, |line| lines::parse_entry(line, anchor, &mut before))?,
        next: read_next(reader)?,
        ended: reader.parsed(keys::ENDED, lines::parse_outcome)?,
        trace: reader.text(keys::TRACE)?.map(str::to_owned),
        playbook,
        version,
    }))
}

fn parse_playbook(text: &str) -> Option<(Name, String)> {
    let (name, version) = text.split_once('@')?;
    Some((Name::parse(name).ok()?, version.to_owned()))
}

fn read_next(reader: &Reader<'_>) -> Result<Option<Next>, Unfit> {
    let Some(step) = reader.number(keys::NEXT_STEP)? else { return Ok(None) };
    let channel = reader.parsed(keys::NEXT_CHANNEL, lines::parse_channel)?;
    Ok(Some(Next {
        step: StepIndex(step),
        at: required(keys::NEXT_AT, reader.time(keys::NEXT_AT)?)?,
        channel: required(keys::NEXT_CHANNEL, channel)?,
        generation: required(keys::NEXT_GENERATION, reader.number(keys::NEXT_GENERATION)?)?,
    }))
}

fn read_debt(reader: &Reader<'_>) -> Result<Debt, Unfit> {
    let link = |rest: &str| Link::parse(&format!("{SCHEME}{rest}")).ok();
    let links = |text: &str| text.split(' ').map(|link| Obligation::parse(link).ok()).collect();
    Ok(Debt {
        attempt: required(keys::ATTEMPT, reader.number(keys::ATTEMPT)?)?,
        next_retry: reader.time(keys::RETRY)?,
        decline: reader.parsed(keys::DECLINE, DeclineClass::parse)?,
        amount: read_amount(reader)?,
        pay_link: reader.parsed(keys::LINK, link)?,
        number: read_name(reader, keys::NUMBER)?,
        buyer: BuyerFacts {
            customer: reader.parsed(keys::CUSTOMER, |text| CustomerId::parse(text).ok())?,
            phone: reader.parsed(keys::PHONE, |text| Phone::parse(text).ok())?,
            name: read_name(reader, keys::NAME)?,
            locale: reader.text(keys::LOCALE)?.map(str::to_owned),
            zone: reader.text(keys::ZONE)?.map(str::to_owned),
        },
        links: reader.parsed(keys::LINKS, links)?.unwrap_or_default(),
        unlinked: reader.flag(keys::UNLINKED)?,
    })
}

fn read_amount(reader: &Reader<'_>) -> Result<Option<Money>, Unfit> {
    let currency = reader.parsed(keys::CURRENCY, |code| Currency::parse(code).ok())?;
    let Some(minor) = reader.number(keys::AMOUNT)? else { return Ok(None) };
    Ok(Some(Money { minor, currency: required(keys::CURRENCY, currency)? }))
}

/// A name is cleaned again on reading: one that a stricter rule leaves nothing of is no name, and no reason to stop.
fn read_name(reader: &Reader<'_>, attribute: &'static str) -> Result<Option<PersonName>, Unfit> {
    Ok(reader.text(attribute)?.and_then(PersonName::clean))
}
