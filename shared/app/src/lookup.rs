//! Asks the processor what a step wants to know before it is decided.

use std::collections::BTreeMap;

use recoup_core::{Answer, BuyerFacts, CaseId, Fact, Lookup, Secret, StepDue};
use recoup_processors::{self as processors, LookupAnswer, Processor};

use crate::credentials::SourceCredentials;
use crate::engine::EngineError;
use crate::ports::{SecretName, Secrets, Transport};

/// Where each processor's API is reached.
#[derive(Debug, Clone)]
pub struct Apis {
    base_urls: BTreeMap<&'static str, String>,
}

impl Apis {
    /// Takes the base URL of each source, without a trailing slash.
    pub fn new(base_urls: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self { base_urls: base_urls.into_iter().collect() }
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
        let source = case.source.as_str();
        let (Some(processor), Some(name), Some(base_url)) =
            (processors::by_name(source), secret_of(source), self.base_urls.get(source))
        else {
            return Ok(());
        };
        if lookups.is_empty() {
            return Ok(());
        }
        let credentials = SourceCredentials::parse(name, &secrets.secret(name).await?)?;
        let Some(api_key) = credentials.api_key else { return Ok(()) };
        for lookup in lookups {
            let question = match lookup {
                Lookup::Buyer(customer) => processors::Lookup::Customer(customer.clone()),
                Lookup::Obligation => processors::Lookup::Obligation(case.obligation.clone()),
            };
            let answer = ask(processor, base_url, &question, &api_key, transport).await;
            match lookup {
                Lookup::Buyer(_) => due.buyer = buyer(answer),
                Lookup::Obligation => due.settlement = settlement(answer),
            }
        }
        Ok(())
    }
}

/// The secret that holds a source's credentials.
pub fn secret_of(source: &str) -> Option<SecretName> {
    match source {
        "stripe" => Some(SecretName::Stripe),
        _ => None,
    }
}

async fn ask(
    processor: &dyn Processor,
    base_url: &str,
    question: &processors::Lookup,
    api_key: &Secret,
    transport: &impl Transport,
) -> LookupAnswer {
    let Some(request) = processor.request(base_url, question, api_key) else { return LookupAnswer::NotFound };
    match transport.perform(request).await {
        Ok(response) => processor.read_answer(question, &response),
        Err(_) => LookupAnswer::Unreachable,
    }
}

fn buyer(answer: LookupAnswer) -> Answer<BuyerFacts> {
    match answer {
        LookupAnswer::Buyer(facts) => Answer::Found(facts),
        LookupAnswer::NotFound | LookupAnswer::StillOwed | LookupAnswer::Settled(_) => Answer::Nothing,
        LookupAnswer::Unreachable | LookupAnswer::Denied => Answer::Unreachable,
    }
}

/// An obligation the processor does not know is no proof that it was paid: the key may be another account's. The step
/// goes, and the line of the request says `obligation_not_found`.
fn settlement(answer: LookupAnswer) -> Answer<Fact> {
    match answer {
        LookupAnswer::Settled(fact) => Answer::Found(fact),
        LookupAnswer::StillOwed | LookupAnswer::Buyer(_) => Answer::Nothing,
        LookupAnswer::NotFound => {
            tracing::warn!(target: "recoup", reason = "obligation_not_found");
            Answer::Nothing
        }
        LookupAnswer::Unreachable | LookupAnswer::Denied => Answer::Unreachable,
    }
}
