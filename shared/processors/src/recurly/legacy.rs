//! The XML style: the object itself, as the API of version 2 had it.

use std::borrow::Cow;

use recoup_core::{BuyerFacts, Currency, CustomerId, Email, Fact, Money, PaymentFailed, PersonName, Phone};

use super::{Reading, Told, is_kind};
use crate::read::{self, links, obligation};
use crate::xml::{Document, Element};
use crate::{Ignored, NormaliseError, Normalised, Verified};

/// The members whose absence is told.
mod member {
    pub(super) const INVOICE: &str = "invoice/uuid";
    pub(super) const PAID_INVOICE: &str = "transaction/invoice_id";
    pub(super) const SUBSCRIPTION: &str = "subscription/uuid";
}

/// Reads a notification.
pub(super) fn normalise(verified: &Verified<'_>) -> Result<Normalised, NormaliseError> {
    let document = Document::parse(verified.body())?;
    let root = document.root();
    let kind = root.name();
    if !is_kind(kind) {
        return Err(NormaliseError::Malformed { member: "notification" });
    }
    let livemode = root.text("transaction/test").and_then(|test| test.parse().ok()).map(|test: bool| !test);
    let normalised = read(kind, root)?.normalised(verified, kind.to_owned())?;
    Ok(Normalised { livemode, ..normalised })
}

/// The list of all notifications that start or stop something.
fn read(kind: &str, root: Element<'_>) -> Result<Reading, NormaliseError> {
    match kind {
        "failed_payment_notification" => payment_failed(root),
        "successful_payment_notification" => payment(root, Fact::Paid),
        "successful_refund_notification" => payment(root, Fact::Refunded { full: false }),
        "past_due_charge_invoice_notification"
        | "past_due_invoice_notification"
        | "new_dunning_event_notification" => past_due(root),
        "paid_charge_invoice_notification" => invoice(root, Fact::Paid),
        "failed_charge_invoice_notification" => invoice(root, Fact::MarkedUncollectible),
        "closed_invoice_notification" => match root.text("invoice/state") {
            Some("collected" | "paid") => invoice(root, Fact::Paid),
            Some("failed") => invoice(root, Fact::MarkedUncollectible),
            Some(_) | None => Ok(Reading::Ignored(Ignored::InProgress)),
        },
        "expired_subscription_notification" => {
            told(root, member::SUBSCRIPTION, "subscription/expires_at", Fact::SubscriptionCancelled)
        }
        // A cancelled one runs to the end of what was paid for, and expires then.
        "canceled_subscription_notification"
        | "processing_charge_invoice_notification"
        | "processing_invoice_notification"
        | "processing_payment_notification"
        | "scheduled_payment_notification" => Ok(Reading::Ignored(Ignored::InProgress)),
        _ => Ok(Reading::Ignored(Ignored::UnknownType)),
    }
}

/// A fact about what stands at a path, and when.
fn told(
    root: Element<'_>,
    path: &'static str,
    time: &'static str,
    fact: Fact,
) -> Result<Reading, NormaliseError> {
    let obligation = obligation(root.text(path), path)?;
    let time = root.text(time).unwrap_or_default();
    let name = format!("{}-{obligation}-{time}", root.name());
    Ok(Reading::Told(Told { obligation, at: read::time(time), fact, name }))
}

fn invoice(root: Element<'_>, fact: Fact) -> Result<Reading, NormaliseError> {
    told(root, member::INVOICE, "invoice/updated_at", fact)
}

/// A transaction of an invoice. One without an invoice checks a card, and owes nothing.
fn payment(root: Element<'_>, fact: Fact) -> Result<Reading, NormaliseError> {
    if root.at("transaction").is_some() && root.text(member::PAID_INVOICE).is_none() {
        return Ok(Reading::Ignored(Ignored::UnknownType));
    }
    told(root, member::PAID_INVOICE, "transaction/date", fact)
}

fn payment_failed(root: Element<'_>) -> Result<Reading, NormaliseError> {
    let amount = money(root, "transaction/amount_in_cents", "transaction/currency");
    let failed = PaymentFailed {
        number: root.text("transaction/invoice_number").and_then(PersonName::clean),
        ..failure(root, amount, member::PAID_INVOICE, root.text("transaction/subscription_id"))
    };
    if is_nothing(root.text("transaction/amount_in_cents")) {
        return Ok(Reading::Ignored(Ignored::NothingOwed));
    }
    payment(root, Fact::PaymentFailed(Box::new(failed)))
}

fn past_due(root: Element<'_>) -> Result<Reading, NormaliseError> {
    // Sites from before 2018 have a total, and no balance.
    let paths = ["invoice/balance_in_cents", "invoice/total_in_cents"];
    let owed = paths.into_iter().find(|path| root.text(path).is_some()).unwrap_or_default();
    if is_nothing(root.text(owed)) {
        return Ok(Reading::Ignored(Ignored::NothingOwed));
    }
    let prefix = root.text("invoice/invoice_number_prefix").unwrap_or_default();
    let number = root.text("invoice/invoice_number").map(|number| format!("{prefix}{number}"));
    let count = root.text("invoice/dunning_events_count").and_then(|count| count.parse().ok());
    let failed = PaymentFailed {
        attempt: count.filter(|count| *count > 0),
        last_attempt: root.text("invoice/final_dunning_event") == Some("true"),
        number: number.and_then(|number| PersonName::clean(&number)),
        ..failure(root, money(root, owed, "invoice/currency"), member::INVOICE, only_subscription(root))
    };
    invoice(root, Fact::PaymentFailed(Box::new(failed)))
}

/// The subscription behind an invoice. Where there are several none is named: the end of one would end the debt of all.
fn only_subscription(root: Element<'_>) -> Option<&str> {
    let lists = root.at("invoice/subscription_ids").into_iter();
    let listed = lists.flat_map(|list| list.all("subscription_id")).filter_map(|id| id.text(""));
    let named =
        ["invoice/subscription_id", "subscription/uuid"].into_iter().filter_map(|path| root.text(path));
    let mut all = listed.chain(named);
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

fn failure(root: Element<'_>, amount: Option<Money>, own: &str, subscription: Option<&str>) -> PaymentFailed {
    let own = root.text(own).and_then(read::id);
    PaymentFailed {
        amount,
        buyer: buyer(root),
        links: own.map(|own| links(&own, [subscription.map(Cow::Borrowed)])).unwrap_or_default(),
        ..PaymentFailed::default()
    }
}

/// An amount in cents. What a cent of a currency without two decimals is, Recurly does not say: those are left out.
fn money(root: Element<'_>, amount: &str, currency: &str) -> Option<Money> {
    let currency = Currency::parse(root.text(currency)?).ok().filter(|currency| currency.exponent() == 2)?;
    Some(Money { minor: root.text(amount)?.parse().ok()?, currency })
}

fn is_nothing(cents: Option<&str>) -> bool {
    cents.and_then(|cents| cents.parse::<i64>().ok()).is_some_and(|cents| cents <= 0)
}

fn buyer(root: Element<'_>) -> BuyerFacts {
    let names = ["account/first_name", "account/last_name"].map(|path| root.text(path));
    let phones = ["account/phone", "invoice/address/phone"];
    BuyerFacts {
        // The API finds an account by its code under this name.
        customer: root
            .text("account/account_code")
            .and_then(|code| CustomerId::parse(&format!("code-{code}")).ok()),
        phone: phones.iter().find_map(|path| Phone::parse(root.text(path)?).ok()),
        email: root.text("account/email").and_then(Email::parse),
        name: PersonName::clean(&names.into_iter().flatten().collect::<Vec<_>>().join(" ")),
        ..BuyerFacts::default()
    }
}
