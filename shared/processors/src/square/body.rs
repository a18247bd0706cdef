//! The members of Square's bodies and answers that are read.

use recoup_core::{BuyerFacts, CustomerId, Email, Money, PersonName, Phone};

use crate::json::{Member, members};
use crate::read::{first, minor};

members! {
    /// The envelope of an event.
    pub(super) struct Body {
        pub(super) kind = "type",
        pub(super) event_id,
        pub(super) created_at,
        pub(super) data,
    }
}

members! {
    /// The `data` of an event.
    pub(super) struct Data {
        object,
    }
}

impl<'a> Data<'a> {
    pub(super) fn object(&self) -> Object<'a> {
        self.object.object().unwrap_or_default()
    }
}

members! {
    /// What an event or an answer is about, under the name of its kind.
    pub(super) struct Object {
        invoice,
        payment,
        refund,
        dispute,
        subscription,
        customer,
        card,
    }
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

members! {
    /// An invoice.
    pub(super) struct Invoice {
        pub(super) id,
        pub(super) status,
        pub(super) order_id,
        pub(super) subscription_id,
        pub(super) number = "invoice_number",
        pub(super) public_url,
        pub(super) updated_at,
        pub(super) primary_recipient,
        pub(super) payment_requests,
        pub(super) next_payment_amount_money,
    }
}

members! {
    /// One of the payments an invoice asks for.
    pub(super) struct PaymentRequest {
        pub(super) computed_amount_money,
        pub(super) total_completed_amount_money,
    }
}

members! {
    /// The person an invoice is for.
    pub(super) struct Recipient {
        pub(super) customer_id,
        pub(super) given_name,
        pub(super) family_name,
        pub(super) email_address,
        pub(super) phone_number,
    }
}

members! {
    /// A payment.
    pub(super) struct Payment {
        pub(super) id,
        pub(super) status,
        pub(super) order_id,
        pub(super) customer_id,
        pub(super) buyer_email_address,
        pub(super) shipping_address,
        pub(super) billing_address,
        pub(super) total_money,
        pub(super) amount_money,
        pub(super) refunded_money,
        pub(super) card_details,
        pub(super) application_details,
        pub(super) updated_at,
    }
}

members! {
    /// A name, as an address holds it.
    pub(super) struct Address {
        pub(super) first_name,
        pub(super) last_name,
    }
}

members! {
    pub(super) struct CardDetails {
        pub(super) entry_method,
        pub(super) errors,
    }
}

members! {
    pub(super) struct CardError {
        pub(super) code,
    }
}

members! {
    pub(super) struct Application {
        pub(super) square_product,
    }
}

members! {
    /// A refund.
    pub(super) struct Refund {
        pub(super) status,
        pub(super) payment_id,
        pub(super) unlinked,
        pub(super) updated_at,
    }
}

members! {
    /// A dispute.
    pub(super) struct Dispute {
        pub(super) state,
        pub(super) disputed_payment,
        pub(super) updated_at,
    }
}

members! {
    pub(super) struct DisputedPayment {
        pub(super) payment_id,
    }
}

members! {
    /// A subscription.
    pub(super) struct Subscription {
        pub(super) id,
        pub(super) status,
    }
}

members! {
    /// A card on file.
    pub(super) struct Card {
        pub(super) customer_id,
    }
}

members! {
    /// A customer.
    pub(super) struct Customer {
        pub(super) id,
        given_name,
        family_name,
        email_address,
        phone_number,
        pub(super) updated_at,
    }
}

impl Customer<'_> {
    /// Who it is and how to reach them.
    pub(super) fn buyer(&self) -> BuyerFacts {
        buyer(self.id, self.given_name, self.family_name, self.email_address, self.phone_number)
    }
}

members! {
    struct Sum {
        amount,
        currency,
    }
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
        ..BuyerFacts::default()
    }
}
