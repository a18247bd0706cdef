//! Identifiers, and the strings that are made of several. Input: the text.

use recoup_app::engine::timer_name;
use recoup_aws::table::keys;
use recoup_core::{
    Brand, CaseId, Channel, Correlation, CustomerId, EventId, MalformedId, Name, Obligation, RecipientId,
    Source, StepIndex, Token,
};

use crate::shown::assert_silent;

/// What is taken reads back as itself, in every spelling; what is refused is not repeated.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    id(&text, Brand::parse, Brand::as_str);
    id(&text, Source::parse, Source::as_str);
    id(&text, Obligation::parse, Obligation::as_str);
    id(&text, CustomerId::parse, CustomerId::as_str);
    id(&text, EventId::parse, EventId::as_str);
    id(&text, Token::parse, Token::as_str);
    id(&text, RecipientId::parse, RecipientId::as_str);
    id(&text, Name::parse, Name::as_str);

    match CaseId::parse(&text) {
        Ok(case) => check_case(&case),
        Err(error) => assert_silent(&error),
    }
    if let Some(sent) = Correlation::parse(&text) {
        let written = sent.to_string();
        assert!(written.len() <= 512 && written.is_ascii(), "more than Meta takes");
        assert_eq!(Correlation::parse(&written), Some(sent));
    }
    if let Some(case) = keys::parse_case(&text) {
        assert_eq!(keys::case(&case), text, "two keys of one case");
        check_case(&case);
    }
    if let Some((brand, recipient)) = keys::parse_recipient(&text) {
        assert_eq!(keys::recipient(&brand, &recipient), text, "two keys of one recipient");
    }
}

fn id<T>(text: &str, parse: impl Fn(&str) -> Result<T, MalformedId>, written: impl Fn(&T) -> &str) {
    match parse(text) {
        Ok(id) => {
            assert_eq!(written(&id), text);
            assert!(text.bytes().all(|b| b.is_ascii_graphic()), "{text:?} in a key");
        }
        Err(error) => assert_silent(&error),
    }
}

fn check_case(case: &CaseId) {
    assert_eq!(CaseId::parse(&case.to_string()).as_ref(), Ok(case));
    assert_eq!(keys::parse_case(&keys::case(case)).as_ref(), Some(case));
    assert_eq!(keys::parse_recipient(&keys::case(case)), None);
    let json = serde_json::to_string(case).expect("an id is JSON");
    assert_eq!(serde_json::from_str::<CaseId>(&json).ok().as_ref(), Some(case));

    let name = timer_name(case, StepIndex(u8::MAX), u32::MAX);
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    assert!(name.len() <= 64 && name.bytes().all(allowed), "no name of a schedule: {name}");

    let token = Token::parse("t").expect("well formed");
    let sent = Correlation { case: case.clone(), step: StepIndex(9), channel: Channel::Sms, token };
    assert_eq!(Correlation::parse(&sent.to_string()), Some(sent));
}
