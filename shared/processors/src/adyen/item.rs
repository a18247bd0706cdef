//! The members of Adyen's bodies that are read, and the text that an item's signature covers.

use std::borrow::Cow;

use recoup_core::EventId;

use crate::NormaliseError;
use crate::json::{Member, members};

members! {
    /// A webhook of either form.
    pub(super) struct Body {
        pub(super) live,
        pub(super) items = "notificationItems",
        pub(super) kind = "type",
        pub(super) event_id = "eventId",
        pub(super) created_at = "createdAt",
        pub(super) environment,
        pub(super) data,
    }
}

impl<'a> Body<'a> {
    /// The items of a notification; `None` when one of them is none.
    pub(super) fn items(&self) -> Option<Vec<Item<'a>>> {
        let wrappers = self.items.elements()?;
        wrappers.into_iter().map(|wrapper| wrapper.object::<Wrapper<'a>>()?.item.object()).collect()
    }
}

members! {
    struct Wrapper {
        item = "NotificationRequestItem",
    }
}

members! {
    /// The `data` of a webhook about a token.
    pub(super) struct Token {
        pub(super) shopper = "shopperReference",
    }
}

members! {
    /// One item of a notification.
    pub(super) struct Item {
        pub(super) psp = "pspReference",
        pub(super) original = "originalReference",
        account = "merchantAccountCode",
        pub(super) reference = "merchantReference",
        pub(super) amount,
        code = "eventCode",
        success,

        pub(super) date = "eventDate",
        pub(super) reason,
        decoration = "additionalData",
    }
}

members! {
    /// An amount in minor units, as Adyen counts them.
    pub(super) struct Amount {
        pub(super) value,
        pub(super) currency,
    }
}

members! {
    /// What is read of `additionalData`. Only the signature in it proves anything.
    pub(super) struct Decoration {
        pub(super) signature = "hmacSignature",
        pub(super) shopper = "shopperReference",
        pub(super) email = "shopperEmail",
        pub(super) whatsapp_phone = "metadata.whatsapp_phone",
        pub(super) push_token = "metadata.push_token",
        pub(super) advice = "merchantAdviceCode",
        interaction = "shopperInteraction",
        agreement = "recurringProcessingModel",
        link = "paymentLinkId",
        pub(super) rescue_scheduled = "retry.rescueScheduled",
        pub(super) attempt = "retry.orderAttemptNumber",
    }
}

impl Decoration<'_> {
    /// Whether the shopper was at a checkout, and not to agree to charges without them: `CardOnFile` stores a card for the
    /// next checkout, the other models are subscriptions and top-ups. A payment link stays open for days. Where Adyen is
    /// not told to say it, unknown.
    pub(super) fn is_of_checkout(&self) -> bool {
        let model = self.agreement.text();
        self.interaction.text().as_deref() == Some("Ecommerce")
            && model.is_none_or(|model| model == "CardOnFile")
            && self.link.text().is_none()
    }
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
