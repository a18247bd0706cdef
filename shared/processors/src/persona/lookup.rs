//! Persona's API: where an account can be reached, and whether an inquiry has been decided since.

use crate::lookup::{bearer, get};
use bytes::Bytes;
use http::{Request, Response};
use recoup_core::{Fact, Secret};

use super::body::Attributes;
use crate::json::{self, members};
use crate::{Lookup, LookupAnswer};

members! {
    struct Answer {
        data,
    }
}

members! {
    struct Resource {
        id,
        attributes,
    }
}

/// Builds the request. Ids of another kind than Persona's own are not asked about.
pub(super) fn request(base_url: &str, lookup: &Lookup, api_key: &Secret) -> Option<Request<Bytes>> {
    let path = match lookup {
        Lookup::Customer(customer) if customer.as_str().starts_with("act_") => format!("accounts/{customer}"),
        Lookup::Obligation(inquiry) if inquiry.as_str().starts_with("inq_") => format!("inquiries/{inquiry}"),
        Lookup::Customer(_) | Lookup::Obligation(_) | Lookup::Object { .. } => return None,
    };
    get(base_url, &format!("api/v1/{path}"), &bearer(api_key), "application/json")?.body(Bytes::new()).ok()
}

/// Reads the answer.
pub(super) fn read_answer(lookup: &Lookup, answer: &Response<Bytes>) -> LookupAnswer {
    if let Some(answer) = LookupAnswer::by_status(answer.status()) {
        return answer;
    }
    let Ok(body) = json::parse::<Answer<'_>>(answer.body()) else { return LookupAnswer::Unreachable };
    let resource: Resource<'_> = body.data.object().unwrap_or_default();
    let attributes: Attributes<'_> = resource.attributes.object().unwrap_or_default();
    let is = |asked: &str| resource.id.text().as_deref() == Some(asked);
    match lookup {
        Lookup::Customer(asked) if is(asked.as_str()) => LookupAnswer::Buyer(recoup_core::BuyerFacts {
            customer: Some(asked.clone()),
            ..attributes.reached()
        }),
        Lookup::Obligation(asked) if is(asked.as_str()) => standing(&attributes),
        Lookup::Customer(_) | Lookup::Obligation(_) | Lookup::Object { .. } => LookupAnswer::Unreachable,
    }
}

/// A decision that is still to come, or a buyer who is at it right now, is not a moment to write.
fn standing(attributes: &Attributes<'_>) -> LookupAnswer {
    match attributes.status.text().as_deref() {
        Some("approved") => LookupAnswer::Settled(Fact::KycApproved),
        Some("declined" | "failed" | "expired") => LookupAnswer::StillOwed,
        Some(_) | None => LookupAnswer::Unreachable,
    }
}
