//! Which checks of an inquiry failed, in a buyer's terms.

use recoup_core::KycCause;

use crate::json::{Member, members};
use crate::kyc::{Label, Verdict};

members! {
    struct Included {
        attributes,
    }
}

members! {
    struct Verification {
        status,
        checks,
    }
}

members! {
    struct Check {
        name,
        status,
        requirement,
    }
}

/// Weighs the failed checks of the included verifications. A buyer may have needed several attempts at one; those that
/// passed in the end say nothing.
pub(super) fn verdict(included: Member<'_>) -> Verdict {
    let included = included.elements().unwrap_or_default();
    Verdict::of(included.into_iter().flat_map(labels))
}

fn labels(included: Member<'_>) -> Vec<Label> {
    let included: Included<'_> = included.object().unwrap_or_default();
    let verification: Verification<'_> = included.attributes.object().unwrap_or_default();
    if verification.status.text().as_deref() == Some("passed") {
        return Vec::new();
    }
    let checks = verification.checks.elements().unwrap_or_default();
    checks.into_iter().filter_map(|check| failed(&check.object()?)).collect()
}

fn failed(check: &Check<'_>) -> Option<Label> {
    let counts = check.requirement.text().as_deref() != Some("not_required");
    let failed = check.status.text().as_deref() == Some("failed");
    if counts && failed { label(&check.name.text()?) } else { None }
}

/// Persona's names of checks. What Persona calls fraud, and not a mistake of the buyer's, ends the matter.
fn label(name: &str) -> Option<Label> {
    let cause = match name {
        "id_blur_detection"
        | "id_corner_detection"
        | "id_glare_detection"
        | "id_barcode_detection"
        | "id_extracted_properties_detection"
        | "id_mrz_detection"
        | "id_portrait_clarity_detection"
        | "id_portrait_detection"
        | "id_unprocessable_submission_detection"
        | "id_video_quality_detection" => KycCause::Unreadable,
        "id_expired_detection" => KycCause::Expired,
        "id_attribute_comparison"
        | "id_disallowed_country_detection"
        | "id_disallowed_type_detection"
        | "id_entity_detection"
        | "id_real_id_detection" => KycCause::WrongDocument,
        "id_double_side_detection" => KycCause::Incomplete,
        "id_color_inconsistency_detection" | "id_electronic_replica_detection" | "id_paper_detection" => {
            KycCause::NotOriginal
        }
        "id_aamva_database_lookup" | "id_account_comparison" | "id_inquiry_comparison" => {
            KycCause::DataMismatch
        }
        "id_selfie_comparison" => KycCause::SelfieMismatch,
        "id_age_comparison"
        | "id_compromised_detection"
        | "id_fabrication_detection"
        | "id_public_figure_detection"
        | "id_repeat_detection"
        | "id_tamper_detection"
        | "selfie_public_figure_detection"
        | "selfie_suspicious_entity_detection" => return Some(Label::Final),
        _ if name.starts_with("selfie_") => KycCause::SelfieMismatch,
        _ if name.starts_with("database_") => KycCause::DataMismatch,
        _ => return None,
    };
    Some(Label::Cause(cause))
}
