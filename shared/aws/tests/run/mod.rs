//! One case as it really runs, played through the decisions of the engine.

use recoup_core::{
    Answer, BuyerFacts, Case, CaseId, Channel, Concluded, Context, CustomerId, DeclineClass, DeliveryStatus,
    Effect, Event, EventId, Fact, Input, Link, PaymentFailed, PersonName, Phone, Policy, Recipient,
    SendOutcome, StatusReport, StepDue, StepIndex, Token, World, decide,
};

use super::sample::{START, at, case_id, obligation, recipient_id, usd};

/// Where the ids differ that Meta gives to the messages of one buyer.
const MESSAGES: [&str; 4] = [
    "5QTNDQTVCM0Q0Q0Q2RTY3RTcA",
    "GMzEyNzhENTZDMzNGODlDRDgA",
    "zQUFERjg0NDEzNDdFODU3MUMA",
    "BMjc0RkQ5MDIxRUNBODBFNjkA",
];

/// One case as it really runs: a subscription invoice of Stripe whose four messages are all delivered and read.
pub(crate) struct Run {
    /// After the first webhook.
    pub(crate) opened: Case,
    /// After four messages and their statuses.
    pub(crate) sent: Case,
    /// The buyer after four messages.
    pub(crate) buyer: Recipient,
    /// The payment came before any failure was heard of.
    pub(crate) tombstone: Case,
}

/// Plays it through the decisions of the engine.
pub(crate) fn run(token_of: impl Fn(u64) -> Token) -> Run {
    let id = case_id("in_1SWf0kR4mC9zQe2LbT7uYh3P");
    let failed = |number: i64| {
        let said = Fact::PaymentFailed(Box::new(failure(u32::try_from(number).expect("small"))));
        (START + (number - 1) * 259_300_123, said)
    };
    let mut engine = Engine { id: id.clone(), case: None, buyer: None, tokens: 0, token_of };
    let (first, said) = failed(1);
    engine.said("evt_1SWf1aR4mC9zQe2LkM5nPq7X", &said, first);
    let opened = engine.case.clone().map(pinned).expect("opened");
    engine.buyer = Some(Recipient::new(recipient_id("+14155550123")));
    for step in 0..4_u8 {
        engine.send(StepIndex(step));
        if let 0..=2 = step {
            let (when, said) = failed(i64::from(step) + 2);
            engine.said(&format!("evt_1SWf1aR4mC9zQe2LkM5nPq{step}X"), &said, when);
        }
    }
    let sent = engine.case.take().map(pinned).expect("opened");
    let buyer = engine.buyer.take().expect("set above");
    engine.said("evt_1SWf1aR4mC9zQe2LkM5nPq9X", &Fact::Paid, START);
    Run { opened, sent, buyer, tombstone: engine.case.expect("settled") }
}

/// The case with a version that does not change with the playbook's text.
fn pinned(mut case: Case) -> Case {
    if let Some(outreach) = &mut case.outreach {
        "4d30dc3f".clone_into(&mut outreach.version);
    }
    case
}

fn failure(attempt: u32) -> PaymentFailed {
    let link = format!("https://invoice.stripe.com/i/acct_1RcPq2R4mC9zQe2L/live_{:a<100}?s=ap", "YWNjdF8x");
    PaymentFailed {
        one_time: false,
        attempt: Some(attempt),
        next_retry: Some(at((START / 1_000 + i64::from(attempt) * 259_200) * 1_000)),
        last_attempt: false,
        decline: Some(DeclineClass::Soft),
        amount: Some(usd(4_900)),
        pay_link: Some(Link::parse(&link).expect("plain")),
        number: PersonName::clean("QXZKT1HD-0003"),
        buyer: BuyerFacts {
            push: None,
            customer: CustomerId::parse("cus_TTeXaMpLe00001").ok(),
            phone: Phone::parse("+14155550123").ok(),
            email: None,
            name: PersonName::clean("Ana María"),
            locale: Some("es-419".to_owned()),
            zone: Some("America/New_York".to_owned()),
        },
        links: vec![obligation("sub_1SWezzR4mC9zQe2LbV6dNc2K"), obligation("pi_3SWf0lR4mC9zQe2L1aBcDeFg")],
        unlinked: false,
    }
}

struct Engine<F> {
    id: CaseId,
    case: Option<Case>,
    buyer: Option<Recipient>,
    tokens: u64,
    token_of: F,
}

impl<F: Fn(u64) -> Token> Engine<F> {
    fn apply(&mut self, input: &Input, now: i64) -> (Vec<Effect>, Token) {
        self.tokens += 1;
        let token = (self.token_of)(self.tokens);
        let policy = Policy { window: None, ..Policy::standard("Acme") };
        let trace = Some("Root=1-67891233-abcdef012345678912345678");
        let context = Context { now: at(now), policy: &policy, token: &token, trace };
        let world = World { case: self.case.as_ref(), recipient: self.buyer.as_ref(), ..World::default() };
        let decision = decide(&self.id, &world, input, &context);
        self.case = decision.case.or(self.case.take());
        self.buyer = decision.recipient.or(self.buyer.take());
        (decision.effects, token)
    }

    fn said(&mut self, event: &str, fact: &Fact, now: i64) {
        let event = Event {
            id: EventId::parse(event).expect("well formed"),
            obligation: self.id.obligation.clone(),
            occurred_at: None,
            fact: fact.clone(),
        };
        self.apply(&Input::Said(event), now);
    }

    /// Takes the step that is next, again while it is put off, and has it accepted, delivered and read.
    fn send(&mut self, step: StepIndex) {
        let (mut now, mut channel, mut token, mut sent) = (0, Channel::Whatsapp, None, false);
        while !sent {
            let next = self.case.as_ref().and_then(|case| case.outreach.as_ref()?.next).expect("planned");
            assert_eq!(next.step, step);
            (now, channel) = (next.at.as_millisecond() + 411, next.channel);
            let due = StepDue {
                step,
                generation: next.generation,
                channel,
                buyer: Answer::NotAsked,
                settlement: Answer::NotAsked,
            };
            let (effects, claim) = self.apply(&Input::StepDue(due), now);
            token = Some(claim);
            sent = effects.iter().any(|effect| matches!(effect, Effect::Send(_)));
        }
        let token = token.expect("sent");
        let provider_id = format!("wamid.HBgLMTQxNTU1NTAxMjMVAgARGBI{}", MESSAGES[usize::from(step.0)]);
        let outcome = SendOutcome::Accepted { provider_id: Some(provider_id.clone()) };
        let concluded = Concluded { step, channel, token: token.clone(), outcome };
        self.apply(&Input::Concluded(concluded), now + 389);
        for (status, after) in [(DeliveryStatus::Delivered, 4_207), (DeliveryStatus::Read, 1_384_991)] {
            let (token, provider_id) = (token.clone(), provider_id.clone());
            let report = StatusReport { step, channel, token, provider_id, status };
            self.apply(&Input::Status(report), now + after);
        }
    }
}
