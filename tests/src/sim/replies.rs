//! What must be true of buyers who write back.

use std::collections::BTreeSet;

use recoup_app::note::Note;
use recoup_app::ports::Queue;

use super::invariants::View;

/// I15: nobody gets more answers than they wrote messages, however often each was delivered.
pub(super) fn i15_a_reply_is_answered_once(view: &View<'_>) -> Result<(), String> {
    for (phone, answers) in &view.history.answers {
        let said = view.history.said.get(phone).map_or(0, BTreeSet::len);
        if *answers > said {
            return Err(format!("somebody wrote {said} times and was answered {answers} times"));
        }
    }
    Ok(())
}

/// I16: in the end every reply that a person must read, and that was answered 200, was queued
/// for one; I9 sees that the queue is worked off.
pub(super) fn i16_what_a_person_must_read_reaches_one(view: &View<'_>) -> Result<(), String> {
    if !view.over {
        return Ok(());
    }
    let notes = view.memory.pushed(Queue::HandOff).into_iter();
    let told: BTreeSet<String> =
        notes.filter_map(|message| Note::parse(&message.body).ok()).map(|note| note.id).collect();
    match view.history.for_a_person.iter().find(|id| !told.contains(*id)) {
        Some(id) => Err(format!("{id} was heard and no person was told")),
        None => Ok(()),
    }
}

/// I17: nothing is claimed while the case waits for what the buyer wrote.
pub(super) fn i17_a_frozen_case_is_silent(view: &View<'_>) -> Result<(), String> {
    for claim in &view.news.claims {
        let outreach = view.memory.case(&claim.case).and_then(|case| case.outreach);
        if let Some(frozen) = outreach.and_then(|outreach| outreach.frozen)
            && claim.entry.at < frozen.until
        {
            return Err(format!("{} was claimed while it waits until {}", claim.case, frozen.until));
        }
    }
    Ok(())
}
