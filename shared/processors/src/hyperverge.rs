//! HyperVerge (facts: webhook-sources section 2; documentation.hyperverge.co "Results Webhook", "Applications").
//!
//! Reads the status of an application, `auto_approved` and so on, where its transaction came to an end. What it signs is
//! not documented, so the proof is a token: a header of our own that HyperVerge is told to send with each webhook,
//! `Authorization: Bearer TOKEN` or `x-recoup-token: TOKEN`. The secret is that token, 16 to 256 printable characters.
//!
//! Traps: a token proves the sender and not the body; a body says no reason, so the cause is never told; `reviewerEmail` is
//! not the buyer's address and is not read; a reviewer's refusal is the merchant's own and final; no body holds a phone, so
//! there is one only where the merchant's `transactionId` is one.

use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};
use jiff::Timestamp;
use recoup_core::{BuyerFacts, Event, EventId, Fact, KycCause, Obligation, Secret};
use ring::digest;

use crate::json::{self, members};
use crate::{
    Family, Habits, Ignored, NormaliseError, Normalised, Processor, SignatureError, Signed, SourceApi,
    Status, Unverified, Verified, kyc, read, signature,
};

/// HyperVerge.
pub(crate) struct Hyperverge;

static TOKEN: HeaderName = HeaderName::from_static("x-recoup-token");

impl Processor for Hyperverge {
    fn name(&self) -> &'static str {
        "hyperverge"
    }

    fn family(&self) -> Family {
        Family::Kyc
    }

    fn habits(&self) -> Habits {
        Habits { signs_body: false, ..Habits::UNTIMED }
    }

    fn verify<'a>(
        &self,
        request: Unverified<'a>,
        secrets: &[Secret],
        _now: Timestamp,
    ) -> Result<Verified<'a>, SignatureError> {
        let token = match signature::only_header(request.headers, &TOKEN) {
            Err(SignatureError::Missing) => bearer(signature::only_header(request.headers, &AUTHORIZATION)?)?,
            other => other?,
        };
        // Digests are compared, so that the time taken tells nothing of a secret's length either.
        let sent = digest::digest(&digest::SHA256, token.as_bytes());
        let mut matched = false;
        for known in signature::keys(secrets, |secret| is_token(secret).then_some(secret.as_bytes()))? {
            matched |= signature::equal(digest::digest(&digest::SHA256, known).as_ref(), sent.as_ref());
        }
        if matched { Ok(Verified::new(request)) } else { Err(SignatureError::Mismatch) }
    }

    fn normalise(&self, verified: &Verified<'_>) -> Result<Normalised, NormaliseError> {
        let body: Body<'_> = json::parse(verified.body())?;
        let named = body.event_type.text().filter(|kind| kyc::is_event_name(kind));
        let kind = named.map_or_else(|| "results".to_owned(), String::from);
        let (fact, why) = read_status(&body, &kind);
        let (events, status) = match fact {
            Some(fact) => (vec![event(&body, &kind, fact)?], Status::Recognised),
            None => (Vec::new(), Status::Ignored(why)),
        };
        Ok(Normalised { events, kind, asks: Vec::new(), livemode: None, status })
    }

    fn sign(&self, body: &[u8], secret: &Secret, _at: Timestamp, _url: &str) -> Option<Signed> {
        let mut signed = Signed::with(&AUTHORIZATION, format!("Bearer {}", secret.expose()), body)?;
        signed.headers.values_mut().for_each(|value: &mut HeaderValue| value.set_sensitive(true));
        Some(signed)
    }
}

impl SourceApi for Hyperverge {}

/// A token long enough not to be guessed, in characters that a header carries unchanged.
fn is_token(text: &str) -> bool {
    (16..=256).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

fn bearer(header: &str) -> Result<&str, SignatureError> {
    match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
        Some(_) | None => Err(SignatureError::Malformed),
    }
}

members! {
    struct Body {
        transaction_id = "transactionId",
        application_status = "applicationStatus",
        event_id = "eventId",
        event_time = "eventTime",
        event_type = "eventType",
    }
}

/// What the status says; of events that tell of something else than the end of a transaction, nothing.
fn read_status(body: &Body<'_>, kind: &str) -> (Option<Fact>, Ignored) {
    match kind {
        "FINISH_TRANSACTION_WEBHOOK" | "MANUAL_REVIEW_STATUS_UPDATE" | "results" => {}
        "INTERMEDIATE_TRANSACTION_WEBHOOK" => return (None, Ignored::InProgress),
        _ => return (None, Ignored::UnknownType),
    }
    let status = body.application_status.text().map(|status| status.trim().to_ascii_lowercase());
    let fact = match status.as_deref() {
        Some("auto_approved" | "manually_approved") => Fact::KycApproved,
        Some("auto_declined") => kyc::rejected(KycCause::Other, true, buyer(body)),
        Some("manually_declined") => kyc::rejected(KycCause::Other, false, buyer(body)),
        Some("needs_review") => Fact::KycPending,
        Some("started" | "kyc_in_progress") => return (None, Ignored::InProgress),
        Some(_) | None => return (None, Ignored::UnknownType),
    };
    (Some(fact), Ignored::UnknownType)
}

fn event(body: &Body<'_>, kind: &str, fact: Fact) -> Result<Event, NormaliseError> {
    let obligation = transaction(body)?;
    let occurred_at = body.event_time.text().and_then(|text| read::time(&text));
    Ok(Event { id: event_id(body, &obligation, kind)?, obligation, occurred_at, fact })
}

/// The merchant's id of the application. Where that is a phone number, its hash: an obligation is logged.
fn transaction(body: &Body<'_>) -> Result<Obligation, NormaliseError> {
    const ID: &str = "transactionId";
    let Some(phone) = kyc::reference_phone(body.transaction_id) else {
        return read::obligation(body.transaction_id.text().as_deref(), ID);
    };
    let hash = digest::digest(&digest::SHA256, phone.expose().as_bytes());
    Obligation::parse(&signature::encode_hex(hash.as_ref()))
        .map_err(|_| NormaliseError::Malformed { member: ID })
}

/// HyperVerge's own id of the event, or what else tells one from another.
fn event_id(body: &Body<'_>, transaction: &Obligation, kind: &str) -> Result<EventId, NormaliseError> {
    if let Some(id) = body.event_id.text().and_then(|id| EventId::parse(&id).ok()) {
        return Ok(id);
    }
    let (status, time) = (body.application_status.text(), body.event_time.text());
    let parts = [transaction.as_str(), kind, &status.unwrap_or_default(), &time.unwrap_or_default()];
    kyc::event_id(&parts, "eventId")
}

fn buyer(body: &Body<'_>) -> BuyerFacts {
    BuyerFacts { phone: kyc::reference_phone(body.transaction_id), ..BuyerFacts::default() }
}
