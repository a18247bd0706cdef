//! What a provider said about the account, a number or a template: acted upon at once, for every case of the brand.

use jiff::{SignedDuration, Timestamp};

use super::{Context, Decision};
use crate::{Channel, News, Paused, Quality, Reason, Standing, TemplateNews};

pub(super) fn decide(known: Option<&Standing>, news: &News, context: &Context<'_>) -> Decision {
    let mut next = known.cloned().unwrap_or_default();
    next.tidy(context.now);
    let policy = context.policy;
    let until = |wait: SignedDuration| context.now.saturating_add(wait).unwrap_or(Timestamp::MAX);
    let mut alarm = false;
    match news {
        News::Barred { what, code } => {
            let wait = match what {
                Paused::Channel(_) => policy.channel_pause,
                Paused::Template(..) => policy.template_pause,
                Paused::Marketing(_) | Paused::Country(..) => policy.marketing_pause,
            };
            if let Paused::Marketing(_) = what {
                next.governor = next.governor.rated(Quality::Red, context.now);
            }
            next.keep_back(what.clone(), until(wait), code);
        }
        News::Capped => next.governor = next.governor.capped(context.now),
        News::Template { template, language, news } => match news {
            TemplateNews::Usable(true, _) => {
                next.release(&Paused::Template(template.clone(), language.clone()));
            }
            TemplateNews::Usable(false, code) => {
                let what = Paused::Template(template.clone(), language.clone());
                next.keep_back(what, until(policy.template_pause), code);
                alarm = true;
            }
            TemplateNews::Category(category) => {
                next.recount(template, language, *category);
                alarm = true;
            }
            TemplateNews::CategoryAhead(_) | TemplateNews::Quality(Quality::Red) => alarm = true,
            TemplateNews::Quality(Quality::Green | Quality::Yellow | Quality::Unknown) => {}
        },
        News::NumberQuality { quality, .. } => {
            next.governor = next.governor.rated(*quality, context.now);
            alarm = *quality == Quality::Red;
        }
        News::Account { barred: true, code } => {
            next.keep_back(Paused::Channel(Channel::Whatsapp), until(policy.channel_pause), code);
            alarm = true;
        }
        News::Account { barred: false, .. } => next.release(&Paused::Channel(Channel::Whatsapp)),
    }
    if known == Some(&next) {
        return Decision { alarm, ..Decision::new(Reason::Duplicate) };
    }
    Decision { standing: Some(next), alarm, ..Decision::new(Reason::Heeded) }
}
