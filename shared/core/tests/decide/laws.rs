//! Laws that hold whatever happens in whatever order: every decision holds what `watch` demands, what is under way comes
//! to rest, and every case reaches its end.

use proptest::prelude::*;
use recoup_core::owed;

use crate::scene::{Scene, Sent};
use crate::walk::{choices, config, drains, ends, landed, walk};

/// Two messages to one buyer within the hour, or a fourth of one lane within fourteen days, among those that may have
/// reached the buyer.
fn crowded(scene: &Scene) -> Option<String> {
    let reached: Vec<_> = scene.sends.iter().filter(|sent| !sent.failed).collect();
    for (index, sent) in reached.iter().enumerate() {
        let to_same = |other: &&&Sent| other.message.to == sent.message.to;
        let within = |window| move |other: &&&Sent| sent.at.duration_since(other.at) < window;
        let before = || reached[..index].iter().filter(to_same);
        let of_lane = |other: &&&Sent| other.message.category == sent.message.category;
        if before().any(|other| within(scene.policy.touch_gap)(&other)) {
            return Some(format!("two within the hour before {}", sent.at));
        }
        if before().filter(within(scene.policy.cap_window)).filter(of_lane).count()
            >= scene.policy.cap_messages
        {
            return Some(format!("a fourth within 14 days at {}", sent.at));
        }
    }
    None
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn o45_no_order_of_inputs_breaks_the_state_machine(choices in choices(60)) {
        walk(&choices);
    }

    #[test]
    fn i9_what_is_under_way_comes_to_rest(
        choices in choices(30),
        outcome in prop::sample::select(vec!["accepted", "not_sent", "crash", "hold", "fall_back", "retry", "park"]),
    ) {
        let (scene, script) = walk(&choices);
        if let Err(why) = drains(scene, outcome) {
            prop_assert!(false, "{script}; then every send ends as {outcome}: {why}");
        }
    }

    #[test]
    fn i5_every_case_reaches_its_end_whatever_was_lost(choices in choices(30)) {
        let (scene, script) = walk(&choices);
        if let Err(why) = ends(scene) {
            prop_assert!(false, "{script}: {why}");
        }
    }

    #[test]
    fn i5_what_is_owed_is_a_pure_function_and_may_be_done_twice(choices in choices(30)) {
        let (scene, script) = walk(&choices);
        let (mut once, mut twice) = (scene.clone(), scene.clone());
        for known in scene.cases.values() {
            let effects = owed(&known.item, scene.now);
            prop_assert_eq!(&effects, &owed(&known.item, scene.now), "{}", &script);
            once.perform(&effects);
            twice.perform(&effects);
            twice.perform(&effects);
        }
        if let (Ok(once), Ok(twice)) = (ends(once), ends(twice)) {
            prop_assert_eq!(landed(&once), landed(&twice), "{}", script);
        }
    }

    #[test]
    fn o35_no_order_of_events_crowds_a_buyer(choices in choices(40)) {
        let (scene, script) = walk(&choices);
        let scene = drains(scene, "accepted").unwrap_or_else(|why| panic!("{script}: {why}"));
        prop_assert_eq!(crowded(&scene), None, "{}", script);
    }
}
