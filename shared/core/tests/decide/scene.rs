//! A small world around `decide`: items with versions, queues, schedules, a processor and a wire, all under a clock that
//! only the test moves. Effects are performed exactly as they are named, so a test sees what a deployment would do.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use recoup_core::{
    Alias, Answer, AnswerDue, BuyerFacts, Case, CaseId, Channel, Concluded, Context, Decision, Effect, Ended,
    Entry, Event, EventKey, Fact, Feed, HandOff, Input, Lookup, Message, OptOutScope, Policy,
    PreferenceChange, Reason, Recipient, RecipientId, Replied, Secret, Standing, State, StepDue, StepIndex,
    Token, Told, Watch, World, decide,
};

use crate::{make, watch};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Versioned<T> {
    pub(crate) item: T,
    pub(crate) version: u64,
}

/// A step on its way: in a queue, or as a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Queued {
    pub(crate) case: CaseId,
    pub(crate) step: StepIndex,
    pub(crate) generation: u32,
    pub(crate) channel: Channel,
    pub(crate) at: Timestamp,
    pub(crate) receives: u32,
    pub(crate) schedule: bool,
}

/// A message on the wire, with the queued step that brought it.
#[derive(Debug, Clone)]
pub(crate) struct Flight {
    pub(crate) message: Message,
    pub(crate) queued: Queued,
}

/// A message that went to the wire, and what is known of it.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) at: Timestamp,
    pub(crate) message: Message,
    pub(crate) template: String,
    /// Certainly not with the buyer.
    pub(crate) failed: bool,
}

/// What the processor answers when it is asked.
#[derive(Debug, Clone)]
pub(crate) struct Processor {
    pub(crate) buyer: Answer<BuyerFacts>,
    pub(crate) settlement: Answer<Fact>,
    pub(crate) asked: Vec<Lookup>,
}

#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) now: Timestamp,
    pub(crate) policy: Policy,
    pub(crate) cases: BTreeMap<CaseId, Versioned<Case>>,
    pub(crate) buyers: BTreeMap<RecipientId, Versioned<Recipient>>,
    pub(crate) feed: Option<Feed>,
    pub(crate) standing: Option<Standing>,
    /// What was handed to a person.
    pub(crate) handed_off: Vec<HandOff>,
    /// Answers on their way to a sender.
    pub(crate) answers: Vec<(CaseId, AnswerDue)>,
    /// Ends that the merchant's own systems were told of.
    pub(crate) ends: Vec<Ended>,
    pub(crate) queue: Vec<Queued>,
    pub(crate) parked: Vec<Queued>,
    pub(crate) wire: Vec<Flight>,
    pub(crate) sends: Vec<Sent>,
    pub(crate) processor: Processor,
    pub(crate) lines: Vec<String>,
    /// A decision that is made and not yet stored: a sender in the middle of its work.
    pub(crate) slow: Option<(Queued, Draft)>,
    /// Every step that was ever handed out, for handing it out again.
    pub(crate) delivered: Vec<Queued>,
    /// How many steps were handed out.
    pub(crate) handed: u32,
    /// The last event that was said, and how many there were.
    pub(crate) told: (Option<Event>, u32),
    tokens: u32,
}

/// A decision that is made and not yet stored.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    id: CaseId,
    input: Input,
    case: Option<Versioned<Case>>,
    buyer: Option<(Recipient, u64)>,
    linked: Vec<Case>,
    pub(crate) at: Timestamp,
    pub(crate) decision: Decision,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self {
            now: make::at("2026-11-22T10:00:00Z"),
            policy: Policy::standard("Acme"),
            cases: BTreeMap::new(),
            buyers: BTreeMap::new(),
            feed: None,
            standing: None,
            handed_off: Vec::new(),
            answers: Vec::new(),
            ends: Vec::new(),
            queue: Vec::new(),
            parked: Vec::new(),
            wire: Vec::new(),
            sends: Vec::new(),
            processor: Processor { buyer: Answer::Nothing, settlement: Answer::Nothing, asked: Vec::new() },
            lines: Vec::new(),
            slow: None,
            delivered: Vec::new(),
            handed: 0,
            told: (None, 0),
            tokens: 0,
        }
    }

    pub(crate) fn case(&self, obligation: &str) -> &Case {
        &self.cases.get(&make::case_id(obligation)).expect("the case is stored").item
    }

    pub(crate) fn state(&self, obligation: &str) -> State {
        self.case(obligation).state()
    }

    pub(crate) fn ledger(&self, obligation: &str) -> &[Entry] {
        self.case(obligation).outreach.as_ref().map_or(&[], |outreach| &outreach.ledger)
    }

    pub(crate) fn trail(&self, obligation: &str) -> Vec<&'static str> {
        self.case(obligation).trail.iter().map(|entry| entry.reason.code()).collect()
    }

    pub(crate) fn known_as(name: &Alias<'_>) -> RecipientId {
        RecipientId::of_alias(&Secret::parse("a pepper for tests").expect("fit"), name)
    }

    pub(crate) fn buyer_id(phone: &str) -> RecipientId {
        Self::known_as(&Alias::Phone(&make::phone(phone)))
    }

    pub(crate) fn advance(&mut self, time: SignedDuration) {
        self.now = self.now.saturating_add(time).expect("in range");
    }

    pub(crate) fn token(&mut self) -> Token {
        self.tokens += 1;
        Token::parse(&format!("t{}", self.tokens)).expect("well formed")
    }

    /// The buyer of an input, as stored.
    fn whose(&self, case: Option<&Case>, input: &Input) -> Option<(Recipient, u64)> {
        let known = case.and_then(|case| case.outreach.as_ref());
        let known = known.map(|outreach| outreach.matter.buyer.clone()).unwrap_or_default();
        let found = match input {
            Input::StepDue(StepDue { buyer: Answer::Found(buyer), .. }) => buyer.phone.clone(),
            Input::StepDue(_)
            | Input::Said(_)
            | Input::Concluded(_)
            | Input::Status(_)
            | Input::Silenced(_)
            | Input::Swept
            | Input::Heard { .. }
            | Input::Replied(_)
            | Input::AnswerDue(_)
            | Input::Told(_)
            | Input::Heeded(_)
            | Input::Preference { .. }
            | Input::Touched { .. } => None,
        };
        let buyer = match input {
            Input::Preference { recipient, .. } | Input::Touched { recipient, .. } => Some(recipient.clone()),
            Input::StepDue(StepDue { channel, .. }) | Input::Concluded(Concluded { channel, .. }) => {
                let (phone, email) = (known.phone.or(found), known.email);
                let (phone, email) = (phone.as_ref().map(Alias::Phone), email.as_ref().map(Alias::Email));
                let reached = if *channel == Channel::Email { email.or(phone) } else { phone.or(email) };
                reached.map(|name| Self::known_as(&name))
            }
            Input::Replied(_) | Input::AnswerDue(_) => {
                known.phone.map(|phone| Self::buyer_id(phone.expose()))
            }
            Input::Said(_)
            | Input::Status(_)
            | Input::Silenced(_)
            | Input::Swept
            | Input::Told(_)
            | Input::Heeded(_)
            | Input::Heard { .. } => None,
        };
        buyer.map(|id| match self.buyers.get(&id) {
            Some(known) => (known.item.clone(), known.version),
            None => (Recipient::new(id), 0),
        })
    }

    /// Gathers and decides, and stores nothing yet.
    pub(crate) fn begin(&mut self, id: &CaseId, input: Input) -> Draft {
        let case = self.cases.get(id).cloned();
        let buyer = self.whose(case.as_ref().map(|case| &case.item), &input);
        let links = case.iter().filter_map(|case| case.item.outreach.as_ref());
        let links = links.flat_map(|outreach| &outreach.matter.links);
        let linked = links
            .filter_map(|link| self.cases.get(&make::case_id(link.as_str())))
            .map(|known| known.item.clone())
            .collect();
        let nothing = Decision {
            case: None,
            recipient: None,
            feed: None,
            standing: None,
            effects: Vec::new(),
            reason: Reason::NothingOwed,
            alarm: false,
        };
        let mut draft = Draft { id: id.clone(), input, case, buyer, linked, at: self.now, decision: nothing };
        self.redecide(&mut draft);
        draft
    }

    fn redecide(&mut self, draft: &mut Draft) {
        let token = self.token();
        let world = World {
            case: draft.case.as_ref().map(|case| &case.item),
            recipient: draft.buyer.as_ref().map(|(buyer, _)| buyer),
            linked: &draft.linked,
            standing: self.standing.as_ref(),
            feed: Some(Watch { known: self.feed.as_ref() }),
        };
        let context =
            Context { now: self.now, policy: &self.policy, token: &token, trace: Some("Root=1-test") };
        draft.decision = decide(&draft.id, &world, &draft.input, &context);
        let again = decide(&draft.id, &world, &draft.input, &context);
        assert_eq!(draft.decision, again, "the same inputs decide the same");
    }

    /// Stores, the recipient first; after a conflict decides again on what is there now.
    pub(crate) fn finish(&mut self, mut draft: Draft) -> Decision {
        for _ in 0..5 {
            if self.commit(&mut draft) {
                return draft.decision;
            }
            // The case may name another buyer now.
            if let Input::StepDue(_) = &draft.input {
                draft.buyer = self.whose(draft.case.as_ref().map(|case| &case.item), &draft.input);
            }
            self.redecide(&mut draft);
        }
        panic!("nobody else writes, so the fifth try is stored")
    }

    fn commit(&mut self, draft: &mut Draft) -> bool {
        watch::decided(&draft.decision, draft.case.as_ref().map(|known| &known.item));
        if let Some(feed) = draft.decision.feed.clone() {
            self.feed = Some(feed);
        }
        if let Some(standing) = draft.decision.standing.clone() {
            self.standing = Some(standing);
        }
        if let Some(recipient) = draft.decision.recipient.clone() {
            let version = self.buyers.get(&recipient.id).map_or(0, |known| known.version);
            let expected = draft.buyer.as_ref().map_or(0, |(_, version)| *version);
            if version != expected {
                draft.buyer = self.buyers.get(&recipient.id).map(|known| (known.item.clone(), version));
                return false;
            }
            draft.buyer = Some((recipient.clone(), version + 1));
            self.buyers.insert(recipient.id.clone(), Versioned { item: recipient, version: version + 1 });
        }
        if let Some(case) = draft.decision.case.clone() {
            let version = self.cases.get(&draft.id).map_or(0, |known| known.version);
            let expected = draft.case.as_ref().map_or(0, |known| known.version);
            if version != expected {
                draft.case = self.cases.get(&draft.id).cloned();
                return false;
            }
            watch::written(draft.case.as_ref().map(|known| &known.item), &case, draft.decision.reason);
            self.cases.insert(draft.id.clone(), Versioned { item: case, version: version + 1 });
        }
        true
    }

    pub(crate) fn apply(&mut self, id: &CaseId, input: Input, what: &str) -> Decision {
        let draft = self.begin(id, input);
        let decision = self.finish(draft);
        self.tell(id, what, &decision);
        self.perform(&decision.effects);
        decision
    }

    pub(crate) fn said(&mut self, event: Event) -> Decision {
        let id = make::case_id(event.obligation.as_str());
        let what = make::told(&event.fact);
        self.apply(&id, Input::Said(event), &what)
    }

    pub(crate) fn swept(&mut self, obligation: &str) -> Decision {
        self.apply(&make::case_id(obligation), Input::Swept, "sweep")
    }

    pub(crate) fn preference(
        &mut self,
        phone: &str,
        change: PreferenceChange,
        scope: OptOutScope,
        said: Option<(EventKey, Channel)>,
    ) -> Decision {
        let recipient = Self::buyer_id(phone);
        let input = Input::Preference { recipient, change, scope, at: self.now, said };
        let verb = if change == PreferenceChange::OptOut { "stop" } else { "start" };
        self.apply(&make::case_id("none"), input, &format!("{verb} {}", scope.as_str()))
    }

    pub(crate) fn perform(&mut self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::Arm(timer) => self.arm(timer),
                Effect::Disarm { case, step, generation } => {
                    self.queue.retain(|queued| {
                        !queued.schedule
                            || queued.case != *case
                            || queued.step != *step
                            || queued.generation != *generation
                    });
                }
                Effect::Silence { cases, reason } => {
                    for case in cases {
                        self.apply(case, Input::Silenced(*reason), "silenced");
                    }
                }
                Effect::HandOff(handoff) => self.handed_off.push(handoff.as_ref().clone()),
                Effect::Answer { case, due } => self.answers.push((case.clone(), *due)),
                Effect::Tell(ended) => self.tell_end(ended),
                Effect::Heed(news) => {
                    self.apply(&make::case_id("none"), Input::Heeded(news.clone()), "heed");
                }
                Effect::Send(_) | Effect::Redeliver { .. } | Effect::Park => {}
            }
        }
    }

    /// The merchant's endpoint takes an end, and the case remembers that it did.
    fn tell_end(&mut self, ended: &Ended) {
        self.ends.push(ended.clone());
        let told = Told { round: ended.round, state: ended.state };
        let draft = self.begin(&ended.case, Input::Told(told));
        self.finish(draft);
    }

    /// The buyer wrote.
    pub(crate) fn replied(&mut self, obligation: &str, replied: Replied) -> Decision {
        let what = format!("reply {}", replied.reply.intent);
        self.apply(&make::case_id(obligation), Input::Replied(replied), &what)
    }

    /// A sender takes the oldest answer.
    pub(crate) fn answer(&mut self) -> Decision {
        let (case, due) = self.answers.remove(0);
        let draft = self.begin(&case, Input::AnswerDue(due));
        let decision = self.finish(draft);
        self.tell(&case, "answer", &decision);
        for effect in &decision.effects {
            if let Effect::Send(message) = effect {
                let (message, template) = (message.as_ref().clone(), "answer".to_owned());
                self.sends.push(Sent { at: self.now, message, template, failed: false });
            }
        }
        decision
    }

    pub(crate) fn tell(&mut self, id: &CaseId, what: &str, decision: &Decision) {
        let line = make::line(self.now, id, what, decision);
        self.lines.push(line);
    }
}
