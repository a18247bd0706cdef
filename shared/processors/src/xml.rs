//! XML, read once into its elements and their texts: what the sources that still send it have in common.
//!
//! There is no document type, so nobody declares an entity: the five of XML and characters by number are all there is. The
//! depth and the number of the elements are bounded.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

use crate::NormaliseError;

/// How deep elements may lie in each other; Braintree's lie eight deep.
const DEEPEST: usize = 32;

/// How many elements a body may have; the largest of Braintree's samples has two thousand in 80 KB.
const MOST: usize = 20_000;

/// A body's elements, in the order in which they begin.
pub(crate) struct Document {
    nodes: Vec<Node>,
}

struct Node {
    name: String,
    text: String,
    nil: bool,
    /// How many nodes it and everything inside it take.
    size: usize,
}

impl Document {
    /// Parses a whole body.
    ///
    /// # Errors
    /// [`NormaliseError::NotUtf8`] or [`NormaliseError::NotXml`].
    pub(crate) fn parse(body: &[u8]) -> Result<Self, NormaliseError> {
        let text = std::str::from_utf8(body)
            .map_err(|error| NormaliseError::NotUtf8 { offset: error.valid_up_to() })?;
        let mut reader = Reader::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
        // The parser's own message may quote the body, so only the place is kept.
        read(&mut reader).ok_or_else(|| NormaliseError::NotXml { offset: reader.buffer_position() })
    }

    /// The one element that holds the others.
    pub(crate) fn root(&self) -> Element<'_> {
        Element { nodes: &self.nodes }
    }
}

/// Reads to the end; `None` where the text is not one well-formed element, or passes a bound.
fn read(reader: &mut Reader<&[u8]>) -> Option<Document> {
    let (mut nodes, mut open): (Vec<Node>, Vec<usize>) = (Vec::new(), Vec::new());
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                open.push(begin(&mut nodes, &open, &start)?);
                if open.len() > DEEPEST {
                    return None;
                }
            }
            Event::Empty(start) => {
                begin(&mut nodes, &open, &start)?;
            }
            Event::End(_) => {
                let at = open.pop()?;
                let size = nodes.len() - at;
                nodes.get_mut(at)?.size = size;
            }
            Event::Text(text) => add(&mut nodes, &open, &text.xml10_content())?,
            Event::CData(text) => add(&mut nodes, &open, &text.xml10_content())?,
            Event::GeneralRef(reference) => {
                add(&mut nodes, &open, character(&reference)?.encode_utf8(&mut [0; 4]))?;
            }
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
            Event::DocType(_) => return None,
            Event::Eof => break,
        }
    }
    (open.is_empty() && !nodes.is_empty()).then_some(Document { nodes })
}

/// Begins an element; `None` for a second one beside the root, and for one too many.
fn begin(nodes: &mut Vec<Node>, open: &[usize], start: &BytesStart<'_>) -> Option<usize> {
    let second = open.is_empty() && !nodes.is_empty();
    if second || nodes.len() == MOST {
        return None;
    }
    let nil = start.try_get_attribute("nil").ok()?.is_some_and(|nil| nil.value.as_ref() == "true");
    nodes.push(Node { name: start.name().as_ref().to_owned(), text: String::new(), nil, size: 1 });
    Some(nodes.len() - 1)
}

/// Adds text to the element that is open; outside the root only white space may stand.
fn add(nodes: &mut [Node], open: &[usize], text: &str) -> Option<()> {
    match open.last() {
        Some(&at) => nodes.get_mut(at)?.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return None,
    }
    Some(())
}

/// The character that a reference stands for.
fn character(reference: &BytesRef<'_>) -> Option<char> {
    match reference.as_ref() {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => reference.resolve_char_ref().ok()?,
    }
}

/// One element with everything inside it.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a> {
    nodes: &'a [Node],
}

impl<'a> Element<'a> {
    /// Its name; empty only for an element that is not there.
    pub(crate) fn name(self) -> &'a str {
        self.nodes.first().map_or("", |node| &node.name)
    }

    /// The elements of this name directly inside it.
    pub(crate) fn all(self, name: &'a str) -> impl Iterator<Item = Self> {
        self.children().filter(move |child| child.name() == name)
    }

    /// The element under a path such as `subject/subscription`, which is itself under the empty one; `None` when there is
    /// none, and when a name on the path stands there twice: which of two is meant is not ours to choose.
    pub(crate) fn at(self, path: &'a str) -> Option<Self> {
        path.split('/').filter(|name| !name.is_empty()).try_fold(self, |element, name| {
            let mut found = element.all(name);
            let only = found.next();
            found.next().is_none().then_some(only).flatten()
        })
    }

    /// The text under a path, trimmed; `None` where it is empty or said to be nil.
    pub(crate) fn text(self, path: &'a str) -> Option<&'a str> {
        let node = self.at(path)?.nodes.first().filter(|node| !node.nil)?;
        Some(node.text.trim()).filter(|text| !text.is_empty())
    }

    fn children(self) -> impl Iterator<Item = Self> {
        let mut rest = self.nodes.get(1..).unwrap_or_default();
        std::iter::from_fn(move || {
            let (child, after) = rest.split_at_checked(rest.first()?.size)?;
            rest = after;
            Some(Self { nodes: child })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text<'a>(document: &'a Document, path: &'a str) -> Option<&'a str> {
        document.root().text(path)
    }

    #[test]
    fn texts_are_found_by_their_paths() {
        let body = "\u{feff}<?xml version=\"1.0\"?>\n<!-- a --><n><kind> check\n</kind><s><id>1</id><t><id>2</id></t></s>\
            <none/><nil nil=\"true\">x</nil></n>\n";
        let document = Document::parse(body.as_bytes()).expect("well formed");
        assert_eq!(document.root().name(), "n");
        for (path, expected) in [
            ("kind", Some("check")),
            ("s/id", Some("1")),
            ("s/t/id", Some("2")),
            ("none", None),
            ("nil", None),
            ("s", None),
            ("s/x", None),
            ("s/id/x", None),
            ("", None),
        ] {
            assert_eq!(text(&document, path), expected, "{path}");
        }
    }

    #[test]
    fn r4_of_two_elements_of_one_name_neither_is_chosen() {
        let document =
            Document::parse(b"<n><id>1</id><id>2</id><l><t>a</t><t>b</t></l></n>").expect("well formed");
        assert_eq!(text(&document, "id"), None);
        let list = document.root().at("l").expect("there");
        assert_eq!(list.all("t").filter_map(|t| t.text("")).collect::<Vec<_>>(), ["a", "b"]);
        assert!(list.at("t").is_none());
    }

    #[test]
    fn r4_only_the_entities_of_xml_and_numbers_are_read() {
        let body = b"<n>&lt;&gt;&amp;&quot;&apos;&#65;&#x42;<![CDATA[<c>&amp;]]></n>";
        let document = Document::parse(body).expect("well formed");
        assert_eq!(document.nodes[0].text, "<>&\"'AB<c>&amp;");
        for body in [
            "<n>&nbsp;</n>",
            "<n>&x;</n>",
            "<n>&#0;</n>",
            "<n>&#xd800;</n>",
            "<n>&#99999999;</n>",
            "<n>&</n>",
            "<!DOCTYPE n [<!ENTITY x \"y\">]><n>&x;</n>",
            "<!DOCTYPE n><n/>",
        ] {
            assert!(Document::parse(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn r4_what_is_not_one_whole_element_is_refused() {
        for body in [
            "",
            " ",
            "text",
            "<n>",
            "<n></m>",
            "</n>",
            "<n/><n/>",
            "<n/>text",
            "text<n/>",
            "<n><m></n></m>",
            "<n",
            "{}",
            "<n a=\"1></n>",
        ] {
            let error = Document::parse(body.as_bytes()).err();
            assert!(matches!(error, Some(NormaliseError::NotXml { .. })), "{body}: {error:?}");
        }
        let error = Document::parse(b"<n>\xff</n>").err();
        assert_eq!(error, Some(NormaliseError::NotUtf8 { offset: 3 }));
    }

    #[test]
    fn r4_depth_and_number_are_bounded() {
        let deep = |levels: usize| format!("{}{}", "<n>".repeat(levels), "</n>".repeat(levels));
        assert!(Document::parse(deep(DEEPEST).as_bytes()).is_ok());
        assert!(Document::parse(deep(DEEPEST + 1).as_bytes()).is_err());
        assert!(Document::parse(deep(100_000).as_bytes()).is_err());
        let wide = |number: usize| format!("<n>{}</n>", "<a/>".repeat(number));
        assert!(Document::parse(wide(MOST - 1).as_bytes()).is_ok());
        assert!(Document::parse(wide(MOST).as_bytes()).is_err());
    }
}
