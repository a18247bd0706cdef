//! Webhooks that wait in a queue. Input: the queued message; or the second of arrival, a header and a body to be kept.

use http::{HeaderMap, HeaderName, HeaderValue};
use recoup_app::queue::{Entrance, KeptWebhook};

use crate::input::Lines;
use crate::shown::{MARK, assert_silent};

/// What is kept comes back byte for byte with its signature, without any other header, and does not show itself.
pub fn check(data: &[u8]) {
    match KeptWebhook::parse(&String::from_utf8_lossy(data)) {
        Ok(kept) => {
            let _ = kept.header_map();
            if let Err(error) = kept.body() {
                assert_silent(&error);
            }
            assert_eq!(KeptWebhook::parse(&kept.to_message()).as_ref(), Ok(&kept));
        }
        Err(error) => assert_silent(&error),
    }
    check_kept(data);
}

fn check_kept(data: &[u8]) {
    let mut input = Lines::of(data);
    let (at, signature) = (input.instant(), input.line());
    let body = input.rest();
    let signature = HeaderValue::try_from(&*signature).unwrap_or(HeaderValue::from_static("none"));
    let mut headers = HeaderMap::new();
    headers.insert("x-hub-signature-256", signature.clone());
    headers.insert("authorization", HeaderValue::from_static(MARK));
    headers.insert("cookie", HeaderValue::from_static(MARK));
    for entrance in [Entrance::Webhook, Entrance::Channel] {
        let kept = KeptWebhook::new(entrance, "stripe", at, &headers, body);
        let message = kept.to_message();
        assert!(message.is_ascii() && !message.contains('\n'), "{message:?} is not plain");
        let again = KeptWebhook::parse(&message).expect("one of ours");
        assert_eq!(again, kept);
        assert_eq!(again.body().as_deref(), Ok(body));
        assert_eq!((again.entrance, again.received_at), (entrance, at.as_second()));
        let name = HeaderName::from_static("x-hub-signature-256");
        let expected = signature.to_str().ok().map(|_| &signature);
        assert_eq!(again.header_map().get(name), expected, "another signature");
        assert!(again.headers.len() <= 1, "more than the signature was kept");
        assert!(again.headers.iter().all(|(name, _)| name.contains("signature")), "a credential was kept");
        assert_eq!(format!("{again:?}"), format!("{kept:?}"));
        assert!(!format!("{kept:?}").contains(MARK), "what is kept shows");
    }
}
