//! The moved clock: real time plus the whole seconds in a text file, as functions, scheduler and queues read it.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use crate::LocalError;

/// Reads and moves the clock of one local stack.
#[derive(Debug, Clone)]
pub struct MovedClock {
    file: PathBuf,
}

impl MovedClock {
    /// Uses an existing offset file.
    pub fn new(file: impl Into<PathBuf>) -> Self {
        Self { file: file.into() }
    }

    /// Writes an offset of zero to a new file.
    ///
    /// # Errors
    /// [`LocalError::Io`] when the file cannot be written.
    pub fn start(file: impl Into<PathBuf>) -> Result<Self, LocalError> {
        let clock = Self::new(file);
        clock.set(SignedDuration::ZERO)?;
        Ok(clock)
    }

    /// The file that holds the offset.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// How far the clock is ahead of real time.
    ///
    /// # Errors
    /// [`LocalError`] when the file cannot be read or holds no number of seconds.
    pub fn offset(&self) -> Result<SignedDuration, LocalError> {
        let text = std::fs::read_to_string(&self.file)
            .map_err(|source| LocalError::io("read the clock offset", &self.file, source))?;
        let malformed =
            || LocalError::Answer { what: "clock offset file".into(), found: "no number of seconds".into() };
        let seconds: f64 = text.trim().parse().map_err(|_| malformed())?;
        SignedDuration::try_from_secs_f64(seconds).map_err(|_| malformed())
    }

    /// The moved time.
    ///
    /// # Errors
    /// [`LocalError`] as [`MovedClock::offset`].
    pub fn now(&self) -> Result<Timestamp, LocalError> {
        let offset = self.offset()?;
        real_now().checked_add(offset).map_err(|_| LocalError::Answer {
            what: "clock offset file".into(),
            found: "an offset past the end of time".into(),
        })
    }

    /// Moves the clock forward until it shows `time`; a time already past moves nothing. Returns the new offset.
    ///
    /// # Errors
    /// [`LocalError`] when the file cannot be read or written.
    pub fn forward_to(&self, time: Timestamp) -> Result<SignedDuration, LocalError> {
        let missing = time.duration_since(self.now()?);
        let mut offset = self.offset()?;
        if missing > SignedDuration::ZERO {
            // A whole second more than needed: the file holds whole seconds, and a timer is due at its second.
            offset = SignedDuration::from_secs((offset + missing).as_secs() + 1);
            self.set(offset)?;
        }
        Ok(offset)
    }

    fn set(&self, offset: SignedDuration) -> Result<(), LocalError> {
        // Renamed into place: a reader never meets half a number.
        let fresh = self.file.with_extension("new");
        std::fs::write(&fresh, offset.as_secs().to_string())
            .and_then(|()| std::fs::rename(&fresh, &self.file))
            .map_err(|source| LocalError::io("write the clock offset", &self.file, source))
    }
}

/// The real time. The local stack is the one place outside the Clock port that may ask for it.
#[expect(clippy::disallowed_methods, reason = "the source of time of the local stack")]
pub(crate) fn real_now() -> Timestamp {
    Timestamp::now()
}

/// Times as RFC 3339 text in JSON.
pub(crate) mod rfc3339 {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(time)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(text: &str) -> MovedClock {
        let name = crate::signing::random_id().expect("random numbers");
        let file = std::env::temp_dir().join(format!("recoup-clock-{name}"));
        std::fs::write(&file, text).expect("written");
        MovedClock::new(file)
    }

    #[test]
    fn the_clock_moves_forward_only_and_by_whole_seconds() {
        let clock = clock("0");
        let later = clock.now().expect("a time") + SignedDuration::from_hours(72);
        let offset = clock.forward_to(later).expect("moved");
        assert!(clock.now().expect("a time") >= later);
        assert!(offset <= SignedDuration::from_hours(72) + SignedDuration::from_secs(1));
        let text = std::fs::read_to_string(clock.file()).expect("read");
        assert!(text.parse::<i64>().is_ok(), "{text}");
        assert_eq!(clock.forward_to(later - SignedDuration::from_hours(1)).expect("read"), offset);
        std::fs::remove_file(clock.file()).expect("removed");
    }

    #[test]
    fn a_file_without_a_number_is_an_error_and_not_the_real_time() {
        for text in ["", "tomorrow", "1e400"] {
            let clock = clock(text);
            assert!(clock.now().is_err(), "{text}");
            std::fs::remove_file(clock.file()).expect("removed");
        }
    }
}
