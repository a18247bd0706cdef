//! Webhook in: verify, normalise, ask back where the source says too little, and let the engine record every event.
//!
//! One flow for every source; the functions differ only in the family of sources they serve.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;
use recoup_core::Source;
use recoup_processors::{
    self as processors, Family, Ignored, Normalised, Processor, SignatureError, Status, Unanswered,
    Unverified,
};

use crate::credentials::SourceCredentials;
use crate::engine::{Engine, EngineError};
use crate::heard::Heard;
use crate::http::{Answer, Request};
use crate::lookup::Apis;
use crate::ports::{Outgoing, Ports, Queue, SecretName, Transport};
use crate::queue::{Entrance, KeptWebhook, ParkedNote};
use crate::record::record;
use crate::telemetry::Line;

/// The largest body a webhook may have, in bytes. Base64 of it, with its envelope, still fits a queue.
pub const BODY_LIMIT: usize = 700 * 1024;

/// How often a source may be asked back about one webhook: once for each item of a batch, and no end of a chain.
const MOST_ASKS: usize = 32;

/// How many certificates are kept; a source has one or two at a time.
const MOST_CERTIFICATES: usize = 8;

/// Which function answers.
#[derive(Clone, Copy)]
pub struct Front {
    /// The use case's name in logs.
    pub function: &'static str,
    /// The sources it serves.
    pub sources: &'static [&'static dyn Processor],
}

/// What a webhook function is made of.
#[derive(Debug)]
pub struct Webhooks<P, T> {
    /// The engine.
    pub engine: Engine<P>,
    /// Reaches the sources' APIs.
    pub transport: T,
    /// Where they are.
    pub apis: Apis,
    settings: WebhookSettings,
    certificates: Certificates,
    heard: Heard,
}

/// What a deployment may set about its webhooks.
#[derive(Debug, Clone, Default)]
pub struct WebhookSettings {
    /// What the front door is called from outside, without a trailing slash, where that is not the name the request
    /// came to. Some sources sign the URL.
    pub public_url: Option<String>,
    /// The sources whose bodies of unknown type are kept for a person.
    pub quarantine: Vec<Source>,
}

/// The certificates that were fetched, by address: their content never changes.
#[derive(Debug, Default)]
struct Certificates(Mutex<BTreeMap<String, Bytes>>);

/// A webhook that is being handled.
#[derive(Clone, Copy)]
struct Delivery<'a> {
    front: Front,
    request: &'a Request,
    processor: &'a dyn Processor,
    url: &'a str,
}

impl<P: Ports, T: Transport> Webhooks<P, T> {
    /// Puts the parts together.
    pub fn new(engine: Engine<P>, transport: T, apis: Apis, settings: WebhookSettings) -> Self {
        Self {
            engine,
            transport,
            apis,
            settings,
            certificates: Certificates::default(),
            heard: Heard::default(),
        }
    }

    /// Handles a webhook.
    ///
    /// 200 means applied, known already, ignored on purpose, or kept where it is applied later. Our own trouble is 503, so
    /// that the source delivers again; what a source would not deliver again is kept first.
    pub async fn handle(&self, front: Front, request: &Request) -> Answer {
        let found = front.sources.iter().copied().find(|processor| processor.name() == request.name);
        let Some(processor) = found.filter(|processor| self.engine.ports.has(SecretName::of(*processor)))
        else {
            return refuse(front, Answer::NOT_FOUND, "unknown_source", request);
        };
        if request.body.len() > BODY_LIMIT {
            return refuse(front, Answer::TOO_LARGE, "too_large", request);
        }
        let url = self.url_of(request);
        let delivery = Delivery { front, request, processor, url: &url };
        let credentials = match self.credentials(processor).await {
            Ok(credentials) => credentials,
            Err(error) => return self.without_credentials(delivery, &error).await,
        };
        let unverified = delivery.unverified(None);
        if let Some(text) = processor.greet(&request.query, unverified, &credentials.signing) {
            Line { trace: request.trace.clone(), ..Line::new(front.function, "greeted") }.emit();
            return Answer::echo(text);
        }
        if request.is_get {
            return refuse(front, Answer::NOT_FOUND, "not_a_webhook", request);
        }
        let certificates = match self.certificates(processor, unverified).await {
            Ok(certificates) => certificates,
            Err(Distrust::Signature(error)) => return delivery.disbelieve(error),
            Err(Distrust::Unreachable) => {
                let line = Line { reason: "certificate_unreachable", ..delivery.line("failed") };
                return self.later(delivery, self.engine.ports.now(), line).await;
            }
        };
        let clocks = [self.engine.ports.now(), self.engine.ports.wall()];
        let unverified = delivery.unverified(certificates.as_deref());
        match verify(processor, unverified, &credentials, clocks) {
            Ok((verified, clock)) => self.believe(delivery, &verified, clock, &credentials).await,
            Err(error) => delivery.disbelieve(error),
        }
    }

    /// Replays a webhook that was spilled. It is verified again, by the clock of its arrival.
    ///
    /// # Errors
    /// [`EngineError`] when it must be tried again; a webhook that cannot be read any more is reported as `Ok(false)`.
    pub async fn replay(&self, kept: &KeptWebhook) -> Result<bool, EngineError> {
        let Some(processor) = processors::by_name(&kept.name) else { return Ok(false) };
        let credentials = self.credentials(processor).await?;
        let (Ok(body), Ok(received_at)) = (kept.body(), Timestamp::from_second(kept.received_at)) else {
            return Ok(false);
        };
        let headers = kept.header_map();
        let unverified = Unverified::new(&headers, &body).at(&kept.url);
        let certificates = match self.certificates(processor, unverified).await {
            Ok(certificates) => certificates,
            Err(Distrust::Signature(_)) => return Ok(false),
            Err(Distrust::Unreachable) => return Err(EngineError::Unanswered(Unanswered::Unreachable)),
        };
        let unverified = Unverified { certificates: certificates.as_deref(), ..unverified };
        let verified = verify(processor, unverified, &credentials, [received_at, received_at]);
        let Some(normalised) = verified.ok().and_then(|(verified, _)| processor.normalise(&verified).ok())
        else {
            return Ok(false);
        };
        let normalised = self.ask_back(processor, &credentials, normalised).await?;
        let function = family_function(processor.family());
        record(&self.engine, function, &kept.name, &normalised.events, None).await?;
        self.heard.pass_on(&self.engine, function, &kept.name, &normalised.events).await;
        Ok(true)
    }

    async fn believe(
        &self,
        delivery: Delivery<'_>,
        verified: &processors::Verified<'_>,
        clock: Timestamp,
        credentials: &SourceCredentials,
    ) -> Answer {
        let normalised = match delivery.processor.normalise(verified) {
            Ok(normalised) => normalised,
            Err(error) => return self.park(delivery, clock, "unreadable_webhook", error.code()).await,
        };
        if let Status::Ignored(why) = normalised.status {
            return self.ignore(delivery, clock, normalised.kind, why).await;
        }
        if normalised.status == Status::Asks && credentials.api_key.is_none() {
            return self.park(delivery, clock, "unreadable_webhook", "api_key_missing").await;
        }
        let normalised = match self.ask_back(delivery.processor, credentials, normalised).await {
            Ok(normalised) => normalised,
            Err(error) => {
                let denied = error == EngineError::Unanswered(Unanswered::Denied);
                let line = Line { reason: error.code(), alarm: denied, ..delivery.line("failed") };
                return self.later(delivery, clock, line).await;
            }
        };
        let (function, trace) = (delivery.front.function, delivery.request.trace.as_deref());
        match record(&self.engine, function, &delivery.request.name, &normalised.events, trace).await {
            Ok(()) => {
                self.heard.pass_on(&self.engine, function, &delivery.request.name, &normalised.events).await;
                Answer::of(Answer::OK)
            }
            Err(error @ EngineError::Store(_)) if delivery.processor.habits().signs_body => {
                let line = Line { error: error.to_string(), ..delivery.line("spilled") };
                self.spill(delivery, clock, Line { reason: error.code(), ..line }).await
            }
            Err(error) => {
                let line = Line { error: error.to_string(), ..delivery.line("failed") };
                self.later(delivery, clock, Line { reason: error.code(), ..line }).await
            }
        }
    }

    /// Asks the source for what its webhook does not say. Without an API key the events are taken as they are.
    async fn ask_back(
        &self,
        processor: &dyn Processor,
        credentials: &SourceCredentials,
        mut normalised: Normalised,
    ) -> Result<Normalised, EngineError> {
        let Some(api_key) = &credentials.api_key else { return Ok(normalised) };
        for _ in 0..MOST_ASKS {
            let Some(lookup) = normalised.asks.first() else { return Ok(normalised) };
            let Some(request) = self.apis.request(processor.name(), processor, credentials, lookup, api_key)
            else {
                normalised.asks.remove(0);
                continue;
            };
            let answer = self.transport.perform(request).await;
            let answer = answer.map_err(|_| EngineError::Unanswered(Unanswered::Unreachable))?;
            normalised = processor.complete(normalised, &answer).map_err(EngineError::Unanswered)?;
        }
        Err(EngineError::Unanswered(Unanswered::Unreachable))
    }

    async fn credentials(&self, processor: &dyn Processor) -> Result<SourceCredentials, EngineError> {
        let name = SecretName::of(processor);
        Ok(SourceCredentials::parse(name, &self.engine.ports.secret(name).await?)?)
    }

    /// The certificates that a request names, fetched once.
    async fn certificates(
        &self,
        processor: &dyn Processor,
        unverified: Unverified<'_>,
    ) -> Result<Option<Bytes>, Distrust> {
        let Some(link) = processor.certificate_url(unverified).map_err(Distrust::Signature)? else {
            return Ok(None);
        };
        if let Some(known) = self.certificates.get(link.expose()) {
            return Ok(Some(known));
        }
        let request =
            http::Request::get(link.expose()).body(Bytes::new()).map_err(|_| Distrust::Unreachable)?;
        let answer = self.transport.perform(request).await.map_err(|_| Distrust::Unreachable)?;
        if !answer.status().is_success() {
            return Err(Distrust::Unreachable);
        }
        let certificates = answer.into_body();
        self.certificates.put(link.expose(), certificates.clone());
        Ok(Some(certificates))
    }

    fn url_of(&self, request: &Request) -> String {
        match &self.settings.public_url {
            Some(base) => format!("{base}/webhooks/{}", request.name),
            None => request.url.clone(),
        }
    }
}

/// What becomes of a webhook that is not applied.
impl<P: Ports, T: Transport> Webhooks<P, T> {
    /// Nothing can be verified now. A source that does not deliver again gets its webhook kept unseen: it is verified when
    /// it is replayed.
    async fn without_credentials(&self, delivery: Delivery<'_>, error: &EngineError) -> Answer {
        let line = Line { error: error.to_string(), alarm: true, ..delivery.line("failed") };
        self.later(delivery, self.engine.ports.now(), Line { reason: error.code(), ..line }).await
    }

    async fn ignore(&self, delivery: Delivery<'_>, clock: Timestamp, kind: String, why: Ignored) -> Answer {
        let kept = self.settings.quarantine.iter().any(|source| source.as_str() == delivery.processor.name());
        if kept && why == Ignored::UnknownType {
            return self.park(delivery, clock, "quarantined", why.code()).await;
        }
        Line { kind, reason: why.code(), ..delivery.line("ignored") }.emit();
        Answer::of(Answer::OK)
    }

    /// A verified body that nobody here can use is kept for a person; the source must not send it for ever.
    async fn park(
        &self,
        delivery: Delivery<'_>,
        clock: Timestamp,
        reason: &'static str,
        code: &'static str,
    ) -> Answer {
        let note = ParkedNote {
            reason: reason.to_owned(),
            error_code: code.to_owned(),
            trace_id: delivery.request.trace.clone(),
            first_seen: Some(self.engine.ports.now()),
            attempt: 1,
            action: "report",
            ..ParkedNote::default()
        };
        let (queue, message) = note.into_message(delivery.keep(clock).to_message());
        let alarm = reason != "quarantined";
        self.hold(queue, message, Line { reason: code, alarm, ..delivery.line("parked") }).await
    }

    /// It must come again: from the source, or, where that does not deliver again, from our own queue.
    async fn later(&self, delivery: Delivery<'_>, clock: Timestamp, line: Line) -> Answer {
        if !delivery.processor.habits().redelivers {
            return self.spill(delivery, clock, Line { outcome: "spilled", ..line }).await;
        }
        line.emit();
        Answer::of(Answer::UNAVAILABLE)
    }

    /// The webhook waits in a queue and is applied by the sweep.
    async fn spill(&self, delivery: Delivery<'_>, clock: Timestamp, line: Line) -> Answer {
        let message = Outgoing { body: delivery.keep(clock).to_message(), ..Outgoing::default() };
        self.hold(Queue::Spill, message, line).await
    }

    async fn hold(&self, queue: Queue, message: Outgoing, line: Line) -> Answer {
        match self.engine.ports.push(queue, message).await {
            Ok(()) => {
                line.emit();
                Answer::of(Answer::OK)
            }
            Err(error) => {
                Line { outcome: "failed", error: error.to_string(), alarm: true, ..line }.emit();
                Answer::of(Answer::UNAVAILABLE)
            }
        }
    }
}

impl<'a> Delivery<'a> {
    fn unverified(&self, certificates: Option<&'a [u8]>) -> Unverified<'a> {
        let request = Unverified::new(&self.request.headers, &self.request.body).at(self.url);
        Unverified { certificates, ..request }
    }

    fn disbelieve(&self, error: SignatureError) -> Answer {
        let no_webhook = error == SignatureError::Missing && !self.request.is_json();
        let status = if no_webhook { Answer::BAD_REQUEST } else { self.processor.habits().refusal };
        refuse(self.front, status, error.code(), self.request)
    }

    fn line(&self, outcome: &'static str) -> Line {
        Line { trace: self.request.trace.clone(), ..Line::new(self.front.function, outcome) }
    }

    /// Keeps a webhook with the clock by which its signature is good, for it is verified again.
    fn keep(&self, clock: Timestamp) -> KeptWebhook {
        let kept = KeptWebhook::new(
            Entrance::Webhook,
            &self.request.name,
            clock,
            &self.request.headers,
            &self.request.body,
        );
        kept.posted_to(self.url)
    }
}

impl Certificates {
    fn get(&self, url: &str) -> Option<Bytes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(url).cloned()
    }

    fn put(&self, url: &str, certificates: Bytes) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_CERTIFICATES {
            known.clear();
        }
        known.insert(url.to_owned(), certificates);
    }
}

/// Why there are no certificates to verify with.
enum Distrust {
    Signature(SignatureError),
    Unreachable,
}

/// Checks the signature by the deciding clock and, where the local stack has moved that, by the wall's; says by which it
/// was good.
fn verify<'a>(
    processor: &dyn Processor,
    unverified: Unverified<'a>,
    credentials: &SourceCredentials,
    [now, wall]: [Timestamp; 2],
) -> Result<(processors::Verified<'a>, Timestamp), SignatureError> {
    let by =
        |clock| processor.verify(unverified, &credentials.signing, clock).map(|verified| (verified, clock));
    by(now).or_else(|error| if now == wall { Err(error) } else { by(wall) })
}

fn refuse(front: Front, status: u16, reason: &'static str, request: &Request) -> Answer {
    Line { reason, trace: request.trace.clone(), ..Line::new(front.function, "refused") }.emit();
    Answer::of(status)
}

/// The function that answers a family, for lines about webhooks that come again.
fn family_function(family: Family) -> &'static str {
    match family {
        Family::Payment => crate::payment_webhook::FRONT.function,
        Family::Cart => crate::cart_webhook::FRONT.function,
        Family::Kyc => crate::kyc_webhook::FRONT.function,
        Family::Merchant => crate::merchant_webhook::FRONT.function,
    }
}
