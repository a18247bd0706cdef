//! Cases and recipients of every shape.

use jiff::{SignedDuration, Timestamp};
use recoup_core::{
    Brand, BuyerFacts, Case, CaseId, Category, Channel, Currency, CustomerId, DeclineClass, Email, Entry,
    EventKey, Fact, Feed, Frozen, Governor, Intent, KnownCase, KycCause, Link, Matter, Money, Name, Next,
    Obligation, Outcome, Outreach, Pause, Paused, PersonName, Phone, PushToken, Reason, Recipient,
    RecipientId, Recounted, Secret, SendState, Settlement, Source, Standing, State, StepIndex, Token, Told,
    Touch, TrailEntry,
};

/// 2026-11-02 16:15:30.412 UTC: a morning on both coasts of America.
pub(crate) const START: i64 = 1_793_636_130_412;

/// The bits of a case's shape that [`case`] knows.
pub(crate) const CASE_BITS: u32 = 25;

/// The bits of a recipient's shape that [`recipient`] knows.
pub(crate) const RECIPIENT_BITS: u32 = 10;

pub(crate) fn at(millisecond: i64) -> Timestamp {
    Timestamp::from_millisecond(millisecond).expect("in range")
}

/// A token as long as those of a deployment.
pub(crate) fn token(number: u64) -> Token {
    Token::parse(&format!("{number:024x}")).expect("well formed")
}

pub(crate) fn brand(name: &str) -> Brand {
    Brand::parse(name).expect("well formed")
}

pub(crate) fn case_id(obligation: &str) -> CaseId {
    CaseId {
        brand: brand("main"),
        source: Source::parse("stripe").expect("well formed"),
        obligation: Obligation::parse(obligation).expect("well formed"),
    }
}

pub(crate) fn recipient_id(phone: &str) -> RecipientId {
    let pepper = Secret::parse("a pepper for tests").expect("fit");
    RecipientId::of(&pepper, &Phone::parse(phone).expect("well formed"))
}

fn name(text: &str) -> Name {
    Name::parse(text).expect("well formed")
}

pub(crate) fn obligation(text: &str) -> Obligation {
    Obligation::parse(text).expect("well formed")
}

pub(crate) fn usd(minor: i64) -> Money {
    Money { minor, currency: Currency::parse("USD").expect("known") }
}

/// Bits of a number, taken from the lowest up.
struct Bits(u32);

impl Bits {
    fn take(&mut self) -> bool {
        let bit = self.0 & 1 == 1;
        self.0 >>= 1;
        bit
    }

    fn some<T>(&mut self, value: T) -> Option<T> {
        self.take().then_some(value)
    }

    fn list<T>(&mut self, values: Vec<T>) -> Vec<T> {
        if self.take() { values } else { Vec::new() }
    }
}

/// A case in which every bit of the shape decides about one optional part.
pub(crate) fn case(id: CaseId, shape: u32) -> Case {
    let mut bits = Bits(shape);
    let settlements = [Fact::Paid, Fact::DisputeOpened, Fact::Voided, Fact::SubscriptionCancelled];
    let fact = &settlements[shape.count_ones() as usize % settlements.len()];
    let with_dunning = bits.take();
    let mut case = Case {
        settlement: bits.some(Settlement::of(fact)).unwrap_or_default(),
        recovered_until: bits.some(at(START + 864_000_000)),
        seen: bits.list((0..24).map(|key| EventKey([key, 1, 2, 3, 4, 5, 6, 255])).collect()),
        trail: bits.list(every_reason()),
        closed_at: bits.some(at(START + 864_000_001)),
        told: bits.some(Told { round: 2, state: State::Closed(Outcome::Recovered) }),
        ..Case::new(id)
    };
    if with_dunning {
        case.outreach = Some(outreach(&mut bits));
    }
    case
}

fn outreach(bits: &mut Bits) -> Outreach {
    let matter = Matter {
        happened_at: bits.some(at(START - 1)),
        cause: bits.some(KycCause::NotOriginal),
        agreed: bits.take(),
        attempt: 3,
        next_retry: bits.some(at(START + 259_200_000)),
        decline: bits.some(DeclineClass::NewMethodNeeded),
        amount: bits.some(Money { minor: -1, currency: Currency::parse("KWD").expect("known") }),
        pay_link: bits.some(Link::parse("https://invoice.stripe.com/i/acct_1?s=ap").expect("plain")),
        number: bits.some(PersonName::clean("ABCD-0001").expect("fit")),
        buyer: BuyerFacts {
            push: bits.some(PushToken::parse("bk3RNwTe3H0:CI2k_HHwgIpoDKCIZvvDMExUdFQ3P1").expect("fit")),
            customer: bits.some(CustomerId::parse("cus_1").expect("well formed")),
            phone: bits.some(Phone::parse("+14155550123").expect("well formed")),
            email: bits.some(Email::parse("ana@example.com").expect("well formed")),
            name: bits.some(PersonName::clean("José 🎉").expect("fit")),
            locale: bits.some("pt-BR".to_owned()),
            zone: bits.some("America/Sao_Paulo".to_owned()),
        },
        links: bits.list(vec![obligation("pi_1"), obligation("sub_1")]),
        unlinked: bits.take(),
    };
    let ledger = bits.list(every_send());
    let details = bits.take();
    let mut outreach = Outreach {
        frozen: bits.some(Frozen {
            by: Intent::PaidAlready,
            until: at(START + 259_200_000),
            reply: EventKey([0, 1, 2, 3, 4, 5, 6, 7]),
            asked: true,
        }),
        round: bits.some(2).unwrap_or_default(),
        anchor: at(START),
        playbook: name("payment_failed"),
        version: "0a1b2c3d".to_owned(),
        matter,
        ledger,
        next: bits.some(Next {
            step: StepIndex(1),
            at: at(START + 1),
            channel: Channel::Sms,
            generation: u32::MAX,
        }),
        ended: bits.some(Outcome::Exhausted),
        trace: bits.some("Root=1-67891233-abcdef012345678912345678".to_owned()),
    };
    if !details {
        outreach.ledger.iter_mut().for_each(|entry| entry.detail = None);
    }
    outreach
}

/// An entry for every state on every channel, some before the first failure, as skewed clocks make them.
fn every_send() -> Vec<Entry> {
    let channels = [Channel::Whatsapp, Channel::Sms];
    let sends = SendState::ALL.iter().flat_map(|state| channels.map(|channel| (*state, channel)));
    let details =
        [Some("wamid.HBgL0001"), Some("wamid.HBgL0002"), None, Some(""), Some("é + ü"), Some("é + u")];
    let templates = ["payment_failed_first", "payment_failed", "account_suspended", "a"];
    let entry = |(index, (state, channel)): (usize, (SendState, Channel))| Entry {
        step: StepIndex(u8::try_from(index / 2).expect("small")),
        channel,
        state,
        token: token(index as u64),
        attempt: u8::try_from(index * 17).expect("small"),
        at: at(START - 1_500 + 70_000_123 * i64::try_from(index).expect("small")),
        template: name(templates[index % templates.len()]),
        detail: details[index % details.len()].map(str::to_owned),
    };
    sends.enumerate().map(entry).collect()
}

fn every_reason() -> Vec<TrailEntry> {
    let entry = |(index, reason): (usize, &Reason)| TrailEntry {
        at: at(START / 1_000 * 1_000 + [7, -3, 0][index % 3] * 1_000 * i64::try_from(index).expect("small")),
        reason: *reason,
        step: (index % 2 == 0).then_some(StepIndex(u8::try_from(index).expect("small"))),
    };
    Reason::ALL.iter().enumerate().map(entry).collect()
}

/// The bits of a feed's shape that [`feed`] knows.
pub(crate) const FEED_BITS: u32 = 3;

/// A feed in which every bit of the shape decides about one optional part.
pub(crate) fn feed(shape: u32) -> Feed {
    let mut bits = Bits(shape);
    Feed {
        source: Source::parse("stripe").expect("well formed"),
        heard: at(START),
        pause: bits.some(SignedDuration::from_millis(187_200_007)).unwrap_or_default(),
        paused_at: bits.some(at(START - 1)),
        opened: bits.list(vec![at(START + 172_800_000), at(START + 172_800_001)]),
    }
}

/// The bits of a standing's shape that [`standing`] knows.
pub(crate) const STANDING_BITS: u32 = 5;

/// A standing in which every bit of the shape decides about one optional part.
pub(crate) fn standing(shape: u32) -> Standing {
    let mut bits = Bits(shape);
    let pause = |what| Pause { what, until: at(START + 21_600_000), code: "132015".to_owned() };
    Standing {
        pauses: bits.list(vec![
            pause(Paused::Channel(Channel::Sms)),
            pause(Paused::Marketing(Channel::Whatsapp)),
            pause(Paused::Template(name("win_back_offer"), "pt_BR".to_owned())),
            pause(Paused::Country(Channel::Push, "44".to_owned())),
        ]),
        recounted: bits.list(vec![
            Recounted {
                template: name("payment_failed_first"),
                language: "en".to_owned(),
                category: Category::Marketing,
            },
            Recounted { template: name("a"), language: "es".to_owned(), category: Category::Utility },
        ]),
        governor: Governor {
            level: bits.some(3).unwrap_or_default(),
            capped: bits.some(19).unwrap_or_default(),
            since: bits.some(at(START)),
        },
    }
}

/// A recipient in which every bit of the shape decides about one optional part.
pub(crate) fn recipient(id: RecipientId, shape: u32) -> Recipient {
    let mut bits = Bits(shape);
    let (amount, unlinked) = (bits.some(usd(i64::MIN)), bits.take());
    Recipient {
        id,
        opted_out: bits.some(at(START + 1)),
        opted_out_marketing: bits.some(at(START + 2)),
        opted_out_sms: bits.some(at(START + 3)),
        opted_out_email: bits.some(at(START + 7)),
        marketing_consent: bits.some(at(START - 4)),
        touches: bits.list(vec![
            Touch {
                at: at(START),
                lane: name("payment_failed"),
                case: case_id("in_1"),
                step: StepIndex(0),
            };
            12
        ]),
        wrong_person: bits.some(at(START + 6)),
        answered: bits.list(vec![EventKey([255, 1, 2, 3, 4, 5, 6, 0]), EventKey([0; 8])]),
        cases: bits.list(vec![
            KnownCase { id: case_id("in_1"), opened_at: at(START + 5), amount, unlinked },
            KnownCase { id: case_id("pi_1"), opened_at: at(-1), amount: None, unlinked: !unlinked },
        ]),
    }
}
