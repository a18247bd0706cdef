//! What every webhook and every message costs on one core, apart from Lambda and the network: `make bench`.
//!
//! Read the column "fastest" on a machine that others use too, and "median" on a quiet one. An item is one webhook, one
//! decision or one request. The goal: verify and normalise 85,000 webhooks of 5 KB a second.

mod traffic;

use bytes::Bytes;
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use recoup_channels::Provider;
use recoup_channels::meta::Meta;
use recoup_core::{
    Answer, Case, CaseId, Channel, Context, Decision, Effect, Event, Input, Message, Phone, Policy, Reason,
    Recipient, RecipientId, Secret, StepDue, StepIndex, Token, World, decide,
};
use recoup_processors::{Processor, Unverified};

/// Bytes of a Stripe body: a small one, the usual one, and an invoice of many lines.
const SIZES: [usize; 3] = [2_000, 5_000, 50_000];

fn main() {
    divan::main();
}

fn now() -> Timestamp {
    "2026-01-01T12:00:00Z".parse().expect("well formed")
}

struct Webhook {
    body: String,
    headers: HeaderMap,
    secrets: Vec<Secret>,
    stripe: &'static dyn Processor,
}

impl Webhook {
    fn of(bytes: usize) -> Self {
        let body = traffic::invoice_payment_failed(1, bytes);
        let headers = traffic::signed(&body, now());
        let secrets = vec![Secret::parse(traffic::SIGNING_SECRET).expect("fit")];
        Self {
            body,
            headers,
            secrets,
            stripe: recoup_processors::by_name("stripe").expect("a source of this build"),
        }
    }

    fn unverified(&self) -> Unverified<'_> {
        Unverified::new(&self.headers, self.body.as_bytes())
    }

    fn event(&self) -> Event {
        let verified = self.stripe.verify(self.unverified(), &self.secrets, now()).expect("signed");
        self.stripe.normalise(&verified).expect("a body of Stripe").events.remove(0)
    }
}

#[divan::bench(args = SIZES)]
fn verify(bencher: Bencher<'_, '_>, bytes: usize) {
    let webhook = Webhook::of(bytes);
    bencher.counter(ItemsCount::new(1u32)).bench_local(|| {
        webhook.stripe.verify(black_box(webhook.unverified()), &webhook.secrets, now()).is_ok()
    });
}

#[divan::bench(args = SIZES)]
fn normalise(bencher: Bencher<'_, '_>, bytes: usize) {
    let webhook = Webhook::of(bytes);
    let verified = webhook.stripe.verify(webhook.unverified(), &webhook.secrets, now()).expect("signed");
    bencher.counter(ItemsCount::new(1u32)).bench_local(|| webhook.stripe.normalise(black_box(&verified)));
}

#[divan::bench(args = SIZES)]
fn verify_and_normalise(bencher: Bencher<'_, '_>, bytes: usize) {
    let webhook = Webhook::of(bytes);
    bencher.counter(ItemsCount::new(1u32)).bench_local(|| {
        let verified =
            webhook.stripe.verify(black_box(webhook.unverified()), &webhook.secrets, now()).expect("signed");
        webhook.stripe.normalise(&verified)
    });
}

/// A case that was just opened, and what is needed to decide about it.
struct Opened {
    id: CaseId,
    event: Event,
    case: Case,
    recipient: Recipient,
    policy: Policy,
    token: Token,
}

impl Opened {
    fn new() -> Self {
        let event = Webhook::of(5_000).event();
        let id = CaseId::parse(&format!("main/stripe/{}", event.obligation)).expect("well formed");
        let policy = Policy { first_delay: SignedDuration::ZERO, ..Policy::standard("Acme") };
        let token = Token::parse("bench0123456789abcdefghi").expect("well formed");
        let pepper = Secret::parse("bench-pepper-0123456789").expect("fit");
        let phone = Phone::parse(traffic::PHONE).expect("well formed");
        let recipient = Recipient::new(RecipientId::of(&pepper, &phone));
        let decision = decide_on(&id, None, None, &Input::Said(event.clone()), &policy, &token, now());
        assert_eq!(decision.reason, Reason::Opened);
        Self { id, event, case: decision.case.expect("opened"), recipient, policy, token }
    }

    fn decide(&self, known: bool, input: &Input, at: Timestamp) -> Decision {
        let (case, recipient) = (known.then_some(&self.case), known.then_some(&self.recipient));
        decide_on(&self.id, case, recipient, input, &self.policy, &self.token, at)
    }

    fn due(&self) -> Input {
        let next = self.case.outreach.as_ref().and_then(|outreach| outreach.next).expect("a step is planned");
        Input::StepDue(StepDue {
            step: StepIndex(0),
            generation: next.generation,
            channel: Channel::Whatsapp,
            buyer: Answer::NotAsked,
            settlement: Answer::NotAsked,
        })
    }

    fn message(&self) -> Message {
        let decision = self.decide(true, &self.due(), daytime());
        assert_eq!(decision.reason, Reason::Claimed);
        let message = decision.effects.into_iter().find_map(|effect| match effect {
            Effect::Send(message) => Some(*message),
            Effect::Arm(_)
            | Effect::Disarm { .. }
            | Effect::Redeliver { .. }
            | Effect::Park
            | Effect::HandOff(_)
            | Effect::Answer { .. }
            | Effect::Tell(_)
            | Effect::Heed(_)
            | Effect::Silence { .. } => None,
        });
        message.expect("a claim sends")
    }
}

/// An hour at which the buyer of [`traffic::PHONE`] may be messaged.
fn daytime() -> Timestamp {
    now().saturating_add(SignedDuration::from_hours(8)).expect("in range")
}

fn decide_on(
    id: &CaseId,
    case: Option<&Case>,
    recipient: Option<&Recipient>,
    input: &Input,
    policy: &Policy,
    token: &Token,
    now: Timestamp,
) -> Decision {
    let trace = Some("Root=1-00000000-000000000000000000000000");
    decide(id, &World { case, recipient, ..World::default() }, input, &Context { now, policy, token, trace })
}

#[divan::bench]
fn decide_open_a_case(bencher: Bencher<'_, '_>) {
    let opened = Opened::new();
    let input = Input::Said(opened.event.clone());
    bencher.counter(ItemsCount::new(1u32)).bench_local(|| opened.decide(false, black_box(&input), now()));
}

#[divan::bench]
fn decide_duplicate(bencher: Bencher<'_, '_>) {
    let opened = Opened::new();
    let input = Input::Said(opened.event.clone());
    assert_eq!(opened.decide(true, &input, now()).reason, Reason::Duplicate);
    bencher.counter(ItemsCount::new(1u32)).bench_local(|| opened.decide(true, black_box(&input), now()));
}

#[divan::bench]
fn decide_claim_a_step(bencher: Bencher<'_, '_>) {
    let opened = Opened::new();
    let input = opened.due();
    assert_eq!(opened.decide(true, &input, daytime()).reason, Reason::Claimed);
    bencher.counter(ItemsCount::new(1u32)).bench_local(|| opened.decide(true, black_box(&input), daytime()));
}

fn meta() -> Meta {
    let token = Secret::parse("EAAbench0123456789").expect("fit");
    Meta::new("https://graph.facebook.com", "v26.0", "100000000000001", &token).expect("well formed")
}

#[divan::bench]
fn encode_whatsapp_template(bencher: Bencher<'_, '_>) {
    let (meta, message) = (meta(), Opened::new().message());
    bencher.counter(ItemsCount::new(1u32)).bench_local(|| meta.encode(black_box(&message)));
}

#[divan::bench]
fn decode_whatsapp_answer(bencher: Bencher<'_, '_>) {
    let meta = meta();
    let body = r#"{"messaging_product":"whatsapp","contacts":[{"input":"+14155550123","wa_id":"14155550123"}],"messages":[{"id":"wamid.bench","message_status":"accepted"}]}"#;
    let answer = http::Response::new(Bytes::from_static(body.as_bytes()));
    bencher.counter(ItemsCount::new(1u32)).bench_local(|| meta.decode(black_box(&answer)));
}
