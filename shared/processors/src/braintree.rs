//! Braintree (facts: webhook-sources sections 2 to 7).
//!
//! A notification is XML in base64 in a form; what is normalised is the XML. The secret is `public_key:private_key`, both as
//! the control panel shows them. When the URL is saved, Braintree asks it for a proof first ([`Processor::greet`]).
//!
//! A subscription is owed as itself and recovers, because each attempt is a transaction of its own that later ones do not
//! name. A single transaction, told only where the money comes late (bank debits), is owed as the merchant's order.
//! Notifications have no id: kind, time and subject make one.

mod decline;
mod signature;

use jiff::Timestamp;
use recoup_core::{
    BuyerFacts, Currency, CustomerId, Email, Event, EventId, Fact, Money, Obligation, PaymentFailed,
    PersonName, Phone, PushToken, Secret,
};

use crate::read::{self, links, obligation};
use crate::xml::{Document, Element};
use crate::{
    Family, Habits, Ignored, NormaliseError, Normalised, Processor, SignatureError, Signed, SourceApi,
    Status, Unverified, Verified,
};

/// Braintree.
pub(crate) struct Braintree;

impl Processor for Braintree {
    fn name(&self) -> &'static str {
        "braintree"
    }

    fn family(&self) -> Family {
        Family::Payment
    }

    /// The time inside a notification is that of what happened, and hours old in a retry: it is no guard against a replay.
    fn habits(&self) -> Habits {
        Habits::UNTIMED
    }

    fn greet(&self, query: &str, _request: Unverified<'_>, secrets: &[Secret]) -> Option<String> {
        signature::answer(query, secrets)
    }

    fn verify<'a>(
        &self,
        request: Unverified<'a>,
        secrets: &[Secret],
        _now: Timestamp,
    ) -> Result<Verified<'a>, SignatureError> {
        Ok(Verified::decoded(request, signature::verify(request.body, secrets)?))
    }

    fn normalise(&self, verified: &Verified<'_>) -> Result<Normalised, NormaliseError> {
        let document = Document::parse(verified.body())?;
        let root = document.root();
        let missing = |member| move || NormaliseError::Missing { member };
        if root.name() != "notification" {
            return Err(NormaliseError::Missing { member: "notification" });
        }
        let kind = root.text("kind").ok_or_else(missing("kind"))?;
        if kind.len() > 128 || !kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
            return Err(NormaliseError::Malformed { member: "kind" });
        }
        let (events, status) = match read(kind, root)? {
            Reading::Ignored(why) => (Vec::new(), Status::Ignored(why)),
            Reading::Told { subject, obligation, at, fact } => {
                let timestamp = root.text("timestamp").ok_or_else(missing("timestamp"))?;
                let id = EventId::parse(&format!("{kind}-{timestamp}-{subject}"));
                let id = id.map_err(|_| NormaliseError::Malformed { member: "timestamp" })?;
                let occurred_at = at.or_else(|| read::time(timestamp));
                (vec![Event { id, obligation, occurred_at, fact }], Status::Recognised)
            }
        };
        Ok(Normalised { events, kind: kind.to_owned(), asks: Vec::new(), livemode: None, status })
    }

    fn sign(&self, body: &[u8], secret: &Secret, _at: Timestamp, _url: &str) -> Option<Signed> {
        signature::sign(body, secret)
    }
}

impl SourceApi for Braintree {}

/// The members whose absence is told.
mod member {
    pub(super) const SUBSCRIPTION: &str = "subject/subscription/id";
    pub(super) const TRANSACTION: &str = "subject/transaction/id";
    pub(super) const DISPUTE: &str = "subject/dispute/id";
    pub(super) const DISPUTED: &str = "subject/dispute/transaction/id";
}

/// What a notification says, before its id is made.
enum Reading {
    Told { subject: String, obligation: Obligation, at: Option<Timestamp>, fact: Fact },
    Ignored(Ignored),
}

/// Turns a kind and its subject into a fact; the list of all kinds that start or stop something.
fn read(kind: &str, root: Element<'_>) -> Result<Reading, NormaliseError> {
    match kind {
        "subscription_charged_unsuccessfully" => charge_failed(root),
        "subscription_charged_successfully" | "subscription_went_active" => {
            let paid = transactions(root).find(|transaction| !is_refused(transaction));
            let at = paid.and_then(|transaction| transaction.text("created-at")).and_then(read::time);
            subscription(root, at, Fact::Recovered)
        }
        "subscription_went_past_due" => subscription(root, None, Fact::SubscriptionPastDue),
        "subscription_canceled" | "subscription_expired" => {
            subscription(root, None, Fact::SubscriptionCancelled)
        }
        "transaction_settled" => settled(root),
        "transaction_settlement_declined" => settlement_declined(root),
        "dispute_opened" => disputed(root, Fact::DisputeOpened),
        "dispute_won" => disputed(root, Fact::DisputeClosed { won: true }),
        "dispute_lost" | "dispute_accepted" | "dispute_auto_accepted" => {
            disputed(root, Fact::DisputeClosed { won: false })
        }
        "dispute_disputed" | "dispute_under_review" | "dispute_expired" => {
            Ok(Reading::Ignored(Ignored::InProgress))
        }
        "check" => Ok(Reading::Ignored(Ignored::Test)),
        _ => Ok(Reading::Ignored(Ignored::UnknownType)),
    }
}

/// The transactions of a subscription, the newest first, as Braintree lists them.
fn transactions(root: Element<'_>) -> impl Iterator<Item = Element<'_>> {
    root.at("subject/subscription/transactions").into_iter().flat_map(|list| list.all("transaction"))
}

/// Whether a transaction brought no money.
fn is_refused(transaction: &Element<'_>) -> bool {
    let refused = [
        "failed",
        "processor_declined",
        "gateway_rejected",
        "settlement_declined",
        "authorization_expired",
        "voided",
    ];
    transaction.text("status").is_some_and(|status| refused.contains(&status))
}

fn subscription(root: Element<'_>, at: Option<Timestamp>, fact: Fact) -> Result<Reading, NormaliseError> {
    let id = root.text(member::SUBSCRIPTION);
    let obligation = obligation(id, member::SUBSCRIPTION)?;
    Ok(Reading::Told { subject: id.unwrap_or_default().to_owned(), obligation, at, fact })
}

fn charge_failed(root: Element<'_>) -> Result<Reading, NormaliseError> {
    let own = obligation(root.text(member::SUBSCRIPTION), member::SUBSCRIPTION)?;
    // An attempt may leave no transaction; the one before it then tells who the buyer is, and nothing of the failure.
    let newest = transactions(root).next();
    let attempt = newest.filter(is_refused);
    let failed = attempt.map_or_else(PaymentFailed::default, |attempt| failure(attempt, &own));
    if failed.amount.is_some_and(|owed| owed.minor <= 0) {
        return Ok(Reading::Ignored(Ignored::NothingOwed));
    }
    let count = root.text("subject/subscription/failure-count").and_then(|count| count.parse().ok());
    let status = root.text("subject/subscription/status");
    let failed = PaymentFailed {
        attempt: count.filter(|count| *count > 0),
        last_attempt: matches!(status, Some("Canceled" | "Expired")),
        buyer: newest.map(buyer).unwrap_or_default(),
        ..failed
    };
    let at = attempt.and_then(|attempt| attempt.text("created-at")).and_then(read::time);
    subscription(root, at, Fact::PaymentFailed(Box::new(failed)))
}

/// What a transaction that failed tells, under the obligation it was for.
fn failure(transaction: Element<'_>, owing: &Obligation) -> PaymentFailed {
    PaymentFailed {
        decline: decline::class(transaction),
        amount: money(transaction),
        buyer: buyer(transaction),
        links: links(owing, [transaction.text("id").map(Into::into)]),
        ..PaymentFailed::default()
    }
}

/// The obligation of a single transaction: the merchant's order, which a second attempt names too, else itself. Orders and
/// subscriptions are both numbered by the merchant, so an order is kept apart.
fn single(transaction: Element<'_>, member: &'static str) -> Result<Obligation, NormaliseError> {
    match transaction.text("order-id").map(|order| format!("order-{order}")) {
        Some(order) => obligation(Some(&order), member),
        None => obligation(transaction.text("id"), member),
    }
}

/// Money that took days to arrive. A subscription will owe again; what is no sale is money on its way out.
fn settled(root: Element<'_>) -> Result<Reading, NormaliseError> {
    let (transaction, subject) = transaction(root)?;
    if is_credit(transaction) {
        return Ok(Reading::Ignored(Ignored::UnknownType));
    }
    let at = transaction.text("updated-at").and_then(read::time);
    Ok(match transaction.text("subscription-id") {
        Some(id) => Reading::Told {
            subject,
            obligation: obligation(Some(id), member::SUBSCRIPTION)?,
            at,
            fact: Fact::Recovered,
        },
        None => Reading::Told {
            subject,
            obligation: single(transaction, member::TRANSACTION)?,
            at,
            fact: Fact::Paid,
        },
    })
}

/// Money that was promised, and after days did not arrive.
fn settlement_declined(root: Element<'_>) -> Result<Reading, NormaliseError> {
    let (transaction, subject) = transaction(root)?;
    if is_credit(transaction) {
        return Ok(Reading::Ignored(Ignored::UnknownType));
    }
    let owing = match transaction.text("subscription-id") {
        Some(id) => obligation(Some(id), member::SUBSCRIPTION)?,
        None => single(transaction, member::TRANSACTION)?,
    };
    let failed = PaymentFailed {
        number: transaction.text("order-id").and_then(PersonName::clean),
        one_time: is_of_order(transaction),
        ..failure(transaction, &owing)
    };
    if failed.amount.is_some_and(|owed| owed.minor <= 0) {
        return Ok(Reading::Ignored(Ignored::NothingOwed));
    }
    let at = transaction.text("updated-at").and_then(read::time);
    Ok(Reading::Told { subject, obligation: owing, at, fact: Fact::PaymentFailed(Box::new(failed)) })
}

/// Whether it paid one order of the merchant's: no subscription of Braintree's, and none that the merchant charges.
fn is_of_order(transaction: Element<'_>) -> bool {
    transaction.text("order-id").is_some()
        && transaction.text("subscription-id").is_none()
        && transaction.text("recurring") != Some("true")
}

fn transaction(root: Element<'_>) -> Result<(Element<'_>, String), NormaliseError> {
    let missing = NormaliseError::Missing { member: member::TRANSACTION };
    let transaction = root.at("subject/transaction").ok_or(missing)?;
    Ok((transaction, transaction.text("id").ok_or(missing)?.to_owned()))
}

fn is_credit(transaction: Element<'_>) -> bool {
    transaction.text("type").is_some_and(|kind| kind != "sale")
}

/// A dispute, which has an id of its own: what it is about is the transaction, and the order behind it.
fn disputed(root: Element<'_>, fact: Fact) -> Result<Reading, NormaliseError> {
    let id = root.text(member::DISPUTE).ok_or(NormaliseError::Missing { member: member::DISPUTE })?;
    let transaction = root.at("subject/dispute/transaction");
    let transaction = transaction.ok_or(NormaliseError::Missing { member: member::DISPUTED })?;
    Ok(Reading::Told {
        subject: id.to_owned(),
        obligation: single(transaction, member::DISPUTED)?,
        at: None,
        fact,
    })
}

/// The amount of a transaction; none where the currency is left out, as in the library's samples.
fn money(transaction: Element<'_>) -> Option<Money> {
    let currency = Currency::parse(transaction.text("currency-iso-code")?).ok()?;
    Money::from_decimal(transaction.text("amount")?, currency)
}

/// The customer as the transaction keeps them; the merchant's own field for the phone comes first.
fn buyer(transaction: Element<'_>) -> BuyerFacts {
    let phones = ["custom-fields/whatsapp-phone", "custom-fields/whatsapp_phone", "customer/phone"];
    let tokens = ["custom-fields/push-token", "custom-fields/push_token"];
    let names = ["customer/first-name", "customer/last-name"].map(|path| transaction.text(path));
    let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
    BuyerFacts {
        customer: transaction.text("customer/id").and_then(|id| CustomerId::parse(id).ok()),
        phone: phones.iter().find_map(|path| Phone::parse(transaction.text(path)?).ok()),
        email: transaction.text("customer/email").and_then(Email::parse),
        push: tokens.iter().find_map(|path| PushToken::parse(transaction.text(path)?)),
        name: PersonName::clean(&name),
        ..BuyerFacts::default()
    }
}
