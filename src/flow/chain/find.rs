//! From a target (ordered locators) to one element of a document: as `page/find.js` says.

use super::control;
use super::look::{By, Locator, Target};
use super::page::{El, Page, content, inside, is, outward};
use super::role::{by_reference, is_hidden_from_readers, name_of, role_of};
use super::text::{is_enabled, is_unread, is_visible, normal, says, text_of};

/// Where to look: in the whole document, or inside an element.
#[derive(Clone, Copy)]
pub(super) enum Root<'a> {
    Page,
    In(El<'a>),
}

/// Whether the element may be hidden.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Visible,
    There,
}

/// Why there is no element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Miss {
    pub(super) kind: MissKind,
    pub(super) reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MissKind {
    NotFound,
    NotVisible,
    Ambiguous,
}

/// The first locator that finds a usable element wins; an ambiguous one ends the search.
pub(super) fn locate<'a>(page: &'a Page, target: &Target, root: Root<'a>, need: Need) -> Result<El<'a>, Miss> {
    let mut misses: Vec<Miss> = Vec::new();
    for locator in target {
        match one(page, locator, root) {
            Ok(element) if need == Need::There || is_visible(element) => return Ok(element),
            Ok(_) => {
                misses.push(Miss { kind: MissKind::NotVisible, reason: format!("{} is not visible", locator.words) });
            }
            Err(miss) if miss.kind == MissKind::Ambiguous => return Err(miss),
            Err(miss) => misses.push(miss),
        }
    }
    let hidden = misses.iter().find(|miss| miss.kind == MissKind::NotVisible).or(misses.first());
    let kind = hidden.map_or(MissKind::NotFound, |miss| miss.kind);
    let reasons: Vec<String> = misses.into_iter().map(|miss| miss.reason).collect();
    Err(Miss { kind, reason: reasons.join("; ") })
}

/// The matches that count for conditions: without strictness, `nth` and `first` still choose.
pub(super) fn every<'a>(page: &'a Page, target: &Target) -> Vec<El<'a>> {
    for locator in target {
        let Ok(elements) = matches(page, locator, Root::Page) else { continue };
        let chosen = if locator.first || locator.nth.is_some() {
            choose(locator, &elements).into_iter().collect()
        } else {
            elements
        };
        if !chosen.is_empty() {
            return chosen;
        }
    }
    Vec::new()
}

fn one<'a>(page: &'a Page, locator: &Locator, root: Root<'a>) -> Result<El<'a>, Miss> {
    let elements = matches(page, locator, root)?;
    choose(locator, &elements).ok_or_else(|| {
        let ambiguous = elements.len() > 1 && locator.nth.is_none();
        let count = if elements.len() == 1 { "1 element".to_owned() } else { format!("{} elements", elements.len()) };
        Miss {
            kind: if ambiguous { MissKind::Ambiguous } else { MissKind::NotFound },
            reason: format!("{} matches {count}", locator.words),
        }
    })
}

fn choose<'a>(locator: &Locator, elements: &[El<'a>]) -> Option<El<'a>> {
    if let Some(nth) = locator.nth {
        let from_start = usize::try_from(nth).ok().and_then(|nth| nth.checked_sub(1));
        let from_end = || elements.len().checked_sub(usize::try_from(nth.unsigned_abs()).ok()?);
        let at = if nth > 0 { from_start } else { from_end() };
        return elements.get(at?).copied();
    }
    if locator.first {
        let mut all = elements.iter().copied();
        let usable = all.find(|each| is_visible(*each) && is_enabled(*each));
        return usable
            .or_else(|| elements.iter().copied().find(|each| is_visible(*each)))
            .or_else(|| elements.first().copied());
    }
    if let [only] = elements { Some(*only) } else { None }
}

/// Every match of one locator, before `nth` and `first` choose.
fn matches<'a>(page: &'a Page, locator: &Locator, root: Root<'a>) -> Result<Vec<El<'a>>, Miss> {
    let root = if locator.within.is_empty() {
        root
    } else {
        let within = locate(page, &locator.within, root, Need::There);
        Root::In(within.map_err(|miss| Miss { reason: format!("inside it: {}", miss.reason), ..miss })?)
    };
    let mut elements = by(page, locator, root);
    if let Some(wanted) = &locator.has_text {
        elements.retain(|each| says(&text_of(page, *each), wanted, locator.exact));
    }
    Ok(elements)
}

fn by<'a>(page: &'a Page, locator: &Locator, root: Root<'a>) -> Vec<El<'a>> {
    let exact = locator.exact;
    let with = |attribute: &str, wanted: &str| {
        let fits = |each: &El<'a>| each.attr(attribute).is_some_and(|value| says(value, wanted, exact));
        all(page, root).filter(fits).collect()
    };
    let equal = |attributes: &[&str], wanted: &str| {
        let fits = |each: &El<'a>| attributes.iter().any(|attribute| each.attr(attribute) == Some(wanted));
        all(page, root).filter(fits).collect()
    };
    match &locator.by {
        By::Css(selector) => match root {
            Root::In(element) => element.select(selector).collect(),
            Root::Page => {
                let top = page.top();
                let itself = selector.matches(&top).then_some(top);
                itself.into_iter().chain(top.select(selector)).collect()
            }
        },
        By::Id(id) => equal(&["id"], id),
        By::Name(name) => equal(&["name"], name),
        By::TestId(id) => equal(&["data-testid", "data-test-id", "data-test"], id),
        By::Title(title) => with("title", title),
        By::Placeholder(text) => with("placeholder", text),
        By::Label(label) => by_label(page, root, label, exact),
        By::Role { role, name } => by_role(page, root, role, name.as_deref(), exact),
        By::Text(text) => by_text(page, root, text, exact),
    }
}

/// The elements below the root, in order.
fn all<'a>(page: &'a Page, root: Root<'a>) -> Box<dyn Iterator<Item = El<'a>> + 'a> {
    match root {
        Root::Page => Box::new(page.elements()),
        Root::In(element) => Box::new(inside(element)),
    }
}

fn by_label<'a>(page: &'a Page, root: Root<'a>, wanted: &str, exact: bool) -> Vec<El<'a>> {
    let labelled = |label: El<'a>| {
        let control = control::control_of(page, label)?;
        (is_inside(control, root) && says(&label_text(page, label), wanted, exact)).then_some(control)
    };
    let labels = page.elements().filter(|each| is(*each, &["label"]));
    let by_labels: Vec<El<'a>> = labels.filter_map(labelled).collect();
    let names_itself = |each: El<'a>| {
        each.attr("aria-label").is_some_and(|label| says(label, wanted, exact))
            || (each.attr("aria-labelledby").is_some() && says(&by_reference(page, each), wanted, exact))
    };
    all(page, root).filter(|each| by_labels.contains(each) || names_itself(*each)).collect()
}

/// A wrapping label holds its control, whose options are not part of what it says.
fn label_text(page: &Page, label: El<'_>) -> String {
    let is_list = |each: El<'_>| is(each, &["select", "textarea"]);
    if !inside(label).any(is_list) {
        return text_of(page, label);
    }
    let pieces = label.descendants().filter_map(|node| node.value().as_text().map(|text| (node, text)));
    let own = pieces.filter(|(node, _)| {
        !node.ancestors().take_while(|each| each.id() != label.id()).filter_map(El::wrap).any(is_list)
    });
    own.map(|(_, text)| &**text).collect()
}

fn by_role<'a>(page: &'a Page, root: Root<'a>, role: &str, name: Option<&str>, exact: bool) -> Vec<El<'a>> {
    let fits = |each: &El<'a>| {
        role_of(*each).as_deref() == Some(role)
            && !is_hidden_from_readers(*each)
            && name.is_none_or(|name| says(&name_of(page, *each), name, exact))
    };
    all(page, root).filter(fits).collect()
}

/// The innermost elements with a text.
fn by_text<'a>(page: &'a Page, root: Root<'a>, wanted: &str, exact: bool) -> Vec<El<'a>> {
    let mut search = TextSearch { page, wanted, exact, found: Vec::new() };
    match root {
        Root::Page => drop(search.dig(page.top(), true)),
        Root::In(element) if outward(element).any(is_unread) => {}
        Root::In(element) => {
            for child in element.children().filter_map(El::wrap) {
                search.dig(child, true);
            }
        }
    }
    search.found
}

struct TextSearch<'a, 'w> {
    page: &'a Page,
    wanted: &'w str,
    exact: bool,
    found: Vec<El<'a>>,
}

impl<'a> TextSearch<'a, '_> {
    /// Whether the text is in the element, so that what is around it is not the innermost. `may_hold`: what is around it
    /// holds the text, whether it can be seen or not; below what does not, only buttons can.
    fn dig(&mut self, element: El<'a>, may_hold: bool) -> bool {
        if is_unread(element) {
            return false;
        }
        if control::is_button_input(element) {
            return self.keep_if(element, says(&control::value(self.page, element), self.wanted, self.exact));
        }
        let may_hold = may_hold && normal(&content(element)).contains(self.wanted);
        let mut inside = false;
        for child in element.children().filter_map(El::wrap) {
            inside |= self.dig(child, may_hold);
        }
        inside || self.keep_if(element, may_hold && says(&text_of(self.page, element), self.wanted, self.exact))
    }

    fn keep_if(&mut self, element: El<'a>, holds: bool) -> bool {
        if holds {
            self.found.push(element);
        }
        holds
    }
}

fn is_inside(element: El<'_>, root: Root<'_>) -> bool {
    match root {
        Root::Page => true,
        Root::In(around) => outward(element).any(|each| each == around),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::chain::look;
    use crate::flow::chain::page::tests::page;
    use crate::flow::wire;

    fn by(by: wire::By) -> wire::Locator {
        wire::Locator { by, within: Vec::new(), has_text: None, nth: None, first: false, exact: false }
    }

    fn role(name: &str) -> wire::Locator {
        by(wire::By::Role { role: "button".into(), name: Some(name.into()) })
    }

    fn found(page: &Page, wanted: Vec<wire::Locator>) -> Result<String, MissKind> {
        let target = look::target(&wanted).expect("it can be looked for");
        let found = locate(page, &target, Root::Page, Need::Visible).map_err(|miss| miss.kind)?;
        Ok(found.attr("id").unwrap_or("?").to_owned())
    }

    #[test]
    fn every_way_finds_its_element() {
        let page = page(
            "<label for=a>Court <b>one</b></label><select id=a name=court title='The court'><option>Court</select>\
             <input id=b data-test-id=when placeholder='Which day'><p id=c>Some <b id=d>text</b></p>\
             <input id=e type=submit value=' Book it '><a id=f href=x class='k l'>Go</a>",
        );
        let ways = [
            (wire::By::Css("a.k[href]".into()), "f"),
            (wire::By::Id("a".into()), "a"),
            (wire::By::Name("court".into()), "a"),
            (wire::By::Label("court ONE".into()), "a"),
            (wire::By::Text("text".into()), "d"),
            (wire::By::Text("book it".into()), "e"),
            (wire::By::TestId("when".into()), "b"),
            (wire::By::Title("the court".into()), "a"),
            (wire::By::Placeholder("day".into()), "b"),
            (wire::By::Role { role: "link".into(), name: Some("go".into()) }, "f"),
        ];
        for (way, id) in ways {
            assert_eq!(found(&page, vec![by(way.clone())]), Ok(id.to_owned()), "{way:?}");
        }
    }

    #[test]
    fn two_matches_are_ambiguous_unless_one_is_chosen() {
        let page =
            page("<button id=a hidden>Book</button><button id=b disabled>Book</button><button id=c>Book</button>");
        let button = || by(wire::By::Css("button".into()));
        assert_eq!(found(&page, vec![button()]), Err(MissKind::Ambiguous));
        assert_eq!(found(&page, vec![wire::Locator { first: true, ..button() }]), Ok("c".into()));
        assert_eq!(found(&page, vec![wire::Locator { nth: Some(-2), ..button() }]), Ok("b".into()));
        assert_eq!(found(&page, vec![wire::Locator { nth: Some(1), ..button() }]), Err(MissKind::NotVisible));
        assert_eq!(found(&page, vec![wire::Locator { nth: Some(4), ..button() }]), Err(MissKind::NotFound));
    }

    #[test]
    fn fallbacks_follow_an_absence_and_not_an_ambiguity() {
        let page = page("<button id=a>Book</button><i>x</i><i>y</i>");
        let missing = by(wire::By::Id("none".into()));
        assert_eq!(found(&page, vec![missing, role("book")]), Ok("a".into()));
        assert_eq!(found(&page, vec![by(wire::By::Css("i".into())), role("book")]), Err(MissKind::Ambiguous));
    }

    #[test]
    fn within_and_text_narrow_it_down() {
        let page = page(
            "<article>Court 1, 17:00 <button id=a>Add</button></article><article>Court 2, 17:00 <button id=b>Add</button>\
             <button id=c>Addition</button></article>",
        );
        let article = wire::Locator { has_text: Some("court 2".into()), ..by(wire::By::Css("article".into())) };
        let add = wire::Locator { within: vec![article], ..role("Add") };
        assert_eq!(found(&page, vec![add.clone()]), Err(MissKind::Ambiguous));
        assert_eq!(found(&page, vec![wire::Locator { exact: true, ..add }]), Ok("b".into()));
    }

    #[test]
    fn what_needs_a_live_page_is_refused_ahead() {
        for way in [wire::By::Xpath("//a".into()), wire::By::Css("input:checked".into())] {
            assert!(look::target(&vec![by(way)]).is_err());
        }
    }
}
