//! The request of a form, as the browser would send it: method, address, headers in order, body.

use std::fmt;

use encoding_rs::Encoding;
use jiff::Timestamp;
use url::{Position, Url};
use zeroize::Zeroizing;

use crate::browser::Jar;
use crate::flow::chain::{Form, line_ends, urlencoded};
use crate::flow::wire;

/// Who sends: the browser's words about itself, and its cookies.
#[derive(Clone, Debug, Default)]
pub struct Visitor {
    /// `User-Agent`.
    pub user_agent: String,
    /// `Accept-Language`; none: left out.
    pub accept_language: Option<String>,
    /// What the browser says of itself besides (`Sec-CH-UA` and its like): names and values.
    pub hints: Vec<(String, String)>,
    /// The session's cookies.
    pub jar: Jar,
}

/// A request that is ready to be sent. Its `Debug` shows neither values nor the body.
#[derive(Clone, PartialEq, Eq)]
pub struct Prepared {
    method: String,
    url: Url,
    headers: Vec<(String, Zeroizing<String>)>,
    body: Zeroizing<Vec<u8>>,
}

/// A request cannot be made of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrepareError {
    /// Neither GET nor POST, nor any other plain word.
    #[error("the method `{0}` cannot be sent")]
    Method(String),
    /// Neither http nor https.
    #[error("the address `{0}` is not one of http or https")]
    Address(String),
    /// An encoding that browsers know and we do not.
    #[error("the form's encoding `{0}` cannot be sent")]
    Encoding(String),
    /// A character set that nobody knows.
    #[error("the form's character set `{0}` is not known")]
    Charset(String),
    /// A line break or another control character in a header.
    #[error("the header `{0}` holds a control character")]
    Header(String),
}

const URLENCODED: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";

/// What browsers say they would like for a page.
const ACCEPT: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

impl Prepared {
    /// The request that submitting the form would send.
    ///
    /// # Errors
    /// The first thing about the form that cannot be sent as the browser would.
    pub fn of_form(form: &Form, visitor: &Visitor, now: Timestamp) -> Result<Self, PrepareError> {
        let mut url = form.action.clone();
        url.set_fragment(None);
        let (method, content, body) = match form.method.to_ascii_uppercase().as_str() {
            "GET" => {
                charset(form)?;
                url = form.address().unwrap_or(url);
                ("GET", None, Vec::new())
            }
            "POST" => {
                let (content, body) = encoded(form, charset(form)?)?;
                ("POST", Some(content), body)
            }
            other => return Err(PrepareError::Method(other.to_owned())),
        };
        let mut headers = vec![("Accept".to_owned(), ACCEPT.to_owned())];
        headers.extend(content.map(|content| ("Content-Type".to_owned(), content)));
        headers.extend((method == "POST").then(|| ("Origin".to_owned(), form.page.origin().ascii_serialization())));
        headers.extend(referer(&form.page, &url).map(|referer| ("Referer".to_owned(), referer)));
        headers.extend(navigation(Some(&form.page), &url));
        Self::new(method, url, headers, body, visitor, now)
    }

    /// The request of a site without pages.
    ///
    /// # Errors
    /// The first thing about it that cannot be sent.
    pub fn of_request(request: &wire::Request, visitor: &Visitor, now: Timestamp) -> Result<Self, PrepareError> {
        let url = Url::parse(&request.url).map_err(|_| PrepareError::Address(request.url.clone()))?;
        let named = |name: &str| request.headers.iter().any(|(header, _)| header.eq_ignore_ascii_case(name));
        let (content, body) = match &request.body {
            wire::Body::Empty => (None, Vec::new()),
            wire::Body::Form(fields) => (Some(URLENCODED), urlencoded(fields, None).into_bytes()),
            wire::Body::Json(text) => (Some("application/json"), text.clone().into_bytes()),
        };
        let mut headers = Vec::new();
        headers.extend((!named("accept")).then(|| ("Accept".to_owned(), "*/*".to_owned())));
        headers.extend(
            content.filter(|_| !named("content-type")).map(|content| ("Content-Type".to_owned(), content.to_owned())),
        );
        headers.extend(request.headers.iter().cloned());
        Self::new(&request.method.to_ascii_uppercase(), url, headers, body, visitor, now)
    }

    /// The request for a page that another page has led to, or none.
    pub(super) fn get(
        mut url: Url,
        from: Option<&Url>,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Result<Self, PrepareError> {
        url.set_fragment(None);
        let mut headers = vec![("Accept".to_owned(), ACCEPT.to_owned())];
        let referer = from.and_then(|from| referer(from, &url));
        headers.extend(referer.map(|referer| ("Referer".to_owned(), referer)));
        headers.extend(navigation(from, &url));
        Self::new("GET", url, headers, Vec::new(), visitor, now)
    }

    /// The request that follows a redirect of this one, as browsers do it: a form becomes a page unless the status forbids it.
    pub(super) fn redirected(
        &self,
        mut to: Url,
        status: u16,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Result<Self, PrepareError> {
        to.set_fragment(None);
        let same = matches!(status, 307 | 308) || self.method == "GET";
        let dropped = |name: &str| !same && matches!(name, "Content-Type" | "Origin");
        let own = self.headers.iter().filter(|(name, _)| !is_added(name) && !dropped(name));
        let own = own.map(|(name, value)| (name.clone(), value.to_string())).collect();
        let (method, body) = if same { (self.method.as_str(), self.body.to_vec()) } else { ("GET", Vec::new()) };
        Self::new(method, to, own, body, visitor, now)
    }

    /// A `HEAD` that changes nothing: no cookies, no body.
    pub(super) fn head(url: Url, user_agent: &str) -> Result<Self, PrepareError> {
        let visitor = Visitor { user_agent: user_agent.to_owned(), ..Visitor::default() };
        Self::new(
            "HEAD",
            url,
            vec![("Accept".to_owned(), "*/*".to_owned())],
            Vec::new(),
            &visitor,
            Timestamp::UNIX_EPOCH,
        )
    }

    /// Where it goes.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Its method, in capitals.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The value of a header, for the journal; cookies are as good as a password.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The whole request as it goes over the wire.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let target = &self.url[Position::BeforePath..Position::AfterQuery];
        let mut head = Zeroizing::new(format!("{} {target} HTTP/1.1\r\n", self.method));
        for (name, value) in &self.headers {
            head.push_str(name);
            head.push_str(": ");
            head.push_str(value);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        let mut bytes = Zeroizing::new(Vec::with_capacity(head.len() + self.body.len()));
        bytes.extend_from_slice(head.as_bytes());
        bytes.extend_from_slice(&self.body);
        bytes
    }

    fn new(
        method: &str,
        url: Url,
        own: Vec<(String, String)>,
        body: Vec<u8>,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Result<Self, PrepareError> {
        check_address(method, &url)?;
        let cookies = visitor.jar.header(&url, now).map(|cookies| ("Cookie", cookies.expose().to_owned()));
        let length = (!body.is_empty() || !matches!(method, "GET" | "HEAD")).then(|| body.len().to_string());
        let mut headers: Vec<(String, String)> =
            vec![("Host".to_owned(), host(&url)), ("User-Agent".to_owned(), visitor.user_agent.clone())];
        headers.extend(visitor.hints.iter().cloned());
        headers.extend(visitor.accept_language.iter().map(|language| ("Accept-Language".to_owned(), language.clone())));
        // The answer is read as it comes, so it must not be packed.
        headers.push(("Accept-Encoding".to_owned(), "identity".to_owned()));
        headers.extend(own);
        headers.extend(length.map(|length| ("Content-Length".to_owned(), length)));
        headers.push(("Connection".to_owned(), "keep-alive".to_owned()));
        headers.extend(cookies.map(|(name, value)| (name.to_owned(), value)));
        if let Some((name, _)) =
            headers.iter().find(|(name, value)| !is_token(name) || value.chars().any(char::is_control))
        {
            return Err(PrepareError::Header(name.clone()));
        }
        let headers = headers.into_iter().map(|(name, value)| (name, Zeroizing::new(value))).collect();
        Ok(Self { method: method.to_owned(), url, headers, body: Zeroizing::new(body) })
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        let path = &self.url[..Position::AfterPath];
        f.debug_struct("Prepared")
            .field("method", &self.method)
            .field("url", &path)
            .field("headers", &names)
            .finish_non_exhaustive()
    }
}

fn check_address(method: &str, url: &Url) -> Result<(), PrepareError> {
    if !is_token(method) {
        return Err(PrepareError::Method(method.to_owned()));
    }
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(PrepareError::Address(url.to_string()));
    }
    Ok(())
}

fn charset(form: &Form) -> Result<&'static Encoding, PrepareError> {
    let known = Encoding::for_label(form.charset.as_bytes());
    known.map(Encoding::output_encoding).ok_or_else(|| PrepareError::Charset(form.charset.clone()))
}

fn encoded(form: &Form, charset: &'static Encoding) -> Result<(String, Vec<u8>), PrepareError> {
    let kind = form.enctype.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        "" | URLENCODED => Ok((URLENCODED.to_owned(), urlencoded(&form.fields, Some(charset)).into_bytes())),
        MULTIPART => {
            let boundary = format!("----firstserve{:032x}", rand::random::<u128>());
            let body = multipart(&form.fields, &boundary);
            Ok((format!("{MULTIPART}; boundary={boundary}"), charset.encode(&body).0.into_owned()))
        }
        other => Err(PrepareError::Encoding(other.to_owned())),
    }
}

fn multipart(fields: &[(String, String)], boundary: &str) -> String {
    let mut body = String::new();
    for (name, value) in fields {
        let name = line_ends(name).replace('\r', "%0D").replace('\n', "%0A").replace('"', "%22");
        let value = line_ends(value);
        body.push_str(&format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
    }
    body.push_str(&format!("--{boundary}--\r\n"));
    body
}

/// Headers that every request gets by itself.
fn is_added(name: &str) -> bool {
    let own = ["Host", "User-Agent", "Accept-Language", "Accept-Encoding", "Content-Length", "Connection", "Cookie"];
    own.contains(&name) || name.to_ascii_lowercase().starts_with("sec-ch-")
}

fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// `strict-origin-when-cross-origin`, which browsers take when the page says nothing.
fn referer(page: &Url, to: &Url) -> Option<String> {
    if !matches!(page.scheme(), "http" | "https") || (page.scheme() == "https" && to.scheme() == "http") {
        return None;
    }
    if page.origin() != to.origin() {
        return Some(format!("{}/", page.origin().ascii_serialization()));
    }
    let mut page = page.clone();
    page.set_fragment(None);
    // Only addresses without a host refuse these, and this one has one.
    let _ = page.set_username("");
    let _ = page.set_password(None);
    Some(page.to_string())
}

/// Sites tell forged requests by these.
fn navigation(page: Option<&Url>, to: &Url) -> Vec<(String, String)> {
    let site = match page {
        None => "none",
        Some(page) if page.origin() == to.origin() => "same-origin",
        Some(_) => "cross-site",
    };
    let pairs = [
        ("Upgrade-Insecure-Requests", "1"),
        ("Sec-Fetch-Dest", "document"),
        ("Sec-Fetch-Mode", "navigate"),
        ("Sec-Fetch-Site", site),
        ("Sec-Fetch-User", "?1"),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(method: &str) -> Form {
        Form {
            method: method.to_owned(),
            action: "https://club.example/book?step=2#x".parse().unwrap(),
            enctype: URLENCODED.to_owned(),
            fields: vec![("court".to_owned(), "5".to_owned()), ("nota".to_owned(), "señal & más\nfin".to_owned())],
            page: "https://club.example/form?d=1#top".parse().unwrap(),
            charset: "UTF-8".to_owned(),
        }
    }

    fn visitor() -> Visitor {
        let mut visitor = Visitor {
            user_agent: "Browser/1".to_owned(),
            accept_language: Some("es".to_owned()),
            ..Visitor::default()
        };
        visitor.jar.update(&"https://club.example/".parse().unwrap(), ["sid=hush; Path=/"], now());
        visitor
    }

    fn now() -> Timestamp {
        "2026-11-20T00:00:00Z".parse().unwrap()
    }

    fn text(form: &Form) -> String {
        String::from_utf8(Prepared::of_form(form, &visitor(), now()).unwrap().to_bytes().to_vec()).unwrap()
    }

    #[test]
    fn a_post_looks_as_the_browser_would_send_it() {
        let body = "court=5&nota=se%C3%B1al+%26+m%C3%A1s%0D%0Afin";
        let expected = format!(
            "POST /book?step=2 HTTP/1.1\r\nHost: club.example\r\nUser-Agent: Browser/1\r\nAccept-Language: es\r\n\
             Accept-Encoding: identity\r\nAccept: {ACCEPT}\r\nContent-Type: {URLENCODED}\r\nOrigin: https://club.example\r\n\
             Referer: https://club.example/form?d=1\r\nUpgrade-Insecure-Requests: 1\r\nSec-Fetch-Dest: document\r\n\
             Sec-Fetch-Mode: navigate\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-User: ?1\r\nContent-Length: {}\r\n\
             Connection: keep-alive\r\nCookie: sid=hush\r\n\r\n{body}",
            body.len()
        );
        assert_eq!(text(&form("post")), expected);
    }

    #[test]
    fn a_get_carries_its_fields_in_the_address() {
        let sent = text(&Form { fields: vec![("a".to_owned(), "1 2".to_owned())], ..form("GET") });
        assert!(sent.starts_with("GET /book?a=1+2 HTTP/1.1\r\n"), "{sent}");
        assert!(!sent.contains("Origin") && !sent.contains("Content-Length"));
    }

    #[test]
    fn a_multipart_form_keeps_its_parts() {
        let sent = text(&Form { enctype: MULTIPART.to_owned(), ..form("post") });
        let boundary = sent.split("boundary=").nth(1).unwrap().lines().next().unwrap();
        assert!(sent.contains(&format!("--{boundary}\r\nContent-Disposition: form-data; name=\"court\"\r\n\r\n5\r\n")));
        assert!(sent.ends_with(&format!("--{boundary}--\r\n")));
    }

    #[test]
    fn another_site_learns_the_origin_only() {
        let form = Form { action: "https://pay.example/x".parse().unwrap(), ..form("post") };
        let sent = text(&form);
        assert!(sent.contains("Referer: https://club.example/\r\n") && sent.contains("Sec-Fetch-Site: cross-site\r\n"));
        assert!(!sent.contains("Cookie"), "cookies stay with their host");
    }

    #[test]
    fn a_header_cannot_be_smuggled_in() {
        let request = wire::Request {
            method: "post".to_owned(),
            url: "https://api.example/".to_owned(),
            headers: vec![("X-A".to_owned(), "1\r\nX-B: 2".to_owned())],
            body: wire::Body::Empty,
            read: Vec::new(),
            expect: None,
        };
        assert_eq!(Prepared::of_request(&request, &visitor(), now()), Err(PrepareError::Header("X-A".to_owned())));
        let request = wire::Request { headers: vec![("X A".to_owned(), "1".to_owned())], ..request };
        assert_eq!(Prepared::of_request(&request, &visitor(), now()), Err(PrepareError::Header("X A".to_owned())));
    }

    #[test]
    fn what_cannot_be_sent_as_the_browser_would_is_refused() {
        let dialog = Prepared::of_form(&form("dialog"), &visitor(), now());
        assert_eq!(dialog, Err(PrepareError::Method("DIALOG".to_owned())));
        let plain = Prepared::of_form(&Form { enctype: "text/plain".to_owned(), ..form("post") }, &visitor(), now());
        assert_eq!(plain, Err(PrepareError::Encoding("text/plain".to_owned())));
        let unheard = Prepared::of_form(&Form { charset: "x-unheard".to_owned(), ..form("post") }, &visitor(), now());
        assert_eq!(unheard, Err(PrepareError::Charset("x-unheard".to_owned())));
    }

    #[test]
    fn a_form_is_written_in_the_characters_of_its_page() {
        let sent = text(&Form { charset: "windows-1252".to_owned(), ..form("post") });
        assert!(sent.ends_with("nota=se%F1al+%26+m%E1s%0D%0Afin"), "{sent}");
    }

    #[test]
    fn a_redirect_makes_a_page_of_a_form_unless_it_forbids_that() {
        let posted = Prepared::of_form(&form("post"), &visitor(), now()).unwrap();
        let to = || "https://club.example/done#x".parse().unwrap();
        let text = |request: Prepared| String::from_utf8(request.to_bytes().to_vec()).unwrap();
        let page = text(posted.redirected(to(), 303, &visitor(), now()).unwrap());
        assert!(
            page.starts_with("GET /done HTTP/1.1\r\n") && page.contains("Referer: https://club.example/form?d=1\r\n")
        );
        assert!(
            !page.contains("Content-") && !page.contains("Origin") && page.matches("Host: ").count() == 1,
            "{page}"
        );
        let again = text(posted.redirected(to(), 307, &visitor(), now()).unwrap());
        assert!(again.starts_with("POST /done HTTP/1.1\r\n") && again.contains("nota=") && again.contains("Origin: "));
        assert_eq!(again.matches("Cookie: ").count(), 1);
    }

    #[test]
    fn cookies_and_fields_are_not_printed() {
        let prepared = Prepared::of_form(&form("post"), &visitor(), now()).unwrap();
        let shown = format!("{prepared:?}");
        assert!(!shown.contains("hush") && !shown.contains("se%C3"), "{shown}");
    }
}
