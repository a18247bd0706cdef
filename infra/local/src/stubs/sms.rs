//! Text messages: AWS End User Messaging and Twilio on one port, told apart by the request.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::script::NextStatus;
use super::server::{Provider, Reading};
use super::wire::{Answer, Request};
use super::{Credentials, end_user_messaging, twilio};
use crate::LocalError;

/// The stub of both text-message providers.
pub(super) struct Sms {
    twilio: twilio::Account,
}

impl Sms {
    pub(super) fn new(credentials: &Credentials) -> Self {
        Self {
            twilio: twilio::Account {
                sid: credentials.twilio_account_sid.clone(),
                token: credentials.twilio_auth_token.clone(),
            },
        }
    }
}

impl Provider for Sms {
    fn read(&self, request: &Request, now: Timestamp) -> Result<Reading, Answer> {
        if request.header("x-amz-target").is_some() {
            end_user_messaging::read(request)
        } else {
            self.twilio.read(request, now)
        }
    }

    fn accepted(self: Arc<Self>, _request: &Request, _answer: &Answer, _statuses: Vec<NextStatus>) {}

    async fn control(self: Arc<Self>, _request: Request) -> Option<Result<Value, LocalError>> {
        None
    }
}
