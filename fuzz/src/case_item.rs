//! Stored cases. Input: the item as DynamoDB JSON.

use jiff::{SignedDuration, Timestamp};
use recoup_app::ports::Versioned;
use recoup_aws::table::items::{decode_case, encode_case};
use recoup_aws::table::keys;
use recoup_core::{
    Answer, Case, Channel, Context, Effect, Event, EventId, Fact, Input, Policy, Reason, Recipient,
    RecipientId, StepDue, StepIndex, Token, World, decide, needs, owed,
};

use crate::input::secret;
use crate::items::{assert_named, read};
use crate::shown::{assert_e164, assert_hidden};

/// What is read is written and read back as it was; whatever is stored can be decided on; what is broken is named.
pub fn check(data: &[u8]) {
    let Some(item) = read(data) else { return };
    match decode_case(&item) {
        Ok(known) => {
            check_kept(&known);
            check_decided(&known.item);
        }
        Err(error) => assert_named(&error, keys::CASE),
    }
}

fn token() -> Token {
    Token::parse("fuzz").expect("well formed")
}

fn check_kept(known: &Versioned<Case>) {
    let case = &known.item;
    let written = encode_case(case, known.version, &token());
    assert_eq!(decode_case(&written).as_ref(), Ok(known), "a case came back as another");
    assert_eq!(encode_case(case, known.version, &token()), written);
    let listed =
        |name: &String| keys::COMMON.iter().chain(keys::CASE).any(|known| known.name == name.as_str());
    assert!(written.keys().all(listed), "an attribute that no list holds");

    let Some(outreach) = &case.outreach else { return };
    let buyer = &outreach.matter.buyer;
    if let Some(phone) = &buyer.phone {
        assert_e164(phone.expose());
    }
    let mut shown = outreach.matter.clone();
    (shown.buyer.zone, shown.buyer.locale) = (None, None);
    assert_hidden(&format!("{shown:?}"), buyer.phone.as_ref(), buyer.name.as_ref(), shown.pay_link.as_ref());
}

/// Every input, at times around the case's own, makes a decision that can be stored.
fn check_decided(case: &Case) {
    let own = case.outreach.as_ref().map(|outreach| outreach.next.map_or(outreach.anchor, |next| next.at));
    let days = |days: i64| SignedDuration::from_hours(days * 24);
    let own = own.unwrap_or(Timestamp::UNIX_EPOCH);
    // Beyond it what is planned meets the end of time, which is finer than the milliseconds that items keep.
    let last = Timestamp::MAX.saturating_sub(days(400)).unwrap_or(Timestamp::MIN);
    for now in [own, Timestamp::MIN, Timestamp::UNIX_EPOCH, last] {
        for off in [-3, 0, 3] {
            let now = now.saturating_add(days(off)).unwrap_or(now).min(last);
            for input in &inputs(case) {
                check_decision(case, input, now);
            }
        }
    }
}

fn inputs(case: &Case) -> Vec<Input> {
    let next = case.outreach.as_ref().and_then(|outreach| outreach.next);
    let said = |fact| {
        let id = EventId::parse("evt_fuzz").expect("well formed");
        Input::Said(Event { id, obligation: case.id.obligation.clone(), occurred_at: None, fact })
    };
    let due = |channel| {
        let step = next.map_or(StepIndex(0), |next| next.step);
        let generation = next.map_or(0, |next| next.generation);
        Input::StepDue(StepDue {
            step,
            generation,
            channel,
            buyer: Answer::Nothing,
            settlement: Answer::Nothing,
        })
    };
    vec![
        due(Channel::Whatsapp),
        due(Channel::Sms),
        said(Fact::Paid),
        said(Fact::PaymentFailed(Box::default())),
        Input::Swept,
        Input::Silenced(Reason::OptedOut),
    ]
}

fn check_decision(case: &Case, input: &Input, now: Timestamp) {
    let (policy, token) = (Policy::standard("Acme"), token());
    let context = Context { now, policy: &policy, token: &token, trace: None };
    let phone = case.outreach.as_ref().and_then(|outreach| outreach.matter.buyer.phone.as_ref());
    let recipient = phone.map(|phone| Recipient::new(RecipientId::of(&secret("pepper"), phone)));
    let world = World { case: Some(case), recipient: recipient.as_ref(), ..World::default() };
    let _ = (needs(Some(case), input, &context), owed(case, now));
    let decision = decide(&case.id, &world, input, &context);
    if let Some(next) = &decision.case {
        assert_eq!(next.id, case.id, "another case was decided");
        let written = encode_case(next, 1, &token);
        let again = decode_case(&written);
        assert!(again.is_ok(), "a decision at {now} cannot be read back: {again:?}");
    }
    for effect in &decision.effects {
        if let Effect::Send(message) = effect {
            assert!(case.is_open(), "a closed case sends");
            assert_eq!(message.to.phone(), phone, "somebody else is written to");
        }
    }
}
