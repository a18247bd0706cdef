//! What Meta says of our templates, our number and our account (messaging-providers.md 1.4).

use recoup_core::{Category, ChannelEvent, Name, News, Quality, TemplateNews};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::graph::{read, scalar};
use crate::outcome::{ignored, label};

const STATUS: &str = "message_template_status_update";
const QUALITY: &str = "message_template_quality_update";
const CATEGORY: &str = "template_category_update";

#[derive(Deserialize)]
struct OfTemplate<'a> {
    #[serde(borrow)]
    message_template_name: Option<&'a RawValue>,
    #[serde(borrow)]
    message_template_language: Option<&'a RawValue>,
    #[serde(borrow)]
    event: Option<&'a RawValue>,
    #[serde(borrow)]
    new_quality_score: Option<&'a RawValue>,
    #[serde(borrow)]
    new_category: Option<&'a RawValue>,
    #[serde(borrow)]
    correct_category: Option<&'a RawValue>,
}

/// News of the number or of the account.
#[derive(Deserialize)]
struct OfSender<'a> {
    #[serde(borrow)]
    event: Option<&'a RawValue>,
    #[serde(borrow)]
    ban_info: Option<&'a RawValue>,
    #[serde(borrow)]
    restriction_info: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Ban<'a> {
    #[serde(borrow)]
    waba_ban_state: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Restriction<'a> {
    #[serde(borrow)]
    restriction_type: Option<&'a RawValue>,
}

/// Reads a change that concerns no buyer; `None` when it lacks what its field promises.
pub(super) fn event(field: &str, value: &RawValue) -> Option<ChannelEvent> {
    match field {
        STATUS | QUALITY | CATEGORY => template_event(field, &read(value)?),
        "phone_number_quality_update" => number_event(&read(value)?),
        "account_update" => account_event(&read(value)?),
        _ => Some(ignored(field)),
    }
}

fn template_event(field: &str, news: &OfTemplate<'_>) -> Option<ChannelEvent> {
    let language = label(&scalar(news.message_template_language)?.replace('-', "_"), "");
    if language.is_empty() {
        return None;
    }
    // While a change of category is ahead, the new category is the one that still holds.
    let (word, news_of): (_, fn(&str) -> Option<TemplateNews>) = match field {
        STATUS => (news.event, standing),
        QUALITY => (news.new_quality_score, |word| Some(TemplateNews::Quality(quality(word)))),
        _ if scalar(news.correct_category).is_some() => {
            (news.correct_category, |word| category(word).map(TemplateNews::CategoryAhead))
        }
        _ => (news.new_category, |word| category(word).map(TemplateNews::Category)),
    };
    let word = scalar(word)?;
    let Ok(template) = Name::parse(&scalar(news.message_template_name)?) else {
        return Some(ignored("foreign_template"));
    };
    Some(match news_of(&word) {
        Some(news) => ChannelEvent::News(News::Template { template, language, news }),
        None => ignored(&format!("{field}_{word}")),
    })
}

/// Whether a template can be sent: only an approved one can (messaging-providers.md 1.6).
fn standing(word: &str) -> Option<TemplateNews> {
    let usable = match word {
        "APPROVED" | "REINSTATED" | "UNARCHIVED" => true,
        "PAUSED" | "DISABLED" | "REJECTED" | "ARCHIVED" | "DELETED" | "PENDING" | "PENDING_DELETION"
        | "IN_APPEAL" | "LIMIT_EXCEEDED" => false,
        // It is still sent, and buyers complain of it.
        "FLAGGED" => return Some(TemplateNews::Quality(Quality::Red)),
        // A locked one cannot be edited, which says nothing of sending it.
        _ => return None,
    };
    Some(TemplateNews::Usable(usable, word.to_owned()))
}

fn quality(word: &str) -> Quality {
    match word {
        "GREEN" => Quality::Green,
        "YELLOW" => Quality::Yellow,
        "RED" => Quality::Red,
        _ => Quality::Unknown,
    }
}

/// Reads a category that a template of ours can have; codes to log in with are none of ours.
fn category(word: &str) -> Option<Category> {
    match word {
        "UTILITY" => Some(Category::Utility),
        "MARKETING" => Some(Category::Marketing),
        _ => None,
    }
}

fn number_event(news: &OfSender<'_>) -> Option<ChannelEvent> {
    let word = scalar(news.event)?;
    let quality = match &*word {
        "FLAGGED" | "DOWNGRADE" => Quality::Red,
        "UNFLAGGED" | "UPGRADE" => Quality::Green,
        _ => Quality::Unknown,
    };
    Some(ChannelEvent::News(News::NumberQuality { quality, code: label(&word, "unnamed") }))
}

fn account_event(news: &OfSender<'_>) -> Option<ChannelEvent> {
    let word = scalar(news.event)?;
    let barred = match &*word {
        "ACCOUNT_RESTRICTION" if !restricts_messages(news.restriction_info) => None,
        "ACCOUNT_RESTRICTION"
        | "ACCOUNT_VIOLATION"
        | "ACCOUNT_DELETED"
        | "ACCOUNT_OFFBOARDED"
        | "PARTNER_REMOVED"
        | "PARTNER_APP_UNINSTALLED" => Some(true),
        "DISABLED_UPDATE" => {
            let state = news.ban_info.and_then(read::<Ban<'_>>).and_then(|ban| scalar(ban.waba_ban_state));
            let state = state.unwrap_or_default();
            // Only this state lifts; one that is scheduled leaves time to look, not to go on.
            let code = label(format!("{word}_{state}").trim_end_matches('_'), "unnamed");
            return Some(ChannelEvent::News(News::Account { barred: state != "REINSTATE", code }));
        }
        "ACCOUNT_RECONNECTED" => Some(false),
        _ => None,
    };
    Some(match barred {
        Some(barred) => ChannelEvent::News(News::Account { barred, code: label(&word, "unnamed") }),
        None => ignored(&format!("account_update_{word}")),
    })
}

/// Whether a restriction touches messages; some concern calls, new numbers or new templates only. One without a list
/// counts as if it did.
fn restricts_messages(list: Option<&RawValue>) -> bool {
    let list: Vec<Restriction<'_>> = list.and_then(read).unwrap_or_default();
    let mut kinds = list.iter().map(|restriction| scalar(restriction.restriction_type).unwrap_or_default());
    list.is_empty() || kinds.any(|kind| kind.ends_with("_MESSAGING"))
}
