//! One step in a fetched document: what it enters, or where it leads. What each step means here stands in `docs/chains.md`.

use ego_tree::NodeId;
use url::Url;

use super::Ask;
use super::control::{self, is_box, is_submitter, kind};
use super::find::{Miss, MissKind, Need, Root, locate};
use super::form::{self, Form, group, submission};
use super::look::Target;
use super::page::{El, Page, content, has, is, outline, outward};
use super::text::{is_enabled, normal, says};
use crate::flow::wire::SelectBy;

/// Controls that a person could type into.
const EDITABLE: [&str; 14] = [
    "text",
    "search",
    "url",
    "tel",
    "email",
    "password",
    "number",
    "date",
    "month",
    "week",
    "time",
    "datetime-local",
    "color",
    "range",
];

/// What answers when it, or something in it, is pressed.
const HANDLES: [&str; 6] = ["button", "input", "label", "select", "textarea", "summary"];

/// What a step did.
#[derive(Debug)]
pub(super) enum Did {
    /// The document is still the one to look at.
    Stays,
    /// Another one is wanted.
    Leaves(Box<Ask>),
}

/// Why a step cannot be done in the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// Its target is not there, or hidden: an optional step is left out.
    pub(super) absent: bool,
    /// A small-letter fragment.
    pub(super) reason: String,
}

impl Trouble {
    pub(super) fn other(reason: impl Into<String>) -> Self {
        Self { absent: false, reason: reason.into() }
    }
}

impl From<Miss> for Trouble {
    fn from(miss: Miss) -> Self {
        Self { absent: miss.kind != MissKind::Ambiguous, reason: miss.reason }
    }
}

/// The document that a step is done in, and whether the flow has declared the answer to what a script there may ask.
pub(super) struct At<'p> {
    pub(super) page: &'p mut Page,
    pub(super) asks: bool,
}

impl At<'_> {
    /// Presses what a person would press.
    pub(super) fn click(&mut self, target: &Target) -> Result<Did, Trouble> {
        let element = locate(self.page, target, Root::Page, Need::Visible)?;
        let is_handle = |each: &El<'_>| is(*each, &HANDLES) || (is(*each, &["a", "area"]) && has(*each, "href"));
        let handle = outward(element).find(is_handle);
        check_enabled(handle.unwrap_or(element))?;
        if scripted(element, &["onclick"], self.asks) {
            return Err(own_script(element));
        }
        let handle = match handle.filter(|handle| is(*handle, &["label"])) {
            Some(label) => match control::control_of(self.page, label) {
                Some(control) => Some(control),
                None => return Ok(Did::Stays),
            },
            None => handle,
        };
        let inert = || Trouble::other(format!("{} does nothing without a script", outline(element)));
        let handle = handle.ok_or_else(inert)?;
        if is(handle, &["a", "area"]) {
            return self.follow(handle);
        }
        if is_submitter(handle) {
            return self.send(handle);
        }
        if !is_box(handle) {
            return Err(inert());
        }
        if scripted(handle, &["onclick", "onchange", "oninput"], self.asks) {
            return Err(own_script(handle));
        }
        let ticked = kind(handle) == Some("radio") || !control::is_ticked(self.page, handle);
        let id = handle.id();
        toggle(self.page, id, ticked);
        Ok(Did::Stays)
    }

    /// Submits the form of the target.
    pub(super) fn submit(&self, target: &Target) -> Result<Did, Trouble> {
        self.send(locate(self.page, target, Root::Page, Need::Visible)?)
    }

    /// The form of the commit's button.
    pub(super) fn commit(&self, click: &Target) -> Result<Form, Trouble> {
        let element = locate(self.page, click, Root::Page, Need::Visible)?;
        let button = outward(element).find(|each| is(*each, &["button", "input"])).unwrap_or(element);
        if !is_submitter(button) {
            return Err(Trouble::other(format!("{} is not the button of a form", outline(button))));
        }
        check_enabled(button)?;
        self.submission(button)
    }

    /// Replaces what a control holds, as a person would.
    pub(super) fn fill(&mut self, target: &Target, text: &str) -> Result<Did, Trouble> {
        let element = self.control(target, Need::Visible)?;
        let editable = is(element, &["textarea"]) || kind(element).is_some_and(|kind| EDITABLE.contains(&kind));
        if !editable {
            return Err(Trouble::other(format!("{} does not take text", outline(element))));
        }
        if has(element, "readonly") {
            return Err(Trouble::other(format!("{} is read-only (set can change it)", outline(element))));
        }
        let id = element.id();
        enter(self.page, id, text)
    }

    /// Sets a control that may be hidden or read-only.
    pub(super) fn set(&mut self, target: &Target, text: &str) -> Result<Did, Trouble> {
        let element = self.control(target, Need::There)?;
        let id = element.id();
        if is(element, &["select"]) {
            let mut options = control::options(element).into_iter();
            let option = options.find(|each| control::option_value(*each) == text).map(|option| option.id());
            let not_taken = || Trouble::other(format!("{} did not take the value", outline(element)));
            let option = option.ok_or_else(not_taken)?;
            self.page.entered.chosen.insert(id, vec![option]);
            return Ok(Did::Stays);
        }
        if !is(element, &["input", "textarea", "button"]) || kind(element) == Some("file") {
            return Err(Trouble::other(format!("{} has no value", outline(element))));
        }
        enter(self.page, id, text)
    }

    /// Chooses options.
    pub(super) fn select(&mut self, target: &Target, by: SelectBy, wanted: &[String]) -> Result<Did, Trouble> {
        let element = self.control(target, Need::Visible)?;
        let name = outline(element);
        if !is(element, &["select"]) {
            return Err(Trouble::other(format!("{name} is no select")));
        }
        if wanted.len() > 1 && !has(element, "multiple") {
            return Err(Trouble::other(format!("{name} takes one option only")));
        }
        let options = control::options(element);
        let mut chosen = Vec::new();
        for wanted in wanted {
            let found: Vec<El<'_>> = options.iter().copied().filter(|option| is_option(*option, by, wanted)).collect();
            let [option] = found[..] else {
                return Err(Trouble::other(format!("{} options of {name} match what is wanted", found.len())));
            };
            if control::is_disabled(option) {
                return Err(Trouble::other(format!("an option of {name} is not enabled")));
            }
            chosen.push(option.id());
        }
        let id = element.id();
        self.page.entered.chosen.insert(id, chosen);
        Ok(Did::Stays)
    }

    /// Ticks or unticks a box.
    pub(super) fn tick(&mut self, target: &Target, wanted: bool) -> Result<Did, Trouble> {
        let element = self.control(target, Need::There)?;
        if !is_box(element) {
            return Err(Trouble::other(format!("{} cannot be ticked without a script", outline(element))));
        }
        if kind(element) == Some("radio") && !wanted {
            return Err(Trouble::other("a radio button cannot be unticked"));
        }
        let id = element.id();
        toggle(self.page, id, wanted);
        Ok(Did::Stays)
    }

    /// A control that a step is about.
    fn control(&self, target: &Target, need: Need) -> Result<El<'_>, Trouble> {
        let element = locate(self.page, target, Root::Page, need)?;
        check_enabled(element)?;
        if scripted(element, &["onchange", "oninput"], self.asks) { Err(own_script(element)) } else { Ok(element) }
    }

    fn follow(&self, link: El<'_>) -> Result<Did, Trouble> {
        if has(link, "download") {
            return Err(Trouble::other(format!("{} is a download", outline(link))));
        }
        if opens_window(self.page, link.attr("target")) {
            return Err(Trouble::other(format!("{} opens another window", outline(link))));
        }
        let url = self.page.resolve(link.attr("href").unwrap_or_default());
        go(self.page, url.ok_or_else(|| Trouble::other(format!("{} leads nowhere", outline(link))))?)
    }

    fn send(&self, element: El<'_>) -> Result<Did, Trouble> {
        let form = self.submission(element)?;
        Ok(Did::Leaves(Box::new(match form.address() {
            Some(url) => Ask::Get { url, from: Some(form.page) },
            None => Ask::Form(form),
        })))
    }

    /// The form that the element is or belongs to, as a browser would send it.
    fn submission(&self, element: El<'_>) -> Result<Form, Trouble> {
        let button = Some(element).filter(|each| is_submitter(*each));
        let belongs_to_none = || Trouble::other(format!("{} belongs to no form", outline(element)));
        let form = control::form_of(self.page, element).ok_or_else(belongs_to_none)?;
        let sent = submission(self.page, form, button)?;
        if scripted(form, &["onsubmit"], self.asks)
            || button.is_some_and(|button| scripted(button, &["onclick"], self.asks))
        {
            return Err(own_script(form));
        }
        if sent.action.origin() != self.page.url.origin() {
            let origin = sent.action.origin().ascii_serialization();
            return Err(Trouble::other(format!("{} is sent to {origin}, on another origin", outline(form))));
        }
        if opens_window(self.page, form::window(form, button)) {
            return Err(Trouble::other(format!("{} opens another window", outline(form))));
        }
        Ok(sent)
    }
}

/// An address to go to; a fragment of the same document loads nothing.
pub(super) fn go(page: &Page, url: Url) -> Result<Did, Trouble> {
    if url.origin() != page.url.origin() {
        return Err(Trouble::other(format!("{} is on another origin", url.origin().ascii_serialization())));
    }
    let (bare, here) = (without_fragment(&url), without_fragment(&page.url));
    if url.fragment().is_some_and(|fragment| !fragment.is_empty()) && bare == here {
        return Ok(Did::Stays);
    }
    Ok(Did::Leaves(Box::new(Ask::Get { url: bare, from: Some(here) })))
}

fn check_enabled(element: El<'_>) -> Result<(), Trouble> {
    if is_enabled(element) { Ok(()) } else { Err(Trouble::other(format!("{} is not enabled", outline(element)))) }
}

/// Whether the element, or what is around it, has a script of its own that does more than ask.
fn scripted(element: El<'_>, events: &[&str], asks: bool) -> bool {
    !asks && outward(element).any(|each| events.iter().any(|event| has(each, event)))
}

fn own_script(element: El<'_>) -> Trouble {
    Trouble::other(format!("{} has a script of its own", outline(element)))
}

pub(super) fn without_fragment(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_fragment(None);
    url
}

fn opens_window(page: &Page, window: Option<&str>) -> bool {
    let of_base = || page.elements().find_map(|each| each.attr("target").filter(|_| is(each, &["base"])));
    let window = window.or_else(of_base).unwrap_or_default().to_ascii_lowercase();
    !matches!(window.as_str(), "" | "_self" | "_top" | "_parent")
}

fn enter(page: &mut Page, id: NodeId, text: &str) -> Result<Did, Trouble> {
    let Some(element) = page.at(id) else { return Ok(Did::Stays) };
    let kept = control::clean(kind(element).unwrap_or("textarea"), text).into_owned();
    if kept.is_empty() && !text.is_empty() {
        return Err(Trouble::other(format!("{} did not take the value", outline(element))));
    }
    page.entered.values.insert(id, kept);
    Ok(Did::Stays)
}

/// Ticking a radio button unticks its group.
fn toggle(page: &mut Page, id: NodeId, ticked: bool) {
    let others: Vec<NodeId> = page
        .at(id)
        .and_then(|element| Some((element, control::form_of(page, element)?)))
        .map(|(element, form)| group(page, form, element).map(|each| each.id()).filter(|each| *each != id).collect())
        .unwrap_or_default();
    page.entered.ticked.extend(others.into_iter().map(|other| (other, false)));
    page.entered.ticked.insert(id, ticked);
}

fn is_option(option: El<'_>, by: SelectBy, wanted: &str) -> bool {
    match by {
        SelectBy::Value => control::option_value(option) == wanted,
        SelectBy::Text => says(&content(option), &normal(wanted), false),
        SelectBy::Label => {
            let wanted = normal(wanted);
            says(&control::option_label(option), &wanted, true) || says(&content(option), &wanted, true)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::chain::look;
    use crate::flow::chain::page::tests::page;
    use crate::flow::wire;

    fn id(id: &str) -> Target {
        let by = wire::By::Id(id.into());
        let locator = wire::Locator { by, within: Vec::new(), has_text: None, nth: None, first: false, exact: false };
        look::target(&vec![locator]).expect("it can be looked for")
    }

    fn at(page: &mut Page) -> At<'_> {
        At { page, asks: false }
    }

    fn asked(did: Result<Did, Trouble>) -> Result<Ask, Trouble> {
        match did? {
            Did::Leaves(ask) => Ok(*ask),
            Did::Stays => Err(Trouble::other("it stays")),
        }
    }

    fn value(page: &Page, id: &str) -> String {
        control::value(page, page.by_id(id).expect("it is there"))
    }

    #[test]
    fn links_are_followed_and_fragments_stay() {
        let mut page = page("<a id=a href='next?x=1#y'><b id=b>on</b></a><a id=c href='#top'>up</a>");
        let Ok(Ask::Get { url, .. }) = asked(at(&mut page).click(&id("b"))) else { panic!("a link") };
        assert_eq!(url.as_str(), "https://club.example/next?x=1");
        assert!(matches!(at(&mut page).click(&id("c")), Ok(Did::Stays)));
    }

    #[test]
    fn what_only_a_live_page_answers_is_said() {
        let mut page = page(
            "<a id=a href='javascript:x()'>x</a><a id=b href=y target=_blank>x</a><button id=c type=button>x</button>\
             <div id=d>x</div><button id=e disabled>x</button><a id=f href=y download>x</a><button id=g>x</button>\
             <a id=h href=y onclick=x()>x</a><a id=i href='https://other.example/'>x</a><div onclick=x()><a id=j href=y>x</a></div>",
        );
        for each in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"] {
            let trouble = at(&mut page).click(&id(each)).expect_err(each);
            assert!(!trouble.absent, "{trouble:?}");
        }
        assert!(at(&mut page).click(&id("none")).expect_err("nothing is there").absent);
        assert!(At { page: &mut page, asks: true }.click(&id("h")).is_ok(), "the flow has declared the answer");
    }

    #[test]
    fn controls_keep_what_was_entered() {
        let mut page = page(
            "<form><input id=a type=date><textarea id=b></textarea><select id=c><option value=1>One<option value=2>Two\
             </select><input id=d type=radio name=r checked><input id=e type=radio name=r><input id=f type=hidden>\
             <label id=g><input id=h type=checkbox>Rules</label><input id=i onchange=x()></form>",
        );
        at(&mut page).fill(&id("a"), "2027-07-09").expect("a date");
        assert!(at(&mut page).fill(&id("a"), "9 July").is_err(), "no date");
        at(&mut page).fill(&id("b"), "two\nlines").expect("a text");
        at(&mut page).select(&id("c"), SelectBy::Label, &["TWO".into()]).expect("an option");
        assert!(at(&mut page).select(&id("c"), SelectBy::Value, &["3".into()]).is_err(), "no such option");
        at(&mut page).tick(&id("e"), true).expect("a box");
        assert!(at(&mut page).fill(&id("f"), "x").expect_err("it is hidden").absent);
        at(&mut page).set(&id("f"), "x").expect("set reaches it");
        at(&mut page).click(&id("g")).expect("a label");
        assert!(at(&mut page).fill(&id("i"), "x").is_err(), "its script would hear of it");
        let ticked = |each: &str| control::is_ticked(&page, page.by_id(each).expect("it is there"));
        assert_eq!(["d", "e", "h"].map(ticked), [false, true, true]);
        assert_eq!(["a", "b", "c", "f"].map(|each| value(&page, each)), ["2027-07-09", "two\nlines", "2", "x"]);
    }

    #[test]
    fn a_button_sends_its_form() {
        let form = |method: &str| {
            format!(
                "<form method={method} action=/cart?x=1><input name=c value='5 6'><button id=a name=b value=v>Add</button></form>"
            )
        };
        let Ok(Ask::Form(sent)) = asked(at(&mut page(&form("post"))).click(&id("a"))) else { panic!("a form") };
        assert_eq!(sent.action.as_str(), "https://club.example/cart?x=1");
        assert_eq!(sent.fields, [("c".to_owned(), "5 6".to_owned()), ("b".to_owned(), "v".to_owned())]);
        let Ok(Ask::Get { url, .. }) = asked(at(&mut page(&form("get"))).click(&id("a"))) else { panic!("an address") };
        assert_eq!(url.as_str(), "https://club.example/cart?c=5+6&b=v");
    }
}
