//! What holds for every vendor of identity checks, and what their APIs are asked.

#[path = "sources/lines.rs"]
mod lines;

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Response};
use recoup_core::{CustomerId, Event, Fact, KycCause, KycRejected, Obligation, Phone, Secret};
use recoup_processors::{
    Family, Ignored, Lookup, LookupAnswer, NormaliseError, Normalised, Processor, Status, Unanswered,
    Verified, all, by_name,
};
use serde_json::{Value, json};

const APPLICANT: &str = "0b1c2d3e-0000-4000-8000-00000000000a";
const CHECK: &str = "0b1c2d3e-0000-4000-8000-000000000001";

fn source(name: &str) -> &'static dyn Processor {
    by_name(name).expect("in this build")
}

fn read(name: &str, body: &[u8]) -> Result<Normalised, NormaliseError> {
    source(name).normalise(&Verified::recorded(&HeaderMap::new(), body))
}

fn read_json(name: &str, body: &Value) -> Result<Normalised, NormaliseError> {
    read(name, &serde_json::to_vec(body).expect("JSON"))
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

fn fixture(name: &str, file: &str) -> Value {
    serde_json::from_slice(&fs::read(folder(name).join(file)).expect("readable")).expect("JSON")
}

fn answer(status: u16, body: &Value) -> Response<Bytes> {
    let body = serde_json::to_vec(body).expect("JSON");
    Response::builder().status(status).body(Bytes::from(body)).expect("well formed")
}

fn only(normalised: &Normalised) -> &Event {
    let [event] = normalised.events.as_slice() else { panic!("{} events", normalised.events.len()) };
    event
}

fn rejection(normalised: &Normalised) -> &KycRejected {
    let Fact::KycRejected(rejected) = &only(normalised).fact else { panic!("no refusal") };
    rejected
}

fn id(text: &str) -> Obligation {
    Obligation::parse(text).expect("well formed")
}

fn key() -> Secret {
    Secret::parse("an api key").expect("not empty")
}

#[test]
fn o20_no_event_of_a_check_holds_a_document_a_label_or_a_reviewer_s_words() {
    // What the fixtures hold of it, in the members that vendors use for it.
    let private = ["SEEDED", "seeded", "BAD_FACE", "SCREENSHOTS", "blurred_photo", "id_blur", "1990-01-01"];
    for source in all().filter(|source| source.family() == Family::Kyc) {
        let mut held = 0;
        for entry in fs::read_dir(folder(source.name())).expect("readable") {
            let path = entry.expect("readable").path();
            let text = fs::read_to_string(&path).expect("text");
            if path.extension().is_some_and(|end| end == "event") {
                assert!(private.iter().all(|word| !text.contains(word)), "{}", path.display());
            } else if private.iter().any(|word| text.contains(word)) {
                held += 1;
            }
        }
        assert!(held > 1, "{}: the fixtures hold nothing private", source.name());
    }
}

#[test]
fn o20_a_final_refusal_is_neither_nudged_nor_explained() {
    for kind in ["FINAL", "EXTERNAL", ""] {
        let mut body = fixture("sumsub", "applicantReviewed.red-retry.expired.json");
        body["reviewResult"]["reviewRejectType"] = json!(kind);
        let normalised = read_json("sumsub", &body).expect("read");
        let rejected = rejection(&normalised);
        assert_eq!((rejected.may_retry, rejected.cause), (false, KycCause::Other), "{kind}");
    }
}

#[test]
fn o20_sumsub_s_labels_are_told_as_causes() {
    let mut body = fixture("sumsub", "applicantReviewed.red-retry.json");
    for (labels, cause) in [
        (json!(["UNSATISFACTORY_PHOTOS"]), KycCause::Unreadable),
        (json!(["INCOMPLETE_DOCUMENT", "UNSATISFACTORY_PHOTOS"]), KycCause::Unreadable),
        (json!(["UNSATISFACTORY_PHOTOS", "BLACK_AND_WHITE"]), KycCause::NotOriginal),
        (json!(["EXPIRATION_DATE", "SCREENSHOTS"]), KycCause::Expired),
        (json!(["BACK_SIDE_MISSING"]), KycCause::Incomplete),
        (json!(["BAD_PROOF_OF_ADDRESS"]), KycCause::WrongDocument),
        (json!(["SELFIE_WITH_PAPER"]), KycCause::SelfieMismatch),
        (json!(["PROBLEMATIC_APPLICANT_DATA"]), KycCause::DataMismatch),
        (json!(["CHECK_UNAVAILABLE"]), KycCause::Other),
        (json!(["a label of next year", 7, null]), KycCause::Other),
        (json!([]), KycCause::Other),
        (json!("SCREENSHOTS"), KycCause::Other),
        (json!(null), KycCause::Other),
    ] {
        body["reviewResult"]["rejectLabels"] = labels.clone();
        assert_eq!(rejection(&read_json("sumsub", &body).expect("read")).cause, cause, "{labels}");
    }
}

#[test]
fn r4_an_answer_that_decides_and_cannot_be_read_is_an_error() {
    let mut body = fixture("sumsub", "applicantReviewed.green.json");
    let malformed = |member| Err(NormaliseError::Malformed { member });
    for odd in [json!("YELLOW"), json!(1), json!(null), json!("")] {
        body["reviewResult"]["reviewAnswer"] = odd.clone();
        assert_eq!(read_json("sumsub", &body), malformed("reviewResult.reviewAnswer"), "{odd}");
    }
    body["reviewResult"] = json!({});
    let missing = NormaliseError::Missing { member: "reviewResult.reviewAnswer" };
    assert_eq!(read_json("sumsub", &body), Err(missing));

    let mut body = fixture("onfido", "workflow_run.completed.approved.json");
    body["payload"]["object"]["status"] = json!("a status of next year");
    assert_eq!(read_json("onfido", &body), malformed("payload.object.status"));
}

#[test]
fn r4_an_event_of_a_check_without_its_id_is_an_error() {
    for (name, file, pointer, member) in [
        ("sumsub", "applicantReviewed.green.json", "/applicantId", "applicantId"),
        ("sumsub", "applicantReviewed.green.json", "/type", "type"),
        ("persona", "inquiry.approved.json", "/data/id", "data.id"),
        (
            "persona",
            "inquiry.approved.json",
            "/data/attributes/payload/data/id",
            "data.attributes.payload.data.id",
        ),
        ("persona", "inquiry.approved.json", "/data/attributes/name", "data.attributes.name"),
        ("onfido", "check.completed.clear.json", "/payload/object/id", "payload.object.id"),
        ("onfido", "check.completed.clear.json", "/payload/action", "payload.action"),
        ("hyperverge", "finish.auto_approved.json", "/transactionId", "transactionId"),
    ] {
        let mut body = fixture(name, file);
        let value = body.pointer_mut(pointer).expect("there");
        *value = Value::Null;
        assert_eq!(read_json(name, &body), Err(NormaliseError::Missing { member }), "{name} {pointer}");
        *body.pointer_mut(pointer).expect("there") = json!("a\u{0}b c");
        assert_eq!(read_json(name, &body), Err(NormaliseError::Malformed { member }), "{name} {pointer}");
    }
}

#[test]
fn r4_broken_text_and_a_member_told_twice_are_refused_and_leak_nothing() {
    for name in ["sumsub", "onfido", "persona", "hyperverge"] {
        for body in [&b"{\"type\":\"\xff\"}"[..], b"{\"type\":", b"{\"type\":\"a\"}}", b"\xef\xbb\xbf{}"] {
            let error = read(name, body).expect_err("broken");
            assert!(error.code().starts_with("body_not_"), "{name}: {error}");
        }
    }
    for (name, body) in [
        ("sumsub", r#"{"type":"applicantPending","applicantId":"a","applicantId":"b","createdAtMs":"x"}"#),
        ("onfido", r#"{"payload":{},"payload":{"action":"check.completed"}}"#),
        ("persona", r#"{"data":{},"data":{"id":"evt_1"}}"#),
        ("hyperverge", r#"{"applicationStatus":"auto_declined","applicationStatus":"auto_approved"}"#),
    ] {
        assert!(matches!(read(name, body.as_bytes()), Err(NormaliseError::NotAnEvent { .. })), "{name}");
    }
    let twice =
        r#"{"data":{"id":"evt_1","attributes":{"name":"inquiry.declined","name":"inquiry.approved"}}}"#;
    assert!(read("persona", twice.as_bytes()).is_err(), "inside as well");
}

#[test]
fn o20_a_refusal_is_never_taken_for_a_phone_or_a_name_that_is_none() {
    let mut body = fixture("persona", "inquiry.failed.phone-field.json");
    let fields = "/data/attributes/payload/data/attributes/fields";
    for odd in
        [json!("+1"), json!(["+14155550123"]), json!({ "value": "+14155550123" }), json!("+14155550123\u{0}")]
    {
        *body.pointer_mut(fields).expect("there") = json!({ "phone-number": { "value": odd } });
        let normalised = read_json("persona", &body).expect("read");
        assert_eq!(rejection(&normalised).buyer.phone, None, "{odd}");
        assert_eq!(rejection(&normalised).buyer.name, None, "names of a check are not read");
    }
}

#[test]
fn o20_onfido_s_region_is_asked_and_never_the_host_that_a_body_names() {
    let body = fixture("onfido", "check.completed.clear.json");
    assert!(body["payload"]["object"]["href"].as_str().is_some_and(|href| href.contains("evil.example")));
    let normalised = read_json("onfido", &body).expect("read");
    let [Lookup::Object { kind: "checks", id: question }] = normalised.asks.as_slice() else {
        panic!("no question")
    };
    assert_eq!(question.as_str(), format!("{CHECK}_1772443281"), "with the moment, which no answer tells");
    for base in ["https://api.us.onfido.com", "https://api.us.onfido.com/"] {
        let request = source("onfido").request(base, &normalised.asks[0], &key()).expect("a request");
        assert_eq!(request.uri(), format!("https://api.us.onfido.com/v3.6/checks/{CHECK}").as_str());
        let authorization = &request.headers()[AUTHORIZATION];
        assert_eq!(authorization, "Token token=an api key");
        assert!(authorization.is_sensitive() && !format!("{request:?}").contains("an api key"));
    }
    let reports = Lookup::Object { kind: "reports", id: id(CHECK) };
    let request = source("onfido").request("https://api.eu.onfido.com", &reports, &key()).expect("a request");
    assert_eq!(request.uri(), format!("https://api.eu.onfido.com/v3.6/reports?check_id={CHECK}").as_str());
    assert!(source("onfido").request("not a url", &reports, &key()).is_none());
    assert!(source("onfido").request("https://x", &Lookup::Obligation(id(APPLICANT)), &key()).is_none());
}

#[test]
fn o20_a_second_refusal_is_told_from_the_first_and_from_what_was_handed_in_between() {
    let told = |file: &str, at: &str, member: &str, check: Value| {
        let mut body = fixture("onfido", file);
        body["payload"]["object"][member] = json!(at);
        let asked = read_json("onfido", &body).expect("read");
        source("onfido").complete(asked, &answer(200, &check)).expect("read").events.remove(0)
    };
    let consider = fixture("onfido", "check.completed.consider.blurry.answer1.json");
    let started = fixture("onfido", "check.started.answer1.json");
    let completed = "completed_at_iso8601";
    let events = [
        told("check.completed.clear.json", "2026-03-02T09:00:00Z", completed, consider.clone()),
        told("check.started.json", "2026-03-03T09:00:00Z", "started_at_iso8601", started),
        told("check.completed.clear.json", "2026-03-03T10:00:00Z", completed, consider),
    ];
    let kinds = events.each_ref().map(|event| event.fact.kind());
    assert_eq!(kinds, ["kyc_rejected", "kyc_pending", "kyc_rejected"]);
    assert!(events.iter().all(|event| event.obligation == id(APPLICANT)), "one applicant");
    assert!(events.is_sorted_by(|a, b| a.occurred_at < b.occurred_at && a.id != b.id));
}

#[test]
fn o20_the_hosts_of_an_api_are_the_vendor_s() {
    for (name, url, allowed) in [
        ("onfido", "https://api.eu.onfido.com", true),
        ("onfido", "https://api.us.onfido.com", true),
        ("onfido", "https://api.ca.onfido.com", true),
        ("onfido", "https://api.evil.example", false),
        ("persona", "https://api.withpersona.com", true),
        ("persona", "https://api.withpersona.com.evil.example", false),
    ] {
        let api = source(name).api().expect("asked");
        assert_eq!(api.allows(url), allowed, "{url}");
        assert!(api.url.is_none_or(|own| api.allows(own)), "{name}");
    }
    assert!(source("sumsub").api().is_none() && source("hyperverge").api().is_none());
}

fn asked() -> Normalised {
    read_json("onfido", &fixture("onfido", "check.completed.clear.json")).expect("read")
}

#[test]
fn r4_an_api_that_does_not_answer_decides_nothing() {
    let check = fixture("onfido", "check.completed.clear.answer1.json");
    let complete = |status, body: &Value| source("onfido").complete(asked(), &answer(status, body));
    for status in [401, 403] {
        assert_eq!(complete(status, &check), Err(Unanswered::Denied), "{status}");
    }
    for status in [302, 429, 500, 503] {
        assert_eq!(complete(status, &check), Err(Unanswered::Unreachable), "{status}");
    }
    for status in [404, 410] {
        let gone = complete(status, &json!({})).expect("there is no such check");
        assert_eq!((gone.status, gone.asks.len()), (Status::Ignored(Ignored::ThinEvent), 0), "{status}");
    }
    for (member, odd) in [
        ("id", json!("another-check")),
        ("id", json!(null)),
        ("result", json!("excellent")),
        ("applicant_id", json!(null)),
        ("applicant_id", json!("a b")),
    ] {
        let mut body = check.clone();
        body[member] = odd.clone();
        let error = complete(200, &body).expect_err("malformed");
        assert!(matches!(error, Unanswered::Malformed(_)), "{member} {odd}");
    }
    let not_json = Response::new(Bytes::from_static(b"<html>"));
    assert!(matches!(source("onfido").complete(asked(), &not_json), Err(Unanswered::Malformed(_))));
}

#[test]
fn r4_reports_that_are_gone_leave_the_refusal_and_reports_that_do_not_read_keep_it_back() {
    let check = fixture("onfido", "check.completed.consider.blurry.answer1.json");
    let refused = source("onfido").complete(asked(), &answer(200, &check)).expect("read");
    assert_eq!(refused.asks, [Lookup::Object { kind: "reports", id: id(CHECK) }]);
    assert_eq!((rejection(&refused).cause, rejection(&refused).may_retry), (KycCause::Other, true));

    let gone = source("onfido").complete(refused.clone(), &answer(404, &json!({}))).expect("nothing to add");
    assert_eq!((&gone.events, gone.asks.len()), (&refused.events, 0));
    for (status, body) in [(200, json!({})), (200, json!([])), (500, json!({ "reports": [] }))] {
        assert!(
            source("onfido").complete(refused.clone(), &answer(status, &body)).is_err(),
            "{status} {body}"
        );
    }
    let none = source("onfido").complete(refused, &answer(200, &json!({ "reports": [null, 7, {}] })));
    assert_eq!(rejection(&none.expect("read")).cause, KycCause::Other, "reports that say nothing");
}

#[test]
fn o20_onfido_s_applicant_is_asked_for_a_phone() {
    let lookup = Lookup::Customer(CustomerId::parse(APPLICANT).expect("well formed"));
    let request = source("onfido").request("https://api.eu.onfido.com", &lookup, &key()).expect("a request");
    assert_eq!(request.uri(), format!("https://api.eu.onfido.com/v3.6/applicants/{APPLICANT}").as_str());
    let read = |status, body: &Value| source("onfido").read_answer(&lookup, &answer(status, body));
    let known = json!({ "id": APPLICANT, "first_name": "Ana", "email": "ana.gil@example.com", "dob": "1990-01-01",
        "phone_number": "+14155550123", "address": { "town": "Los Angeles" } });
    let LookupAnswer::Buyer(buyer) = read(200, &known) else { panic!("no buyer") };
    assert_eq!(buyer.phone.as_ref().map(Phone::expose), Some("+14155550123"));
    assert_eq!(buyer.customer, CustomerId::parse(APPLICANT).ok());
    assert_eq!(read(200, &json!({ "id": "another" })), LookupAnswer::Unreachable);
    assert_eq!(read(200, &json!([])), LookupAnswer::Unreachable);
    assert_eq!(read(404, &json!({})), LookupAnswer::NotFound);
    assert_eq!(read(410, &json!({})), LookupAnswer::NotFound);
    assert_eq!(read(401, &json!({})), LookupAnswer::Denied);
    assert_eq!(read(429, &known), LookupAnswer::Unreachable);
}

#[test]
fn o20_persona_s_api_tells_a_phone_and_whether_the_inquiry_was_decided() {
    let account = Lookup::Customer(CustomerId::parse("act_1").expect("well formed"));
    let inquiry = Lookup::Obligation(id("inq_1"));
    let uri = |lookup: &Lookup| {
        source("persona").request("https://api.withpersona.com/", lookup, &key()).map(|r| r.uri().to_string())
    };
    assert_eq!(uri(&account).as_deref(), Some("https://api.withpersona.com/api/v1/accounts/act_1"));
    assert_eq!(uri(&inquiry).as_deref(), Some("https://api.withpersona.com/api/v1/inquiries/inq_1"));
    assert_eq!(
        uri(&Lookup::Customer(CustomerId::parse("user-1042").expect("well formed"))),
        None,
        "not Persona's"
    );
    assert_eq!(uri(&Lookup::Obligation(id("..inq_1"))), None);

    let read = |lookup, status, body: &Value| source("persona").read_answer(lookup, &answer(status, body));
    for attributes in [
        json!({ "phone-number": "+14155550123", "name-first": "Ana" }),
        json!({ "fields": { "phone-number": { "type": "string", "value": "+14155550123" } } }),
        json!({ "fields": { "phone_number": { "type": "string", "value": "+14155550123" } } }),
    ] {
        let body = json!({ "data": { "type": "account", "id": "act_1", "attributes": attributes } });
        let LookupAnswer::Buyer(buyer) = read(&account, 200, &body) else { panic!("no buyer") };
        assert_eq!(buyer.phone.as_ref().map(Phone::expose), Some("+14155550123"), "{attributes}");
        assert_eq!(buyer.name, None, "the name of a document is not read");
    }
    for (status, expected) in [
        ("approved", LookupAnswer::Settled(Fact::KycApproved)),
        ("declined", LookupAnswer::StillOwed),
        ("failed", LookupAnswer::StillOwed),
        ("expired", LookupAnswer::StillOwed),
        ("pending", LookupAnswer::Unreachable),
        ("needs_review", LookupAnswer::Unreachable),
        ("a status of next year", LookupAnswer::Unreachable),
    ] {
        let body =
            json!({ "data": { "type": "inquiry", "id": "inq_1", "attributes": { "status": status } } });
        assert_eq!(read(&inquiry, 200, &body), expected, "{status}");
    }
    let other = json!({ "data": { "id": "inq_2", "attributes": { "status": "approved" } } });
    assert_eq!(read(&inquiry, 200, &other), LookupAnswer::Unreachable, "another inquiry");
    assert_eq!(read(&inquiry, 404, &other), LookupAnswer::NotFound);
    assert_eq!(read(&inquiry, 403, &other), LookupAnswer::Denied);
    assert_eq!(read(&inquiry, 500, &other), LookupAnswer::Unreachable);
}

#[test]
fn o20_a_phone_that_names_a_transaction_is_in_no_key() {
    let normalised =
        read_json("hyperverge", &fixture("hyperverge", "finish.phone-as-transaction.json")).expect("read");
    let event = only(&normalised);
    assert!(!event.obligation.as_str().contains("4155550123") && !event.id.as_str().contains("4155550123"));
    assert!(!format!("{event:?}").contains("4155550123"));
    let mut approved = fixture("hyperverge", "finish.auto_approved.json");
    approved["transactionId"] = json!("+14155550123");
    let approved = read_json("hyperverge", &approved).expect("read");
    assert_eq!(only(&approved).obligation, event.obligation, "the approval is of the same check");
}

#[test]
fn o20_sandbox_and_live_are_told_apart_where_the_vendor_does() {
    let live = |file| read_json("sumsub", &fixture("sumsub", file)).expect("read").livemode;
    assert_eq!(live("applicantReviewed.green.json"), Some(true));
    assert_eq!(live("applicantReviewed.green.sandbox.json"), Some(false));
    let mut check = fixture("onfido", "check.completed.clear.answer1.json");
    check["sandbox"] = json!(true);
    let completed = source("onfido").complete(asked(), &answer(200, &check)).expect("read");
    assert_eq!(completed.livemode, Some(false));
    assert!(lines::lines(&completed).contains("kyc_approved"));
}
