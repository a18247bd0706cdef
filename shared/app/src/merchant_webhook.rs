//! The merchant's own backends: their webhooks.

use recoup_processors as processors;

use crate::webhook::Front;

/// What the function `merchant-webhook` serves.
pub const FRONT: Front = Front { function: "merchant_webhook", sources: processors::MERCHANT };
