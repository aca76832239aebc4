//! Spanish or English.

use axum::http::{HeaderMap, Uri, header};

use super::visit::cookie;

/// The cookie that keeps the choice.
pub(super) const COOKIE: &str = "idioma";

/// A language of the club.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lang {
    Es,
    En,
}

impl Lang {
    /// The word in addresses and in `<html lang>`.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Es => "es",
            Self::En => "en",
        }
    }

    /// The other one.
    pub(super) fn other(self) -> Self {
        match self {
            Self::Es => Self::En,
            Self::En => Self::Es,
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Es, Self::En].into_iter().find(|lang| lang.as_str() == word)
    }

    /// The language that the address asks for.
    pub(super) fn asked(uri: &Uri) -> Option<Self> {
        uri.query()?.split('&').find_map(|pair| Self::parse(pair.strip_prefix("lang=")?))
    }

    /// By the address, then by the cookie, then by what the browser prefers, then Spanish.
    pub(super) fn of(uri: &Uri, headers: &HeaderMap) -> Self {
        Self::asked(uri)
            .or_else(|| cookie(headers, COOKIE).and_then(Self::parse))
            .or_else(|| headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok().and_then(preferred))
            .unwrap_or(Self::Es)
    }
}

/// The first known language of an `Accept-Language` header, by its order: browsers write it by preference.
fn preferred(accepted: &str) -> Option<Lang> {
    accepted.split(',').find_map(|range| {
        let tag = range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        Lang::parse(tag.split('-').next().unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_wins_over_the_cookie_and_that_over_the_browser() {
        let mut headers = HeaderMap::new();
        let plain = Uri::from_static("/reservar");
        assert_eq!(Lang::of(&plain, &headers), Lang::Es);
        headers.insert(header::ACCEPT_LANGUAGE, "fr-FR, en-US;q=0.8, es;q=0.5".parse().expect("a header"));
        assert_eq!(Lang::of(&plain, &headers), Lang::En);
        headers.insert(header::COOKIE, "a=b; idioma=es".parse().expect("a header"));
        assert_eq!(Lang::of(&plain, &headers), Lang::Es);
        assert_eq!(Lang::of(&Uri::from_static("/reservar?x=1&lang=en"), &headers), Lang::En);
    }
}
