//! Magic Checkout's abandoned cart: a body of its own, without a type, an event or a time.

use recoup_core::{BuyerFacts, Checkout, Email, Event, EventId, Fact, Link, PersonName, Phone};

use super::body::{Address, Body, Shopper};
use crate::read::{self, first};
use crate::{NormaliseError, Normalised, Status};

/// Reads an abandoned cart.
///
/// The total of its lines is what the cart comes to only while no promotion is taken off: Razorpay's sample lists the
/// promotions beside a total that does not know them.
pub(super) fn abandoned(body: &Body<'_>, header: Option<&str>) -> Result<Normalised, NormaliseError> {
    if body.abandoned_checkout_url.text().is_none() && body.cart_token.text().is_none() {
        return Err(NormaliseError::Missing { member: "event" });
    }
    let token = read::obligation(body.token.text().or_else(|| body.cart_token.text()).as_deref(), "token")?;
    let shopper: Shopper<'_> = body.customer.object().unwrap_or_default();
    let address: Address<'_> = shopper.shipping_address.object().unwrap_or_default();
    let names = [shopper.first_name, shopper.last_name].map(|name| name.text().unwrap_or_default());
    let reduced = body.promotions.elements().is_some_and(|promotions| !promotions.is_empty());
    let amount =
        read::minor(body.line_items_total, body.currency).filter(|total| !reduced && total.minor > 0);
    let checkout = Checkout {
        amount,
        resume_link: body.abandoned_checkout_url.text().and_then(|url| Link::parse(&url).ok()),
        links: read::links(&token, [body.cart_token.text()]),
        buyer: BuyerFacts {
            phone: first([body.phone, address.phone], |text| Phone::parse(text).ok()),
            email: first([body.email, shopper.email], Email::parse),
            name: PersonName::clean(&names.join(" ")).or_else(|| first([address.name], PersonName::clean)),
            ..BuyerFacts::default()
        },
        ..Checkout::default()
    };
    let kind = "magic_checkout.abandoned_cart";
    let id = header.and_then(|id| EventId::parse(id).ok());
    let id = id.or_else(|| EventId::parse(&format!("{kind}-{token}")).ok());
    let id = id.ok_or(NormaliseError::Malformed { member: "token" })?;
    let fact = Fact::CheckoutAbandoned(Box::new(checkout));
    let events = vec![Event { id, obligation: token, occurred_at: None, fact }];
    Ok(Normalised {
        events,
        kind: kind.to_owned(),
        asks: Vec::new(),
        livemode: None,
        status: Status::Recognised,
    })
}
