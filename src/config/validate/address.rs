//! Addresses: of websites, of our own port, of people.

use url::{Host, Url};

/// Why an address will not do (goes on after the key's name), and what would.
pub(super) type Wrong = (&'static str, &'static str);

/// An absolute `http` or `https` address without user, query or fragment, ending in a slash.
pub(super) fn web(text: &str) -> Result<String, Wrong> {
    let whole = "write the whole address: https://reservas.example.com/";
    let url = Url::parse(text).map_err(|_| ("is not an absolute address", whole))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(("is not an http or https address", whole));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(("holds a user name or password", "put them into the vault and leave only the address here"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(("holds a query or a fragment", "leave out what follows `?` or `#`; selector files add it"));
    }
    let text = url.to_string();
    Ok(if text.ends_with('/') { text } else { format!("{text}/") })
}

/// An `http` or `https` origin, without a path (`https://club.example`).
pub(super) fn origin(text: &str) -> Result<String, Wrong> {
    let help = "write scheme and host only: https://club.example";
    let url = web(text).ok().and_then(|url| Url::parse(&url).ok()).ok_or(("is not a web origin", help))?;
    if url.path() != "/" {
        return Err(("is an address with a path, not an origin", help));
    }
    Ok(url.origin().ascii_serialization())
}

/// `host` or `host:port` of a website, without anything else.
pub(super) fn host(text: &str) -> Result<String, Wrong> {
    let help = "write the host only: sso.example.com, with a port where it is not the usual one";
    let url = Url::parse(&format!("https://{text}/")).map_err(|_| ("is not a host", help))?;
    if text.contains(['/', '\\', '?', '#', '@', '*']) || text.chars().any(char::is_whitespace) {
        return Err(("is not a host", help));
    }
    Ok(url[url::Position::BeforeHost..url::Position::AfterPort].to_owned())
}

/// `host:port`.
pub(super) fn listen(text: &str) -> Result<String, Wrong> {
    let help = "write address and port: \"127.0.0.1:8080\", or \"0.0.0.0:8080\" for every network";
    let (host, port) = text.rsplit_once(':').ok_or(("has no port", help))?;
    port.parse::<u16>().map_err(|_| ("does not end in a port", help))?;
    match Host::parse(host) {
        Ok(Host::Domain(name)) if name.contains(|c: char| !c.is_ascii_alphanumeric() && !".-".contains(c)) => {
            Err(("is not an address to listen on", help))
        }
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(("is not an address to listen on", help)),
    }
}

/// A mail address, perhaps with a name before it.
pub(super) fn mail(text: &str) -> Result<String, Wrong> {
    let parsed = text.parse::<lettre::message::Mailbox>();
    parsed.map(|_| text.to_owned()).map_err(|_| ("is not a mail address", "write it like ana@example.com"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_ends_in_a_slash() {
        assert_eq!(web("https://club.example/app"), Ok("https://club.example/app/".to_owned()));
        assert_eq!(web("http://127.0.0.1:9000"), Ok("http://127.0.0.1:9000/".to_owned()));
        for bad in [
            "club.example",
            "/app",
            "ftp://club.example",
            "https://",
            "https://a:b@club.example",
            "https://x/?a=1",
            "data:x",
        ] {
            assert!(web(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn ports_and_people() {
        for good in ["127.0.0.1:8080", "[::1]:8080", "0.0.0.0:0", "localhost:80"] {
            assert!(listen(good).is_ok(), "{good}");
        }
        for bad in ["8080", "127.0.0.1", "127.0.0.1:99999", ":8080", "a b:80", "http://x:80"] {
            assert!(listen(bad).is_err(), "{bad}");
        }
        assert!(mail("Ana <ana@club.example>").is_ok());
        assert!(mail("ana").is_err());
        for (good, same) in
            [("SSO.example.com", "sso.example.com"), ("x.example:8443", "x.example:8443"), ("[::1]:9", "[::1]:9")]
        {
            assert_eq!(host(good).as_deref(), Ok(same));
        }
        for bad in
            ["https://x.example", "x.example/login", "", "*.example.com", "a b", "u@x.example", "x:99999", "x#", "x\\y"]
        {
            assert!(host(bad).is_err(), "{bad}");
        }
        assert_eq!(origin("https://club.example/"), Ok("https://club.example".to_owned()));
        assert!(origin("https://club.example/app").is_err());
    }
}
