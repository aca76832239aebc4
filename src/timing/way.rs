//! Which way a commit is fired: what the site is set to, as far as its flow allows; for `auto` the fastest way that a rehearsal
//! has proved.

use jiff::Timestamp;

use crate::model::{FireMode, OpeningWay};

/// A way to fire. The mode is never `Auto`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Way {
    /// How the commit is fired.
    pub mode: FireMode,
    /// How the opening steps are done; none where there are none.
    pub opening: Option<OpeningWay>,
}

impl Way {
    /// `armed`, or `armed, opening steps by fetch`.
    pub fn words(self) -> String {
        match self.opening {
            None => self.mode.as_str().to_owned(),
            Some(way) => format!("{}, opening steps by {}", self.mode.as_str(), way.as_str()),
        }
    }

    /// `armed`, or `armed/fetch`: where there is little room.
    pub fn short(self) -> String {
        match self.opening {
            None => self.mode.as_str().to_owned(),
            Some(way) => format!("{}/{}", self.mode.as_str(), way.as_str()),
        }
    }

    /// The kind of its requests, for samples of their delays: `firefox/armed/fetch`; `none/http/-` where there is no browser.
    pub fn kind(self, browser: Option<&str>) -> String {
        let opening = self.opening.map_or("-", OpeningWay::as_str);
        format!("{}/{}/{opening}", browser.unwrap_or("none"), self.mode.as_str())
    }
}

/// What a flow allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// The site has no pages: everything is a request of ours.
    pub is_api: bool,
    /// The fastest way in which the commit may be sent (`form` is [`OpeningWay::Page`]).
    pub send: OpeningWay,
    /// The fastest way in which the opening steps may be done; none where there are none.
    pub opening: Option<OpeningWay>,
    /// Whether a program in the page can do the opening steps by itself.
    pub in_page: bool,
}

/// What a rehearsal has shown: that a way works at that site, with these selector files, up to the commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The way.
    pub way: Way,
    /// In which browser.
    pub browser: String,
    /// The hash of the site's address and selector files.
    pub flow: String,
    /// When.
    pub at: Timestamp,
    /// What was seen, for people; no secrets.
    pub evidence: String,
}

/// The way that is taken, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The way.
    pub way: Way,
    /// Why.
    pub why: WhyWay,
}

/// Why a way is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhyWay {
    /// The site has no pages.
    NoPages,
    /// The site is set to it.
    Asked,
    /// The site is set to another, which its flow does not allow.
    NotAllowed {
        /// What it is set to.
        asked: FireMode,
    },
    /// A rehearsal has proved it, and nothing faster.
    Proved {
        /// When.
        at: Timestamp,
        /// What was seen.
        evidence: String,
    },
    /// No rehearsal has proved a faster way.
    NotProved {
        /// The fastest that could be.
        fastest: Way,
    },
    /// A faster way was proved with other selector files, or another address.
    Outdated {
        /// The way.
        fastest: Way,
        /// When.
        at: Timestamp,
    },
    /// The flow allows nothing faster.
    NothingFaster,
}

impl Chosen {
    /// What a person reads: the way and why.
    pub fn words(&self) -> String {
        let way = self.way.words();
        match &self.why {
            WhyWay::NoPages => format!("{way}: the site has no pages"),
            WhyWay::Asked => format!("{way}: the site is set to it"),
            WhyWay::NotAllowed { asked } => {
                format!("{way}: the site is set to {}, which its selector files do not allow", asked.as_str())
            }
            WhyWay::Proved { at, evidence } => {
                format!("{way}: proved by a rehearsal on {}: {evidence}", at.strftime("%Y-%m-%d %H:%M UTC"))
            }
            WhyWay::NotProved { fastest } => {
                let cure = "`firstserve book NAME --dry-run` tries to prove";
                format!("{way}: no rehearsal has proved a faster way yet; {cure} {}", fastest.words())
            }
            WhyWay::Outdated { fastest, at } => {
                let at = at.strftime("%Y-%m-%d");
                format!(
                    "{way}: {} was proved on {at}, but the selector files have changed since; rehearse again",
                    fastest.words()
                )
            }
            WhyWay::NothingFaster => format!("{way}: the selector files allow nothing faster"),
        }
    }
}

impl Allowed {
    /// The ways that `auto` may take, the fastest first; the last one works always.
    pub fn candidates(&self) -> Vec<Way> {
        if self.is_api {
            return vec![Way { mode: FireMode::Http, opening: self.opening }];
        }
        let page = self.opening.map(|_| OpeningWay::Page);
        let mut ways = Vec::new();
        if self.send == OpeningWay::Http && self.opening.is_none_or(|way| way == OpeningWay::Http) {
            ways.push(Way { mode: FireMode::Http, opening: self.opening });
        }
        if self.in_page {
            let fetch = self.opening.filter(|way| *way >= OpeningWay::Fetch).map(|_| OpeningWay::Fetch);
            ways.extend(fetch.map(|way| Way { mode: FireMode::Armed, opening: Some(way) }));
            ways.push(Way { mode: FireMode::Armed, opening: page });
        }
        ways.push(Way { mode: FireMode::Script, opening: page });
        ways
    }

    /// What a mode that somebody asked for comes to; none: it is not allowed.
    fn asked(&self, mode: FireMode) -> Option<Way> {
        let fastest = |most: OpeningWay| self.opening.map(|way| way.min(most));
        match mode {
            FireMode::Http if self.send < OpeningWay::Http => None,
            // Half a chain is none: what is not all requests of ours is done in the page.
            FireMode::Http => {
                let whole = |way| if way == OpeningWay::Http { way } else { OpeningWay::Page };
                Some(Way { mode, opening: self.opening.map(whole) })
            }
            FireMode::Armed if !self.in_page => None,
            FireMode::Armed => Some(Way { mode, opening: fastest(OpeningWay::Fetch) }),
            mode => Some(Way { mode, opening: fastest(OpeningWay::Page) }),
        }
    }
}

/// The way to fire at a site that is set to `asked`, with the proofs of that site. Only a proof of these very selector files in
/// this browser counts; `native` is taken only when it is asked for.
pub fn choose(asked: FireMode, allowed: &Allowed, proofs: &[Proof], flow: &str, browser: &str) -> Chosen {
    let candidates = allowed.candidates();
    let last = *candidates.last().expect("there is always a last one");
    if allowed.is_api {
        return Chosen { way: last, why: WhyWay::NoPages };
    }
    if asked != FireMode::Auto {
        return match allowed.asked(asked) {
            Some(way) => Chosen { way, why: WhyWay::Asked },
            None => Chosen { way: last, why: WhyWay::NotAllowed { asked } },
        };
    }
    let faster = &candidates[..candidates.len() - 1];
    let of =
        |way: &Way| proofs.iter().filter(|proof| proof.way == *way && proof.browser == browser).max_by_key(|p| p.at);
    if let Some(proof) = faster.iter().filter_map(of).find(|proof| proof.flow == flow) {
        let why = WhyWay::Proved { at: proof.at, evidence: proof.evidence.clone() };
        return Chosen { way: proof.way, why };
    }
    let why = match (faster.first(), faster.iter().find_map(of)) {
        (None, _) => WhyWay::NothingFaster,
        (Some(_), Some(old)) => WhyWay::Outdated { fastest: old.way, at: old.at },
        (Some(fastest), None) => WhyWay::NotProved { fastest: *fastest },
    };
    Chosen { way: last, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HTTP: Way = Way { mode: FireMode::Http, opening: None };
    const ARMED: Way = Way { mode: FireMode::Armed, opening: None };
    const SCRIPT: Way = Way { mode: FireMode::Script, opening: None };

    fn submit_shape(send: OpeningWay) -> Allowed {
        Allowed { is_api: false, send, opening: None, in_page: true }
    }

    fn reload_shape(opening: OpeningWay, in_page: bool) -> Allowed {
        Allowed { opening: Some(opening), in_page, ..submit_shape(OpeningWay::Http) }
    }

    fn way(mode: FireMode, opening: OpeningWay) -> Way {
        Way { mode, opening: Some(opening) }
    }

    fn proof(way: Way) -> Proof {
        let at = "2026-11-20T21:04:00Z".parse().expect("a timestamp");
        Proof { way, browser: "firefox".into(), flow: "f1".into(), at, evidence: "seen".into() }
    }

    fn auto(allowed: &Allowed, proofs: &[Proof]) -> Chosen {
        choose(FireMode::Auto, allowed, proofs, "f1", "firefox")
    }

    #[test]
    fn without_a_proof_it_is_script() {
        let chosen = auto(&submit_shape(OpeningWay::Http), &[]);
        assert_eq!(chosen, Chosen { way: SCRIPT, why: WhyWay::NotProved { fastest: HTTP } });
        assert!(chosen.words().contains("--dry-run"), "{}", chosen.words());
    }

    #[test]
    fn the_fastest_that_is_proved_is_taken() {
        let site = submit_shape(OpeningWay::Http);
        assert_eq!(auto(&site, &[proof(ARMED)]).way, ARMED);
        assert_eq!(auto(&site, &[proof(ARMED), proof(HTTP)]).way, HTTP);
        let native = Way { mode: FireMode::Native, opening: None };
        assert_eq!(auto(&site, &[proof(native)]).way, SCRIPT, "native is taken only when it is asked for");
    }

    #[test]
    fn what_the_flow_does_not_allow_is_not_taken_though_it_was_proved() {
        assert_eq!(auto(&submit_shape(OpeningWay::Page), &[proof(HTTP), proof(ARMED)]).way, ARMED);
        let by_hand = Allowed { in_page: false, ..submit_shape(OpeningWay::Page) };
        let chosen = auto(&by_hand, &[proof(HTTP), proof(ARMED)]);
        assert_eq!(chosen, Chosen { way: SCRIPT, why: WhyWay::NothingFaster });
    }

    #[test]
    fn changed_selector_files_or_another_browser_void_a_proof() {
        let site = submit_shape(OpeningWay::Http);
        let changed = Proof { flow: "f0".into(), ..proof(HTTP) };
        let chosen = auto(&site, std::slice::from_ref(&changed));
        assert!(matches!(chosen, Chosen { way: SCRIPT, why: WhyWay::Outdated { fastest: HTTP, .. } }), "{chosen:?}");
        assert_eq!(auto(&site, &[changed, proof(ARMED)]).way, ARMED);
        let elsewhere = Proof { browser: "chromium".into(), ..proof(HTTP) };
        assert_eq!(auto(&site, &[elsewhere]).why, WhyWay::NotProved { fastest: HTTP });
    }

    #[test]
    fn opening_steps_are_done_by_the_fastest_whole_chain() {
        let chain = reload_shape(OpeningWay::Http, true).candidates();
        let expected = [
            way(FireMode::Http, OpeningWay::Http),
            way(FireMode::Armed, OpeningWay::Fetch),
            way(FireMode::Armed, OpeningWay::Page),
            way(FireMode::Script, OpeningWay::Page),
        ];
        assert_eq!(chain, expected);
        assert_eq!(reload_shape(OpeningWay::Fetch, true).candidates(), expected[1..]);
        assert_eq!(
            reload_shape(OpeningWay::Page, true).candidates(),
            expected[2..],
            "a shot after slow steps is no gain"
        );
        assert_eq!(reload_shape(OpeningWay::Page, false).candidates(), expected[3..]);
    }

    #[test]
    fn what_is_asked_for_is_done_as_far_as_the_flow_allows() {
        let asked = |mode, allowed: &Allowed| choose(mode, allowed, &[], "f1", "firefox");
        let page = submit_shape(OpeningWay::Page);
        assert_eq!(asked(FireMode::Http, &page).why, WhyWay::NotAllowed { asked: FireMode::Http });
        assert_eq!(asked(FireMode::Http, &page).way, SCRIPT);
        assert_eq!(asked(FireMode::Armed, &page), Chosen { way: ARMED, why: WhyWay::Asked });
        let half = reload_shape(OpeningWay::Fetch, true);
        assert_eq!(asked(FireMode::Http, &half).way, way(FireMode::Http, OpeningWay::Page));
        assert_eq!(asked(FireMode::Armed, &half).way, way(FireMode::Armed, OpeningWay::Fetch));
        assert_eq!(asked(FireMode::Armed, &reload_shape(OpeningWay::Page, false)).way.mode, FireMode::Script);
    }

    #[test]
    fn a_site_without_pages_has_one_way() {
        let api = Allowed { is_api: true, in_page: false, ..submit_shape(OpeningWay::Http) };
        assert_eq!(choose(FireMode::Armed, &api, &[], "f1", "firefox"), Chosen { way: HTTP, why: WhyWay::NoPages });
    }
}
