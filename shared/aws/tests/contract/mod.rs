//! What every store must do, whatever it is made of: the same cases for DynamoDB and for a store in memory.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use recoup_app::ports::{Commit, Expected, Scan, Store, Versioned};
use recoup_core::{Case, CaseId, Fact, Recipient, Settlement};

pub(crate) mod sample;

use sample::{at, brand, case_id, recipient_id, token};

/// Hands the name of every case of the contract to a macro, which makes tests of them for one store.
macro_rules! for_each_case {
    ($make:ident) => {
        $make! {
            what_was_never_written_is_not_there,
            versions_count_the_writes_from_1,
            o21_of_16_concurrent_first_writes_one_wins,
            o21_of_16_concurrent_changes_one_wins,
            o21_a_change_of_an_overtaken_version_is_refused,
            o21_a_change_of_what_is_not_there_is_refused,
            f10_a_refused_write_hands_back_what_is_there,
            f09_the_same_write_again_is_this_write,
            f09_the_same_content_under_another_token_is_another_write,
            f09_a_write_that_was_overtaken_is_no_longer_this_write,
            f05_what_should_have_been_deleted_is_still_there,
            i13_a_brand_never_meets_the_items_of_another,
            every_shape_of_a_case_reads_back,
            every_shape_of_a_recipient_reads_back,
            f10_a_feed_reads_back_and_an_overtaken_one_is_refused,
            f46_a_scan_finds_every_open_case_once_and_nothing_else,
        }
    };
}
pub(crate) use for_each_case;

/// A settled case: the smallest there is.
fn paid(id: &CaseId) -> Case {
    Case {
        settlement: Settlement::of(&Fact::Paid),
        closed_at: Some(at(sample::START)),
        ..Case::new(id.clone())
    }
}

fn buyer(opted_out: i64) -> Recipient {
    Recipient { opted_out: Some(at(opted_out)), ..Recipient::new(recipient_id("+14155550123")) }
}

fn first<T>(item: T) -> Commit<T> {
    Commit::Conflict(Some(Versioned { item, version: 1 }))
}

pub(crate) async fn what_was_never_written_is_not_there(store: &impl Store) {
    assert_eq!(store.load_case(&case_id("in_1")).await, Ok(None));
    assert_eq!(store.load_recipient(&brand("main"), &recipient_id("+14155550123")).await, Ok(None));
}

pub(crate) async fn f10_a_feed_reads_back_and_an_overtaken_one_is_refused(store: &impl Store) {
    let (main, full) = (brand("main"), sample::feed((1 << sample::FEED_BITS) - 1));
    let source = full.source.clone();
    assert_eq!(store.load_feed(&main, &source).await, Ok(None));
    assert_eq!(store.commit_feed(&main, &full, Expected::Absent, &token(1)).await, Ok(Commit::Written));
    let known = Versioned { item: full.clone(), version: 1 };
    assert_eq!(store.load_feed(&main, &source).await, Ok(Some(known)));
    assert_eq!(store.load_feed(&brand("other"), &source).await, Ok(None));
    let standing = sample::standing((1 << sample::STANDING_BITS) - 1);
    assert_eq!(store.load_standing(&main).await, Ok(None));
    let written = store.commit_standing(&main, &standing, Expected::Absent, &token(1)).await;
    assert_eq!(written, Ok(Commit::Written));
    let known = Versioned { item: standing.clone(), version: 1 };
    assert_eq!(store.load_standing(&main).await, Ok(Some(known.clone())));
    assert_eq!(store.load_standing(&brand("other")).await, Ok(None));
    let refused = store.commit_standing(&main, &sample::standing(0), Expected::Absent, &token(2)).await;
    assert_eq!(refused, Ok(Commit::Conflict(Some(known))));
    let bare = sample::feed(0);
    for (writer, refused) in [(2, Expected::Absent), (3, Expected::Version(2))] {
        let outcome = store.commit_feed(&main, &bare, refused, &token(writer)).await;
        assert_eq!(outcome, Ok(first(full.clone())), "{refused:?}");
    }
    let written = store.commit_feed(&main, &bare, Expected::Version(1), &token(4)).await;
    assert_eq!(written, Ok(Commit::Written));
    assert_eq!(store.load_feed(&main, &source).await, Ok(Some(Versioned { item: bare, version: 2 })));
}

pub(crate) async fn versions_count_the_writes_from_1(store: &impl Store) {
    let case = paid(&case_id("in_1"));
    for (written, expected) in [(1, Expected::Absent), (2, Expected::Version(1)), (3, Expected::Version(2))] {
        assert_eq!(store.commit_case(&case, expected, &token(written)).await, Ok(Commit::Written));
        let known = Versioned { item: case.clone(), version: written };
        assert_eq!(store.load_case(&case.id).await, Ok(Some(known)));
    }
}

/// Sixteen writers at once, each with its own closing time: exactly one is told that it wrote, the others are shown its
/// item, and that is what stays.
async fn race(store: &impl Store, expected: Expected) {
    let writer = async |number: i64| {
        let case = Case { closed_at: Some(at(number)), ..paid(&case_id("in_1")) };
        let token = token(number.unsigned_abs());
        (case.clone(), store.commit_case(&case, expected, &token).await.expect("answered"))
    };
    let outcomes = join_all((1_000..1_016).map(writer)).await;
    let mut winners = outcomes.iter().filter(|(_, outcome)| *outcome == Commit::Written);
    let (winner, _) = winners.next().expect("one wins");
    assert_eq!(winners.count(), 0, "one alone wins");
    let known = Versioned { item: winner.clone(), version: expected.next() };
    for (_, outcome) in outcomes.iter().filter(|(_, outcome)| *outcome != Commit::Written) {
        assert_eq!(*outcome, Commit::Conflict(Some(known.clone())));
    }
    assert_eq!(store.load_case(&winner.id).await, Ok(Some(known)));
}

pub(crate) async fn o21_of_16_concurrent_first_writes_one_wins(store: &impl Store) {
    race(store, Expected::Absent).await;
}

pub(crate) async fn o21_of_16_concurrent_changes_one_wins(store: &impl Store) {
    let before = paid(&case_id("in_1"));
    assert_eq!(store.commit_case(&before, Expected::Absent, &token(1)).await, Ok(Commit::Written));
    race(store, Expected::Version(1)).await;
}

pub(crate) async fn o21_a_change_of_an_overtaken_version_is_refused(store: &impl Store) {
    let case = paid(&case_id("in_1"));
    assert_eq!(store.commit_case(&case, Expected::Absent, &token(1)).await, Ok(Commit::Written));
    assert_eq!(store.commit_case(&case, Expected::Version(1), &token(2)).await, Ok(Commit::Written));
    let now = Versioned { item: case.clone(), version: 2 };
    for stale in [Expected::Absent, Expected::Version(1), Expected::Version(3)] {
        let outcome = store.commit_case(&case, stale, &token(3)).await;
        assert_eq!(outcome, Ok(Commit::Conflict(Some(now.clone()))), "{stale:?}");
    }
}

pub(crate) async fn o21_a_change_of_what_is_not_there_is_refused(store: &impl Store) {
    let outcome = store.commit_case(&paid(&case_id("in_1")), Expected::Version(1), &token(1)).await;
    assert_eq!(outcome, Ok(Commit::Conflict(None)));
    let outcome = store.commit_recipient(&brand("main"), &buyer(1), Expected::Version(1), &token(1)).await;
    assert_eq!(outcome, Ok(Commit::Conflict(None)));
    assert_eq!(store.load_case(&case_id("in_1")).await, Ok(None));
}

pub(crate) async fn f10_a_refused_write_hands_back_what_is_there(store: &impl Store) {
    let known = sample::case(case_id("in_1"), u32::MAX);
    assert_eq!(store.commit_case(&known, Expected::Absent, &token(1)).await, Ok(Commit::Written));
    let other = paid(&known.id);
    assert_eq!(store.commit_case(&other, Expected::Absent, &token(2)).await, Ok(first(known)));
    let main = brand("main");
    let known = sample::recipient(recipient_id("+14155550123"), u32::MAX);
    let written = store.commit_recipient(&main, &known, Expected::Absent, &token(1)).await;
    assert_eq!(written, Ok(Commit::Written));
    let refused = store.commit_recipient(&main, &buyer(1), Expected::Absent, &token(2)).await;
    assert_eq!(refused, Ok(first(known)));
}

pub(crate) async fn f09_the_same_write_again_is_this_write(store: &impl Store) {
    let (case, main) = (paid(&case_id("in_1")), brand("main"));
    for (expected, written) in [(Expected::Absent, 1), (Expected::Version(1), 2)] {
        for _ in 0..3 {
            let outcome = store.commit_case(&case, expected, &token(written)).await;
            assert_eq!(outcome, Ok(Commit::Written));
            let outcome = store.commit_recipient(&main, &buyer(1), expected, &token(written)).await;
            assert_eq!(outcome, Ok(Commit::Written));
        }
    }
    let case = store.load_case(&case.id).await.expect("answered").expect("written");
    let buyer = store.load_recipient(&main, &buyer(1).id).await.expect("answered").expect("written");
    assert_eq!((case.version, buyer.version), (2, 2), "a repetition counts once");
}

pub(crate) async fn f09_the_same_content_under_another_token_is_another_write(store: &impl Store) {
    let case = paid(&case_id("in_1"));
    assert_eq!(store.commit_case(&case, Expected::Absent, &token(1)).await, Ok(Commit::Written));
    assert_eq!(store.commit_case(&case, Expected::Absent, &token(2)).await, Ok(first(case)));
}

pub(crate) async fn f09_a_write_that_was_overtaken_is_no_longer_this_write(store: &impl Store) {
    let case = paid(&case_id("in_1"));
    assert_eq!(store.commit_case(&case, Expected::Absent, &token(1)).await, Ok(Commit::Written));
    assert_eq!(store.commit_case(&case, Expected::Version(1), &token(2)).await, Ok(Commit::Written));
    let outcome = store.commit_case(&case, Expected::Absent, &token(1)).await;
    assert_eq!(outcome, Ok(Commit::Conflict(Some(Versioned { item: case, version: 2 }))));
}

pub(crate) async fn f05_what_should_have_been_deleted_is_still_there(store: &impl Store) {
    let long_ago = Case { closed_at: Some(at(0)), ..paid(&case_id("in_1")) };
    assert_eq!(store.commit_case(&long_ago, Expected::Absent, &token(1)).await, Ok(Commit::Written));
    let known = Versioned { item: long_ago.clone(), version: 1 };
    assert_eq!(store.load_case(&long_ago.id).await, Ok(Some(known)));
    assert_eq!(store.commit_case(&long_ago, Expected::Absent, &token(2)).await, Ok(first(long_ago.clone())));
    assert_eq!(store.commit_case(&long_ago, Expected::Version(1), &token(3)).await, Ok(Commit::Written));
}

pub(crate) async fn i13_a_brand_never_meets_the_items_of_another(store: &impl Store) {
    let mine = paid(&case_id("in_1"));
    let theirs = paid(&CaseId { brand: brand("other"), ..mine.id.clone() });
    let (my_buyer, their_buyer) = (buyer(1), buyer(2));
    for (case, buyer) in [(&mine, &my_buyer), (&theirs, &their_buyer)] {
        let outcome = store.commit_case(case, Expected::Absent, &token(1)).await;
        assert_eq!(outcome, Ok(Commit::Written));
        let outcome = store.commit_recipient(&case.id.brand, buyer, Expected::Absent, &token(1)).await;
        assert_eq!(outcome, Ok(Commit::Written));
    }
    for (case, buyer) in [(mine, my_buyer), (theirs, their_buyer)] {
        let brand = case.id.brand.clone();
        let known = Versioned { item: case, version: 1 };
        assert_eq!(store.load_case(&known.item.id.clone()).await, Ok(Some(known)));
        let known = Versioned { item: buyer, version: 1 };
        assert_eq!(store.load_recipient(&brand, &known.item.id.clone()).await, Ok(Some(known)));
    }
    let third = CaseId { brand: brand("third"), ..case_id("in_1") };
    assert_eq!(store.load_case(&third).await, Ok(None));
}

/// Shapes with none, each one, all but each one, and all of the optional parts.
pub(crate) fn shapes(bits: u32) -> impl Iterator<Item = u32> {
    let all = (1 << bits) - 1;
    let each = (0..bits).flat_map(move |bit| [1 << bit, 1 | 1 << bit, all ^ 1 << bit]);
    [0, all].into_iter().chain(each)
}

pub(crate) async fn every_shape_of_a_case_reads_back(store: &impl Store) {
    for shape in shapes(sample::CASE_BITS) {
        let case = sample::case(case_id(&format!("in_{shape}")), shape);
        let known = store.load_case(&case.id).await.expect("answered");
        let expected = Expected::of(known.as_ref());
        let written = store.commit_case(&case, expected, &token(shape.into())).await;
        assert_eq!(written, Ok(Commit::Written));
        let known = Versioned { item: case.clone(), version: expected.next() };
        assert_eq!(store.load_case(&case.id).await, Ok(Some(known)), "{shape:b}");
    }
}

pub(crate) async fn every_shape_of_a_recipient_reads_back(store: &impl Store) {
    let (main, id) = (brand("main"), recipient_id("+14155550123"));
    let mut expected = Expected::Absent;
    for shape in shapes(sample::RECIPIENT_BITS) {
        let buyer = sample::recipient(id.clone(), shape);
        let written = store.commit_recipient(&main, &buyer, expected, &token(shape.into())).await;
        assert_eq!(written, Ok(Commit::Written));
        expected = Expected::Version(expected.next());
        let known = store.load_recipient(&main, &id).await.expect("answered").expect("written");
        assert_eq!(known.item, buyer, "{shape:b}");
    }
}

/// Writes cases that are not there yet, some at a time.
pub(crate) async fn write_all(store: &impl Store, cases: &[Case]) {
    for some in cases.chunks(32) {
        let writes = some.iter().map(async |case| store.commit_case(case, Expected::Absent, &token(1)).await);
        let outcomes = join_all(writes).await;
        assert!(outcomes.iter().all(|outcome| *outcome == Ok(Commit::Written)), "{outcomes:?}");
    }
}

pub(crate) async fn f46_a_scan_finds_every_open_case_once_and_nothing_else(store: &(impl Store + Scan)) {
    let main = brand("main");
    let open = |number: u32| sample::case(case_id(&format!("in_open_{number}")), 0b1001);
    let written: Vec<_> = (0..300).map(open).collect();
    assert!(written.iter().all(Case::is_open));
    write_all(store, &written).await;
    let over = |number: u32| match number % 3 {
        0 => paid(&case_id(&format!("in_paid_{number}"))),
        1 => Case { settlement: Settlement::of(&Fact::DisputeOpened), ..open(1_000 + number) },
        _ => sample::case(case_id(&format!("in_over_{number}")), u32::MAX),
    };
    let over: Vec<_> = (0..60).map(over).collect();
    assert!(!over.iter().any(Case::is_open));
    write_all(store, &over).await;
    for number in 0..20 {
        let buyer = Recipient::new(recipient_id(&format!("+141555501{number:02}")));
        let outcome = store.commit_recipient(&main, &buyer, Expected::Absent, &token(1)).await;
        assert_eq!(outcome, Ok(Commit::Written));
    }
    let (mut found, mut from, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = store.scan_cases(from).await.expect("answered");
        found.extend(page.cases.into_iter().map(|case| case.expect("readable")));
        pages += 1;
        from = page.next;
        if from.is_none() {
            break;
        }
        assert!(pages < 100, "the scan ends");
    }
    assert_eq!(found.len(), written.len(), "each once");
    let ids = |cases: &[Case]| cases.iter().map(|case| case.id.clone()).collect::<BTreeSet<_>>();
    assert_eq!(ids(&found.iter().map(|known| known.item.clone()).collect::<Vec<_>>()), ids(&written));
    assert!(found.iter().all(|known| known.version == 1 && written.contains(&known.item)));
}
