//! What is queued for people and for the merchant's own systems. The text is written when it is decided, so that whoever opens
//! the queue's dead letters reads what would have been said.

use recoup_channels::handoff::slack;
use recoup_channels::handoff::webhook::Notice;
use recoup_core::{CaseId, Ended, HandOff, Link, State, Told};
use serde::{Deserialize, Serialize};

use crate::ports::Outgoing;
use crate::queue::MalformedMessage;

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outlet {
    /// A Slack channel.
    Slack,
    /// The merchant's help desk or workflow.
    HelpDesk,
    /// The merchant's own system that keeps accounts.
    Ends,
}

impl Outlet {
    /// The name in settings, logs and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::HelpDesk => "help_desk",
            Self::Ends => "ends",
        }
    }
}

/// One thing that one receiver is told.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    v: u8,
    /// Who.
    pub to: Outlet,
    /// The id that every delivery carries.
    pub id: String,
    /// The case.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub case: Option<CaseId>,
    /// The end that is told: the round and the state.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    end: Option<(u16, String)>,
    /// The body of the request.
    pub body: String,
}

impl std::fmt::Debug for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Note({:?} {}, {} bytes)", self.to, self.id, self.body.len())
    }
}

impl Note {
    /// A buyer who needs a person, for Slack.
    pub fn to_slack(handoff: &HandOff, case_page: Option<&Link>) -> Self {
        let body = String::from_utf8_lossy(&slack::message(handoff, case_page)).into_owned();
        Self { v: 1, to: Outlet::Slack, id: handoff.id.clone(), case: handoff.case.clone(), end: None, body }
    }

    /// A buyer who needs a person, for the help desk.
    pub fn to_help_desk(handoff: &HandOff) -> Self {
        Self::of_notice(Outlet::HelpDesk, handoff.case.clone(), Notice::opened(handoff))
    }

    /// How a case ended.
    pub fn of_end(ended: &Ended) -> Self {
        let end = Some((ended.round, ended.state.as_str().to_owned()));
        Self { end, ..Self::of_notice(Outlet::Ends, Some(ended.case.clone()), Notice::ended(ended)) }
    }

    fn of_notice(to: Outlet, case: Option<CaseId>, notice: Notice) -> Self {
        let body = String::from_utf8_lossy(&notice.body).into_owned();
        Self { v: 1, to, id: notice.id, case, end: None, body }
    }

    /// The end that is told, if it is one.
    pub fn told(&self) -> Option<Told> {
        let (round, state) = self.end.as_ref()?;
        Some(Told { round: *round, state: State::parse(state)? })
    }

    /// The message as queued. Its attributes say in the console what it is about.
    pub fn into_message(self) -> Outgoing {
        let case = self.case.as_ref().map(CaseId::to_string);
        let mut attributes = vec![("outlet", self.to.as_str().to_owned())];
        attributes.extend(case.map(|case| ("case", case)));
        Outgoing { body: serde_json::to_string(&self).unwrap_or_default(), attributes, ..Outgoing::default() }
    }

    /// Reads a queued note.
    ///
    /// # Errors
    /// [`MalformedMessage`] for anything but a note of version 1.
    pub fn parse(body: &str) -> Result<Self, MalformedMessage> {
        let note: Self = serde_json::from_str(body).map_err(|_| MalformedMessage)?;
        if note.v == 1 { Ok(note) } else { Err(MalformedMessage) }
    }
}
