//! Asks the processor what a step wants to know before it is decided.

use std::collections::BTreeMap;

use bytes::Bytes;
use recoup_core::{Answer, BuyerFacts, CaseId, Fact, Lookup, Secret, StepDue};
use recoup_processors::{self as processors, LookupAnswer, SourceApi};

use crate::credentials::SourceCredentials;
use crate::engine::EngineError;
use crate::ports::{SecretName, Secrets, Transport};

/// Where the sources' APIs are reached.
#[derive(Debug, Clone, Default)]
pub struct Apis {
    elsewhere: BTreeMap<&'static str, String>,
}

impl Apis {
    /// Takes the base URLs of sources that are reached elsewhere than they really are, without a trailing slash: a local
    /// stack's.
    pub fn elsewhere(base_urls: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self { elsewhere: base_urls.into_iter().collect() }
    }

    /// Builds a request to a source's API: at its own address, or the one in its secret if that is one of the source's
    /// hosts. Nothing that a webhook says decides where it goes.
    pub fn request(
        &self,
        name: &str,
        api: &dyn SourceApi,
        credentials: &SourceCredentials,
        lookup: &processors::Lookup,
        api_key: &Secret,
    ) -> Option<http::Request<Bytes>> {
        if let Some(base_url) = self.elsewhere.get(name) {
            return api.request(base_url, lookup, api_key);
        }
        let place = api.api()?;
        let base_url = match &credentials.api_url {
            Some(url) if place.allows(url.expose()) => url.expose(),
            Some(_) => return None,
            None => place.url?,
        };
        api.request(base_url.trim_end_matches('/'), lookup, api_key)
    }

    /// Carries out the look-ups and fills in their answers. A source without an API key is not asked.
    ///
    /// # Errors
    /// [`EngineError::Secret`] when the source's credentials are not at hand.
    pub async fn answer(
        &self,
        secrets: &impl Secrets,
        transport: &impl Transport,
        case: &CaseId,
        lookups: &[Lookup],
        due: &mut StepDue,
    ) -> Result<(), EngineError> {
        let Some((source, api)) = processors::api_of(case.source.as_str()) else { return Ok(()) };
        let name = SecretName::Source(source);
        if lookups.is_empty() || !secrets.has(name) {
            return Ok(());
        }
        let credentials = SourceCredentials::parse(name, &secrets.secret(name).await?)?;
        let Some(api_key) = &credentials.api_key else { return Ok(()) };
        for lookup in lookups {
            let question = match lookup {
                Lookup::Buyer(customer) => processors::Lookup::Customer(customer.clone()),
                Lookup::Obligation => processors::Lookup::Obligation(case.obligation.clone()),
            };
            let answer = match self.request(source, api, &credentials, &question, api_key) {
                Some(request) => match transport.perform(request).await {
                    Ok(response) => api.read_answer(&question, &response),
                    Err(_) => LookupAnswer::Unreachable,
                },
                None => LookupAnswer::NotAsked,
            };
            match lookup {
                Lookup::Buyer(_) => due.buyer = buyer(answer),
                Lookup::Obligation => due.settlement = settlement(answer),
            }
        }
        Ok(())
    }
}

fn buyer(answer: LookupAnswer) -> Answer<BuyerFacts> {
    match answer {
        LookupAnswer::NotAsked => Answer::NotAsked,
        LookupAnswer::Buyer(facts) => Answer::Found(facts),
        LookupAnswer::NotFound | LookupAnswer::StillOwed | LookupAnswer::Settled(_) => Answer::Nothing,
        LookupAnswer::Unreachable | LookupAnswer::Denied => Answer::Unreachable,
    }
}

/// An obligation the processor does not know is no proof that it was paid: the key may be another account's. The step
/// goes, and the line of the request says `obligation_not_found`.
fn settlement(answer: LookupAnswer) -> Answer<Fact> {
    match answer {
        LookupAnswer::NotAsked => Answer::NotAsked,
        LookupAnswer::Settled(fact) => Answer::Found(fact),
        LookupAnswer::StillOwed | LookupAnswer::Buyer(_) => Answer::Nothing,
        LookupAnswer::NotFound => {
            tracing::warn!(target: "recoup", reason = "obligation_not_found");
            Answer::Nothing
        }
        LookupAnswer::Unreachable | LookupAnswer::Denied => Answer::Unreachable,
    }
}
