//! What is written is read back.

use jiff::Timestamp;
use proptest::prelude::*;
use recoup_app::ports::Versioned;
use recoup_aws::table::items::{
    Item, decode_case, decode_feed, decode_recipient, decode_standing, encode_case, encode_feed,
    encode_recipient, encode_standing, token_of,
};
use recoup_aws::table::keys::{self, Attribute};
use recoup_core::{
    BuyerFacts, Case, CaseId, Channel, Currency, Entry, Matter, Money, Name, Next, Outcome, Outreach,
    PersonName, Phone, Reason, SendState, Settlement, State, StepIndex, TrailEntry,
};

use crate::sample::{self, at, brand, case_id, recipient_id, token};
use crate::{json, run, size};

/// Shapes enough that every two optional parts meet each other present, absent, and one without the other.
fn shapes() -> impl Iterator<Item = u32> {
    let bits = sample::CASE_BITS;
    let pairs = (0..bits).flat_map(move |one| (0..bits).map(move |other| 1_u32 << one | 1 << other));
    let spread = (0..4_096_u32).map(move |number| number.wrapping_mul(2_654_435_761) >> (32 - bits));
    pairs.clone().chain(pairs.map(|shape| !shape)).chain(spread)
}

fn assert_documented(item: &Item, own: &[Attribute]) {
    for (name, value) in item {
        let listed = keys::COMMON.iter().chain(own).find(|attribute| attribute.name == name);
        let kind = listed.unwrap_or_else(|| panic!("{name} is not listed")).kind;
        assert!(json::show(value).get(kind).is_some(), "{name} is not a {kind}");
    }
}

#[test]
fn every_shape_of_a_case_survives_and_every_attribute_is_documented() {
    for shape in shapes() {
        let case = sample::case(case_id("in_1"), shape);
        let item = encode_case(&case, 3, &token(9));
        assert_documented(&item, keys::CASE);
        assert_eq!(token_of(&item), Some(token(9).as_str()));
        assert_eq!(item[keys::STATE].as_s().map(String::as_str), Ok(case.state().as_str()));
        assert_eq!(decode_case(&item), Ok(Versioned { item: case, version: 3 }), "{shape:b}");
    }
}

#[test]
fn every_shape_of_a_recipient_survives_and_every_attribute_is_documented() {
    for shape in 0..1 << sample::RECIPIENT_BITS {
        let buyer = sample::recipient(recipient_id("+14155550123"), shape);
        let item = encode_recipient(&brand("main"), &buyer, 3, &token(9));
        assert_documented(&item, keys::RECIPIENT);
        assert_eq!(decode_recipient(&item), Ok(Versioned { item: buyer, version: 3 }), "{shape:b}");
    }
}

#[test]
fn every_shape_of_a_feed_survives_and_every_attribute_is_documented() {
    for shape in 0..1 << sample::FEED_BITS {
        let feed = sample::feed(shape);
        let item = encode_feed(&brand("main"), &feed, 3, &token(9));
        assert_documented(&item, keys::FEED);
        assert_eq!(decode_feed(&item), Ok(Versioned { item: feed, version: 3 }), "{shape:b}");
    }
    for shape in 0..1 << sample::STANDING_BITS {
        let standing = sample::standing(shape);
        let item = encode_standing(&brand("main"), &standing, 3, &token(9));
        assert_eq!(decode_standing(&item), Ok(Versioned { item: standing, version: 3 }), "{shape:b}");
    }
}

#[test]
fn the_state_shown_is_the_state_decided_by() {
    for (settlement, ended, shown) in [
        (0, None, "open"),
        (1, None, "recovered"),
        (2, None, "voided"),
        (32, None, "disputed"),
        (0, Some(Outcome::Exhausted), "exhausted"),
        (0, Some(Outcome::Suppressed), "suppressed"),
        (1, Some(Outcome::Suppressed), "recovered"),
    ] {
        let mut case = sample::case(case_id("in_1"), 1);
        case.settlement = Settlement::from_bits(settlement);
        case.outreach.as_mut().expect("in the shape").ended = ended;
        let item = encode_case(&case, 1, &token(1));
        assert_eq!(item[keys::STATE].as_s().map(String::as_str), Ok(shown));
        assert_eq!(decode_case(&item).map(|known| known.item.state()), Ok(case.state()));
        assert_eq!(shown == State::Open.as_str(), case.is_open());
    }
}

#[test]
fn a_real_run_survives_but_for_what_is_finer_than_stored() {
    let run = run::run(token);
    for case in [run.opened, run.sent, run.tombstone] {
        let mut coarse = case.clone();
        for entry in &mut coarse.trail {
            entry.at = Timestamp::from_second(entry.at.as_second()).expect("in range");
        }
        let known = decode_case(&encode_case(&case, 1, &token(1))).expect("readable").item;
        assert_eq!(known, coarse, "the trail is kept to the second, all else to the millisecond");
        assert!(!known.trail.is_empty());
    }
}

#[test]
fn i13_keys_read_back_and_never_meet() {
    let same = |brand: &str| CaseId { brand: sample::brand(brand), ..case_id("in_1") };
    assert_eq!(keys::case(&same("main")), "c#main#stripe#in_1");
    assert_ne!(keys::case(&same("main")), keys::case(&same("other")));
    assert_eq!(keys::parse_case(&keys::case(&same("other"))), Some(same("other")));
    let id = recipient_id("+14155550123");
    assert_eq!(keys::recipient(&brand("main"), &id), format!("r#main#{id}"));
    assert_eq!(keys::parse_recipient(&keys::recipient(&brand("a"), &id)), Some((brand("a"), id.clone())));
    assert_eq!(keys::parse_case(&keys::recipient(&brand("main"), &id)), None);
    assert_eq!(keys::parse_recipient(&keys::case(&same("main"))), None);
    let source = sample::feed(0).source;
    assert_eq!(keys::feed(&brand("main"), &source), "f#main#stripe");
    assert_eq!(keys::parse_feed(&keys::feed(&brand("a"), &source)), Some((brand("a"), source.clone())));
    assert_eq!(keys::parse_feed(&keys::recipient(&brand("main"), &id)), None);
    for foreign in
        ["", "c#", "c#main", "c#main#stripe", "c#main#stripe#", "c#main#stripe#a#b", "x#main#stripe#a"]
    {
        assert_eq!(keys::parse_case(foreign), None, "{foreign}");
    }
}

prop_compose! {
    fn instant()(millisecond in -62_000_000_000_000_i64..250_000_000_000_000) -> Timestamp {
        at(millisecond)
    }
}

prop_compose! {
    fn entry()(
        step in any::<u8>(),
        sms in any::<bool>(),
        state in prop::sample::select(SendState::ALL.to_vec()),
        attempt in any::<u8>(),
        at in instant(),
        token in "[A-Za-z0-9]{1,32}",
        template in "[a-z0-9_]{1,64}",
        detail in any::<Option<String>>(),
    ) -> Entry {
        Entry {
            step: StepIndex(step),
            channel: if sms { Channel::Sms } else { Channel::Whatsapp },
            state,
            token: recoup_core::Token::parse(&token).expect("well formed"),
            attempt,
            at,
            template: Name::parse(&template).expect("well formed"),
            detail,
        }
    }
}

prop_compose! {
    fn matter()(
        attempt in any::<u32>(),
        happened_at in prop::option::of(instant()),
        agreed in any::<bool>(),
        minor in any::<Option<i64>>(),
        next_retry in prop::option::of(instant()),
        number in any::<String>(),
        name in any::<String>(),
        locale in any::<Option<String>>(),
        zone in any::<Option<String>>(),
    ) -> Matter {
        let currency = Currency::parse("JPY").expect("known");
        Matter {
            happened_at,
            agreed,
            attempt,
            next_retry,
            amount: minor.map(|minor| Money { minor, currency }),
            number: PersonName::clean(&number),
            buyer: BuyerFacts { name: PersonName::clean(&name), locale, zone, ..BuyerFacts::default() },
            ..Matter::default()
        }
    }
}

prop_compose! {
    fn any_case()(
        anchor in instant(),
        round in any::<u16>(),
        recovered_until in prop::option::of(instant()),
        matter in matter(),
        ledger in prop::collection::vec(entry(), 0..6),
        version in any::<String>(),
        trace in any::<Option<String>>(),
        next in prop::option::of((any::<u8>(), instant(), any::<u32>())),
        money in any::<u16>(),
        trail in prop::collection::vec((-1_000_000_000_i64..10_000_000_000, any::<u8>(), any::<Option<u8>>()), 0..16),
    ) -> Case {
        let reason = |number: u8| Reason::ALL[usize::from(number) % Reason::ALL.len()];
        let entry = |(second, number, step): (i64, u8, Option<u8>)| TrailEntry {
            at: at(second * 1_000),
            reason: reason(number),
            step: step.map(StepIndex),
        };
        let next = next.map(|(step, at, generation)| {
            Next { step: StepIndex(step), at, channel: Channel::Whatsapp, generation }
        });
        let playbook = Name::parse("payment_failed").expect("well formed");
        let outreach =
            Outreach { round, anchor, playbook, version, matter, ledger, next, frozen: None, ended: None, trace };
        Case {
            settlement: Settlement::from_bits(money),
            recovered_until,
            outreach: Some(outreach),
            trail: trail.into_iter().map(entry).collect(),
            ..Case::new(case_id("in_1"))
        }
    }
}

proptest! {
    #[test]
    fn any_values_survive(case in any_case(), version in any::<u64>()) {
        let item = encode_case(&case, version, &token(1));
        prop_assert!(size::of(&item) > 0);
        prop_assert_eq!(decode_case(&item), Ok(Versioned { item: case, version }));
    }
}

/// Items that earlier builds wrote. They stay readable for the longest playbook plus 60 days after the last build that
/// wrote them; `kept.json` grows with each change of the format and nothing in it is rewritten.
#[test]
fn f10_items_of_earlier_builds_stay_readable() {
    let kept: serde_json::Value = serde_json::from_str(include_str!("kept.json")).expect("JSON");
    let item = |name: &str| json::read(kept[name].as_object().expect("an item"));
    let case = |name: &str| decode_case(&item(name)).expect("readable");

    let opened = case("case v1, opened");
    assert_eq!((opened.version, opened.item.state(), opened.item.seen.len()), (1, State::Open, 1));
    let outreach = opened.item.outreach.expect("in the item");
    assert_eq!((outreach.anchor, outreach.playbook.as_str()), (at(sample::START), "payment_failed"));
    assert_eq!(outreach.version, "4d30dc3f");
    let next = Next {
        step: StepIndex(0),
        at: at(sample::START + 120_000),
        channel: Channel::Whatsapp,
        generation: 1,
    };
    assert_eq!(outreach.next, Some(next));
    assert_eq!(outreach.matter.buyer.phone.as_ref().map(Phone::expose), Some("+14155550123"));
    assert_eq!(outreach.matter.amount.map(|amount| amount.to_string()).as_deref(), Some("49.00 USD"));
    assert!(outreach.matter.pay_link.is_some_and(|link| link.expose().ends_with("?s=ap")));
    assert_eq!(outreach.matter.links.len(), 2);

    let sent = case("case v1, after 4 messages").item;
    let trail: Vec<_> = sent.trail.iter().rev().take(5).map(|entry| (entry.reason, entry.step)).collect();
    let last = Some(StepIndex(3));
    let reasons = [Reason::Read, Reason::Delivered, Reason::Sent, Reason::Claimed, Reason::Cap];
    assert_eq!(trail, reasons.map(|reason| (reason, last)));
    let ledger = sent.outreach.expect("in the item").ledger;
    let templates: Vec<_> = ledger.iter().map(|entry| entry.template.as_str()).collect();
    let named =
        ["payment_failed_first", "payment_failed_second", "payment_failed_final", "account_suspended"];
    assert_eq!(templates, named);
    assert!(ledger.iter().all(|entry| entry.state == SendState::Read && entry.attempt == 1));
    let id = "wamid.HBgLMTQxNTU1NTAxMjMVAgARGBIBMjc0RkQ5MDIxRUNBODBFNjkA";
    assert_eq!(ledger[3].detail.as_deref(), Some(id));
    assert_eq!(ledger[3].at, at(sample::START + 1_211_105_813));

    let tombstone = case("case v1, tombstone").item;
    assert_eq!(tombstone.state(), State::Closed(Outcome::Recovered));
    assert_eq!((tombstone.closed_at, tombstone.outreach), (Some(at(sample::START)), None));

    let buyer = decode_recipient(&item("recipient v1")).expect("readable").item;
    assert_eq!((buyer.touches.len(), buyer.cases.len()), (4, 1));
    assert_eq!(buyer.cases[0].amount.map(|amount| amount.minor), Some(4_900));
}
