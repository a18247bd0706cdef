//! What a source reports, and what it no longer does.

use super::gate::AtHand;
use super::{Context, Decision, Watch};
use crate::{Feed, Reason, Source};

/// A success was reported.
pub(super) fn heard(watch: Option<Watch<'_>>, source: &Source, context: &Context<'_>) -> Decision {
    let Some(Watch { known }) = watch else { return Decision::new(Reason::Noted) };
    let next = match known {
        Some(feed) => feed.hear(context.now),
        None => Some(Feed::new(source.clone(), context.now)),
    };
    match next {
        Some(feed) => Decision { feed: Some(feed), ..Decision::new(Reason::Noted) },
        None => Decision::new(Reason::Duplicate),
    }
}

/// What a step that could go says of its source.
pub(super) struct Watched {
    /// The feed as it shall be; `None` when it does not change.
    pub(super) next: Option<Feed>,
    /// Whether the source's steps must wait.
    pub(super) silent: bool,
}

/// Looks at the source of a step that could go. Nobody reports the end of a lapse, so nothing is missed there.
pub(super) fn watch(at_hand: &AtHand<'_>, watch: Option<Watch<'_>>, context: &Context<'_>) -> Watched {
    let Some(Watch { known }) = watch.filter(|_| at_hand.playbook.ends_by_report) else {
        return Watched { next: None, silent: false };
    };
    let next = match known {
        Some(feed) => feed.doubt(at_hand.outreach.anchor, context.now, context.policy),
        None => Some(Feed::new(at_hand.case.id.source.clone(), context.now)),
    };
    let silent = next.as_ref().or(known).is_some_and(Feed::is_silent);
    Watched { next, silent }
}
