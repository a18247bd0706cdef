//! The URL that Twilio reports a message's statuses to.

use recoup_core::Correlation;

use crate::endpoint::{address, require};
use crate::{MalformedSetting, reference};

/// The query parameter that carries the correlation. Twilio has no field for one, and signs the URL with the rest.
const CORRELATION: &str = "c";

/// The URL without and with what stands behind the query.
#[derive(Debug, Clone)]
pub(super) struct StatusCallback {
    url: String,
    fragment: String,
}

impl StatusCallback {
    pub(super) fn parse(url: &str) -> Result<Self, MalformedSetting> {
        let setting = "status_callback";
        let (plain, fragment) = url.split_at(url.find('#').unwrap_or(url.len()));
        let uri = address(plain, "").map_err(|_| MalformedSetting { setting })?;
        require(uri.host().is_some_and(|host| !host.contains('_')), setting)?;
        require(fragment.bytes().all(|b| b.is_ascii_graphic()), setting)?;
        Ok(Self { url: plain.to_owned(), fragment: fragment.to_owned() })
    }

    /// The URL for one message.
    pub(super) fn url(&self, correlation: &Correlation) -> String {
        format!("{}?{CORRELATION}={}{}", self.url, reference::write(correlation), self.fragment)
    }
}

/// Finds the correlation in the URL that Twilio called.
pub(super) fn correlation(url: &str) -> Option<Correlation> {
    let (_, query) = url.split_once('?')?;
    let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == CORRELATION);
    reference::read(&values.next()?.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_correlation_travels_in_the_query_before_the_fragment() {
        let correlation = Correlation::parse("rcp1/main/stripe/in_1.a/0/sms/t");
        let sent = correlation.clone().expect("well formed");
        for (url, expected) in [
            (
                "https://api.acme.example/channels/twilio",
                "https://api.acme.example/channels/twilio?c=rcp1.main.stripe.in_1.a.0.sms.t",
            ),
            (
                "http://127.0.0.1:4010/t#rc=2&rp=all",
                "http://127.0.0.1:4010/t?c=rcp1.main.stripe.in_1.a.0.sms.t#rc=2&rp=all",
            ),
        ] {
            let url = StatusCallback::parse(url).expect("well formed").url(&sent);
            assert_eq!(url, expected);
            let called = url.split('#').next().expect("there is always a first part");
            assert_eq!(super::correlation(called), correlation, "{called}");
        }
    }

    #[test]
    fn f31_a_malformed_callback_is_refused() {
        for url in [
            "",
            "api.acme.example",
            "http://api.acme.example",
            "https://api_1.acme.example/t",
            "https://api.acme.example/t?x=1",
            "https://api.acme.example/t#a b",
        ] {
            let refused = StatusCallback::parse(url).map(|callback| callback.url);
            assert_eq!(refused, Err(MalformedSetting { setting: "status_callback" }), "{url}");
        }
    }
}
