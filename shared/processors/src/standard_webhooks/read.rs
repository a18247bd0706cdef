//! From a type of the public event schema to the facts it tells.

use recoup_core::{
    Checkout, ConsentChanged, Correlation, DeclineClass, Fact, KycCause, KycRejected, Lapsed, Name,
    Obligation, OptOutScope, Order, PaymentFailed, Source, TouchSent,
};

use super::body::{Body, Data, Space, flag, id, link, shown, text};
use crate::json::Member;
use crate::read::{first, time};
use crate::{Ignored, NormaliseError};

/// How many other names one obligation may have.
const MOST_LINKS: usize = 8;

/// One fact. Without an obligation it is about a buyer of whom no id is known, and is kept under the event's.
pub(super) struct Told {
    pub(super) obligation: Option<Obligation>,
    pub(super) fact: Fact,
}

/// What a body says, before its envelope is added.
pub(super) enum Reading<'a> {
    Facts(Box<Data<'a>>, Vec<Told>),
    Ignored(Ignored),
}

/// Reads every type of the schema. A type that is not in it is somebody's own affair.
pub(super) fn read<'a>(kind: &str, body: &Body<'a>) -> Result<Reading<'a>, NormaliseError> {
    let Some(read) = reader(kind) else {
        let why = if kind == "ping" { Ignored::Test } else { Ignored::UnknownType };
        return Ok(Reading::Ignored(why));
    };
    let data = Data::of(body)?;
    let told = read(&data)?;
    if owes_nothing(&told) {
        return Ok(Reading::Ignored(Ignored::NothingOwed));
    }
    Ok(Reading::Facts(Box::new(data), told))
}

type Facts = Result<Vec<Told>, NormaliseError>;

fn reader(kind: &str) -> Option<fn(&Data<'_>) -> Facts> {
    let reader: fn(&Data<'_>) -> Facts = match kind {
        "payment.failed" => payment_failed,
        "payment.paid" => |data| owed(data, Fact::Paid),
        "payment.voided" => |data| owed(data, Fact::Voided),
        "payment.uncollectible" => |data| owed(data, Fact::MarkedUncollectible),
        "payment.refunded" => |data| owed(data, Fact::Refunded { full: flag(data.full, "data.full")? }),
        "dispute.opened" => |data| owed(data, Fact::DisputeOpened),
        "dispute.closed" => |data| owed(data, Fact::DisputeClosed { won: flag(data.won, "data.won")? }),
        "payment.recovered" => |data| subscription(data, Fact::Recovered),
        "subscription.cancelled" => |data| subscription(data, Fact::SubscriptionCancelled),
        "subscription.past_due" => |data| subscription(data, Fact::SubscriptionPastDue),
        "subscription.halted" => |data| subscription(data, Fact::SubscriptionHalted),
        "checkout.created" => |data| checkout(data, Fact::CheckoutCreated),
        "checkout.updated" => |data| checkout(data, Fact::CheckoutUpdated),
        "checkout.abandoned" => |data| checkout(data, Fact::CheckoutAbandoned),
        "checkout.completed" => checkout_completed,
        "cart.abandoned" => cart_abandoned,
        "order.placed" => order_placed,
        "order.paid" => |data| order(data, Fact::Paid, true),
        "order.cancelled" => |data| order(data, Fact::Voided, false),
        "kyc.rejected" => kyc_rejected,
        "kyc.pending" => |data| check(data, Fact::KycPending),
        "kyc.approved" => |data| check(data, Fact::KycApproved),
        "buyer.lapsed" => buyer_lapsed,
        "consent.changed" => consent_changed,
        "touch.sent" => touch_sent,
        "handoff.answered" => |data| handed_off(data, |source| Fact::HandOffAnswered { source }),
        "handoff.resolved" => |data| handed_off(data, |source| Fact::HandOffResolved { source }),
        "message.opened" => message_opened,
        "card.updated" => card_updated,
        "customer.updated" => |data| {
            let buyer = data.known_buyer()?;
            Ok(about_buyer(buyer.customer.as_ref(), Fact::CustomerUpdated(Box::new(buyer.clone()))))
        },
        _ => return None,
    };
    Some(reader)
}

fn one(obligation: Obligation, fact: Fact) -> Vec<Told> {
    vec![Told { obligation: Some(obligation), fact }]
}

/// Kept under the buyer's id, or under the event's.
fn about_buyer(customer: Option<&recoup_core::CustomerId>, fact: Fact) -> Vec<Told> {
    vec![Told { obligation: customer.and_then(|id| Obligation::parse(id.as_str()).ok()), fact }]
}

/// A failure to collect nothing opens nothing.
fn owes_nothing(told: &[Told]) -> bool {
    let nothing = |failed: &PaymentFailed| failed.amount.is_some_and(|amount| amount.minor <= 0);
    told.iter().any(|told| matches!(&told.fact, Fact::PaymentFailed(failed) if nothing(failed)))
}

fn owed(data: &Data<'_>, fact: Fact) -> Facts {
    Ok(one(id(data.obligation_id, Space::Owed, "data.obligation_id")?, fact))
}

/// The subscription, and the one debt under it that the body may name.
fn subscription(data: &Data<'_>, fact: Fact) -> Facts {
    let standing = id(data.subscription_id, Space::Subscription, "data.subscription_id")?;
    let debt = Space::Owed.id(data.obligation_id).filter(|_| fact != Fact::Recovered);
    let debt = debt.map(|debt| Told { obligation: Some(debt), fact: fact.clone() });
    Ok(debt.into_iter().chain(one(standing, fact)).collect())
}

/// Other names of the same thing, each once.
fn links(own: &Obligation, others: impl IntoIterator<Item = Option<Obligation>>) -> Vec<Obligation> {
    let mut links = Vec::new();
    for other in others.into_iter().flatten() {
        if other != *own && !links.contains(&other) && links.len() < MOST_LINKS {
            links.push(other);
        }
    }
    links
}

fn payment_failed(data: &Data<'_>) -> Facts {
    let obligation = id(data.obligation_id, Space::Owed, "data.obligation_id")?;
    let named = [Space::Subscription.id(data.subscription_id), Space::Owed.id(data.order_id)];
    let listed = data.links.elements().unwrap_or_default().into_iter().map(|id| Space::Owed.id(id));
    let attempt = data.attempt.integer("data.attempt").ok().flatten();
    let failed = PaymentFailed {
        attempt: attempt.and_then(|attempt| u32::try_from(attempt).ok()).filter(|attempt| *attempt > 0),
        next_retry: first([data.next_retry_at], time),
        last_attempt: data.last_attempt.flag().unwrap_or(false),
        decline: first([data.decline], DeclineClass::parse),
        amount: data.amount()?,
        pay_link: link(data.pay_url),
        number: shown(data.number),
        buyer: data.buyer(),
        links: links(&obligation, named.into_iter().chain(listed)),
        one_time: data.one_time.flag().unwrap_or(false),
        unlinked: false,
    };
    Ok(one(obligation, Fact::PaymentFailed(Box::new(failed))))
}

fn checkout(data: &Data<'_>, fact: fn(Box<Checkout>) -> Fact) -> Facts {
    let own = id(data.checkout_id, Space::Checkout, "data.checkout_id")?;
    let links = links(&own, [Space::Cart.id(data.cart_id)]);
    Ok(one(own, fact(Box::new(cart(data, links)?))))
}

fn cart_abandoned(data: &Data<'_>) -> Facts {
    let own = id(data.cart_id, Space::Cart, "data.cart_id")?;
    let links = links(&own, [Space::Checkout.id(data.checkout_id)]);
    Ok(one(own, Fact::CheckoutAbandoned(Box::new(cart(data, links)?))))
}

fn cart(data: &Data<'_>, links: Vec<Obligation>) -> Result<Checkout, NormaliseError> {
    Ok(Checkout {
        amount: data.amount()?,
        resume_link: link(data.resume_url),
        number: shown(data.number),
        buyer: data.buyer(),
        links,
        marketing_consent: data.marketing_consent.flag(),
    })
}

/// The ends of the checkout and the cart that a body names.
fn completed(data: &Data<'_>) -> impl Iterator<Item = Told> {
    let named = [Space::Checkout.id(data.checkout_id), Space::Cart.id(data.cart_id)];
    named.into_iter().flatten().map(|id| Told { obligation: Some(id), fact: Fact::CheckoutCompleted })
}

fn checkout_completed(data: &Data<'_>) -> Facts {
    id(data.checkout_id, Space::Checkout, "data.checkout_id")?;
    Ok(completed(data).collect())
}

/// An order that was placed or paid has completed its checkout; one that was cancelled has not.
fn order(data: &Data<'_>, fact: Fact, completes: bool) -> Facts {
    let own = id(data.order_id, Space::Owed, "data.order_id")?;
    let ended = completed(data).filter(|_| completes);
    Ok(one(own, fact).into_iter().chain(ended).collect())
}

fn order_placed(data: &Data<'_>) -> Facts {
    let placed = Order { amount: data.amount()?, number: shown(data.number), buyer: data.buyer() };
    order(data, Fact::OrderPlaced(Box::new(placed)), true)
}

fn check(data: &Data<'_>, fact: Fact) -> Facts {
    Ok(one(id(data.case_id, Space::Check, "data.case_id")?, fact))
}

fn kyc_rejected(data: &Data<'_>) -> Facts {
    let may_retry = if data.may_retry.is_absent() { data.retry_allowed } else { data.may_retry };
    let rejected = KycRejected {
        cause: cause(data),
        may_retry: flag(may_retry, "data.may_retry")?,
        retake_link: link(data.retake_url),
        buyer: data.buyer(),
    };
    check(data, Fact::KycRejected(Box::new(rejected)))
}

/// The cause by its name in the schema, or by a code of the drafts; a code of the merchant's own tells nothing.
fn cause(data: &Data<'_>) -> KycCause {
    let by_code = |code: &str| match code {
        "document_blurry" | "document_unreadable" => Some(KycCause::Unreadable),
        "document_expired" => Some(KycCause::Expired),
        "document_wrong_type" => Some(KycCause::WrongDocument),
        "document_incomplete" => Some(KycCause::Incomplete),
        "document_not_original" => Some(KycCause::NotOriginal),
        "data_mismatch" => Some(KycCause::DataMismatch),
        "selfie_mismatch" => Some(KycCause::SelfieMismatch),
        _ => None,
    };
    let named = first([data.reason, data.reason_code], KycCause::parse);
    named.or_else(|| first([data.reason_code], by_code)).unwrap_or_default()
}

fn buyer_lapsed(data: &Data<'_>) -> Facts {
    let own = id(data.lapse_id, Space::Lapse, "data.lapse_id")?;
    let lapsed =
        Lapsed { since: first([data.since], time), link: link(data.url), buyer: data.known_buyer()? };
    Ok(one(own, Fact::Lapsed(Box::new(lapsed))))
}

fn consent_changed(data: &Data<'_>) -> Facts {
    const SCOPE: &str = "data.scope";
    let scope = first([data.scope], |name| {
        [OptOutScope::All, OptOutScope::Marketing, OptOutScope::Sms, OptOutScope::Email]
            .into_iter()
            .find(|scope| scope.as_str() == name)
    });
    let missing = NormaliseError::Missing { member: SCOPE };
    let error = if data.scope.is_absent() { missing } else { NormaliseError::Malformed { member: SCOPE } };
    let consent = ConsentChanged {
        scope: scope.ok_or(error)?,
        granted: flag(data.granted, "data.granted")?,
        place: shown(data.place),
        text_hash: text_hash(data.text_hash),
        buyer: data.known_buyer()?,
    };
    let customer = consent.buyer.customer.clone();
    Ok(about_buyer(customer.as_ref(), Fact::ConsentChanged(Box::new(consent))))
}

/// SHA-256 in lower-case hexadecimal, or nothing.
fn text_hash(member: Member<'_>) -> Option<Box<str>> {
    let is_hash = |text: &str| crate::signature::decode_hex(text).is_some_and(|bytes| bytes.len() == 32);
    first([member], |text| is_hash(text).then(|| text.into()))
}

fn touch_sent(data: &Data<'_>) -> Facts {
    let touch =
        TouchSent { lane: first([data.lane], |name| Name::parse(name).ok()), buyer: data.known_buyer()? };
    let customer = touch.buyer.customer.clone();
    Ok(about_buyer(customer.as_ref(), Fact::TouchSent(Box::new(touch))))
}

/// What became of a case that a person of the merchant's has, as the notice of the hand-off named it: brand, source,
/// obligation. The brand is whoever's it was: a fact is only ever applied to the brand that its webhook came to.
fn handed_off(data: &Data<'_>, fact: fn(Source) -> Fact) -> Facts {
    const CASE: &str = "data.case";
    let case = text(data.case, CASE)?;
    let (_brand, rest) = case.split_once('/').filter(|(brand, _)| !brand.is_empty()).unwrap_or_default();
    let named = rest.split_once('/');
    let named = named.and_then(|(source, own)| Source::parse(source).ok().zip(Obligation::parse(own).ok()));
    let (source, own) = named.ok_or(NormaliseError::Malformed { member: CASE })?;
    Ok(one(own, fact(source)))
}

/// A notification that was opened, by the string it carried, exactly as it was.
fn message_opened(data: &Data<'_>) -> Facts {
    const MESSAGE: &str = "data.message";
    let message = text(data.message, MESSAGE)?;
    let sent = Correlation::parse(&message).filter(|sent| sent.to_string() == message);
    let sent = sent.ok_or(NormaliseError::Malformed { member: MESSAGE })?;
    Ok(one(sent.case.obligation.clone(), Fact::MessageOpened(Box::new(sent))))
}

/// Only the customer's id says whose card it is.
fn card_updated(data: &Data<'_>) -> Facts {
    const ID: &str = "data.customer.id";
    let customer = data.known_buyer()?.customer.ok_or(NormaliseError::Missing { member: ID })?;
    Ok(about_buyer(Some(&customer), Fact::CardUpdated))
}
