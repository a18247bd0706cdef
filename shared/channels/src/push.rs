//! What the push services have in common: a token, a title, a text, a link.

use recoup_core::{Address, Channel, Content, Message, Notification, PushToken};

use crate::EncodeError;
use crate::parameter::allow;

/// Seconds that a push service may keep a notification for a device that is off: four weeks, with Firebase and with
/// OneSignal.
const LONGEST_TTL: u64 = 2_419_200;

/// The app a notification goes to, and the notification, whose texts are not empty.
pub(crate) fn notification(message: &Message) -> Result<(&PushToken, &Notification), EncodeError> {
    let Content::Notification(notification) = &message.content else {
        return Err(EncodeError::WrongContent(Channel::Push));
    };
    let Address::Push(token) = &message.to else {
        return Err(EncodeError::WrongAddress(Channel::Push));
    };
    for (text, name) in [(&notification.title, "title"), (&notification.body, "body")] {
        let shown = |c: char| !c.is_control() || c == '\n';
        allow(!text.trim().is_empty() && text.chars().all(shown), name)?;
    }
    Ok((token, notification))
}

/// How long the service may keep trying, in seconds.
pub(crate) fn ttl(message: &Message) -> u64 {
    message.ttl.as_secs().min(LONGEST_TTL)
}
