//! PayPal's signature: RSA over the transmission and a checksum of the body, under a certificate that the request names.
//!
//! The steps are those of facts: webhook-sources section 2, in their order: where the certificate lies, whose it is, what it
//! signed, and when.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName};
use jiff::Timestamp;
use recoup_core::Link;
use rustls_pki_types::CertificateDer;

use super::chain::{self, Trust};
use crate::signature::{check_time, only_header};
use crate::{Habits, SignatureError, Unverified};

static ID: HeaderName = HeaderName::from_static("paypal-transmission-id");
static TIME: HeaderName = HeaderName::from_static("paypal-transmission-time");
static SIGNATURE: HeaderName = HeaderName::from_static("paypal-transmission-sig");
static ALGORITHM: HeaderName = HeaderName::from_static("paypal-auth-algo");
pub(super) static CERTIFICATE: HeaderName = HeaderName::from_static("paypal-cert-url");

/// How PayPal behaves. It delivers again for three days and does not say whether it signs a retry anew, so the window spans
/// them: one of minutes might refuse every retry, and a payment with it.
pub(super) const HABITS: Habits = Habits { tolerance: Some(3 * 24 * 60 * 60 + 300), ..Habits::TIMED };

/// The largest file of certificates that is read, in bytes; a chain has some six thousand.
const LARGEST: usize = 64 * 1024;

/// One of PayPal's two worlds: where its certificates lie, and the name they are made out to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct World {
    certificates: &'static str,
    pub(super) name: &'static str,
    pub(super) livemode: bool,
}

static WORLDS: [World; 2] = [
    World {
        certificates: "https://api.paypal.com/v1/notifications/certs/",
        name: "messageverificationcerts.paypal.com",
        livemode: true,
    },
    World {
        certificates: "https://api.sandbox.paypal.com/v1/notifications/certs/",
        name: "messageverificationcerts.sandbox.paypal.com",
        livemode: false,
    },
];

impl World {
    /// The world that a certificate's address belongs to; `None` for every other address. The whole address is compared, as
    /// text, so that there is nothing in it to be read in two ways.
    pub(super) fn of(url: &str) -> Option<Self> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        let named = |world: &&World| {
            let file = url.strip_prefix(world.certificates).unwrap_or_default();
            (1..=128).contains(&file.len()) && file.bytes().all(plain)
        };
        WORLDS.iter().find(named).copied()
    }
}

/// What the headers say, each in its form, none of it believed yet.
struct Transmission<'a> {
    id: &'a str,
    time: &'a str,
    sent: Timestamp,
    signature: Vec<u8>,
    url: &'a str,
    world: World,
}

impl<'a> Transmission<'a> {
    fn read(headers: &'a HeaderMap) -> Result<Self, SignatureError> {
        let [id, time, signature, algorithm, url] =
            [&ID, &TIME, &SIGNATURE, &ALGORITHM, &CERTIFICATE].map(|name| only_header(headers, name));
        let (id, time, signature, algorithm, url) = (id?, time?, signature?, algorithm?, url?);
        let world = World::of(url).ok_or(SignatureError::Untrusted)?;
        // A bar in a member would move the borders between what is signed.
        let whole = |text: &str| text.len() <= 128 && text.bytes().all(|b| b.is_ascii_graphic() && b != b'|');
        let sent = time.parse().ok().filter(|_| whole(id) && whole(time) && algorithm == "SHA256withRSA");
        let sent: Timestamp = sent.ok_or(SignatureError::Malformed)?;
        let signature = STANDARD.decode(signature).map_err(|_| SignatureError::Malformed)?;
        Ok(Self { id, time, sent, signature, url, world })
    }
}

/// Where the certificate lies. Nothing is given out for a request that cannot be PayPal's for another reason.
pub(super) fn certificate_url(headers: &HeaderMap) -> Result<Link, SignatureError> {
    Link::parse(Transmission::read(headers)?.url).map_err(|_| SignatureError::Untrusted)
}

/// Checks a request against the ids of the webhooks that it may be meant for.
pub(super) fn verify(
    request: Unverified<'_>,
    webhooks: &[&str],
    now: Timestamp,
    trust: Trust<'_>,
) -> Result<(), SignatureError> {
    let said = Transmission::read(request.headers)?;
    let pem = request.certificates.filter(|pem| pem.len() <= LARGEST).ok_or(SignatureError::Untrusted)?;
    let certificates: Vec<CertificateDer<'_>> = chain::certificates(pem)?;
    let leaf = chain::leaf(&certificates, said.world.name, now, trust)?;
    let checksum = crc32(request.body).to_string();
    let signed = |webhook: &&str| {
        let message = [said.id, said.time, webhook, &checksum].join("|");
        leaf.verify_signature(webpki::ring::RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &said.signature)
            .is_ok()
    };
    if !webhooks.iter().any(signed) {
        return Err(SignatureError::Mismatch);
    }
    check_time(said.sent.as_second(), now, HABITS)
}

/// The text of a webhook's id; `None` for another text, the simulator's own `WEBHOOK_ID` among them: under that one PayPal
/// signs whatever anybody types into its simulator.
pub(super) fn webhook_id(secret: &str) -> Option<&str> {
    ((1..=64).contains(&secret.len()) && secret.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(secret)
}

/// CRC-32 of ISO 3309, as zip and PNG have it. Ten lines, where a crate would bring its own assembly for each processor.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        let [low, ..] = crc.to_le_bytes();
        CRC32[usize::from(low ^ byte)] ^ (crc >> 8)
    })
}

/// What each byte adds to [`crc32`].
static CRC32: [u32; 256] = {
    let mut table = [0; 256];
    let (mut index, mut byte) = (0, 0);
    while index < table.len() {
        let (mut crc, mut bit) = (byte, 0);
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o19_the_checksum_is_that_of_iso_3309() {
        for (bytes, expected) in
            [(&b""[..], 0), (b"a", 0xe8b7_be43), (b"123456789", 0xcbf4_3926), (&[0xff; 4], 0xffff_ffff)]
        {
            assert_eq!(crc32(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn o19_only_paypal_s_own_addresses_are_given_out() {
        for (url, livemode) in [
            ("https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-1a5f47cb", true),
            ("https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1_a", false),
        ] {
            assert_eq!(World::of(url).map(|world| world.livemode), Some(livemode), "{url}");
            assert!(Link::parse(url).is_ok(), "{url}");
        }
        for url in [
            "",
            "CERT-1",
            "http://api.paypal.com/v1/notifications/certs/CERT-1",
            "HTTPS://api.paypal.com/v1/notifications/certs/CERT-1",
            "https://API.paypal.com/v1/notifications/certs/CERT-1",
            "https://api.paypal.com.evil.example/v1/notifications/certs/CERT-1",
            "https://api.paypal.com@evil.example/v1/notifications/certs/CERT-1",
            "https://a:b@api.paypal.com/v1/notifications/certs/CERT-1",
            "https://api.paypal.com:8443/v1/notifications/certs/CERT-1",
            "https://api.paypal.com./v1/notifications/certs/CERT-1",
            "https://evil.example/https://api.paypal.com/v1/notifications/certs/CERT-1",
            "https://api.paypal.com/v1/notifications/certs/",
            "https://api.paypal.com/v1/notifications/certs/../../identity",
            "https://api.paypal.com/v1/notifications/certs/%2e%2e/x",
            "https://api.paypal.com/v1/notifications/certs/CERT-1?x=1",
            "https://api.paypal.com/v1/notifications/certs/CERT-1#x",
            "https://api.paypal.com/v1/notifications/webhooks",
            "https://api.paypal.com\\@evil.example/v1/notifications/certs/CERT-1",
            " https://api.paypal.com/v1/notifications/certs/CERT-1",
        ] {
            assert_eq!(World::of(url), None, "{url}");
        }
        assert_eq!(World::of(&format!("{}{}", WORLDS[0].certificates, "x".repeat(129))), None, "too long");
    }

    #[test]
    fn o19_the_simulator_s_webhook_id_is_none() {
        assert_eq!(webhook_id("4JH86294D6297924G"), Some("4JH86294D6297924G"));
        for text in ["WEBHOOK_ID", "webhook_id", "", "4JH|1", "4JH 1", "é", &"A".repeat(65)] {
            assert_eq!(webhook_id(text), None, "{text}");
        }
    }
}
