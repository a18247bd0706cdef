//! Push services: Firebase Cloud Messaging and OneSignal on one port, told apart by the path.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::script::NextStatus;
use super::server::{Provider, Reading};
use super::wire::{Answer, Request};
use super::{Credentials, fcm, onesignal};
use crate::LocalError;

/// The stub of both push services.
pub(super) struct Push {
    fcm_token: String,
    onesignal: onesignal::App,
}

impl Push {
    pub(super) fn new(credentials: &Credentials) -> Self {
        let (id, key) = (credentials.onesignal_app_id.clone(), credentials.onesignal_api_key.clone());
        Self { fcm_token: credentials.push_token.clone(), onesignal: onesignal::App { id, key } }
    }
}

impl Provider for Push {
    fn read(&self, request: &Request, _now: Timestamp) -> Result<Reading, Answer> {
        if request.path == "/notifications" {
            self.onesignal.read(request)
        } else {
            fcm::read(request, &self.fcm_token)
        }
    }

    fn accepted(self: Arc<Self>, _request: &Request, _answer: &Answer, _statuses: Vec<NextStatus>) {}

    async fn control(self: Arc<Self>, _request: Request) -> Option<Result<Value, LocalError>> {
        None
    }
}
