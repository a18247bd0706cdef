//! A process that dies, at every call of every function, and two that die one after the other.

use recoup_app::ports::{Queue, SecretName};
use recoup_tests::{Call, Memory, Moment, Reply, meta, stripe};

use crate::scene::{Scene, days, hours, minutes, paid, scene};

/// Every call that a death can meet; those for secrets are answered from memory.
const CALLS: [Call; 20] = [
    Call::LoadCase,
    Call::LoadRecipient,
    Call::LoadFeed,
    Call::CommitFeed,
    Call::LoadStanding,
    Call::CommitStanding,
    Call::CommitCase,
    Call::CommitRecipient,
    Call::ScanCases,
    Call::Push(Queue::Whatsapp),
    Call::Push(Queue::Sms),
    Call::Push(Queue::Parked),
    Call::Postpone,
    Call::CreateSchedule,
    Call::DeleteSchedule,
    Call::Perform,
    Call::SendText,
    Call::Secret(SecretName::Pepper),
    Call::Secret(SecretName::Source("stripe")),
    Call::Secret(SecretName::Meta),
];

/// What a run with deaths left behind.
struct Left {
    whatsapp: Vec<(String, String)>,
    texts: usize,
    calls: u64,
    state: &'static str,
    ledger: Vec<String>,
    parked: Vec<String>,
}

/// Posts until the process that answers lives, as Stripe and Meta deliver again what was not answered 200.
fn until_answered(scene: &mut Scene, post: impl Fn(&Scene) -> Option<u16>) {
    for _ in 0..5 {
        if post(scene) == Some(200) {
            return;
        }
        scene.restart();
        scene.advance(minutes(1));
    }
    panic!("nobody answers");
}

fn post_stripe(scene: &mut Scene, event: &serde_json::Value) {
    let body = event.to_string();
    until_answered(scene, |scene| {
        scene.try_post(&scene.stripe_request(body.clone())).map(|answer| answer.status)
    });
}

fn post_meta(scene: &mut Scene, body: &serde_json::Value) {
    let request = recoup_tests::Stack::meta_request(body.to_string());
    until_answered(scene, |scene| scene.try_post_channel(&request).map(|answer| answer.status));
}

/// Step and template of each message that reached Meta.
fn steps(scene: &Scene) -> Vec<(String, String)> {
    let of = |body: &serde_json::Value| {
        let correlation = body["biz_opaque_callback_data"].as_str().unwrap_or_default();
        let step = correlation.split('/').nth(4).unwrap_or_default().to_owned();
        (step, body["template"]["name"].as_str().unwrap_or_default().to_owned())
    };
    scene.whatsapp_sends().iter().map(|asked| of(&asked.json())).collect()
}

fn left(scene: &Scene) -> Left {
    Left {
        whatsapp: steps(scene),
        texts: scene.memory.texts().len(),
        calls: scene.memory.calls().total(),
        state: scene.case("in_1").state().as_str(),
        ledger: scene.ledger("in_1"),
        parked: scene.parked(),
    }
}

/// Day 0 goes by text message because WhatsApp refuses, Day 3 because it fails after acceptance, Day 7 is read; then the
/// buyer pays. The webhook, both senders, the statuses and the sweep are all at work.
fn fallbacks(plan: impl FnOnce(&Memory)) -> Left {
    scene(|scene| {
        plan(&scene.memory);
        scene.memory.answer("graph.facebook.com", [Reply::graph_error(400, 131_026)]);
        post_stripe(scene, &stripe::event("evt_1", "invoice.payment_failed", stripe::invoice("in_1")));
        for day in 0..10 {
            scene.advance(days(1));
            if scene.sweep().is_none() {
                scene.restart();
            }
            for (nth, asked) in scene.whatsapp_sends().iter().enumerate() {
                let (reached, code) = if nth == 1 { ("failed", Some(131_026)) } else { ("read", None) };
                if day >= 3 && nth >= 1 {
                    post_meta(scene, &meta::statuses(&[meta::status_of(asked, reached, code)]));
                }
            }
        }
        post_stripe(scene, &paid("in_1"));
        scene.advance(days(10));
        left(scene)
    })
}

/// Nobody gets a step twice on one channel, nor on both unless WhatsApp definitely failed.
#[track_caller]
fn assert_nothing_doubled(left: &Left, what: &str) {
    let mut once = left.whatsapp.clone();
    once.dedup_by_key(|(step, _)| step.clone());
    assert_eq!(once, left.whatsapp, "a message doubled: {what}");
    for step in ["0", "1", "2", "3"] {
        let of = |channel: &str| {
            let start = format!("{step} {channel} ");
            left.ledger.iter().filter_map(|entry| entry.strip_prefix(&start)).collect::<Vec<_>>()
        };
        let (whatsapp, sms) = (of("whatsapp"), of("sms"));
        assert!(whatsapp.len() <= 1 && sms.len() <= 1, "{:?}: {what}", left.ledger);
        assert!(sms.is_empty() || whatsapp == ["failed"], "{:?}: {what}", left.ledger);
    }
}

#[test]
fn f06_a_death_at_any_call_of_the_senders_the_statuses_and_the_sweep_doubles_nothing() {
    let whole = fallbacks(|_| {});
    assert_eq!((whole.whatsapp.len(), whole.texts, whole.state), (3, 2, "recovered"));
    let mut lost = 0;
    for nth in 1..=whole.calls {
        for moment in SIDES {
            let left = fallbacks(|memory| memory.die_at(nth, moment));
            let what = format!("death at call {nth}, {moment:?}");
            assert_nothing_doubled(&left, &what);
            assert_eq!(left.state, "recovered", "{what}");
            assert!(left.texts <= 2, "{what}");
            assert!(left.whatsapp.len() + left.texts >= 3, "{what}: {:?}", left.ledger);
            let unknown = left.parked.iter().filter(|reason| *reason == "outcome_unknown").count();
            assert_eq!(unknown, left.parked.len(), "{what}: {:?}", left.parked);
            lost += usize::from(left.whatsapp.len() + left.texts < 5);
        }
    }
    // Around the claim and the wire of each of five messages; a text message is also lost with the WhatsApp message it
    // would have stood in for.
    assert!(lost <= 5 * 5, "{lost} runs lost a message");
}

/// A death: at which of all calls, and on which side of it.
type Death = (u64, Moment);

/// Lets the process die at one call, and the one that takes over at a later one.
fn die_twice(memory: &Memory, first: Death, second: Death) {
    fn watch(memory: &Memory, call: Call, first: u64, second: Death) {
        memory.before(call, move |memory: Memory| async move {
            match memory.calls().total() {
                total if total < first => watch(&memory, call, first, second),
                total if total < second.0 => memory.die_at(second.0, second.1),
                _ => {}
            }
        });
    }
    memory.die_at(first.0, first.1);
    for call in CALLS {
        watch(memory, call, first.0, second);
    }
}

/// Two days of one debt: the webhook and its redelivery, the first step, the sweep, and what is planned next.
fn two_days(plan: impl FnOnce(&Memory)) -> Left {
    scene(|scene| {
        plan(&scene.memory);
        let event = stripe::event("evt_1", "invoice.payment_failed", stripe::invoice("in_1"));
        post_stripe(scene, &event);
        post_stripe(scene, &event);
        for _ in 0..2 {
            scene.advance(hours(24));
            if scene.sweep().is_none() {
                scene.restart();
            }
        }
        scene.advance(hours(1));
        left(scene)
    })
}

const SIDES: [Moment; 2] = [Moment::Before, Moment::After];

#[test]
fn f06_two_deaths_at_any_two_calls_of_two_days_double_nothing_and_the_case_goes_on() {
    let whole = two_days(|_| {});
    assert_eq!((whole.whatsapp.len(), whole.ledger.as_slice()), (1, &["0 whatsapp sent".to_owned()][..]));
    let (mut pairs, mut lost) = (0, 0);
    for first in (1..=whole.calls).flat_map(|nth| SIDES.map(|side| (nth, side))) {
        let once = two_days(|memory| memory.die_at(first.0, first.1));
        for second in (first.0 + 1..=once.calls).flat_map(|nth| SIDES.map(|side| (nth, side))) {
            let left = two_days(|memory| die_twice(memory, first, second));
            let what = format!("deaths at {first:?} and {second:?}");
            assert_nothing_doubled(&left, &what);
            assert_eq!((left.texts, left.state), (0, "open"), "{what}");
            assert_eq!(left.parked, Vec::<String>::new(), "{what}");
            let unsent = left.whatsapp.is_empty();
            let claimed = ["0 whatsapp claimed".to_owned(), "0 whatsapp unknown".to_owned()];
            assert!(!unsent || left.ledger.iter().any(|entry| claimed.contains(entry)), "{what}");
            pairs += 1;
            lost += usize::from(unsent);
        }
    }
    assert!(pairs > 1_000, "{pairs}");
    assert!(lost * 4 < pairs, "{lost} of {pairs} runs lost the first message");
}

#[test]
fn f06_two_deaths_close_together_anywhere_in_ten_days_of_fallbacks_double_nothing() {
    /// The second process dies within as many calls as a step and its outcome take.
    const CLOSE: u64 = 10;
    let whole = fallbacks(|_| {});
    for first in 1..=whole.calls {
        let once = fallbacks(|memory| memory.die_at(first, Moment::After));
        for second in first + 1..=once.calls.min(first + CLOSE) {
            let left = fallbacks(|memory| die_twice(memory, (first, Moment::After), (second, Moment::After)));
            let what = format!("deaths at calls {first} and {second}");
            assert_nothing_doubled(&left, &what);
            assert_eq!(left.state, "recovered", "{what}");
            assert!(left.whatsapp.len() + left.texts >= 2, "{what}: {:?}", left.ledger);
            assert!(
                left.parked.iter().all(|reason| reason == "outcome_unknown"),
                "{what}: {:?}",
                left.parked
            );
        }
    }
}
