//! Who reads what buyers write: the rules, and, where a deployment names one, a model for what the rules leave unknown.

use futures_util::future::join_all;
pub use recoup_channels::bedrock::Unread;
use recoup_channels::bedrock::{self, Model};
use recoup_channels::{MalformedSetting, read_as};
use recoup_core::{ChannelEvent, Intent, Reply, Words, read_reply};

use crate::channel_events::Origin;
use crate::ports::{Classified, Classifier, ReadBy, Transport};
use crate::telemetry::Line;

/// Replies of one webhook that are read again, all at once: the provider waits for its answer meanwhile. Further ones go to a
/// person as they are.
const MOST: usize = 10;

/// The deterministic rules of [`read_reply`]: no call, and nothing leaves.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules;

impl Classifier for Rules {
    async fn classify(&self, words: &Words) -> Classified {
        Classified { intent: read_reply(words.expose()).intent, by: ReadBy::Rules, unread: None }
    }
}

/// The rules first, and a model of Amazon Bedrock for what they leave unknown. The transport signs for `bedrock` and is as
/// quick to give up as whoever waits for the answer needs it to be.
#[derive(Debug, Clone)]
pub struct Bedrock<T> {
    transport: T,
    model: Model,
}

impl<T> Bedrock<T> {
    /// Asks this model, by its id or ARN or by those of an inference profile, at this base URL.
    ///
    /// # Errors
    /// [`MalformedSetting`] naming `base_url` or `model`.
    pub fn new(transport: T, base_url: &str, model: &str) -> Result<Self, MalformedSetting> {
        Ok(Self { transport, model: Model::new(base_url, model)? })
    }
}

impl<T: Transport> Classifier for Bedrock<T> {
    async fn classify(&self, words: &Words) -> Classified {
        let ruled = Rules.classify(words).await;
        if ruled.intent != Intent::Unknown || words.expose().is_empty() {
            return ruled;
        }
        let read = match self.transport.perform(self.model.request(words)).await {
            Ok(answer) => bedrock::read(&answer),
            Err(_) => Err(Unread::Busy("no_answer".to_owned())),
        };
        let (intent, unread) = match read {
            Ok(intent) => (intent, None),
            Err(unread) => (Intent::Unknown, Some(unread)),
        };
        Classified { intent, by: ReadBy::Bedrock, unread }
    }
}

/// The model of a deployment that names one, else the rules alone.
impl<C: Classifier> Classifier for Option<C> {
    async fn classify(&self, words: &Words) -> Classified {
        match self {
            Some(model) => model.classify(words).await,
            None => Rules.classify(words).await,
        }
    }
}

/// Has what buyers typed and the rules did not understand read again, in the order of the events. A reading that fails changes
/// nothing: the reply goes to a person.
pub(crate) async fn reread<C: Classifier>(
    classifier: &C,
    events: Vec<ChannelEvent>,
    origin: Origin<'_>,
) -> Vec<ChannelEvent> {
    let mut left = MOST;
    let read = events.into_iter().map(|event| {
        let open = left > 0 && is_open(&event);
        left -= usize::from(open);
        async move {
            let ChannelEvent::Replied(reply) = event else { return event };
            if open { read_one(classifier, reply, origin).await } else { ChannelEvent::Replied(reply) }
        }
    });
    join_all(read).await
}

fn is_open(event: &ChannelEvent) -> bool {
    matches!(event, ChannelEvent::Replied(reply)
        if reply.typed && reply.intent == Intent::Unknown && !reply.words.expose().is_empty())
}

async fn read_one<C: Classifier>(classifier: &C, reply: Reply, origin: Origin<'_>) -> ChannelEvent {
    let Classified { intent, by, unread } = classifier.classify(&reply.words).await;
    match by {
        ReadBy::Rules => {}
        ReadBy::Bedrock => log(intent, unread, origin),
    }
    read_as(reply, intent)
}

/// A line of its own, since a stop that the model read ends as any other stop.
fn log(intent: Intent, unread: Option<Unread>, origin: Origin<'_>) {
    let kind = format!("reply_{intent}");
    let Some(unread) = unread else {
        Line { kind, ..origin.line("read_by_bedrock") }.emit();
        return;
    };
    let alarm = match unread {
        Unread::Refused(_) => true,
        Unread::Busy(_) | Unread::Unclear => false,
    };
    let line = Line { kind, reason: unread.code(), alarm, ..origin.line("unread_by_bedrock") };
    Line { error: unread.to_string(), ..line }.emit();
}
