//! Templates: versioned texts with typed variables, as data.

use std::collections::BTreeMap;

use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde::Deserialize;
use thiserror::Error;

use crate::{
    Category, Channel, Content, KycCause, Letter, Link, Money, Name, Notification, PersonName,
    TemplateContent, TextContent, Zones,
};

/// Why a template was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MalformedTemplate {
    /// Not TOML, or a member is missing, misspelt or of the wrong type.
    #[error("not a template: {0}")]
    Syntax(String),
    /// It breaks a rule of its kind.
    #[error("language {language}: {rule}")]
    Rule {
        /// The language of the text.
        language: String,
        /// The rule.
        rule: &'static str,
    },
}

/// Why a text could not be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RenderError {
    /// A declared variable has no value in this case.
    #[error("variable {0} has no value")]
    MissingVariable(String),
    /// There is no payment link, or it does not start with the approved base.
    #[error("payment link is missing or outside the approved base")]
    NoLink,
    /// The template has no text in any usable language.
    #[error("no text in this language")]
    NoLanguage,
    /// The template has no text for this channel.
    #[error("no text for the {0} channel")]
    NoText(Channel),
}

/// The kind of value a variable takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VariableKind {
    /// The buyer's name, or the language's neutral greeting.
    Person,
    /// An amount with its currency.
    Money,
    /// A day on the buyer's calendar.
    Date,
    /// A whole number of days.
    Days,
    /// The payment page.
    Link,
    /// A short fixed text: the brand, the invoice number.
    Text,
    /// What was wrong with a check of identity, in the language's own words.
    Cause,
}

/// One message in every language it is written in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// The name, equal to the file's and to the approved template's at the provider.
    pub name: Name,
    /// Utility or marketing, as approved.
    pub category: Category,
    /// What the total in the text includes, shown to reviewers, for example "tax".
    pub total_includes: Option<String>,
    /// Whether the text approved at the provider numbers its variables instead of naming them.
    #[serde(default)]
    pub positional: bool,
    /// Every variable and its kind.
    pub variables: BTreeMap<String, VariableKind>,
    /// The texts by language, for example `en` or `pt_BR`.
    pub language: BTreeMap<String, Text>,
}

/// The texts of one language.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// The WhatsApp body as approved, with `{variable}` in place of Meta's `{{variable}}`.
    pub whatsapp: String,
    /// Labels of the quick replies after the link button: the exits.
    pub quick_replies: Vec<QuickReply>,
    /// The text message.
    pub sms: String,
    /// The notification of the app, where a step goes by it.
    pub push: Option<PushText>,
    /// The e-mail, for a buyer whose number nobody knows.
    pub email: Option<EmailText>,
    /// How a date is written, in strftime's letters.
    pub date: String,
    /// Stands in for an unknown name.
    pub anonymous: String,
    /// What each cause of a refused check is called, for a text that names it.
    #[serde(default)]
    pub causes: BTreeMap<KycCause, String>,
}

/// A notification in one language; a tap opens the link.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushText {
    /// The first line.
    pub title: String,
    /// The text.
    pub body: String,
}

/// An e-mail in one language, in plain text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailText {
    /// The subject.
    pub subject: String,
    /// The text.
    pub body: String,
}

impl Text {
    /// Every text with variables in it.
    fn patterns(&self) -> impl Iterator<Item = &String> {
        let push = self.push.iter().flat_map(|push| [&push.title, &push.body]);
        let email = self.email.iter().flat_map(|email| [&email.subject, &email.body]);
        [&self.whatsapp, &self.sms].into_iter().chain(push).chain(email)
    }
}

/// A button that answers for the buyer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuickReply {
    /// What the button says.
    pub label: String,
    /// What comes back: `STOP` or `HELP`.
    pub payload: String,
}

/// The values a case offers to its texts.
#[derive(Debug, Clone)]
pub struct Values<'a> {
    /// The buyer's name.
    pub name: Option<&'a PersonName>,
    /// What is owed.
    pub amount: Option<Money>,
    /// The invoice or order number.
    pub number: Option<&'a PersonName>,
    /// The merchant.
    pub brand: &'a str,
    /// The payment page.
    pub link: Option<&'a Link>,
    /// The approved fixed part of payment pages.
    pub link_base: &'a str,
    /// When service stops.
    pub suspension: Timestamp,
    /// Days from now until service stops.
    pub days_left: i64,
    /// What was wrong with a check of identity.
    pub cause: Option<KycCause>,
    /// The buyer's clocks.
    pub zones: &'a Zones,
}

impl Template {
    /// Reads a template and checks it.
    ///
    /// # Errors
    /// [`MalformedTemplate`] naming the member or the broken rule.
    pub fn parse(text: &str) -> Result<Self, MalformedTemplate> {
        let template: Self =
            toml::from_str(text).map_err(|error| MalformedTemplate::Syntax(error.message().to_owned()))?;
        for (language, text) in &template.language {
            template
                .lint(text)
                .map_err(|rule| MalformedTemplate::Rule { language: language.clone(), rule })?;
        }
        Ok(template)
    }

    fn lint(&self, text: &Text) -> Result<(), &'static str> {
        if !text.patterns().all(|text| paired(text)) {
            return Err("braces stand around the name of a variable and nowhere else");
        }
        for name in text.patterns().flat_map(|text| placeholders(text)) {
            if !self.variables.contains_key(name) {
                return Err("a variable of the text is not declared");
            }
        }
        let body = text.whatsapp.trim();
        if body.starts_with('{') || body.ends_with('}') || body.contains("}{") || body.contains("} {") {
            return Err("a WhatsApp body neither starts nor ends with a variable, nor sets two side by side");
        }
        if body.chars().count() > 1024 {
            return Err("a WhatsApp body has at most 1024 characters");
        }
        let exit = |payload: &str| text.quick_replies.iter().any(|reply| reply.payload == payload);
        if !exit("STOP") || !text.sms.contains("STOP") {
            return Err("every text carries an exit: a STOP button, and STOP in the text message");
        }
        let addressed = |letter: &EmailText| letter.body.contains("STOP") && letter.body.contains("HELP");
        if !text.email.as_ref().is_none_or(addressed) {
            return Err("an e-mail carries its exit and its way to a person: STOP and HELP");
        }
        if !exit("HELP") {
            return Err("every text carries a way to a person: a HELP button");
        }
        if text.quick_replies.iter().any(|reply| reply.label.is_empty() || reply.label.chars().count() > 25) {
            return Err("a button label has 1 to 25 characters");
        }
        let date = written(&text.date, &Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC));
        let replies = text.quick_replies.iter().flat_map(|reply| [&reply.label, &reply.payload]);
        let subject = text.email.iter().map(|email| &email.subject);
        let push = text.push.iter().flat_map(|push| [&push.title, &push.body]);
        let lines = replies.chain([&text.sms, &text.anonymous]).chain(&date).chain(subject).chain(push);
        if !lines.into_iter().all(|text| one_line(text)) {
            return Err(
                "a text message, a notification, a subject, a date, a greeting and a button are each one line, and not empty",
            );
        }
        let named = self.variables.values().any(|kind| *kind == VariableKind::Cause);
        if named
            && !KycCause::ALL.iter().all(|cause| text.causes.get(cause).is_some_and(|words| one_line(words)))
        {
            return Err("every cause of a refused check has its words, each one line");
        }
        if date.is_none() {
            return Err("a date is written in strftime's letters");
        }
        let total = self.variables.values().any(|kind| *kind == VariableKind::Money);
        if total && self.total_includes.as_deref().is_none_or(str::is_empty) {
            return Err("a total says what it includes");
        }
        Ok(())
    }

    /// Makes the content of a message, in the buyer's language or the default one.
    ///
    /// # Errors
    /// [`RenderError`] when a value or a language is missing: nothing leaves with a hole in it.
    pub fn render(
        &self,
        channel: Channel,
        locale: Option<&str>,
        default_locale: &str,
        values: &Values<'_>,
    ) -> Result<Content, RenderError> {
        let (language, text) = self.text_for(locale, default_locale).ok_or(RenderError::NoLanguage)?;
        match channel {
            Channel::Sms => {
                let (body, parameters) = self.fill(&text.sms, text, values)?;
                let (template, language) = (self.name.clone(), language.to_owned());
                Ok(Content::Text(TextContent { body, template, language, parameters }))
            }
            Channel::Whatsapp => self.parameters(language, text, values).map(Content::Template),
            Channel::Push => {
                let push = text.push.as_ref().ok_or(RenderError::NoText(channel))?;
                let (title, body) =
                    (self.fill(&push.title, text, values)?.0, self.fill(&push.body, text, values)?.0);
                let link = if self.is_linked() { Some(approved_link(values)?.clone()) } else { None };
                Ok(Content::Notification(Notification { title, body, link }))
            }
            Channel::Email => {
                let email = text.email.as_ref().ok_or(RenderError::NoText(channel))?;
                let subject = self.fill(&email.subject, text, values)?.0;
                let body = self.fill(&email.body, text, values)?.0;
                Ok(Content::Letter(Letter { subject, body }))
            }
        }
    }

    /// Whether the text leads somewhere.
    fn is_linked(&self) -> bool {
        self.variables.values().any(|kind| *kind == VariableKind::Link)
    }

    /// The language in which a buyer of this locale is written to.
    pub fn language_for(&self, locale: Option<&str>, default_locale: &str) -> Option<&str> {
        self.text_for(locale, default_locale).map(|(language, _)| language)
    }

    fn text_for(&self, locale: Option<&str>, default_locale: &str) -> Option<(&str, &Text)> {
        let tag = locale.unwrap_or(default_locale).replace('-', "_");
        let primary = tag.split('_').next().unwrap_or_default();
        let found = [tag.as_str(), primary, default_locale]
            .into_iter()
            .find_map(|language| self.language.get_key_value(language));
        found.map(|(language, text)| (language.as_str(), text))
    }

    /// A text with its values in place, and the values by name in the order of the text.
    fn fill(
        &self,
        pattern: &str,
        text: &Text,
        values: &Values<'_>,
    ) -> Result<(String, Vec<(String, String)>), RenderError> {
        let (mut out, mut parameters) = (String::with_capacity(pattern.len() + 128), Vec::new());
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            out.push_str(before);
            let value = self.value(name, text, values)?;
            out.push_str(&value);
            parameters.push((name.to_owned(), value));
            rest = after;
        }
        out.push_str(rest);
        Ok((out, parameters))
    }

    fn parameters(
        &self,
        language: &str,
        text: &Text,
        values: &Values<'_>,
    ) -> Result<TemplateContent, RenderError> {
        let mut parameters: Vec<(String, String)> = Vec::new();
        for name in placeholders(&text.whatsapp) {
            if parameters.iter().all(|(known, _)| known != name) {
                parameters.push((name.to_owned(), self.value(name, text, values)?));
            }
        }
        let url_suffix = if self.is_linked() { Some(link_suffix(values)?.to_owned()) } else { None };
        let quick_replies = text.quick_replies.iter().map(|reply| reply.payload.clone()).collect();
        Ok(TemplateContent {
            name: self.name.clone(),
            language: language.to_owned(),
            positional: self.positional,
            image: None,
            parameters,
            url_suffix,
            quick_replies,
            copy_code: None,
        })
    }

    fn value(&self, name: &str, text: &Text, values: &Values<'_>) -> Result<String, RenderError> {
        let missing = || RenderError::MissingVariable(name.to_owned());
        match self.variables.get(name).ok_or_else(missing)? {
            VariableKind::Person => {
                Ok(values.name.map_or(text.anonymous.as_str(), PersonName::expose).to_owned())
            }
            VariableKind::Money => values.amount.map(|amount| amount.to_string()).ok_or_else(missing),
            VariableKind::Date => {
                written(&text.date, &values.suspension.to_zoned(values.zones.calendar())).ok_or_else(missing)
            }
            VariableKind::Days => Ok(values.days_left.to_string()),
            VariableKind::Link => link_suffix(values).map(|suffix| format!("{}{suffix}", values.link_base)),
            VariableKind::Cause => {
                let words = text.causes.get(&values.cause.unwrap_or_default());
                words.cloned().ok_or_else(missing)
            }
            VariableKind::Text if name == "brand" => Ok(values.brand.to_owned()),
            VariableKind::Text => values.number.map(|number| number.expose().to_owned()).ok_or_else(missing),
        }
    }
}

/// The link, if it starts with the approved base and goes on.
fn approved_link<'a>(values: &Values<'a>) -> Result<&'a Link, RenderError> {
    let link = values.link.ok_or(RenderError::NoLink)?;
    link_suffix(values).map(|_| link)
}

fn link_suffix<'a>(values: &Values<'a>) -> Result<&'a str, RenderError> {
    let link = values.link.ok_or(RenderError::NoLink)?;
    let suffix = link.expose().strip_prefix(values.link_base).ok_or(RenderError::NoLink)?;
    if suffix.is_empty() || values.link_base.is_empty() { Err(RenderError::NoLink) } else { Ok(suffix) }
}

/// The date in this format; `None` for a format that is none, or that has no letters for this date.
fn written(format: &str, date: &Zoned) -> Option<String> {
    strtime::format(format, date).ok()
}

/// Whether each brace opens or closes a variable.
fn paired(text: &str) -> bool {
    let mut parts = text.split('{');
    !parts.next().unwrap_or_default().contains('}') && parts.all(|part| part.matches('}').count() == 1)
}

/// Whether a text is one line, and neither empty nor overriding the order in which it is read.
fn one_line(text: &str) -> bool {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202d}' | '\u{202e}');
    !text.trim().is_empty() && !text.contains(breaks)
}

fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|part| part.split_once('}').map(|(name, _)| name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Currency, Library};

    fn zones() -> Zones {
        Zones::of(Some("America/New_York"), None)
    }

    fn render(
        template: &Template,
        channel: Channel,
        locale: Option<&str>,
        link: Option<&Link>,
        amount: Option<Money>,
    ) -> Result<Content, RenderError> {
        let name = PersonName::clean("Ana").expect("shown");
        let number = PersonName::clean("INV-1").expect("shown");
        let zones = zones();
        template.render(
            channel,
            locale,
            "en",
            &Values {
                name: Some(&name),
                amount,
                number: Some(&number),
                brand: "Acme",
                link,
                link_base: "https://invoice.stripe.com/",
                suspension: "2026-12-06T03:00:00Z".parse().expect("well formed"),
                days_left: 3,
                cause: Some(KycCause::Unreadable),
                zones: &zones,
            },
        )
    }

    fn link() -> Link {
        Link::parse("https://invoice.stripe.com/i/acct_1/x").expect("well formed")
    }

    fn yen() -> Option<Money> {
        Currency::parse("JPY").ok().map(|currency| Money { minor: 1500, currency })
    }

    #[test]
    fn r10_no_shipped_text_leaves_with_a_hole_in_any_language_or_channel() {
        for (name, text) in Library::template_files() {
            let template = Template::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(template.name.as_str(), *name, "file and template name agree");
            for language in template.language.keys() {
                for channel in [Channel::Whatsapp, Channel::Sms] {
                    let content =
                        render(&template, channel, Some(language), Some(&link()), yen()).expect("complete");
                    let shown = match content {
                        Content::Text(text) => text.body,
                        Content::Template(content) => {
                            assert_eq!(content.url_suffix.as_deref(), Some("i/acct_1/x"));
                            content
                                .parameters
                                .into_iter()
                                .map(|(_, value)| value)
                                .collect::<Vec<_>>()
                                .join("|")
                        }
                        other @ (Content::Answer(_) | Content::Notification(_) | Content::Letter(_)) => {
                            panic!("{other:?} is for no channel of these two")
                        }
                    };
                    assert!(!shown.contains(['{', '}', '\n', '\t']), "{name} {language}: {shown}");
                    assert!(!shown.is_empty());
                }
            }
        }
    }

    #[test]
    fn r10_dates_are_days_on_the_buyer_s_calendar() {
        let text = Library::template_text("payment_failed_final").expect("shipped");
        let template = Template::parse(text).expect("well formed");
        let Ok(Content::Text(text)) = render(&template, Channel::Sms, None, Some(&link()), yen()) else {
            panic!("a text")
        };
        let TextContent { body: text, .. } = text;
        assert!(text.contains("5 December 2026"), "still the 5th in New York: {text}");
        assert!(text.contains("1500 JPY"), "{text}");
    }

    #[test]
    fn r10_a_missing_value_stops_the_text() {
        let text = Library::template_text("payment_failed_first").expect("shipped");
        let template = Template::parse(text).expect("well formed");
        for channel in [Channel::Whatsapp, Channel::Sms] {
            assert_eq!(render(&template, channel, None, None, yen()), Err(RenderError::NoLink));
            let foreign = Link::parse("https://pay.example.com/x").expect("well formed");
            assert_eq!(render(&template, channel, None, Some(&foreign), yen()), Err(RenderError::NoLink));
            assert_eq!(
                render(&template, channel, None, Some(&link()), None),
                Err(RenderError::MissingVariable("amount".to_owned()))
            );
        }
    }

    #[test]
    fn an_unwritten_language_falls_back_to_its_primary_tag_then_to_the_default() {
        let text = Library::template_text("payment_failed_first").expect("shipped");
        let template = Template::parse(text).expect("well formed");
        for (locale, expected) in
            [(Some("es-MX"), "es"), (Some("zz"), "en"), (None, "en"), (Some("es"), "es")]
        {
            let Ok(Content::Template(content)) =
                render(&template, Channel::Whatsapp, locale, Some(&link()), yen())
            else {
                panic!("a template")
            };
            assert_eq!(content.language, expected);
        }
    }

    #[test]
    fn a_template_that_breaks_a_rule_is_refused() {
        let make = |whatsapp: &str, sms: &str, replies: &str, total: &str| {
            format!(
                "name = \"t\"\ncategory = \"utility\"\n{total}\nvariables = {{ amount = \"money\" }}\n[language.en]\n\
                 whatsapp = \"{whatsapp}\"\nsms = \"{sms}\"\nquick_replies = [{replies}]\ndate = \"%d\"\nanonymous = \"there\"\n"
            )
        };
        let both = "{ label = \"Stop\", payload = \"STOP\" }, { label = \"Help\", payload = \"HELP\" }";
        let total = "total_includes = \"tax\"";
        assert!(
            Template::parse(&make("Pay {amount} now.", "Pay {amount}. STOP to end", both, total)).is_ok()
        );
        for (text, rule) in [
            (make("Pay {sum} now.", "STOP", both, total), "not declared"),
            (make("{amount} is due.", "STOP", both, total), "neither starts nor ends"),
            (make("Pay now.", "Pay {amount}", both, total), "carries an exit"),
            (
                make("Pay now.", "STOP", "{ label = \"Stop\", payload = \"STOP\" }", total),
                "a way to a person",
            ),
            (make("Pay {amount} now.", "STOP", both, ""), "says what it includes"),
        ] {
            let error = Template::parse(&text).expect_err(rule).to_string();
            assert!(error.contains(rule), "{error} should say {rule}");
        }
    }
}
