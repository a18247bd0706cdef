//! PayPal (facts: webhook-sources sections 2 to 7).
//!
//! Reads subscriptions, orders with their captures (version 2), and the sales of version 1, which subscriptions still make.
//! The secret is the webhook's id, as the dashboard shows it: it is part of what is signed. `WEBHOOK_ID`, under which the
//! simulator signs for everybody, is none.
//!
//! A subscription is owed as itself, `I-…`, since a failed payment names nothing smaller; its sales recover it. A capture is
//! owed as its order, which outlives it. `custom_id` is left alone: merchants put their customers there. Bodies hold links to
//! the API only, so none is a page to pay on.

mod body;
mod chain;
mod decline;
mod failure;
mod signature;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use recoup_core::{Event, EventId, Fact, Link, Obligation, Secret};

use self::body::{Body, DisputeOutcome, DisputedTransaction, Invoice, Resource, money};
use self::chain::Trust;
use self::signature::World;
use crate::json;
use crate::read::{self, id, obligation};
use crate::signature::keys;
use crate::{
    Family, Habits, Ignored, NormaliseError, Normalised, Processor, SignatureError, Signed, SourceApi,
    Status, Unverified, Verified,
};

/// PayPal.
pub(crate) struct PayPal;

impl Processor for PayPal {
    fn name(&self) -> &'static str {
        "paypal"
    }

    fn family(&self) -> Family {
        Family::Payment
    }

    fn habits(&self) -> Habits {
        signature::HABITS
    }

    fn certificate_url(&self, request: Unverified<'_>) -> Result<Option<Link>, SignatureError> {
        signature::certificate_url(request.headers).map(Some)
    }

    fn verify<'a>(
        &self,
        request: Unverified<'a>,
        secrets: &[Secret],
        now: Timestamp,
    ) -> Result<Verified<'a>, SignatureError> {
        let webhooks = keys(secrets, signature::webhook_id)?;
        signature::verify(request, &webhooks, now, Trust::digicert())?;
        Ok(Verified::new(request))
    }

    fn normalise(&self, verified: &Verified<'_>) -> Result<Normalised, NormaliseError> {
        let body: Body<'_> = json::parse(verified.body())?;
        let kind = body.event_type.text().ok_or(NormaliseError::Missing { member: "event_type" })?;
        let allowed = |b: u8| b.is_ascii_uppercase() || matches!(b, b'.' | b'-' | b'_');
        if !(1..=128).contains(&kind.len()) || !kind.bytes().all(allowed) {
            return Err(NormaliseError::Malformed { member: "event_type" });
        }
        let (told, status) = match read(&kind, &body)? {
            Reading::Told(told) => (told, Status::Recognised),
            Reading::Ignored(why) => (Vec::new(), Status::Ignored(why)),
        };
        let mut events = Vec::with_capacity(told.len());
        if !told.is_empty() {
            let id = body.id.text().ok_or(NormaliseError::Missing { member: "id" })?;
            let id = EventId::parse(&id).map_err(|_| NormaliseError::Malformed { member: "id" })?;
            let created = read::first([body.create_time], read::time);
            events.extend(told.into_iter().map(|told| Event {
                id: id.clone(),
                obligation: told.obligation,
                occurred_at: told.at.or(created),
                fact: told.fact,
            }));
        }
        let world = verified.header(&signature::CERTIFICATE).and_then(World::of);
        let livemode = world.map(|world| world.livemode);
        Ok(Normalised { events, kind: kind.into_owned(), asks: Vec::new(), livemode, status })
    }

    /// Nobody but PayPal has the key.
    fn sign(&self, _body: &[u8], _secret: &Secret, _at: Timestamp, _url: &str) -> Option<Signed> {
        None
    }
}

impl SourceApi for PayPal {}

/// Verifies as [`Processor::verify`] does, but for two things: the first certificate given is trusted as it is, and any text
/// may be the webhook's id.
#[cfg(feature = "recorded")]
pub(crate) fn verify_given(
    request: Unverified<'_>,
    webhook_id: &str,
    now: Timestamp,
) -> Result<(), SignatureError> {
    signature::verify(request, &[webhook_id], now, Trust::Given)
}

/// The members whose absence is told.
mod member {
    pub(super) const ID: &str = "resource.id";
    pub(super) const TRANSACTION: &str = "resource.disputed_transactions[].seller_transaction_id";
}

/// A fact about an obligation, and the object's own time.
struct Told {
    obligation: Obligation,
    at: Option<Timestamp>,
    fact: Fact,
}

/// What a body says, before its envelope is added.
enum Reading {
    Told(Vec<Told>),
    Ignored(Ignored),
}

impl Reading {
    fn one(told: Told) -> Self {
        Self::Told(vec![told])
    }
}

impl Resource<'_> {
    /// When it became what it is.
    fn when(&self) -> Option<Timestamp> {
        read::first([self.status_update_time, self.update_time, self.create_time], read::time)
    }

    /// A fact about this object itself.
    fn told(&self, fact: Fact) -> Result<Reading, NormaliseError> {
        let own = obligation(self.id.text().as_deref(), member::ID)?;
        Ok(Reading::one(Told { obligation: own, at: self.when(), fact }))
    }
}

/// Turns an event into facts; the list of all types that start or stop something.
fn read(kind: &str, body: &Body<'_>) -> Result<Reading, NormaliseError> {
    let resource = || {
        let absent = body.resource.is_absent() || body.resource.is_null();
        let missing = NormaliseError::Missing { member: "resource" };
        let malformed = NormaliseError::Malformed { member: "resource" };
        body.resource.object::<Resource<'_>>().ok_or(if absent { missing } else { malformed })
    };
    match kind {
        "BILLING.SUBSCRIPTION.PAYMENT.FAILED" => failure::subscription(&resource()?),
        "BILLING.SUBSCRIPTION.SUSPENDED" => resource()?.told(Fact::SubscriptionHalted),
        "BILLING.SUBSCRIPTION.CANCELLED" | "BILLING.SUBSCRIPTION.EXPIRED" => {
            resource()?.told(Fact::SubscriptionCancelled)
        }
        "BILLING.SUBSCRIPTION.RE-ACTIVATED" => reactivated(&resource()?),
        "PAYMENT.SALE.DENIED" | "PAYMENT.CAPTURE.DENIED" | "PAYMENT.CAPTURE.DECLINED" => {
            failure::payment(&resource()?)
        }
        "PAYMENT.SALE.COMPLETED" | "PAYMENT.CAPTURE.COMPLETED" => paid(&resource()?),
        "PAYMENT.SALE.REFUNDED" | "PAYMENT.CAPTURE.REFUNDED" => {
            returned(&resource()?, &Fact::Refunded { full: false })
        }
        "PAYMENT.SALE.REVERSED" | "PAYMENT.CAPTURE.REVERSED" => returned(&resource()?, &Fact::DisputeOpened),
        "CUSTOMER.DISPUTE.CREATED" => disputed(&resource()?, &Fact::DisputeOpened),
        "CUSTOMER.DISPUTE.RESOLVED" => {
            let resource = resource()?;
            disputed(&resource, &Fact::DisputeClosed { won: is_won(&resource) })
        }
        "INVOICING.INVOICE.PAID" => invoice(&resource()?, Fact::Paid),
        "INVOICING.INVOICE.CANCELLED" => invoice(&resource()?, Fact::Voided),
        // Their captures tell it better: an order is completed when its payment is authorised, too.
        "CHECKOUT.ORDER.APPROVED"
        | "CHECKOUT.ORDER.COMPLETED"
        | "PAYMENT.SALE.PENDING"
        | "PAYMENT.CAPTURE.PENDING"
        | "CUSTOMER.DISPUTE.UPDATED" => Ok(Reading::Ignored(Ignored::InProgress)),
        _ => Ok(Reading::Ignored(Ignored::UnknownType)),
    }
}

/// A suspended subscription that goes on has paid, unless it says itself that something is still open.
fn reactivated(resource: &Resource<'_>) -> Result<Reading, NormaliseError> {
    if money(resource.billing_info().outstanding_balance).is_some_and(|open| open.minor > 0) {
        return Ok(Reading::Ignored(Ignored::InProgress));
    }
    resource.told(Fact::Recovered)
}

/// A payment: of a subscription, which will owe again, or of an order, and of the merchant's number for it, under which the
/// buyer may have tried before in another order.
fn paid(resource: &Resource<'_>) -> Result<Reading, NormaliseError> {
    let at = resource.when();
    let told = |obligation, fact| Told { obligation, at, fact };
    let first = if let Some(subscription) = resource.billing_agreement_id.text() {
        told(obligation(Some(&subscription), "resource.billing_agreement_id")?, Fact::Recovered)
    } else {
        let names = [resource.order(), resource.parent_payment.text(), resource.id.text()];
        told(obligation(names.into_iter().flatten().next().as_deref(), member::ID)?, Fact::Paid)
    };
    let number =
        resource.invoice_number().and_then(|number| id(&number)).filter(|number| *number != first.obligation);
    let mut all = vec![first];
    all.extend(number.map(|number| told(number, Fact::Paid)));
    Ok(Reading::Told(all))
}

/// Money that went back. The body never says what the payment came to, so a refund is not known to be a full one.
fn returned(resource: &Resource<'_>, fact: &Fact) -> Result<Reading, NormaliseError> {
    let names = [resource.sale_id.text(), resource.parent_capture(), resource.id.text()];
    let payment = obligation(names.into_iter().flatten().next().as_deref(), member::ID)?;
    Ok(Reading::one(Told { obligation: payment, at: resource.when(), fact: fact.clone() }))
}

/// A dispute, which has an id of its own: what it is about are the payments it names.
fn disputed(resource: &Resource<'_>, fact: &Fact) -> Result<Reading, NormaliseError> {
    /// As many as are worth following; a buyer disputes one.
    const MOST: usize = 8;
    let transactions = resource.disputed_transactions.elements().unwrap_or_default();
    let payments = transactions.into_iter().take(MOST).map(|transaction| {
        let transaction: DisputedTransaction<'_> = transaction.object().unwrap_or_default();
        let payment = obligation(transaction.seller_transaction_id.text().as_deref(), member::TRANSACTION)?;
        Ok(Told { obligation: payment, at: resource.when(), fact: fact.clone() })
    });
    let told: Vec<Told> = payments.collect::<Result<_, _>>()?;
    if told.is_empty() {
        return Err(NormaliseError::Missing { member: member::TRANSACTION });
    }
    Ok(Reading::Told(told))
}

/// Whether the merchant keeps the money, as far as PayPal's word for the outcome says so.
fn is_won(resource: &Resource<'_>) -> bool {
    let outcome: DisputeOutcome<'_> = resource.dispute_outcome.object().unwrap_or_default();
    let code = outcome.outcome_code.text();
    matches!(code.as_deref(), Some("RESOLVED_SELLER_FAVOUR" | "CANCELED_BY_BUYER" | "DENIED"))
}

/// An invoice of PayPal's own, which since version 2 lies one level deeper.
fn invoice(resource: &Resource<'_>, fact: Fact) -> Result<Reading, NormaliseError> {
    let inner: Invoice<'_> = resource.invoice.object().unwrap_or_default();
    let own = obligation(inner.id.text().or_else(|| resource.id.text()).as_deref(), "resource.invoice.id")?;
    Ok(Reading::one(Told { obligation: own, at: resource.when(), fact }))
}
