//! Reads the webhooks of payment processors, stores, vendors of identity checks and the merchant's own backends: bytes in, verified and normalised events out.
//!
//! Invariant: no I/O, no clock, no configuration. The time, the secrets and the answers of a processor's API are
//! passed in. What is not verified cannot be normalised: only [`Processor::verify`] makes a [`Verified`].
//!
//! A new source is one file beside `stripe.rs`, its fixtures, and one line in each of the two lists below: its module, and
//! its place in the table of its family.

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
pub mod standard_webhooks;
mod stripe;
mod sumsub;
mod woocommerce;

/// Makes the tables of all sources. Each table links what it names and nothing else, so that a function holds the sources
/// of its own family only.
macro_rules! sources {
    ($($(#[$doc:meta])* $table:ident of $family:ident: $($module:ident::$source:ident,)*;)*) => {
        $($(#[$doc])* pub static $table: &[&dyn Processor] = &[$(&$module::$source),*];)*

        /// Every source this build can read, by family.
        static ALL: &[&[&dyn Processor]] = &[$($table),*];

        /// What each source can be asked, by its name.
        static APIS: &[(&str, &dyn SourceApi)] = &[$($((stringify!($module), &$module::$source),)*)*];

        /// The name of each source and its family.
        static NAMES: &[(&str, Family)] = &[$($((stringify!($module), Family::$family),)*)*];
    };
}

sources! {
    /// The payment processors.
    PAYMENT of Payment:
        adyen::Adyen,
        braintree::Braintree,
        cashfree::Cashfree,
        chargebee::Chargebee,
        gocardless::GoCardless,
        lemon_squeezy::LemonSqueezy,
        mollie::Mollie,
        paddle::Paddle,
        paypal::PayPal,
        phonepe::Phonepe,
        razorpay::Razorpay,
        recurly::Recurly,
        square::Square,
        stripe::Stripe,
    ;
    /// The stores.
    CART of Cart:
        shopify::Shopify,
        woocommerce::WooCommerce,
    ;
    /// The vendors of identity checks.
    KYC of Kyc:
        hyperverge::Hyperverge,
        onfido::Onfido,
        persona::Persona,
        sumsub::Sumsub,
    ;
    /// The merchant's own backends.
    MERCHANT of Merchant:
        standard_webhooks::StandardWebhooks,
    ;
}

#[cfg(feature = "recorded")]
pub mod recorded;

pub use lookup::{Api, Lookup, LookupAnswer, SourceApi, Unanswered};
pub use normalised::{Ignored, NormaliseError, Normalised, Status};
pub use processor::{Family, Habits, Processor, Signed, Unverified, Verified};
pub use signature::{MAX_SECRETS, SignatureError};

/// Every source this build can read.
pub fn all() -> impl Iterator<Item = &'static dyn Processor> {
    ALL.iter().copied().flatten().copied()
}

/// Finds a source by the name it has in the webhook path.
pub fn by_name(name: &str) -> Option<&'static dyn Processor> {
    all().find(|processor| processor.name() == name)
}

/// Finds what can be asked of a source.
pub fn api_of(name: &str) -> Option<(&'static str, &'static dyn SourceApi)> {
    APIS.iter().copied().find(|(known, _)| *known == name)
}

/// Finds a source's name and family.
pub fn family_of(name: &str) -> Option<(&'static str, Family)> {
    NAMES.iter().copied().find(|(known, _)| *known == name)
}

#[cfg(test)]
mod tests {
    use recoup_core::Source;

    use super::*;

    #[test]
    fn every_source_is_found_by_a_name_that_fits_a_key() {
        for processor in all() {
            let name = processor.name();
            assert!(Source::parse(name).is_ok(), "{name}");
            assert_eq!(by_name(name).map(Processor::name), Some(name));
            assert_eq!(
                family_of(name),
                Some((name, processor.family())),
                "the name of its module and its table"
            );
            assert_eq!(api_of(name).map(|(_, api)| api.api()), Some(processor.api()), "{name}");
        }
        assert!(by_name("Stripe").is_none());
        assert!(by_name("").is_none());
    }
}
