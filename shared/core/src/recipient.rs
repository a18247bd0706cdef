//! Recipients: what is known of a buyer as somebody who receives messages.

use jiff::{SignedDuration, Timestamp};
use ring::hmac;

use crate::{
    CaseId, CustomerId, Email, EventKey, Money, Name, OptOutScope, Phone, RecipientId, Secret, Source,
    StepIndex,
};

/// How many touches and open cases an item keeps; older ones fall out.
const KEPT: usize = 12;

/// How many answered replies an item keeps; one that falls out is too old to be answered again.
const ANSWERS_KEPT: usize = 8;

/// Copies of one queued message come this close together.
const SAME_MOMENT: SignedDuration = SignedDuration::from_secs(60);

/// A buyer as a receiver of messages, stored under a keyed hash of the phone number; of the address where e-mail goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The key.
    pub id: RecipientId,
    /// When the buyer asked for silence on everything.
    pub opted_out: Option<Timestamp>,
    /// When the buyer asked for no marketing.
    pub opted_out_marketing: Option<Timestamp>,
    /// When a carrier stopped text messages to this number.
    pub opted_out_sms: Option<Timestamp>,
    /// When mail to this address was stopped: it came back for good, or its owner wants none.
    pub opted_out_email: Option<Timestamp>,
    /// When the buyer agreed to marketing.
    pub marketing_consent: Option<Timestamp>,
    /// When somebody wrote that the number is theirs and not the buyer's.
    pub wrong_person: Option<Timestamp>,
    /// Replies that were answered, oldest first.
    pub answered: Vec<EventKey>,
    /// The last messages, oldest first.
    pub touches: Vec<Touch>,
    /// Cases that reserved a message for this buyer, oldest first.
    pub cases: Vec<KnownCase>,
}

/// A name a buyer is known by.
#[derive(Debug, Clone, Copy)]
pub enum Alias<'a> {
    /// The phone number.
    Phone(&'a Phone),
    /// The e-mail address.
    Email(&'a Email),
    /// The id at a source.
    Customer(&'a Source, &'a CustomerId),
}

/// One message to a buyer, counted by caps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touch {
    /// When it was reserved.
    pub at: Timestamp,
    /// The lane it counts in.
    pub lane: Name,
    /// The case it belongs to.
    pub case: CaseId,
    /// The step it belongs to; a fallback on another channel is the same touch.
    pub step: StepIndex,
}

/// A case that messages this buyer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCase {
    /// The case.
    pub id: CaseId,
    /// When it opened.
    pub opened_at: Timestamp,
    /// What is owed.
    pub amount: Option<Money>,
    /// Whether another obligation may report the same debt.
    pub unlinked: bool,
}

impl RecipientId {
    /// Derives the id from a phone number: 22 URL-safe characters of HMAC-SHA256 under the deployment's pepper.
    ///
    /// A provider may know a number in another form than it was dialled in; both lead to the same recipient.
    pub fn of(pepper: &Secret, phone: &Phone) -> Self {
        Self::hash(pepper, &phone.canonical())
    }

    /// Derives the id of another name of a buyer in the same way. Names of different kinds never share an id: a phone
    /// number begins with `+`, and every other kind with its word.
    pub fn of_alias(pepper: &Secret, alias: &Alias<'_>) -> Self {
        match alias {
            Alias::Phone(phone) => Self::of(pepper, phone),
            Alias::Email(email) => Self::hash(pepper, &format!("email:{}", email.expose())),
            Alias::Customer(source, id) => Self::hash(pepper, &format!("customer:{source}:{id}")),
        }
    }

    fn hash(pepper: &Secret, name: &str) -> Self {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let key = hmac::Key::new(hmac::HMAC_SHA256, pepper.expose().as_bytes());
        let tag = hmac::sign(&key, name.as_bytes());
        let text: String =
            tag.as_ref().iter().take(22).map(|byte| char::from(ALPHABET[usize::from(byte & 63)])).collect();
        Self::from_hash(text)
    }
}

impl Recipient {
    /// A buyer nobody has written to.
    pub fn new(id: RecipientId) -> Self {
        Self {
            id,
            opted_out: None,
            opted_out_marketing: None,
            opted_out_sms: None,
            opted_out_email: None,
            marketing_consent: None,
            wrong_person: None,
            answered: Vec::new(),
            touches: Vec::new(),
            cases: Vec::new(),
        }
    }

    /// Whether marketing may be sent: agreed to, and not withdrawn since.
    pub fn allows_marketing(&self) -> bool {
        match (self.marketing_consent, self.opted_out_marketing) {
            (Some(agreed), Some(withdrawn)) => agreed > withdrawn,
            (agreed, _) => agreed.is_some(),
        }
    }

    /// Records a withdrawal; of several the newest counts, in whichever order they arrive.
    pub fn opt_out(&mut self, scope: OptOutScope, at: Timestamp) {
        let place = match scope {
            OptOutScope::All => &mut self.opted_out,
            OptOutScope::Marketing => &mut self.opted_out_marketing,
            OptOutScope::Sms => &mut self.opted_out_sms,
            OptOutScope::Email => &mut self.opted_out_email,
        };
        *place = Some(place.map_or(at, |known| known.max(at)));
        if scope == OptOutScope::All {
            self.opt_out(OptOutScope::Marketing, at);
        }
    }

    /// Records an agreement. One that is older than the withdrawal it would lift changes nothing. An agreement to everything
    /// mends no mailbox.
    pub fn opt_in(&mut self, scope: OptOutScope, at: Timestamp) {
        let lift = |place: &mut Option<Timestamp>| {
            if place.is_some_and(|withdrawn| withdrawn < at) {
                *place = None;
            }
        };
        match scope {
            OptOutScope::All => {
                lift(&mut self.opted_out);
                lift(&mut self.opted_out_sms);
            }
            OptOutScope::Sms => lift(&mut self.opted_out_sms),
            OptOutScope::Email => lift(&mut self.opted_out_email),
            OptOutScope::Marketing => {
                lift(&mut self.opted_out_marketing);
                self.marketing_consent = Some(self.marketing_consent.map_or(at, |known| known.max(at)));
            }
        }
    }

    /// The touches of other steps in the time before `now`.
    pub fn touches_within<'a>(
        &'a self,
        window: SignedDuration,
        now: Timestamp,
        case: &'a CaseId,
        step: StepIndex,
    ) -> impl Iterator<Item = &'a Touch> {
        let since = now.saturating_sub(window).unwrap_or(Timestamp::MIN);
        self.touches.iter().filter(move |touch| touch.at > since && !touch.is(case, step))
    }

    /// Reserves the attention for one step. Another try of the same step is the same touch, at its new time. A first try
    /// whose touch is there already is a copy of a message that is being handled: within the minute it reserves nothing.
    pub fn reserve(&mut self, touch: Touch, first_try: bool) {
        let known = self.touches.iter().position(|other| other.is(&touch.case, touch.step));
        if let Some(index) = known {
            if first_try && touch.at.duration_since(self.touches[index].at) < SAME_MOMENT {
                return;
            }
            self.touches.remove(index);
        }
        self.keep(touch);
    }

    /// Counts a message that another tool sent; `false` when it was counted already.
    pub fn count(&mut self, touch: Touch) -> bool {
        if self.touches.iter().any(|other| other.is(&touch.case, touch.step)) {
            return false;
        }
        self.keep(touch);
        true
    }

    fn keep(&mut self, touch: Touch) {
        let place = self.touches.partition_point(|other| other.at <= touch.at);
        self.touches.insert(place, touch);
        let surplus = self.touches.len().saturating_sub(KEPT);
        self.touches.drain(..surplus);
    }

    /// Remembers that a reply was answered.
    pub fn answer(&mut self, reply: EventKey) {
        self.answered.push(reply);
        let surplus = self.answered.len().saturating_sub(ANSWERS_KEPT);
        self.answered.drain(..surplus);
    }

    /// Remembers a case that messages this buyer, or would.
    pub fn meet(&mut self, known: KnownCase) {
        if !self.cases.iter().any(|other| other.id == known.id) {
            self.cases.push(known);
        }
        let surplus = self.cases.len().saturating_sub(KEPT);
        self.cases.drain(..surplus);
    }
}

impl Touch {
    fn is(&self, case: &CaseId, step: StepIndex) -> bool {
        self.step == step && self.case == *case
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn recipient() -> Recipient {
        let pepper = Secret::parse("a pepper for tests").expect("fit");
        Recipient::new(RecipientId::of(&pepper, &Phone::parse("+14155550123").expect("well formed")))
    }

    #[test]
    fn i11_the_id_of_a_recipient_depends_on_pepper_and_phone_and_shows_neither() {
        let id = |pepper: &str, phone: &str| {
            RecipientId::of(&Secret::parse(pepper).expect("fit"), &Phone::parse(phone).expect("well formed"))
        };
        let one = id("pepper one", "+14155550123");
        assert_eq!(one, id("pepper one", "+1 415 555 0123"));
        assert_ne!(one, id("pepper two", "+14155550123"));
        assert_ne!(one, id("pepper one", "+14155550124"));
        assert_eq!(one.as_str().len(), 22);
        assert!(!one.as_str().contains("4155"));
    }

    #[test]
    fn o28_the_two_forms_of_a_number_are_one_recipient() {
        let pepper = Secret::parse("a pepper for tests").expect("fit");
        let id = |phone: &str| RecipientId::of(&pepper, &Phone::parse(phone).expect("well formed"));
        for (dialled, wa_id) in [
            ("+525512345678", "+5215512345678"),
            ("+5511987654321", "+551187654321"),
            ("+541112345678", "+5491112345678"),
        ] {
            assert_eq!(id(dialled), id(wa_id), "{dialled}");
        }
        for (one, other) in [("+5511987654321", "+5511887654321"), ("+525512345678", "+525512345679")] {
            assert_ne!(id(one), id(other), "{one}");
        }
    }

    #[test]
    fn o28_a_late_agreement_does_not_lift_a_newer_opt_out() {
        for (out, back, silent) in [(100, 200, false), (200, 100, true)] {
            let mut one = recipient();
            one.opt_out(OptOutScope::All, at(out));
            one.opt_in(OptOutScope::All, at(back));
            let mut other = recipient();
            other.opt_in(OptOutScope::All, at(back));
            other.opt_out(OptOutScope::All, at(out));
            assert_eq!(one.opted_out.is_some(), silent);
            assert!(other.opted_out.is_some() || !silent);
        }
    }

    #[test]
    fn o28_the_newest_of_several_withdrawals_is_the_one_that_counts() {
        for times in [[100, 300], [300, 100]] {
            let mut buyer = recipient();
            for time in times {
                buyer.opt_out(OptOutScope::All, at(time));
            }
            buyer.opt_in(OptOutScope::All, at(200));
            assert!(buyer.opted_out.is_some(), "an agreement of 200 lifts no withdrawal of 300: {times:?}");

            let mut buyer = recipient();
            buyer.opt_in(OptOutScope::Marketing, at(200));
            for time in times {
                buyer.opt_out(OptOutScope::Marketing, at(time));
            }
            assert!(!buyer.allows_marketing(), "a withdrawal of 300 ends an agreement of 200: {times:?}");
        }
    }

    #[test]
    fn o4_marketing_needs_an_agreement_newer_than_any_withdrawal() {
        let mut buyer = recipient();
        assert!(!buyer.allows_marketing(), "unknown means no");
        buyer.opt_in(OptOutScope::Marketing, at(100));
        assert!(buyer.allows_marketing());
        buyer.opt_out(OptOutScope::All, at(200));
        assert!(!buyer.allows_marketing(), "a stop is also a stop of marketing");
        buyer.opt_in(OptOutScope::All, at(300));
        assert!(!buyer.allows_marketing(), "starting again is no agreement to marketing");
    }
}
