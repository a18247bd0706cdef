//! Known answers: a folder with `signatures.json` (signature vectors) and `webhooks/SOURCE/*.json` (payloads).

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::{SignedDuration, Timestamp};
use recoup_core::Secret;
use recoup_processors::{Processor, SignatureError, Unverified, Verified, by_name, recorded};
use serde::{Deserialize, Serialize};

use super::{EventLine, Headers, UsageError, read, read_file};

/// One line of the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Line {
    /// About a signature vector.
    Vector(VectorLine),
    /// About a payload.
    Payload(PayloadLine),
}

/// What the verifier says of one signature vector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VectorLine {
    /// The vector's id.
    pub id: String,
    /// Whether the request is believed.
    pub verdict: VectorVerdict,
    /// The code of the refusal.
    pub reason: Option<&'static str>,
}

/// Whether a vector's request is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VectorVerdict {
    /// Believed.
    Accept,
    /// Refused.
    Reject,
    /// No source of this build has that scheme.
    Unsupported,
}

/// What the normaliser says of one payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PayloadLine {
    /// `SOURCE/NAME.json`.
    pub file: String,
    /// Whether it gave events.
    pub status: PayloadStatus,
    /// The code of the refusal, or of why it is ignored.
    pub reason: Option<&'static str>,
    /// What it says.
    pub events: Vec<EventLine>,
}

/// What became of a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PayloadStatus {
    /// It gave events.
    Recognised,
    /// It gave none, on purpose.
    Ignored,
    /// It could not be read: the function parks it.
    Refused,
    /// No source of this build has that name.
    Unsupported,
}

/// Answers for all that is in the folder, vectors first, each group in a fixed order.
///
/// # Errors
/// [`UsageError`] when the folder has neither vectors nor payloads, or a file of it cannot be read.
pub fn walk(dir: &Path) -> Result<Vec<Line>, UsageError> {
    let (signatures, webhooks) = (dir.join("signatures.json"), dir.join("webhooks"));
    let mut lines = Vec::new();
    if !signatures.is_file() && !webhooks.is_dir() {
        let expected = "a folder with signatures.json or webhooks/";
        return Err(UsageError::Malformed { path: dir.to_owned(), expected });
    }
    if signatures.is_file() {
        lines.extend(vectors(&signatures)?.into_iter().map(Line::Vector));
    }
    if webhooks.is_dir() {
        lines.extend(payloads(&webhooks)?.into_iter().map(Line::Payload));
    }
    Ok(lines)
}

#[derive(Deserialize)]
struct VectorFile {
    vectors: Vec<Vector>,
    #[serde(default)]
    certificates: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Vector {
    id: String,
    scheme: String,
    secret: Option<String>,
    #[serde(default)]
    secrets: Vec<String>,
    now: Option<i64>,
    tolerance: Option<u64>,
    #[serde(default)]
    headers: Headers,
    body_base64: String,
    apigw_event: Option<FrontDoorEvent>,
    notification_url: Option<String>,
    username: Option<String>,
    password: Option<String>,
    public_key: Option<String>,
    private_key: Option<String>,
    webhook_id: Option<String>,
    cert_pem_ref: Option<String>,
    policy: Option<String>,
    bt_challenge: Option<String>,
    response: Option<String>,
}

impl Vector {
    /// The source that has the vector's scheme.
    fn source(&self) -> Option<&'static dyn Processor> {
        by_name(match self.scheme.as_str() {
            "standard_webhooks_v1a" => "standard_webhooks",
            "adyen_payments" | "adyen_header" => "adyen",
            "paypal_cert" => "paypal",
            "mollie_nextgen" => "mollie",
            "chargebee_basic" => "chargebee",
            "braintree_challenge" => "braintree",
            scheme => scheme,
        })
    }

    /// The secrets in the form the source reads; unfit ones are never used.
    fn secrets(&self) -> Vec<Secret> {
        let pair = |user: &Option<String>, password: &Option<String>| {
            Some(format!("{}:{}", user.as_ref()?, password.as_ref()?))
        };
        let pairs =
            pair(&self.username, &self.password).into_iter().chain(pair(&self.public_key, &self.private_key));
        let whole = self.secret.iter().chain(&self.secrets).chain(&self.webhook_id).cloned();
        whole.chain(pairs).filter_map(|secret| Secret::parse(&secret).ok()).collect()
    }
}

/// An API Gateway event, of either payload version.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FrontDoorEvent {
    #[serde(default)]
    headers: Headers,
    #[serde(default)]
    multi_value_headers: Headers,
    #[serde(default)]
    body: String,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// Answers for every vector of a file.
///
/// # Errors
/// [`UsageError`] when it cannot be read or has another form.
pub fn vectors(path: &Path) -> Result<Vec<VectorLine>, UsageError> {
    let expected = "a file of signature vectors";
    let file: VectorFile = serde_json::from_slice(&read_file(path)?)
        .map_err(|_| UsageError::Malformed { path: path.to_owned(), expected })?;
    let answer = |vector: &Vector| {
        let certificates = vector.cert_pem_ref.as_ref().and_then(|name| file.certificates.get(name));
        answer(vector, certificates.map(String::as_bytes))
    };
    Ok(file.vectors.iter().map(answer).collect())
}

fn answer(vector: &Vector, certificates: Option<&[u8]>) -> VectorLine {
    let (verdict, reason) = match vector.source() {
        None => (VectorVerdict::Unsupported, None),
        Some(source) => match believe(source, vector, certificates) {
            Ok(()) => (VectorVerdict::Accept, None),
            Err(reason) => (VectorVerdict::Reject, Some(reason)),
        },
    };
    VectorLine { id: vector.id.clone(), verdict, reason }
}

/// Verifies one vector, as the function does: the front door's encoding undone first, unfit secrets never used.
fn believe(source: &dyn Processor, vector: &Vector, certificates: Option<&[u8]>) -> Result<(), &'static str> {
    let (headers, body) = match &vector.apigw_event {
        None => (vector.headers.to_map(), STANDARD.decode(&vector.body_base64).ok()),
        Some(event) => (event.headers(), event.body()),
    };
    let headers = headers.ok_or(SignatureError::Malformed.code())?;
    let body = body.ok_or("body_not_base64")?;
    let now = vector.now.and_then(|seconds| Timestamp::from_second(seconds).ok()).unwrap_or_default();
    let url = vector.notification_url.as_deref().unwrap_or_default();
    let request = Unverified { certificates, ..Unverified::new(&headers, &body).at(url) };
    let secrets = vector.secrets();
    if let (Some(challenge), Some(response)) = (&vector.bt_challenge, &vector.response) {
        let greeted = source.greet(&format!("bt_challenge={challenge}"), request, &secrets);
        return if greeted.as_ref() == Some(response) {
            Ok(())
        } else {
            Err(SignatureError::Mismatch.code())
        };
    }
    // A vector without a policy takes the certificate it names for PayPal's own.
    if let (Some(webhook_id), None) = (&vector.webhook_id, &vector.policy) {
        return recorded::paypal(request, webhook_id, now).map_err(SignatureError::code);
    }
    source.certificate_url(request).map_err(SignatureError::code)?;
    for now in clocks(now, source.habits().tolerance, vector.tolerance) {
        source.verify(request, &secrets, now).map_err(SignatureError::code)?;
    }
    Ok(())
}

/// The clocks at which a source that is more patient than the vector must believe it: a time is within `asked` of now just
/// when it is within `own` of both of them.
fn clocks(now: Timestamp, own: Option<u64>, asked: Option<u64>) -> Vec<Timestamp> {
    let patience = own.zip(asked).map_or(0, |(own, asked)| own.saturating_sub(asked));
    let shift = SignedDuration::from_secs(i64::try_from(patience).unwrap_or_default());
    [now.checked_add(shift), now.checked_sub(shift)].into_iter().flatten().collect()
}

impl FrontDoorEvent {
    fn headers(&self) -> Option<HeaderMap> {
        if self.multi_value_headers.is_empty() {
            self.headers.to_map()
        } else {
            self.multi_value_headers.to_map()
        }
    }

    fn body(&self) -> Option<Vec<u8>> {
        if self.is_base64_encoded {
            STANDARD.decode(&self.body).ok()
        } else {
            Some(self.body.as_bytes().to_vec())
        }
    }
}

#[derive(Default, Deserialize)]
struct HeadersFile {
    #[serde(default)]
    headers: BTreeMap<String, Headers>,
}

/// What stands beside webhooks in such a folder: an API's answers, requests to it, signatures and the order of a story.
const NO_WEBHOOKS: [&str; 5] =
    ["fetchback.", "rest.", "verify-webhook-signature.", "signatures.json", "story.json"];

/// Answers for every body, `SOURCE/*.json`, `.xml` or `.form`, below a folder, with the headers of its `HEADERS.json` where there is one.
///
/// # Errors
/// [`UsageError`] when something in it cannot be read.
pub fn payloads(dir: &Path) -> Result<Vec<PayloadLine>, UsageError> {
    let headers_path = dir.join("HEADERS.json");
    let headers: HeadersFile = if headers_path.is_file() {
        let expected = "a file of headers";
        serde_json::from_slice(&read_file(&headers_path)?)
            .map_err(|_| UsageError::Malformed { path: headers_path, expected })?
    } else {
        HeadersFile::default()
    };
    let mut lines = Vec::new();
    for folder in list(dir)?.into_iter().filter(|path| path.is_dir()) {
        let body = |path: &PathBuf| {
            let end = path.extension().and_then(OsStr::to_str);
            matches!(end, Some("json" | "xml" | "form"))
                && !NO_WEBHOOKS.iter().any(|start| name(path).starts_with(start))
                && !name(path).contains(".answer")
        };
        for path in list(&folder)?.into_iter().filter(body) {
            let source = name(&folder);
            let file = format!("{source}/{}", name(&path));
            let listed = headers.headers.get(&file).and_then(Headers::to_map);
            let sent = listed.unwrap_or_else(|| beside(&path));
            lines.push(payload(file, by_name(&source), &sent, &wrapped(&read_file(&path)?)));
        }
    }
    Ok(lines)
}

/// The body that a recorded form carries: Braintree's payload stands decoded in a JSON file beside its signature.
fn wrapped(body: &[u8]) -> Vec<u8> {
    let read = || {
        let form: serde_json::Value = serde_json::from_slice(body).ok()?;
        let payload = form.get("bt_payload")?.as_str()?.split_whitespace().collect::<String>();
        STANDARD.decode(payload).ok()
    };
    read().unwrap_or_else(|| body.to_vec())
}

/// The headers in the file beside a body, `Name: value` on each line; none where there is no such file.
fn beside(body: &Path) -> HeaderMap {
    let text = fs::read_to_string(body.with_extension("headers")).unwrap_or_default();
    let pair = |line: &str| {
        let (name, value) = line.split_once(": ")?;
        Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))
    };
    text.lines().filter_map(pair).collect()
}

fn payload(file: String, source: Option<&dyn Processor>, sent: &HeaderMap, body: &[u8]) -> PayloadLine {
    let Some(source) = source else {
        return PayloadLine { file, status: PayloadStatus::Unsupported, reason: None, events: Vec::new() };
    };
    // Payloads come unsigned, and nothing but a build for tools can read such a one.
    let verdict = read(source.normalise(&Verified::recorded(sent, body)));
    let status = match (verdict.accepted(), verdict.events.is_empty()) {
        (false, _) => PayloadStatus::Refused,
        (true, true) => PayloadStatus::Ignored,
        (true, false) => PayloadStatus::Recognised,
    };
    PayloadLine { file, status, reason: verdict.reason, events: verdict.events }
}

fn list(dir: &Path) -> Result<Vec<PathBuf>, UsageError> {
    let unreadable = |error| UsageError::Unreadable { path: dir.to_owned(), error };
    let entries = fs::read_dir(dir).map_err(unreadable)?;
    let mut paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>();
    if let Ok(paths) = &mut paths {
        paths.sort();
    }
    paths.map_err(unreadable)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
