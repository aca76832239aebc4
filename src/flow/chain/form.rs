//! The form behind a button: what pressing it would send. As `page/form.js` says.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};
use regex::Regex;
use url::Url;

use super::act::Trouble;
use super::control::{self, is_box, is_disabled, kind, value};
use super::page::{El, Page, has, is, outline, outward, parent};

const URLENCODED: &str = "application/x-www-form-urlencoded";

/// A form as its page would send it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// `get` or `post`, any case.
    pub method: String,
    /// Where it goes, absolute.
    pub action: Url,
    /// `application/x-www-form-urlencoded` or `multipart/form-data`.
    pub enctype: String,
    /// Names and values in the form's order, the button's own among them.
    pub fields: Vec<(String, String)>,
    /// The page it stands on.
    pub page: Url,
    /// The page's character set (`document.characterSet`).
    pub charset: String,
}

/// Parts of a table in which a parser leaves a form empty although controls belong to it.
const TABLE_PARTS: [&str; 5] = ["table", "thead", "tbody", "tfoot", "tr"];

impl Form {
    /// The address that a GET form leads to; none for a form that is posted.
    pub fn address(&self) -> Option<Url> {
        let mut url = Some(self.action.clone()).filter(|_| self.method.eq_ignore_ascii_case("get"))?;
        url.set_query(Some(&urlencoded(&self.fields, Encoding::for_label(self.charset.as_bytes()))));
        url.set_fragment(None);
        Some(url)
    }
}

/// Fields as `application/x-www-form-urlencoded`, in a character set; none: UTF-8.
pub fn urlencoded(fields: &[(String, String)], charset: Option<&'static Encoding>) -> String {
    let charset = charset.unwrap_or(UTF_8).output_encoding();
    let lines = fields.iter().map(|(name, value)| (line_ends(name), line_ends(value)));
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    pairs.encoding_override(Some(&|text| Cow::Owned(charset.encode(text).0.into_owned()))).extend_pairs(lines).finish()
}

/// Forms are sent with both line-end characters, whatever the value holds.
pub fn line_ends(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n")
}

/// What submitting the form with that button would send.
pub(super) fn submission(page: &Page, form: El<'_>, button: Option<El<'_>>) -> Result<Form, Trouble> {
    if parent(form).is_some_and(|around| is(around, &TABLE_PARTS)) {
        return Err(Trouble::other(
            "the form stands between the parts of a table; what belongs to it needs a live page",
        ));
    }
    if let Some(wrong) = invalid(page, form, button) {
        return Err(Trouble::other(wrong));
    }
    let sent = Form {
        method: one_of(stated(form, button, "method"), &["post", "dialog"], "get").to_ascii_uppercase(),
        action: action(page, stated(form, button, "action"))?,
        enctype: one_of(stated(form, button, "enctype"), &["multipart/form-data", "text/plain"], URLENCODED).to_owned(),
        fields: fields(page, form, button),
        page: page.url.clone(),
        charset: page.charset.name().to_owned(),
    };
    match unsendable(page, form, &sent) {
        Some(why) => Err(Trouble::other(why)),
        None => Ok(sent),
    }
}

fn action(page: &Page, stated: Option<&str>) -> Result<Url, Trouble> {
    let stated = stated.filter(|action| !action.is_empty());
    let url = stated.map_or_else(|| Some(page.url.clone()), |action| page.resolve(action));
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| Trouble::other("the form goes to no address of a site"))
}

/// What browsers do not know counts as left out.
fn one_of<'w>(word: Option<&str>, known: &[&'w str], otherwise: &'w str) -> &'w str {
    let word = word.unwrap_or_default().trim();
    known.iter().find(|each| each.eq_ignore_ascii_case(word)).copied().unwrap_or(otherwise)
}

fn unsendable(page: &Page, form: El<'_>, sent: &Form) -> Option<String> {
    if sent.method == "DIALOG" {
        return Some("the form only closes a dialog".to_owned());
    }
    if sent.method == "POST" && sent.enctype == "text/plain" {
        return Some("the form is sent as text/plain".to_owned());
    }
    if controls(page, form).any(|each| kind(each) == Some("file")) {
        return Some("the form has a file field".to_owned());
    }
    let foreign = |(name, value): &&(String, String)| !name.is_ascii() || !value.is_ascii();
    let foreign = sent.fields.iter().find(foreign).filter(|_| page.charset != UTF_8)?;
    Some(format!("the field {} would have to be written in {}", foreign.0, sent.charset))
}

/// Where the form opens its answer; none: in the same window.
pub(super) fn window<'a>(form: El<'a>, button: Option<El<'a>>) -> Option<&'a str> {
    stated(form, button, "target")
}

/// What the button says of the form, or the form itself.
fn stated<'a>(form: El<'a>, button: Option<El<'a>>, name: &str) -> Option<&'a str> {
    button.and_then(|button| button.attr(&format!("form{name}"))).or_else(|| form.attr(name))
}

/// The controls of a form, in order.
pub(super) fn controls<'a>(page: &'a Page, form: El<'a>) -> impl Iterator<Item = El<'a>> {
    let belongs = move |each: &El<'a>| control::form_of(page, *each) == Some(form);
    page.elements().filter(|each| is(*each, &["button", "input", "select", "textarea"])).filter(belongs)
}

fn fields(page: &Page, form: El<'_>, button: Option<El<'_>>) -> Vec<(String, String)> {
    let counts = |each: &El<'_>| !is_disabled(*each) && !outward(*each).any(|around| is(around, &["datalist"]));
    controls(page, form).filter(counts).flat_map(|each| entries(page, each, button)).collect()
}

fn entries(page: &Page, control: El<'_>, button: Option<El<'_>>) -> Vec<(String, String)> {
    let name = control.attr("name").unwrap_or_default();
    let pressed = button == Some(control);
    if kind(control) == Some("image") && pressed {
        let point = |axis: &str| if name.is_empty() { axis.to_owned() } else { format!("{name}.{axis}") };
        return ["x", "y"].map(|axis| (point(axis), "0".to_owned())).into();
    }
    if name.is_empty() {
        return Vec::new();
    }
    let values = match kind(control) {
        Some("submit" | "image") if !pressed => Vec::new(),
        Some("reset" | "button" | "file") => Vec::new(),
        Some("checkbox" | "radio") if !control::is_ticked(page, control) => Vec::new(),
        Some("hidden") if name.eq_ignore_ascii_case("_charset_") && !has(control, "value") => {
            vec![page.charset.name().to_owned()]
        }
        None if is(control, &["button"]) && !pressed => Vec::new(),
        None if is(control, &["select"]) => {
            let chosen = control::chosen(page, control).into_iter().filter(|option| !is_disabled(*option));
            chosen.map(control::option_value).collect()
        }
        _ => vec![value(page, control)],
    };
    values.into_iter().map(|value| (name.to_owned(), value)).collect()
}

/// Why a browser would refuse to submit.
fn invalid(page: &Page, form: El<'_>, button: Option<El<'_>>) -> Option<String> {
    if has(form, "novalidate") || button.is_some_and(|button| has(button, "formnovalidate")) {
        return None;
    }
    let wrong = controls(page, form).find(|each| is_checked(*each) && !is_valid(page, form, *each))?;
    Some(format!("{} is not filled in rightly", outline(wrong)))
}

/// Whether a browser would look at what it holds.
fn is_checked(control: El<'_>) -> bool {
    let barred = matches!(kind(control), Some("hidden" | "reset" | "button" | "submit" | "image"))
        || is(control, &["button"])
        || (has(control, "readonly") && !is(control, &["select"]));
    !barred && !is_disabled(control)
}

fn is_valid(page: &Page, form: El<'_>, control: El<'_>) -> bool {
    let value = value(page, control);
    if is_box(control) {
        return !is_required(page, form, control) || is_one_ticked(page, form, control);
    }
    if value.is_empty() || kind(control) == Some("file") {
        return !has(control, "required");
    }
    fits_pattern(control, &value) && fits_kind(control, &value) && fits_bounds(control, &value)
}

/// One required radio button makes its whole group required.
fn is_required(page: &Page, form: El<'_>, control: El<'_>) -> bool {
    group(page, form, control).any(|each| has(each, "required"))
}

fn is_one_ticked(page: &Page, form: El<'_>, control: El<'_>) -> bool {
    group(page, form, control).any(|each| control::is_ticked(page, each))
}

/// A box, or the radio buttons of which only one can be ticked.
pub(super) fn group<'a>(page: &'a Page, form: El<'a>, control: El<'a>) -> Box<dyn Iterator<Item = El<'a>> + 'a> {
    let name = control.attr("name").unwrap_or_default();
    if kind(control) != Some("radio") || name.is_empty() {
        return Box::new(std::iter::once(control));
    }
    Box::new(controls(page, form).filter(move |each| kind(*each) == Some("radio") && each.attr("name") == Some(name)))
}

fn fits_pattern(control: El<'_>, value: &str) -> bool {
    let takes = matches!(kind(control), Some("text" | "search" | "url" | "tel" | "email" | "password"));
    let Some(pattern) = control.attr("pattern").filter(|_| takes) else { return true };
    // What only a browser's own expressions can say does not count, as a broken pattern does not in a browser.
    Regex::new(&format!("^(?:{pattern})$")).map_or(true, |pattern| pattern.is_match(value))
}

fn fits_kind(control: El<'_>, value: &str) -> bool {
    match kind(control) {
        Some("email") => value.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty()),
        Some("url") => Url::parse(value).is_ok(),
        _ => true,
    }
}

fn fits_bounds(control: El<'_>, value: &str) -> bool {
    let number = |text: &str| text.trim().parse::<f64>().ok();
    let within = |order: &dyn Fn(&str) -> std::cmp::Ordering| {
        control.attr("min").is_none_or(|min| order(min).is_ge())
            && control.attr("max").is_none_or(|max| order(max).is_le())
    };
    match kind(control) {
        Some("number") => within(&|bound| {
            number(value)
                .zip(number(bound))
                .and_then(|(value, bound)| value.partial_cmp(&bound))
                .unwrap_or(std::cmp::Ordering::Equal)
        }),
        // Written from the year down, dates and times are in order as texts.
        Some("date" | "month" | "week" | "time" | "datetime-local") => within(&|bound| {
            if bound.len() == value.len() { value.cmp(bound) } else { std::cmp::Ordering::Equal }
        }),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::chain::page::tests::page;

    fn pressed(html: &str) -> Result<Form, String> {
        let page = page(html);
        let button = page.by_id("go").expect("a button");
        let form = control::form_of(&page, button).ok_or("it belongs to no form")?;
        submission(&page, form, Some(button)).map_err(|trouble| trouble.reason)
    }

    fn fields(html: &str) -> String {
        let form = pressed(html).expect("it can be sent");
        form.fields.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
    }

    #[test]
    fn fields_are_those_that_a_browser_would_send() {
        let html = "<form method=post action='/book'><input name=a value=1><input name=b type=hidden value=t>\
                    <input name=c type=checkbox checked><input name=d type=checkbox value=x><input name=e disabled value=2>\
                    <input type=radio name=f value=1><input type=radio name=f value=2 checked>\
                    <select name=g><option value=1>x<option value=2 selected>y</select><textarea name=h>\nline</textarea>\
                    <input value=nameless><input type=submit name=j value=other>\
                    <datalist><input name=k></datalist><fieldset disabled><input name=l></fieldset>\
                    <input type=hidden name=_charset_><button id=go name=m value=yes>Go</button></form><input form=x name=n>";
        assert_eq!(fields(html), "a=1&b=t&c=on&f=2&g=2&h=line&_charset_=UTF-8&m=yes");
    }

    #[test]
    fn the_button_may_say_how_and_where() {
        let form = pressed(
            "<base href='/sub/'><form action=one method=post><button id=go formaction=two formmethod=get>x</button></form>",
        );
        let form = form.expect("it can be sent");
        assert_eq!((form.method.as_str(), form.action.as_str()), ("GET", "https://club.example/sub/two"));
        let form = pressed("<form method=post><button id=go>x</button></form>").expect("it can be sent");
        assert_eq!(form.action.as_str(), "https://club.example/form?d=1");
        assert_eq!(fields("<form><input id=go type=image name=p></form>"), "p.x=0&p.y=0");
        assert_eq!(pressed("<form method=put><button id=go>x</button></form>").expect("it can be sent").method, "GET");
    }

    #[test]
    fn what_is_sent_is_written_in_the_characters_of_the_page() {
        let fields = [("nota".to_owned(), "señal\n€ \u{4f60}".to_owned())];
        assert_eq!(urlencoded(&fields, None), "nota=se%C3%B1al%0D%0A%E2%82%AC+%E4%BD%A0");
        assert_eq!(urlencoded(&fields, Encoding::for_label(b"latin1")), "nota=se%F1al%0D%0A%80+%26%2320320%3B");
    }

    #[test]
    fn what_no_request_of_ours_can_carry_is_left_to_a_browser() {
        for form in ["<form method=dialog>", "<form method=post enctype=text/plain>", "<form><input type=file name=f>"]
        {
            assert!(pressed(&format!("{form}<button id=go>x</button></form>")).is_err(), "{form}");
        }
        let latin = "<meta charset=latin1><form><input name=a value='&ntilde;'><button id=go>x</button></form>";
        assert!(pressed(latin).expect_err("not in UTF-8").contains("would have to be written in"));
    }

    #[test]
    fn what_a_browser_would_refuse_is_refused() {
        let with = |control: &str| pressed(&format!("<form>{control}<button id=go>x</button></form>"));
        for wrong in [
            "<input required>",
            "<input type=checkbox required>",
            "<input type=radio name=r required><input type=radio name=r>",
            "<select required><option value=''>choose<option value=1>1</select>",
            "<input pattern='[0-9]+' value=a1>",
            "<input type=number min=3 value=2>",
            "<input type=date max=2027-01-01 value=2027-01-02>",
            "<input type=email value=nobody>",
        ] {
            let said = with(wrong).expect_err(wrong);
            assert!(said.contains("is not filled in rightly"), "{said}");
        }
        for right in [
            "<input required value=x>",
            "<input required disabled>",
            "<input type=radio name=r required><input type=radio name=r checked>",
            "<input pattern='[0-9]+' value=12>",
            "<input type=number min=3 value=10>",
            "<input type=hidden required>",
        ] {
            assert!(with(right).is_ok(), "{right}");
        }
        assert!(pressed("<form><input required><button id=go formnovalidate>x</button></form>").is_ok());
    }

    #[test]
    fn a_form_that_its_table_tore_apart_is_left_to_a_browser() {
        let torn = pressed("<table><form><tr><td><input name=a><button id=go>x</button></td></tr></form></table>");
        assert!(torn.is_err());
        assert!(pressed("<form><table><tr><td><input name=a><button id=go>x</button></table></form>").is_ok());
    }
}
