//! Verified webhooks of Meta. Input: the body.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use recoup_channels::meta::{SIGNATURE_HEADER, events, verify};
use recoup_channels::{ChannelParseError, VerifiedChannelWebhook};
use recoup_core::{
    ChannelEvent, Contact, Correlation, DeliveryStatus, News, Refusal, Reply, StatusReport, TemplateNews,
};

use crate::input::{mac, secret};
use crate::shown::{assert_e164, assert_silent};

/// The longest of Meta's codes.
const LONGEST_CODE: usize = 20;

/// A body gives events that can be applied, each in bounds, or a reason that says nothing of its content.
pub fn check(data: &[u8]) {
    match read(data) {
        Ok(events) => events.into_iter().for_each(|event| check_event(event, LONGEST_CODE)),
        Err(error) => assert_silent(&error),
    }
}

/// Signs a body, verifies it and reads its events.
pub(crate) fn read(body: &[u8]) -> Result<Vec<ChannelEvent>, ChannelParseError> {
    events(&verified(body))
}

fn verified(body: &[u8]) -> VerifiedChannelWebhook {
    let key = secret("key");
    let value = HeaderValue::try_from(format!("sha256={}", mac(&key, body))).expect("hexadecimal");
    let headers = HeaderMap::from_iter([(HeaderName::from_static(SIGNATURE_HEADER), value)]);
    verify(&headers, Bytes::copy_from_slice(body), &[key]).expect("just signed")
}

/// An event is in bounds, shows nobody's number, and is about the case that its correlation string names.
pub(crate) fn check_event(event: ChannelEvent, longest_code: usize) {
    let shown = format!("{event:?}");
    match &event {
        ChannelEvent::OptedOut { from, .. }
        | ChannelEvent::OptedIn { from, .. }
        | ChannelEvent::Replied(Reply { from, .. }) => {
            assert!(*from != Contact::default(), "somebody wrote");
            if let Some(phone) = &from.phone {
                assert_e164(phone.expose());
                assert!(!shown.contains(phone.expose()), "a phone shows in {shown}");
            }
        }
        ChannelEvent::Ignored { kind } => {
            let plain = kind.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            assert!((1..=96).contains(&kind.len()) && plain, "{kind:?} as a counter's name");
        }
        ChannelEvent::News(
            News::Template { news: TemplateNews::Usable(_, code), .. }
            | News::NumberQuality { code, .. }
            | News::Account { code, .. }
            | News::Barred { code, .. },
        )
        | ChannelEvent::Trouble(Refusal { code, .. }) => {
            assert!(
                (1..=128).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_graphic()),
                "{code:?}"
            );
        }
        ChannelEvent::News(News::Template { .. } | News::Capped) => {}
        ChannelEvent::Status { correlation, provider_id, status, .. } => {
            assert!(
                (1..=256).contains(&provider_id.len()) && provider_id.bytes().all(|b| b.is_ascii_graphic())
            );
            if let DeliveryStatus::Failed(refusal) = status {
                assert!(refusal.code.len() <= longest_code, "{} is no code", refusal.code);
            }
            let sent = correlation.as_ref();
            assert_eq!(sent.and_then(|sent| Correlation::parse(&sent.to_string())).as_ref(), sent);
        }
    }
    let case = match &event {
        ChannelEvent::Status { correlation, .. } => correlation.as_ref().map(|sent| sent.case.clone()),
        _ => None,
    };
    assert_eq!(StatusReport::of(event).map(|(id, _)| id), case, "a status of another case");
}
