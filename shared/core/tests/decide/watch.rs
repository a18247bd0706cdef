//! What must hold in every scene, whatever a test is about: checked at every decision, every write and every send.

use jiff::Timestamp;
use recoup_core::{
    Address, Alias, Case, Category, Channel, Decision, Effect, Entry, Reason, SendState, State,
};

use crate::scene::{Scene, Sent};

/// How many trail entries and event keys an item keeps.
const TRAIL: usize = 16;
const SEEN: usize = 24;

/// A decision is consistent with itself.
pub(crate) fn decided(decision: &Decision, before: Option<&Case>) {
    let sends = decision.effects.iter().filter(|effect| matches!(effect, Effect::Send(_))).count();
    assert!(sends <= 1, "one decision hands out one message at most");
    let claims = matches!(decision.reason, Reason::Claimed | Reason::ReplyAnswered);
    assert!(sends == 0 || claims, "a claim sends, and nothing else does");
    assert!(sends == 1 || decision.reason != Reason::Claimed, "a claim sends");
    let stored = decision.case.is_some() || decision.recipient.is_some();
    assert!(sends == 0 || stored, "a claim is stored");
    let Some(after) = decision.case.as_ref().or(before) else { return };
    let of_a_closed_case = |effect: &Effect| match effect {
        Effect::Disarm { .. }
        | Effect::Tell(_)
        | Effect::HandOff(_)
        | Effect::Heed(_)
        | Effect::Answer { .. } => true,
        Effect::Park => matches!(decision.reason, Reason::Malformed | Reason::UnknownCase),
        Effect::Silence { .. } => {
            decision.recipient.is_some() || matches!(decision.reason, Reason::Duplicate | Reason::Distress)
        }
        Effect::Send(_) => decision.reason == Reason::ReplyAnswered,
        Effect::Arm(_) | Effect::Redeliver { .. } => false,
    };
    let fits = after.is_open() || decision.effects.iter().all(of_a_closed_case);
    assert!(fits, "a case that is over owes nothing: {:?}", decision.effects);
}

/// A write moves a case along its state machine.
pub(crate) fn written(before: Option<&Case>, after: &Case, reason: Reason) {
    assert!(after.trail.len() <= TRAIL && after.seen.len() <= SEEN, "items stay small");
    assert!(after.is_open() || after.closed_at.is_some(), "an end has a time");
    assert!(after.is_open() || after.outreach.as_ref().is_none_or(|outreach| outreach.next.is_none()));
    let Some(before) = before else { return };
    let recovered = before.recovered_until.is_some() && before.settlement.is_empty();
    let round = |case: &Case| case.outreach.as_ref().map(|outreach| outreach.round);
    let anew = recovered && round(before) != round(after) && reason == Reason::Opened;
    assert!(before.is_open() || !after.is_open() || anew, "what is over reopens only where it had recovered");
    let closed_twice = before.closed_at.is_some() && before.closed_at != after.closed_at;
    assert!(!closed_twice || anew, "the first end keeps its time");
    let (Some(old), Some(new)) = (&before.outreach, &after.outreach) else { return };
    if old.round != new.round {
        let other_lane = old.playbook != new.playbook && old.ledger.is_empty() && reason == Reason::Opened;
        let next = new.round == old.round + 1 && new.ledger.is_empty();
        assert!((anew || other_lane) && next, "a round begins anew");
        return;
    }
    let cart_moved = reason == Reason::Moved && old.ledger.is_empty();
    assert!(
        old.anchor == new.anchor || cart_moved,
        "days are counted from where they were, unless a cart moves"
    );
    assert_eq!(old.version, new.version, "what was pinned stays pinned");
    assert!(old.ended.is_none() || old.ended == new.ended);
    if let (Some(old), Some(new)) = (old.next, new.next) {
        assert!(new.generation >= old.generation, "a generation never falls");
        assert!(new == old || new.generation > old.generation, "a new plan has a new generation");
    }
    assert!(new.ledger.len() <= 8, "at most two channels for each of four steps");
    for entry in &old.ledger {
        let later = new.entry(entry.step, entry.channel).expect("an entry is never forgotten");
        moved(entry, later);
    }
    let changed = old.ledger != new.ledger || old.next != new.next || before.state() != after.state();
    let told = after.trail.last().map(|entry| entry.reason);
    assert!(!changed || told == Some(reason), "what changes a case is told in its trail: {reason:?}");
}

fn moved(from: &Entry, to: &Entry) {
    use SendState::{Claimed, Delivered, Dropped, Failed, Read, Retryable, Sent, Unknown};
    if from.token != to.token {
        assert_eq!(
            (from.state, to.state),
            (Retryable, Claimed),
            "only what certainly did not go is claimed again"
        );
        return;
    }
    let reachable: &[SendState] = match from.state {
        Claimed => &[Sent, Delivered, Read, Retryable, Failed, Dropped, Unknown],
        Retryable | Unknown => &[Sent, Delivered, Read, Failed, Dropped],
        Sent => &[Delivered, Read, Failed, Dropped],
        Failed => &[Delivered, Read, Dropped],
        Dropped => &[Delivered, Read],
        Delivered => &[Read],
        Read => &[],
    };
    let legal = from.state == to.state || reachable.contains(&to.state);
    assert!(legal, "no such move: {} to {}", from.state.as_str(), to.state.as_str());
}

/// A message may leave now, as far as the whole history of the scene tells.
pub(crate) fn sending(scene: &Scene, sent: &Sent) {
    let about = &sent.message.correlation;
    let case = &scene.cases.get(&about.case).expect("claimed").item;
    assert_eq!(case.state(), State::Open, "nothing goes after the end");
    let known = case.outreach.as_ref().and_then(|outreach| outreach.matter.buyer.phone.as_ref());
    let name = match &sent.message.to {
        Address::Email(mailbox) => Alias::Email(mailbox),
        Address::Phone(phone) => Alias::Phone(phone),
        Address::Push(_) | Address::WhatsappUser(_) => {
            Alias::Phone(known.expect("the buyers of these tests have numbers"))
        }
    };
    let buyer = scene.buyers.get(&Scene::known_as(&name)).map(|known| &known.item).expect("reserved");
    assert!(buyer.opted_out.is_none(), "nothing goes to who asked for silence");
    let by_text = about.channel == Channel::Sms;
    assert!(!by_text || buyer.opted_out_sms.is_none(), "no text message goes to who stopped them");
    let by_mail = about.channel == Channel::Email;
    assert!(!by_mail || buyer.opted_out_email.is_none(), "no letter goes to a mailbox that takes none");
    let sells = sent.message.category == Category::Marketing;
    let in_checkout = case.outreach.as_ref().is_some_and(|outreach| outreach.matter.agreed);
    let agreed = buyer.allows_marketing() || in_checkout && buyer.opted_out_marketing.is_none();
    assert!(!sells || agreed, "no offer goes to who did not agree");
    let outreach = case.outreach.as_ref().expect("opened");
    let this_round = |other: &&Sent| {
        other.message.correlation.case == about.case
            && other.at >= outreach.anchor
            && other.template != "answer"
    };
    for earlier in scene.sends.iter().filter(this_round) {
        let other = &earlier.message.correlation;
        assert!(other.step != about.step || earlier.failed, "nobody gets one step twice");
        assert!(other.step <= about.step, "no step goes after a later one");
    }
    let local = scene.now.to_zoned(outreach.zones().calendar());
    let awake = scene.policy.window.is_none() || (9..20).contains(&local.hour());
    assert!(awake, "nothing goes in quiet hours: {local}");
    let near = |retry: &Timestamp| {
        let ahead = retry.duration_since(scene.now);
        ahead.is_positive() && ahead <= scene.policy.retry_hold
    };
    assert!(!outreach.matter.next_retry.as_ref().is_some_and(near), "nothing goes shortly before a retry");
    let times = match outreach.playbook.as_str() {
        "payment_failed" => [(0, 36), (3, 48), (7, 72), (14, 72)],
        "cart_abandoned" | "kyc_rejected" => [(0, 11), (1, 23), (3, 48), (0, 0)],
        "order_payment_failed" => [(0, 12), (0, 12), (0, 26), (0, 0)],
        "win_back" => [(0, 72), (0, 0), (0, 0), (0, 0)],
        other => panic!("no such playbook: {other}"),
    };
    let (day, lives) = times[usize::from(about.step.0)];
    let age = scene.now.duration_since(outreach.anchor).as_hours();
    let put_off = outreach.frozen.is_some();
    let late = age > day * 24 + lives + 1 && !put_off;
    assert!(
        age >= day * 24 - 1 && !late,
        "no step goes early, or after its expiry unless the buyer put it off"
    );
}
