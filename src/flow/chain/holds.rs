//! What holds of a fetched document: as `page/condition.js` says of answers.

use serde_json::Value;

use super::control;
use super::find::every;
use super::look::{Condition, Target};
use super::page::{El, Page, is};
use super::text::{is_enabled, is_visible, page_text, says, text_of};
use crate::flow::condition::{self, address};

/// Whether the condition holds.
pub(super) fn holds(page: &Page, condition: &Condition) -> bool {
    match condition {
        Condition::Visible(target) => every(page, target).into_iter().any(is_visible),
        Condition::Gone(target) => !every(page, target).into_iter().any(is_visible),
        Condition::Enabled(target) => every(page, target).into_iter().any(|each| is_visible(each) && is_enabled(each)),
        Condition::Text { text, within } => texts(page, within).iter().any(|have| says(have, text, false)),
        Condition::Matches { pattern, within } => {
            texts(page, within).iter().any(|have| pattern.is_match(&condition::tidied(have)))
        }
        Condition::Url(glob) => address(glob, page.url.as_str()),
        Condition::Count { of, min, max } => {
            let count = u32::try_from(every(page, of).len()).unwrap_or(u32::MAX);
            count >= *min && max.is_none_or(|max| count <= max)
        }
        Condition::Attribute { of, name, equals } => {
            every(page, of).into_iter().any(|each| says(&attribute(page, each, name), equals, true))
        }
        Condition::Status { from, to } => (*from..=*to).contains(&page.status),
        Condition::Json { pointer, equals } => json(&page.source, pointer, equals.as_deref()),
        Condition::All(parts) => parts.iter().all(|part| holds(page, part)),
        Condition::Any(parts) => parts.iter().any(|part| holds(page, part)),
        Condition::Not(part) => !holds(page, part),
    }
}

fn texts(page: &Page, within: &Target) -> Vec<String> {
    if within.is_empty() {
        return vec![page_text(page)];
    }
    every(page, within).into_iter().map(|each| text_of(page, each)).collect()
}

/// `value` is what the control holds now, not what the markup says.
fn attribute(page: &Page, element: El<'_>, name: &str) -> String {
    let holds = is(element, &["input", "textarea", "select", "option", "button"]);
    if name == "value" && holds {
        return control::value(page, element);
    }
    element.attr(name).unwrap_or_default().to_owned()
}

fn json(source: &str, pointer: &str, equals: Option<&str>) -> bool {
    let Ok(value) = serde_json::from_str::<Value>(source) else { return false };
    let Some(found) = value.pointer(pointer) else { return false };
    equals.is_none_or(|wanted| match found {
        Value::Null => wanted.is_empty(),
        Value::String(text) => text == wanted,
        other => serde_json::to_string(other).is_ok_and(|text| text == wanted),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::chain::look;
    use crate::flow::chain::page::tests::page;
    use crate::flow::wire;

    fn css(css: &str) -> wire::Target {
        vec![wire::Locator {
            by: wire::By::Css(css.into()),
            within: Vec::new(),
            has_text: None,
            nth: None,
            first: false,
            exact: false,
        }]
    }

    #[test]
    fn each_condition_holds_and_fails() {
        use wire::Condition as C;
        let page = page("<h1>Courts on 9 July</h1><i hidden>x</i><button disabled>b</button><input id=d value=' 5 '>");
        let text = |text: &str, within: &str| C::Text {
            text: text.into(),
            within: if within.is_empty() { Vec::new() } else { css(within) },
        };
        let cases = [
            (C::Visible(css("h1")), C::Visible(css("i"))),
            (C::Gone(css("i")), C::Gone(css("h1"))),
            (C::Enabled(css("input")), C::Enabled(css("button"))),
            (text("on 9 JULY", ""), text("10 July", "")),
            (text("courts", "h1"), text("courts", "button")),
            (
                C::Matches { pattern: r"\d+ july".into(), within: Vec::new() },
                C::Matches { pattern: r"\d\d july".into(), within: Vec::new() },
            ),
            (C::Url("/form?*".into()), C::Url("/form".into())),
            (C::Count { of: css("i, h1"), min: 2, max: Some(2) }, C::Count { of: css("i"), min: 2, max: None }),
            (
                C::Attribute { of: css("#d"), name: "value".into(), equals: "5".into() },
                C::Attribute { of: css("#d"), name: "value".into(), equals: "55".into() },
            ),
            (C::Status { from: 200, to: 299 }, C::Status { from: 500, to: 599 }),
            (C::Any(vec![text("none", ""), text("july", "")]), C::All(vec![text("none", ""), text("july", "")])),
            (C::Not(Box::new(text("none", ""))), C::Not(Box::new(text("july", "")))),
        ];
        for (right, wrong) in cases {
            assert!(holds(&page, &look::condition(&right).expect("it can be asked")), "{right:?}");
            assert!(!holds(&page, &look::condition(&wrong).expect("it can be asked")), "{wrong:?}");
        }
    }

    #[test]
    fn an_answer_of_json_is_pointed_into() {
        let page = page(r#"{"error":{"code":7,"word":"taken"},"none":null}"#);
        let ask = |pointer: &str, equals: Option<&str>| {
            holds(&page, &Condition::Json { pointer: pointer.into(), equals: equals.map(str::to_owned) })
        };
        assert!(ask("/error/word", Some("taken")) && ask("/error/code", Some("7")) && ask("/none", None));
        assert!(!ask("/error/word", Some("quota")) && !ask("/missing", None));
    }
}
