//! Where payloads come from, and how results are written down.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use recoup_core::{
    Address, CaseId, Category, Channel, ChannelEvent, Contact, Content, Correlation, DeliveryStatus, Message,
    News, Phone, Refusal, SendOutcome, StepIndex, TemplateContent, TextContent, Token,
};
use serde_json::Value;

/// Finds the providers' folder of `RECOUP_FIXTURES`, or of the folder beside the project; says so when there is none.
#[expect(
    clippy::disallowed_methods,
    reason = "tests are told by the environment where the shared fixtures are"
)]
pub(crate) fn shared(test: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
    let folder = std::env::var_os("RECOUP_FIXTURES").map_or(beside, PathBuf::from).join("providers");
    if folder.is_dir() {
        return Some(folder);
    }
    // Written past the harness, which shows what a passing test prints to nobody.
    let line = format!("SKIPPED {test}: no folder {}; set RECOUP_FIXTURES\n", folder.display());
    std::io::stderr().write_all(line.as_bytes()).expect("stderr is open");
    None
}

/// Reads this crate's own fixture folder of one provider.
pub(crate) fn own(provider: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(provider)
}

pub(crate) fn json(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Lists the files of a folder as (name without `.json`, path), sorted.
pub(crate) fn files(folder: &Path, prefix: &str) -> Vec<(String, PathBuf)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|file| file.expect("folder can be listed").path())
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.strip_suffix(".json")?.to_owned();
            name.starts_with(prefix).then_some((name, path))
        })
        .collect();
    files.sort();
    files
}

pub(crate) fn answer(status: u16, body: impl Into<Bytes>) -> http::Response<Bytes> {
    http::Response::builder().status(status).body(body.into()).expect("valid status")
}

pub(crate) fn message(channel: Channel, content: Content) -> Message {
    let correlation = Correlation {
        case: CaseId::parse("main/stripe/in_1").expect("well formed"),
        step: StepIndex(0),
        channel,
        token: Token::parse("tok1").expect("well formed"),
    };
    Message {
        to: Address::Phone(Phone::parse("+16505551234").expect("well formed")),
        correlation,
        category: Category::Utility,
        ttl: Duration::from_hours(4),
        content,
    }
}

pub(crate) fn template() -> TemplateContent {
    TemplateContent {
        positional: false,
        image: None,
        copy_code: None,
        name: recoup_core::Name::parse("payment_failed_day0").expect("well formed"),
        language: "en_US".to_owned(),
        parameters: vec![
            ("first_name".to_owned(), "Sheena".to_owned()),
            ("amount".to_owned(), "$49.00".to_owned()),
        ],
        url_suffix: Some("i/acct_1/test_x?s=ap".to_owned()),
        quick_replies: vec!["HELP".to_owned(), "STOP".to_owned()],
    }
}

/// Writes a request the way a golden file holds it.
pub(crate) fn shown(request: &http::Request<Bytes>) -> String {
    let mut text = format!("{} {}\n", request.method(), request.uri());
    for (name, value) in request.headers() {
        writeln!(text, "{name}: {}", value.to_str().expect("plain header")).expect("a string takes all");
    }
    let body = std::str::from_utf8(request.body()).expect("text body");
    format!("{text}\n{body}\n")
}

pub(crate) fn outcome(outcome: &SendOutcome) -> String {
    match outcome {
        SendOutcome::Accepted { provider_id: Some(id) } => format!("accepted {id}"),
        SendOutcome::Accepted { provider_id: None } => "accepted without id".to_owned(),
        SendOutcome::Refused(refusal) => format!("refused {}", reaction(refusal)),
        SendOutcome::NotSent => "not sent".to_owned(),
        SendOutcome::Unknown => "unknown".to_owned(),
    }
}

pub(crate) fn reaction(refusal: &Refusal) -> String {
    let alarm = if refusal.alarm { ", alarm" } else { "" };
    let pause = refusal.pause.map_or(String::new(), |scope| format!(", pause {scope:?}"));
    format!("{}: {:?}{alarm}{pause}", refusal.code, refusal.reaction)
}

pub(crate) fn event(event: &ChannelEvent) -> String {
    match event {
        ChannelEvent::Status { correlation, provider_id, status, user } => {
            let ours = correlation.as_ref().map_or("foreign".to_owned(), ToString::to_string);
            let status = match status {
                DeliveryStatus::Sent => "sent".to_owned(),
                DeliveryStatus::Delivered => "delivered".to_owned(),
                DeliveryStatus::Read => "read".to_owned(),
                DeliveryStatus::Failed(refusal) => format!("failed {}", reaction(refusal)),
            };
            let user = user.as_ref().map_or(String::new(), |user| format!(" to {}", user.expose()));
            format!("{provider_id} [{ours}] {status}{user}")
        }
        ChannelEvent::OptedOut { from, scope, at, .. } => {
            format!("{} out of {} at {at}", contact(from), scope.as_str())
        }
        ChannelEvent::OptedIn { from, scope, at, .. } => {
            format!("{} in to {} at {at}", contact(from), scope.as_str())
        }
        ChannelEvent::Replied(reply) => {
            let answers = reply.answers.as_ref().map_or(String::new(), |id| format!(" to {id}"));
            let (from, words) = (contact(&reply.from), reply.words.expose());
            let when = reply.when.map_or(String::new(), |when| format!(" {when}"));
            format!("{} {from} replied {}{when}{answers} at {}: {words:?}", reply.id, reply.intent, reply.at)
        }
        ChannelEvent::News(News::Template { template, language, news }) => {
            format!("template {template}/{language} {news:?}")
        }
        ChannelEvent::News(News::NumberQuality { quality, code }) => format!("number {quality:?} {code}"),
        ChannelEvent::News(News::Account { barred, code }) => format!("account barred={barred} {code}"),
        ChannelEvent::News(news @ (News::Barred { .. } | News::Capped)) => format!("{news:?}"),
        ChannelEvent::Trouble(refusal) => format!("trouble {}", reaction(refusal)),
        ChannelEvent::Ignored { kind } => format!("ignored {kind}"),
    }
}

/// Shows who wrote: the number, the id and the mailbox, as far as known.
fn contact(from: &Contact) -> String {
    let phone = from.phone.as_ref().map(Phone::expose);
    let user = from.user.as_ref().map(recoup_core::WhatsappUser::expose);
    let email = from.email.as_ref().map(recoup_core::Email::expose);
    [phone, user, email].into_iter().flatten().collect::<Vec<_>>().join("=")
}

/// A text message's content.
pub(crate) fn sms_text(body: &str) -> Content {
    let template = recoup_core::Name::parse("payment_failed_first").expect("well formed");
    let (body, language) = (body.to_owned(), "en".to_owned());
    Content::Text(TextContent { body, template, language, parameters: Vec::new() })
}

/// Signs a body as Meta does and takes it through the verification that production uses.
pub(crate) fn signed(body: Bytes) -> recoup_channels::VerifiedChannelWebhook {
    let secret = recoup_core::Secret::parse("app-secret-of-tests").expect("fit");
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.expose().as_bytes());
    let tag = ring::hmac::sign(&key, &body);
    let hex: Vec<String> = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let value = format!("sha256={}", hex.concat()).parse().expect("plain header");
    let headers = http::HeaderMap::from_iter([(
        http::HeaderName::from_static(recoup_channels::meta::SIGNATURE_HEADER),
        value,
    )]);
    recoup_channels::meta::verify(&headers, body, &[secret]).expect("signed")
}
