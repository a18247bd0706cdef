//! Vendors of identity checks: their webhooks.

use recoup_processors as processors;

use crate::webhook::Front;

/// What the function `kyc-webhook` serves.
pub const FRONT: Front = Front { function: "kyc_webhook", sources: processors::KYC };
