//! Events as text, for the goldens.

use recoup_core::{
    BuyerFacts, Checkout, ConsentChanged, Event, Fact, KycRejected, Link, Money, PaymentFailed, PersonName,
    Phone, PushToken,
};
use recoup_processors::{Normalised, Status};
use serde_json::{Map, Value, json};

/// One line an event, one a question; or why there is none.
pub(crate) fn lines(normalised: &Normalised) -> String {
    if let Status::Ignored(why) = normalised.status {
        return format!("{}\n", json!({ "ignored": why.code() }));
    }
    let events = normalised.events.iter().map(|event| line(event).to_string());
    let asks = normalised.asks.iter().map(|lookup| json!({ "asks": format!("{lookup:?}") }).to_string());
    events.chain(asks).map(|line| line + "\n").collect()
}

fn line(event: &Event) -> Value {
    let mut line = json!({
        "kind": event.fact.kind(),
        "id": event.id.as_str(),
        "obligation": event.obligation.as_str(),
        "occurred_at": event.occurred_at.map(|at| at.to_string()),
    });
    let detail = detail(&event.fact);
    if let (Some(line), Some(detail)) = (line.as_object_mut(), detail) {
        line.extend(detail);
    }
    line
}

/// What a fact says beyond its kind, without what it leaves open.
fn detail(fact: &Fact) -> Option<Map<String, Value>> {
    let mut said = match fact {
        Fact::PaymentFailed(failed) => failure(failed),
        Fact::Refunded { full } => json!({ "full": full }),
        Fact::DisputeClosed { won } => json!({ "won": won }),
        Fact::CheckoutCreated(cart) | Fact::CheckoutUpdated(cart) | Fact::CheckoutAbandoned(cart) => {
            checkout(cart)
        }
        Fact::OrderPlaced(order) => {
            json!({ "amount": money(order.amount), "number": name(order.number.as_ref()), "buyer": buyer(&order.buyer) })
        }
        Fact::KycRejected(rejected) => rejection(rejected),
        Fact::Lapsed(lapsed) => json!({
            "since": lapsed.since.map(|at| at.to_string()),
            "link": link(lapsed.link.as_ref()),
            "buyer": buyer(&lapsed.buyer),
        }),
        Fact::ConsentChanged(consent) => consented(consent),
        Fact::TouchSent(touch) => {
            json!({ "lane": touch.lane.as_ref().map(recoup_core::Name::as_str), "buyer": buyer(&touch.buyer) })
        }
        Fact::CustomerUpdated(facts) => json!({ "buyer": buyer(facts) }),
        Fact::HandOffAnswered { source } | Fact::HandOffResolved { source } => json!({ "source": source }),
        Fact::MessageOpened(message) => json!({ "message": message.to_string() }),
        Fact::Recovered
        | Fact::Paid
        | Fact::Voided
        | Fact::MarkedUncollectible
        | Fact::DisputeOpened
        | Fact::SubscriptionCancelled
        | Fact::SubscriptionPastDue
        | Fact::SubscriptionHalted
        | Fact::CheckoutCompleted
        | Fact::KycPending
        | Fact::KycApproved
        | Fact::CardUpdated => json!({}),
    };
    strip(&mut said);
    said.as_object().cloned()
}

fn failure(failed: &PaymentFailed) -> Value {
    json!({
        "attempt": failed.attempt,
        "next_retry": failed.next_retry.map(|at| at.to_string()),
        "last_attempt": failed.last_attempt.then_some(true),
        "decline": failed.decline,
        "amount": money(failed.amount),
        "pay_link": link(failed.pay_link.as_ref()),
        "number": name(failed.number.as_ref()),
        "links": failed.links,
        "one_time": failed.one_time.then_some(true),
        "unlinked": failed.unlinked.then_some(true),
        "buyer": buyer(&failed.buyer),
    })
}

fn checkout(checkout: &Checkout) -> Value {
    json!({
        "amount": money(checkout.amount),
        "resume_link": link(checkout.resume_link.as_ref()),
        "number": name(checkout.number.as_ref()),
        "links": checkout.links,
        "marketing_consent": checkout.marketing_consent,
        "buyer": buyer(&checkout.buyer),
    })
}

fn rejection(rejected: &KycRejected) -> Value {
    json!({
        "cause": rejected.cause,
        "may_retry": rejected.may_retry,
        "retake_link": link(rejected.retake_link.as_ref()),
        "buyer": buyer(&rejected.buyer),
    })
}

fn consented(consent: &ConsentChanged) -> Value {
    json!({
        "scope": consent.scope.as_str(),
        "granted": consent.granted,
        "place": name(consent.place.as_ref()),
        "text_hash": consent.text_hash,
        "buyer": buyer(&consent.buyer),
    })
}

fn buyer(buyer: &BuyerFacts) -> Value {
    json!({
        "customer": buyer.customer,
        "phone": buyer.phone.as_ref().map(Phone::expose),
        "email": buyer.email.as_ref().map(recoup_core::Email::expose),
        "push": buyer.push.as_ref().map(PushToken::expose),
        "name": name(buyer.name.as_ref()),
        "locale": buyer.locale,
        "zone": buyer.zone,
    })
}

fn money(money: Option<Money>) -> Option<String> {
    money.map(|money| money.to_string())
}

fn link(link: Option<&Link>) -> Option<&str> {
    link.map(Link::expose)
}

fn name(name: Option<&PersonName>) -> Option<&str> {
    name.map(PersonName::expose)
}

/// Takes away what is null or empty, so that a golden shows what is known.
fn strip(value: &mut Value) {
    if let Value::Object(members) = value {
        members.values_mut().for_each(strip);
        members.retain(|_, value| {
            !value.is_null()
                && value.as_object().is_none_or(|inner| !inner.is_empty())
                && value.as_array().is_none_or(|inner| !inner.is_empty())
        });
    }
}
