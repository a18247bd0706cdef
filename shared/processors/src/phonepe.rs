//! `PhonePe`, API version 2 (facts: webhook-sources sections 2 to 7; bodies: `PhonePe`'s webhook documentation).
//!
//! The secret is `user:password`, the pair typed when the webhook was made with the authentication "SHA". What `PhonePe`
//! sends is the SHA-256 of that text: a password, which covers nothing of the body. Its order status cannot be asked for
//! with a key that stays the same (it wants a token that an OAuth call gives for an hour), so the body is acted on as it
//! is: whoever has the password can say "paid". The newer authentication "HMAC" is not read.
//!
//! Traps: `event` names the event and `type` is deprecated; `….completed` comes for orders that failed, so only
//! `payload.state` tells; an attempt that failed leaves the order pending; no body has an id of the event, a currency or
//! a phone.

mod body;

use crate::normalised::told;
use http::header::AUTHORIZATION;
use jiff::Timestamp;
use recoup_core::{
    BuyerFacts, Checkout, Currency, DeclineClass, Email, EventId, Fact, Link, Money, Obligation,
    PaymentFailed, PersonName, Phone, PushToken, Secret,
};
use ring::digest;

use self::body::{Body, Flow, Payload};
use crate::json::Member;
use crate::read::{language_tag, zone_name};
use crate::{
    Family, Habits, Ignored, NormaliseError, Normalised, Processor, SignatureError, Signed, SourceApi,
    Status, Unverified, Verified, json, read, signature,
};

/// `PhonePe`.
pub(crate) struct Phonepe;

impl Processor for Phonepe {
    fn name(&self) -> &'static str {
        "phonepe"
    }

    fn family(&self) -> Family {
        Family::Payment
    }

    fn habits(&self) -> Habits {
        Habits { signs_body: false, ..Habits::UNTIMED }
    }

    fn verify<'a>(
        &self,
        request: Unverified<'a>,
        secrets: &[Secret],
        _now: Timestamp,
    ) -> Result<Verified<'a>, SignatureError> {
        let header = signature::only_header(request.headers, &AUTHORIZATION)?;
        let sent = signature::decode_hex(header).filter(|sent| sent.len() == digest::SHA256_OUTPUT_LEN);
        let sent = sent.ok_or(SignatureError::Malformed)?;
        let mut matched = false;
        for expected in signature::keys(secrets, password)? {
            matched |= signature::equal(expected.as_ref(), &sent);
        }
        if matched { Ok(Verified::new(request)) } else { Err(SignatureError::Mismatch) }
    }

    fn normalise(&self, verified: &Verified<'_>) -> Result<Normalised, NormaliseError> {
        let body: Body<'_> = json::parse(verified.body())?;
        let kind = body.event.text().ok_or(NormaliseError::Missing { member: "event" })?;
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_');
        if !(1..=64).contains(&kind.len()) || !kind.bytes().all(allowed) {
            return Err(NormaliseError::Malformed { member: "event" });
        }
        let payload: Payload<'_> =
            body.payload.object().ok_or(NormaliseError::Missing { member: "payload" })?;
        let (facts, status) = match read(&kind, &payload)? {
            Reading::Facts(facts) => (facts, Status::Recognised),
            Reading::Ignored(why) => (Vec::new(), Status::Ignored(why)),
        };
        let mut events = Vec::with_capacity(facts.len());
        if !facts.is_empty() {
            let state = payload.state.text().unwrap_or_default();
            let id = EventId::parse(&format!("{kind}-{}-{state}", payload.subject()));
            let id = id.map_err(|_| NormaliseError::Malformed { member: "payload.state" })?;
            let occurred_at = payload.last_attempt_at();
            events.extend(told(&id, occurred_at, facts));
        }
        Ok(Normalised { events, kind: kind.into_owned(), asks: Vec::new(), livemode: None, status })
    }

    fn sign(&self, body: &[u8], secret: &Secret, _at: Timestamp, _url: &str) -> Option<Signed> {
        let sent = signature::encode_hex(password(secret.expose())?.as_ref());
        Signed::with(&AUTHORIZATION, sent, body)
    }
}

impl SourceApi for Phonepe {}

/// What is sent for `user:password`; `None` for a text of another form.
fn password(secret: &str) -> Option<digest::Digest> {
    let (user, password) = secret.split_once(':')?;
    let whole = !user.is_empty() && !password.is_empty();
    whole.then(|| digest::digest(&digest::SHA256, secret.as_bytes()))
}

/// What a body says, before its envelope is added.
enum Reading {
    Facts(Vec<(Obligation, Fact)>),
    Ignored(Ignored),
}

/// Turns an event and its payload into facts; the list of all events that start or stop something.
fn read(kind: &str, payload: &Payload<'_>) -> Result<Reading, NormaliseError> {
    match kind {
        "pg.refund.completed" => {
            let order = payload.original_merchant_order_id.text();
            let order = read::obligation(order.as_deref(), "payload.originalMerchantOrderId")?;
            if state(payload)? != "COMPLETED" {
                return Ok(Reading::Ignored(Ignored::InProgress));
            }
            // The body does not say what the order came to.
            Ok(Reading::Facts(vec![(order, Fact::Refunded { full: false })]))
        }
        "pg.refund.accepted" => Ok(Reading::Ignored(Ignored::InProgress)),
        "pg.refund.failed" => Ok(Reading::Ignored(Ignored::UnknownType)),
        "subscription.cancelled" | "subscription.revoked" => {
            let id = payload.merchant_subscription_id.text().as_deref().and_then(subscription);
            let id = id.ok_or(NormaliseError::Missing { member: "payload.merchantSubscriptionId" })?;
            match state(payload)?.as_str() {
                "CANCELLED" | "REVOKED" => Ok(Reading::Facts(vec![(id, Fact::SubscriptionCancelled)])),
                _ => Ok(Reading::Ignored(Ignored::InProgress)),
            }
        }
        _ => {
            let families =
                ["checkout.", "pg.", "paylink.", "subscription.setup.", "subscription.redemption."];
            let is_order = families.iter().any(|family| kind.starts_with(family));
            if is_order { order(kind, payload) } else { Ok(Reading::Ignored(Ignored::UnknownType)) }
        }
    }
}

fn state(payload: &Payload<'_>) -> Result<String, NormaliseError> {
    let state = payload.state.text().ok_or(NormaliseError::Missing { member: "payload.state" })?;
    Ok(state.into_owned())
}

/// The merchant's id of a subscription, kept apart from those of orders, which never hold a `.`.
fn subscription(id: &str) -> Option<Obligation> {
    Obligation::parse(&format!("sub.{}", read::id(id)?)).ok()
}

/// What became of an order, whatever the event is called.
fn order(kind: &str, payload: &Payload<'_>) -> Result<Reading, NormaliseError> {
    let order = payload.merchant_order_id.text();
    let order = read::obligation(order.as_deref(), "payload.merchantOrderId")?;
    let flow: Flow<'_> = payload.payment_flow.object().unwrap_or_default();
    let standing = flow.merchant_subscription_id.text().as_deref().and_then(subscription);
    let amount = amount(payload.amount);
    let redeems = kind.starts_with("subscription.redemption.");
    match state(payload)?.as_str() {
        "COMPLETED" => {
            // A redemption that failed is not made again under its own order, so a later one settles it too.
            let standing = standing.filter(|_| redeems).map(|standing| (standing, Fact::Recovered));
            Ok(Reading::Facts([(order, Fact::Paid)].into_iter().chain(standing).collect()))
        }
        "FAILED" | "EXPIRED" if amount.is_some_and(|amount| amount.minor <= 0) => {
            Ok(Reading::Ignored(Ignored::NothingOwed))
        }
        "CANCELLED" => Ok(Reading::Facts(vec![(order, Fact::Voided)])),
        "EXPIRED" if kind.starts_with("paylink.") => Ok(Reading::Facts(vec![(order, Fact::Voided)])),
        "EXPIRED" if !kind.starts_with("subscription.") => {
            let links = read::links(&order, [payload.order_id.text()]);
            let told = payload.told();
            let (resume_link, buyer) = (told.pay_link(), told.buyer());
            let checkout = Checkout { amount, resume_link, buyer, links, ..Checkout::default() };
            Ok(Reading::Facts(vec![(order, Fact::CheckoutAbandoned(Box::new(checkout)))]))
        }
        "FAILED" | "EXPIRED" => {
            let told = payload.told();
            let paylink = || Link::parse(&flow.paylink_url.text()?).ok();
            let at_checkout = matches!(kind.split('.').next(), Some("checkout" | "pg"));
            let failed = PaymentFailed {
                one_time: at_checkout && standing.is_none(),
                last_attempt: redeems,
                decline: payload.error_code.text().and_then(|code| class(&code)),
                amount,
                pay_link: told.pay_link().or_else(paylink),
                buyer: told.buyer(),
                links: [read::links(&order, [payload.order_id.text()]), Vec::from_iter(standing)].concat(),
                ..PaymentFailed::default()
            };
            Ok(Reading::Facts(vec![(order, Fact::PaymentFailed(Box::new(failed)))]))
        }
        _ => Ok(Reading::Ignored(Ignored::InProgress)),
    }
}

/// `PhonePe` takes rupees only, and counts them in paise.
fn amount(paise: Member<'_>) -> Option<Money> {
    Some(Money { minor: paise.number_or_text()?.parse().ok()?, currency: Currency::parse("INR").ok()? })
}

/// Finds an `errorCode` (`PhonePe`'s page "Errors Code"); `None` for one that is not known.
fn class(code: &str) -> Option<DeclineClass> {
    match code {
        "INSUFFICIENT_BALANCE" | "BANK_TECHNICAL_ISSUE" => Some(DeclineClass::Soft),
        "INVALID_MPIN" | "TXN_NOT_COMPLETED" | "TXN_CANCELLED" => Some(DeclineClass::ActionRequired),
        _ => None,
    }
}

/// What the merchant told in `metaInfo`, whose keys are only `udf1` to `udf15`: each value is read as `key=value`.
pub(crate) struct Told(Vec<(String, String)>);

impl Told {
    fn find<T>(&self, keys: &[&str], read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let told =
            |key: &&str| self.0.iter().filter(|(name, _)| name == key).find_map(|(_, value)| read(value));
        keys.iter().find_map(told)
    }

    fn pay_link(&self) -> Option<Link> {
        self.find(&["pay_url"], |url| Link::parse(url).ok())
    }

    fn buyer(&self) -> BuyerFacts {
        BuyerFacts {
            customer: None,
            phone: self.find(&["whatsapp_phone"], |text| Phone::parse(text).ok()),
            email: self.find(&["email"], Email::parse),
            push: self.find(&["push_token"], PushToken::parse),
            name: self.find(&["name"], PersonName::clean),
            locale: self.find(&["locale", "language"], language_tag),
            zone: self.find(&["time_zone"], zone_name),
        }
    }
}
