//! Why: the stable code of every decision, sent or silent.

macro_rules! reasons {
    ($(#[doc = $doc:literal] $name:ident = $code:literal,)*) => {
        /// Why a decision fell as it did. The code is stored, logged and looked up in `infra/RUNBOOK.md`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $(#[doc = $doc] $name,)*
        }

        impl Reason {
            /// Every reason, in the order they are declared.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable code.
            pub fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            /// The reason in a sentence, for people.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$name => $doc.trim_ascii(),)*
                }
            }

            /// Reads the code back.
            pub fn parse(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|reason| reason.code() == code)
            }
        }
    };
}

reasons! {
    /// A first failure opened the case.
    Opened = "opened",
    /// A further fact about a known debt was merged.
    Updated = "updated",
    /// The same event or the same fact was known already.
    Duplicate = "duplicate",
    /// The money arrived.
    Paid = "paid",
    /// The demand was withdrawn.
    Voided = "voided",
    /// The merchant gave the money up.
    Uncollectible = "uncollectible",
    /// The subscription ended.
    Cancelled = "cancelled",
    /// The money went back.
    Refunded = "refunded",
    /// Part of the money went back; nothing changes.
    RefundedInPart = "refunded_in_part",
    /// The standing obligation has paid, or the buyer has bought: what happened until then is settled.
    Recovered = "recovered",
    /// The buyer has handed in again.
    Answered = "answered",
    /// The check was refused for good; nothing is asked of the buyer.
    FinalRefusal = "final_refusal",
    /// The cart changed, so the first message waits again.
    Moved = "moved",
    /// The checkout became an order.
    Completed = "completed",
    /// The buyer passed the check.
    Approved = "approved",
    /// Another tool's message was counted.
    Touched = "touched",
    /// Good to know; nothing changes.
    Noted = "noted",
    /// A dispute is open.
    Disputed = "disputed",
    /// A dispute ended for the merchant.
    DisputeWon = "dispute_won",
    /// A dispute ended for the buyer.
    DisputeLost = "dispute_lost",
    /// The case had ended before.
    AlreadyClosed = "already_closed",
    /// The step was claimed and goes to the provider.
    Claimed = "claimed",
    /// The provider took the message.
    Sent = "sent",
    /// The message reached the device.
    Delivered = "delivered",
    /// The message was opened.
    Read = "read",
    /// The provider asked for another try.
    Retrying = "retrying",
    /// The provider refused for good; the next channel may go.
    Failed = "failed",
    /// The provider refused for good and nobody else tries.
    Dropped = "dropped",
    /// The request or template is wrong; a person must look.
    Malformed = "malformed_request",
    /// Nobody knows whether the message went; it is not sent again.
    OutcomeUnknown = "outcome_unknown",
    /// The account or number cannot send now; the step waits without using up attempts.
    Held = "account_held",
    /// The step had gone already.
    AlreadySent = "already_sent",
    /// The queued step was overtaken by a later decision.
    Superseded = "superseded",
    /// The step came before its time.
    NotYetDue = "not_yet_due",
    /// Moved behind the processor's own retry, which may cure the debt.
    AwaitsRetry = "awaits_retry",
    /// Moved to the opening of the buyer's send window.
    QuietHours = "quiet_hours",
    /// The buyer's clock is unknown, so no hour is safe.
    NoSendWindow = "no_send_window",
    /// Another message went within the hour.
    TouchGap = "touch_gap",
    /// The lane's cap is used up.
    Cap = "cap",
    /// The step came too late to be of use.
    Stale = "stale",
    /// No number is known for the buyer.
    NoPhone = "no_phone",
    /// The processor could not be asked for the buyer's number.
    BuyerUnreachable = "buyer_unreachable",
    /// The processor could not be asked whether the money is still owed.
    UnverifiedDebt = "unverified_debt",
    /// Failures still come from this source and successes no longer do; its steps wait.
    SuccessesStopped = "successes_stopped",
    /// No payment link, or one outside the approved base.
    NoLink = "no_link",
    /// A template variable has no value.
    MissingVariable = "missing_variable",
    /// The template or its language is not part of this version.
    UnknownTemplate = "unknown_template",
    /// The buyer asked for silence.
    OptedOut = "opted_out",
    /// The step is marketing and the buyer did not agree to it.
    NoMarketingConsent = "no_marketing_consent",
    /// Another case tells the buyer of the same debt.
    SameDebt = "same_debt",
    /// The last step is over.
    Exhausted = "exhausted",
    /// The message names a case that does not exist.
    UnknownCase = "unknown_case",
    /// A status that is no news.
    OldStatus = "old_status",
    /// A status for a send that is not ours.
    ForeignStatus = "foreign_status",
    /// The sweep found a lost timer and set it again.
    Repaired = "repaired",
    /// An earlier message of the same notice got far enough; no further channel is used.
    Reached = "reached",
    /// The buyer wrote something that a person or a date must settle first.
    Frozen = "frozen",
    /// A person has dealt with what the buyer wrote; the messages go on.
    Resolved = "resolved",
    /// The buyer wrote; a person is told.
    HandedOff = "handed_off",
    /// The buyer asked for another day.
    PutOff = "put_off",
    /// The buyer says that it is paid; the source is asked.
    PaidAlready = "paid_already",
    /// The number belongs to somebody else.
    WrongPerson = "wrong_person",
    /// The buyer is in distress; no message goes by itself any more.
    Distress = "distress",
    /// The buyer asked something that an answer of ours settles.
    ReplyAnswered = "reply_answered",
    /// What the buyer asked for was answered before, or too long ago.
    AnswerSpent = "answer_spent",
    /// The merchant's own systems know how the case ended.
    Told = "told",
    /// No app is known for the buyer.
    NoApp = "no_app",
    /// Marketing to this number does not go by this channel.
    NotByThisChannel = "not_by_this_channel",
    /// The provider keeps this back for a while: the account, its marketing, a template or a country.
    Paused = "paused",
    /// Less marketing goes while buyers or the provider dislike it.
    Governed = "governed",
    /// What a provider said about the account, a number or a template was recorded.
    Heeded = "heeded",
    /// Nothing was due.
    NothingOwed = "nothing_owed",
    /// The buyer agreed to be messaged again.
    OptedIn = "opted_in",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o22_every_reason_reads_back_from_its_code_and_no_code_is_used_twice() {
        for reason in Reason::ALL {
            assert_eq!(Reason::parse(reason.code()), Some(*reason));
        }
    }
}
