//! What happens outside recoup: debts fail and are paid, buyers speak, somebody forges, and all of it is told late, often
//! and out of order.

use jiff::{SignedDuration, Timestamp};
use recoup_app::ports::Queue;
use recoup_core::{Fact, Settlement};
use serde_json::{Value, json};

use super::chance::Chance;
use crate::{Settings, meta, stripe};

/// When everything that is not told late has happened.
const SPAN: SignedDuration = SignedDuration::from_hours(12 * 24);

/// Something that happens, and the deliveries that tell of it.
#[derive(Debug, Clone)]
pub struct Occurrence {
    /// When, after the start.
    pub at: SignedDuration,
    /// What the processor's API serves from then on: path and object.
    pub truth: Option<(String, Value)>,
    /// What is told.
    pub told: Told,
    /// When it is told, after the occurrence. Nothing for what is never told.
    pub deliveries: Vec<Delivery>,
}

/// One delivery.
#[derive(Debug, Clone, Copy)]
pub struct Delivery {
    /// After the occurrence.
    pub after: SignedDuration,
    /// Waits for a message to be on its way to the buyer, and comes then.
    pub racing: bool,
}

/// What is told.
#[derive(Debug, Clone)]
pub enum Told {
    /// By the processor, about an obligation.
    Fact(Box<FactTold>),
    /// By somebody who does not know the secret.
    Forged(String),
    /// By the processor, in a form nobody can read.
    Unreadable(String),
    /// By a buyer who wants silence, or no longer.
    Word {
        /// The buyer's number.
        phone: String,
        /// Whether it is a stop.
        stop: bool,
    },
    /// By a buyer who writes anything else.
    Reply {
        /// The buyer's number.
        phone: String,
        /// What they write.
        text: &'static str,
        /// When, which is also what the message's id is made of.
        at: Timestamp,
    },
    /// By the provider, about a message of somebody else.
    ForeignStatus(String),
    /// By the provider, about the account, the number or a template.
    Notice(Value),
    /// Put into a queue by somebody else.
    Poison(Queue, &'static str),
}

/// A fact about an obligation.
#[derive(Debug, Clone)]
pub struct FactTold {
    /// The obligation.
    pub obligation: String,
    /// Another obligation that the same event is about.
    pub also: Option<String>,
    /// The id of the event.
    pub event: String,
    /// Its type.
    pub kind: String,
    /// The event as it is posted.
    pub body: String,
    /// What it says about the money.
    pub settlement: Settlement,
    /// For a failure, the attempt; 0 where the report does not count.
    pub failed: Option<u32>,
}

impl Told {
    /// The request's body and the entrance, for what comes by webhook: `(body, of the provider, signed)`.
    pub fn body(&self, now: Timestamp) -> Option<(String, bool, bool)> {
        match self {
            Self::Fact(fact) => Some((fact.body.clone(), false, true)),
            Self::Forged(body) => Some((body.clone(), false, false)),
            Self::Unreadable(body) => Some((body.clone(), false, true)),
            Self::Word { phone, stop } => {
                let word = if *stop { "STOP" } else { "START" };
                Some((meta::text(phone, word, now.as_second()).to_string(), true, true))
            }
            Self::Reply { phone, text, at } => {
                Some((meta::text(phone, text, at.as_second()).to_string(), true, true))
            }
            Self::Notice(body) => Some((body.to_string(), true, true)),
            Self::ForeignStatus(correlation) => {
                let status = meta::status(correlation, "delivered", None);
                Some((meta::statuses(&[status]).to_string(), true, true))
            }
            Self::Poison(..) => None,
        }
    }
}

/// What buyers write, and whether a person must read it.
pub const REPLIES: [(&str, bool); 9] = [
    ("I already paid this", true),
    ("can somebody call me please", true),
    ("who is this??", true),
    ("thx", true),
    ("I never ordered this", true),
    ("wrong number", true),
    ("i will pay tomorrow", false),
    ("not now, later", false),
    ("send me the link", false),
];

/// What the provider says of the account, the number and a template.
fn notices() -> [Value; 5] {
    let template = |event: &str| {
        json!({"event": event, "message_template_id": 1, "message_template_name": "payment_failed_first",
            "message_template_language": "en", "reason": "NONE"})
    };
    [
        meta::change("message_template_status_update", template("PAUSED")),
        meta::change("message_template_status_update", template("APPROVED")),
        meta::change("phone_number_quality_update", json!({"event": "FLAGGED", "current_limit": "TIER_1K"})),
        meta::change("account_update", json!({"event": "ACCOUNT_VIOLATION"})),
        meta::change("account_update", json!({"event": "ACCOUNT_RECONNECTED"})),
    ]
}

/// The number of a buyer.
pub fn phone(buyer: usize) -> String {
    format!("+4420794604{buyer:02}")
}

/// Everything that happens in a run: at least so many deliveries.
pub fn occurrences(seed: u64, deliveries: usize) -> Vec<Occurrence> {
    let start = Settings::default().now;
    let mut author = Author { chance: Chance::of(seed, 1), script: Vec::new(), ids: 0, start };
    let mut obligation = 0;
    while author.script.iter().map(|occurrence| occurrence.deliveries.len()).sum::<usize>() < deliveries {
        author.debt(obligation);
        author.noise();
        obligation += 1;
    }
    author.script
}

struct Author {
    chance: Chance,
    script: Vec<Occurrence>,
    ids: usize,
    start: Timestamp,
}

impl Author {
    fn id(&mut self) -> String {
        self.ids += 1;
        format!("evt_{}", self.ids)
    }

    /// Once, or several times: soon, or days later.
    fn told(&mut self, racing: bool) -> Vec<Delivery> {
        let copies = *self.chance.pick(&[1, 1, 1, 2, 2, 3, 6]);
        let mut deliveries = Vec::new();
        for copy in 0..copies {
            let longest = *self.chance.pick(&[3, 3, 30, 600, 7_200, 259_200]);
            let after = self.chance.time(SignedDuration::ZERO, SignedDuration::from_secs(longest));
            deliveries.push(Delivery { after, racing: racing && copy == 0 });
        }
        deliveries
    }

    fn tell(
        &mut self,
        at: SignedDuration,
        kind: &str,
        object: Value,
        about: (&str, Option<Fact>, Option<u32>),
    ) {
        let (obligation, fact, failed) = about;
        let event = self.id();
        let body = stripe::event(&event, kind, object).to_string();
        let settlement = fact.as_ref().map(Settlement::of).unwrap_or_default();
        let also = obligation.strip_prefix("in_").map(|nth| format!("sub_{nth}"));
        let also = also.filter(|_| fact == Some(Fact::SubscriptionCancelled));
        let told = FactTold {
            obligation: obligation.to_owned(),
            also,
            event,
            kind: kind.to_owned(),
            body,
            settlement,
            failed,
        };
        let racing = fact.is_some() && self.chance.one_in(2);
        let deliveries = self.told(racing);
        self.script.push(Occurrence { at, truth: None, told: Told::Fact(Box::new(told)), deliveries });
    }

    /// What the processor's API serves from now on belongs to the occurrence that was written last.
    fn truth(&mut self, path: String, object: Value) {
        if let Some(last) = self.script.last_mut() {
            last.truth = Some((path, object));
        }
    }

    /// One debt, from its failure to its end.
    fn debt(&mut self, nth: usize) {
        let obligation = format!("in_{nth}");
        let buyer = self.chance.below(6);
        let start = self.chance.time(SignedDuration::ZERO, SPAN / 2);
        let invoice = self.invoice(&obligation, buyer);
        let path = format!("/v1/invoices/{obligation}");
        if self.chance.one_in(3) {
            let mut intent = stripe::payment_intent(&format!("pi_{nth}"));
            intent["invoice"] = json!(obligation);
            self.tell(start, "payment_intent.payment_failed", intent, (&obligation, None, Some(0)));
        }
        self.tell(start, "invoice.payment_failed", invoice.clone(), (&obligation, None, Some(1)));
        self.truth(path.clone(), invoice.clone());
        if self.chance.one_in(3) {
            let at = start + self.chance.time(SignedDuration::from_hours(1), SignedDuration::from_hours(96));
            let mut second = invoice.clone();
            second["attempt_count"] = json!(2);
            self.tell(at, "invoice.payment_failed", second, (&obligation, None, Some(2)));
        }
        let end = start + self.chance.time(SignedDuration::ZERO, SPAN);
        self.ending(&obligation, &path, &invoice, end);
    }

    fn invoice(&mut self, obligation: &str, buyer: usize) -> Value {
        let mut invoice = stripe::invoice(obligation);
        invoice["parent"]["subscription_details"]["subscription"] = json!(obligation.replace("in_", "sub_"));
        invoice["customer_phone"] = json!(phone(buyer));
        invoice["customer"] = json!(format!("cus_{buyer}"));
        let (currency, unit) = *self.chance.pick(&[("usd", 1), ("eur", 1), ("jpy", 1), ("kwd", 10)]);
        let amount = (100 + self.chance.below(90_000)) * unit;
        invoice["currency"] = json!(currency);
        invoice["amount_due"] = json!(amount);
        invoice["amount_remaining"] = json!(amount);
        let zone =
            *self.chance.pick(&["Europe/London", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"]);
        invoice["metadata"] = json!({"time_zone": zone});
        if self.chance.one_in(12) {
            invoice["hosted_invoice_url"] = Value::Null;
        }
        invoice
    }

    /// How it ends, if it does: the events, when after the end each comes, and what the processor's API says from then on.
    fn ending(&mut self, obligation: &str, path: &str, invoice: &Value, at: SignedDuration) {
        let of_invoice = |status: &str| stripe::with(invoice.clone(), "/status", json!(status));
        let charge = json!({"id": "ch_1", "object": "charge", "amount": 1, "amount_refunded": 1, "refunded": true,
            "invoice": obligation});
        let dispute = |status: &str| {
            json!({"id": "dp_1", "object": "dispute", "status": status,
                "charge": {"id": "ch_1", "object": "charge", "invoice": obligation}})
        };
        let subscription = json!({"id": obligation.replace("in_", "sub_"), "object": "subscription",
            "latest_invoice": obligation});
        let won = self.chance.one_in(2);
        let way = self.chance.below(20);
        let events: Vec<(i64, &str, Value, Fact)> = match way {
            0..=6 => Vec::new(),
            7..=11 => vec![
                (0, "invoice.paid", of_invoice("paid"), Fact::Paid),
                (0, "invoice.payment_succeeded", of_invoice("paid"), Fact::Paid),
            ],
            12 => vec![(0, "invoice.paid", of_invoice("paid"), Fact::Paid)],
            13 => vec![(0, "invoice.voided", of_invoice("void"), Fact::Voided)],
            14 => {
                vec![(
                    0,
                    "invoice.marked_uncollectible",
                    of_invoice("uncollectible"),
                    Fact::MarkedUncollectible,
                )]
            }
            15 | 16 => vec![
                (0, "invoice.paid", of_invoice("paid"), Fact::Paid),
                (24, "charge.refunded", charge, Fact::Refunded { full: true }),
            ],
            17 | 18 => vec![
                (0, "charge.dispute.created", dispute("needs_response"), Fact::DisputeOpened),
                (
                    48,
                    "charge.dispute.closed",
                    dispute(if won { "won" } else { "lost" }),
                    Fact::DisputeClosed { won },
                ),
            ],
            _ => vec![(0, "customer.subscription.deleted", subscription, Fact::SubscriptionCancelled)],
        };
        for (hours, kind, object, fact) in events {
            let truth = (object["object"] == "invoice").then(|| object.clone());
            let at = at + SignedDuration::from_hours(hours);
            self.tell(at, kind, object, (obligation, Some(fact), None));
            if let Some(object) = truth {
                self.truth(path.to_owned(), object);
            }
        }
        if let (12, Some(last)) = (way, self.script.last_mut()) {
            // Paid, and nobody tells: the processor's webhook is switched off.
            last.deliveries.clear();
        }
    }

    /// What else arrives at the same doors.
    fn noise(&mut self) {
        let at = self.chance.time(SignedDuration::ZERO, SPAN);
        let told = match self.chance.below(20) {
            0 => Told::Word { phone: phone(self.chance.below(6)), stop: true },
            1 => Told::Word { phone: phone(self.chance.below(6)), stop: false },
            2 | 3 => {
                let event = self.id();
                Told::Forged(stripe::event(&event, "invoice.paid", stripe::invoice("in_0")).to_string())
            }
            4 => Told::Unreadable("{\"id\": \"evt_unreadable\", \"type\": ".to_owned()),
            5 => Told::ForeignStatus("rcp1/other/stripe/in_0/0/whatsapp/t1".to_owned()),
            6 => Told::ForeignStatus("rcp1/main/stripe/in_0/0/whatsapp/nobody".to_owned()),
            7 => Told::Poison(Queue::Whatsapp, "{\"v\":9}"),
            8 => Told::Poison(Queue::Sms, "not a step"),
            9 => Told::Poison(Queue::Spill, "[]"),
            10..=15 => {
                let (text, _) = *self.chance.pick(&REPLIES);
                Told::Reply { phone: phone(self.chance.below(6)), text, at: self.start + at }
            }
            16 | 17 => Told::Notice(self.chance.pick(&notices()).clone()),
            _ => return,
        };
        let once = vec![Delivery { after: SignedDuration::ZERO, racing: self.chance.one_in(2) }];
        // A reply is delivered often, like any webhook; what else is here would be another thing said.
        let deliveries = if matches!(told, Told::Reply { .. }) { self.told(true) } else { once };
        self.script.push(Occurrence { at, truth: None, told, deliveries });
    }
}
