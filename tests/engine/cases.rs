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
    /// Submits that reach the club.
    pub(super) submits: RangeInclusive<usize>,
    /// What the club must have answered to a submit, so that it is certain that the fault struck; none: no submit is expected.
    pub(super) struck: Option<&'static str>,
    /// The ways to fire in which it is tried.
    pub(super) ways: &'static [(Engine, FireMode)],
}

const HTTP: (Engine, FireMode) = (Engine::Firefox, FireMode::Http);
const SCRIPT: (Engine, FireMode) = (Engine::Firefox, FireMode::Script);
const NATIVE: (Engine, FireMode) = (Engine::Firefox, FireMode::Native);
const CHROMIUM: (Engine, FireMode) = (Engine::Chromium, FireMode::Script);
const CHROMIUM_HTTP: (Engine, FireMode) = (Engine::Chromium, FireMode::Http);

const LISTED: &str = "it is on the site's own list";
const NO_BOOKING: &str = "its list shows no booking";
const PERSON: &str = "the site wants to see a person";

/// Every fault, in the order of the documentation.
pub(super) const EXPECTED: &[Expected] = &[
    won(Fault::LateOpening, 2..=6, "not-open", &[HTTP]),
    won(Fault::UnavailableAtOpening, 2..=2, "unavailable", &[HTTP, SCRIPT]),
    // A browser may send a dropped submit again by itself; the bookings are counted, not the submits.
    won(Fault::DropBeforeCommit, 1..=3, "dropped", &[HTTP, SCRIPT, CHROMIUM]),
    won(Fault::DropAfterCommit, 1..=2, "dropped", &[HTTP, SCRIPT, CHROMIUM]),
    won(Fault::ErrorAfterCommit, 1..=1, "bad-gateway", &[HTTP]),
    won(Fault::Logout, 2..=2, "login-expired", &[SCRIPT]),
    won(Fault::Taken, 2..=2, "taken", &[HTTP]),
    lost(Fault::AllTaken, Outcome::Taken, "every choice was taken", 4..=4, Some("taken"), &[HTTP]),
    lost(Fault::Quota, Outcome::Quota, "the account has used its allowance", 1..=1, Some("quota"), &[HTTP]),
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
    lost(Fault::NeverAnswers, Outcome::SiteError, NO_BOOKING, 2..=2, Some("held"), &[HTTP, SCRIPT]),
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
    won(Fault::Empty200, 2..=2, "empty", &[HTTP]),
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
    Expected { fault, outcome: Outcome::Confirmed, note: LISTED, submits, struck: Some(struck), ways }
}

const fn lost(
    fault: Fault,
    outcome: Outcome,
    note: &'static str,
    submits: RangeInclusive<usize>,
    struck: Option<&'static str>,
    ways: &'static [(Engine, FireMode)],
) -> Expected {
    Expected { fault, outcome, note, submits, struck, ways }
}

/// Never more than this reach a club within one attempt, whatever it does.
pub(super) const MOST_SUBMITS: usize = 8;

#[test]
fn every_fault_is_expected_once_in_order_and_tried() {
    let faults: Vec<Fault> = EXPECTED.iter().map(|expected| expected.fault).collect();
    assert_eq!(faults, Fault::ALL);
    for expected in EXPECTED {
        let name = expected.fault.as_str();
        assert!(!expected.ways.is_empty(), "{name} is never tried");
        assert_eq!(expected.struck.is_none(), *expected.submits.end() == 0, "{name}: a submit or none?");
        assert!(*expected.submits.end() <= MOST_SUBMITS, "{name} asks the club too often");
    }
}
