//! Timers that cannot be set, cannot be deleted, or fire when they should not.

use jiff::tz::TimeZone;
use recoup_app::ports::Queue;
use recoup_tests::{Call, Fault, Oddity, stripe};
use serde_json::json;

use crate::scene::{Scene, days, hours, minutes, paid, scene};

/// Twenty days with the daily sweep.
fn twenty_days(scene: &mut Scene) {
    for _ in 0..20 {
        scene.advance(days(1));
        scene.sweep().expect("scans");
    }
    scene.advance(minutes(1));
}

#[test]
fn f14_while_the_group_of_timers_is_missing_what_went_is_not_repeated_and_the_sweep_sets_the_rest() {
    for outage in [hours(1), days(2), days(5)] {
        scene(|scene| {
            scene.memory.fail_always(Call::CreateSchedule, Fault::Refuse);
            scene.fail_invoice("in_1");
            scene.advance(outage);
            assert_eq!(scene.templates(), ["payment_failed_first"], "{outage}");
            scene.memory.heal();
            twenty_days(scene);
            let expected: &[&str] = if outage < days(5) {
                &["0 whatsapp sent", "1 whatsapp sent", "2 whatsapp sent", "3 whatsapp sent"]
            } else {
                &["0 whatsapp sent", "2 whatsapp sent", "3 whatsapp sent"]
            };
            assert_eq!(scene.ledger("in_1"), expected, "what grew stale meanwhile is left out: {outage}");
            assert_eq!(scene.memory.texts(), [], "{outage}");
        });
    }
}

/// What each message says of the step it is of, and when it went.
fn went(scene: &Scene) -> Vec<(usize, jiff::Timestamp)> {
    let step = |body: &serde_json::Value| {
        let correlation = body["biz_opaque_callback_data"].as_str().unwrap_or_default();
        correlation.split('/').nth(4).and_then(|step| step.parse().ok()).expect("a step")
    };
    scene.whatsapp_sends().iter().map(|asked| (step(&asked.json()), asked.at)).collect()
}

#[test]
fn f15_a_timer_that_fires_twice_late_early_or_never_sends_each_step_once_in_its_hours() {
    let rows: [(&str, &[Fault], usize); 5] = [
        ("twice", &[Fault::Odd(Oddity::Twice)], 4),
        ("23 hours late", &[Fault::Odd(Oddity::Shifted(23 * 3_600))], 4),
        ("two hours early", &[Fault::Odd(Oddity::Shifted(-7_200)), Fault::Pass], 4),
        ("in the night before", &[Fault::Odd(Oddity::Shifted(-9 * 3_600)), Fault::Pass], 4),
        ("never", &[Fault::Odd(Oddity::Never)], 4),
    ];
    for (what, faults, expected) in rows {
        scene(|scene| {
            for fault in (0..12).flat_map(|_| faults) {
                scene.memory.fail_next(Call::CreateSchedule, *fault);
            }
            scene.fail_invoice("in_1");
            let opened = scene.memory.time();
            twenty_days(scene);
            let went = went(scene);
            assert_eq!(went.len(), expected, "{what}: {:?}", scene.trail("in_1"));
            assert!(went.is_sorted_by(|one, other| one.0 < other.0), "{what}: {went:?}");
            for (step, at) in went {
                let due = opened.checked_add(days([0, 3, 7, 14][step])).expect("in range");
                let hour = at.to_zoned(TimeZone::get("Europe/London").expect("a zone")).hour();
                assert!(at >= due && (9..20).contains(&hour), "{what}: step {step} at {at}");
            }
        });
    }
}

#[test]
fn f15_a_timer_of_a_case_that_is_gone_is_parked_with_its_reason() {
    scene(|scene| {
        let body = r#"{"v":1,"case":"main/stripe/in_404","step":1,"gen":2,"channel":"whatsapp"}"#;
        for _ in 0..2 {
            scene.memory.drop_into(Queue::Whatsapp, body);
        }
        scene.advance(days(1));
        assert_eq!(scene.parked(), ["unknown_case", "unknown_case"]);
        assert_eq!(scene.whatsapp_sends().len(), 0);
        assert!(scene.memory.cases().is_empty(), "nothing is made up");
    });
}

#[test]
fn f16_a_timer_that_outlives_its_debt_fires_into_a_closed_case_and_nothing_goes() {
    let void = stripe::with(stripe::invoice("in_1"), "/status", json!("void"));
    for (end, state) in
        [(paid("in_1"), "recovered"), (stripe::event("evt_2", "invoice.voided", void), "voided")]
    {
        for fault in [Fault::Refuse, Fault::DieBefore] {
            scene(|scene| {
                scene.fail_invoice("in_1");
                scene.advance(hours(1));
                scene.memory.fail_always(Call::DeleteSchedule, fault);
                let request = scene.stripe_request(end.to_string());
                let answer = scene.try_post(&request).map(|answer| answer.status);
                let expected = if fault == Fault::Refuse { Some(200) } else { None };
                assert_eq!(answer, expected, "an outage of the scheduler does not refuse the money");
                scene.memory.heal();
                assert_eq!(scene.memory.schedules().len(), 1, "it is still there: {fault:?}");
                let trail = scene.trail("in_1");
                twenty_days(scene);
                assert!(scene.memory.schedules().is_empty(), "it has fired: {fault:?}");
                assert_eq!(scene.templates(), ["payment_failed_first"], "{state}, {fault:?}");
                assert_eq!(scene.trail("in_1"), trail, "{state}, {fault:?}");
                assert_eq!(scene.case("in_1").state().as_str(), state);
                assert_eq!((scene.memory.texts().len(), scene.parked().len()), (0, 0));
            });
        }
    }
}
