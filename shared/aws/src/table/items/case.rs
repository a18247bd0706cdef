//! A case as an item.

use jiff::Timestamp;
use recoup_app::ports::{StoreError, Versioned};
use recoup_core::{
    BuyerFacts, Case, Currency, CustomerId, DeclineClass, Email, EventKey, KycCause, Link, Matter, Money,
    Name, Next, Obligation, Outreach, PersonName, Phone, PushToken, Settlement, StepIndex, Token,
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
    item.time(keys::RECOVERED, case.recovered_until);
    item.bytes(keys::SEEN, case.seen.iter().flat_map(|key| key.0).collect());
    item.time(keys::CLOSED, case.closed_at);
    item.text(keys::TOLD, case.told.map(lines::told));
    item.text(keys::TRAIL, lines::trail(&case.trail));
    if let Some(outreach) = &case.outreach {
        write_outreach(&mut item, outreach);
    }
    item.into_item()
}

fn write_outreach(item: &mut Writer, outreach: &Outreach) {
    item.time(keys::ANCHOR, Some(outreach.anchor));
    item.number(keys::ROUND, (outreach.round > 0).then_some(outreach.round));
    item.text(keys::PLAYBOOK, Some(format!("{}@{}", outreach.playbook, outreach.version)));
    write_matter(item, &outreach.matter);
    item.lines(keys::LEDGER, lines::ledger(outreach));
    if let Some(next) = outreach.next {
        item.number(keys::NEXT_STEP, Some(next.step));
        item.time(keys::NEXT_AT, Some(next.at));
        item.text(keys::NEXT_CHANNEL, Some(lines::channel_letter(next.channel)));
        item.number(keys::NEXT_GENERATION, Some(next.generation));
    }
    item.text(keys::FROZEN, outreach.frozen.map(lines::frozen));
    item.text(keys::ENDED, outreach.ended.map(recoup_core::Outcome::as_str));
    item.text(keys::TRACE, outreach.trace.as_deref());
}

fn write_matter(item: &mut Writer, matter: &Matter) {
    let Matter {
        happened_at,
        attempt,
        next_retry,
        decline,
        cause,
        agreed,
        amount,
        pay_link,
        number,
        buyer,
        links,
        unlinked,
    } = matter;
    item.time(keys::HAPPENED, *happened_at);
    item.text(keys::CAUSE, cause.map(KycCause::as_str));
    item.flag(keys::AGREED, *agreed);
    item.number(keys::ATTEMPT, Some(attempt));
    item.time(keys::RETRY, *next_retry);
    item.text(keys::DECLINE, decline.map(DeclineClass::as_str));
    item.number(keys::AMOUNT, amount.map(|amount| amount.minor));
    item.text(keys::CURRENCY, amount.as_ref().map(|amount| amount.currency.code()));
    item.text(keys::LINK, pay_link.as_ref().and_then(|link| link.expose().strip_prefix(SCHEME)));
    item.text(keys::NUMBER, number.as_ref().map(PersonName::expose));
    let BuyerFacts { customer, phone, email, push, name, locale, zone } = buyer;
    item.text(keys::CUSTOMER, customer.as_ref().map(CustomerId::as_str));
    item.text(keys::PHONE, phone.as_ref().map(Phone::expose));
    item.text(keys::EMAIL, email.as_ref().map(Email::expose));
    item.text(keys::PUSH_TOKEN, push.as_ref().map(PushToken::expose));
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
        recovered_until: reader.time(keys::RECOVERED)?,
        seen: seen.iter().copied().map(EventKey).collect(),
        outreach: read_outreach(&reader)?,
        trail: reader.parsed(keys::TRAIL, lines::parse_trail)?.unwrap_or_default(),
        closed_at: reader.time(keys::CLOSED)?,
        told: reader.parsed(keys::TOLD, lines::parse_told)?,
    };
    Ok(Versioned { item: case, version })
}

/// The messaging, when the item holds any of what it cannot be without.
fn read_outreach(reader: &Reader<'_>) -> Result<Option<Outreach>, Unfit> {
    let (anchor, playbook) = (reader.time(keys::ANCHOR)?, reader.parsed(keys::PLAYBOOK, parse_playbook)?);
    if anchor.is_none() && playbook.is_none() {
        return Ok(None);
    }
    let anchor: Timestamp = required(keys::ANCHOR, anchor)?;
    let (playbook, version) = required(keys::PLAYBOOK, playbook)?;
    let mut before = lines::Before::of(&playbook);
    Ok(Some(Outreach {
        round: reader.number(keys::ROUND)?.unwrap_or_default(),
        anchor,
        matter: read_matter(reader)?,
        ledger: reader.lines(keys::LEDGER, |line| lines::parse_entry(line, anchor, &mut before))?,
        next: read_next(reader)?,
        frozen: reader.parsed(keys::FROZEN, lines::parse_frozen)?,
        ended: reader.parsed(keys::ENDED, recoup_core::Outcome::parse)?,
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

fn read_matter(reader: &Reader<'_>) -> Result<Matter, Unfit> {
    let link = |rest: &str| Link::parse(&format!("{SCHEME}{rest}")).ok();
    let links = |text: &str| text.split(' ').map(|link| Obligation::parse(link).ok()).collect();
    Ok(Matter {
        happened_at: reader.time(keys::HAPPENED)?,
        cause: reader.parsed(keys::CAUSE, KycCause::parse)?,
        agreed: reader.flag(keys::AGREED)?,
        attempt: required(keys::ATTEMPT, reader.number(keys::ATTEMPT)?)?,
        next_retry: reader.time(keys::RETRY)?,
        decline: reader.parsed(keys::DECLINE, DeclineClass::parse)?,
        amount: read_amount(reader)?,
        pay_link: reader.parsed(keys::LINK, link)?,
        number: read_name(reader, keys::NUMBER)?,
        buyer: BuyerFacts {
            customer: reader.parsed(keys::CUSTOMER, |text| CustomerId::parse(text).ok())?,
            phone: reader.parsed(keys::PHONE, |text| Phone::parse(text).ok())?,
            email: reader.parsed(keys::EMAIL, Email::parse)?,
            push: reader.parsed(keys::PUSH_TOKEN, PushToken::parse)?,
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
