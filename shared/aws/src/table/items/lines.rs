//! Packed text: what repeats inside an item, as lines that a person can read and that keep the item within one write unit.
//!
//! `infra/TABLE.md`, "Packed text", explains them to whoever looks at an item.

use jiff::Timestamp;
use recoup_core::{
    CaseId, Channel, Currency, Dunning, Entry, KnownCase, Money, Name, Outcome, Reason, SendState, StepIndex,
    Token, Touch, TrailEntry,
};

/// The reasons of every ordinary send, which fill most of a trail, have one letter; all others are spelled out.
pub(super) const SHORT_REASONS: [(Reason, &str); 4] =
    [(Reason::Claimed, "C"), (Reason::Sent, "S"), (Reason::Delivered, "D"), (Reason::Read, "R")];

/// What a shared beginning must save before it is left out.
const WORTH_SHARING: usize = 4;

/// The trail: the first time in Unix seconds, later ones as seconds after the one before, each followed by its reason
/// and, behind a slash, its step.
pub(super) fn trail(entries: &[TrailEntry]) -> Option<String> {
    let mut before: Option<i64> = None;
    let mut words = Vec::with_capacity(entries.len() * 2);
    for entry in entries {
        let second = entry.at.as_second();
        words.push(before.map_or_else(|| second.to_string(), |before| format!("+{}", second - before)));
        before = Some(second);
        let short = SHORT_REASONS.iter().find(|(reason, _)| *reason == entry.reason);
        let reason = short.map_or_else(|| entry.reason.code(), |(_, letter)| letter);
        words.push(entry.step.map_or_else(|| reason.to_owned(), |step| format!("{reason}/{step}")));
    }
    (!words.is_empty()).then(|| words.join(" "))
}

/// Reads a trail back. Reasons of a later version are left out: nothing is decided by the trail.
pub(super) fn parse_trail(text: &str) -> Option<Vec<TrailEntry>> {
    let mut second: i64 = 0;
    let mut entries = Vec::new();
    let mut words = text.split(' ');
    while let Some(time) = words.next() {
        second = match time.strip_prefix('+') {
            Some(later) => second.checked_add(later.parse().ok()?)?,
            None => time.parse().ok()?,
        };
        let at = Timestamp::from_second(second).ok()?;
        let said = words.next()?;
        let (reason, step) = match said.split_once('/') {
            Some((reason, step)) => (reason, Some(StepIndex(step.parse().ok()?))),
            None => (said, None),
        };
        let short = SHORT_REASONS.iter().find(|(_, letter)| *letter == reason).map(|(reason, _)| *reason);
        entries.extend(short.or_else(|| Reason::parse(reason)).map(|reason| TrailEntry { at, reason, step }));
    }
    Some(entries)
}

/// The ledger, a line an entry: step, channel, state, attempt, milliseconds after the first failure, token, template and,
/// if any, detail. Template and detail leave out what they share with the beginning of the one before.
pub(super) fn ledger(dunning: &Dunning) -> Vec<String> {
    let mut before = Before::of(&dunning.playbook);
    let line = |entry: &Entry| {
        let mut line = format!(
            "{} {} {} {} {:+} {} {}",
            entry.step,
            entry.channel,
            entry.state.as_str(),
            entry.attempt,
            entry.at.as_millisecond() - dunning.anchor.as_millisecond(),
            entry.token,
            share(&mut before.template, entry.template.as_str()),
        );
        if let Some(detail) = &entry.detail {
            line.push(' ');
            line.push_str(&share(&mut before.detail, detail));
        }
        line
    };
    dunning.ledger.iter().map(line).collect()
}

/// What the line before said; before the first line, the playbook's name and no detail.
pub(super) struct Before {
    template: String,
    detail: String,
}

impl Before {
    pub(super) fn of(playbook: &Name) -> Self {
        Self { template: playbook.to_string(), detail: String::new() }
    }
}

/// Reads a line of the ledger back.
pub(super) fn parse_entry(line: &str, anchor: Timestamp, before: &mut Before) -> Option<Entry> {
    let mut fields = line.splitn(8, ' ');
    let mut field = || fields.next();
    Some(Entry {
        step: StepIndex(field()?.parse().ok()?),
        channel: parse_channel(field()?)?,
        state: parse_state(field()?)?,
        attempt: field()?.parse().ok()?,
        at: Timestamp::from_millisecond(anchor.as_millisecond().checked_add(field()?.parse().ok()?)?).ok()?,
        token: Token::parse(field()?).ok()?,
        template: Name::parse(unshare(&mut before.template, field()?)?).ok()?,
        detail: match field() {
            Some(detail) => Some(unshare(&mut before.detail, detail)?.to_owned()),
            None => None,
        },
    })
}

/// `N+rest`: the first N bytes are those of the text before.
fn share(before: &mut String, text: &str) -> String {
    let same = before.chars().zip(text.chars()).take_while(|(one, other)| one == other);
    let shared: usize = same.map(|(c, _)| c.len_utf8()).sum();
    let shared = if shared < WORTH_SHARING { 0 } else { shared };
    before.truncate(0);
    before.push_str(text);
    format!("{shared}+{}", text.get(shared..).unwrap_or_default())
}

fn unshare<'a>(before: &'a mut String, line: &str) -> Option<&'a str> {
    let (shared, rest) = line.split_once('+')?;
    let shared = before.get(..shared.parse().ok()?)?.len();
    before.truncate(shared);
    before.push_str(rest);
    Some(before)
}

/// A touch: Unix milliseconds, lane, step, case.
pub(super) fn touch(touch: &Touch) -> String {
    format!("{} {} {} {}", touch.at.as_millisecond(), touch.lane, touch.step, touch.case)
}

/// Reads a touch back.
pub(super) fn parse_touch(line: &str) -> Option<Touch> {
    let mut fields = line.splitn(4, ' ');
    let mut field = || fields.next();
    Some(Touch {
        at: parse_time(field()?)?,
        lane: Name::parse(field()?).ok()?,
        step: StepIndex(field()?.parse().ok()?),
        case: CaseId::parse(field()?).ok()?,
    })
}

/// A known case: the case, Unix milliseconds of its opening, `unlinked` or `-`, and the amount in minor units with its
/// currency or `-`.
pub(super) fn known_case(known: &KnownCase) -> String {
    let unlinked = if known.unlinked { UNLINKED } else { NOTHING };
    let amount = known
        .amount
        .map_or_else(|| NOTHING.to_owned(), |amount| format!("{} {}", amount.minor, amount.currency.code()));
    format!("{} {} {unlinked} {amount}", known.id, known.opened_at.as_millisecond())
}

const UNLINKED: &str = "unlinked";
const NOTHING: &str = "-";

/// Reads a known case back.
pub(super) fn parse_known_case(line: &str) -> Option<KnownCase> {
    let mut fields = line.splitn(4, ' ');
    let mut field = || fields.next();
    Some(KnownCase {
        id: CaseId::parse(field()?).ok()?,
        opened_at: parse_time(field()?)?,
        unlinked: match field()? {
            UNLINKED => true,
            NOTHING => false,
            _ => return None,
        },
        amount: match field()? {
            NOTHING => None,
            amount => Some(parse_money(amount)?),
        },
    })
}

fn parse_money(text: &str) -> Option<Money> {
    let (minor, currency) = text.split_once(' ')?;
    Some(Money { minor: minor.parse().ok()?, currency: Currency::parse(currency).ok()? })
}

fn parse_time(text: &str) -> Option<Timestamp> {
    Timestamp::from_millisecond(text.parse().ok()?).ok()
}

/// Reads the name of a channel back.
pub(super) fn parse_channel(name: &str) -> Option<Channel> {
    [Channel::Whatsapp, Channel::Sms].into_iter().find(|channel| channel.as_str() == name)
}

/// Reads the name of an outcome back.
pub(super) fn parse_outcome(name: &str) -> Option<Outcome> {
    use Outcome::{Exhausted, Recovered, Suppressed, Voided};
    [Recovered, Voided, Exhausted, Suppressed].into_iter().find(|outcome| outcome.as_str() == name)
}

fn parse_state(name: &str) -> Option<SendState> {
    SendState::ALL.into_iter().find(|state| state.as_str() == name)
}
