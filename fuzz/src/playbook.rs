//! Playbooks. Input: the second of the first failure, a zone, the playbook as TOML.

use recoup_core::{Playbook, StepIndex, Zones};

use crate::input::Lines;

/// The steps of a playbook that is taken come in order, never before the failure, and each is over before the next.
pub fn check(data: &[u8]) {
    let mut input = Lines::of(data);
    let (anchor, zone) = (input.instant(), input.line());
    let Ok(playbook) = Playbook::parse(&String::from_utf8_lossy(input.rest())) else { return };
    let zones = Zones::of(Some(&zone), None);
    let steps = u8::try_from(playbook.steps.len()).expect("a playbook has at most 16 steps");
    assert!((1..=16).contains(&steps));
    let mut over = anchor;
    for index in (0..steps).map(StepIndex) {
        let (due, expiry) = (playbook.due(index, anchor, &zones), playbook.expiry(index, anchor, &zones));
        assert!(due >= over, "step {index} comes before the one before it is over");
        assert!(expiry > due, "step {index} is never of use");
        assert!(!playbook.is_end(index));
        let step = playbook.step(index).expect("counted");
        for attempt in [0, 1, 2, 3, u32::MAX] {
            let text = playbook.template_of(step, attempt);
            assert!(*text == step.template || playbook.by_attempt.contains(text), "a text of no step");
        }
        over = expiry;
    }
    let end = StepIndex(steps);
    assert!(playbook.is_end(end) && playbook.step(end).is_none());
    assert!(playbook.due(end, anchor, &zones) >= over, "the end comes before the last step is over");
}
