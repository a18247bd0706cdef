//! WhatsApp through Rapiwa.

use bytes::Bytes;
use expect_test::expect_file;
use recoup_channels::rapiwa::{Rapiwa, SEND_PATH, events, is_on_whatsapp};
use recoup_channels::{EncodeError, MalformedSetting, Provider, verify_path_secret};
use recoup_core::{
    Address, AnswerContent, Channel, Content, Message, Phone, QuickReply, Secret, WhatsappUser,
};
use serde_json::Value;

use crate::fixtures::{answer, event, message, outcome, shown, sms_text, template};

pub(crate) fn rapiwa() -> Rapiwa {
    let key = Secret::parse("device-key").expect("fit");
    Rapiwa::new("https://app.rapiwa.com", SEND_PATH, &key).expect("well formed")
}

fn sent(content: Content) -> Result<String, EncodeError> {
    let request = rapiwa().encode(&message(Channel::Whatsapp, content))?;
    let body: Value = serde_json::from_slice(request.body()).expect("a request is JSON");
    Ok(body["message"].as_str().expect("text").to_owned())
}

#[test]
fn a_text_becomes_the_golden_request() {
    let content =
        sms_text("Payment Failed ⚠️\n\nHi Sarah! Update: https://pay.acme.example/u Reply STOP to end");
    let request = rapiwa().encode(&message(Channel::Whatsapp, content)).expect("encodes");
    expect_file!["../../fixtures/rapiwa/text.request.golden"].assert_eq(&shown(&request));
}

#[test]
fn the_path_of_sending_is_a_setting() {
    let key = Secret::parse("device-key").expect("fit");
    let older = Rapiwa::new("https://app.rapiwa.com/", "/send-message", &key).expect("well formed");
    let request = older.encode(&message(Channel::Whatsapp, sms_text("hello"))).expect("encodes");
    assert_eq!(request.uri(), "https://app.rapiwa.com/send-message");
    for (base, path, setting) in [
        ("http://app.rapiwa.com", SEND_PATH, "base_url"),
        ("https://app.rapiwa.com", "", "send_path"),
        ("https://app.rapiwa.com", "send", "send_path"),
        ("https://app.rapiwa.com", "/send?x=1", "send_path"),
        ("https://app.rapiwa.com", "/se nd", "send_path"),
    ] {
        assert_eq!(Rapiwa::new(base, path, &key).err(), Some(MalformedSetting { setting }), "{base}{path}");
    }
    let shown = format!("{older:?}");
    assert!(!shown.contains("device-key"), "{shown}");
}

#[test]
fn it_takes_texts_and_answers_and_has_no_templates() {
    assert_eq!(sent(sms_text(" one\ntwo ")), Ok("one\ntwo".to_owned()));
    let buttons = vec![QuickReply { label: "Help".to_owned(), payload: "HELP".to_owned() }];
    let words = AnswerContent { body: "It is due on 3 May.".to_owned(), buttons };
    assert_eq!(sent(Content::Answer(words)), Ok("It is due on 3 May.\n\nHelp".to_owned()));
    assert_eq!(sent(Content::Template(template())), Err(EncodeError::WrongContent(Channel::Whatsapp)));
    for text in ["", " \n ", "a\0b", &"x".repeat(4097)] {
        assert_eq!(sent(sms_text(text)), Err(EncodeError::ParameterNotAllowed("message".to_owned())));
    }
    let user = WhatsappUser::parse("US.1349").expect("well formed");
    let to = Message { to: Address::WhatsappUser(user), ..message(Channel::Whatsapp, sms_text("hello")) };
    let refused = rapiwa().encode(&to).expect_err("only numbers");
    assert_eq!(refused, EncodeError::WrongAddress(Channel::Whatsapp));
}

#[test]
fn r14_r16_f19_f20_f21_only_rapiwas_own_word_is_a_yes_or_a_no() {
    for (status, body, expected) in [
        (200, r#"{"success":true,"message_type":"text","message_id":"3EB0"}"#, "accepted 3EB0"),
        (
            200,
            r#"{"status":"success","messageId":"msg_1","timestamp":"2026-07-14T10:30:00Z"}"#,
            "accepted msg_1",
        ),
        (200, r#"{"success":true}"#, "accepted without id"),
        (
            200,
            r#"{"success":false,"error":"Device not connected"}"#,
            "refused device_not_connected: Hold, alarm",
        ),
        (400, r#"{"success":false,"error":"No +8801712345678"}"#, "refused error: FallBack, alarm"),
        (200, r#"{"success":false}"#, "refused error: FallBack, alarm"),
        (
            200,
            r#"{"status":"error","message":"Number not found."}"#,
            "refused number_not_found: FallBack, alarm",
        ),
        (401, r#"{"success":false,"error":"API key expired"}"#, "refused http_401: Hold, alarm"),
        (401, "", "refused http_401: Hold, alarm"),
        (429, r#"{"success":false,"error":"Too many"}"#, "refused http_429: Retry(Seconds)"),
        (429, "", "refused http_429: Retry(Seconds)"),
        (500, r#"{"success":false,"error":"timeout"}"#, "unknown"),
        (500, r#"{"success":true}"#, "unknown"),
        (502, "<html>", "unknown"),
        (200, r#"{"success":"yes"}"#, "unknown"),
        (200, r#"{"message_id":"3EB0"}"#, "unknown"),
        (200, r#"{"status":"queued"}"#, "unknown"),
        (200, "", "unknown"),
        (403, "<html>", "unknown"),
    ] {
        assert_eq!(outcome(&rapiwa().decode(&answer(status, body))), expected, "{status} {body}");
    }
}

#[test]
fn a_number_is_checked_and_an_answer_that_does_not_tell_is_none() {
    let phone = Phone::parse("+8801712345678").expect("well formed");
    let request = rapiwa().verify_number(&phone);
    assert_eq!(request.uri(), "https://app.rapiwa.com/api/verify-whatsapp");
    assert_eq!(request.body(), r#"{"number":"8801712345678"}"#);
    for (status, body, expected) in [
        (200, r#"{"success":true,"data":{"exists":true}}"#, Some(true)),
        (200, r#"{"success":true,"data":{"exists":false}}"#, Some(false)),
        (200, r#"{"success":true,"data":{}}"#, None),
        (200, r#"{"success":false,"data":{"exists":false}}"#, None),
        (500, r#"{"success":true,"data":{"exists":false}}"#, None),
        (200, "", None),
    ] {
        assert_eq!(is_on_whatsapp(&answer(status, body)), expected, "{status} {body}");
    }
}

#[test]
fn what_comes_in_is_counted_and_not_believed() {
    let secret = Secret::parse("path-secret-of-tests").expect("fit");
    let body = Bytes::from_static(br#"{"from":"8801712345678","message":"STOP"}"#);
    let verified = verify_path_secret(secret.expose(), body, std::slice::from_ref(&secret));
    let events: Vec<String> = events(&verified.expect("the secret")).iter().map(event).collect();
    assert_eq!(events, ["ignored rapiwa_inbound"]);
}
