//! One fetched document: its tree, its address, and what was entered into its controls.

use std::collections::HashMap;

use ego_tree::NodeId;
use ego_tree::iter::Edge;
use encoding_rs::Encoding;
use scraper::{ElementRef, Html};
use url::Url;

use super::charset;

/// An element of a document.
pub(super) type El<'a> = ElementRef<'a>;

/// Browsers nest no deeper either.
const DEEPEST: usize = 512;

/// An answer, as it came.
#[derive(Clone, Copy, Debug)]
pub struct Fetched<'a> {
    /// The address that gave it, after redirects.
    pub url: &'a Url,
    /// Whether there were redirects.
    pub redirected: bool,
    /// Its status.
    pub status: u16,
    /// Its `Content-Type`.
    pub content_type: Option<&'a str>,
    /// Its body.
    pub body: &'a [u8],
}

/// A document that steps are done in.
#[derive(Clone)]
pub(super) struct Page {
    html: Html,
    pub(super) url: Url,
    pub(super) base: Url,
    pub(super) status: u16,
    pub(super) charset: &'static Encoding,
    pub(super) source: String,
    pub(super) entered: Entered,
}

/// What was entered, by the control's node; controls that are not here hold what the markup says.
#[derive(Clone, Default)]
pub(super) struct Entered {
    pub(super) values: HashMap<NodeId, String>,
    pub(super) ticked: HashMap<NodeId, bool>,
    pub(super) chosen: HashMap<NodeId, Vec<NodeId>>,
}

impl Page {
    /// Parses an answer as a browser does; `before` is the character set of the page that led to it. None where it is nested
    /// beyond reason.
    pub(super) fn read(fetched: &Fetched<'_>, before: &'static Encoding) -> Option<Self> {
        let (source, charset) = charset::decode_after(fetched.body, fetched.content_type, before);
        let html = Html::parse_document(&source);
        if is_too_deep(&html) {
            return None;
        }
        let mut page = Self {
            html,
            url: fetched.url.clone(),
            base: fetched.url.clone(),
            status: fetched.status,
            charset,
            source,
            entered: Entered::default(),
        };
        page.base = page.stated_base().unwrap_or(page.base);
        Some(page)
    }

    /// The element that holds everything.
    pub(super) fn top(&self) -> El<'_> {
        self.html.root_element()
    }

    /// Every element, in the document's order.
    pub(super) fn elements(&self) -> impl Iterator<Item = El<'_>> {
        self.top().descendants().filter_map(ElementRef::wrap)
    }

    /// The element of a node.
    pub(super) fn at(&self, id: NodeId) -> Option<El<'_>> {
        self.html.tree.get(id).and_then(ElementRef::wrap)
    }

    /// The first element with that id.
    pub(super) fn by_id(&self, id: &str) -> Option<El<'_>> {
        self.elements().find(|element| element.attr("id") == Some(id))
    }

    /// The element that people look at.
    pub(super) fn body(&self) -> Option<El<'_>> {
        self.top().children().filter_map(ElementRef::wrap).find(|element| is(*element, &["body", "frameset"]))
    }

    /// An address that the document writes.
    pub(super) fn resolve(&self, address: &str) -> Option<Url> {
        self.base.join(address.trim()).ok()
    }

    fn stated_base(&self) -> Option<Url> {
        let stated = self.elements().find_map(|element| element.attr("href").filter(|_| is(element, &["base"])))?;
        self.url.join(stated.trim()).ok().filter(|base| matches!(base.scheme(), "http" | "https"))
    }
}

/// Whether the element is one of these.
pub(super) fn is(element: El<'_>, names: &[&str]) -> bool {
    names.contains(&element.value().name())
}

/// Whether the attribute is there, whatever it says.
pub(super) fn has(element: El<'_>, attribute: &str) -> bool {
    element.attr(attribute).is_some()
}

/// The element around it.
pub(super) fn parent(element: El<'_>) -> Option<El<'_>> {
    element.parent().and_then(ElementRef::wrap)
}

/// The element and those around it, from within.
pub(super) fn outward(element: El<'_>) -> impl Iterator<Item = El<'_>> {
    std::iter::successors(Some(element), |each| parent(*each))
}

/// The elements inside it, in order.
pub(super) fn inside(element: El<'_>) -> impl Iterator<Item = El<'_>> {
    element.descendants().skip(1).filter_map(ElementRef::wrap)
}

/// Everything that is written in it, seen or not.
pub(super) fn content(element: El<'_>) -> String {
    element.text().collect()
}

/// `<button#book.large>`, for messages.
pub(super) fn outline(element: El<'_>) -> String {
    let id = element.attr("id").filter(|id| !id.is_empty()).map(|id| format!("#{id}")).unwrap_or_default();
    let classes: String =
        element.attr("class").unwrap_or_default().split_whitespace().map(|class| format!(".{class}")).collect();
    format!("<{}{id}{classes}>", element.value().name())
}

fn is_too_deep(html: &Html) -> bool {
    let mut depth = 0_usize;
    html.root_element().traverse().any(|edge| {
        match edge {
            Edge::Open(_) => depth += 1,
            Edge::Close(_) => depth -= 1,
        }
        depth > DEEPEST
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A document of `https://club.example/form`.
    pub(in crate::flow::chain) fn page(html: &str) -> Page {
        let url = "https://club.example/form?d=1".parse().expect("an address");
        let (content_type, body) = (Some("text/html"), html.as_bytes());
        let fetched = Fetched { url: &url, redirected: false, status: 200, content_type, body };
        Page::read(&fetched, encoding_rs::UTF_8).expect("it is not deep")
    }

    #[test]
    fn addresses_are_relative_to_the_stated_base() {
        let plain = page("<p>x");
        assert_eq!(plain.resolve(" list?x=1 ").expect("an address").as_str(), "https://club.example/list?x=1");
        let based = page("<base href='/members/'><p>x");
        assert_eq!(based.resolve("list").expect("an address").as_str(), "https://club.example/members/list");
        let foreign = page("<base href='javascript:x'><p>x");
        assert_eq!(foreign.resolve("list").expect("an address").as_str(), "https://club.example/list");
    }

    #[test]
    fn a_document_beyond_reason_is_not_read() {
        let url: Url = "https://club.example/".parse().expect("an address");
        let deep = "<div>".repeat(5_000);
        let fetched = Fetched { url: &url, redirected: false, status: 200, content_type: None, body: deep.as_bytes() };
        assert!(Page::read(&fetched, encoding_rs::UTF_8).is_none());
    }
}
