//! Payment processors: their webhooks.

use recoup_processors::Family;

use crate::webhook::Front;

/// What the function `payment-webhook` serves.
pub const FRONT: Front = Front { function: "payment_webhook", family: Family::Payment };
