//! Onfido, now Entrust (facts: webhook-sources sections 2, 3 and 7; Onfido's published `OpenAPI` description, version 3.6).
//!
//! Reads `check.completed`, `.started` and `.reopened` (classic) and `workflow_run.completed` (Studio). The secret is the token that Onfido answers when
//! the webhook is registered.
//!
//! Traps: a classic body has no result, so the check is asked for, and for a refused one its reports; the `href` of a body
//! names a host and is never followed, the configured base URL is the region's; a Studio run that ends without its
//! applicant or its status is asked for too. The obligation is the applicant: a buyer who tries again makes another check
//! and another run, but stays the same applicant. No webhook holds a phone: it is asked for when a step is due.

mod ask;
mod labels;

use bytes::Bytes;
use http::HeaderName;
use jiff::Timestamp;
use recoup_core::{BuyerFacts, CustomerId, Event, Fact, Obligation, Phone, PushToken, Secret};

use crate::json::{self, Member, members};
use crate::kyc::{self, Verdict};
use crate::signature;
use crate::{
    Api, Family, Habits, Ignored, Lookup, LookupAnswer, NormaliseError, Normalised, Processor,
    SignatureError, Signed, SourceApi, Status, Unanswered, Unverified, Verified, read,
};

/// Onfido.
pub(crate) struct Onfido;

static SIGNATURE: HeaderName = HeaderName::from_static("x-sha2-signature");

/// The event that tells the end of a classic check.
const CHECK_COMPLETED: &str = "check.completed";

impl Processor for Onfido {
    fn name(&self) -> &'static str {
        "onfido"
    }

    fn family(&self) -> Family {
        Family::Kyc
    }

    fn habits(&self) -> Habits {
        Habits::UNTIMED
    }

    fn verify<'a>(
        &self,
        request: Unverified<'a>,
        secrets: &[Secret],
        _now: Timestamp,
    ) -> Result<Verified<'a>, SignatureError> {
        signature::verify_hex_body(request, &SIGNATURE, secrets)
    }

    fn normalise(&self, verified: &Verified<'_>) -> Result<Normalised, NormaliseError> {
        let body: Body<'_> = json::parse(verified.body())?;
        let notice: Notice<'_> = body.payload.object().unwrap_or_default();
        let action = notice.action.text().ok_or(NormaliseError::Missing { member: "payload.action" })?;
        if !kyc::is_event_name(&action) {
            return Err(NormaliseError::Malformed { member: "payload.action" });
        }
        let object: Object<'_> = notice.object.object().unwrap_or_default();
        match &*action {
            CHECK_COMPLETED => asking("checks", &object, object.completed_at_iso8601, &action),
            "check.started" | "check.reopened" => {
                asking("checks", &object, object.started_at_iso8601, &action)
            }
            "workflow_run.completed" => run_completed(&notice, &object, &action),
            _ => Ok(ignored(&action, Ignored::UnknownType)),
        }
    }

    fn complete(
        &self,
        normalised: Normalised,
        answer: &http::Response<Bytes>,
    ) -> Result<Normalised, Unanswered> {
        ask::complete(normalised, answer)
    }

    fn sign(&self, body: &[u8], secret: &Secret, _at: Timestamp, _url: &str) -> Option<Signed> {
        signature::sign_hex_body(&SIGNATURE, body, secret)
    }
}

impl SourceApi for Onfido {
    /// Each account is of one region, so its address stands in the source's secret.
    fn api(&self) -> Option<Api> {
        Some(Api { url: None, hosts: &["api.eu.onfido.com", "api.us.onfido.com", "api.ca.onfido.com"] })
    }

    fn request(&self, base_url: &str, lookup: &Lookup, api_key: &Secret) -> Option<http::Request<Bytes>> {
        ask::request(base_url, lookup, api_key)
    }

    fn read_answer(&self, lookup: &Lookup, answer: &http::Response<Bytes>) -> LookupAnswer {
        ask::read_answer(lookup, answer)
    }
}

members! {
    struct Body {
        payload,
    }
}

members! {
    struct Notice {
        action,
        object,
        resource,
    }
}

members! {
    /// What the event is about.
    struct Object {
        id,
        status,
        started_at_iso8601,
        completed_at_iso8601,
    }
}

members! {
    /// A workflow run, in a webhook or as the API answers it.
    struct Run {
        id,
        applicant_id,
        customer_user_id,
        status,
        output,
        reasons,
        updated_at,
    }
}

members! {
    /// The members that a merchant's workflow may put out.
    struct Output {
        whatsapp_phone,
        push_token,
    }
}

fn ignored(kind: &str, why: Ignored) -> Normalised {
    let (kind, status) = (kind.to_owned(), Status::Ignored(why));
    Normalised { events: Vec::new(), kind, asks: Vec::new(), livemode: None, status }
}

/// Asks what became of something. The question carries when the webhook says it did, since no answer tells that.
fn asking(
    kind: &'static str,
    object: &Object<'_>,
    at: Member<'_>,
    action: &str,
) -> Result<Normalised, NormaliseError> {
    let id = read::obligation(object.id.text().as_deref(), "payload.object.id")?;
    let at = read::first([at], read::time).map(Timestamp::as_second);
    let question = format!("{id}_{}", at.map_or_else(String::new, |second| second.to_string()));
    let id = Obligation::parse(&question)
        .map_err(|_| NormaliseError::Malformed { member: "payload.object.id" })?;
    let asks = vec![Lookup::Object { kind, id }];
    Ok(Normalised { asks, status: Status::Asks, ..ignored(action, Ignored::ThinEvent) })
}

/// The object that a question is about, and when the webhook says that it happened.
fn asked_of(question: &Obligation) -> (&str, Option<Timestamp>) {
    let (id, second) = question.as_str().rsplit_once('_').unwrap_or((question.as_str(), ""));
    (id, second.parse().ok().and_then(|second| Timestamp::from_second(second).ok()))
}

fn run_completed(
    notice: &Notice<'_>,
    object: &Object<'_>,
    action: &str,
) -> Result<Normalised, NormaliseError> {
    let run: Run<'_> = notice.resource.object().unwrap_or_default();
    let status = object.status.text().or_else(|| run.status.text());
    let Some((status, applicant)) = status.zip(run.applicant_id.text()) else {
        return asking("workflow_runs", object, object.completed_at_iso8601, action);
    };
    let Some(fact) = outcome(&status, &run)? else { return Ok(ignored(action, Ignored::UnknownType)) };
    let id = read::obligation(object.id.text().as_deref(), "payload.object.id")?;
    let applicant = read::obligation(Some(&applicant), "payload.resource.applicant_id")?;
    let at = read::first([object.completed_at_iso8601, run.updated_at], read::time);
    let event = event(id.as_str(), action, &status, at, applicant, fact)?;
    Ok(Normalised { events: vec![event], status: Status::Recognised, ..ignored(action, Ignored::ThinEvent) })
}

/// An event told by what ended, how it is called, and when; or, where nobody says when, how it ended.
fn event(
    ended: &str,
    action: &str,
    came_to: &str,
    at: Option<Timestamp>,
    applicant: Obligation,
    fact: Fact,
) -> Result<Event, NormaliseError> {
    let moment = at.map_or_else(|| came_to.to_owned(), |at| at.to_string());
    let id = kyc::event_id(&[ended, action, &moment], "payload.object.id")?;
    Ok(Event { id, obligation: applicant, occurred_at: at, fact })
}

/// What a run came to; `None` for one that nobody finished, or that broke: it refuses nobody.
fn outcome(status: &str, run: &Run<'_>) -> Result<Option<Fact>, NormaliseError> {
    match status {
        "approved" => Ok(Some(Fact::KycApproved)),
        "review" => Ok(Some(Fact::KycPending)),
        "declined" => {
            let reasons = run.reasons.elements().unwrap_or_default();
            let labels = reasons.into_iter().filter_map(|reason| labels::by_reason(&reason.text()?));
            Ok(Some(Verdict::of(labels).rejected(run.buyer())))
        }
        "abandoned" | "error" | "processing" | "awaiting_input" | "awaiting_client_input" => Ok(None),
        _ => Err(NormaliseError::Malformed { member: "payload.object.status" }),
    }
}

impl Run<'_> {
    fn buyer(&self) -> BuyerFacts {
        let output: Output<'_> = self.output.object().unwrap_or_default();
        let own = read::first([output.whatsapp_phone], |text| Phone::parse(text).ok());
        BuyerFacts {
            phone: own.or_else(|| kyc::reference_phone(self.customer_user_id)),
            push: read::first([output.push_token], PushToken::parse),
            ..applicant(self.applicant_id)
        }
    }
}

/// The applicant, who is asked about when a step is due.
fn applicant(id: Member<'_>) -> BuyerFacts {
    let customer = id.text().and_then(|id| CustomerId::parse(&id).ok());
    BuyerFacts { customer, ..BuyerFacts::default() }
}
