//! Onfido's API: what became of a check or a run, why, and where its applicant can be reached.

use crate::lookup::get;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use recoup_core::{BuyerFacts, CustomerId, Email, Fact, KycCause, Obligation, PersonName, Phone, Secret};

use super::{CHECK_COMPLETED, Run, applicant, asked_of, event, ignored, labels, outcome};
use crate::json::{self, Member, members};
use crate::{Ignored, Lookup, LookupAnswer, NormaliseError, Normalised, Status, Unanswered, kyc, read};

/// Builds the request to the region's API.
pub(super) fn request(base_url: &str, lookup: &Lookup, api_key: &Secret) -> Option<Request<Bytes>> {
    let path = match lookup {
        Lookup::Object { kind: "reports", id } => format!("reports?check_id={id}"),
        Lookup::Object { kind, id } => format!("{kind}/{}", asked_of(id).0),
        Lookup::Customer(applicant) => format!("applicants/{applicant}"),
        Lookup::Obligation(_) => return None,
    };
    get(base_url, &format!("v3.6/{path}"), &format!("Token token={}", api_key.expose()), "application/json")?
        .body(Bytes::new())
        .ok()
}

members! {
    struct Check {
        id,
        applicant_id,
        status,
        result,
        sandbox,
    }
}

/// Takes the answer in. An object that is gone has nothing to tell.
pub(super) fn complete(normalised: Normalised, answer: &Response<Bytes>) -> Result<Normalised, Unanswered> {
    let mut normalised = normalised;
    if let Some(unanswered) = Unanswered::by_status(answer.status()) {
        return Err(unanswered);
    }
    if normalised.asks.is_empty() {
        return Ok(normalised);
    }
    let Lookup::Object { kind, id } = normalised.asks.remove(0) else { return Ok(normalised) };
    let found = answer.status().is_success().then(|| answer.body());
    let read = match (kind, found) {
        ("reports", Some(body)) => explained(normalised, body)?,
        ("reports", None) => normalised,
        (_, None) => ignored(&normalised.kind, Ignored::ThinEvent),
        ("checks", Some(body)) => checked(&normalised.kind, &id, body)?,
        (_, Some(body)) => ran(&normalised.kind, &id, body)?,
    };
    Ok(read)
}

/// Another object than the one asked for is somebody else's check.
fn same(id: Member<'_>, asked: &str) -> Result<(), NormaliseError> {
    let same = id.text().is_some_and(|id| read::id(&id).is_some_and(|id| id.as_str() == asked));
    if same { Ok(()) } else { Err(NormaliseError::Malformed { member: "id" }) }
}

/// Reads a check. A refused one is already an event; its reports only add the cause.
fn checked(action: &str, question: &Obligation, body: &[u8]) -> Result<Normalised, NormaliseError> {
    let check: Check<'_> = json::parse(body)?;
    let (asked, at) = asked_of(question);
    same(check.id, asked)?;
    let (result, status) = (check.result.text(), check.status.text());
    let came_to = result.as_deref().or(status.as_deref()).unwrap_or_default();
    let (fact, asks) = match came_to {
        // Its end is told by an event of its own.
        "clear" | "consider" if action != CHECK_COMPLETED => return Ok(ignored(action, Ignored::InProgress)),
        "clear" => (Fact::KycApproved, Vec::new()),
        "consider" => {
            let id = read::obligation(check.id.text().as_deref(), "id")?;
            let reports = Lookup::Object { kind: "reports", id };
            (kyc::rejected(KycCause::Other, true, applicant(check.applicant_id)), vec![reports])
        }
        "in_progress" | "paused" | "reopened" => (Fact::KycPending, Vec::new()),
        "awaiting_applicant" | "withdrawn" => return Ok(ignored(action, Ignored::UnknownType)),
        _ => return Err(NormaliseError::Malformed { member: "result" }),
    };
    let applicant = read::obligation(check.applicant_id.text().as_deref(), "applicant_id")?;
    let events = vec![event(asked, action, came_to, at, applicant, fact)?];
    let livemode = check.sandbox.flag().map(|sandbox| !sandbox);
    let status = Status::Recognised;
    Ok(Normalised { events, asks, livemode, status, ..ignored(action, Ignored::ThinEvent) })
}

/// Adds to a refusal what its reports say of it.
fn explained(normalised: Normalised, body: &[u8]) -> Result<Normalised, NormaliseError> {
    let verdict = labels::of_reports(body)?;
    let mut normalised = normalised;
    for event in &mut normalised.events {
        if let Fact::KycRejected(rejected) = &event.fact {
            event.fact = verdict.rejected(rejected.buyer.clone());
        }
    }
    Ok(normalised)
}

fn ran(action: &str, question: &Obligation, body: &[u8]) -> Result<Normalised, NormaliseError> {
    let run: Run<'_> = json::parse(body)?;
    let (asked, at) = asked_of(question);
    same(run.id, asked)?;
    let status = run.status.text().ok_or(NormaliseError::Missing { member: "status" })?;
    let Some(fact) = outcome(&status, &run)? else { return Ok(ignored(action, Ignored::UnknownType)) };
    let applicant = read::obligation(run.applicant_id.text().as_deref(), "applicant_id")?;
    let at = at.or_else(|| read::first([run.updated_at], read::time));
    let event = event(asked, action, &status, at, applicant, fact)?;
    let status = Status::Recognised;
    Ok(Normalised { events: vec![event], status, ..ignored(action, Ignored::ThinEvent) })
}

members! {
    /// What the merchant told Onfido of its applicant.
    struct Applicant {
        id,
        first_name,
        email,
        phone_number,
    }
}

/// Reads where an applicant can be reached.
pub(super) fn read_answer(lookup: &Lookup, answer: &Response<Bytes>) -> LookupAnswer {
    if answer.status() == StatusCode::GONE {
        return LookupAnswer::NotFound;
    }
    if let Some(answer) = LookupAnswer::by_status(answer.status()) {
        return answer;
    }
    match (lookup, json::parse::<Applicant<'_>>(answer.body())) {
        (Lookup::Customer(asked), Ok(applicant)) => buyer(asked, &applicant),
        (Lookup::Customer(_) | Lookup::Obligation(_) | Lookup::Object { .. }, _) => LookupAnswer::Unreachable,
    }
}

fn buyer(asked: &CustomerId, applicant: &Applicant<'_>) -> LookupAnswer {
    if applicant.id.text().as_deref() != Some(asked.as_str()) {
        return LookupAnswer::Unreachable;
    }
    LookupAnswer::Buyer(BuyerFacts {
        customer: Some(asked.clone()),
        phone: read::first([applicant.phone_number], |text| Phone::parse(text).ok()),
        email: read::first([applicant.email], Email::parse),
        name: read::first([applicant.first_name], PersonName::clean),
        ..BuyerFacts::default()
    })
}
