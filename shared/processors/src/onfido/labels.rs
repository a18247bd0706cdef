//! What Onfido's reports and a workflow's reasons say, in a buyer's terms.

use std::collections::BTreeMap;

use recoup_core::KycCause;

use crate::NormaliseError;
use crate::json::{self, Member, members};
use crate::kyc::{Label, Verdict};

members! {
    struct Reports {
        reports,
    }
}

members! {
    struct Report {
        name,
        result,
        sub_result,
        breakdown,
    }
}

members! {
    /// A breakdown, and what it is made of.
    struct Part {
        result,
        breakdown,
        properties,
    }
}

type Parts<'a> = BTreeMap<String, Member<'a>>;

/// Weighs the reports of one check.
///
/// # Errors
/// [`NormaliseError`] when the answer is no list of reports.
pub(super) fn of_reports(body: &[u8]) -> Result<Verdict, NormaliseError> {
    let answer: Reports<'_> = json::parse(body)?;
    let reports = answer.reports.elements().ok_or(NormaliseError::Missing { member: "reports" })?;
    Ok(Verdict::of(reports.into_iter().flat_map(|report| of_report(&report.object().unwrap_or_default()))))
}

/// Whether a result is another than `clear`; null says that it was not looked at.
fn flagged(result: Member<'_>) -> bool {
    result.text().is_some_and(|result| result != "clear")
}

fn of_report(report: &Report<'_>) -> Vec<Label> {
    if !flagged(report.result) {
        return Vec::new();
    }
    let name = report.name.text().unwrap_or_default();
    if name.starts_with("watchlist") || matches!(&*name, "known_faces" | "device_intelligence") {
        return vec![Label::Final];
    }
    let groups: Parts<'_> = report.breakdown.object().unwrap_or_default();
    let mut labels: Vec<Label> =
        groups.iter().flat_map(|(group, part)| of_group(&name, group, *part)).collect();
    let suspected = report.sub_result.text().as_deref() == Some("suspected");
    if suspected && labels.is_empty() {
        labels.push(Label::Final);
    }
    labels
}

fn of_group(report: &str, group: &str, part: Member<'_>) -> Vec<Label> {
    let whole: Part<'_> = part.object().unwrap_or_default();
    if !flagged(whole.result) {
        return Vec::new();
    }
    let parts: Parts<'_> = whole.breakdown.object().unwrap_or_default();
    let parts = parts.iter().filter_map(|(name, part)| Some((name, part.object::<Part<'_>>()?)));
    let mut flagged_parts = parts.filter(|(_, part)| flagged(part.result)).peekable();
    if flagged_parts.peek().is_none() {
        return label(report, group, "").into_iter().collect();
    }
    flagged_parts.flat_map(|(name, part)| of_part(report, group, name, &part)).collect()
}

/// The reasons beside a part are more exact than its name.
fn of_part(report: &str, group: &str, name: &str, part: &Part<'_>) -> Vec<Label> {
    let reasons: Parts<'_> = part.properties.object().unwrap_or_default();
    let reasons = reasons.iter().filter(|(_, result)| flagged(**result));
    let exact: Vec<Label> = reasons.filter_map(|(reason, _)| of_property(reason)).collect();
    if exact.is_empty() { label(report, group, name).into_iter().collect() } else { exact }
}

/// The reasons of `image_quality`, `conclusive_document_quality` and `original_document_present`.
fn of_property(reason: &str) -> Option<Label> {
    let cause = match reason {
        "blurred_photo"
        | "covered_photo"
        | "cut_off_document"
        | "dark_photo"
        | "glare_on_photo"
        | "no_document_in_image"
        | "obscured_data_points"
        | "obscured_security_features"
        | "other_photo_issue" => KycCause::Unreadable,
        "incorrect_side" | "missing_back" => KycCause::Incomplete,
        "corner_removed" | "damaged_document" | "punctured_document" | "two_documents_uploaded" => {
            KycCause::WrongDocument
        }
        "abnormal_document_features"
        | "digital_document"
        | "document_on_printed_paper"
        | "photo_of_screen"
        | "scan"
        | "screenshot"
        | "watermarks_digital_text_overlay" => KycCause::NotOriginal,
        _ => return None,
    };
    Some(Label::Cause(cause))
}

/// Onfido's breakdowns, by report. Those that point to fraud, or to a rule, end the matter.
fn label(report: &str, group: &str, part: &str) -> Option<Label> {
    if report.starts_with("facial_similarity") {
        return Some(Label::Cause(KycCause::SelfieMismatch));
    }
    let cause = match (group, part) {
        ("image_integrity", "supported_document") | ("document_classification", _) => KycCause::WrongDocument,
        ("image_integrity", "colour_picture") | ("visual_authenticity", "original_document_present") => {
            KycCause::NotOriginal
        }
        ("image_integrity", _) | ("visual_authenticity", "face_detection") => KycCause::Unreadable,
        ("data_validation", "document_expiration") => KycCause::Expired,
        ("data_comparison", _) => KycCause::DataMismatch,
        // Said for every other one of its group; alone it says nothing.
        ("visual_authenticity", "other") => return None,
        (
            "visual_authenticity" | "police_record" | "compromised_document" | "age_validation" | "mortality",
            _,
        ) => {
            return Some(Label::Final);
        }
        _ if report.starts_with("identity_enhanced") => KycCause::DataMismatch,
        _ => return None,
    };
    Some(Label::Cause(cause))
}

/// A reason of a Studio workflow: the merchant's own words, read only where they are Onfido's names of breakdowns, alone or
/// at the end of a path.
pub(super) fn by_reason(reason: &str) -> Option<Label> {
    let name = reason.trim().to_ascii_lowercase().replace([' ', '-'], "_");
    let mut path = name.rsplit('.');
    let (last, group) = (path.next().unwrap_or_default(), path.next().unwrap_or_default());
    let group = match last {
        "image_quality" | "conclusive_document_quality" | "supported_document" | "colour_picture" => {
            "image_integrity"
        }
        "document_expiration" => "data_validation",
        "original_document_present" => "visual_authenticity",
        "face_comparison" | "face_match" | "face_detected" | "source_integrity" | "spoofing_detection"
        | "liveness_detected" => return Some(Label::Cause(KycCause::SelfieMismatch)),
        "image_integrity"
        | "data_comparison"
        | "document_classification"
        | "police_record"
        | "compromised_document"
        | "age_validation" => return label("document", last, ""),
        _ => group,
    };
    of_property(last).or_else(|| label("document", group, last))
}
