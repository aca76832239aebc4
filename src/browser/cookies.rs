//! Cookies outside the browser: which belong to an address, and what an answer changes (RFC 6265, section 5).

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use url::Url;

use crate::model::Secret;

/// A cookie as the browser keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// Its value: as good as a password while the session lives.
    pub value: Secret,
    /// The host it belongs to, without a leading dot.
    pub domain: String,
    /// Whether hosts below `domain` get it as well.
    pub subdomains: bool,
    /// The path it belongs to.
    pub path: String,
    /// Only over TLS.
    pub secure: bool,
    /// Not for scripts.
    pub http_only: bool,
    /// Seconds of the Unix epoch; none: for the session.
    pub expires: Option<i64>,
}

impl Cookie {
    /// Whether a request to `url` carries it.
    pub fn belongs_to(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let below =
            self.subdomains && host.ends_with(&self.domain) && host[..host.len() - self.domain.len()].ends_with('.');
        (host == self.domain || below) && path_covers(&self.path, url.path()) && (!self.secure || is_trustworthy(url))
    }
}

/// The cookies of one session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jar(Vec<Cookie>);

impl Jar {
    /// A jar with these cookies.
    pub fn new(cookies: Vec<Cookie>) -> Self {
        Self(cookies)
    }

    /// Every cookie.
    pub fn cookies(&self) -> &[Cookie] {
        &self.0
    }

    /// The `Cookie` header of a request to `url`, longest path first; none when no cookie belongs to it.
    pub fn header(&self, url: &Url, now: Timestamp) -> Option<Secret> {
        let alive = |cookie: &&Cookie| cookie.expires.is_none_or(|at| at > now.as_second());
        let mut fitting: Vec<&Cookie> = self.0.iter().filter(|cookie| cookie.belongs_to(url)).filter(alive).collect();
        fitting.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs: Vec<String> =
            fitting.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value.expose())).collect();
        (!pairs.is_empty()).then(|| Secret::new(pairs.join("; ")))
    }

    /// Takes over what the `Set-Cookie` headers of an answer from `url` say. Gives the cookies that were set.
    pub fn update<'a>(
        &mut self,
        url: &Url,
        set_cookies: impl IntoIterator<Item = &'a str>,
        now: Timestamp,
    ) -> Vec<Cookie> {
        let mut set = Vec::new();
        for header in set_cookies {
            let Some(cookie) = parse(header, url, now) else { continue };
            self.0.retain(|old| !(old.name == cookie.name && old.domain == cookie.domain && old.path == cookie.path));
            if cookie.expires.is_none_or(|at| at > now.as_second()) {
                self.0.push(cookie.clone());
                set.push(cookie);
            }
        }
        set
    }
}

fn parse(header: &str, url: &Url, now: Timestamp) -> Option<Cookie> {
    let (pair, attributes) = header.split_once(';').unwrap_or((header, ""));
    let (name, value) = pair.split_once('=')?;
    let mut cookie = Cookie {
        name: name.trim().to_owned(),
        value: Secret::new(value.trim()),
        domain: url.host_str()?.to_owned(),
        subdomains: false,
        path: default_path(url.path()),
        secure: false,
        http_only: false,
        expires: None,
    };
    let mut max_age = None;
    for attribute in attributes.split(';') {
        let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        let value = value.trim();
        match key.trim().to_ascii_lowercase().as_str() {
            "domain" if !value.is_empty() => {
                cookie.domain = value.trim_start_matches('.').to_ascii_lowercase();
                cookie.subdomains = true;
            }
            "path" if value.starts_with('/') => cookie.path = value.to_owned(),
            "secure" => cookie.secure = true,
            "httponly" => cookie.http_only = true,
            "max-age" => max_age = value.parse::<i64>().ok(),
            "expires" => cookie.expires = date(value),
            _ => {}
        }
    }
    if let Some(seconds) = max_age {
        cookie.expires = Some(now.as_second().saturating_add(seconds));
    }
    // A host cannot set cookies for another one, nor for a whole top-level domain.
    let known = cookie.belongs_to_host(url.host_str()?) && (!cookie.subdomains || cookie.domain.contains('.'));
    (known && !cookie.name.is_empty()).then_some(cookie)
}

impl Cookie {
    fn belongs_to_host(&self, host: &str) -> bool {
        host == self.domain
            || (self.subdomains && host.strip_suffix(self.domain.as_str()).is_some_and(|rest| rest.ends_with('.')))
    }
}

/// `Wed, 21 Oct 2026 07:28:00 GMT`; older servers write dashes between day, month and year.
fn date(text: &str) -> Option<i64> {
    let spaced = text.replace('-', " ");
    let parsed =
        [text, spaced.as_str()].into_iter().find_map(|text| rfc2822::DateTimeParser::new().parse_timestamp(text).ok());
    parsed.map(Timestamp::as_second)
}

fn default_path(path: &str) -> String {
    match path.rfind('/') {
        None | Some(0) => "/".to_owned(),
        Some(end) => path[..end].to_owned(),
    }
}

fn path_covers(cookie: &str, path: &str) -> bool {
    path == cookie || path.strip_prefix(cookie).is_some_and(|rest| cookie.ends_with('/') || rest.starts_with('/'))
}

/// Browsers count this machine itself as secure.
fn is_trustworthy(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    url.scheme() == "https"
        || host == "localhost"
        || host.ends_with(".localhost")
        || host == "127.0.0.1"
        || host == "[::1]"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-20T12:00:00Z".parse().unwrap()
    }

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    fn after(headers: &[&str], from: &str) -> Jar {
        let mut jar = Jar::default();
        jar.update(&url(from), headers.iter().copied(), now());
        jar
    }

    fn sent(jar: &Jar, to: &str) -> String {
        jar.header(&url(to), now()).map(|secret| secret.expose().to_owned()).unwrap_or_default()
    }

    #[test]
    fn a_cookie_goes_back_to_its_own_host_only() {
        let jar = after(&["sid=1; Path=/"], "https://club.example.com/login");
        assert_eq!(sent(&jar, "https://club.example.com/book"), "sid=1");
        assert_eq!(sent(&jar, "https://www.club.example.com/book"), "");
        assert_eq!(sent(&jar, "https://evilclub.example.com/"), "");
    }

    #[test]
    fn a_domain_cookie_goes_to_hosts_below_and_not_to_lookalikes() {
        let jar = after(&["sid=1; Domain=.example.com; Path=/"], "https://club.example.com/");
        assert_eq!(sent(&jar, "https://www.example.com/"), "sid=1");
        assert_eq!(sent(&jar, "https://badexample.com/"), "");
        assert_eq!(after(&["sid=1; Domain=other.com"], "https://club.example.com/"), Jar::default());
        assert_eq!(after(&["sid=1; Domain=com"], "https://example.com/"), Jar::default());
    }

    #[test]
    fn the_longest_path_comes_first_and_a_prefix_is_no_folder() {
        let jar = after(&["a=1; Path=/", "b=2; Path=/courts"], "https://c.example/");
        assert_eq!(sent(&jar, "https://c.example/courts/5"), "b=2; a=1");
        assert_eq!(sent(&jar, "https://c.example/courtship"), "a=1");
    }

    #[test]
    fn a_secure_cookie_stays_off_plain_connections() {
        let jar = after(&["s=1; Secure; Path=/"], "https://c.example/");
        assert_eq!(sent(&jar, "http://c.example/"), "");
        assert_eq!(sent(&jar, "https://c.example/"), "s=1");
    }

    #[test]
    fn a_new_value_replaces_the_old_and_a_past_date_removes_it() {
        let mut jar = after(&["sid=old; Path=/"], "https://c.example/");
        jar.update(&url("https://c.example/x"), ["sid=new; Path=/"], now());
        assert_eq!(sent(&jar, "https://c.example/"), "sid=new");
        for gone in ["sid=; Path=/; Max-Age=0", "sid=; Path=/; Expires=Thu, 01-Jan-1970 00:00:01 GMT"] {
            let mut jar = jar.clone();
            jar.update(&url("https://c.example/x"), [gone], now());
            assert_eq!(jar, Jar::default(), "{gone}");
        }
    }

    #[test]
    fn a_cookie_is_not_printed() {
        let jar = after(&["sid=hush; Path=/"], "https://c.example/");
        assert!(!format!("{jar:?}").contains("hush"));
    }
}
