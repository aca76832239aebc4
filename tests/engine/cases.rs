//! What each fault must end as. `docs/faults.md` says the same to people; `table` compares the two.

use std::ops::RangeInclusive;

use firstserve::browser::Engine;
use firstserve::club::Fault;
use firstserve::model::{FireMode, Outcome};

/// What becomes of an attempt under one fault.
pub(super) struct Expected {
    pub(super) fault: Fault,
    pub(super) outcome: Outcome,
    /// Part of the note that a person reads.
    pub(super) note: &'static str,
    /// Submits that reach the club, in all ways to fire.
    pub(super) submits: RangeInclusive<usize>,
    /// The same where nobody but firstserve sends one, and nothing else is random; none: the same.
    pub(super) sent_once: Option<usize>,
    /// What the club must have answered to a submit, so that it is certain that the fault struck; none: no submit is expected.
    pub(super) struck: Option<&'static str>,
    /// The ways to fire in which it is tried.
    pub(super) ways: &'static [(Engine, FireMode)],
}

const HTTP: (Engine, FireMode) = (Engine::Firefox, FireMode::Http);
const SCRIPT: (Engine, FireMode) = (Engine::Firefox, FireMode::Script);
const NATIVE: (Engine, FireMode) = (Engine::Firefox, FireMode::Native);
const ARMED: (Engine, FireMode) = (Engine::Firefox, FireMode::Armed);
const CHROMIUM: (Engine, FireMode) = (Engine::Chromium, FireMode::Script);
const CHROMIUM_HTTP: (Engine, FireMode) = (Engine::Chromium, FireMode::Http);

const LISTED: &str = "it is on the site's own list";
const NO_BOOKING: &str = "its list shows no booking";
const PERSON: &str = "the site wants to see a person";

/// Every fault, in the order of the documentation.
pub(super) const EXPECTED: &[Expected] = &[
    won(Fault::LateOpening, 2..=6, "not-open", &[HTTP, SCRIPT, ARMED]),
    won(Fault::UnavailableAtOpening, 2..=2, "unavailable", &[HTTP, SCRIPT, ARMED, NATIVE]),
    // Chromium sends a dropped submit again by itself; its bookings are counted, not its submits.
    exactly(2, won(Fault::DropBeforeCommit, 1..=3, "dropped", &[HTTP, SCRIPT, ARMED, CHROMIUM])),
    exactly(1, won(Fault::DropAfterCommit, 1..=2, "dropped", &[HTTP, SCRIPT, ARMED, NATIVE, CHROMIUM])),
    won(Fault::ErrorAfterCommit, 1..=1, "bad-gateway", &[HTTP, SCRIPT]),
    won(Fault::Logout, 2..=2, "login-expired", &[SCRIPT, ARMED]),
    won(Fault::Taken, 2..=2, "taken", &[HTTP, SCRIPT, ARMED]),
    lost(Fault::AllTaken, Outcome::Taken, "every choice was taken", 4..=4, Some("taken"), &[HTTP]),
    lost(Fault::Quota, Outcome::Quota, "the account has used its allowance", 1..=1, Some("quota"), &[HTTP, SCRIPT]),
    lost(
        Fault::Redesign,
        Outcome::SelectorBroken,
        "selectors/club/login/10-open.toml:7:1: wait-for",
        0..=0,
        None,
        &[SCRIPT],
    ),
    lost(Fault::Captcha, Outcome::Captcha, PERSON, 0..=0, None, &[SCRIPT]),
    lost(Fault::CaptchaAtSubmit, Outcome::Captcha, PERSON, 1..=1, Some("captcha"), &[HTTP]),
    won(Fault::Slow, 1..=1, "confirmed", &[SCRIPT]),
    // Only a click of the driver's asks the page's own confirm(): a submit that arrives proves that it was answered.
    won(Fault::Alert, 1..=1, "confirmed", &[NATIVE, HTTP]),
    lost(Fault::NeverAnswers, Outcome::SiteError, NO_BOOKING, 2..=2, Some("held"), &[HTTP, SCRIPT, ARMED]),
    won(Fault::StallsAfterCommit, 1..=1, "held", &[HTTP, SCRIPT]),
    lost(Fault::ErrorPage200, Outcome::SiteError, NO_BOOKING, 2..=2, Some("error-page"), &[HTTP]),
    lost(
        Fault::LoginRefused,
        Outcome::LoginRefused,
        "does not accept the user name or password",
        0..=0,
        None,
        &[SCRIPT],
    ),
    won(Fault::DoubleList, 1..=1, "confirmed", &[HTTP]),
    won(Fault::CachedList, 1..=1, "taken", &[HTTP, SCRIPT, CHROMIUM, CHROMIUM_HTTP]),
    won(Fault::TruncatedList, 1..=1, "bad-gateway", &[HTTP, SCRIPT, CHROMIUM, CHROMIUM_HTTP]),
    won(Fault::Truncated, 1..=1, "truncated", &[HTTP, SCRIPT]),
    won(Fault::Empty200, 2..=2, "empty", &[HTTP, SCRIPT]),
    won(Fault::CsrfRotates, 1..=1, "confirmed", &[HTTP]),
    won(Fault::LiesTaken, 1..=1, "taken", &[HTTP, SCRIPT]),
    won(Fault::LiesNotOpen, 1..=1, "not-open", &[HTTP, SCRIPT]),
    won(Fault::LiesQuota, 1..=1, "quota", &[HTTP, SCRIPT]),
    lost(
        Fault::LiesConfirmed,
        Outcome::NeedsAttention,
        "its own list does not show it",
        1..=1,
        Some("confirmed"),
        &[HTTP, SCRIPT],
    ),
];

const fn won(
    fault: Fault,
    submits: RangeInclusive<usize>,
    struck: &'static str,
    ways: &'static [(Engine, FireMode)],
) -> Expected {
    Expected { fault, outcome: Outcome::Confirmed, note: LISTED, submits, sent_once: None, struck: Some(struck), ways }
}

const fn exactly(sent_once: usize, expected: Expected) -> Expected {
    Expected { sent_once: Some(sent_once), ..expected }
}

const fn lost(
    fault: Fault,
    outcome: Outcome,
    note: &'static str,
    submits: RangeInclusive<usize>,
    struck: Option<&'static str>,
    ways: &'static [(Engine, FireMode)],
) -> Expected {
    Expected { fault, outcome, note, submits, sent_once: None, struck, ways }
}

impl Expected {
    /// Submits that reach the club in one way to fire.
    pub(super) fn submits_by(&self, (browser, fire): (Engine, FireMode)) -> RangeInclusive<usize> {
        let sends_again = browser == Engine::Chromium && fire != FireMode::Http;
        self.sent_once.filter(|_| !sends_again).map_or(self.submits.clone(), |exactly| exactly..=exactly)
    }
}

#[test]
fn every_fault_is_expected_once_in_order_and_tried() {
    let faults: Vec<Fault> = EXPECTED.iter().map(|expected| expected.fault).collect();
    assert_eq!(faults, Fault::ALL);
    for expected in EXPECTED {
        let name = expected.fault.as_str();
        assert!(!expected.ways.is_empty(), "{name} is never tried");
        assert_eq!(expected.struck.is_none(), *expected.submits.end() == 0, "{name}: a submit or none?");
    }
}
