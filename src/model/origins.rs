//! To whom credentials may be shown: the origins that the person named.

use url::Url;

/// The origins (scheme, host, port) that a site's credentials may go to. The empty one allows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    allowed: Vec<String>,
    encrypted_only: bool,
}

impl Origins {
    /// Those of the site's address, of other absolute addresses that the person wrote, and of `login-hosts` (`host` or
    /// `host:port`). Where the site's address is https, plain http is none of them; where it is http, https at the usual port is
    /// as good.
    pub fn of<'a>(site: &str, addresses: impl IntoIterator<Item = &'a str>, login_hosts: &[String]) -> Self {
        let encrypted_only = !site.starts_with("http:");
        let hosts = login_hosts.iter().flat_map(|host| ["https", "http"].map(|scheme| format!("{scheme}://{host}/")));
        let addresses = addresses.into_iter().map(str::to_owned);
        let mut allowed = Vec::new();
        for url in std::iter::once(site.to_owned()).chain(addresses).chain(hosts).filter_map(|text| web(&text)) {
            if url.scheme() == "https" || !encrypted_only {
                add(&mut allowed, &url);
            }
            // Sites that were written down without encryption lead to themselves with it.
            if url.scheme() == "http" && url.port().is_none() {
                let mut encrypted = url.clone();
                if encrypted.set_scheme("https").is_ok() {
                    add(&mut allowed, &encrypted);
                }
            }
        }
        Self { allowed, encrypted_only }
    }

    /// Each of them as browsers write it: `https://sso.example.com`, with the port where it is not the usual one.
    pub fn names(&self) -> &[String] {
        &self.allowed
    }

    /// Why credentials may not go to this address or origin, and the cure, as a small-letter fragment; none: they may.
    pub fn refuse(&self, address: &str) -> Option<String> {
        let url = web(address);
        let origin = url.as_ref().map(|url| url.origin().ascii_serialization());
        if origin.as_ref().is_some_and(|origin| self.allowed.contains(origin)) {
            return None;
        }
        let site = self.allowed.first().map_or("the site's own", String::as_str);
        let Some((url, origin)) = url.as_ref().zip(origin) else {
            return Some(format!("credentials are for {site} only, and this page has no address of its own"));
        };
        let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
        let encrypted = format!("https://{host}");
        Some(if self.encrypted_only && url.scheme() == "http" && self.allowed.contains(&encrypted) {
            format!("credentials are for {site}, and this is {origin}, which is not encrypted; nothing was sent there")
        } else {
            format!(
                "credentials are for {site}, and this is {origin}; nothing was sent there. If it belongs to the site, write \
                 login-hosts = [\"{host}\"] into the site's table"
            )
        })
    }
}

fn web(address: &str) -> Option<Url> {
    Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some())
}

fn add(allowed: &mut Vec<String>, url: &Url) {
    let origin = url.origin().ascii_serialization();
    if !allowed.contains(&origin) {
        allowed.push(origin);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(list: &[&str]) -> Vec<String> {
        list.iter().map(|host| (*host).to_owned()).collect()
    }

    #[test]
    fn only_what_was_named_and_never_without_encryption() {
        let named = ["https://api.club.example/v1?x", "http://old.club.example/", "mailto:x", "rubbish"];
        let origins = Origins::of("https://club.example/app/", named, &hosts(&["sso.example.com", "id.example:8443"]));
        for yes in [
            "https://club.example/anything",
            "https://CLUB.example:443/",
            "https://api.club.example/",
            "https://old.club.example/",
            "https://sso.example.com/login",
            "https://id.example:8443",
        ] {
            assert_eq!(origins.refuse(yes), None, "{yes}");
        }
        for no in [
            "http://club.example/",
            "https://club.example:8443/",
            "https://www.club.example/",
            "https://club.example.evil.example/",
            "https://club.example@evil.example/",
            "http://sso.example.com/",
            "http://old.club.example/",
            "https://id.example/",
            "data:text/html,x",
            "about:blank",
            "null",
            "",
        ] {
            assert!(origins.refuse(no).is_some(), "{no}");
        }
    }

    #[test]
    fn a_site_without_encryption_may_lead_to_itself_with_it() {
        let origins = Origins::of("http://club.example/", [], &hosts(&["sso.example"]));
        let names = ["http://club.example", "https://club.example", "https://sso.example", "http://sso.example"];
        assert_eq!(origins.names(), names);
        let practice = Origins::of("http://127.0.0.1:9000/", [], &[]);
        assert_eq!(practice.names(), ["http://127.0.0.1:9000"]);
        assert!(
            practice.refuse("http://127.0.0.1:9001/").is_some() && practice.refuse("http://localhost:9000/").is_some()
        );
        assert!(Origins::default().refuse("https://club.example/").is_some(), "nothing is allowed by default");
    }

    #[test]
    fn the_words_name_both_and_the_cure() {
        let origins = Origins::of("https://club.example/", [], &[]);
        let words = origins.refuse("https://evil.example:8443/login?secret").unwrap();
        for part in ["https://club.example", "https://evil.example:8443;", "login-hosts = [\"evil.example:8443\"]"] {
            assert!(words.contains(part), "{words}");
        }
        assert!(origins.refuse("http://club.example/").unwrap().contains("not encrypted"));
    }
}
