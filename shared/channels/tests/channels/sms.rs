//! The length of text messages against shared vectors.

use recoup_channels::sms::{Encoding, Size, measure};

use crate::fixtures::{json, shared};
use crate::twilio_events;

#[test]
fn the_shared_segment_vectors_hold() {
    let Some(folder) = shared("the_shared_segment_vectors_hold") else { return };
    let vectors = json(&folder.join("sms.segment_vectors.json"));
    let vectors = vectors.as_array().expect("list");
    assert!(!vectors.is_empty());
    for vector in vectors {
        let text = vector["text"].as_str().expect("text");
        let number =
            |name: &str| vector[name].as_u64().and_then(|n| usize::try_from(n).ok()).expect("number");
        let encoding = match vector["encoding"].as_str() {
            Some("GSM7") => Encoding::Gsm7,
            Some("UCS2") => Encoding::Ucs2,
            other => panic!("encoding {other:?}"),
        };
        let expected = Size { encoding, units: number("units"), parts: number("segments") };
        assert_eq!(measure(text), expected, "{text}");
    }
}

#[test]
fn the_shared_alphabet_is_ours() {
    let Some(folder) = shared("the_shared_alphabet_is_ours") else { return };
    let charset = json(&folder.join("sms.gsm7_charset.json"));
    let members = |name: &str| charset[name].as_str().expect("text").to_owned();
    let (basic, extension) = (members("basic_1_septet"), members("extension_2_septets"));
    for c in (char::MIN..='\u{2fff}').chain('\u{a000}'..='\u{a8ff}') {
        let expected = match c {
            _ if basic.contains(c) => (Encoding::Gsm7, 1),
            _ if extension.contains(c) => (Encoding::Gsm7, 2),
            _ => (Encoding::Ucs2, c.len_utf16()),
        };
        let size = measure(c.encode_utf8(&mut [0; 4]));
        assert_eq!((size.encoding, size.units), expected, "{c:?}");
    }
}

#[test]
fn a_pair_is_never_split_between_parts() {
    for (text, encoding, units, parts) in [
        (String::new(), Encoding::Gsm7, 0, 1),
        (format!("{}€{}", "a".repeat(152), "a".repeat(6)), Encoding::Gsm7, 160, 1),
        (format!("{}€{}", "a".repeat(152), "a".repeat(151)), Encoding::Gsm7, 305, 2),
        // The euro sign does not fit the last septet of the first part: 306 septets, twice 153, need three.
        (format!("{}€{}", "a".repeat(152), "a".repeat(152)), Encoding::Gsm7, 306, 3),
        (format!("{}👍{}", "ш".repeat(66), "ш".repeat(65)), Encoding::Ucs2, 133, 2),
        (format!("{}👍{}", "ш".repeat(66), "ш".repeat(66)), Encoding::Ucs2, 134, 3),
    ] {
        assert_eq!(measure(&text), Size { encoding, units, parts }, "{text}");
    }
}

#[test]
fn every_shared_keyword_is_heard_by_text_message() {
    let Some(folder) = shared("every_shared_keyword_is_heard_by_text_message") else { return };
    let keywords = json(&folder.join("sms.keywords.json"));
    for (list, expected) in [
        ("opt_out_fcc_per_se", "+16505551234 out of all"),
        ("opt_out_aws_required", "+16505551234 out of all"),
        ("opt_out_twilio", "+16505551234 out of all"),
        ("opt_in", "+16505551234 in to all"),
        ("help", "SM1 +16505551234 replied help"),
    ] {
        // "Yes" answers other questions too; Twilio tells when it took it for an opt-in.
        for keyword in keywords[list].as_array().expect("list").iter().filter(|word| *word != "YES") {
            let keyword = keyword.as_str().expect("text");
            for written in [keyword.to_owned(), format!(" {} ", keyword.to_lowercase())] {
                let fields = [("MessageSid", "SM1"), ("From", "+16505551234"), ("Body", written.as_str())];
                let event = twilio_events::read("https://api.acme.example/t", &fields).expect("read");
                assert!(event.starts_with(expected), "{written}: {event}");
            }
        }
    }
}
