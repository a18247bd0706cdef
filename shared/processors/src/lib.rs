//! Reads the webhooks of payment processors, stores, vendors of identity checks and the merchant's own backends: bytes in, verified and normalised events out.
//!
//! Invariant: no I/O, no clock, no configuration. The time, the secrets and the answers of a processor's API are
//! passed in. What is not verified cannot be normalised: only [`Processor::verify`] makes a [`Verified`].
//!
//! A new source is one file beside `stripe.rs`, its fixtures, and one line in each of the two lists below.

mod json;
mod kyc;
mod lookup;
mod normalised;
mod processor;
mod read;
mod signature;
mod xml;

mod adyen;
mod braintree;
mod cashfree;
mod chargebee;
mod gocardless;
mod hyperverge;
mod lemon_squeezy;
mod mollie;
mod onfido;
mod paddle;
mod paypal;
mod persona;
mod phonepe;
mod razorpay;
mod recurly;
mod shopify;
mod square;
mod standard_webhooks;
mod stripe;
mod sumsub;
mod woocommerce;

/// Every source this build can read.
pub static ALL: &[&dyn Processor] = &[
    &adyen::Adyen,
    &braintree::Braintree,
    &cashfree::Cashfree,
    &chargebee::Chargebee,
    &gocardless::GoCardless,
    &hyperverge::Hyperverge,
    &lemon_squeezy::LemonSqueezy,
    &mollie::Mollie,
    &onfido::Onfido,
    &paddle::Paddle,
    &paypal::PayPal,
    &persona::Persona,
    &phonepe::Phonepe,
    &razorpay::Razorpay,
    &recurly::Recurly,
    &shopify::Shopify,
    &square::Square,
    &standard_webhooks::StandardWebhooks,
    &stripe::Stripe,
    &sumsub::Sumsub,
    &woocommerce::WooCommerce,
];

#[cfg(feature = "recorded")]
pub mod recorded;

pub use lookup::{Api, Lookup, LookupAnswer, Unanswered};
pub use normalised::{Ignored, NormaliseError, Normalised, Status};
pub use processor::{Family, Habits, Processor, Signed, Unverified, Verified};
pub use signature::{MAX_SECRETS, SignatureError};

/// Finds a source by the name it has in the webhook path.
pub fn by_name(name: &str) -> Option<&'static dyn Processor> {
    ALL.iter().copied().find(|processor| processor.name() == name)
}

#[cfg(test)]
mod tests {
    use recoup_core::Source;

    use super::*;

    #[test]
    fn every_source_is_found_by_a_name_that_fits_a_key() {
        for processor in ALL {
            assert!(Source::parse(processor.name()).is_ok(), "{}", processor.name());
            assert_eq!(by_name(processor.name()).map(Processor::name), Some(processor.name()));
        }
        assert!(by_name("Stripe").is_none());
        assert!(by_name("").is_none());
    }
}
