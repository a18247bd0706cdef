//! Versioned items: conditional writes that know their own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use recoup_app::ports::{Commit, Expected, Page, Scan, Store, StoreError, Versioned};
use recoup_core::{
    Brand, Case, CaseId, Feed, Phone, Recipient, RecipientId, Secret, Source, Standing, Token,
};

use crate::memory::World;
use crate::{Call, Memory, Stored as Seen, seeds};

/// How many cases one page of a scan holds: few, so that paging is exercised.
const PAGE: usize = 2;

#[derive(Debug)]
struct Stored<T> {
    item: T,
    version: u64,
    token: Token,
    /// Stands for all of it, where that is asked for.
    digest: u64,
}

/// Items of one kind.
#[derive(Debug)]
pub(crate) struct Shelf<K, T> {
    items: BTreeMap<K, Stored<T>>,
    unreadable: BTreeSet<K>,
    pub(crate) digests: bool,
}

impl<K, T> Default for Shelf<K, T> {
    fn default() -> Self {
        Self { items: BTreeMap::new(), unreadable: BTreeSet::new(), digests: false }
    }
}

impl<K: Ord + Clone + Hash, T: Clone + fmt::Debug> Shelf<K, T> {
    /// Stands for every item.
    pub(crate) fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for (key, stored) in &self.items {
            (key, stored.digest).hash(&mut hasher);
        }
        hasher.finish()
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    fn get(&self, key: &K) -> Result<Option<Versioned<T>>, StoreError> {
        if self.unreadable.contains(key) {
            return Err(StoreError::Malformed("attribute v".to_owned()));
        }
        let known = |stored: &Stored<T>| Versioned { item: stored.item.clone(), version: stored.version };
        Ok(self.items.get(key).map(known))
    }

    fn item(&self, key: &K) -> Option<Box<T>> {
        self.items.get(key).map(|stored| Box::new(stored.item.clone()))
    }

    fn version(&self, key: &K) -> u64 {
        self.items.get(key).map_or(0, |stored| stored.version)
    }

    /// Writes if what is there is what was expected. A write that meets its own token was done before and its answer
    /// lost.
    fn commit(
        &mut self,
        key: &K,
        item: &T,
        expected: Expected,
        token: &Token,
    ) -> Result<Commit<T>, StoreError> {
        let there = self.items.get(key);
        let as_expected = match expected {
            Expected::Absent => there.is_none(),
            Expected::Version(version) => there.is_some_and(|stored| stored.version == version),
        };
        if as_expected {
            let version = expected.next();
            let digest = if self.digests { digest_of(&(item, version, token)) } else { 0 };
            let stored = Stored { item: item.clone(), version, token: token.clone(), digest };
            self.items.insert(key.clone(), stored);
            return Ok(Commit::Written);
        }
        if there.is_some_and(|stored| stored.token == *token) {
            return Ok(Commit::Written);
        }
        Ok(Commit::Conflict(self.get(key)?))
    }
}

fn digest_of(item: &impl fmt::Debug) -> u64 {
    let mut hasher = DefaultHasher::new();
    format!("{item:?}").hash(&mut hasher);
    hasher.finish()
}

fn down() -> StoreError {
    StoreError::Unavailable("injected".to_owned())
}

impl Store for Memory {
    async fn load_case(&self, id: &CaseId) -> Result<Option<Versioned<Case>>, StoreError> {
        self.call(Call::LoadCase, down(), |world| world.cases.get(id)).await?
    }

    async fn load_recipient(
        &self,
        brand: &Brand,
        id: &RecipientId,
    ) -> Result<Option<Versioned<Recipient>>, StoreError> {
        let key = (brand.clone(), id.clone());
        self.call(Call::LoadRecipient, down(), |world| world.recipients.get(&key)).await?
    }

    async fn load_feed(&self, brand: &Brand, source: &Source) -> Result<Option<Versioned<Feed>>, StoreError> {
        let key = (brand.clone(), source.clone());
        self.call(Call::LoadFeed, down(), |world| world.feeds.get(&key)).await?
    }

    async fn load_standing(&self, brand: &Brand) -> Result<Option<Versioned<Standing>>, StoreError> {
        self.call(Call::LoadStanding, down(), |world| world.standings.get(brand)).await?
    }

    async fn commit_standing(
        &self,
        brand: &Brand,
        standing: &Standing,
        expected: Expected,
        token: &Token,
    ) -> Result<Commit<Standing>, StoreError> {
        let write = |world: &mut World| world.standings.commit(brand, standing, expected, token);
        self.call(Call::CommitStanding, down(), write).await?
    }

    async fn commit_case(
        &self,
        case: &Case,
        expected: Expected,
        token: &Token,
    ) -> Result<Commit<Case>, StoreError> {
        let lane = self.lane();
        let write = |world: &mut World| {
            let before = world.gate.is_some().then(|| world.cases.item(&case.id));
            let version = world.cases.version(&case.id);
            let done = world.cases.commit(&case.id, case, expected, token);
            if let Some(before) = before.filter(|_| world.cases.version(&case.id) != version) {
                let (at, after) = (world.now, Box::new(case.clone()));
                world.stored.push(Seen::Case { lane, at, before, after });
            }
            done
        };
        self.call(Call::CommitCase, down(), write).await?
    }

    async fn commit_recipient(
        &self,
        brand: &Brand,
        recipient: &Recipient,
        expected: Expected,
        token: &Token,
    ) -> Result<Commit<Recipient>, StoreError> {
        let key = (brand.clone(), recipient.id.clone());
        let lane = self.lane();
        let write = |world: &mut World| {
            let before = world.gate.is_some().then(|| world.recipients.item(&key));
            let version = world.recipients.version(&key);
            let done = world.recipients.commit(&key, recipient, expected, token);
            if let Some(before) = before.filter(|_| world.recipients.version(&key) != version) {
                let (at, after) = (world.now, Box::new(recipient.clone()));
                world.stored.push(Seen::Recipient { lane, at, brand: key.0.clone(), before, after });
            }
            done
        };
        self.call(Call::CommitRecipient, down(), write).await?
    }

    async fn commit_feed(
        &self,
        brand: &Brand,
        feed: &Feed,
        expected: Expected,
        token: &Token,
    ) -> Result<Commit<Feed>, StoreError> {
        let key = (brand.clone(), feed.source.clone());
        self.call(Call::CommitFeed, down(), |world| world.feeds.commit(&key, feed, expected, token)).await?
    }
}

impl Scan for Memory {
    async fn scan_cases(&self, from: Option<String>) -> Result<Page, StoreError> {
        self.call(Call::ScanCases, down(), |world| {
            let keys = world.cases.items.keys();
            let left = keys.filter(|key| from.as_ref().is_none_or(|from| key.to_string() > *from));
            let keys: Vec<_> = left.take(PAGE).cloned().collect();
            let next = if keys.len() == PAGE { keys.last().map(ToString::to_string) } else { None };
            let cases = keys.iter().filter_map(|key| world.cases.get(key).transpose()).collect();
            Page { cases, next }
        })
        .await
    }
}

impl Memory {
    /// The case under this key.
    pub fn case(&self, id: &CaseId) -> Option<Case> {
        self.world().cases.items.get(id).map(|stored| stored.item.clone())
    }

    /// All cases, in the order of their keys.
    pub fn cases(&self) -> Vec<Case> {
        self.world().cases.items.values().map(|stored| stored.item.clone()).collect()
    }

    /// All recipients, in the order of their keys.
    pub fn recipients(&self) -> Vec<Recipient> {
        self.world().recipients.items.values().map(|stored| stored.item.clone()).collect()
    }

    /// What is known of a source's successes.
    pub fn feed(&self, source: &str) -> Option<Feed> {
        let world = self.world();
        let mut feeds = world.feeds.items.values().map(|stored| &stored.item);
        feeds.find(|feed| feed.source.as_str() == source).cloned()
    }

    /// Whether the owner of this number asked for silence.
    ///
    /// # Panics
    /// When it is no number.
    pub fn opted_out(&self, phone: &str) -> bool {
        let phone = Phone::parse(phone).expect("a number");
        let pepper = Secret::parse(seeds::PEPPER).expect("a fit secret");
        let id = RecipientId::of(&pepper, &phone);
        let world = self.world();
        let known = world.recipients.items.iter().find(|((_, other), _)| *other == id);
        known.is_some_and(|(_, stored)| stored.item.opted_out.is_some())
    }

    /// Makes a case unreadable, as an item of a broken or much newer version is.
    pub fn spoil_case(&self, id: &CaseId) {
        self.world().cases.unreadable.insert(id.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fault;
    use crate::run::run;

    fn memory() -> Memory {
        Memory::new(jiff::Timestamp::UNIX_EPOCH)
    }

    fn case(text: &str) -> Case {
        Case::new(CaseId::parse(text).expect("well formed"))
    }

    fn token(text: &str) -> Token {
        Token::parse(text).expect("well formed")
    }

    #[test]
    fn f09_a_write_meets_its_own_token_and_nobody_else_s() {
        let (memory, case) = (memory(), case("main/stripe/in_1"));
        let write = |expected, by: &str| run(memory.commit_case(&case, expected, &token(by))).expect("ends");
        memory.lose_answer_of_next(Call::CommitCase);
        assert_eq!(write(Expected::Absent, "a"), Ok(Commit::Written), "the retry meets its own write");
        assert_eq!(write(Expected::Absent, "a"), Ok(Commit::Written));
        let there = Versioned { item: case.clone(), version: 1 };
        assert_eq!(write(Expected::Absent, "b"), Ok(Commit::Conflict(Some(there))));
        assert_eq!(write(Expected::Version(1), "b"), Ok(Commit::Written));
        let there = Versioned { item: case.clone(), version: 2 };
        assert_eq!(write(Expected::Version(1), "a"), Ok(Commit::Conflict(Some(there))));
    }

    #[test]
    fn f08_a_refused_write_leaves_nothing_and_one_whose_every_answer_is_lost_is_there() {
        let (memory, case) = (memory(), case("main/stripe/in_1"));
        let write = || run(memory.commit_case(&case, Expected::Absent, &token("a"))).expect("ends");
        memory.fail_next(Call::CommitCase, Fault::Refuse);
        assert_eq!((write(), memory.cases().len()), (Err(down()), 0));
        memory.fail_next(Call::CommitCase, Fault::LoseEveryAnswer);
        assert_eq!((write(), memory.cases().len()), (Err(down()), 1));
    }

    #[test]
    fn a_scan_turns_its_pages_to_the_end() {
        let memory = memory();
        let ids = ["in_1", "in_2", "in_3", "in_4"].map(|id| format!("main/stripe/{id}"));
        for id in &ids {
            let (case, token) = (case(id), token("a"));
            let write = memory.commit_case(&case, Expected::Absent, &token);
            assert_eq!(run(write), Some(Ok(Commit::Written)));
        }
        memory.spoil_case(&case(&ids[1]).id);
        let (mut seen, mut broken, mut from) = (Vec::new(), 0, None);
        loop {
            let page = run(memory.scan_cases(from)).expect("ends").expect("no fault");
            for case in page.cases {
                match case {
                    Ok(known) => seen.push(known.item.id.to_string()),
                    Err(_) => broken += 1,
                }
            }
            from = page.next;
            if from.is_none() {
                break;
            }
        }
        assert_eq!((seen.len(), broken), (3, 1));
    }
}
