//! Whose a certificate is: the chain to a root of `DigiCert`, the name, and the days it is good for.

use std::sync::LazyLock;
use std::time::Duration;

use jiff::Timestamp;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, KeyUsage};

use crate::SignatureError;

/// How many certificates a chain may have.
const LONGEST: usize = 8;

/// The roots of `DigiCert`, which issues PayPal's certificates. They are compiled in, because nothing here may read the
/// system's store, and no other authority's are taken: what signs money facts need not be as open as the web.
static DIGICERT: LazyLock<Vec<TrustAnchor<'static>>> = LazyLock::new(|| {
    let own = |anchor: &&TrustAnchor<'_>| {
        let subject: &[u8] = anchor.subject.as_ref();
        subject.windows(8).any(|text| text == b"DigiCert")
    };
    webpki_roots::TLS_SERVER_ROOTS.iter().filter(own).cloned().collect()
});

/// What is believed without proof.
#[derive(Clone, Copy)]
pub(super) enum Trust<'a> {
    /// These roots.
    Roots(&'a [TrustAnchor<'a>]),
    /// The certificate itself, whoever issued it to whom.
    #[cfg(feature = "recorded")]
    Given,
}

impl Trust<'_> {
    /// What production believes.
    pub(super) fn digicert() -> Self {
        Self::Roots(&DIGICERT)
    }
}

/// Reads a file of certificates.
pub(super) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, SignatureError> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).take(LONGEST + 1).collect();
    read.ok().filter(|chain| (1..=LONGEST).contains(&chain.len())).ok_or(SignatureError::Untrusted)
}

/// Finds the certificate that signs, wherever it stands in the file, and follows it to a root.
pub(super) fn leaf<'a>(
    certificates: &'a [CertificateDer<'a>],
    name: &'static str,
    now: Timestamp,
    trust: Trust<'_>,
) -> Result<EndEntityCert<'a>, SignatureError> {
    match trust {
        Trust::Roots(roots) => follow(certificates, name, now, roots).ok_or(SignatureError::Untrusted),
        #[cfg(feature = "recorded")]
        Trust::Given => {
            let given = certificates.first().and_then(|given| EndEntityCert::try_from(given).ok());
            given.ok_or(SignatureError::Untrusted)
        }
    }
}

fn follow<'a>(
    certificates: &'a [CertificateDer<'a>],
    name: &'static str,
    now: Timestamp,
    roots: &[TrustAnchor<'_>],
) -> Option<EndEntityCert<'a>> {
    let name = ServerName::try_from(name).ok()?;
    let made_out_to_paypal = |certificate: &'a CertificateDer<'a>| {
        let leaf = EndEntityCert::try_from(certificate).ok()?;
        leaf.verify_is_valid_for_subject_name(&name).ok().map(|()| leaf)
    };
    let leaf = certificates.iter().find_map(made_out_to_paypal)?;
    let at = UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(now.as_second()).ok()?));
    let usage = KeyUsage::server_auth();
    let followed = leaf
        .verify_for_usage(webpki::ALL_VERIFICATION_ALGS, roots, certificates, at, usage, None, None)
        .is_ok();
    followed.then_some(leaf)
}
