//! What a fact opens: its playbook, what the messages are about, and how long the first one waits.

use jiff::{SignedDuration, Timestamp};

use super::Context;
use super::fact::{LONGEST_DELAY, merge};
use crate::{Checkout, Fact, Library, Matter, Name, Next, Outreach, PaymentFailed, Playbook, StepIndex};

/// What would be opened.
pub(super) struct Opening {
    name: Name,
    playbook: &'static Playbook,
    version: &'static str,
    pub(super) matter: Matter,
    pub(super) delay: SignedDuration,
    /// Whether attempts tell which of two facts is newer; else their times do.
    pub(super) by_attempt: bool,
    /// Whether this one counts its attempts.
    pub(super) counts: bool,
    /// Whether a later fact of this kind moves the first step.
    pub(super) moves: bool,
}

/// Reads a fact that calls for messages; `None` when this build has no playbook for it.
pub(super) fn opening(fact: &Fact, happened_at: Option<Timestamp>, context: &Context<'_>) -> Option<Opening> {
    let (name, matter) = match fact {
        Fact::PaymentFailed(failed) if failed.one_time => ("order_payment_failed", of_failure(failed)),
        Fact::PaymentFailed(failed) => ("payment_failed", of_failure(failed)),
        Fact::CheckoutCreated(checkout)
        | Fact::CheckoutUpdated(checkout)
        | Fact::CheckoutAbandoned(checkout) => ("cart_abandoned", of_checkout(checkout)),
        Fact::KycRejected(rejected) => (
            "kyc_rejected",
            Matter {
                cause: Some(rejected.cause),
                pay_link: rejected.retake_link.clone(),
                buyer: rejected.buyer.clone(),
                ..Matter::default()
            },
        ),
        Fact::Lapsed(lapsed) => {
            let (pay_link, buyer) = (lapsed.link.clone(), lapsed.buyer.clone());
            ("win_back", Matter { pay_link, buyer, ..Matter::default() })
        }
        Fact::Recovered
        | Fact::Paid
        | Fact::Voided
        | Fact::MarkedUncollectible
        | Fact::Refunded { .. }
        | Fact::DisputeOpened
        | Fact::DisputeClosed { .. }
        | Fact::SubscriptionCancelled
        | Fact::SubscriptionPastDue
        | Fact::SubscriptionHalted
        | Fact::CheckoutCompleted
        | Fact::OrderPlaced(_)
        | Fact::KycPending
        | Fact::KycApproved
        | Fact::ConsentChanged(_)
        | Fact::TouchSent(_)
        | Fact::HandOffAnswered { .. }
        | Fact::HandOffResolved { .. }
        | Fact::MessageOpened(_)
        | Fact::CardUpdated
        | Fact::CustomerUpdated(_) => return None,
    };
    let name = Name::parse(name).ok()?;
    let version = Library::playbook_version(name.as_str())?;
    let playbook = Library::playbook(&name, version)?;
    let first = match playbook.first_minutes {
        // The source has waited already.
        Some(_) if matches!(fact, Fact::CheckoutAbandoned(_)) => context.policy.first_delay,
        Some(minutes) => SignedDuration::from_mins(minutes),
        None if matter.unlinked => context.policy.unlinked_delay,
        None => context.policy.first_delay,
    };
    Some(Opening {
        name,
        playbook,
        version,
        matter: Matter { happened_at, ..matter },
        delay: first.min(LONGEST_DELAY),
        by_attempt: matches!(fact, Fact::PaymentFailed(_)),
        counts: matches!(fact, Fact::PaymentFailed(failed) if failed.attempt.is_some()),
        moves: matches!(fact, Fact::CheckoutCreated(_) | Fact::CheckoutUpdated(_)),
    })
}

fn of_failure(failed: &PaymentFailed) -> Matter {
    let mut links = failed.links.clone();
    links.sort();
    links.dedup();
    links.truncate(8);
    Matter {
        attempt: failed.attempt.unwrap_or(0),
        next_retry: failed.next_retry.filter(|_| failed.attempt.is_some()),
        decline: failed.decline,
        amount: failed.amount,
        pay_link: failed.pay_link.clone(),
        number: failed.number.clone(),
        buyer: failed.buyer.clone(),
        links,
        unlinked: failed.unlinked,
        ..Matter::default()
    }
}

fn of_checkout(checkout: &Checkout) -> Matter {
    Matter {
        amount: checkout.amount,
        pay_link: checkout.resume_link.clone(),
        number: checkout.number.clone(),
        buyer: checkout.buyer.clone(),
        links: checkout.links.clone(),
        agreed: checkout.marketing_consent == Some(true),
        ..Matter::default()
    }
}

impl Opening {
    /// The playbook.
    pub(super) fn name(&self) -> &Name {
        &self.name
    }

    /// The messaging that begins, in its first round or a later one. Rounds are far apart in generations, so that no
    /// timer of one is taken for another's.
    pub(super) fn into_outreach(self, round: u16, context: &Context<'_>) -> Outreach {
        let mut matter = Matter { unlinked: self.matter.unlinked, ..Matter::default() };
        merge(&mut matter, &self);
        let at = context.now.saturating_add(self.delay).unwrap_or(Timestamp::MAX);
        let channel = self.playbook.steps.first().map_or(crate::Channel::Whatsapp, |step| step.channel);
        let generation = u32::from(round) * 1000 + 1;
        Outreach {
            round,
            anchor: context.now,
            playbook: self.name,
            version: self.version.to_owned(),
            matter,
            ledger: Vec::new(),
            next: Some(Next { step: StepIndex(0), at, channel, generation }),
            frozen: None,
            ended: None,
            trace: context.trace.map(str::to_owned),
        }
    }
}
