//! What strangers write into names and payment links. Input: the text.

use http::Uri;
use recoup_core::{Link, PersonName};

use crate::shown::{assert_plain_name, assert_silent};

/// A name is one plain line that reads as no link; a link is https to a plain host.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Some(name) = PersonName::clean(&text) {
        assert_plain_name(name.expose());
        assert_eq!(PersonName::clean(name.expose()).as_ref(), Some(&name), "cleaning twice changes nothing");
        assert_eq!(format!("{name:?}"), "PersonName(redacted)");
    }
    for url in [text.to_string(), format!("https://{text}"), format!("https://{text}.example/i")] {
        match Link::parse(&url) {
            Ok(link) => check_link(&link, &url),
            Err(error) => assert_silent(&error),
        }
    }
}

fn check_link(link: &Link, url: &str) {
    assert_eq!(link.expose(), url);
    assert_eq!(format!("{link:?}"), "Link(redacted)");
    assert!(url.len() <= 512 && url.bytes().all(|b| b.is_ascii_graphic()), "{url:?}");
    // The stricter reader of the two takes fewer paths; where it takes one, both must see the same host.
    let Ok(uri) = url.parse::<Uri>() else { return };
    assert_eq!(uri.scheme_str(), Some("https"));
    let host = uri.host().expect("https has a host");
    assert_eq!(uri.authority().map(http::uri::Authority::as_str), Some(host), "user info or a port in {url}");
    assert!(host.contains('.') && !host.ends_with(|c: char| c.is_ascii_digit()), "{host} is no name");
    assert!(
        host.split('.').all(|label| !label.to_ascii_lowercase().starts_with("xn--")),
        "{host} may look alike"
    );
}
