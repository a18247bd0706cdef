//! Where we stand with the providers: what may not be sent for a while, and what counts as marketing.

use jiff::{SignedDuration, Timestamp};

use crate::{Category, Channel, Name, Phone, Quality};

/// How many pauses and changed templates an item keeps; older ones fall out.
const KEPT: usize = 32;

/// Capped buyers within [`GOVERNED_FOR`] after which less marketing goes.
const CAPPED: u8 = 20;

/// Steps by which marketing is lowered at most: an eighth of it still goes.
const DEEPEST: u8 = 3;

/// How long marketing stays lowered after the last bad news; then it rises by one step each time.
const GOVERNED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// What a brand's providers said about what it sends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// What is not sent for a while, oldest first.
    pub pauses: Vec<Pause>,
    /// Templates that the provider counts otherwise than we wrote them.
    pub recounted: Vec<Recounted>,
    /// How much marketing goes by WhatsApp.
    pub governor: Governor,
}

/// Something that is not sent until a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// What.
    pub what: Paused,
    /// Until when; then one message tries again.
    pub until: Timestamp,
    /// The provider's word or code, for people.
    pub code: String,
}

/// What is not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paused {
    /// Everything by a channel.
    Channel(Channel),
    /// Marketing by a channel.
    Marketing(Channel),
    /// One template in one language.
    Template(Name, String),
    /// Everything by a channel to numbers of a calling code.
    Country(Channel, String),
}

/// A template that its provider counts as another category than ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recounted {
    /// Its name.
    pub template: Name,
    /// Its language.
    pub language: String,
    /// What it counts as.
    pub category: Category,
}

/// Lowers marketing while buyers or the provider dislike it; utility is never lowered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Governor {
    /// Each step halves the share of buyers who get marketing.
    pub level: u8,
    /// Buyers the provider would not send marketing to, since the level last changed.
    pub capped: u8,
    /// When the last bad news came.
    pub since: Option<Timestamp>,
}

impl Standing {
    /// The pause that keeps a message back now, if one does.
    pub fn pause(&self, message: &Paused, now: Timestamp) -> Option<&Pause> {
        self.pauses.iter().find(|pause| pause.what == *message && now < pause.until)
    }

    /// Keeps something back until a time; a longer pause stays.
    pub fn keep_back(&mut self, what: Paused, until: Timestamp, code: &str) {
        if let Some(known) = self.pauses.iter_mut().find(|pause| pause.what == what) {
            if known.until < until {
                known.until = until;
                code.clone_into(&mut known.code);
            }
            return;
        }
        self.pauses.push(Pause { what, until, code: code.to_owned() });
        let surplus = self.pauses.len().saturating_sub(KEPT);
        self.pauses.drain(..surplus);
    }

    /// Lets something go again.
    pub fn release(&mut self, what: &Paused) {
        self.pauses.retain(|pause| pause.what != *what);
    }

    /// Forgets pauses that are over.
    pub fn tidy(&mut self, now: Timestamp) {
        self.pauses.retain(|pause| now < pause.until);
    }

    /// What a template counts as at its provider, where that is not what we wrote.
    pub fn category_of(&self, template: &Name, language: &str) -> Option<Category> {
        let known =
            |recounted: &&Recounted| recounted.template == *template && recounted.language == language;
        self.recounted.iter().find(known).map(|recounted| recounted.category)
    }

    /// Records what a template counts as.
    pub fn recount(&mut self, template: &Name, language: &str, category: Category) {
        self.recounted.retain(|known| known.template != *template || known.language != language);
        let (template, language) = (template.clone(), language.to_owned());
        self.recounted.push(Recounted { template, language, category });
        let surplus = self.recounted.len().saturating_sub(KEPT);
        self.recounted.drain(..surplus);
    }
}

impl Governor {
    /// A buyer whom the provider would not send marketing to; several of them lower it for all.
    #[must_use]
    pub fn capped(self, now: Timestamp) -> Self {
        let settled = self.at(now);
        let capped = settled.capped.saturating_add(1);
        if capped >= CAPPED { settled.lower(now) } else { Self { capped, since: Some(now), ..settled } }
    }

    /// How buyers like what the number sends.
    #[must_use]
    pub fn rated(self, quality: Quality, now: Timestamp) -> Self {
        match quality {
            Quality::Red => self.at(now).lower(now),
            Quality::Green => Self::default(),
            Quality::Yellow | Quality::Unknown => self,
        }
    }

    fn lower(self, now: Timestamp) -> Self {
        Self { level: (self.level + 1).min(DEEPEST), capped: 0, since: Some(now) }
    }

    /// The governor as time has left it: one step up for each day without bad news.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Self {
        let Some(since) = self.since else { return self };
        let days = now.duration_since(since).as_hours().div_euclid(GOVERNED_FOR.as_hours());
        let risen = u8::try_from(days.clamp(0, i64::from(u8::MAX))).unwrap_or(u8::MAX);
        if risen == 0 {
            return self;
        }
        let level = self.level.saturating_sub(risen);
        Self { level, capped: 0, since: (level > 0).then_some(since) }
    }

    /// Whether marketing to this buyer goes now. The same buyers are spared at every step, and more of them at a lower one.
    pub fn spares(self, buyer: u8, now: Timestamp) -> bool {
        let level = self.at(now).level;
        u16::from(buyer) >= 256 >> level
    }
}

/// Whether a number belongs to the United States: Meta delivers no marketing there (messaging-providers.md, fact 4).
///
/// The area code tells: the other countries of the numbering plan have their own, and what nobody else has is American.
pub fn is_american(phone: &Phone) -> bool {
    const CANADA: &str = "204 226 236 249 250 257 263 289 306 343 354 365 367 368 382 403 416 418 428 431 437 438 450 460 468 \
                          474 506 514 519 548 568 579 581 584 587 600 604 613 622 633 639 644 647 655 672 677 683 688 705 709 742 \
                          753 778 780 782 807 819 825 867 873 879 902 905 942";
    const CARIBBEAN: &str =
        "242 246 264 268 284 345 441 473 649 658 664 721 758 767 784 809 829 849 868 869 876";
    let Some(area) = phone.expose().strip_prefix("+1").and_then(|rest| rest.get(..3)) else { return false };
    ![CANADA, CARIBBEAN].iter().any(|codes| codes.split(' ').any(|code| code == area))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + hour * 3600).expect("in range")
    }

    #[test]
    fn american_numbers_are_told_from_their_neighbours() {
        for (number, american) in [
            ("+14155550123", true),
            ("+12125550123", true),
            ("+17875550123", true),
            ("+14165550123", false),
            ("+18765550123", false),
            ("+441915550123", false),
            ("+15145550123", false),
        ] {
            assert_eq!(is_american(&Phone::parse(number).expect("well formed")), american, "{number}");
        }
    }

    #[test]
    fn a_pause_ends_by_itself_and_a_longer_one_stays() {
        let mut standing = Standing::default();
        let sms = Paused::Channel(Channel::Sms);
        standing.keep_back(sms.clone(), at(6), "30007");
        standing.keep_back(sms.clone(), at(2), "30034");
        assert_eq!(standing.pause(&sms, at(5)).map(|pause| pause.code.as_str()), Some("30007"));
        assert_eq!(standing.pause(&sms, at(6)), None);
        assert_eq!(standing.pause(&Paused::Channel(Channel::Whatsapp), at(1)), None);
        standing.tidy(at(6));
        assert_eq!(standing, Standing::default());
        for number in 0..100 {
            standing.keep_back(Paused::Country(Channel::Sms, number.to_string()), at(1), "x");
        }
        assert_eq!(standing.pauses.len(), KEPT);
    }

    #[test]
    fn the_governor_halves_marketing_on_bad_news_and_rises_day_by_day() {
        let share = |governor: Governor, now| (0..=255).filter(|buyer| !governor.spares(*buyer, now)).count();
        let mut governor = Governor::default();
        assert_eq!(share(governor, at(0)), 256);
        for capped in 1..=CAPPED {
            governor = governor.capped(at(0));
            assert_eq!(share(governor, at(0)), if capped < CAPPED { 256 } else { 128 }, "{capped}");
        }
        governor = governor.rated(Quality::Red, at(1));
        assert_eq!(share(governor, at(1)), 64);
        assert_eq!(
            [share(governor, at(24)), share(governor, at(25)), share(governor, at(49))],
            [64, 128, 256]
        );
        for _ in 0..9 {
            governor = governor.rated(Quality::Red, at(50));
        }
        assert_eq!(share(governor, at(50)), 32, "some always goes, or nobody would ever know that it may");
        assert_eq!(share(governor.rated(Quality::Green, at(51)), at(51)), 256);
        assert_eq!(governor.rated(Quality::Yellow, at(51)), governor);
    }
}
