//! The lifecycle every source must be able to tell: something is owed, it is told twice, it ends.

use std::fs;
use std::path::Path;

use recoup_core::{Event, EventKey, Fact, Obligation, Settlement};
use recoup_processors::{Processor, all};
use serde::Deserialize;

use crate::{folder, read};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Story {
    /// Opens the messaging.
    failed: String,
    /// The same, delivered again.
    duplicate: String,
    /// Ends it.
    paid: String,
}

fn events(source: &dyn Processor, name: &str) -> Vec<Event> {
    read(source, &folder(source).join(Path::new(name))).events
}

/// What opens the messaging, and the names under which it can end.
fn opening(events: &[Event]) -> Option<Vec<Obligation>> {
    events.iter().find_map(|event| {
        let links = match &event.fact {
            Fact::PaymentFailed(failed) => failed.links.clone(),
            Fact::CheckoutCreated(cart) | Fact::CheckoutUpdated(cart) | Fact::CheckoutAbandoned(cart) => {
                cart.links.clone()
            }
            Fact::KycRejected(_) | Fact::Lapsed(_) => Vec::new(),
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
        Some([vec![event.obligation.clone()], links].concat())
    })
}

#[test]
fn r2_every_source_tells_of_a_failure_of_its_duplicate_and_of_its_end() {
    for source in all() {
        let name = source.name();
        let path = folder(source).join("story.json");
        let text = fs::read_to_string(&path).unwrap_or_else(|_| panic!("{} is missing", path.display()));
        let story: Story =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let failed = events(source, &story.failed);
        let Some(names) = opening(&failed) else { panic!("{name}: {} opens nothing", story.failed) };
        let keys = |events: &[Event]| -> Vec<_> {
            events.iter().map(|event| (event.obligation.clone(), EventKey::of(event))).collect()
        };
        let again = events(source, &story.duplicate);
        assert_eq!(keys(&again), keys(&failed), "o21 {name}: a duplicate is told from another event");
        let ends = events(source, &story.paid).into_iter().any(|event| {
            let settles = !Settlement::of(&event.fact).is_empty() || event.fact == Fact::Recovered;
            settles && names.contains(&event.obligation)
        });
        assert!(ends, "{name}: {} does not end what {} began ({names:?})", story.paid, story.failed);
    }
}
