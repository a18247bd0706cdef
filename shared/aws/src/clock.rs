//! The clock and the token source of a real process.

use std::fs;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use recoup_app::ports::Clock;
use recoup_core::Token;
use ring::rand::{SecureRandom, SystemRandom};

/// The system's clock; on a local stack moved by a file of seconds, which is read at every look.
#[derive(Debug, Clone, Default)]
pub struct SystemClock {
    offset_file: Option<PathBuf>,
}

impl SystemClock {
    /// A clock that follows the file, if there is one.
    pub fn new(offset_file: Option<PathBuf>) -> Self {
        Self { offset_file }
    }

    fn offset(&self) -> SignedDuration {
        let text = self.offset_file.as_ref().and_then(|path| fs::read_to_string(path).ok());
        let seconds =
            text.and_then(|text| text.trim().parse::<f64>().ok()).filter(|seconds| seconds.is_finite());
        seconds.map_or(SignedDuration::ZERO, |seconds| {
            SignedDuration::try_from_secs_f64(seconds).unwrap_or(SignedDuration::ZERO)
        })
    }
}

impl Clock for SystemClock {
    /// In whole milliseconds: what is decided on is what is stored.
    fn now(&self) -> Timestamp {
        let moved = self.wall().saturating_add(self.offset()).unwrap_or(Timestamp::MAX);
        Timestamp::from_millisecond(moved.as_millisecond()).unwrap_or(moved)
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn wall(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Sixteen letters and digits of five random bits each: short, since a case stores one for every send.
///
/// # Panics
/// When the system's random source fails, which on the platforms of Lambda it does not.
pub fn random_token() -> Token {
    const ALPHABET: [char; 32] = [
        'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't',
        'u', 'v', 'w', 'x', 'y', 'z', '2', '3', '4', '5', '6', '7',
    ];
    let mut bytes = [0_u8; 16];
    let filled = SystemRandom::new().fill(&mut bytes).is_ok();
    assert!(filled, "the system has no random bytes");
    let text: String = bytes.iter().map(|byte| ALPHABET[usize::from(byte & 31)]).collect();
    match Token::parse(&text) {
        Ok(token) => token,
        Err(_) => unreachable!("the alphabet is letters and digits"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ() {
        let tokens: std::collections::BTreeSet<_> = (0..1_000).map(|_| random_token()).collect();
        assert_eq!(tokens.len(), 1_000);
    }

    #[test]
    fn a_clock_follows_its_file_and_survives_a_broken_one() {
        let path = std::env::temp_dir().join(format!("recoup-clock-{}", random_token()));
        let clock = SystemClock::new(Some(path.clone()));
        let ahead = || clock.now().duration_since(clock.wall()).as_hours();
        assert_eq!(ahead(), 0);
        for (text, hours) in [("259200", 71), ("-7200.5", -2), ("soon", 0), ("inf", 0), ("", 0)] {
            fs::write(&path, text).expect("writable");
            assert!((ahead() - hours).abs() <= 1, "{text}");
        }
        fs::remove_file(path).expect("removable");
    }
}
