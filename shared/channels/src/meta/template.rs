//! The values of a template message: what stands in its header, its body and its buttons.

use recoup_core::TemplateContent;
use serde::Serialize;

use crate::EncodeError;
use crate::parameter::{allow, percent_encoded, single_line};

/// Characters of one body parameter: the whole hydrated body may have 1,024 (messaging-providers.md 1.6).
const PARAMETER_MAX: usize = 1024;
/// Characters of the URL behind a button (messaging-providers.md 1.6).
const URL_MAX: usize = 2000;
/// Characters behind a copy button (messaging-providers.md 1.6).
const CODE_MAX: usize = 20;
/// Characters of a button's payload; not in the pages at hand, and far above the single words we send.
pub(super) const PAYLOAD_MAX: usize = 128;
/// Buttons of one template (messaging-providers.md 1.6).
const BUTTONS_MAX: usize = 10;

#[derive(Serialize)]
pub(super) struct Template<'a> {
    name: &'a str,
    language: Language<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    components: Vec<Component<'a>>,
}

#[derive(Serialize)]
struct Language<'a> {
    code: &'a str,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Component<'a> {
    Header { parameters: [Parameter<'a>; 1] },
    Body { parameters: Vec<Parameter<'a>> },
    Button { sub_type: &'static str, index: String, parameters: [Parameter<'a>; 1] },
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Parameter<'a> {
    Text {
        #[serde(skip_serializing_if = "Option::is_none")]
        parameter_name: Option<&'a str>,
        text: String,
    },
    Image {
        image: Image<'a>,
    },
    Payload {
        payload: &'a str,
    },
    CouponCode {
        coupon_code: &'a str,
    },
}

#[derive(Serialize)]
struct Image<'a> {
    link: &'a str,
}

impl<'a> Template<'a> {
    /// Fills the components, or says which value Meta would refuse.
    pub(super) fn of(template: &'a TemplateContent) -> Result<Self, EncodeError> {
        let mut components = Vec::with_capacity(4 + template.quick_replies.len());
        if let Some(image) = &template.image {
            let image = Parameter::Image { image: Image { link: image.expose() } };
            components.push(Component::Header { parameters: [image] });
        }
        components.extend(body(template)?);
        components.extend(buttons(template)?);
        Ok(Self { name: template.name.as_str(), language: Language { code: &template.language }, components })
    }
}

/// Fills the body: by place where the approved text numbers its variables, else by name.
fn body(template: &TemplateContent) -> Result<Option<Component<'_>>, EncodeError> {
    let mut parameters = Vec::with_capacity(template.parameters.len());
    for (name, text) in &template.parameters {
        allow(single_line(text, PARAMETER_MAX), name)?;
        let parameter_name = (!template.positional).then_some(name.as_str());
        parameters.push(Parameter::Text { parameter_name, text: text.clone() });
    }
    Ok((!parameters.is_empty()).then_some(Component::Body { parameters }))
}

/// Lists the buttons, counted together from 0: the URL button first, the copy button last.
fn buttons(template: &TemplateContent) -> Result<Vec<Component<'_>>, EncodeError> {
    let mut buttons = Vec::with_capacity(2 + template.quick_replies.len());
    if let Some(suffix) = &template.url_suffix {
        let text = percent_encoded(suffix);
        allow(!text.is_empty() && text.len() <= URL_MAX, "url_suffix")?;
        buttons.push(("url", Parameter::Text { parameter_name: None, text }));
    }
    for payload in &template.quick_replies {
        allow(single_line(payload, PAYLOAD_MAX), "quick_replies")?;
        buttons.push(("quick_reply", Parameter::Payload { payload }));
    }
    if let Some(coupon_code) = &template.copy_code {
        allow(single_line(coupon_code, CODE_MAX), "copy_code")?;
        buttons.push(("copy_code", Parameter::CouponCode { coupon_code }));
    }
    allow(buttons.len() <= BUTTONS_MAX, "quick_replies")?;
    let counted = buttons.into_iter().enumerate();
    let button = |(index, (sub_type, parameter)): (usize, _)| Component::Button {
        sub_type,
        index: index.to_string(),
        parameters: [parameter],
    };
    Ok(counted.map(button).collect())
}
