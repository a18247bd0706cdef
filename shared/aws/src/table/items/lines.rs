//! Packed text: what repeats inside an item, as lines that a person can read and that keep the item within one write unit.
//!
//! `infra/TABLE.md`, "Packed text", explains them to whoever looks at an item.

use jiff::Timestamp;
use recoup_core::{
    CaseId, Channel, Currency, Entry, EventKey, Frozen, Intent, KnownCase, Money, Name, Outreach, Reason,
    SendState, State, StepIndex, Token, Told, Touch, TrailEntry,
};

/// The reasons that fill most of a trail have one letter; all others are spelled out.
const SHORT_REASONS: [(Reason, &str); 5] = [
    (Reason::Claimed, "C"),
    (Reason::Sent, "S"),
    (Reason::Delivered, "D"),
    (Reason::Read, "R"),
    (Reason::Updated, "M"),
];

/// The reasons that, with no step of their own, are about the step of the entry before.
const FOLLOWERS: [Reason; 3] = [Reason::Sent, Reason::Delivered, Reason::Read];

/// What stands for no step behind a reason that would follow the entry before.
const NO_STEP: &str = "-";

/// What a shared beginning must save before it is left out.
const WORTH_SHARING: usize = 4;

/// The trail: the first time in Unix seconds, later ones as seconds after the one before, each followed by its reason
/// and, behind a slash, its step.
pub(super) fn trail(entries: &[TrailEntry]) -> Option<String> {
    let (mut second, mut step) = (0, None);
    let word = |entry: &TrailEntry| {
        let later = entry.at.as_second() - second;
        let short = SHORT_REASONS.iter().find(|(reason, _)| *reason == entry.reason);
        let reason = short.map_or_else(|| entry.reason.code(), |(_, letter)| letter);
        let before = FOLLOWERS.contains(&entry.reason).then_some(step).flatten();
        (second, step) = (entry.at.as_second(), entry.step);
        match entry.step {
            step if step == before => format!("{later}{reason}"),
            Some(step) => format!("{later}{reason}/{step}"),
            None => format!("{later}{reason}/{NO_STEP}"),
        }
    };
    let words: Vec<_> = entries.iter().map(word).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// Reads a trail back. Reasons of a later version are left out: nothing is decided by the trail.
pub(super) fn parse_trail(text: &str) -> Option<Vec<TrailEntry>> {
    let (mut second, mut step) = (0_i64, None);
    let mut entries = Vec::new();
    for word in text.split(' ') {
        let (later, said) = word.split_at(word.find(|c: char| c != '-' && !c.is_ascii_digit())?);
        second = second.checked_add(later.parse().ok()?)?;
        let (code, own) = said.split_once('/').map_or((said, None), |(code, own)| (code, Some(own)));
        let short = SHORT_REASONS.iter().find(|(_, letter)| *letter == code).map(|(reason, _)| *reason);
        let reason = short.or_else(|| Reason::parse(code));
        step = match own {
            Some(NO_STEP) => None,
            Some(own) => Some(StepIndex(own.parse().ok()?)),
            None => step.filter(|_| reason.is_some_and(|reason| FOLLOWERS.contains(&reason))),
        };
        let at = Timestamp::from_second(second).ok()?;
        entries.extend(reason.map(|reason| TrailEntry { at, reason, step }));
    }
    Some(entries)
}

/// The ledger, a line an entry: step, channel, state and attempt in one word, milliseconds after the first failure,
/// token, template and, if any, detail. Template and detail leave out what they share with the beginning of the one
/// before.
pub(super) fn ledger(outreach: &Outreach) -> Vec<String> {
    let mut before = Before::of(&outreach.playbook);
    let line = |entry: &Entry| {
        let mut line = format!(
            "{}{}{}{} {} {} {}",
            entry.step,
            channel_letter(entry.channel),
            state_letter(entry.state),
            entry.attempt,
            entry.at.as_millisecond() - outreach.anchor.as_millisecond(),
            entry.token,
            share(&mut before.template, entry.template.as_str()),
        );
        if let Some(detail) = &entry.detail {
            line.push(' ');
            line.push_str(&share(&mut before.detail, detail));
        }
        line
    };
    outreach.ledger.iter().map(line).collect()
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
    let mut fields = line.splitn(5, ' ');
    let mut field = || fields.next();
    let head = field()?;
    let (step, head) = head.split_at(head.find(|c: char| !c.is_ascii_digit())?);
    let (channel, head) = head.split_at_checked(1)?;
    let (state, attempt) = head.split_at_checked(1)?;
    Some(Entry {
        step: StepIndex(step.parse().ok()?),
        channel: parse_channel(channel)?,
        state: SendState::ALL.into_iter().find(|known| state_letter(*known) == state)?,
        attempt: attempt.parse().ok()?,
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

/// The letter of a channel.
pub(super) fn channel_letter(channel: Channel) -> &'static str {
    match channel {
        Channel::Whatsapp => "w",
        Channel::Sms => "s",
        Channel::Push => "p",
        Channel::Email => "e",
    }
}

/// Reads the letter of a channel back.
pub(super) fn parse_channel(letter: &str) -> Option<Channel> {
    Channel::ALL.into_iter().find(|channel| channel_letter(*channel) == letter)
}

/// What makes the messaging wait: the intent, until when in Unix milliseconds, `asked` or `-`, the reply's key in hex.
pub(super) fn frozen(frozen: Frozen) -> String {
    let asked = if frozen.asked { ASKED } else { NOTHING };
    let key = u64::from_be_bytes(frozen.reply.0);
    format!("{} {} {asked} {key:016x}", frozen.by, frozen.until.as_millisecond())
}

const ASKED: &str = "asked";

/// Reads what makes the messaging wait back.
pub(super) fn parse_frozen(text: &str) -> Option<Frozen> {
    let fields: Vec<&str> = text.split(' ').collect();
    let [by, until, asked, key] = fields.as_slice() else { return None };
    Some(Frozen {
        by: Intent::parse(by)?,
        until: parse_time(until)?,
        asked: match *asked {
            ASKED => true,
            NOTHING => false,
            _ => return None,
        },
        reply: EventKey(u64::from_str_radix(key, 16).ok()?.to_be_bytes()),
    })
}

/// An end that was told: the round and the state.
pub(super) fn told(told: Told) -> String {
    format!("{} {}", told.round, told.state.as_str())
}

/// Reads an end that was told back.
pub(super) fn parse_told(text: &str) -> Option<Told> {
    let (round, state) = text.split_once(' ')?;
    Some(Told { round: round.parse().ok()?, state: State::parse(state)? })
}

/// The letter of a state of the ledger.
fn state_letter(state: SendState) -> &'static str {
    match state {
        SendState::Claimed => "C",
        SendState::Retryable => "T",
        SendState::Sent => "S",
        SendState::Delivered => "D",
        SendState::Read => "R",
        SendState::Failed => "F",
        SendState::Dropped => "X",
        SendState::Unknown => "U",
    }
}
