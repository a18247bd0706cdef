//! Templates and what becomes of them. Input: name, number, amount, currency, link, locale, zone, the second of the
//! suspension, days left, a line each; then the template as TOML, or nothing for those of this build.

use recoup_core::{
    Channel, Content, Currency, Library, Link, Money, PersonName, RenderError, Template, TemplateContent,
    Values, VariableKind, Zones,
};

use crate::input::Lines;
use crate::shown::{assert_one_plain_line, assert_silent};

const LINK_BASE: &str = "https://pay.example/";

/// A template that is taken can be filled whatever the buyer is called; what comes out is one plain line without a hole.
pub fn check(data: &[u8]) {
    let mut input = Lines::of(data);
    let (name, number) = (PersonName::clean(&input.line()), PersonName::clean(&input.line()));
    let (minor, currency) = (input.number(), Currency::parse(&input.line()).ok());
    let link = Link::parse(&format!("{LINK_BASE}{}", input.line())).ok();
    let (locale, zones) = (input.line(), Zones::of(Some(&input.line()), None));
    let values = Values {
        cause: None,
        name: name.as_ref(),
        amount: currency.map(|currency| Money { minor, currency }),
        number: number.as_ref(),
        brand: "Acme",
        link: link.as_ref(),
        link_base: LINK_BASE,
        suspension: input.instant(),
        days_left: input.number(),
        zones: &zones,
    };
    let text = input.rest();
    if text.is_empty() {
        for (name, text) in Library::template_files() {
            let template = Template::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            check_rendered(&template, &locale, "en", &values);
        }
    } else if let Ok(template) = Template::parse(&String::from_utf8_lossy(text)) {
        for language in template.language.keys() {
            check_rendered(&template, &locale, language, &values);
        }
    }
}

fn check_rendered(template: &Template, locale: &str, default: &str, values: &Values<'_>) {
    for channel in [Channel::Whatsapp, Channel::Sms] {
        match template.render(channel, Some(locale), default, values) {
            Ok(Content::Text(text)) => {
                assert_eq!(channel, Channel::Sms);
                assert_one_plain_line(&text.body);
                check_links(&text.body, values);
            }
            Ok(Content::Template(content)) => check_content(template, &content, values),
            Ok(other) => panic!("{other:?} is for no channel of these two"),
            Err(error) => check_refused(template, &error, values),
        }
    }
}

fn check_content(template: &Template, content: &TemplateContent, values: &Values<'_>) {
    assert_eq!(content.name, template.name);
    assert!(template.language.contains_key(&content.language), "a language that was not written");
    for (name, text) in &content.parameters {
        assert!(template.variables.contains_key(name), "{name} is not declared");
        assert_one_plain_line(text);
        assert!(!text.trim().is_empty(), "{name} is a hole");
        assert!(!text.contains("     "), "{name} has a run of blanks");
    }
    for payload in &content.quick_replies {
        assert_one_plain_line(payload);
    }
    if let Some(suffix) = &content.url_suffix {
        let link = values.link.expect("a button has a link").expose();
        assert_eq!(format!("{LINK_BASE}{suffix}"), link, "another link");
    }
}

/// No link stands in a text but the buyer's own.
fn check_links(text: &str, values: &Values<'_>) {
    let own = values.link.map_or("", Link::expose);
    let others = if own.is_empty() { text.to_owned() } else { text.replace(own, "") };
    let name = values.name.map_or("", PersonName::expose);
    assert!(!name.contains("://") || !others.contains("://"), "a link came in by a name");
}

fn check_refused(template: &Template, error: &RenderError, values: &Values<'_>) {
    let takes = |kind: VariableKind| template.variables.values().any(|other| *other == kind);
    match error {
        RenderError::NoLink => assert!(values.link.is_none_or(|link| link.expose() == LINK_BASE)),
        RenderError::MissingVariable(_) => {
            let amount = takes(VariableKind::Money) && values.amount.is_none();
            let number = takes(VariableKind::Text) && values.number.is_none();
            assert!(amount || number, "a hole that no value can fill: {error}");
        }
        RenderError::NoLanguage => panic!("the default language is written"),
        RenderError::NoText(channel) => panic!("every text is written for {channel}"),
    }
    assert_silent(&error.to_string().replace(|c: char| !c.is_ascii_lowercase() && c != ' ', ""));
}
