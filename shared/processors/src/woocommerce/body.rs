//! The members of `WooCommerce`'s bodies that are read.

use jiff::Timestamp;
use recoup_core::{BuyerFacts, CustomerId, Email, Link, Money, PersonName, Phone, PushToken};

use crate::json::{Member, members};
use crate::read::{decimal, first, time};

members! {
    /// An order or a customer.
    pub(super) struct Body {
        pub(super) id,
        pub(super) status,
        pub(super) number,
        pub(super) order_key,
        pub(super) created_via,
        pub(super) currency,
        pub(super) total,
        pub(super) refunds,
        pub(super) payment_url,
        pub(super) needs_payment,
        pub(super) date_created_gmt,
        pub(super) date_modified,
        pub(super) date_modified_gmt,
        pub(super) date_paid,
        pub(super) date_paid_gmt,

        pub(super) customer_id,
        pub(super) billing,
        pub(super) shipping,
        pub(super) meta_data,
        pub(super) email,
        pub(super) first_name,
        pub(super) links = "_links",
    }
}

impl<'a> Body<'a> {
    /// The buyer of an order. A guest is customer 0, which is nobody.
    pub(super) fn buyer(&self) -> BuyerFacts {
        self.facts(self.customer_id)
    }

    /// The customer that the body is.
    pub(super) fn customer(&self) -> BuyerFacts {
        self.facts(self.id)
    }

    fn facts(&self, customer: Member<'_>) -> BuyerFacts {
        let billing: Address<'a> = self.billing.object().unwrap_or_default();
        let shipping: Address<'a> = self.shipping.object().unwrap_or_default();
        let customer = customer.number_or_text().filter(|id| id != "0");
        BuyerFacts {
            customer: customer.and_then(|id| CustomerId::parse(&id).ok()),
            phone: first([self.own("whatsapp_phone"), billing.phone, shipping.phone], |text| {
                Phone::parse(text).ok()
            }),
            email: first([billing.email, self.email], Email::parse),
            push: first([self.own("push_token")], PushToken::parse),
            name: first([self.first_name, billing.first_name, shipping.first_name], PersonName::clean),
            locale: None,
            zone: None,
        }
    }

    /// What the merchant's own form or app put under this key.
    fn own(&self, key: &str) -> Member<'a> {
        let metas = self.meta_data.elements().unwrap_or_default();
        let mut metas = metas.into_iter().filter_map(Member::object::<Meta<'a>>);
        let own = metas.find(|meta| meta.key.text().as_deref() == Some(key));
        own.map(|meta| meta.value).unwrap_or_default()
    }

    /// What the order comes to.
    pub(super) fn amount(&self) -> Option<Money> {
        decimal(self.total, self.currency)
    }

    /// Whether the money came, whenever that was.
    pub(super) fn has_been_paid(&self) -> bool {
        [self.date_paid_gmt, self.date_paid].into_iter().any(|at| at.text().is_some_and(|at| !at.is_empty()))
    }

    /// How much went back so far; `None` when one of the refunds cannot be read exactly. The body writes them negative.
    pub(super) fn refunded(&self) -> Option<i64> {
        let refunds = self.refunds.elements().unwrap_or_default();
        refunds.into_iter().try_fold(0_i64, |sum, refund| {
            let refund: Refund<'_> = refund.object()?;
            sum.checked_add(decimal(refund.total, self.currency)?.minor.checked_abs()?)
        })
    }

    /// Whether anything went back.
    pub(super) fn has_refunds(&self) -> bool {
        self.refunds.elements().is_some_and(|refunds| !refunds.is_empty())
    }

    /// The page where the buyer pays: as newer versions give it, else built as they build it.
    pub(super) fn pay_link(&self) -> Option<Link> {
        self.given_pay_link().or_else(|| self.built_pay_link())
    }

    /// The page where the buyer pays, if the body names it.
    pub(super) fn given_pay_link(&self) -> Option<Link> {
        first([self.payment_url], |url| Link::parse(url).ok())
    }

    /// The store's address is taken from the body, which is signed, and not from `X-WC-Webhook-Source`, which is not:
    /// whoever replays a body must not choose where its buyer pays.
    fn built_pay_link(&self) -> Option<Link> {
        let links: Links<'a> = self.links.object().unwrap_or_default();
        let own: Href<'a> = links.own.elements()?.first()?.object()?;
        let own = own.href.text()?;
        let (site, _) = own.split_once("/wp-json/")?;
        let (id, key) = (self.id.number_or_text()?, self.order_key.text()?);
        let plain = |part: &str, more: &[u8]| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || more.contains(&b))
        };
        if !plain(site, b":/.-_~") || !plain(&id, b"") || !plain(&key, b"_-") {
            return None;
        }
        Link::parse(&format!("{site}/checkout/order-pay/{id}/?pay_for_order=true&key={key}")).ok()
    }
}

/// Reads a time in UTC that is written without a zone.
pub(super) fn gmt(at: Member<'_>) -> Option<Timestamp> {
    first([at], |text| time(text).or_else(|| time(&format!("{text}Z"))))
}

members! {
    struct Address {
        first_name,
        phone,
        email,
    }
}

members! {
    /// One of `meta_data`.
    struct Meta {
        key,
        value,
    }
}

members! {
    struct Refund {
        total,
    }
}

members! {
    struct Links {
        own = "self",
    }
}

members! {
    struct Href {
        href,
    }
}
