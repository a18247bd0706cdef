//! Known answers: a folder with `signatures.json` (signature vectors) and `webhooks/SOURCE/*.json` (payloads).

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use jiff::Timestamp;
use recoup_core::Secret;
use recoup_processors::{Processor, SignatureError, Unverified, by_name};
use serde::{Deserialize, Serialize};

use super::{EventLine, Headers, UsageError, Verdict, check, read_file};

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
}

#[derive(Deserialize)]
struct Vector {
    id: String,
    scheme: String,
    secret: Option<String>,
    #[serde(default)]
    secrets: Vec<String>,
    now: Option<i64>,
    #[serde(default)]
    headers: Headers,
    body_base64: String,
    apigw_event: Option<FrontDoorEvent>,
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
    Ok(file.vectors.iter().map(vector).collect())
}

fn vector(vector: &Vector) -> VectorLine {
    let (verdict, reason) = match by_name(&vector.scheme) {
        None => (VectorVerdict::Unsupported, None),
        Some(source) => match believe(source, vector) {
            Ok(()) => (VectorVerdict::Accept, None),
            Err(reason) => (VectorVerdict::Reject, Some(reason)),
        },
    };
    VectorLine { id: vector.id.clone(), verdict, reason }
}

/// Verifies one vector, as the function does: the front door's encoding undone first, unfit secrets never used.
fn believe(source: &dyn Processor, vector: &Vector) -> Result<(), &'static str> {
    let secrets = vector.secret.iter().chain(&vector.secrets);
    let secrets: Vec<Secret> = secrets.filter_map(|secret| Secret::parse(secret).ok()).collect();
    let (headers, body) = match &vector.apigw_event {
        None => (vector.headers.to_map(), STANDARD.decode(&vector.body_base64).ok()),
        Some(event) => (event.headers(), event.body()),
    };
    let headers = headers.ok_or(SignatureError::Malformed.code())?;
    let body = body.ok_or("body_not_base64")?;
    let now = vector.now.and_then(|seconds| Timestamp::from_second(seconds).ok()).unwrap_or_default();
    let request = Unverified { headers: &headers, body: &body };
    source.verify(request, &secrets, now).map(drop).map_err(SignatureError::code)
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
    headers: std::collections::BTreeMap<String, Headers>,
}

/// Answers for every `SOURCE/*.json` below a folder, with the headers of its `HEADERS.json` where there is one.
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
        for path in list(&folder)?.into_iter().filter(|path| path.extension() == Some(OsStr::new("json"))) {
            let source = name(&folder);
            let file = format!("{source}/{}", name(&path));
            let sent = headers.headers.get(&file).and_then(Headers::to_map).unwrap_or_default();
            lines.push(payload(file, by_name(&source), sent, &read_file(&path)?));
        }
    }
    Ok(lines)
}

fn payload(file: String, source: Option<&dyn Processor>, sent: HeaderMap, body: &[u8]) -> PayloadLine {
    let Some(verdict) = source.and_then(|source| sign_and_check(source, sent, body)) else {
        return PayloadLine { file, status: PayloadStatus::Unsupported, reason: None, events: Vec::new() };
    };
    let status = match (verdict.accepted(), verdict.events.is_empty()) {
        (false, _) => PayloadStatus::Refused,
        (true, true) => PayloadStatus::Ignored,
        (true, false) => PayloadStatus::Recognised,
    };
    PayloadLine { file, status, reason: verdict.reason, events: verdict.events }
}

/// Payloads come unsigned, and an unsigned body cannot be normalised: it is signed here, with a secret of its own.
fn sign_and_check(source: &dyn Processor, mut headers: HeaderMap, body: &[u8]) -> Option<Verdict> {
    let (secret, now) = (Secret::parse("signed-by-the-conformance-walk").ok()?, Timestamp::UNIX_EPOCH);
    headers.extend(source.sign(body, &secret, now)?);
    Some(check(source, Unverified { headers: &headers, body }, &[secret], now))
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
