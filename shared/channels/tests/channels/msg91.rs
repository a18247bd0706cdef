//! Text messages through MSG91.

use bytes::Bytes;
use expect_test::expect_file;
use recoup_channels::msg91::{Msg91, events};
use recoup_channels::{
    ChannelParseError, ChannelSignatureError, EncodeError, MalformedSetting, Provider, Registered,
    verify_path_secret,
};
use recoup_core::{Channel, Content, Correlation, Message, Name, Secret, TextContent};
use serde_json::{Value, json};

use crate::fixtures::{answer, event, message, outcome, shown, sms_text, template};

const FLOWS: &str = r#"{"payment_failed_first": {"en": "64f0c1d2d6fc0512345678ab"}}"#;

pub(crate) fn msg91() -> Msg91 {
    let flows = Registered::parse(FLOWS, "flows").expect("well formed");
    let key = Secret::parse("authkey-of-tests").expect("fit");
    Msg91::new("https://control.msg91.com", &key, flows).expect("well formed")
}

pub(crate) fn text(values: &[(&str, &str)]) -> Content {
    let Content::Text(text) = sms_text("Dear Asha, payment failed. STOP to end") else {
        unreachable!("a text is a text")
    };
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Content::Text(TextContent { parameters: values.iter().map(pair).collect(), ..text })
}

fn encode(content: Content) -> Result<Value, EncodeError> {
    let request = msg91().encode(&message(Channel::Sms, content))?;
    Ok(serde_json::from_slice(request.body()).expect("a request is JSON"))
}

fn decoded(status: u16, body: &str) -> String {
    outcome(&msg91().decode(&answer(status, body.to_owned())))
}

/// Reads a report of version 2 of the webhook.
pub(crate) fn read(data: &str) -> Result<Vec<String>, ChannelParseError> {
    let secret = Secret::parse("path-secret-of-tests").expect("fit");
    let form = form_urlencoded::Serializer::new(String::new()).append_pair("data", data).finish();
    let verified = verify_path_secret(secret.expose(), Bytes::from(form), std::slice::from_ref(&secret));
    Ok(events(&verified.expect("the secret"))?.iter().map(event).collect())
}

#[test]
fn a_text_becomes_the_golden_request() {
    let content = text(&[("name", "Asha"), ("amount", "₹1,499"), ("link", "https://pay.acme.example/c/889")]);
    let request = msg91().encode(&message(Channel::Sms, content)).expect("encodes");
    expect_file!["../../fixtures/msg91/flow.request.golden"].assert_eq(&shown(&request));
}

#[test]
fn variables_are_numbered_in_the_order_of_the_text() {
    assert_eq!(encode(text(&[])).expect("encodes")["recipients"][0], json!({"mobiles": "16505551234"}));
    let names: Vec<String> = (1..=11).map(|n| format!("v{n}")).collect();
    let values: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), name.as_str())).collect();
    let sent = encode(text(&values)).expect("encodes");
    for n in 1..=11 {
        assert_eq!(sent["recipients"][0][format!("VAR{n}")], format!("v{n}"));
    }
}

#[test]
fn r14_the_reference_carries_the_correlation_while_it_fits() {
    assert_eq!(encode(text(&[])).expect("encodes")["CRQID"], "rcp1.main.stripe.in_1.0.sms.tok1");
    let of = |length: usize| {
        let obligation = "x".repeat(length - "rcp1.main.stripe..0.sms.t".len());
        let correlation = Correlation::parse(&format!("rcp1/main/stripe/{obligation}/0/sms/t"));
        let correlation = correlation.expect("well formed");
        let request = msg91().encode(&Message { correlation, ..message(Channel::Sms, text(&[])) });
        let sent: Value = serde_json::from_slice(request.expect("encodes").body()).expect("JSON");
        sent["CRQID"].as_str().map(str::len)
    };
    assert_eq!((of(80), of(81)), (Some(80), None));
}

#[test]
fn f37_what_cannot_be_sent_never_leaves() {
    let not = |name: &str| Err(EncodeError::ParameterNotAllowed(name.to_owned()));
    for value in ["", "two\nlines", "a\ttab", &"x".repeat(307)] {
        assert_eq!(encode(text(&[("name", value)])), not("name"), "{value:?}");
    }
    let Content::Text(long) = text(&[]) else { unreachable!("a text is a text") };
    let long = TextContent { body: "long ".repeat(100), ..long };
    assert_eq!(encode(Content::Text(long.clone())), Err(EncodeError::TextTooLong(2)));
    let other = TextContent { language: "hi".to_owned(), body: "short".to_owned(), ..long };
    let template_name = Name::parse("payment_failed_first").expect("well formed");
    let missing = EncodeError::NotRegistered { template: template_name, language: "hi".to_owned() };
    assert_eq!(encode(Content::Text(other)), Err(missing));
    assert_eq!(encode(Content::Template(template())), Err(EncodeError::WrongContent(Channel::Sms)));
}

#[test]
fn f31_a_malformed_setting_is_named_at_start_and_never_shown() {
    let key = Secret::parse("authkey-of-tests").expect("fit");
    let new = |base: &str, key: &Secret, flows: &str| {
        Msg91::new(base, key, Registered::parse(flows, "flows").expect("well formed")).err()
    };
    let base = "https://control.msg91.com";
    let lines = Secret::parse("a\nb").expect("fit");
    for (made, setting) in [
        (new("http://control.msg91.com", &key, FLOWS), "base_url"),
        (new(base, &lines, FLOWS), "authkey"),
        (new(base, &key, r#"{"payment_failed_first": {"en": "1-2"}}"#), "flows"),
    ] {
        assert_eq!(made, Some(MalformedSetting { setting }));
    }
    let shown = format!("{:?}", msg91());
    assert!(!shown.contains("authkey-of-tests"), "{shown}");
}

#[test]
fn r14_r16_f19_f20_f21_only_msg91s_own_word_is_a_yes_or_a_no() {
    for (status, body, expected) in [
        (200, r#"{"type":"success","message":"5e1e93ca"}"#, "accepted 5e1e93ca"),
        (200, r#"{"type":"success"}"#, "accepted without id"),
        (
            200,
            r#"{"type":"error","message":"template id missing"}"#,
            "refused template_id_missing: Park, alarm",
        ),
        (400, r#"{"type":"error","message":"Invalid mobile 919876543210"}"#, "refused error: Park, alarm"),
        (401, r#"{"type":"error","message":"Authentication failure"}"#, "refused http_401: Hold, alarm"),
        (403, r#"{"type":"error"}"#, "refused error: Hold, alarm"),
        (429, r#"{"type":"error","message":"Slow down."}"#, "refused slow_down: Retry(Seconds)"),
        (429, "", "refused http_429: Retry(Seconds)"),
        (407, "", "refused http_407: Hold, alarm"),
        (500, r#"{"type":"error","message":"internal"}"#, "unknown"),
        (500, r#"{"type":"success","message":"5e1e93ca"}"#, "unknown"),
        (200, r#"{"type":"queued"}"#, "unknown"),
        (200, "<html>", "unknown"),
        (200, "", "unknown"),
        (401, "<html>", "refused http_401: Hold, alarm"),
        (302, r#"{"type":"error"}"#, "unknown"),
    ] {
        assert_eq!(decoded(status, body), expected, "{status} {body}");
    }
}

fn report(status: &str, reference: &str) -> String {
    let report = json!([{"number": "919876543210", "status": status, "desc": "x", "CRQID": reference}]);
    json!([{"requestId": "346a", "report": report}]).to_string()
}

#[test]
fn r14_f24_every_status_moves_the_message_or_is_counted() {
    let ours = "rcp1.main.stripe.in_1.0.sms.tok1";
    for (status, expected) in [
        ("1", "delivered"),
        ("2", "failed 2: FallBack"),
        ("9", "failed 9: FallBack"),
        ("16", "failed 16: Park, alarm"),
        ("25", "failed 25: Park, alarm"),
        ("17", "failed 17: OptOut(Sms)"),
    ] {
        let expected = format!("346a [rcp1/main/stripe/in_1/0/sms/tok1] {expected}");
        assert_eq!(read(&report(status, ours)), Ok(vec![expected]));
        let foreign = read(&report(status, "0")).expect("read");
        assert!(foreign[0].starts_with("346a [foreign] "), "{foreign:?}");
    }
    for (status, kind) in [("8", "status_8"), ("", "status_unnamed"), ("a b", "status_unnamed")] {
        assert_eq!(read(&report(status, ours)), Ok(vec![format!("ignored {kind}")]));
    }
}

#[test]
fn f36_a_malformed_report_never_sinks_its_neighbours() {
    let whole = r#"{"requestId":"346a","report":[{"status":"1"},{"status":1},{"status":"2"}]}"#;
    let data = format!(r#"[7,{{}},{{"report":{{}}}},{{"report":[{{"status":"1"}}]}},1e999,{whole}]"#);
    let expected = [
        "ignored malformed_request",
        "ignored malformed_request",
        "ignored malformed_request",
        "ignored malformed_report",
        "ignored malformed_request",
        "346a [foreign] delivered",
        "ignored malformed_report",
        "346a [foreign] failed 2: FallBack",
    ];
    assert_eq!(read(&data).expect("read"), expected);
    assert_eq!(read("[]"), Ok(Vec::new()));
    assert_eq!(read("{}"), Err(ChannelParseError::NoEnvelope));
    assert_eq!(read("no json"), Err(ChannelParseError::NotJson));
}

#[test]
fn o19_f30_only_who_knows_the_path_is_heard() {
    let secrets = ["path-secret-of-tests", "the-next-one"].map(|text| Secret::parse(text).expect("fit"));
    let check = |given: &str, secrets: &[Secret]| {
        verify_path_secret(given, Bytes::from_static(b"data=[]"), secrets).map(|_| ())
    };
    assert_eq!(check("path-secret-of-tests", &secrets), Ok(()));
    assert_eq!(check("the-next-one", &secrets), Ok(()));
    assert_eq!(check("", &secrets), Err(ChannelSignatureError::Missing));
    for given in ["path-secret-of-test", "PATH-SECRET-OF-TESTS", "the-next-one ", "x"] {
        assert_eq!(check(given, &secrets), Err(ChannelSignatureError::Mismatch), "{given}");
    }
    assert_eq!(check("the-next-one", &[]), Err(ChannelSignatureError::Mismatch));
    let verified = verify_path_secret("the-next-one", Bytes::from_static(b"junk"), &secrets);
    assert_eq!(events(&verified.expect("known")), Err(ChannelParseError::NoEnvelope));
}
