//! Stored recipients. Input: the item as DynamoDB JSON.

use jiff::Timestamp;
use recoup_app::ports::Versioned;
use recoup_aws::table::items::{decode_recipient, encode_recipient};
use recoup_aws::table::keys;
use recoup_core::{
    Brand, CaseId, Context, Input, OptOutScope, Policy, PreferenceChange, Recipient, StepIndex, Token, Touch,
    World, decide,
};

use crate::items::{assert_named, read};

/// What is read is written and read back as it was; an opt-out is heard whatever is stored; what is broken is named.
pub fn check(data: &[u8]) {
    let Some(item) = read(data) else { return };
    match decode_recipient(&item) {
        Ok(known) => {
            check_kept(&known);
            check_silenced(&known.item);
            check_reserved(&known.item);
        }
        Err(error) => assert_named(&error, keys::RECIPIENT),
    }
}

fn check_kept(known: &Versioned<Recipient>) {
    let brand = Brand::parse("main").expect("well formed");
    let token = Token::parse("fuzz").expect("well formed");
    let written = encode_recipient(&brand, &known.item, known.version, &token);
    assert_eq!(decode_recipient(&written).as_ref(), Ok(known), "a recipient came back as another");
    let silent = [known.item.opted_out, known.item.opted_out_marketing, known.item.opted_out_sms];
    assert!(
        silent.iter().all(Option::is_none) || !written.contains_key(keys::TTL),
        "an opt-out is forgotten"
    );
}

fn check_silenced(recipient: &Recipient) {
    let (policy, token) = (Policy::standard("Acme"), Token::parse("fuzz").expect("well formed"));
    let now = Timestamp::UNIX_EPOCH;
    let context = Context { now, policy: &policy, token: &token, trace: None };
    let world = World { recipient: Some(recipient), ..World::default() };
    let id = CaseId::parse("main/recipient/in_1").expect("well formed");
    for scope in [OptOutScope::All, OptOutScope::Marketing, OptOutScope::Sms] {
        let (recipient_id, change) = (recipient.id.clone(), PreferenceChange::OptOut);
        let input =
            Input::Preference { recipient: recipient_id, change, scope, at: Timestamp::MAX, said: None };
        let decided = decide(&id, &world, &input, &context).recipient.unwrap_or_else(|| recipient.clone());
        let heard = match scope {
            OptOutScope::All => decided.opted_out.is_some() && !decided.allows_marketing(),
            OptOutScope::Marketing => decided.opted_out_marketing.is_some() && !decided.allows_marketing(),
            OptOutScope::Sms => decided.opted_out_sms.is_some(),
            OptOutScope::Email => decided.opted_out_email.is_some(),
        };
        assert!(heard, "an opt-out of {} was not heard", scope.as_str());
    }
}

fn check_reserved(recipient: &Recipient) {
    let case = CaseId::parse("main/stripe/in_fuzz").expect("well formed");
    let lane = recoup_core::Name::parse("lane").expect("well formed");
    let mut reserved = recipient.clone();
    let touch = Touch { at: Timestamp::UNIX_EPOCH, lane, case: case.clone(), step: StepIndex(0) };
    for first_try in [true, false, true] {
        reserved.reserve(touch.clone(), first_try);
        let same = reserved.touches.iter().filter(|other| other.case == case && other.step == touch.step);
        assert_eq!(same.count(), 1, "one step counts once");
        assert!(reserved.touches.len() <= recipient.touches.len().max(12), "the item grows for ever");
    }
}
