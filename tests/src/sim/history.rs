//! What the outside saw of a run, and what was stored: what the invariants compare.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use recoup_core::{CaseId, Channel, Correlation, Entry, Phone, SendState, StepIndex, Token};
use serde_json::Value;

use crate::http_script::GRAPH_URL;
use crate::{Asked, Line, Lines, Memory, Stored};

/// A message that a provider took.
#[derive(Debug, Clone)]
pub struct Sent {
    /// When.
    pub at: Timestamp,
    /// The claim behind it.
    pub claim: Correlation,
    /// To whom.
    pub phone: Phone,
    /// What the buyer reads.
    pub texts: Vec<String>,
}

/// A claim as it was stored.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The case.
    pub case: CaseId,
    /// Its entry in the ledger.
    pub entry: Entry,
    /// The order of claims in this run.
    pub nth: usize,
}

/// What happened in one step of a run.
#[derive(Debug, Default)]
pub struct News {
    /// What was stored.
    pub stored: Vec<Stored>,
    /// What providers took.
    pub sent: Vec<Sent>,
    /// What was logged.
    pub lines: Vec<Line>,
    /// The claims among what was stored.
    pub claims: Vec<Claim>,
    /// Bodies, names and attributes that went into queues and timers.
    pub queued: Vec<String>,
}

/// Everything that happened so far.
#[derive(Debug, Default)]
pub struct History {
    /// Every message that a provider took, by case and step.
    pub sent: BTreeMap<(CaseId, StepIndex), Vec<Sent>>,
    /// The messages that were told to have failed after they were taken.
    pub failed: Vec<Token>,
    /// The numbers whose owners asked for silence and were answered, and did not come back since.
    pub silenced: BTreeSet<String>,
    /// The numbers whose owners came back with a word that is kept for later.
    pub returning: BTreeSet<String>,
    /// The replies of each number that were delivered, by the ids of their messages.
    pub said: BTreeMap<String, BTreeSet<String>>,
    /// The answers that each number got.
    pub answers: BTreeMap<String, usize>,
    /// The ids of the hand-offs of replies that a person must read and that were answered 200.
    pub for_a_person: BTreeSet<String>,
    /// Every claim.
    pub claims: BTreeMap<Token, Claim>,
    asked: usize,
    texts: usize,
    queued: (usize, usize),
}

impl History {
    /// Looks at what is new.
    pub fn look(&mut self, memory: &Memory, lines: &Lines) -> News {
        let mut news = News { stored: memory.take_stored(), lines: lines.take(), ..News::default() };
        for stored in &news.stored {
            if let Stored::Case { before, after, .. } = stored {
                let ledger = |case: &recoup_core::Case| {
                    case.outreach.iter().flat_map(|outreach| outreach.ledger.clone()).collect::<Vec<_>>()
                };
                let known = before.as_deref().map(ledger).unwrap_or_default();
                for entry in ledger(after) {
                    let new = known.iter().all(|other| other.token != entry.token);
                    if new && entry.state == SendState::Claimed {
                        let nth = self.claims.len();
                        let claim = Claim { case: after.id.clone(), entry, nth };
                        self.claims.insert(claim.entry.token.clone(), claim.clone());
                        news.claims.push(claim);
                    }
                }
            }
        }
        let asked = memory.asked_from(self.asked);
        self.asked += asked.len();
        news.sent.extend(asked.iter().filter(|asked| asked.taken).filter_map(whatsapp));
        for phone in asked.iter().filter(|asked| asked.taken).filter_map(answered) {
            *self.answers.entry(phone).or_default() += 1;
        }
        let texts = memory.texts_from(self.texts);
        self.texts += texts.len();
        for (at, text) in texts {
            let named = text.context.iter().find_map(|(_, value)| Correlation::parse(value));
            if let Some(claim) = named {
                news.sent.push(Sent { at, claim, phone: text.destination, texts: vec![text.body] });
            }
        }
        for sent in &news.sent {
            let key = (sent.claim.case.clone(), sent.claim.step);
            self.sent.entry(key).or_default().push(sent.clone());
        }
        (news.queued, self.queued) = memory.queued_from(self.queued);
        news
    }

    /// Takes note of what a buyer wrote, under the id of the message.
    pub fn hear(&mut self, phone: &str, id: String) {
        self.said.entry(phone.to_owned()).or_default().insert(id);
    }

    /// The messages taken for a step by one channel.
    pub fn taken(&self, case: &CaseId, step: StepIndex, channel: Channel) -> Vec<&Sent> {
        let of_step = self.sent.get(&(case.clone(), step)).into_iter().flatten();
        of_step.filter(|sent| sent.claim.channel == channel).collect()
    }
}

fn whatsapp(asked: &Asked) -> Option<Sent> {
    if !asked.url.starts_with(GRAPH_URL) {
        return None;
    }
    let body = asked.json();
    let claim = Correlation::parse(body["biz_opaque_callback_data"].as_str()?)?;
    let phone = Phone::parse(body["to"].as_str()?).ok()?;
    let components = body["template"]["components"].as_array()?;
    let parameters = components.iter().filter_map(|component| component["parameters"].as_array()).flatten();
    let texts = parameters.filter_map(|parameter| parameter["text"].as_str().map(str::to_owned)).collect();
    Some(Sent { at: asked.at, claim, phone, texts })
}

/// The number that got an answer of ours.
fn answered(asked: &Asked) -> Option<String> {
    let body = asked.url.starts_with(GRAPH_URL).then(|| asked.json())?;
    let words = body["type"] == "text" || body["type"] == "interactive";
    words.then(|| body["to"].as_str().map(str::to_owned))?
}

/// The status of a message, as Meta tells it.
pub fn status_body(sent: &Sent, reached: &str, error: Option<i64>) -> Value {
    crate::meta::statuses(&[crate::meta::status(&sent.claim.to_string(), reached, error)])
}
