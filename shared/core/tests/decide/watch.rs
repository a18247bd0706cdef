//! What must hold in every scene, whatever a test is about: checked at every decision, every write and every send.

use jiff::Timestamp;
use recoup_core::{Case, Category, Channel, Decision, Effect, Entry, Reason, SendState, State};

use crate::scene::{Scene, Sent};

/// How many trail entries and event keys an item keeps.
const TRAIL: usize = 16;
const SEEN: usize = 24;

/// A decision is consistent with itself.
pub(crate) fn decided(decision: &Decision, before: Option<&Case>) {
    let sends = decision.effects.iter().filter(|effect| matches!(effect, Effect::Send(_))).count();
    assert!(sends <= 1, "one decision hands out one message at most");
    assert_eq!(sends == 1, decision.reason == Reason::Claimed, "a claim sends, and nothing else does");
    assert!(sends == 0 || decision.case.is_some(), "a claim is stored");
    let Some(after) = decision.case.as_ref().or(before) else { return };
    let of_a_closed_case = |effect: &Effect| match effect {
        Effect::Disarm { .. } => true,
        Effect::Park => matches!(decision.reason, Reason::Malformed | Reason::UnknownCase),
        Effect::Silence { .. } => decision.recipient.is_some() || decision.reason == Reason::Duplicate,
        Effect::Arm(_) | Effect::Send(_) | Effect::Redeliver { .. } => false,
    };
    let fits = after.is_open() || decision.effects.iter().all(of_a_closed_case);
    assert!(fits, "a case that is over owes nothing: {:?}", decision.effects);
}

/// A write moves a case along its state machine.
pub(crate) fn written(before: Option<&Case>, after: &Case, reason: Reason) {
    assert!(after.trail.len() <= TRAIL && after.seen.len() <= SEEN, "items stay small");
    assert!(after.is_open() || after.closed_at.is_some(), "an end has a time");
    assert!(after.is_open() || after.dunning.as_ref().is_none_or(|dunning| dunning.next.is_none()));
    let Some(before) = before else { return };
    assert!(before.is_open() || !after.is_open(), "what is over never reopens");
    let closed_twice = before.closed_at.is_some() && before.closed_at != after.closed_at;
    assert!(!closed_twice, "the first end keeps its time");
    let (Some(old), Some(new)) = (&before.dunning, &after.dunning) else { return };
    assert_eq!((old.anchor, &old.version), (new.anchor, &new.version), "what was pinned stays pinned");
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
    let buyer = Scene::buyer_id(sent.message.to.expose());
    let buyer = &scene.buyers.get(&buyer).expect("reserved").item;
    assert!(buyer.opted_out.is_none(), "nothing goes to who asked for silence");
    let by_text = about.channel == Channel::Sms;
    assert!(!by_text || buyer.opted_out_sms.is_none(), "no text message goes to who stopped them");
    let sells = sent.message.category == Category::Marketing;
    assert!(!sells || buyer.allows_marketing(), "no offer goes to who did not agree");
    for earlier in scene.sends.iter().filter(|other| other.message.correlation.case == about.case) {
        let other = &earlier.message.correlation;
        assert!(other.step != about.step || earlier.failed, "nobody gets one step twice");
        assert!(other.step <= about.step, "no step goes after a later one");
    }
    let dunning = case.dunning.as_ref().expect("opened");
    let local = scene.now.to_zoned(dunning.zones().calendar());
    let awake = scene.policy.window.is_none() || (9..20).contains(&local.hour());
    assert!(awake, "nothing goes in quiet hours: {local}");
    let near = |retry: &Timestamp| {
        let ahead = retry.duration_since(scene.now);
        ahead.is_positive() && ahead <= scene.policy.retry_hold
    };
    assert!(!dunning.debt.next_retry.as_ref().is_some_and(near), "nothing goes shortly before a retry");
    let (day, lives) = [(0, 36), (3, 48), (7, 72), (14, 72)][usize::from(about.step.0)];
    let age = scene.now.duration_since(dunning.anchor).as_hours();
    assert!(age >= day * 24 - 1 && age <= day * 24 + lives + 1, "no step goes early or after its expiry");
}
