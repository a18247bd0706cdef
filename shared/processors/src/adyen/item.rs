//! The members of Adyen's bodies that are read, and the text that an item's signature covers.

use std::borrow::Cow;

use recoup_core::EventId;
use serde::Deserialize;

use crate::NormaliseError;
use crate::json::Member;

/// A webhook of either form.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Body<'a> {
    #[serde(borrow)]
    pub(super) live: Member<'a>,
    #[serde(rename = "notificationItems")]
    pub(super) items: Member<'a>,
    #[serde(rename = "type")]
    pub(super) kind: Member<'a>,
    #[serde(rename = "eventId")]
    pub(super) event_id: Member<'a>,
    #[serde(rename = "createdAt")]
    pub(super) created_at: Member<'a>,
    pub(super) environment: Member<'a>,
    pub(super) data: Member<'a>,
}

impl<'a> Body<'a> {
    /// The items of a notification; `None` when one of them is none.
    pub(super) fn items(&self) -> Option<Vec<Item<'a>>> {
        let wrappers = self.items.elements()?;
        wrappers.into_iter().map(|wrapper| wrapper.object::<Wrapper<'a>>()?.item.object()).collect()
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wrapper<'a> {
    #[serde(borrow, rename = "NotificationRequestItem")]
    item: Member<'a>,
}

/// The `data` of a webhook about a token.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Token<'a> {
    #[serde(borrow, rename = "shopperReference")]
    pub(super) shopper: Member<'a>,
}

/// One item of a notification.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Item<'a> {
    #[serde(borrow, rename = "pspReference")]
    pub(super) psp: Member<'a>,
    #[serde(rename = "originalReference")]
    pub(super) original: Member<'a>,
    #[serde(rename = "merchantAccountCode")]
    account: Member<'a>,
    #[serde(rename = "merchantReference")]
    pub(super) reference: Member<'a>,
    pub(super) amount: Member<'a>,
    #[serde(rename = "eventCode")]
    code: Member<'a>,
    success: Member<'a>,

    #[serde(rename = "eventDate")]
    pub(super) date: Member<'a>,
    pub(super) reason: Member<'a>,
    #[serde(rename = "additionalData")]
    decoration: Member<'a>,
}

/// An amount in minor units, as Adyen counts them.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Amount<'a> {
    #[serde(borrow)]
    pub(super) value: Member<'a>,
    pub(super) currency: Member<'a>,
}

/// What is read of `additionalData`. Only the signature in it proves anything.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Decoration<'a> {
    #[serde(borrow, rename = "hmacSignature")]
    pub(super) signature: Member<'a>,
    #[serde(rename = "shopperReference")]
    pub(super) shopper: Member<'a>,
    #[serde(rename = "shopperEmail")]
    pub(super) email: Member<'a>,
    #[serde(rename = "metadata.whatsapp_phone")]
    pub(super) whatsapp_phone: Member<'a>,
    #[serde(rename = "merchantAdviceCode")]
    pub(super) advice: Member<'a>,
    #[serde(rename = "retry.rescueScheduled")]
    pub(super) rescue_scheduled: Member<'a>,
    #[serde(rename = "retry.orderAttemptNumber")]
    pub(super) attempt: Member<'a>,
}

impl<'a> Item<'a> {
    /// The members that decorate.
    pub(super) fn decoration(&self) -> Decoration<'a> {
        self.decoration.object().unwrap_or_default()
    }

    /// The amount.
    pub(super) fn amount(&self) -> Amount<'a> {
        self.amount.object().unwrap_or_default()
    }

    /// The eight members that are signed, in their order; one that is absent is empty.
    fn signed_members(&self) -> [Cow<'a, str>; 8] {
        let amount = self.amount();
        [
            self.psp,
            self.original,
            self.account,
            self.reference,
            amount.value,
            amount.currency,
            self.code,
            self.success,
        ]
        .map(as_signed)
    }

    /// The text that the signature covers.
    pub(super) fn signed_text(&self) -> String {
        self.signed_members().join(":")
    }

    /// Whether the signed text can be split in one way only.
    pub(super) fn has_one_reading(&self) -> bool {
        let [psp, original, account, _reference, value, currency, code, success] = self.signed_members();
        [psp, original, account, value, currency, code, success].iter().all(|member| !member.contains(':'))
    }

    /// The type of the event.
    pub(super) fn code(&self) -> Result<String, NormaliseError> {
        let member = "eventCode";
        let code = self.code.text().ok_or(NormaliseError::Missing { member })?;
        if is_name(&code) { Ok(code.into_owned()) } else { Err(NormaliseError::Malformed { member }) }
    }

    /// Whether it went well. Written as a string, by old versions as a truth value.
    pub(super) fn success(&self) -> Result<bool, NormaliseError> {
        as_signed(self.success).parse().map_err(|_| NormaliseError::Malformed { member: "success" })
    }

    /// The same for a redelivery (facts: webhook-sources section 3).
    pub(super) fn event_id(&self, code: &str) -> Result<EventId, NormaliseError> {
        let member = "pspReference";
        let psp = self.psp.text().filter(|psp| !psp.is_empty()).ok_or(NormaliseError::Missing { member })?;
        let id = format!("{psp}-{code}-{}", as_signed(self.success));
        EventId::parse(&id).map_err(|_| NormaliseError::Malformed { member })
    }
}

/// A member as it stands in the signed text.
fn as_signed(member: Member<'_>) -> Cow<'_, str> {
    let flag = || member.flag().map(|flag| Cow::Borrowed(if flag { "true" } else { "false" }));
    member.number_or_text().or_else(flag).unwrap_or_default()
}

/// A type of event as Adyen spells them, `AUTHORISATION` or `recurring.token.created`.
pub(super) fn is_name(kind: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    (1..=96).contains(&kind.len()) && kind.bytes().all(allowed)
}
