//! The members of Square's bodies and answers that are read.

use recoup_core::{BuyerFacts, CustomerId, Email, Money, PersonName, Phone};
use serde::Deserialize;

use crate::json::Member;
use crate::read::{first, minor};

/// The envelope of an event.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Body<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Member<'a>,
    pub(super) event_id: Member<'a>,
    pub(super) created_at: Member<'a>,
    pub(super) data: Member<'a>,
}

/// The `data` of an event.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Data<'a> {
    #[serde(borrow)]
    object: Member<'a>,
}

impl<'a> Data<'a> {
    pub(super) fn object(&self) -> Object<'a> {
        self.object.object().unwrap_or_default()
    }
}

/// What an event or an answer is about, under the name of its kind.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Object<'a> {
    #[serde(borrow)]
    invoice: Member<'a>,
    payment: Member<'a>,
    refund: Member<'a>,
    dispute: Member<'a>,
    subscription: Member<'a>,
    customer: Member<'a>,
    card: Member<'a>,
}

impl<'a> Object<'a> {
    pub(super) fn invoice(&self) -> Invoice<'a> {
        self.invoice.object().unwrap_or_default()
    }

    pub(super) fn payment(&self) -> Payment<'a> {
        self.payment.object().unwrap_or_default()
    }

    pub(super) fn refund(&self) -> Refund<'a> {
        self.refund.object().unwrap_or_default()
    }

    pub(super) fn dispute(&self) -> Dispute<'a> {
        self.dispute.object().unwrap_or_default()
    }

    pub(super) fn subscription(&self) -> Subscription<'a> {
        self.subscription.object().unwrap_or_default()
    }

    pub(super) fn customer(&self) -> Customer<'a> {
        self.customer.object().unwrap_or_default()
    }

    pub(super) fn card(&self) -> Card<'a> {
        self.card.object().unwrap_or_default()
    }
}

/// An invoice.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Invoice<'a> {
    #[serde(borrow)]
    pub(super) id: Member<'a>,
    pub(super) status: Member<'a>,
    pub(super) order_id: Member<'a>,
    pub(super) subscription_id: Member<'a>,
    #[serde(rename = "invoice_number")]
    pub(super) number: Member<'a>,
    pub(super) public_url: Member<'a>,
    pub(super) updated_at: Member<'a>,
    pub(super) primary_recipient: Member<'a>,
    pub(super) payment_requests: Member<'a>,
    pub(super) next_payment_amount_money: Member<'a>,
}

/// One of the payments an invoice asks for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PaymentRequest<'a> {
    #[serde(borrow)]
    pub(super) computed_amount_money: Member<'a>,
    pub(super) total_completed_amount_money: Member<'a>,
}

/// The person an invoice is for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Recipient<'a> {
    #[serde(borrow)]
    pub(super) customer_id: Member<'a>,
    pub(super) given_name: Member<'a>,
    pub(super) family_name: Member<'a>,
    pub(super) email_address: Member<'a>,
    pub(super) phone_number: Member<'a>,
}

/// A payment.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Payment<'a> {
    #[serde(borrow)]
    pub(super) id: Member<'a>,
    pub(super) status: Member<'a>,
    pub(super) order_id: Member<'a>,
    pub(super) customer_id: Member<'a>,
    pub(super) buyer_email_address: Member<'a>,
    pub(super) shipping_address: Member<'a>,
    pub(super) billing_address: Member<'a>,
    pub(super) total_money: Member<'a>,
    pub(super) amount_money: Member<'a>,
    pub(super) refunded_money: Member<'a>,
    pub(super) card_details: Member<'a>,
    pub(super) application_details: Member<'a>,
    pub(super) updated_at: Member<'a>,
}

/// A name, as an address holds it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Address<'a> {
    #[serde(borrow)]
    pub(super) first_name: Member<'a>,
    pub(super) last_name: Member<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct CardDetails<'a> {
    #[serde(borrow)]
    pub(super) errors: Member<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct CardError<'a> {
    #[serde(borrow)]
    pub(super) code: Member<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Application<'a> {
    #[serde(borrow)]
    pub(super) square_product: Member<'a>,
}

/// A refund.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Refund<'a> {
    #[serde(borrow)]
    pub(super) status: Member<'a>,
    pub(super) payment_id: Member<'a>,
    pub(super) unlinked: Member<'a>,
    pub(super) updated_at: Member<'a>,
}

/// A dispute.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Dispute<'a> {
    #[serde(borrow)]
    pub(super) state: Member<'a>,
    pub(super) disputed_payment: Member<'a>,
    pub(super) updated_at: Member<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct DisputedPayment<'a> {
    #[serde(borrow)]
    pub(super) payment_id: Member<'a>,
}

/// A subscription.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Subscription<'a> {
    #[serde(borrow)]
    pub(super) id: Member<'a>,
    pub(super) status: Member<'a>,
}

/// A card on file.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Card<'a> {
    #[serde(borrow)]
    pub(super) customer_id: Member<'a>,
}

/// A customer.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Customer<'a> {
    #[serde(borrow)]
    pub(super) id: Member<'a>,
    given_name: Member<'a>,
    family_name: Member<'a>,
    email_address: Member<'a>,
    phone_number: Member<'a>,
    pub(super) updated_at: Member<'a>,
}

impl Customer<'_> {
    /// Who it is and how to reach them.
    pub(super) fn buyer(&self) -> BuyerFacts {
        buyer(self.id, self.given_name, self.family_name, self.email_address, self.phone_number)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Sum<'a> {
    #[serde(borrow)]
    amount: Member<'a>,
    currency: Member<'a>,
}

/// An amount in the currency's own minor units.
pub(super) fn money(member: Member<'_>) -> Option<Money> {
    let sum: Sum<'_> = member.object()?;
    minor(sum.amount, sum.currency)
}

/// The buyer, of whatever object names one.
pub(super) fn buyer(
    customer: Member<'_>,
    given_name: Member<'_>,
    family_name: Member<'_>,
    email: Member<'_>,
    phone: Member<'_>,
) -> BuyerFacts {
    let names = [given_name, family_name].map(|name| name.text().unwrap_or_default());
    BuyerFacts {
        customer: first([customer], |text| CustomerId::parse(text).ok()),
        phone: first([phone], |text| Phone::parse(text).ok()),
        email: first([email], Email::parse),
        name: PersonName::clean(&names.join(" ")),
        locale: None,
        zone: None,
    }
}
