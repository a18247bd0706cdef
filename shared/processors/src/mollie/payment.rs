//! A payment, as the API and next-gen webhooks show it, and what its state says.

use std::borrow::Cow;

use jiff::Timestamp;
use recoup_core::{
    BuyerFacts, Checkout, CustomerId, DeclineClass, Email, Event, EventId, Fact, Link, Money, Obligation,
    PaymentFailed, PersonName, Phone, PushToken,
};

use crate::json::{Member, members};
use crate::read::{decimal, first, language_tag, links, obligation, time};
use crate::{Ignored, NormaliseError};

members! {
    /// A payment.
    pub(super) struct Payment {
        pub(super) id,
        pub(super) mode,
        pub(super) status,
        sequence_type = "sequenceType",
        amount,
        amount_refunded = "amountRefunded",
        amount_charged_back = "amountChargedBack",
        order_id = "orderId",
        subscription_id = "subscriptionId",
        mandate_id = "mandateId",
        customer_id = "customerId",
        metadata,
        details,
        billing_address = "billingAddress",
        shipping_address = "shippingAddress",
        billing_email = "billingEmail",
        locale,
        created_at = "createdAt",
        authorized_at = "authorizedAt",
        paid_at = "paidAt",
        failed_at = "failedAt",
        expired_at = "expiredAt",
        canceled_at = "canceledAt",
        links = "_links",
        embedded = "_embedded",
    }
}

members! {
    struct Amount {
        value,
        currency,
    }
}

members! {
    struct Details {
        failure_reason = "failureReason",
        consumer_name = "consumerName",
    }
}

members! {
    struct Address {
        given_name = "givenName",
        family_name = "familyName",
        email,
        phone,
    }
}

members! {
    struct Links {
        checkout,
    }
}

members! {
    struct Href {
        href,
    }
}

members! {
    struct Embedded {
        chargebacks,
    }
}

members! {
    struct Chargeback {
        id,
        created_at = "createdAt",
        reversed_at = "reversedAt",
    }
}

/// What is read of the merchant's `metadata`, which is an object or the text of one.
#[derive(Default)]
pub(super) struct Metadata {
    pub(super) phone: Option<Phone>,
    pub(super) push: Option<PushToken>,
    /// The names of the merchant's order and invoice, told apart.
    orders: Vec<String>,
    number: Option<PersonName>,
}

impl Metadata {
    /// Reads it; what is not of the merchant's usual keys is passed over.
    pub(super) fn read(member: Member<'_>) -> Self {
        let text = member.text();
        let inner = text.as_deref().and_then(|text| serde_json::from_str::<Member<'_>>(text).ok());
        Self::of(&inner.unwrap_or(member).object().unwrap_or_default())
    }

    fn of(keys: &MetadataKeys<'_>) -> Self {
        let named = |member: Member<'_>, name: &str| {
            let text = member.number_or_text().filter(|text| !text.trim().is_empty())?;
            Some(format!("{name}-{}", text.trim()))
        };
        let order = first_named([keys.order_id, keys.order_id_camel]);
        let invoice = first_named([keys.invoice_id, keys.invoice_id_camel]);
        Self {
            phone: first([keys.whatsapp_phone], |phone| Phone::parse(phone).ok()),
            push: first([keys.push_token], PushToken::parse),
            orders: [named(order, "order"), named(invoice, "invoice")].into_iter().flatten().collect(),
            number: first_named([order, invoice])
                .number_or_text()
                .and_then(|number| PersonName::clean(&number)),
        }
    }
}

fn first_named(members: [Member<'_>; 2]) -> Member<'_> {
    let [first, second] = members;
    if first.number_or_text().is_some() { first } else { second }
}

members! {
    struct MetadataKeys {
        whatsapp_phone,
        push_token,
        order_id,
        order_id_camel = "orderId",
        invoice_id,
        invoice_id_camel = "invoiceId",
    }
}

/// What a payment comes to.
pub(super) enum Reading {
    Events(Vec<Event>),
    Ignored(Ignored),
}

impl<'a> Payment<'a> {
    /// Reads what its state says. `event` is the id of the webhook's event; classic webhooks have none, so that one is
    /// made of what happened, the same for every call that finds the same.
    pub(super) fn read(&self, event: Option<&EventId>) -> Result<Reading, NormaliseError> {
        let id = obligation(self.id.text().as_deref(), "id")?;
        let status = self.status.text().ok_or(NormaliseError::Missing { member: "status" })?;
        if self.amount().is_some_and(|amount| amount.minor <= 0) {
            return Ok(Reading::Ignored(Ignored::NothingOwed));
        }
        let metadata = Metadata::read(self.metadata);
        let (fact, at) = match &*status {
            "paid" => (Fact::Paid, self.paid_at),
            // The buyer has done all there is to do; what is left is the merchant's to capture.
            "authorized" => (Fact::Paid, self.authorized_at),
            "failed" => (self.failed(&id, &metadata), self.failed_at),
            // Nobody was at a checkout: the mandate gave nothing.
            "expired" if self.is_recurring() => (self.failed(&id, &metadata), self.expired_at),
            "expired" => (self.abandoned(&id, &metadata), self.expired_at),
            "canceled" => (Fact::Voided, self.canceled_at),
            "open" | "pending" => return Ok(Reading::Ignored(Ignored::InProgress)),
            _ => return Ok(Reading::Ignored(Ignored::UnknownType)),
        };
        let made = event_id(&id, &status)?;
        let main = event.cloned().unwrap_or(made);
        let occurred_at = first([at, self.created_at], time);
        let mut events =
            vec![Event { id: main.clone(), obligation: id.clone(), occurred_at, fact: fact.clone() }];
        if fact == Fact::Paid {
            // What else this try has paid for: the tries before it of the same order.
            let others = links(&id, self.orders(&metadata));
            events.extend(others.into_iter().map(|obligation| Event {
                id: main.clone(),
                obligation,
                occurred_at,
                fact: Fact::Paid,
            }));
            self.went_back(&id, &mut events)?;
        }
        Ok(Reading::Events(events))
    }

    fn amount(&self) -> Option<Money> {
        amount(self.amount)
    }

    fn is_recurring(&self) -> bool {
        self.sequence_type.text().as_deref() == Some("recurring")
    }

    /// Whether a buyer made it, and not to begin a mandate, which is `first`.
    fn is_one_off(&self) -> bool {
        let agreed = [self.subscription_id, self.mandate_id].iter().any(|id| id.text().is_some());
        self.sequence_type.text().as_deref() == Some("oneoff") && !agreed
    }

    /// The order this is a try of: Mollie's own, and the merchant's. A subscription hands its metadata on to each of its
    /// payments, so there it names no single one: January's money must not settle February.
    fn orders(&self, metadata: &Metadata) -> Vec<Option<Cow<'a, str>>> {
        let named = if self.subscription_id.text().is_some() { &[][..] } else { &metadata.orders };
        let own = std::iter::once(self.order_id.text());
        own.chain(named.iter().map(|order| Some(Cow::Owned(order.clone())))).collect()
    }

    fn failed(&self, id: &Obligation, metadata: &Metadata) -> Fact {
        let details: Details<'a> = self.details.object().unwrap_or_default();
        let mut named = self.orders(metadata);
        named.push(self.subscription_id.text());
        Fact::PaymentFailed(Box::new(PaymentFailed {
            decline: details.failure_reason.text().and_then(|reason| class(&reason)),
            amount: self.amount(),
            pay_link: self.checkout_link(),
            number: metadata.number.clone(),
            buyer: self.buyer(metadata, &details),
            links: links(id, named),
            one_time: self.is_one_off(),
            ..PaymentFailed::default()
        }))
    }

    fn abandoned(&self, id: &Obligation, metadata: &Metadata) -> Fact {
        let details: Details<'a> = self.details.object().unwrap_or_default();
        Fact::CheckoutAbandoned(Box::new(Checkout {
            amount: self.amount(),
            resume_link: self.checkout_link(),
            number: metadata.number.clone(),
            buyer: self.buyer(metadata, &details),
            links: links(id, self.orders(metadata)),
            marketing_consent: None,
        }))
    }

    /// Mollie shows it only while the payment is open.
    fn checkout_link(&self) -> Option<Link> {
        let links: Links<'a> = self.links.object().unwrap_or_default();
        let checkout: Href<'a> = links.checkout.object()?;
        Link::parse(&checkout.href.text()?).ok()
    }

    fn buyer(&self, metadata: &Metadata, details: &Details<'a>) -> BuyerFacts {
        let addresses: [Address<'a>; 2] =
            [self.billing_address, self.shipping_address].map(|address| address.object().unwrap_or_default());
        let phone = || first(addresses.iter().map(|address| address.phone), |text| Phone::parse(text).ok());
        let emails = addresses.iter().map(|address| address.email).chain([self.billing_email]);
        let name = addresses.iter().find_map(|address| {
            let parts = [address.given_name, address.family_name].map(|part| part.text().unwrap_or_default());
            PersonName::clean(&parts.join(" "))
        });
        BuyerFacts {
            customer: self.customer_id.text().and_then(|customer| CustomerId::parse(&customer).ok()),
            phone: metadata.phone.clone().or_else(phone),
            email: first(emails, Email::parse),
            push: metadata.push.clone(),
            name: name.or_else(|| first([details.consumer_name], PersonName::clean)),
            locale: first([self.locale], language_tag),
            zone: None,
        }
    }

    /// Refunds and chargebacks, which leave the state at `paid`.
    fn went_back(&self, id: &Obligation, events: &mut Vec<Event>) -> Result<(), NormaliseError> {
        let mut push = |what: &str, occurred_at: Option<Timestamp>, fact| {
            let id_of = event_id(id, what)?;
            events.push(Event { id: id_of, obligation: id.clone(), occurred_at, fact });
            Ok(())
        };
        if let Some(refunded) = amount(self.amount_refunded).filter(|refunded| refunded.minor > 0) {
            let same = |paid: &Money| paid.currency == refunded.currency && refunded.minor >= paid.minor;
            let full = self.amount().as_ref().is_some_and(same);
            push(&format!("refunded-{}", refunded.minor), None, Fact::Refunded { full })?;
        }
        let embedded: Embedded<'a> = self.embedded.object().unwrap_or_default();
        let chargebacks: Vec<Chargeback<'a>> = embedded
            .chargebacks
            .elements()
            .unwrap_or_default()
            .into_iter()
            .filter_map(Member::object)
            .collect();
        for chargeback in &chargebacks {
            let what = chargeback.id.text().unwrap_or("chargeback".into());
            push(&what, first([chargeback.created_at], time), Fact::DisputeOpened)?;
        }
        let charged_back = amount(self.amount_charged_back).is_some_and(|amount| amount.minor > 0);
        if chargebacks.is_empty() && charged_back {
            push("chargeback", None, Fact::DisputeOpened)?;
        }
        let reversed = |chargeback: &Chargeback<'a>| chargeback.reversed_at.text().is_some();
        if !chargebacks.is_empty() && chargebacks.iter().all(reversed) {
            let at = chargebacks.last().and_then(|chargeback| first([chargeback.reversed_at], time));
            push("chargebacks-reversed", at, Fact::DisputeClosed { won: true })?;
        }
        Ok(())
    }
}

fn event_id(id: &Obligation, what: &str) -> Result<EventId, NormaliseError> {
    EventId::parse(&format!("{id}-{what}")).map_err(|_| NormaliseError::Malformed { member: "id" })
}

fn amount(member: Member<'_>) -> Option<Money> {
    let amount: Amount<'_> = member.object()?;
    decimal(amount.value, amount.currency)
}

/// Which class a `failureReason` belongs to (Mollie docs, "Handling errors with Mollie Components").
fn class(reason: &str) -> Option<DeclineClass> {
    match reason {
        "insufficient_funds" | "card_declined" | "refused_by_issuer" => Some(DeclineClass::Soft),
        "card_expired"
        | "inactive_card"
        | "invalid_card_holder_name"
        | "invalid_card_number"
        | "invalid_card_type"
        | "invalid_cvv" => Some(DeclineClass::NewMethodNeeded),
        "authentication_abandoned"
        | "authentication_failed"
        | "authentication_required"
        | "authentication_unavailable_acs" => Some(DeclineClass::ActionRequired),
        "possible_fraud" => Some(DeclineClass::Hard),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failure_reasons_have_a_class_or_none() {
        for (reason, expected) in [
            ("insufficient_funds", Some("soft")),
            ("card_expired", Some("new_method_needed")),
            ("authentication_abandoned", Some("action_required")),
            ("possible_fraud", Some("hard")),
            ("unknown_reason", None),
            ("", None),
        ] {
            assert_eq!(class(reason).map(DeclineClass::as_str), expected, "{reason}");
        }
    }

    #[test]
    fn o25_metadata_is_an_object_or_the_text_of_one_or_anything_else() {
        for (metadata, expected) in [
            (r#"{"order_id":"1234"}"#, &["order-1234"][..]),
            (r#"{"order_id":1234}"#, &["order-1234"]),
            (r#"{"orderId":"A 7"}"#, &["order-A 7"]),
            (r#""{\"order_id\":12345}""#, &["order-12345"]),
            (r#"{"order_id":"","invoice_id":"9"}"#, &["invoice-9"]),
            (r#"{"order_id":"1","invoice_id":"1"}"#, &["order-1", "invoice-1"]),
            (r#"{"order_id":null}"#, &[]),
            (r#"{"order_id":{}}"#, &[]),
            (r#""not json""#, &[]),
            (r#"["order_id"]"#, &[]),
            ("null", &[]),
            ("7", &[]),
        ] {
            let member: Member<'_> = serde_json::from_str(metadata).expect("JSON");
            assert_eq!(Metadata::read(member).orders, expected, "{metadata}");
        }
    }
}
