//! The controls of forms: what kind each is, what it holds now, and to which form it belongs.

use std::borrow::Cow;

use super::page::{El, Page, content, has, inside, is, outward, parent};

/// What `<input type=…>` may say; anything else is a text.
const INPUTS: [&str; 22] = [
    "hidden",
    "text",
    "search",
    "tel",
    "url",
    "email",
    "password",
    "date",
    "month",
    "week",
    "time",
    "datetime-local",
    "number",
    "range",
    "color",
    "checkbox",
    "radio",
    "file",
    "submit",
    "image",
    "reset",
    "button",
];

/// Elements that a label can name.
const LABELABLE: [&str; 7] = ["button", "input", "meter", "output", "progress", "select", "textarea"];

/// The type of an input, in small letters; none for other elements.
pub(super) fn kind(element: El<'_>) -> Option<&'static str> {
    if !is(element, &["input"]) {
        return None;
    }
    let said = element.attr("type").unwrap_or_default();
    Some(INPUTS.into_iter().find(|kind| said.eq_ignore_ascii_case(kind)).unwrap_or("text"))
}

/// Whether pressing it submits its form.
pub(super) fn is_submitter(element: El<'_>) -> bool {
    match element.value().name() {
        "button" => button_type(element) == "submit",
        "input" => matches!(kind(element), Some("submit" | "image")),
        _ => false,
    }
}

/// `submit`, `reset` or `button`.
pub(super) fn button_type(element: El<'_>) -> &'static str {
    let said = element.attr("type").unwrap_or_default();
    ["reset", "button"].into_iter().find(|kind| said.eq_ignore_ascii_case(kind)).unwrap_or("submit")
}

/// An input that looks like a button.
pub(super) fn is_button_input(element: El<'_>) -> bool {
    matches!(kind(element), Some("button" | "submit" | "reset" | "image"))
}

pub(super) fn is_box(element: El<'_>) -> bool {
    matches!(kind(element), Some("checkbox" | "radio"))
}

/// Whether CSS would call it `:disabled`.
pub(super) fn is_disabled(element: El<'_>) -> bool {
    match element.value().name() {
        "button" | "input" | "select" | "textarea" | "fieldset" => {
            has(element, "disabled") || is_in_disabled_fieldset(element)
        }
        "optgroup" => has(element, "disabled"),
        "option" => has(element, "disabled") || group_is_disabled(element),
        _ => false,
    }
}

/// Whether the list's group of an option is disabled.
pub(super) fn group_is_disabled(option: El<'_>) -> bool {
    parent(option).is_some_and(|group| is(group, &["optgroup"]) && has(group, "disabled"))
}

/// The first legend of a disabled fieldset is not disabled with it.
fn is_in_disabled_fieldset(element: El<'_>) -> bool {
    let mut child = element;
    outward(element).skip(1).any(|each| {
        let from = std::mem::replace(&mut child, each);
        let first_legend = || inside(each).find(|legend| is(*legend, &["legend"]) && parent(*legend) == Some(each));
        is(each, &["fieldset"]) && has(each, "disabled") && first_legend() != Some(from)
    })
}

/// What the control holds now; empty for what holds nothing.
pub(super) fn value(page: &Page, element: El<'_>) -> String {
    if let Some(entered) = page.entered.values.get(&element.id()) {
        return entered.clone();
    }
    let stated = || element.attr("value").unwrap_or_default().to_owned();
    match element.value().name() {
        "textarea" => content(element),
        "select" => chosen(page, element).first().map(|option| option_value(*option)).unwrap_or_default(),
        "option" => option_value(element),
        "input" if is_box(element) => element.attr("value").unwrap_or("on").to_owned(),
        "input" => clean(kind(element).unwrap_or("text"), &stated()).into_owned(),
        _ => stated(),
    }
}

/// Whether a box is ticked now.
pub(super) fn is_ticked(page: &Page, element: El<'_>) -> bool {
    page.entered.ticked.get(&element.id()).copied().unwrap_or_else(|| has(element, "checked"))
}

/// The options of a select.
pub(super) fn options(select: El<'_>) -> Vec<El<'_>> {
    let belongs = |option: &El<'_>| {
        let around = parent(*option);
        let group = around.filter(|group| is(*group, &["optgroup"]));
        around == Some(select) || group.and_then(parent) == Some(select)
    };
    inside(select).filter(|each| is(*each, &["option"])).filter(belongs).collect()
}

/// The options of a select that are chosen now.
pub(super) fn chosen<'a>(page: &Page, select: El<'a>) -> Vec<El<'a>> {
    let options = options(select);
    if let Some(entered) = page.entered.chosen.get(&select.id()) {
        return options.into_iter().filter(|option| entered.contains(&option.id())).collect();
    }
    let stated: Vec<El<'a>> = options.iter().copied().filter(|option| has(*option, "selected")).collect();
    if has(select, "multiple") {
        return stated;
    }
    // Of several the last one wins; a closed list always shows one.
    let shown = || options.iter().copied().find(|option| !is_disabled(*option)).filter(|_| !is_list(select));
    stated.last().copied().or_else(shown).into_iter().collect()
}

/// Whether a select shows several options at once.
pub(super) fn is_list(select: El<'_>) -> bool {
    let size = select.attr("size").and_then(|size| size.trim().parse::<u32>().ok()).unwrap_or(0);
    has(select, "multiple") || size > 1
}

/// The value of an option.
pub(super) fn option_value(option: El<'_>) -> String {
    option.attr("value").map_or_else(|| spaced(&content(option)), str::to_owned)
}

/// What an option is called.
pub(super) fn option_label(option: El<'_>) -> String {
    option.attr("label").filter(|label| !label.is_empty()).map_or_else(|| spaced(&content(option)), str::to_owned)
}

/// The form that an element is, or belongs to.
pub(super) fn form_of<'a>(page: &'a Page, element: El<'a>) -> Option<El<'a>> {
    let form = |each: &El<'a>| is(*each, &["form"]);
    match element.attr("form").filter(|_| is(element, &["button", "input", "select", "textarea", "output", "fieldset"]))
    {
        Some(id) => page.by_id(id).filter(form),
        None => outward(element).find(form),
    }
}

/// The control of a label.
pub(super) fn control_of<'a>(page: &'a Page, label: El<'a>) -> Option<El<'a>> {
    let can = |each: &El<'a>| is(*each, &LABELABLE) && kind(*each) != Some("hidden");
    match label.attr("for") {
        Some(id) => page.by_id(id).filter(can),
        None => inside(label).find(can),
    }
}

/// The labels of a control.
pub(super) fn labels_of<'a>(page: &'a Page, control: El<'a>) -> Vec<El<'a>> {
    if !is(control, &LABELABLE) {
        return Vec::new();
    }
    page.elements().filter(|each| is(*each, &["label"]) && control_of(page, *each) == Some(control)).collect()
}

/// What is left of a value that a control is given: one-line controls drop line breaks, dates what is no date.
pub(super) fn clean<'v>(kind: &str, value: &'v str) -> Cow<'v, str> {
    let fits = match kind {
        "date" => value.parse::<jiff::civil::Date>().is_ok() && value.len() == 10,
        "time" => (value.len() == 5 || value.len() >= 8) && value.parse::<jiff::civil::Time>().is_ok(),
        "datetime-local" => value.len() >= 16 && value.parse::<jiff::civil::DateTime>().is_ok(),
        "month" => value.len() == 7 && format!("{value}-01").parse::<jiff::civil::Date>().is_ok(),
        "number" | "range" => value.trim() == value && value.parse::<f64>().is_ok_and(f64::is_finite),
        "textarea" | "hidden" | "checkbox" | "radio" | "file" => return Cow::Borrowed(value),
        "email" | "url" => return Cow::Owned(value.replace(['\r', '\n'], "").trim().to_owned()),
        _ => return Cow::Owned(value.replace(['\r', '\n'], "")),
    };
    Cow::Borrowed(if fits { value } else { "" })
}

fn spaced(text: &str) -> String {
    text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::chain::page::tests::page;

    fn named<'a>(page: &'a Page, id: &str) -> El<'a> {
        page.by_id(id).unwrap_or_else(|| panic!("no {id}"))
    }

    #[test]
    fn a_control_holds_what_its_markup_says() {
        let page = page(
            "<input id=a value=' x\ny '><input id=b type=date value=2027-02-31><input id=c type=CHECKBOX>\
             <textarea id=d>\n one\n</textarea><select id=e><option disabled>0<option>  1  a<option value=z>2</select>\
             <select id=f size=3><option>1</select><input id=g type=unheard-of value=v>",
        );
        let holds = |id: &str| value(&page, named(&page, id));
        assert_eq!(["a", "b", "c", "d", "e", "f", "g"].map(holds), [" xy ", "", "on", " one\n", "1 a", "", "v"]);
    }

    #[test]
    fn a_disabled_fieldset_disables_all_but_its_first_legend() {
        let page = page(
            "<fieldset disabled><legend><input id=a></legend><legend><input id=b></legend><p><input id=c></fieldset>\
             <select><optgroup disabled><option id=d></optgroup><option id=e></select>",
        );
        let off = |id: &str| is_disabled(named(&page, id));
        assert_eq!(["a", "b", "c", "d", "e"].map(off), [false, true, true, true, false]);
    }

    #[test]
    fn controls_and_labels_find_each_other() {
        let page = page(
            "<form id=f></form><input id=a form=f><form id=g><label id=l>x <input type=hidden><input id=b></label>\
             <label id=m for=a>y</label><label id=n for=none>z <input id=c></label></form>",
        );
        assert_eq!(form_of(&page, named(&page, "a")), Some(named(&page, "f")));
        assert_eq!(form_of(&page, named(&page, "b")), Some(named(&page, "g")));
        assert_eq!(control_of(&page, named(&page, "l")), Some(named(&page, "b")));
        assert_eq!(labels_of(&page, named(&page, "a")), [named(&page, "m")]);
        assert_eq!(control_of(&page, named(&page, "n")), None);
    }
}
