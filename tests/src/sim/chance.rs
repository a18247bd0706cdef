//! Chance that a seed repeats.

use jiff::SignedDuration;
use rand_core::{Rng, SeedableRng};
use rand_xorshift::XorShiftRng;

/// A stream of choices: the same for the same seed on every machine.
#[derive(Debug, Clone)]
pub struct Chance(XorShiftRng);

impl Chance {
    /// The stream of a seed. `purpose` keeps the streams of one seed apart.
    pub fn of(seed: u64, purpose: u64) -> Self {
        Self(XorShiftRng::seed_from_u64(seed ^ purpose.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    /// A number from 0 to one less than `end`; 0 for an empty range.
    pub fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.0.next_u64() % end).unwrap_or_default()
    }

    /// True once in so many times.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of these.
    ///
    /// # Panics
    /// When there are none.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// A time from `shortest` to `longest`, in whole seconds.
    pub fn time(&mut self, shortest: SignedDuration, longest: SignedDuration) -> SignedDuration {
        let span = usize::try_from((longest - shortest).as_secs()).unwrap_or_default();
        shortest + SignedDuration::from_secs(i64::try_from(self.below(span + 1)).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_another_does_not() {
        let draw = |seed, purpose| {
            let mut chance = Chance::of(seed, purpose);
            (0..8).map(|_| chance.below(1_000)).collect::<Vec<_>>()
        };
        assert_eq!(draw(1, 1), draw(1, 1));
        assert_ne!(draw(1, 1), draw(2, 1));
        assert_ne!(draw(1, 1), draw(1, 2));
    }
}
