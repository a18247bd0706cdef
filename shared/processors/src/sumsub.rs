//! Sumsub (facts: webhook-sources sections 2, 3 and 7; docs.sumsub.com "User verification webhooks", "Rejection labels").
//!
//! Reads `applicantReviewed` (GREEN, RED), `applicantPending`, `applicantOnHold` and `applicantDeleted`. The secret is the
//! text that the webhook's page calls its secret key.
//!
//! Traps: the header that names the algorithm is chosen by the sender, so SHA-1 is refused; only `reviewRejectType` says
//! whether a refusal is final, the same label comes with both; a body never holds a phone, so there is one only where
//! the merchant's own `externalUserId` is one; comments are a reviewer's words and are not read.

use http::{HeaderName, HeaderValue};
use jiff::Timestamp;
use recoup_core::{BuyerFacts, CustomerId, Event, EventId, Fact, KycCause, Obligation, Secret};
use ring::hmac;

use crate::json::{self, members};
use crate::kyc::{self, Label, Verdict};
use crate::read;
use crate::signature::{self, Mac, Macs};
use crate::{
    Family, Habits, Ignored, NormaliseError, Normalised, Processor, SignatureError, Signed, SourceApi,
    Status, Unverified, Verified,
};

/// Sumsub.
pub(crate) struct Sumsub;

static DIGEST: HeaderName = HeaderName::from_static("x-payload-digest");
static ALGORITHM: HeaderName = HeaderName::from_static("x-payload-digest-alg");

impl Processor for Sumsub {
    fn name(&self) -> &'static str {
        "sumsub"
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
        let digest = signature::only_header(request.headers, &DIGEST)?;
        let (algorithm, length) = match signature::only_header(request.headers, &ALGORITHM)? {
            "HMAC_SHA256_HEX" => (hmac::HMAC_SHA256, 32),
            "HMAC_SHA512_HEX" => (hmac::HMAC_SHA512, 64),
            _ => return Err(SignatureError::Malformed),
        };
        let mac = Mac::from_hex(digest, length).ok_or(SignatureError::Malformed)?;
        let keys = signature::keys(secrets, |secret| Some(secret.as_bytes()))?;
        signature::verify_keyed(algorithm, &keys, &[request.body], &Macs::one(mac))?;
        Ok(Verified::new(request))
    }

    fn normalise(&self, verified: &Verified<'_>) -> Result<Normalised, NormaliseError> {
        let body: Body<'_> = json::parse(verified.body())?;
        let kind = body.kind.text().ok_or(NormaliseError::Missing { member: "type" })?;
        if !kyc::is_event_name(&kind) {
            return Err(NormaliseError::Malformed { member: "type" });
        }
        let fact = match &*kind {
            "applicantReviewed" => Some(reviewed(&body)?),
            "applicantPending" | "applicantOnHold" => Some(Fact::KycPending),
            "applicantDeleted" => Some(Fact::Voided),
            _ => None,
        };
        let (events, status) = match fact {
            Some(fact) => (vec![event(&body, &kind, fact)?], Status::Recognised),
            None => (Vec::new(), Status::Ignored(Ignored::UnknownType)),
        };
        let livemode = body.sandbox_mode.flag().map(|sandbox| !sandbox);
        Ok(Normalised { events, kind: kind.into_owned(), asks: Vec::new(), livemode, status })
    }

    fn sign(&self, body: &[u8], secret: &Secret, _at: Timestamp, _url: &str) -> Option<Signed> {
        let mac = signature::hmac_sha256(secret.expose().as_bytes(), &[body]);
        let mut signed = Signed::with(&DIGEST, signature::encode_hex(mac.as_ref()), body)?;
        signed.headers.insert(&ALGORITHM, HeaderValue::from_static("HMAC_SHA256_HEX"));
        Some(signed)
    }
}

impl SourceApi for Sumsub {}

members! {
    struct Body {
        kind = "type",
        applicant_id = "applicantId",
        external_user_id = "externalUserId",
        correlation_id = "correlationId",
        created_at = "createdAt",
        created_at_ms = "createdAtMs",
        sandbox_mode = "sandboxMode",
        review_result = "reviewResult",
    }
}

members! {
    struct ReviewResult {
        review_answer = "reviewAnswer",
        review_reject_type = "reviewRejectType",
        reject_labels = "rejectLabels",
    }
}

fn event(body: &Body<'_>, kind: &str, fact: Fact) -> Result<Event, NormaliseError> {
    let applicant = body.applicant_id.text();
    let obligation = read::obligation(applicant.as_deref(), "applicantId")?;
    Ok(Event { id: event_id(body, &obligation, kind)?, obligation, occurred_at: occurred_at(body), fact })
}

/// The applicant, the type and the millisecond. A body that lacks the time is told by its correlation id.
fn event_id(body: &Body<'_>, applicant: &Obligation, kind: &str) -> Result<EventId, NormaliseError> {
    let told = [body.created_at_ms, body.created_at, body.correlation_id];
    let moment = read::first(told, |text| (!text.is_empty()).then(|| text.to_owned()));
    let moment = moment.ok_or(NormaliseError::Missing { member: "createdAtMs" })?;
    kyc::event_id(&[applicant.as_str(), kind, &moment], "createdAtMs")
}

/// `2026-02-21 13:23:19.002`, which is UTC and does not say so, or `2026-02-21 13:23:19+0000`.
fn occurred_at(body: &Body<'_>) -> Option<Timestamp> {
    let precise = || read::time(&format!("{}Z", body.created_at_ms.text()?));
    precise().or_else(|| read::time(&body.created_at.text()?))
}

fn reviewed(body: &Body<'_>) -> Result<Fact, NormaliseError> {
    const ANSWER: &str = "reviewResult.reviewAnswer";
    let result: ReviewResult<'_> = body.review_result.object().unwrap_or_default();
    match result.review_answer.text().as_deref() {
        Some("GREEN") => Ok(Fact::KycApproved),
        Some("RED") => {
            let labels = result.reject_labels.elements().unwrap_or_default();
            let cause = Verdict::of(labels.into_iter().filter_map(|name| label(&name.text()?))).cause;
            // Without a word on it a refusal is taken for a final one: nobody is nudged by a guess.
            let may_retry = result.review_reject_type.text().as_deref() == Some("RETRY");
            Ok(kyc::rejected(cause, may_retry, buyer(body)))
        }
        None if result.review_answer.is_absent() => Err(NormaliseError::Missing { member: ANSWER }),
        Some(_) | None => Err(NormaliseError::Malformed { member: ANSWER }),
    }
}

fn buyer(body: &Body<'_>) -> BuyerFacts {
    BuyerFacts {
        customer: body.external_user_id.text().and_then(|id| CustomerId::parse(&id).ok()),
        phone: kyc::reference_phone(body.external_user_id),
        ..BuyerFacts::default()
    }
}

/// Sumsub's rejection labels; those that it gives to fraud and to its clients' rules are not told.
fn label(name: &str) -> Option<Label> {
    let cause = match name {
        "UNSATISFACTORY_PHOTOS" | "LOW_QUALITY" | "INCOMPLETE_DOCUMENT" | "UNSUITABLE_ENV" => {
            KycCause::Unreadable
        }
        "EXPIRATION_DATE" => KycCause::Expired,
        "BAD_PROOF_OF_ADDRESS"
        | "BAD_PROOF_OF_IDENTITY"
        | "BAD_PROOF_OF_PAYMENT"
        | "DOCUMENT_DAMAGED"
        | "DOCUMENT_DEPRIVED"
        | "ID_INVALID"
        | "INCOMPATIBLE_LANGUAGE"
        | "NOT_DOCUMENT" => KycCause::WrongDocument,
        "BACK_SIDE_MISSING"
        | "DOCUMENT_MISSING"
        | "DOCUMENT_PAGE_MISSING"
        | "FRONT_SIDE_MISSING"
        | "UNFILLED_ID" => KycCause::Incomplete,
        "BLACK_AND_WHITE" | "DIGITAL_DOCUMENT" | "GRAPHIC_EDITOR" | "SCREENSHOTS" => KycCause::NotOriginal,
        "DB_DATA_MISMATCH"
        | "DB_DATA_NOT_FOUND"
        | "INCORRECT_SOCIAL_NUMBER"
        | "PROBLEMATIC_APPLICANT_DATA"
        | "REQUESTED_DATA_MISMATCH"
        | "WRONG_ADDRESS" => KycCause::DataMismatch,
        "BAD_AVATAR" | "BAD_FACE_MATCHING" | "BAD_SELFIE" | "BAD_VIDEO_SELFIE" | "SELFIE_MISMATCH"
        | "SELFIE_WITH_PAPER" => KycCause::SelfieMismatch,
        _ => return None,
    };
    Some(Label::Cause(cause))
}
