//! What happened in the world, as it happened: the material of the invariants.

use jiff::Timestamp;
use recoup_core::{Brand, Case, Recipient};

use crate::{Lane, Memory};

/// Something that was stored.
#[derive(Debug, Clone)]
pub enum Stored {
    /// A case.
    Case {
        /// Who wrote it.
        lane: Lane,
        /// When, by the world's clock.
        at: Timestamp,
        /// What was there.
        before: Option<Box<Case>>,
        /// What is there now.
        after: Box<Case>,
    },
    /// A recipient.
    Recipient {
        /// Who wrote it.
        lane: Lane,
        /// When, by the world's clock.
        at: Timestamp,
        /// The tenant.
        brand: Brand,
        /// What was there.
        before: Option<Box<Recipient>>,
        /// What is there now.
        after: Box<Recipient>,
    },
}

impl Memory {
    /// Takes what was stored since it was last asked for. Only a gated world remembers.
    pub fn take_stored(&self) -> Vec<Stored> {
        std::mem::take(&mut self.world().stored)
    }
}
