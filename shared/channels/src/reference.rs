//! The correlation string where a provider allows no slashes.
//!
//! Dots stand in their place. An obligation may hold dots of its own; the parts before and behind it hold none, so it
//! is what remains between them. Nothing in it needs escaping in a URL, so no proxy on the way can change how it is
//! written.

use recoup_core::Correlation;

/// Writes `rcp1.main.stripe.in_1.0.sms.tok`.
pub(crate) fn write(correlation: &Correlation) -> String {
    correlation.to_string().replace('/', ".")
}

/// Reads it back; `None` when it is not one of ours.
pub(crate) fn read(text: &str) -> Option<Correlation> {
    let mut parts = text.splitn(4, '.');
    let (version, brand, source, rest) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let mut parts = rest.rsplitn(4, '.');
    let (token, channel, step, obligation) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    Correlation::parse(&[version, brand, source, obligation, step, channel, token].join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_correlation_reads_back() {
        for text in [
            "rcp1/main/stripe/in_1/0/whatsapp/tok1",
            "rcp1/acme-2/own_backend/order.2026.11-22_A/12/sms/abcdefghijklmnop",
            "rcp1/main/stripe/./0/sms/t",
            "rcp1/main/stripe/.a./0/sms/t",
            "rcp1/main/stripe/1.0.sms.t/255/email/t",
        ] {
            let correlation = Correlation::parse(text).expect("well formed");
            let written = write(&correlation);
            assert!(written.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)), "{written}");
            assert_eq!(read(&written), Some(correlation));
        }
    }

    #[test]
    fn f25_strings_of_others_are_nobodys() {
        for text in
            ["", "rcp1", "rcp1.main.stripe.in_1", "0", "rcp1/main/stripe/in_1/0/sms/t", "rcp2.a.b.c.0.sms.t"]
        {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read("rcp1.a.b.c.0.fax.t"), None);
        assert_eq!(read("rcp1.a.b.c.x.sms.t"), None);
    }
}
