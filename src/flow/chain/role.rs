//! ARIA roles, explicit or implied by the tag, and accessible names: as `page/role.js` says.

use super::control;
use super::page::{El, Page, content, has, inside, is, outward, parent};
use super::text::{is_visible, text_of};

const TAG_ROLES: &[(&str, &str)] = &[
    ("article", "article"),
    ("aside", "complementary"),
    ("button", "button"),
    ("datalist", "listbox"),
    ("dialog", "dialog"),
    ("fieldset", "group"),
    ("figure", "figure"),
    ("footer", "contentinfo"),
    ("form", "form"),
    ("h1", "heading"),
    ("h2", "heading"),
    ("h3", "heading"),
    ("h4", "heading"),
    ("h5", "heading"),
    ("h6", "heading"),
    ("header", "banner"),
    ("hr", "separator"),
    ("li", "listitem"),
    ("main", "main"),
    ("menu", "list"),
    ("meter", "meter"),
    ("nav", "navigation"),
    ("ol", "list"),
    ("option", "option"),
    ("output", "status"),
    ("p", "paragraph"),
    ("progress", "progressbar"),
    ("search", "search"),
    ("section", "region"),
    ("summary", "button"),
    ("table", "table"),
    ("tbody", "rowgroup"),
    ("td", "cell"),
    ("textarea", "textbox"),
    ("tfoot", "rowgroup"),
    ("th", "columnheader"),
    ("thead", "rowgroup"),
    ("tr", "row"),
    ("ul", "list"),
];

/// Roles that are named by what they contain.
const NAMED_BY_CONTENT: &[&str] = &[
    "button",
    "cell",
    "checkbox",
    "columnheader",
    "gridcell",
    "heading",
    "link",
    "listitem",
    "menuitem",
    "menuitemcheckbox",
    "menuitemradio",
    "option",
    "radio",
    "row",
    "rowheader",
    "switch",
    "tab",
    "tooltip",
    "treeitem",
];

/// The role of an element, if it has one.
pub(super) fn role_of(element: El<'_>) -> Option<String> {
    let explicit = element.attr("role").and_then(|role| role.split_whitespace().next());
    if let Some(explicit) = explicit {
        return Some(explicit.to_lowercase());
    }
    implied(element).map(str::to_owned)
}

fn implied(element: El<'_>) -> Option<&'static str> {
    match element.value().name() {
        "a" | "area" => has(element, "href").then_some("link"),
        "img" => (element.attr("alt") != Some("")).then_some("img"),
        "select" => Some(if control::is_list(element) { "listbox" } else { "combobox" }),
        "input" if has(element, "list") => Some("combobox"),
        "input" => of_input(control::kind(element)?),
        tag => TAG_ROLES.iter().find(|(name, _)| *name == tag).map(|(_, role)| *role),
    }
}

fn of_input(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "button" | "submit" | "reset" | "image" => "button",
        "checkbox" => "checkbox",
        "radio" => "radio",
        "number" => "spinbutton",
        "range" => "slider",
        "search" => "searchbox",
        "text" | "email" | "tel" | "url" => "textbox",
        _ => return None,
    })
}

/// The accessible name of an element.
pub(super) fn name_of(page: &Page, element: El<'_>) -> String {
    let referred = by_reference(page, element);
    if !referred.is_empty() {
        return referred;
    }
    let attribute = |name: &str| element.attr(name).map(str::to_owned);
    let stated = attribute("aria-label").filter(|label| !label.trim().is_empty());
    let native = || Some(native_name(page, element)).filter(|name| !name.is_empty());
    let last = || attribute("title").filter(|title| !title.is_empty()).or_else(|| attribute("placeholder"));
    stated.or_else(native).or_else(last).unwrap_or_default()
}

/// What the elements say that `aria-labelledby` refers to.
pub(super) fn by_reference(page: &Page, element: El<'_>) -> String {
    let ids = element.attr("aria-labelledby").unwrap_or_default().split_whitespace();
    let texts: Vec<String> = ids.filter_map(|id| page.by_id(id)).map(|named| text_of(page, named)).collect();
    texts.join(" ").trim().to_owned()
}

fn native_name(page: &Page, element: El<'_>) -> String {
    if control::is_button_input(element) {
        return of_button(page, element);
    }
    let own = |tag: &str| inside(element).find(|each| is(*each, &[tag]) && parent(*each) == Some(element));
    match element.value().name() {
        "img" | "area" => return element.attr("alt").unwrap_or_default().to_owned(),
        "fieldset" => return own("legend").map(content).unwrap_or_default(),
        "table" => return own("caption").map(content).unwrap_or_default(),
        _ => {}
    }
    let labels: Vec<String> = control::labels_of(page, element).into_iter().map(|label| text_of(page, label)).collect();
    let labels = labels.join(" ").trim().to_owned();
    if !labels.is_empty() && !is(element, &["button"]) {
        return labels;
    }
    match role_of(element) {
        Some(role) if NAMED_BY_CONTENT.contains(&role.as_str()) => by_content(page, element),
        _ => String::new(),
    }
}

fn of_button(page: &Page, element: El<'_>) -> String {
    let value = control::value(page, element);
    if !value.is_empty() {
        return value;
    }
    let alternative = element.attr("alt").filter(|alt| !alt.is_empty());
    let usual = match control::kind(element) {
        Some("submit") => "Submit",
        Some("reset") => "Reset",
        _ => "",
    };
    alternative.unwrap_or(usual).to_owned()
}

fn by_content(page: &Page, element: El<'_>) -> String {
    let pictures = inside(element).filter(|each| is(*each, &["img"])).filter_map(|image| image.attr("alt"));
    let pictures: Vec<&str> = pictures.collect();
    format!("{} {}", text_of(page, element), pictures.join(" ")).trim().to_owned()
}

/// Whether readers that speak pass it over.
pub(super) fn is_hidden_from_readers(element: El<'_>) -> bool {
    outward(element).any(|each| each.attr("aria-hidden") == Some("true")) || !is_visible(element)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::chain::page::tests::page;
    use crate::flow::condition;

    #[test]
    fn names_come_from_where_readers_look() {
        let page = page(
            "<h2 id=h>Book <b>now</b></h2><button id=a aria-labelledby=h>x</button><button id=b> Go <img alt=ahead></button>\
             <input id=c type=submit><label>Day <input id=d></label><input id=e placeholder=When>\
             <a id=f href=x title=t></a><button id=g aria-label='The one'>x</button>",
        );
        let name = |id: &str| condition::tidied(&name_of(&page, page.by_id(id).expect("it is there")));
        let names = ["a", "b", "c", "d", "e", "f", "g"].map(name);
        assert_eq!(names, ["Book now", "Go ahead", "Submit", "Day", "When", "t", "The one"]);
    }

    #[test]
    fn roles_are_stated_or_implied() {
        let page = page(
            "<a id=a>x</a><a id=b href=y>x</a><div id=c role='Button x'>y</div><input id=d type=checkbox>\
             <select id=e multiple></select><input id=f type=password><section id=g></section>",
        );
        let role = |id: &str| role_of(page.by_id(id).expect("it is there")).unwrap_or_default();
        let roles = ["a", "b", "c", "d", "e", "f", "g"].map(role);
        assert_eq!(roles, ["", "link", "button", "checkbox", "listbox", "", "region"]);
    }
}
