//! Names that are made from other names: the same for the same, and another for any other.

use ring::digest;

/// The first half of the SHA-256 of a text, as a number.
pub(crate) fn number(text: &str) -> u128 {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    let half = digest.as_ref().first_chunk().expect("a SHA-256 has 32 bytes");
    u128::from_be_bytes(*half)
}

/// The same in the form of a random UUID (version 4, RFC 9562).
pub(crate) fn uuid(text: &str) -> String {
    let bits = number(text) & !(0xf << 76) & !(0b11 << 62) | (4 << 76) | (0b10 << 62);
    let [time, mid, version, variant, node] = [bits >> 96, bits >> 80, bits >> 64, bits >> 48, bits];
    let two = |bits: u128| bits & 0xffff;
    let node = node & 0xffff_ffff_ffff;
    format!("{time:08x}-{:04x}-{:04x}-{:04x}-{node:012x}", two(mid), two(version), two(variant))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_a_digest_with_version_and_variant_written_over_it() {
        // By sha256sum.
        assert_eq!(number("tok1"), 0x80b3_ad2d_438b_fafa_1ea6_90c5_a59f_5454);
        assert_eq!(uuid("tok1"), "80b3ad2d-438b-4afa-9ea6-90c5a59f5454");
        assert_ne!(uuid("tok1"), uuid("tok2"));
    }
}
