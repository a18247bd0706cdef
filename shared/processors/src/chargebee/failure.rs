//! Failed payments, and who owes the money.

use recoup_core::{
    BuyerFacts, CustomerId, DeclineClass, Email, Fact, Link, PaymentFailed, PersonName, Phone, PushToken,
};

use super::body::{Address, Content, Customer, money};
use super::{Reading, key, seconds, subscription_key};
use crate::json::Member;
use crate::read::{MerchantData, first, language_tag, zone_name};
use crate::{Ignored, NormaliseError};

/// Reads a failed payment of an invoice, or of nothing that was invoiced.
pub(super) fn payment(content: &Content<'_>) -> Result<Reading, NormaliseError> {
    let (invoice, transaction) = (content.invoice(), content.transaction());
    let linked = transaction.invoices().first().and_then(|invoice| invoice.id.text());
    let id = invoice.id.text().or(linked).or_else(|| transaction.id.text());
    let id = id.ok_or(NormaliseError::Missing { member: "content.invoice.id" })?;
    let obligation = key(&id).ok_or(NormaliseError::Malformed { member: "content.invoice.id" })?;
    let due = invoice.amount_due.integer("content.invoice.amount_due").ok().flatten();
    if due.is_some_and(|due| due <= 0) {
        return Ok(Reading::Ignored(Ignored::NothingOwed));
    }
    let own = money(invoice.amount_due, invoice.currency_code);
    let subscription = content.subscription();
    let links = [transaction.id.text().and_then(|id| key(&id)), subscription_key(&subscription)];
    let failed = PaymentFailed {
        attempt: invoice.failures(),
        next_retry: seconds(invoice.next_retry_at),
        last_attempt: matches!(invoice.dunning_status.text().as_deref(), Some("exhausted" | "stopped")),
        decline: transaction.error_code.text().and_then(|code| class(&code)),
        amount: own.or_else(|| money(transaction.amount, transaction.currency_code)),
        pay_link: pay_link(content),
        number: invoice.id.text().and_then(|number| PersonName::clean(&number)),
        buyer: buyer(content),
        links: links.into_iter().flatten().filter(|link| *link != obligation).collect(),
        one_time: false,
        unlinked: false,
    };
    Ok(Reading::one(obligation, Fact::PaymentFailed(Box::new(failed))))
}

/// Finds a code that speaks for itself: Chargebee hands on what the gateway says, and a number means one thing here and
/// another there.
fn class(code: &str) -> Option<DeclineClass> {
    match code {
        "insufficient_funds" | "do_not_honor" | "generic_decline" | "processing_error" => {
            Some(DeclineClass::Soft)
        }
        "expired_card" | "incorrect_cvc" | "invalid_cvc" | "incorrect_number" | "invalid_number" => {
            Some(DeclineClass::NewMethodNeeded)
        }
        "authentication_required" => Some(DeclineClass::ActionRequired),
        "lost_card" | "stolen_card" | "pickup_card" | "fraudulent" => Some(DeclineClass::Hard),
        _ => None,
    }
}

/// The merchant's own data, of the subscription first.
fn metadata<'a>(content: &Content<'a>) -> [MerchantData<'a>; 2] {
    [content.subscription().meta_data, content.customer().meta_data]
        .map(|data| data.object().unwrap_or_default())
}

/// The merchant's own page: Chargebee's hosted ones are only made on demand.
fn pay_link(content: &Content<'_>) -> Option<Link> {
    let custom = [content.subscription().cf_pay_url, content.customer().cf_pay_url];
    let given = metadata(content).map(|data| data.pay_url);
    first(given.into_iter().chain(custom), |url| Link::parse(url).ok())
}

/// The buyer, each fact from the first place that reads.
pub(super) fn buyer(content: &Content<'_>) -> BuyerFacts {
    let (invoice, customer) = (content.invoice(), content.customer());
    let addresses: [Address<'_>; 2] = [invoice.billing_address, customer.billing_address]
        .map(|address| address.object().unwrap_or_default());
    let data = metadata(content);
    let custom = [content.subscription().cf_whatsapp_phone, customer.cf_whatsapp_phone];
    let known = [customer.phone, addresses[0].phone, addresses[1].phone];
    let phones = data.iter().map(|data| data.whatsapp_phone).chain(custom).chain(known);
    let custom = [content.subscription().cf_push_token, customer.cf_push_token];
    let tokens = data.iter().map(|data| data.push_token).chain(custom);
    let ids = [customer.id, invoice.customer_id, content.transaction().customer_id];
    BuyerFacts {
        customer: first(ids, |id| CustomerId::parse(id).ok()),
        phone: first(phones, |text| Phone::parse(text).ok()),
        email: first([customer.email, addresses[0].email, addresses[1].email], Email::parse),
        push: first(tokens, PushToken::parse),
        name: name(&customer, &addresses),
        locale: first(
            data.iter().flat_map(|data| [data.locale, data.language]).chain([customer.locale]),
            language_tag,
        ),
        zone: first(data.iter().map(|data| data.time_zone), zone_name),
    }
}

fn name(customer: &Customer<'_>, addresses: &[Address<'_>]) -> Option<PersonName> {
    let whole = |first: Member<'_>, last: Member<'_>| {
        let parts = [first, last].map(|part| part.text().unwrap_or_default());
        PersonName::clean(&parts.join(" "))
    };
    let own = whole(customer.first_name, customer.last_name);
    own.or_else(|| addresses.iter().find_map(|address| whole(address.first_name, address.last_name)))
}
