//! Payment processors: their webhooks.

use recoup_processors as processors;

use crate::webhook::Front;

/// What the function `payment-webhook` serves.
pub const FRONT: Front = Front { function: "payment_webhook", sources: processors::PAYMENT };
