//! Stores: their webhooks.

use recoup_processors as processors;

use crate::webhook::Front;

/// What the function `cart-webhook` serves.
pub const FRONT: Front = Front { function: "cart_webhook", sources: processors::CART };
