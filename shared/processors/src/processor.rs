//! The shape of a source: what it is given, what it answers, how it behaves.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use recoup_core::{Link, Secret};

use crate::{NormaliseError, Normalised, SignatureError, SourceApi, Unanswered};

/// A request as it came in: nothing in it may be believed.
#[derive(Clone, Copy)]
pub struct Unverified<'a> {
    /// The headers of the request.
    pub headers: &'a HeaderMap,
    /// The body's exact bytes, after the front door's base64 is undone and before any other change.
    pub body: &'a [u8],
    /// The public URL that the source was told to post to, byte for byte; some schemes sign it.
    pub url: &'a str,
    /// What was found under [`Processor::certificate_url`]: certificates in PEM.
    pub certificates: Option<&'a [u8]>,
}

impl<'a> Unverified<'a> {
    /// A request of a source that signs neither the URL nor with a certificate.
    pub fn new(headers: &'a HeaderMap, body: &'a [u8]) -> Self {
        Self { headers, body, url: "", certificates: None }
    }

    /// The same request, posted to this URL.
    #[must_use]
    pub fn at(self, url: &'a str) -> Self {
        Self { url, ..self }
    }
}

impl fmt::Debug for Unverified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unverified({} bytes)", self.body.len())
    }
}

/// A body that carries a proof of its source; only [`Processor::verify`] makes one.
#[derive(Clone)]
pub struct Verified<'a> {
    headers: &'a HeaderMap,
    body: Cow<'a, [u8]>,
}

impl<'a> Verified<'a> {
    /// Marks a request as signed. For the implementations of [`Processor::verify`] only.
    pub(crate) fn new(request: Unverified<'a>) -> Self {
        Self { headers: request.headers, body: Cow::Borrowed(request.body) }
    }

    /// Marks as signed what a request carries in another form. For the implementations of [`Processor::verify`] only.
    pub(crate) fn decoded(request: Unverified<'a>, body: Vec<u8>) -> Self {
        Self { headers: request.headers, body: Cow::Owned(body) }
    }

    /// Takes a body for signed, so that recorded payloads whose signature is not at hand can be normalised.
    ///
    /// Only in builds with the feature `recorded`, which no function has.
    #[cfg(feature = "recorded")]
    pub fn recorded(headers: &'a HeaderMap, body: &'a [u8]) -> Self {
        Self { headers, body: Cow::Borrowed(body) }
    }

    /// The bytes that were signed.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The text of a header; `None` when it is absent, empty or not ASCII. Where the scheme does not sign headers they are
    /// only as good as the body they came with.
    pub(crate) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok().map(str::trim).filter(|text| !text.is_empty())
    }
}

impl fmt::Debug for Verified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verified({} bytes)", self.body.len())
    }
}

/// Which function a source belongs to: each holds only the secrets of its own sources, and fails alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Payment processors.
    Payment,
    /// Stores.
    Cart,
    /// Vendors of identity checks.
    Kyc,
    /// The merchant's own backends.
    Merchant,
}

impl Family {
    /// The name in the folder of a source's secret.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Cart => "cart",
            Self::Kyc => "kyc",
            Self::Merchant => "merchant",
        }
    }
}

/// How a source behaves beyond its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Habits {
    /// Whether it delivers again what was not answered 2xx. From one that does not, everything is kept at once.
    pub redelivers: bool,
    /// The status it expects for a request that it did not sign.
    pub refusal: u16,
    /// How many seconds a signature stays good, on both sides; `None` where the scheme signs no time.
    pub tolerance: Option<u64>,
    /// Whether its proof covers the body. Where it is a password only, what the body says is asked back.
    pub signs_body: bool,
}

impl Habits {
    /// A source that signs what it sends, without a time, and delivers again.
    pub const UNTIMED: Self = Self { redelivers: true, refusal: 401, tolerance: None, signs_body: true };
    /// The same with a time, good for five minutes: the tolerance of Stripe's and Standard Webhooks' libraries.
    pub const TIMED: Self = Self { tolerance: Some(300), ..Self::UNTIMED };
}

/// What a source sends for a body, as it signs it.
#[derive(Clone)]
pub struct Signed {
    /// The headers that prove it.
    pub headers: HeaderMap,
    /// The body as it is sent: most sources leave it as it is.
    pub body: Vec<u8>,
}

impl Signed {
    /// The body as it is, with one header.
    pub(crate) fn with(name: &HeaderName, value: String, body: &[u8]) -> Option<Self> {
        let headers = HeaderMap::from_iter([(name.clone(), HeaderValue::try_from(value).ok()?)]);
        Some(Self { headers, body: body.to_vec() })
    }
}

impl fmt::Debug for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signed({} bytes)", self.body.len())
    }
}

/// A source of webhooks.
pub trait Processor: SourceApi {
    /// The name in the webhook path and in the key of a case.
    fn name(&self) -> &'static str;

    /// The function it belongs to.
    fn family(&self) -> Family;

    /// How it behaves beyond its bytes.
    fn habits(&self) -> Habits;

    /// Answers what is no webhook: the source's question whether the URL is ours, `query` being that of a GET and empty for
    /// a POST. The text is sent back with 200; `None` for everything else.
    fn greet(&self, _query: &str, _request: Unverified<'_>, _secrets: &[Secret]) -> Option<String> {
        None
    }

    /// Where the certificates are that this request names, if its scheme needs any. Only an address of the source itself
    /// is given out, so that fetching it is safe.
    ///
    /// # Errors
    /// [`SignatureError`] when the request names another place.
    fn certificate_url(&self, _request: Unverified<'_>) -> Result<Option<Link>, SignatureError> {
        Ok(None)
    }

    /// Checks that the source signed these bytes, with any of `secrets`, at a time near `now`.
    ///
    /// # Errors
    /// [`SignatureError`] says why the request is not believed.
    fn verify<'a>(
        &self,
        request: Unverified<'a>,
        secrets: &[Secret],
        now: Timestamp,
    ) -> Result<Verified<'a>, SignatureError>;

    /// Reads what a verified body says.
    ///
    /// # Errors
    /// [`NormaliseError`] when the body cannot be read or lacks what decides. Members that only decorate a message
    /// (names, phones, metadata) never fail it.
    fn normalise(&self, verified: &Verified<'_>) -> Result<Normalised, NormaliseError>;

    /// Adds what the API answered to the first of [`Normalised::asks`], and takes that off the list. May ask on.
    ///
    /// # Errors
    /// [`Unanswered`] when the answer gives nothing to act on.
    fn complete(
        &self,
        normalised: Normalised,
        _answer: &http::Response<Bytes>,
    ) -> Result<Normalised, Unanswered> {
        Ok(Normalised { asks: Vec::new(), ..normalised })
    }

    /// Makes what the source would send for `body` to `url`: for tests, benches, and the local stack.
    ///
    /// `None` when only the source itself can sign.
    fn sign(&self, body: &[u8], secret: &Secret, at: Timestamp, url: &str) -> Option<Signed>;
}
