//! What only tools and tests may do. No function is built with this.

use jiff::Timestamp;

use crate::{SignatureError, Unverified, paypal};

/// Verifies a delivery of PayPal's under a certificate that is taken for PayPal's own, for a webhook's id of any form.
///
/// # Errors
/// [`SignatureError`] says why the request is not believed.
pub fn paypal(request: Unverified<'_>, webhook_id: &str, now: Timestamp) -> Result<(), SignatureError> {
    paypal::verify_given(request, webhook_id, now)
}
