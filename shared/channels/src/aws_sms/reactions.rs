//! What follows from each exception of the call, and from each failure that AWS reports later (messaging-providers.md
//! section 4).

use recoup_core::{Backoff, OptOutScope, PauseScope, Reaction, Refusal, SendOutcome};

use crate::outcome::{self, label};

/// What follows from one exception, with one reason or, at the end of its exception, with any.
struct Row {
    exception: &'static str,
    reason: Option<&'static str>,
    reaction: Reaction,
    alarm: bool,
    pause: Option<PauseScope>,
}

const fn any(exception: &'static str, reaction: Reaction) -> Row {
    Row { exception, reason: None, reaction, alarm: false, pause: None }
}

const fn row(exception: &'static str, reason: &'static str, reaction: Reaction) -> Row {
    Row { exception, reason: Some(reason), reaction, alarm: false, pause: None }
}

impl Row {
    /// The same, for a person to look at.
    const fn alarming(self) -> Self {
        Self { alarm: true, ..self }
    }

    /// The same, which also stops text messages to the country.
    const fn country(self) -> Self {
        Self { pause: Some(PauseScope::Country), ..self }
    }
}

const LATER: Reaction = Reaction::Retry(Backoff::Seconds);
const CONFLICT: &str = "ConflictException";
const VALIDATION: &str = "ValidationException";
const ACCESS_DENIED: &str = "AccessDeniedException";
const QUOTA: &str = "ServiceQuotaExceededException";

const TABLE: &[Row] = &[
    any("ThrottlingException", LATER),
    any("InternalServerException", LATER),
    row(ACCESS_DENIED, "INSUFFICIENT_ACCOUNT_REPUTATION", Reaction::Hold).alarming(),
    row(ACCESS_DENIED, "ACCOUNT_DISABLED", Reaction::Hold).alarming(),
    row(QUOTA, "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT", Reaction::Hold).alarming(),
    row(CONFLICT, "DESTINATION_PHONE_NUMBER_OPTED_OUT", Reaction::OptOut(OptOutScope::Sms)),
    row(CONFLICT, "DESTINATION_PHONE_NUMBER_NOT_VERIFIED", Reaction::Park).alarming(),
    row(CONFLICT, "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION", Reaction::Drop)
        .alarming()
        .country(),
    row(CONFLICT, "DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE", Reaction::Drop),
    // None of our senders may send there: other countries are reached, so nothing waits for this one.
    row(CONFLICT, "NO_ORIGINATION_IDENTITIES_FOUND", Reaction::Park).alarming().country(),
    row(VALIDATION, "SENDER_ID_REQUIRES_REGISTRATION", Reaction::Park).alarming().country(),
    row(VALIDATION, "DESTINATION_COUNTRY_BLOCKED", Reaction::Drop).alarming().country(),
    row(VALIDATION, "PRICE_OVER_THRESHOLD", Reaction::Drop).alarming().country(),
    any(VALIDATION, Reaction::Park).alarming(),
    any("ResourceNotFoundException", Reaction::Park).alarming(),
    // Beyond the operation's own list: a missing permission, another quota, and the credentials that every AWS API
    // checks. None of them is the message's fault, and none is cured by another attempt.
    any(ACCESS_DENIED, Reaction::Hold).alarming(),
    any(QUOTA, Reaction::Hold).alarming(),
    any("ExpiredTokenException", Reaction::Hold).alarming(),
    any("InvalidSignatureException", Reaction::Hold).alarming(),
    any("UnrecognizedClientException", Reaction::Hold).alarming(),
];

/// Reads the answer to an accepted call.
pub fn accepted(message_id: Option<&str>) -> SendOutcome {
    outcome::accepted(message_id)
}

/// Reads a refusal: the exception's name and, where it has one, its `Reason`.
///
/// An exception that is not listed is shown to a person; no exception at all is no answer of AWS.
pub fn outcome(exception: &str, reason: Option<&str>) -> SendOutcome {
    if exception.is_empty() {
        return SendOutcome::Unknown;
    }
    let reason = reason.filter(|reason| !reason.is_empty());
    let code = label(reason.unwrap_or(exception), "unnamed");
    let listed =
        |wanted: Option<&str>| TABLE.iter().find(|row| row.exception == exception && row.reason == wanted);
    let (reaction, alarm, pause) = match listed(reason).or_else(|| listed(None)) {
        Some(row) => (row.reaction, row.alarm, row.pause),
        None => (Reaction::Park, true, None),
    };
    SendOutcome::Refused(Refusal { code, reaction, alarm, pause })
}

/// What follows from a failure after the message was accepted, by the type of its event.
const FAILURES: &[(&str, Reaction, bool)] = &[
    // No such number, a phone that is off or takes no texts, a carrier that is down.
    ("TEXT_INVALID", Reaction::FallBack, false),
    ("TEXT_UNREACHABLE", Reaction::FallBack, false),
    ("TEXT_CARRIER_UNREACHABLE", Reaction::FallBack, false),
    ("TEXT_BLOCKED", Reaction::FallBack, false),
    // Its time is over, also for any other channel.
    ("TEXT_TTL_EXPIRED", Reaction::Drop, false),
    // The account's own rules for countries and numbers.
    ("TEXT_PROTECT_BLOCKED", Reaction::Drop, true),
    // Filtered, or a text that no carrier takes.
    ("TEXT_CARRIER_BLOCKED", Reaction::Park, true),
    ("TEXT_SPAM", Reaction::Park, true),
    ("TEXT_INVALID_MESSAGE", Reaction::Park, true),
];

/// Looks a failure up; `None` for an event of another kind.
pub(super) fn failure(event_type: &str) -> Option<Refusal> {
    let (code, reaction, alarm) = FAILURES.iter().find(|(listed, ..)| *listed == event_type)?;
    Some(Refusal::new(code, *reaction, *alarm))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stops_everything_or_needs_repair_always_alarms() {
        for row in TABLE {
            let needs_a_person =
                matches!(row.reaction, Reaction::Hold | Reaction::Park) || row.pause.is_some();
            assert!(row.alarm || !needs_a_person, "{} {:?}", row.exception, row.reason);
        }
    }
}
