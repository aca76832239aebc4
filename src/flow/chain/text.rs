//! What people would read of a document, and which of its elements they could see: as `page/text.js` and `page/ready.js` say
//! of documents that are not laid out.

use std::sync::LazyLock;

use icu_normalizer::ComposingNormalizerBorrowed;
use regex::Regex;
use scraper::{ElementRef, Node};

use super::control;
use super::page::{El, Page, content, has, is, outward};
use crate::flow::condition;

/// Elements whose text nobody reads.
const UNREAD: [&str; 6] = ["script", "style", "noscript", "template", "head", "title"];

/// Tags that do not separate words.
const INLINE: [&str; 25] = [
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "dfn", "em", "font", "i", "kbd", "mark", "q", "s", "samp",
    "small", "span", "strong", "sub", "sup", "time", "u", "var",
];

/// What a style attribute hides.
static HIDING: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?i)(^|;)\s*(display\s*:\s*none|visibility\s*:\s*hidden)";
    Regex::new(pattern).expect("the pattern is a constant that compiles")
});

/// As texts are compared: tidied, composed, in small letters.
pub(super) fn normal(text: &str) -> String {
    if text.is_ascii() {
        return condition::normalised(text);
    }
    condition::normalised(&ComposingNormalizerBorrowed::new_nfc().normalize(text))
}

/// Whether a text says what is wanted; `wanted` is normal already.
pub(super) fn says(text: &str, wanted: &str, exact: bool) -> bool {
    let have = normal(text);
    if exact { have == wanted } else { have.contains(wanted) }
}

/// What people would read of an element.
pub(super) fn text_of(page: &Page, element: El<'_>) -> String {
    if control::is_button_input(element) {
        let value = control::value(page, element);
        return if value.is_empty() { element.attr("alt").unwrap_or_default().to_owned() } else { value };
    }
    let mut text = String::new();
    if is_visible(element) {
        gather(element, &mut text);
    }
    text
}

/// What people would read of the whole document.
pub(super) fn page_text(page: &Page) -> String {
    page.body().map_or_else(|| content(page.top()), |body| text_of(page, body))
}

/// Whether the markup hides neither the element nor what is around it.
pub(super) fn is_visible(element: El<'_>) -> bool {
    let select = outward(element).find(|each| is(*each, &["select"]));
    if let Some(select) = select.filter(|_| is(element, &["option"])) {
        return is_visible(select);
    }
    !outward(element).any(is_unread) && !outward(element).any(is_hiding) && control::kind(element) != Some("hidden")
}

/// Whether one could act on it.
pub(super) fn is_enabled(element: El<'_>) -> bool {
    let is_off = |each: El<'_>| each.attr("aria-disabled") == Some("true") || has(each, "inert");
    !control::is_disabled(element) && !outward(element).any(is_off)
}

pub(super) fn is_unread(element: El<'_>) -> bool {
    is(element, &UNREAD)
}

fn is_hiding(element: El<'_>) -> bool {
    has(element, "hidden") || element.attr("style").is_some_and(|style| HIDING.is_match(style))
}

/// The parent is visible: only what hides the child itself is asked.
fn gather(element: El<'_>, text: &mut String) {
    for child in element.children() {
        if let Node::Text(piece) = child.value() {
            text.push_str(piece);
        }
        let Some(child) = ElementRef::wrap(child) else { continue };
        if is_unread(child) || hides_itself(child) {
            continue;
        }
        gather(child, text);
        if !is(child, &INLINE) {
            text.push(' ');
        }
    }
}

fn hides_itself(element: El<'_>) -> bool {
    let listed = is(element, &["option"]) && outward(element).any(|each| is(each, &["select"]));
    !listed && (is_hiding(element) || control::kind(element) == Some("hidden"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::chain::page::tests::page;

    fn read(html: &str) -> String {
        condition::tidied(&page_text(&page(html)))
    }

    #[test]
    fn blocks_separate_words_and_inline_tags_do_not() {
        assert_eq!(read("<p>one<p>t<b>w</b>o<br>three"), "one two three");
        assert_eq!(read("<td>a</td><table><tr><td>b<td>c</table>"), "ab c");
    }

    #[test]
    fn what_nobody_sees_is_not_read() {
        let html = "<p>a<p hidden>b<p style='display: NONE'>c<script>d</script><style>e</style><p style='color:red'>f\
                    <span style='visibility:hidden'>g</span><noscript>h</noscript><template>i</template>";
        assert_eq!(read(html), "a f");
    }

    #[test]
    fn texts_agree_however_they_are_written() {
        assert!(says("  La\u{a0}Se\u{f1}al \u{200b}", "la señal", true));
        assert!(says("La sen\u{303}al de hoy", &normal("SEÑAL"), false), "composed or not");
        assert!(!says("La señal", "la", true));
    }
}
