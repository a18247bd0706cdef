//! The buyer's clock: its edges, its changes, and a process whose own clock is wrong.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use recoup_core::Policy;
use recoup_tests::{Lane, Memory, Settings, Stack, stripe};
use serde_json::json;

use crate::scene::{Scene, days, minutes, scene_with};

fn from(start: &str) -> Settings {
    Settings { now: start.parse().expect("well formed"), ..Settings::default() }
}

fn fail_in(scene: &Scene, zone: &str) {
    let invoice = stripe::with(stripe::invoice("in_1"), "/metadata", json!({"time_zone": zone}));
    assert_eq!(scene.post_stripe(&stripe::event("evt_1", "invoice.payment_failed", invoice)).status, 200);
}

fn local(scene: &Scene, zone: &str) -> Vec<String> {
    let zone = TimeZone::get(zone).expect("a zone");
    let shown = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%m-%d %H:%M:%S %z").to_string();
    scene.whatsapp_sends().iter().map(|asked| shown(asked.at)).collect()
}

#[test]
fn f41_a_step_that_is_due_at_the_edge_of_the_quiet_hours_goes_on_the_right_side_of_it() {
    // Two minutes from the failure to the first step.
    for (failed, went) in [
        ("2026-11-23T08:57:59Z", "11-23 09:00:00 +0000"),
        ("2026-11-23T08:58:00Z", "11-23 09:00:00 +0000"),
        ("2026-11-23T08:58:01Z", "11-23 09:00:01 +0000"),
        ("2026-11-23T19:57:59Z", "11-23 19:59:59 +0000"),
        ("2026-11-23T19:58:00Z", "11-24 09:00:00 +0000"),
        ("2026-11-23T19:58:01Z", "11-24 09:00:00 +0000"),
    ] {
        scene_with(from(failed), |scene| {
            fail_in(scene, "Europe/London");
            scene.advance(days(1));
            assert_eq!(local(scene, "Europe/London"), [went], "{failed}");
        });
    }
}

#[test]
fn f41_days_are_the_calendar_s_over_gap_overlap_and_leap_day() {
    let rows: [(&str, &str, &str, &[&str]); 4] = [
        // The clocks of Berlin lose an hour on 28 March.
        (
            "gap",
            "2027-03-25T11:00:00Z",
            "Europe/Berlin",
            &["03-25 12:02:00 +0100", "03-28 12:00:00 +0200", "04-01 12:00:00 +0200"],
        ),
        // The clocks of New York gain an hour on 7 November.
        (
            "overlap",
            "2027-11-04T14:00:00Z",
            "America/New_York",
            &["11-04 10:02:00 -0400", "11-07 10:00:00 -0500", "11-11 10:00:00 -0500"],
        ),
        (
            "leap day",
            "2028-02-26T10:00:00Z",
            "Europe/London",
            &["02-26 10:02:00 +0000", "02-29 10:00:00 +0000", "03-04 10:00:00 +0000"],
        ),
        (
            "no leap day",
            "2027-02-26T10:00:00Z",
            "Europe/London",
            &["02-26 10:02:00 +0000", "03-01 10:00:00 +0000", "03-05 10:00:00 +0000"],
        ),
    ];
    for (what, failed, zone, expected) in rows {
        scene_with(from(failed), |scene| {
            fail_in(scene, zone);
            scene.advance(days(8));
            assert_eq!(local(scene, zone), expected, "{what}");
        });
    }
}

#[test]
fn f41_a_zone_nobody_knows_is_the_country_s_and_never_an_hour_of_the_night() {
    for zone in ["Mars/Olympus", "", "UTC+25", "Etc/Unknown"] {
        scene_with(from("2026-11-23T21:00:00Z"), |scene| {
            fail_in(scene, zone);
            scene.advance(days(1));
            assert_eq!(local(scene, "Europe/London"), ["11-24 09:00:00 +0000"], "{zone}");
        });
    }
}

/// Twenty days in which the webhooks' clock is off by one time and the senders' by another.
fn skewed(webhooks: SignedDuration, senders: SignedDuration) {
    let settings = from("2026-11-23T19:53:00Z");
    let memory = Memory::new(settings.now);
    let right = Stack::over(memory.clone(), settings.clone());
    let doors = Stack::over(memory.process(Lane(1), webhooks), settings.clone());
    let mut queues = Stack::over(memory.process(Lane(2), senders), settings);
    let event = stripe::event("evt_1", "invoice.payment_failed", stripe::invoice("in_1")).to_string();
    for day in 0..20 {
        // Stripe's clock is right.
        let told = doors.try_post(&right.stripe_request(event.clone()));
        assert_eq!(told.map(|answer| answer.status), Some(200), "{day}");
        queues.advance(days(1));
        queues.sweep().expect("scans");
    }
    queues.advance(minutes(30));
    let ledger = ["0 whatsapp sent", "1 whatsapp sent", "2 whatsapp sent", "3 whatsapp sent"];
    assert_eq!(queues.ledger("in_1"), ledger, "{webhooks} {senders}");
    assert_eq!(queues.whatsapp_sends().len(), 4, "{webhooks} {senders}");
    let window = Policy::standard("Acme").window.expect("quiet hours");
    let zones = recoup_core::Zones::of(Some("Europe/London"), None);
    for asked in queues.whatsapp_sends() {
        let seen = asked.at.checked_add(senders).expect("in range");
        assert_eq!(window.next_open(seen, &zones), Some(seen), "{webhooks} {senders}: {}", asked.at);
    }
}

#[test]
fn f41_five_minutes_of_skew_between_the_functions_lose_nothing_and_double_nothing() {
    // A signature is believed for 300 s.
    let off = minutes(5) - SignedDuration::from_secs(1);
    for webhooks in [off, -off, SignedDuration::ZERO] {
        for senders in [off, -off] {
            skewed(webhooks, senders);
        }
    }
}
