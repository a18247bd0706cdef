//! Where a buyer can be reached.

use std::fmt;

use crate::{Email, Phone};

/// Where a message goes, by the kind of its channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A number, for WhatsApp and text messages.
    Phone(Phone),
    /// A buyer on WhatsApp whose number is not known.
    WhatsappUser(WhatsappUser),
    /// An app of the merchant's.
    Push(PushToken),
    /// A mailbox.
    Email(Email),
}

impl Address {
    /// The number, where it is one.
    pub fn phone(&self) -> Option<&Phone> {
        match self {
            Self::Phone(phone) => Some(phone),
            Self::WhatsappUser(_) | Self::Push(_) | Self::Email(_) => None,
        }
    }
}

/// Who wrote to us, or whom a provider speaks of: by number, by WhatsApp's id, by address; never by none of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contact {
    /// The number.
    pub phone: Option<Phone>,
    /// WhatsApp's id, which may come without a number.
    pub user: Option<WhatsappUser>,
    /// The mailbox.
    pub email: Option<Email>,
}

impl From<Phone> for Contact {
    fn from(phone: Phone) -> Self {
        Self { phone: Some(phone), ..Self::default() }
    }
}

impl From<Email> for Contact {
    fn from(email: Email) -> Self {
        Self { email: Some(email), ..Self::default() }
    }
}

/// Declares a text that is for the wire, the store and keyed hashes only, and hides itself in `Debug`.
macro_rules! hidden {
    ($(#[$doc:meta])* $name:ident, $longest:literal, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(Box<str>);

        impl $name {
            /// Reads it; `None` for anything else.
            pub fn parse(text: &str) -> Option<Self> {
                let allowed: fn(&str) -> bool = $allowed;
                ((1..=$longest).contains(&text.len()) && allowed(text)).then(|| Self(text.into()))
            }

            /// The text as it was read. For the wire, the store and keyed hashes only.
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(redacted)"))
            }
        }
    };
}

hidden!(
    /// What a push service knows an app by: a registration token of Firebase, or the merchant's own id of the buyer at
    /// OneSignal. Printable ASCII without spaces, at most 512 characters; Firebase's tokens have about 160.
    PushToken, 512, |text| text.bytes().all(|b| b.is_ascii_graphic())
);
hidden!(
    /// WhatsApp's business-scoped id of a user, as `US.13491208655302741918`, or `US.ENT.` and the like for one scoped to
    /// several businesses: a country, then letters and digits (messaging-providers.md 1.10).
    WhatsappUser, 160, |text| {
        let mut parts = text.split('.');
        let country = parts.next().is_some_and(|cc| cc.len() == 2 && cc.bytes().all(|b| b.is_ascii_uppercase()));
        let mut more = parts.peekable();
        country
            && more.peek().is_some()
            && more.all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric()))
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whatsapp_user_is_a_country_and_an_id() {
        for (text, fits) in [
            ("US.13491208655302741918", true),
            ("US.ENT.11815799212886844830", true),
            ("BR.a", true),
            ("US.", false),
            ("US", false),
            ("us.1", false),
            ("USA.1", false),
            ("US.1 2", false),
            ("16505551234", false),
            ("", false),
        ] {
            assert_eq!(WhatsappUser::parse(text).is_some(), fits, "{text}");
        }
    }

    #[test]
    fn i11_tokens_and_ids_hide_themselves() {
        let shown = format!("{:?} {:?}", PushToken::parse("bk3RNwTe3H0:CI2k"), WhatsappUser::parse("US.134"));
        assert_eq!(shown, "Some(PushToken(redacted)) Some(WhatsappUser(redacted))");
        assert_eq!(PushToken::parse("two words"), None);
        assert_eq!(PushToken::parse(&"x".repeat(513)), None);
    }
}
