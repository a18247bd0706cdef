//! GoCardless's API: what a payment comes to, whose it is, what a refund gave back, and how a buyer is reached.

use crate::lookup::{bearer, get};
use bytes::Bytes;
use http::{HeaderName, Request, Response, StatusCode};
use recoup_core::{
    BuyerFacts, CustomerId, Email, Event, Fact, Obligation, PaymentFailed, PersonName, Phone, Secret,
};

use super::event::{Metadata, ask};
use super::standing;
use crate::json::{self, Member, members};
use crate::read::{first, id, language_tag, links, minor};
use crate::{Lookup, LookupAnswer, NormaliseError, Normalised, Unanswered};

static VERSION: HeaderName = HeaderName::from_static("gocardless-version");

members! {
    /// An answer: the object stands under the name of its kind.
    struct Answer {
        payments,
        mandates,
        refunds,
        customers,
    }
}

members! {
    /// A payment, a mandate, a refund or a customer.
    struct Object {
        id,
        status,
        amount,
        amount_refunded,
        currency,
        reference,
        metadata,
        links,

        given_name,
        family_name,
        company_name,
        email,
        phone_number,
        language,
    }
}

members! {
    struct Links {
        payment,
        mandate,
        subscription,
        instalment_schedule,
        customer,
    }
}

/// Builds the request.
pub(super) fn request(base_url: &str, lookup: &Lookup, api_key: &Secret) -> Option<Request<Bytes>> {
    let (collection, id) = match lookup {
        Lookup::Customer(customer) => ("customers", customer.as_str()),
        Lookup::Obligation(obligation) if is_payment(obligation) => ("payments", obligation.as_str()),
        Lookup::Object { kind: kind @ ("payments" | "mandates" | "refunds"), id } => (*kind, id.as_str()),
        Lookup::Obligation(_) | Lookup::Object { .. } => return None,
    };
    get(base_url, &format!("{collection}/{id}"), &bearer(api_key), "application/json")?
        .header(&VERSION, "2015-07-06")
        .body(Bytes::new())
        .ok()
}

/// Only a payment is a debt with a state of its own.
fn is_payment(obligation: &Obligation) -> bool {
    obligation.as_str().starts_with("PM") && obligation.as_str().bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Adds the answer to the first question; what is not there any more adds nothing.
pub(super) fn complete(
    mut normalised: Normalised,
    answer: &Response<Bytes>,
) -> Result<Normalised, Unanswered> {
    let Some(Lookup::Object { kind, id }) = normalised.asks.first().cloned() else {
        return Ok(Normalised { asks: Vec::new(), ..normalised });
    };
    if let Some(none) = Unanswered::by_status(answer.status()) {
        return Err(none);
    }
    if answer.status().is_success() {
        let body: Answer<'_> = json::parse(answer.body())?;
        let member = if kind == "payments" { body.payments } else { body.mandates };
        let member = if kind == "refunds" { body.refunds } else { member };
        let object: Object<'_> = member.object().ok_or(NormaliseError::Missing { member: kind })?;
        if object.id.text().as_deref() != Some(id.as_str()) {
            return Err(NormaliseError::Malformed { member: "id" }.into());
        }
        let next = match kind {
            "payments" => payment(&mut normalised.events, &id, &object),
            "refunds" => refund(&mut normalised.events, &id, &object),
            _ => mandate(&mut normalised.events, &id, &object),
        };
        normalised.asks.extend(next.filter(|next| !normalised.asks.contains(next)));
    }
    normalised.asks.remove(0);
    Ok(normalised)
}

/// What a payment comes to; its mandate leads to the buyer.
fn payment(events: &mut [Event], asked: &Obligation, payment: &Object<'_>) -> Option<Lookup> {
    let named: Links<'_> = payment.links.object().unwrap_or_default();
    let mut next = None;
    for event in events.iter_mut().filter(|event| event.obligation == *asked) {
        if let Fact::PaymentFailed(failed) = &mut event.fact {
            fill(failed, asked, payment, &named);
            let mandate = named.mandate.text().and_then(|mandate| id(&mandate));
            next = mandate.and_then(|mandate| ask("mandates", &mandate));
        } else if let Fact::Refunded { full } = &mut event.fact {
            let count = |member: Member<'_>| member.integer("amount").ok().flatten();
            let (amount, refunded) = (count(payment.amount), count(payment.amount_refunded));
            *full = amount.zip(refunded).is_some_and(|(amount, refunded)| amount > 0 && refunded >= amount);
        }
    }
    next
}

fn fill(failed: &mut PaymentFailed, own: &Obligation, payment: &Object<'_>, named: &Links<'_>) {
    failed.amount = minor(payment.amount, payment.currency).filter(|amount| amount.minor > 0);
    failed.number = payment.reference.text().and_then(|reference| PersonName::clean(&reference));
    failed.links =
        links(own, [named.subscription.text(), named.instalment_schedule.text(), named.mandate.text()]);
    let metadata: Metadata<'_> = payment.metadata.object().unwrap_or_default();
    failed.buyer.phone = failed.buyer.phone.take().or_else(|| metadata.phone());
    failed.buyer.push = failed.buyer.push.take().or_else(|| metadata.push());
}

/// Whose mandate it is.
fn mandate(events: &mut [Event], asked: &Obligation, mandate: &Object<'_>) -> Option<Lookup> {
    let named: Links<'_> = mandate.links.object().unwrap_or_default();
    let customer = named.customer.text().and_then(|customer| CustomerId::parse(&customer).ok());
    for event in events {
        if let Fact::PaymentFailed(failed) = &mut event.fact
            && failed.links.contains(asked)
        {
            failed.buyer.customer.clone_from(&customer);
        }
    }
    None
}

/// What a refund is of: its events are about the payment from here on. Whether all went back the payment says.
fn refund(events: &mut [Event], asked: &Obligation, refund: &Object<'_>) -> Option<Lookup> {
    let named: Links<'_> = refund.links.object().unwrap_or_default();
    let payment = named.payment.text().and_then(|payment| id(&payment))?;
    for event in events.iter_mut().filter(|event| event.obligation == *asked) {
        event.obligation.clone_from(&payment);
    }
    ask("payments", &payment)
}

/// Reads the answer about a customer or a payment.
pub(super) fn read_answer(lookup: &Lookup, answer: &Response<Bytes>) -> LookupAnswer {
    if answer.status() == StatusCode::GONE {
        return LookupAnswer::NotFound;
    }
    if let Some(answer) = LookupAnswer::by_status(answer.status()) {
        return answer;
    }
    let Ok(body) = json::parse::<Answer<'_>>(answer.body()) else { return LookupAnswer::Unreachable };
    let (member, asked) = match lookup {
        Lookup::Customer(customer) => (body.customers, customer.as_str()),
        Lookup::Obligation(obligation) => (body.payments, obligation.as_str()),
        Lookup::Object { .. } => return LookupAnswer::Unreachable,
    };
    let object: Object<'_> = member.object().unwrap_or_default();
    if object.id.text().as_deref() != Some(asked) {
        return LookupAnswer::Unreachable;
    }
    if let Lookup::Customer(customer) = lookup {
        return LookupAnswer::Buyer(buyer(customer, &object));
    }
    standing(object.status.text().as_deref().unwrap_or_default())
}

fn buyer(customer: &CustomerId, object: &Object<'_>) -> BuyerFacts {
    let metadata: Metadata<'_> = object.metadata.object().unwrap_or_default();
    let names = [object.given_name, object.family_name].map(|name| name.text().unwrap_or_default());
    BuyerFacts {
        customer: Some(customer.clone()),
        phone: first([metadata.whatsapp_phone, object.phone_number], |text| Phone::parse(text).ok()),
        email: object.email.text().and_then(|email| Email::parse(&email)),
        push: metadata.push(),
        name: PersonName::clean(&names.join(" ")).or_else(|| first([object.company_name], PersonName::clean)),
        locale: first([object.language], language_tag),
        zone: None,
    }
}
