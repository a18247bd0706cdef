//! What must be true at every step of every run: reliability's I1 to I14, and what `replies.rs` adds.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use recoup_app::ports::Queue;
use recoup_app::queue::KeptWebhook;

use recoup_core::{Case, CaseId, Channel, Library, SendState, Settlement, State, StepIndex, Token, owed};

use super::deployment::{Done, Ended};
use super::history::{Claim, History, News, Sent};
use super::outside::{FactTold, Told};
use super::replies;
use crate::stack::brand;
use crate::{Line, Memory, Settings, Stored, seeds};

/// What the laws look at.
pub struct View<'a> {
    /// The world.
    pub memory: &'a Memory,
    /// How it is set up.
    pub settings: &'a Settings,
    /// Everything that happened.
    pub history: &'a History,
    /// What happened in this step.
    pub news: &'a News,
    /// What ended in this step, and, for a webhook, what it told.
    pub ended: Option<(&'a Ended, Option<&'a Told>)>,
    /// The facts that were answered 200 so far.
    pub heard: &'a [&'a FactTold],
    /// Everything that is true outside by now, told or not.
    pub true_by_now: &'a BTreeMap<CaseId, Settlement>,
    /// How far a process's clock may be from the world's.
    pub skew: SignedDuration,
    /// Whether nothing goes wrong in this run.
    pub calm: bool,
    /// Whether the run is over: nothing is at work, waits or will happen.
    pub over: bool,
}

/// A law: nothing, or what breaks it.
pub type Law = fn(&View<'_>) -> Result<(), String>;

/// Every law by its name.
pub const LAWS: [(&str, Law); 17] = [
    ("I1", i1_what_was_answered_is_applied_or_kept),
    ("I2", i2_a_step_reaches_the_buyer_once),
    ("I3", i3_nothing_is_claimed_once_it_must_stop),
    ("I4", i4_the_end_does_not_depend_on_order_and_number),
    ("I5", i5_every_open_case_goes_on),
    ("I6", i6_caps_hold_over_cases_and_lanes),
    ("I7", i7_steps_keep_their_order_their_expiry_and_the_quiet_hours),
    ("I8", i8_every_silence_has_a_reason),
    ("I9", i9_every_message_ends),
    ("I10", i10_nobody_unknown_moves_anything),
    ("I11", i11_nothing_personal_leaves_the_store_but_to_the_buyer),
    ("I12", i12_money_is_whole_and_texts_are_one_line),
    ("I13", i13_nobody_touches_another_tenant),
    ("I14", i14_the_books_balance),
    ("I15", replies::i15_a_reply_is_answered_once),
    ("I16", replies::i16_what_a_person_must_read_reaches_one),
    ("I17", replies::i17_a_frozen_case_is_silent),
];

/// Checks every law; the first that is broken, and how.
///
/// # Errors
/// Its name and what broke it.
pub fn check(view: &View<'_>) -> Result<(), (&'static str, String)> {
    LAWS.iter().try_for_each(|(name, law)| law(view).map_err(|what| (*name, what)))
}

/// The case of an obligation.
///
/// # Panics
/// When the name is none.
pub fn case_of(obligation: &str) -> CaseId {
    CaseId::parse(&format!("main/stripe/{obligation}")).expect("an obligation of the script")
}

fn applied(view: &View<'_>, fact: &FactTold) -> bool {
    let Some(case) = view.memory.case(&case_of(&fact.obligation)) else { return false };
    let settled = case.settlement.union(fact.settlement) == case.settlement;
    let failed = fact.failed.is_none_or(|attempt| {
        case.outreach.as_ref().is_some_and(|outreach| outreach.matter.attempt >= attempt)
    });
    settled && failed
}

/// The bodies of the webhooks that are kept in the spill or the parked queue.
fn kept(memory: &Memory) -> Vec<String> {
    let waiting = [Queue::Spill, Queue::Parked].into_iter().flat_map(|queue| memory.waiting(queue));
    let kept = waiting.filter_map(|waiting| KeptWebhook::parse(&waiting.body).ok()?.body().ok());
    kept.map(|body| String::from_utf8_lossy(&body).into_owned()).collect()
}

/// I1: a fact that was answered 2xx is applied, or kept in the spill or the parked queue; in the end it is applied.
fn i1_what_was_answered_is_applied_or_kept(view: &View<'_>) -> Result<(), String> {
    let lost = |fact: &FactTold| {
        !applied(view, fact) && !kept(view.memory).iter().any(|body| body.contains(&fact.event))
    };
    match view.ended {
        Some((Ended { done: Done::Answered(200), .. }, Some(Told::Fact(fact)))) if lost(fact) => {
            return Err(format!("{} about {} was answered and is nowhere", fact.event, fact.obligation));
        }
        Some((Ended { done: Done::Answered(200), .. }, Some(Told::Unreadable(body))))
            if !kept(view.memory).contains(body) =>
        {
            return Err("an unreadable webhook was answered and not kept".to_owned());
        }
        _ => {}
    }
    if view.over {
        let missing = view.heard.iter().find(|fact| !applied(view, fact));
        if let Some(fact) = missing {
            return Err(format!("{} about {} was heard and never applied", fact.event, fact.obligation));
        }
    }
    Ok(())
}

/// I2: per case and step, the providers took at most one WhatsApp message and one text message, and the text message only
/// where WhatsApp definitely failed.
fn i2_a_step_reaches_the_buyer_once(view: &View<'_>) -> Result<(), String> {
    for sent in &view.news.sent {
        let (case, step) = (&sent.claim.case, sent.claim.step);
        let whatsapp = view.history.taken(case, step, Channel::Whatsapp);
        let texts = view.history.taken(case, step, Channel::Sms);
        let alive = whatsapp.iter().filter(|sent| !view.history.failed.contains(&sent.claim.token)).count();
        if whatsapp.len() > 1 || texts.len() > 1 || alive + texts.len() > 1 {
            let (one, other) = (whatsapp.len(), texts.len());
            return Err(format!(
                "step {step} of {case} went {one} times by WhatsApp and {other} times by SMS"
            ));
        }
    }
    Ok(())
}

/// I3: no claim is stored once a payment, a void, a dispute or an opt-out is; and nothing is sent without a claim.
fn i3_nothing_is_claimed_once_it_must_stop(view: &View<'_>) -> Result<(), String> {
    for stored in &view.news.stored {
        if let Stored::Case { before, after, .. } = stored {
            let claims = view.news.claims.iter().any(|claim| claim.case == after.id);
            let open = before.as_deref().is_some_and(Case::is_open);
            if claims && !open {
                return Err(format!("{} was claimed though it was closed", after.id));
            }
        }
        if let Stored::Recipient { before: Some(before), after, .. } = stored {
            let reserved = after.touches.iter().any(|touch| !before.touches.contains(touch));
            if before.opted_out.is_some() && reserved {
                return Err(format!("attention of {:?} was reserved after the opt-out", after.id));
            }
        }
    }
    for claim in &view.news.claims {
        let silent = view.history.silenced.contains(&phone_of(view, &claim.case));
        if silent {
            return Err(format!("{} was claimed after the buyer's stop was answered", claim.case));
        }
    }
    match view.news.sent.iter().find(|sent| !view.history.claims.contains_key(&sent.claim.token)) {
        Some(sent) => Err(format!("a message of {} went without a claim", sent.claim.case)),
        None => Ok(()),
    }
}

fn phone_of(view: &View<'_>, case: &CaseId) -> String {
    let case = view.memory.case(case).and_then(|case| case.outreach);
    let phone = case.and_then(|outreach| outreach.matter.buyer.phone);
    phone.map(|phone| phone.expose().to_owned()).unwrap_or_default()
}

/// I4: in the end a case knows exactly what was ever said of its money, and the newest attempt, whatever the order and the
/// number of deliveries; beyond that only what the processor's API says.
fn i4_the_end_does_not_depend_on_order_and_number(view: &View<'_>) -> Result<(), String> {
    if !view.over {
        return Ok(());
    }
    for case in view.memory.cases() {
        let about = view.heard.iter().filter(|fact| case_of(&fact.obligation) == case.id);
        let said = about.clone().map(|fact| fact.settlement).fold(Settlement::default(), Settlement::union);
        let truth = view.true_by_now.get(&case.id).copied().unwrap_or_default();
        let between = case.settlement.union(said) == case.settlement
            && case.settlement.union(truth).union(said) == truth.union(said);
        if !between {
            return Err(format!(
                "{} knows {:?}, was told {said:?}, true is {truth:?}",
                case.id, case.settlement
            ));
        }
        let newest = about.filter_map(|fact| fact.failed).max();
        let attempt = case.outreach.as_ref().map(|outreach| outreach.matter.attempt);
        if newest != attempt {
            return Err(format!("{} is at attempt {attempt:?}, was told {newest:?}", case.id));
        }
    }
    Ok(())
}

/// I5: an open case always owes its next timer, by which it goes on; where nothing goes wrong the sweep finds nothing to
/// repair; in the end no case is open.
fn i5_every_open_case_goes_on(view: &View<'_>) -> Result<(), String> {
    for stored in &view.news.stored {
        if let Stored::Case { after, at, .. } = stored
            && after.is_open()
            && after.outreach.is_some()
            && owed(after, *at).is_empty()
        {
            return Err(format!("{} is open and nothing will ever bring it back", after.id));
        }
    }
    let repaired = |line: &&Line| line.get("fn") == "sweep" && line.get("reason") == "repaired";
    if let Some(line) = view.news.lines.iter().find(repaired).filter(|_| view.calm) {
        return Err(format!("nothing went wrong and the sweep repaired {}", line.get("case")));
    }
    if view.over
        && let Some(case) = view.memory.cases().into_iter().find(Case::is_open)
    {
        return Err(format!("{} is open for ever", case.id));
    }
    Ok(())
}

/// I6: a buyer gets at most as many messages of a lane in any window as the policy says, over all cases, at most one in any
/// hour, and a case never more than its playbook has steps.
fn i6_caps_hold_over_cases_and_lanes(view: &View<'_>) -> Result<(), String> {
    for sent in &view.news.sent {
        let policy = &view.settings.policy;
        let lane = lane_of(view, &sent.claim.case, sent.claim.step);
        // Only the first message of a step counts: a text message in its place is the same touch.
        let mut touches: BTreeMap<(CaseId, StepIndex), Timestamp> = BTreeMap::new();
        for ((case, step), messages) in &view.history.sent {
            let to_same = messages.iter().filter(|other| other.phone.canonical() == sent.phone.canonical());
            if let Some(first) = to_same.map(|other| other.at).min() {
                touches.insert((case.clone(), *step), first);
            }
        }
        let this = (sent.claim.case.clone(), sent.claim.step);
        let near = |within: SignedDuration| {
            let others = touches.iter().filter(|(key, at)| {
                **key != this && sent.at.duration_since(**at).abs() < within && **at <= sent.at
            });
            others.map(|(key, _)| key.clone()).collect::<Vec<_>>()
        };
        // A process that is slow or whose clock is wrong measures the window a little differently.
        let slack = view.skew * 2 + SignedDuration::from_mins(30);
        let in_hour = near(policy.touch_gap - slack.min(policy.touch_gap));
        if !in_hour.is_empty() {
            return Err(format!("a buyer got {this:?} within an hour of {in_hour:?}"));
        }
        let of_lane = |(case, step): &(CaseId, StepIndex)| lane_of(view, case, *step) == lane;
        let in_window = near(policy.cap_window - slack).into_iter().filter(|key| of_lane(key)).count();
        if in_window >= policy.cap_messages {
            return Err(format!("a buyer got {} messages of {lane:?} in a window", in_window + 1));
        }
    }
    Ok(())
}

/// The lane a step's claim counts in, known by its template.
fn lane_of(view: &View<'_>, case: &CaseId, step: StepIndex) -> String {
    let outreach = view.memory.case(case).and_then(|case| case.outreach);
    let Some(outreach) = outreach else { return String::new() };
    let Some(playbook) = Library::playbook(&outreach.playbook, &outreach.version) else {
        return String::new();
    };
    let marketing = outreach.ledger.iter().any(|entry| {
        entry.step == step && playbook.step(step).is_some_and(|planned| planned.template == entry.template)
    });
    let own = playbook.step(step).and_then(|step| step.lane.clone()).filter(|_| marketing);
    own.unwrap_or_else(|| playbook.lane.clone()).as_str().to_owned()
}

/// I7: a claim is never of a step before one that was claimed earlier, never after its expiry, and never in the quiet
/// hours of any zone the buyer may live in.
fn i7_steps_keep_their_order_their_expiry_and_the_quiet_hours(view: &View<'_>) -> Result<(), String> {
    for claim in &view.news.claims {
        let Some(outreach) = view.memory.case(&claim.case).and_then(|case| case.outreach) else { continue };
        let Claim { case, entry, .. } = claim;
        if outreach.ledger.iter().any(|other| other.step > entry.step) {
            return Err(format!("{case}: step {} was claimed after a later one", entry.step));
        }
        let zones = outreach.zones();
        let playbook = Library::playbook(&outreach.playbook, &outreach.version);
        let expiry = playbook.map(|playbook| {
            let expiry = playbook.expiry(entry.step, outreach.anchor, &zones);
            // What the buyer put off lives from the end of the wait.
            let lives = playbook.step(entry.step).map_or(0, |step| step.expires_hours);
            let waited = outreach.frozen.map(|frozen| frozen.until + SignedDuration::from_hours(lives));
            waited.map_or(expiry, |waited| waited.max(expiry))
        });
        if expiry.is_none_or(|expiry| expiry < entry.at) {
            return Err(format!("{case}: step {} was claimed at {} after {expiry:?}", entry.step, entry.at));
        }
        let window = &view.settings.policy.window;
        if window.is_some_and(|window| window.next_open(entry.at, &zones) != Some(entry.at)) {
            return Err(format!("{case}: step {} was claimed at {}, a quiet hour", entry.step, entry.at));
        }
        if entry.at.duration_since(view.memory.time()).abs() > view.skew + SignedDuration::from_mins(10) {
            return Err(format!("{case}: step {} was claimed by a clock that is wrong", entry.step));
        }
    }
    Ok(())
}

/// I8: a step that is passed over leaves its reason in the case's trail, and what is parked by a function says why, what of
/// and what to do, in at most ten attributes.
fn i8_every_silence_has_a_reason(view: &View<'_>) -> Result<(), String> {
    for stored in &view.news.stored {
        let Stored::Case { before: Some(before), after, .. } = stored else { continue };
        let planned = |case: &Case| case.outreach.as_ref().and_then(|outreach| outreach.next);
        let Some(was) = planned(before) else { continue };
        let moved = planned(after).is_none_or(|next| next.step > was.step);
        let known =
            after.outreach.iter().any(|outreach| outreach.ledger.iter().any(|entry| entry.step == was.step));
        if moved
            && !known
            && after.trail.len() == before.trail.len()
            && after.trail.last() == before.trail.last()
        {
            return Err(format!("{}: step {} was passed over without a reason", after.id, was.step));
        }
    }
    let parked = || view.memory.waiting(Queue::Parked).into_iter();
    let noted = |attributes: &BTreeMap<&str, String>| {
        let said = |name: &str| attributes.get(name).is_some_and(|text| !text.is_empty());
        attributes.is_empty()
            || attributes.len() <= 10 && ["reason", "error_code", "attempt", "action"].into_iter().all(said)
    };
    match view.ended.is_some().then(|| parked().find(|waiting| !noted(&waiting.attributes))).flatten() {
        Some(waiting) => Err(format!("parked without a note: {:?}", waiting.attributes)),
        None => Ok(()),
    }
}

/// I9: a message is never received more often than its queue allows; in the end every queue but the parked one is empty,
/// and what nobody can read is parked.
fn i9_every_message_ends(view: &View<'_>) -> Result<(), String> {
    if view.ended.is_none() && !view.over {
        return Ok(());
    }
    for (queue, most) in [(Queue::Whatsapp, 8), (Queue::Sms, 5), (Queue::HandOff, 8), (Queue::Spill, 8)] {
        let waiting = view.memory.waiting(queue);
        if let Some(often) = waiting.iter().find(|waiting| waiting.receives > most) {
            return Err(format!("{queue:?}: received {} times: {}", often.receives, often.body));
        }
        if view.over && !waiting.is_empty() {
            return Err(format!("{queue:?} still holds {}", waiting[0].body));
        }
    }
    Ok(())
}

/// I10: a request that nobody signed is refused and makes no call at all.
fn i10_nobody_unknown_moves_anything(view: &View<'_>) -> Result<(), String> {
    match view.ended {
        Some((ended, Some(Told::Forged(_)))) if ended.calls > 0 || ended.done != Done::Answered(401) => {
            Err(format!("a forged webhook ended {:?} after {} calls", ended.done, ended.calls))
        }
        _ => Ok(()),
    }
}

/// I11: no phone, name, link, secret or token is in a log line, a queue or a timer.
fn i11_nothing_personal_leaves_the_store_but_to_the_buyer(view: &View<'_>) -> Result<(), String> {
    let lines = view.news.lines.iter().flat_map(|line| line.fields.values());
    let texts = view.news.queued.iter().chain(lines);
    let leak = |text: &str| seeds::leak(text).is_some() || text.contains("2079460");
    match texts.into_iter().find(|text| leak(text)) {
        Some(text) => Err(format!("leaks: {text}")),
        None => Ok(()),
    }
}

/// I12: what the buyer reads is one line each, bounded, and shows the amount in whole minor units.
fn i12_money_is_whole_and_texts_are_one_line(view: &View<'_>) -> Result<(), String> {
    for sent in &view.news.sent {
        let plain = |text: &String| text.chars().count() <= 1_024 && !text.chars().any(char::is_control);
        if let Some(text) = sent.texts.iter().find(|text| !plain(text)) {
            return Err(format!("{}: {text:?}", sent.claim.case));
        }
        let matter =
            view.memory.case(&sent.claim.case).and_then(|case| case.outreach).map(|outreach| outreach.matter);
        let amount = matter.and_then(|matter| matter.amount).map(|amount| amount.to_string());
        let shows = |amount: &String| sent.texts.iter().any(|text| text.contains(amount));
        let notice = view
            .history
            .claims
            .get(&sent.claim.token)
            .is_some_and(|claim| claim.entry.template.as_str().starts_with("payment_failed"));
        if notice && !amount.as_ref().is_some_and(shows) {
            return Err(format!("{}: {amount:?} is not in {:?}", sent.claim.case, sent.texts));
        }
    }
    Ok(())
}

/// I13: whatever is told, by whomever, only this tenant's items are written.
fn i13_nobody_touches_another_tenant(view: &View<'_>) -> Result<(), String> {
    let own = brand();
    let foreign = view.news.stored.iter().find(|stored| match stored {
        Stored::Case { after, .. } => after.id.brand != own,
        Stored::Recipient { brand, .. } => *brand != own,
    });
    match foreign {
        Some(stored) => Err(format!("wrote {stored:?}")),
        None => Ok(()),
    }
}

/// I14: every message a provider took is in a ledger, every entry that says "sent" is one a provider took or told of, and
/// in the end every case that was opened has ended in exactly one way.
fn i14_the_books_balance(view: &View<'_>) -> Result<(), String> {
    if !view.over {
        return Ok(());
    }
    let cases = view.memory.cases();
    let entries: BTreeMap<Token, SendState> = cases
        .iter()
        .flat_map(|case| case.outreach.iter().flat_map(|outreach| &outreach.ledger))
        .map(|entry| (entry.token.clone(), entry.state))
        .collect();
    let taken: BTreeSet<&Token> =
        view.history.sent.values().flatten().map(|Sent { claim, .. }| &claim.token).collect();
    if let Some(token) = taken.iter().find(|token| !entries.contains_key(**token)) {
        return Err(format!("the message of claim {token:?} is in no ledger"));
    }
    for (token, state) in &entries {
        let went = matches!(state, SendState::Sent | SendState::Delivered | SendState::Read);
        if went && !taken.contains(token) {
            return Err(format!("claim {token:?} says {}, and no provider took it", state.as_str()));
        }
        if *state == SendState::Retryable && taken.contains(token) {
            return Err(format!("claim {token:?} would go again, and a provider took it"));
        }
    }
    let ended =
        cases.iter().filter(|case| matches!(case.state(), State::Closed(_) | State::Disputed)).count();
    if ended == cases.len() { Ok(()) } else { Err(format!("{ended} of {} cases ended", cases.len())) }
}
