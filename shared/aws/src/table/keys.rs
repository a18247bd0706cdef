//! The spelling of the table: keys, attribute names, expressions. No other file spells any of them.

use recoup_core::{Brand, CaseId, Obligation, RecipientId, Source};

/// An attribute as `infra/TABLE.md` lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute {
    /// The name in the item.
    pub name: &'static str,
    /// The DynamoDB type.
    pub kind: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

macro_rules! attributes {
    ($(#[doc = $about:literal])* $list:ident { $(#[doc = $meaning:literal] $name:ident = $text:literal $kind:ident,)* }) => {
        $(#[doc = $meaning] pub const $name: &str = $text;)*
        $(#[doc = $about])*
        pub const $list: &[Attribute] =
            &[$(Attribute { name: $text, kind: stringify!($kind), meaning: $meaning },)*];
    };
}

attributes! {
    /// The attributes that every item has.
    COMMON {
        /// Partition key: the kind of item, the brand, and what the item is about.
        PK = "pk" S,
        /// Sort key: always `s`, so that related items can join the partition later.
        SK = "sk" S,
        /// Schema version of the item; a reader refuses a newer one.
        SCHEMA = "sv" N,
        /// Counts the writes, from 1; what the next write must name.
        VERSION = "v" N,
        /// Token of the write that made the item what it is.
        TOKEN = "tok" S,
        /// Unix seconds after which DynamoDB may delete the item; absent: never. Nothing is decided by it.
        TTL = "ttl" N,
    }
}

attributes! {
    /// The attributes of a case.
    CASE {
        /// Where the case stands: open, disputed, recovered, voided, exhausted, suppressed. Derived from `mon` and `end`.
        STATE = "st" S,
        /// What was said about the money, a sum of bits: 1 paid, 2 voided, 4 uncollectible, 8 cancelled, 16 refunded, 32 disputed, 64 dispute won, 128 dispute lost, 256 checkout completed, 512 identity approved, 1024 identity refused for good. Absent: nothing.
        MONEY = "mon" N,
        /// Until when everything is settled: the newest recovery of a standing obligation, in Unix milliseconds.
        RECOVERED = "ru" N,
        /// Event keys, oldest first, eight bytes each: the dedupe set.
        SEEN = "ev" B,
        /// When the case ended, in Unix milliseconds.
        CLOSED = "cl" N,
        /// The end that the merchant's own systems were told of: the round and the state. Absent: none.
        TOLD = "td" S,
        /// The trail: the last decisions, oldest first. See "Packed text".
        TRAIL = "h" S,
        /// When the first failure was recorded, in Unix milliseconds. Absent together with all that follow: a tombstone.
        ANCHOR = "an" N,
        /// Playbook and its version, as `name@version`.
        PLAYBOOK = "pb" S,
        /// How often the messaging began anew. Absent: never.
        ROUND = "rd" N,
        /// When the newest of what the messages are about happened, by the source's clock, in Unix milliseconds.
        HAPPENED = "ha" N,
        /// The newest attempt of the processor.
        ATTEMPT = "att" N,
        /// When the processor tries again, in Unix milliseconds.
        RETRY = "nr" N,
        /// Why the attempt failed: soft, `new_method_needed`, `action_required`, hard.
        DECLINE = "dc" S,
        /// What was wrong with a check of identity.
        CAUSE = "ca" S,
        /// True: the buyer agreed to marketing in this checkout. Absent: no.
        AGREED = "ag" BOOL,
        /// What is owed, in minor units of `cu`.
        AMOUNT = "am" N,
        /// ISO 4217 code of `am`.
        CURRENCY = "cu" S,
        /// Payment page without its `https://`. Personal.
        LINK = "url" S,
        /// The number the buyer knows the debt by.
        NUMBER = "no" S,
        /// The processor's customer id.
        CUSTOMER = "cus" S,
        /// The buyer's phone number, E.164. Personal.
        PHONE = "ph" S,
        /// The buyer's e-mail address. Personal.
        EMAIL = "em" S,
        /// What a push service knows the merchant's app on the buyer's device by. Personal.
        PUSH_TOKEN = "pt" S,
        /// The buyer's name. Personal.
        NAME = "nm" S,
        /// The buyer's language, BCP 47.
        LOCALE = "lc" S,
        /// The buyer's IANA time zone.
        ZONE = "tz" S,
        /// Linked obligations, separated by spaces.
        LINKS = "lk" S,
        /// True: another obligation may report the same debt. Absent: no.
        UNLINKED = "un" BOOL,
        /// The ledger: one line for each step and channel, in the order of the claims. See "Packed text".
        LEDGER = "l" L,
        /// The step that comes next. Absent together with `na`, `nc`, `ng`: none.
        NEXT_STEP = "ns" N,
        /// When it comes, in Unix milliseconds.
        NEXT_AT = "na" N,
        /// The channel it goes by: `w` WhatsApp, `s` text message, `p` push, `e` e-mail.
        NEXT_CHANNEL = "nc" S,
        /// The generation of its timer.
        NEXT_GENERATION = "ng" N,
        /// What the buyer wrote that makes the messaging wait: the intent, until when in Unix milliseconds, `asked` or `-`, the reply's key in hex.
        FROZEN = "fz" S,
        /// Why the messaging ended without the money: an outcome. Absent: it did not.
        ENDED = "end" S,
        /// Trace of the request that opened the case.
        TRACE = "tr" S,
    }
}

attributes! {
    /// The attributes of a recipient.
    RECIPIENT {
        /// When the buyer asked for silence on everything, in Unix milliseconds.
        OPTED_OUT = "oo" N,
        /// When the buyer asked for no marketing, in Unix milliseconds.
        OPTED_OUT_MARKETING = "om" N,
        /// When a carrier stopped text messages, in Unix milliseconds.
        OPTED_OUT_SMS = "os" N,
        /// When mail to this address was stopped, because it came back for good or nobody wants any, in Unix milliseconds.
        OPTED_OUT_EMAIL = "oe" N,
        /// When the buyer agreed to marketing, in Unix milliseconds.
        CONSENT = "mc" N,
        /// When somebody wrote that the number is theirs and not the buyer's, in Unix milliseconds.
        WRONG_PERSON = "wp" N,
        /// Keys of the replies that were answered, oldest first, eight bytes each.
        ANSWERED = "ar" B,
        /// The last messages, oldest first. See "Packed text".
        TOUCHES = "to" L,
        /// The cases that message this buyer, oldest first. See "Packed text".
        CASES = "cs" L,
    }
}

attributes! {
    /// The attributes of a source's feed.
    FEED {
        /// When a success was last heard of, to the hour; before the first one, when somebody first looked. In Unix milliseconds.
        HEARD = "hs" N,
        /// The longest time between two successes that is remembered, in milliseconds. Absent: none.
        PAUSE = "lp" N,
        /// When that pause ended, in Unix milliseconds.
        PAUSED_AT = "la" N,
        /// When cases opened although nothing had been heard for too long, oldest first: texts of Unix milliseconds. Ten of them: the source's steps wait.
        OPENED = "op" L,
    }
}

attributes! {
    /// The attributes of a brand's standing with its providers.
    STANDING {
        /// What is not sent for a while, oldest first. See "Packed text".
        PAUSES = "ps" L,
        /// Templates that their provider counts as another category than ours: name, language, category.
        RECOUNTED = "rc" L,
        /// Steps by which marketing is lowered; each halves it. Absent: none.
        GOVERNOR_LEVEL = "gl" N,
        /// Buyers the provider would not send marketing to, since the level last changed. Absent: none.
        GOVERNOR_CAPPED = "gc" N,
        /// When the last bad news about marketing came, in Unix milliseconds. Absent: none.
        GOVERNOR_SINCE = "gs" N,
    }
}

/// The one sort key.
pub const SK_STATE: &str = "s";

/// The condition of a write that expects no item.
pub const IF_ABSENT: &str = "attribute_not_exists(pk)";

/// The condition of a write that expects the item in a version.
pub const IF_VERSION: &str = "v = :v";

/// The placeholder in [`IF_VERSION`].
pub const EXPECTED_VERSION: &str = ":v";

/// What the sweep's scan lets through: open cases, and case items so broken that they do not say.
pub const OPEN_CASES: &str = "begins_with(pk, :case) AND (attribute_not_exists(st) OR st = :open)";

/// The placeholder in [`OPEN_CASES`] for [`CASE_PREFIX`].
pub const CASE_KIND: &str = ":case";

/// The placeholder in [`OPEN_CASES`] for the state.
pub const OPEN_STATE: &str = ":open";

/// What the partition keys of cases begin with.
pub const CASE_PREFIX: &str = "c#";

const RECIPIENT_PREFIX: &str = "r#";

const FEED_PREFIX: &str = "f#";

const STANDING_PREFIX: &str = "p#";

/// The partition key of a case.
pub fn case(id: &CaseId) -> String {
    format!("{CASE_PREFIX}{}#{}#{}", id.brand, id.source, id.obligation)
}

/// Reads the partition key of a case back; `None` when it is not one.
pub fn parse_case(pk: &str) -> Option<CaseId> {
    let mut parts = pk.strip_prefix(CASE_PREFIX)?.splitn(3, '#');
    Some(CaseId {
        brand: Brand::parse(parts.next()?).ok()?,
        source: Source::parse(parts.next()?).ok()?,
        obligation: Obligation::parse(parts.next()?).ok()?,
    })
}

/// The partition key of a recipient.
pub fn recipient(brand: &Brand, id: &RecipientId) -> String {
    format!("{RECIPIENT_PREFIX}{brand}#{id}")
}

/// Reads the partition key of a recipient back; `None` when it is not one.
pub fn parse_recipient(pk: &str) -> Option<(Brand, RecipientId)> {
    let (brand, id) = pk.strip_prefix(RECIPIENT_PREFIX)?.split_once('#')?;
    Some((Brand::parse(brand).ok()?, RecipientId::parse(id).ok()?))
}

/// The partition key of a source's feed.
pub fn feed(brand: &Brand, source: &Source) -> String {
    format!("{FEED_PREFIX}{brand}#{source}")
}

/// Reads the partition key of a feed back; `None` when it is not one.
pub fn parse_feed(pk: &str) -> Option<(Brand, Source)> {
    let (brand, source) = pk.strip_prefix(FEED_PREFIX)?.split_once('#')?;
    Some((Brand::parse(brand).ok()?, Source::parse(source).ok()?))
}

/// The partition key of a brand's standing with its providers.
pub fn standing(brand: &Brand) -> String {
    format!("{STANDING_PREFIX}{brand}")
}

/// Reads the partition key of a standing back; `None` when it is not one.
pub fn parse_standing(pk: &str) -> Option<Brand> {
    Brand::parse(pk.strip_prefix(STANDING_PREFIX)?).ok()
}
