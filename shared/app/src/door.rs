//! The doors of the message providers: by what each is believed, and how its words are read.

use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;
use recoup_channels::{
    ChannelParseError, ChannelSignatureError, VerifiedChannelWebhook, meta, msg91, rapiwa, twilio,
    verify_path_secret,
};
use recoup_core::{Channel, ChannelEvent, Secret};

use crate::credentials::{MetaCredentials, Msg91Credentials, RapiwaCredentials, TwilioCredentials};
use crate::http::{Answer, Request};
use crate::ports::{SecretError, SecretName};

/// A provider that posts webhooks.
pub(crate) struct Door {
    /// Its name, in the path and in logs.
    pub(crate) name: &'static str,
    /// The secret by which it is believed.
    pub(crate) secret: SecretName,
    /// What it shows.
    pub(crate) proof: Proof,
    /// Whether a request has the form of its webhooks; asked only about one that shows nothing.
    pub(crate) fits: fn(&Request) -> bool,
    /// What it is answered when its webhook is taken.
    pub(crate) taken: fn() -> Answer,
    verify: fn(Posted<'_>, &Secret) -> Result<Verified, SecretError>,
    read: fn(&VerifiedChannelWebhook, &str, Timestamp) -> Result<Said, ChannelParseError>,
}

/// By what a provider is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// A signature over what it posted.
    Signature,
    /// A secret in the path: it is never kept, so neither is what it alone proves.
    Password,
}

/// A webhook as it was posted.
pub(crate) struct Posted<'a> {
    /// The headers.
    pub(crate) headers: &'a HeaderMap,
    /// The URL as the provider was told it, with its query.
    pub(crate) url: &'a str,
    /// The secret in its path.
    pub(crate) path_secret: Option<&'a Secret>,
    /// The body.
    pub(crate) body: Bytes,
}

/// A body that is believed, or why it is not.
type Verified = Result<VerifiedChannelWebhook, ChannelSignatureError>;

/// What a webhook says, and what the messages it is about travelled by.
type Said = (Channel, Vec<ChannelEvent>);

static DOORS: [Door; 4] = [
    Door {
        name: "meta",
        secret: SecretName::Meta,
        proof: Proof::Signature,
        fits: Request::is_json,
        taken: || Answer::of(Answer::OK),
        verify: |posted, secret| {
            let secrets = MetaCredentials::parse(secret)?.app_secrets;
            Ok(meta::verify(posted.headers, posted.body, &secrets))
        },
        read: |verified, _, _| Ok((Channel::Whatsapp, meta::events(verified)?)),
    },
    Door {
        name: "twilio",
        secret: SecretName::Twilio,
        proof: Proof::Signature,
        fits: Request::is_form,
        taken: Answer::silence,
        verify: |posted, secret| {
            let tokens = TwilioCredentials::parse(secret)?.auth_tokens;
            Ok(twilio::verify(posted.headers, posted.url, posted.body, &tokens))
        },
        read: |verified, url, at| Ok((twilio::channel(verified), twilio::events(verified, url, at)?)),
    },
    Door {
        name: "msg91",
        secret: SecretName::Msg91,
        proof: Proof::Password,
        fits: Request::is_form,
        taken: || Answer::of(Answer::OK),
        verify: |posted, secret| Ok(posted.by_path(&Msg91Credentials::parse(secret)?.webhook_secrets)),
        read: |verified, _, _| Ok((Channel::Sms, msg91::events(verified)?)),
    },
    Door {
        name: "rapiwa",
        secret: SecretName::Rapiwa,
        proof: Proof::Password,
        fits: Request::is_json,
        taken: || Answer::of(Answer::OK),
        verify: |posted, secret| Ok(posted.by_path(&RapiwaCredentials::parse(secret)?.webhook_secrets)),
        read: |verified, _, _| Ok((Channel::Whatsapp, rapiwa::events(verified))),
    },
];

impl Door {
    /// The door of this name.
    pub(crate) fn of(name: &str) -> Option<&'static Self> {
        DOORS.iter().find(|door| door.name == name)
    }

    /// Believes what was posted, or says why not.
    ///
    /// # Errors
    /// [`SecretError`] when the secret cannot be used, so that nothing can be told.
    pub(crate) fn verify(&self, posted: Posted<'_>, secret: &Secret) -> Result<Verified, SecretError> {
        (self.verify)(posted, secret)
    }

    /// Reads what a body says that was posted to this URL at this time.
    ///
    /// # Errors
    /// [`ChannelParseError`] when it holds no events.
    pub(crate) fn read(
        &self,
        verified: &VerifiedChannelWebhook,
        url: &str,
        at: Timestamp,
    ) -> Result<Said, ChannelParseError> {
        (self.read)(verified, url, at)
    }
}

impl Posted<'_> {
    fn by_path(self, secrets: &[Secret]) -> Verified {
        verify_path_secret(self.path_secret.map_or("", Secret::expose), self.body, secrets)
    }
}
