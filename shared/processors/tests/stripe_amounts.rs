//! Amounts from Stripe's body to the words a buyer reads: normalise, decide, template.

use jiff::{SignedDuration, Timestamp};
use recoup_core::{
    Answer, CaseId, Channel, Content, Context, Decision, Effect, Input, Policy, Reason, Recipient,
    RecipientId, Secret, StepDue, StepIndex, TextContent, Token, World, decide,
};
use recoup_processors::{NormaliseError, Normalised, Status, Unverified, by_name};

fn invoice(amount: &str, currency: &str) -> String {
    format!(
        r#"{{"id":"evt_1","object":"event","created":1763892000,"livemode":false,"type":"invoice.payment_failed",
        "data":{{"object":{{"id":"in_1","object":"invoice","status":"open","amount_remaining":{amount},
        "currency":"{currency}","attempt_count":1,"customer":"cus_1","customer_phone":"+442079460958",
        "hosted_invoice_url":"https://invoice.stripe.com/i/acct_1/x","metadata":{{"time_zone":"Europe/London"}}}}}}}}"#
    )
}

fn normalise(body: &str) -> Result<Normalised, NormaliseError> {
    let stripe = by_name("stripe").expect("stripe is a source");
    let (secret, now) = (Secret::parse("whsec_amounts").expect("not empty"), Timestamp::UNIX_EPOCH);
    let headers =
        stripe.sign(body.as_bytes(), &secret, now, "").expect("stripe's signature is symmetric").headers;
    let request = Unverified::new(&headers, body.as_bytes());
    let verified = stripe.verify(request, &[secret], now).expect("just signed");
    stripe.normalise(&verified)
}

/// Opens the case of the body's one event, and takes its first step on a channel when it is due.
fn first_step(normalised: Normalised, channel: Channel) -> Decision {
    let event = normalised.events.into_iter().next().expect("a failure is an event");
    let (policy, token) = (Policy::standard("Acme"), Token::parse("t").expect("well formed"));
    let id = CaseId::parse("main/stripe/in_1").expect("well formed");
    let noon = "2026-11-23T12:00:00Z".parse().expect("well formed");
    let at = |now| Context { now, policy: &policy, token: &token, trace: None };
    let opened = decide(&id, &World::default(), &Input::Said(event), &at(noon)).case.expect("a case opens");
    let pepper = Secret::parse("a pepper for tests").expect("fit");
    let outreach = opened.outreach.as_ref().expect("a failure is dunned");
    let phone = outreach.matter.buyer.phone.as_ref().expect("the body has one");
    let recipient = Recipient::new(RecipientId::of(&pepper, phone));
    let world = World { case: Some(&opened), recipient: Some(&recipient), ..World::default() };
    let generation = outreach.next.expect("a step is planned").generation;
    let (buyer, settlement) = (Answer::NotAsked, Answer::NotAsked);
    let due = StepDue { step: StepIndex(0), generation, channel, buyer, settlement };
    decide(&id, &world, &Input::StepDue(due), &at(noon + SignedDuration::from_mins(2)))
}

/// The amount in the words of the message that goes; else why none goes.
fn told(amount: &str, currency: &str, channel: Channel) -> Result<String, &'static str> {
    let normalised = normalise(&invoice(amount, currency)).map_err(NormaliseError::code)?;
    if let Status::Ignored(why) = normalised.status {
        assert!(normalised.events.is_empty());
        return Err(why.code());
    }
    let decision = first_step(normalised, channel);
    let words = decision.effects.iter().find_map(|effect| match effect {
        Effect::Send(message) => Some(&message.content),
        Effect::Arm(_)
        | Effect::Disarm { .. }
        | Effect::Redeliver { .. }
        | Effect::Park
        | Effect::HandOff(_)
        | Effect::Answer { .. }
        | Effect::Tell(_)
        | Effect::Heed(_)
        | Effect::Silence { .. } => None,
    });
    match words {
        Some(Content::Template(content)) => {
            let amount = content.parameters.iter().find(|(name, _)| name == "amount");
            Ok(amount.map(|(_, value)| value.clone()).expect("the text has an amount"))
        }
        Some(Content::Text(TextContent { body: text, .. })) => {
            let (_, rest) = text.split_once("payment of ").expect("the text has an amount");
            Ok(rest.split(" did").next().expect("and goes on behind it").to_owned())
        }
        Some(Content::Answer(_) | Content::Notification(_) | Content::Letter(_)) => {
            panic!("another channel's words")
        }
        None => {
            assert_ne!(decision.reason, Reason::Claimed, "a claim without a message");
            Err(decision.reason.code())
        }
    }
}

#[test]
fn f40_an_amount_reaches_the_buyer_exactly_or_not_at_all() {
    for (amount, currency, expected) in [
        ("4900", "usd", Ok("49.00 USD")),
        ("1", "usd", Ok("0.01 USD")),
        ("9223372036854775807", "usd", Ok("92233720368547758.07 USD")),
        ("1500", "jpy", Ok("1500 JPY")),
        ("9223372036854775807", "jpy", Ok("9223372036854775807 JPY")),
        ("1500", "clp", Ok("1500 CLP")),
        ("1500", "kwd", Ok("1.500 KWD")),
        ("5", "kwd", Ok("0.005 KWD")),
        ("9223372036854775807", "kwd", Ok("9223372036854775.807 KWD")),
        ("150000", "isk", Ok("1500 ISK")),
        ("5000", "mga", Ok("5000.00 MGA")),
        ("0", "usd", Err("nothing_owed")),
        ("0", "jpy", Err("nothing_owed")),
        ("-1", "usd", Err("nothing_owed")),
        ("-9223372036854775808", "kwd", Err("nothing_owed")),
        // What cannot be written exactly is not written: another report may still bring it within the hour.
        ("4900", "zzz", Err("missing_variable")),
        ("4900", "", Err("missing_variable")),
        ("4900", "us", Err("missing_variable")),
        ("150050", "isk", Err("missing_variable")),
        ("9223372036854775807", "mga", Err("missing_variable")),
        ("9223372036854775808", "usd", Err("body_member_malformed")),
        ("49.99", "usd", Err("body_member_malformed")),
        ("1e3", "usd", Err("body_member_malformed")),
        ("\"4900\"", "usd", Err("body_member_malformed")),
    ] {
        for channel in [Channel::Whatsapp, Channel::Sms] {
            let told = told(amount, currency, channel);
            assert_eq!(told.as_deref().map_err(|why| *why), expected, "{amount} {currency} by {channel}");
        }
    }
}
