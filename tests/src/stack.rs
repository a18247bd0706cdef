//! All functions over one world: posts webhooks, feeds the queues, moves the clock.

use bytes::Bytes;
use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use recoup_app::breaker::Breaker;
use recoup_app::carrier::CarrierSender;
use recoup_app::channel_events::Origin;
use recoup_app::classifier::Bedrock;
use recoup_app::email_sender::{self, EmailSender, EmailSettings};
use recoup_app::engine::{Engine, Gathered, Outlets};
use recoup_app::handoff::HandOffs;
use recoup_app::http::{Answer, Request};
use recoup_app::lookup::Apis;
use recoup_app::ports::{Clock, Queue, Store};
use recoup_app::push_sender::{self, PushSender, PushSettings};
use recoup_app::queue::Received;
use recoup_app::sms_fallback::{self, AwsSender, AwsSms, SmsCarrier};
use recoup_app::step::StepSender;
use recoup_app::sweep::{self, Swept};
use recoup_app::webhook::{WebhookSettings, Webhooks};
use recoup_app::{channel_events, channel_webhook, payment_webhook};
use recoup_core::{
    Brand, Case, CaseId, Channel, Correlation, DeliveryStatus, Event, EventId, Fact, Input, Policy,
    StatusReport,
};
use serde_json::Value;

use crate::carriers::{Carried, Sms, Steps, Whatsapp, WhatsappSender, twilio_settings, whatsapp};
use crate::http_script::{
    BEDROCK_URL, FCM_URL, GRAPH_URL, MSG91_URL, ONESIGNAL_URL, SES_URL, STRIPE_URL, TWILIO_URL,
};
use crate::queues::redrive;
use crate::run::run;
use crate::{Asked, Memory, meta, seeds, stripe, twilio};

/// More rounds than any honest run needs.
const ROUNDS: usize = 10_000;

/// How a stack is set up.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The merchant's rules.
    pub policy: Policy,
    /// Who is told.
    pub outlets: Outlets,
    /// The provider of text messages.
    pub sms: Sms,
    /// The provider of WhatsApp messages.
    pub whatsapp: Whatsapp,
    /// The model that reads replies, if one does.
    pub reply_model: Option<&'static str>,
    /// When the run starts.
    pub now: Timestamp,
}

impl Default for Settings {
    /// A Monday morning in London, whose winter clock is UTC.
    fn default() -> Self {
        let now = Timestamp::from_second(1_795_428_000).expect("in range");
        let (policy, outlets) = (Policy::standard("Acme"), Outlets::default());
        Self { policy, outlets, sms: Sms::Aws, whatsapp: Whatsapp::Meta, reply_model: None, now }
    }
}

/// The tenant of every stack.
///
/// # Panics
/// Never: the name is well formed.
pub(crate) fn brand() -> Brand {
    Brand::parse("main").expect("lower-case letters")
}

/// The functions that take webhooks, over the same world.
pub fn webhooks(engine: Engine<Memory>) -> Webhooks<Memory, Memory> {
    let (transport, apis) = (engine.ports.clone(), Apis::elsewhere([("stripe", STRIPE_URL.to_owned())]));
    Webhooks::new(engine, transport, apis, WebhookSettings::default())
}

/// The sms-fallback function with either kind of provider.
enum SmsFallback {
    Aws(Steps<AwsSender<Memory>>),
    Carrier(Carried<SmsCarrier>),
}

/// Every function of a deployment, over one world.
pub struct Stack {
    /// The world.
    pub memory: Memory,
    /// The engine that the webhooks and the sweep use.
    pub engine: Engine<Memory>,
    /// The functions that take the sources' webhooks.
    pub webhooks: Webhooks<Memory, Memory>,
    /// What reads the replies that the rules leave unknown.
    pub classifier: Option<Bedrock<Memory>>,
    settings: Settings,
    whatsapp_sender: WhatsappSender,
    sms_fallback: SmsFallback,
    push_sender: StepSender<Memory, Memory, Breaker<Memory, PushSender<Memory, Memory>>>,
    email_sender: StepSender<Memory, Memory, Breaker<Memory, EmailSender<Memory>>>,
    handoffs: HandOffs<Memory, Memory>,
}

impl Default for Stack {
    fn default() -> Self {
        Self::new(Settings::default())
    }
}

impl Stack {
    /// Sets a stack up in a new world.
    pub fn new(settings: Settings) -> Self {
        Self::over(Memory::new(settings.now), settings)
    }

    /// Sets a stack up over a world, with processes that have just started.
    ///
    /// # Panics
    /// When a constant of this function does not read.
    pub fn over(memory: Memory, settings: Settings) -> Self {
        let whatsapp_plain = settings.whatsapp == Whatsapp::Rapiwa;
        let policy = Policy { whatsapp_plain, ..settings.policy.clone() };
        let outlets = settings.outlets.clone();
        let engine = Engine { ports: memory.clone(), brand: brand(), policy, outlets };
        let apis = Apis::elsewhere([("stripe", STRIPE_URL.to_owned())]);
        let webhooks = webhooks(engine.clone());
        let whatsapp_sender = whatsapp(settings.whatsapp, &engine, apis.clone());
        let last = redrive(Queue::Sms).map_or(1, |(most, _)| most);
        let push = PushSettings { fcm_url: FCM_URL.to_owned(), onesignal_url: ONESIGNAL_URL.to_owned() };
        let push_sender = push_sender::parts(engine.clone(), memory.clone(), apis.clone(), push, last);
        let letters = settings.policy.email.then(|| EmailSettings {
            base_url: SES_URL.to_owned(),
            from: "Acme <billing@acme.example>".to_owned(),
            reply_to: "help@acme.example".to_owned(),
            configuration_set: Some("recoup".to_owned()),
        });
        let letters = EmailSender::new(memory.clone(), letters.as_ref()).expect("well formed");
        let email_sender = email_sender::parts(engine.clone(), memory.clone(), apis.clone(), letters, last);
        let handoffs = HandOffs { engine: engine.clone(), transport: memory.clone() };
        let text = |carrier| {
            let sender = CarrierSender::new(memory.clone(), memory.clone(), carrier);
            let parts = sms_fallback::parts(engine.clone(), memory.clone(), apis.clone(), sender, last);
            SmsFallback::Carrier(parts)
        };
        let sms_fallback = match settings.sms {
            Sms::Aws => {
                let codec = AwsSms::new("+447700900123").expect("a number is an identity");
                let sender = AwsSender::new(memory.clone(), codec);
                SmsFallback::Aws(sms_fallback::parts(engine.clone(), memory.clone(), apis, sender, last))
            }
            Sms::Twilio => text(SmsCarrier::Twilio(twilio_settings())),
            Sms::Msg91 => text(SmsCarrier::Msg91 { base_url: MSG91_URL.to_owned() }),
        };
        let model = |id| Bedrock::new(memory.clone(), BEDROCK_URL, id).expect("an id of a model");
        let classifier = settings.reply_model.map(model);
        Self {
            memory,
            engine,
            webhooks,
            classifier,
            settings,
            whatsapp_sender,
            sms_fallback,
            push_sender,
            email_sender,
            handoffs,
        }
    }

    /// Replaces every process by a new one; what they kept in memory is gone.
    pub fn restart(&mut self) {
        *self = Self::over(self.memory.clone(), self.settings.clone());
    }

    /// A request as the front door delivers it.
    pub fn request(name: &str, headers: HeaderMap, body: impl Into<Bytes>) -> Request {
        let trace = Some("Root=1-5759e988-bd862e3fe1be46a994272793".to_owned());
        let (name, url) = (name.to_owned(), format!("https://hooks.example.com/webhooks/{name}"));
        let (query, body) = (String::new(), body.into());
        Request { name, path_secret: None, url, query, is_get: false, headers, body, trace }
    }

    /// A webhook as Stripe sends it now.
    pub fn stripe_request(&self, body: impl Into<Bytes>) -> Request {
        let body = body.into();
        let headers = stripe::sign(&body, seeds::SIGNING_SECRET, self.memory.wall());
        Self::request("stripe", headers, body)
    }

    /// A webhook as Meta sends it.
    pub fn meta_request(body: impl Into<Bytes>) -> Request {
        let body = body.into();
        Self::request("meta", meta::sign(&body, seeds::APP_SECRET), body)
    }

    /// Posts to `/webhooks/{source}`; `None` when the process died.
    pub fn try_post(&self, request: &Request) -> Option<Answer> {
        run(self.webhooks.handle(payment_webhook::FRONT, request))
    }

    /// Posts to `/channels/{provider}`; `None` when the process died.
    pub fn try_post_channel(&self, request: &Request) -> Option<Answer> {
        run(channel_webhook::handle(&self.engine, &self.classifier, Some(twilio::FRONT_DOOR), request))
    }

    /// The app told that a notification was opened, as if the merchant's backend had posted it.
    ///
    /// # Panics
    /// When the process died or the store failed.
    pub fn opened(&self, message: Correlation) {
        let Correlation { case, step, channel, token } = message;
        let report = StatusReport {
            step,
            channel,
            token,
            provider_id: "app".to_owned(),
            status: DeliveryStatus::Read,
        };
        let told = run(async {
            let gathered =
                Gathered { case: self.engine.ports.load_case(&case).await?, ..Gathered::default() };
            self.engine.apply(&case, gathered, &Input::Status(report), None).await
        });
        told.expect("the process lives").expect("the store answers");
    }

    /// SES says what became of a letter.
    ///
    /// # Panics
    /// When the process died, the store failed or the event cannot be read.
    pub fn ses_tells(&self, event: &Value) {
        let events = recoup_channels::ses::events(event.to_string().as_bytes()).expect("an object");
        let channel = Channel::Email;
        let origin = Origin { function: "channel_events", provider: "ses", channel, trace: None };
        let told = run(channel_events::apply(&self.engine, events, origin));
        told.expect("the process lives").expect("the store answers");
    }

    /// What a source of Stripe's cases says, as if its webhook had been read.
    ///
    /// # Panics
    /// When the process died or the store failed.
    pub fn say(&self, obligation: &str, fact: Fact) {
        let id = CaseId::parse(&format!("main/stripe/{obligation}")).expect("well formed");
        let event = Event {
            id: EventId::parse(&format!("evt_{}", self.memory.time().as_millisecond())).expect("well formed"),
            obligation: id.obligation.clone(),
            occurred_at: None,
            fact,
        };
        let input = Input::Said(event);
        let said = run(async {
            let gathered = Gathered { case: self.engine.ports.load_case(&id).await?, ..Gathered::default() };
            self.engine.apply(&id, gathered, &input, None).await
        });
        said.expect("the process lives").expect("the store answers");
    }

    /// Asks `/channels/{provider}` for the challenge.
    ///
    /// # Panics
    /// When the process died.
    pub fn get_channel(&self, name: &str, query: &str) -> Answer {
        let request =
            Request { query: query.to_owned(), ..Self::request(name, HeaderMap::new(), Bytes::new()) };
        run(channel_webhook::verify_subscription(&self.engine, &request)).expect("the process lives")
    }

    /// Posts an event, signed as Stripe signs.
    ///
    /// # Panics
    /// When the process died.
    pub fn post_stripe(&self, event: &Value) -> Answer {
        self.try_post(&self.stripe_request(event.to_string())).expect("the process lives")
    }

    /// Posts a body, signed as Meta signs.
    ///
    /// # Panics
    /// When the process died.
    pub fn post_meta(&self, body: &Value) -> Answer {
        self.try_post_channel(&Self::meta_request(body.to_string())).expect("the process lives")
    }

    /// Posts a form to a URL of ours, signed as Twilio signs.
    ///
    /// # Panics
    /// When the process died.
    pub fn post_twilio(&self, url: &str, fields: &[(&str, &str)]) -> Answer {
        self.try_post_channel(&twilio::request(url, fields)).expect("the process lives")
    }

    /// Hands every queue's visible messages to its function, ten at most each, and returns how many there were. What a
    /// function does not report is deleted; when it dies, all its messages come again and a new process takes over.
    pub fn deliver(&mut self) -> usize {
        let queues = [
            Queue::Whatsapp,
            Queue::Sms,
            Queue::Push,
            Queue::Email,
            Queue::HandOff,
            Queue::ChannelEvents,
            Queue::Spill,
        ];
        queues.into_iter().map(|queue| self.deliver_from(queue)).sum()
    }

    /// The same for one queue.
    pub fn deliver_from(&mut self, queue: Queue) -> usize {
        let batch = self.memory.receive(queue);
        let ids: Vec<String> = batch.iter().map(|received| received.id.clone()).collect();
        if ids.is_empty() {
            return 0;
        }
        match self.take(queue, batch) {
            Some(again) => {
                for id in ids.iter().filter(|id| !again.contains(id)) {
                    self.memory.delete_message(queue, id);
                }
            }
            None => self.restart(),
        }
        ids.len()
    }

    /// Gives a batch to the function of a queue and returns what must come again; `None` when the process died.
    pub fn take(&self, queue: Queue, batch: Vec<Received>) -> Option<Vec<String>> {
        run(self.taking(queue, batch))
    }

    /// The function of a queue at work on a batch; it ends with what must come again.
    pub async fn taking(&self, queue: Queue, batch: Vec<Received>) -> Vec<String> {
        match queue {
            Queue::Whatsapp => match &self.whatsapp_sender {
                WhatsappSender::Aws(sender) => sender.take_batch(batch).await,
                WhatsappSender::Carrier(sender) => sender.take_batch(batch).await,
            },
            Queue::Sms => match &self.sms_fallback {
                SmsFallback::Aws(sender) => sender.take_batch(batch).await,
                SmsFallback::Carrier(sender) => sender.take_batch(batch).await,
            },
            Queue::Push => self.push_sender.take_batch(batch).await,
            Queue::Email => self.email_sender.take_batch(batch).await,
            Queue::HandOff => self.handoffs.take_batch(batch).await,
            Queue::ChannelEvents => channel_events::take_batch(&self.engine, &self.classifier, batch).await,
            Queue::Spill => sweep::replay(&self.webhooks, &self.classifier, batch).await,
            Queue::Parked | Queue::HandOffDead => batch.into_iter().map(|received| received.id).collect(),
        }
    }

    /// Fires timers and delivers until nothing is due at this instant.
    ///
    /// # Panics
    /// When that never happens.
    pub fn run_until_idle(&mut self) {
        for _ in 0..ROUNDS {
            let fired = self.memory.fire_due();
            if self.deliver() + fired == 0 {
                return;
            }
        }
        panic!("the stack does not come to rest at {}", self.memory.time());
    }

    /// Lets time pass, from one thing that happens to the next.
    pub fn advance(&mut self, by: SignedDuration) {
        let end = self.memory.time().saturating_add(by).unwrap_or(Timestamp::MAX);
        loop {
            self.run_until_idle();
            let next = [self.memory.next_visible(), self.memory.next_schedule()].into_iter().flatten().min();
            match next.filter(|next| *next <= end) {
                Some(next) => self.memory.set_now(next.max(self.memory.time())),
                None => break,
            }
        }
        self.memory.set_now(end);
        self.run_until_idle();
    }

    /// Runs the daily sweep; `None` when it died or could not scan.
    pub fn sweep(&self) -> Option<Swept> {
        run(sweep::sweep(&self.engine))?.ok()
    }

    /// The case of a Stripe obligation.
    ///
    /// # Panics
    /// When there is none.
    pub fn case(&self, obligation: &str) -> Case {
        let id = CaseId::parse(&format!("main/stripe/{obligation}")).expect("well formed");
        self.memory.case(&id).expect("the case is stored")
    }

    /// The reasons in a case's trail, oldest first, each with its step.
    pub fn trail(&self, obligation: &str) -> Vec<String> {
        let trail = self.case(obligation).trail;
        let shown = trail.iter().map(|entry| match entry.step {
            Some(step) => format!("{} {step}", entry.reason.code()),
            None => entry.reason.code().to_owned(),
        });
        shown.collect()
    }

    /// A case's ledger, in the order of its claims: `0 whatsapp sent`.
    pub fn ledger(&self, obligation: &str) -> Vec<String> {
        let ledger = self.case(obligation).outreach.map(|outreach| outreach.ledger).unwrap_or_default();
        let shown =
            ledger.iter().map(|entry| format!("{} {} {}", entry.step, entry.channel, entry.state.as_str()));
        shown.collect()
    }

    /// The messages that were put to Twilio and arrived there.
    pub fn twilio_sends(&self) -> Vec<Asked> {
        self.memory.asked(TWILIO_URL).into_iter().filter(|asked| asked.arrived).collect()
    }

    /// The steps that were put to Meta and arrived there.
    pub fn whatsapp_sends(&self) -> Vec<Asked> {
        self.at_meta(|body| body["type"] == "template")
    }

    /// The letters that were put to SES and arrived there.
    pub fn letters(&self) -> Vec<Asked> {
        self.memory.asked(SES_URL).into_iter().filter(|asked| asked.arrived).collect()
    }

    /// What recoup answered by WhatsApp and arrived there: the words.
    pub fn answers(&self) -> Vec<String> {
        let words = |asked: &Asked| {
            let body = asked.json();
            let words = [&body["text"]["body"], &body["interactive"]["body"]["text"]];
            words.into_iter().find_map(Value::as_str).unwrap_or_default().to_owned()
        };
        self.at_meta(|body| body["type"] != "template").iter().map(words).collect()
    }

    fn at_meta(&self, wanted: impl Fn(&Value) -> bool) -> Vec<Asked> {
        let asked = self.memory.asked(GRAPH_URL).into_iter();
        asked.filter(|asked| asked.arrived && wanted(&asked.json())).collect()
    }
}
