//! GoCardless (facts: webhook-sources sections 2, 3, 4, 5, 6 and 7).
//!
//! One body holds many events, in any order, each with its own id and its own obligation: the payment (`PM…`), which is
//! also the name under which it is tried again. A body names amounts and buyers nowhere: they are asked back, the payment
//! first, then the mandate, which leads to the customer.
//!
//! Secret: the webhook endpoint's secret, as it is shown.
//!
//! Traps: a bad signature is answered 498. A mandate that ends only ends the collecting: what is owed stays owed, so
//! neither it nor what GoCardless cancels with it settles a payment; only what the merchant cancels does. A payment that
//! was confirmed can still fail weeks later; what is paid stays paid here. Of an account whose holder has died nothing is
//! asked.

mod api;
mod decline;
mod event;

use bytes::Bytes;
use http::HeaderName;
use jiff::Timestamp;
use recoup_core::{Fact, Secret};

use self::event::{Body, Reading};
use crate::json;
use crate::signature;
use crate::{
    Api, Family, Habits, Ignored, Lookup, LookupAnswer, NormaliseError, Normalised, Processor,
    SignatureError, Signed, SourceApi, Status, Unanswered, Unverified, Verified,
};

/// GoCardless.
pub(crate) struct GoCardless;

static SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// How many payments and refunds of one body are asked about at once: the source waits ten seconds for its answer.
/// Events beyond are taken without an amount.
const MOST_ASKED: usize = 8;

impl Processor for GoCardless {
    fn name(&self) -> &'static str {
        "gocardless"
    }

    fn family(&self) -> Family {
        Family::Payment
    }

    fn habits(&self) -> Habits {
        Habits { refusal: 498, ..Habits::UNTIMED }
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
        let listed = body.events.elements().ok_or(NormaliseError::Missing { member: "events" })?;
        let (mut events, mut asks) = (Vec::new(), Vec::new());
        let (mut kind, mut ignored) = (None, None);
        for member in listed {
            let listed: event::Event<'_> =
                member.object().ok_or(NormaliseError::Malformed { member: "events" })?;
            let name = listed.name()?;
            match listed.read()? {
                Reading::Ignored(why) => {
                    ignored.get_or_insert((name, why));
                }
                Reading::Fact(event, ask) => {
                    events.push(event);
                    asks.extend(ask.filter(|ask| asks.len() < MOST_ASKED && !asks.contains(ask)));
                    kind.get_or_insert(name);
                }
            }
        }
        let (kind, status) = match (kind, ignored) {
            (Some(kind), _) => (kind, Status::Recognised),
            (None, Some((kind, why))) => (kind, Status::Ignored(why)),
            (None, None) => ("events".to_owned(), Status::Ignored(Ignored::UnknownType)),
        };
        Ok(Normalised { events, kind, asks, livemode: None, status })
    }

    fn complete(
        &self,
        normalised: Normalised,
        answer: &http::Response<Bytes>,
    ) -> Result<Normalised, Unanswered> {
        api::complete(normalised, answer)
    }

    fn sign(&self, body: &[u8], secret: &Secret, _at: Timestamp, _url: &str) -> Option<Signed> {
        signature::sign_hex_body(&SIGNATURE, body, secret)
    }
}

impl SourceApi for GoCardless {
    fn api(&self) -> Option<Api> {
        Some(Api {
            url: Some("https://api.gocardless.com"),
            hosts: &["api.gocardless.com", "api-sandbox.gocardless.com"],
        })
    }

    fn request(&self, base_url: &str, lookup: &Lookup, api_key: &Secret) -> Option<http::Request<Bytes>> {
        api::request(base_url, lookup, api_key)
    }

    fn read_answer(&self, lookup: &Lookup, answer: &http::Response<Bytes>) -> LookupAnswer {
        api::read_answer(lookup, answer)
    }
}

/// What the state of a payment says of the debt.
fn standing(status: &str) -> LookupAnswer {
    match status {
        "confirmed" | "paid_out" => LookupAnswer::Settled(Fact::Paid),
        "charged_back" => LookupAnswer::Settled(Fact::DisputeOpened),
        // Whether the merchant or the bank cancelled it only the webhook says; the merchant's word was told by that.
        "failed" | "cancelled" | "customer_approval_denied" => LookupAnswer::StillOwed,
        // On its way to the bank, for the first time or again.
        _ => LookupAnswer::Unreachable,
    }
}
