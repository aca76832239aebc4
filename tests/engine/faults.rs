//! Every fault of the club, in the ways to fire that it matters for, against the real engine and a real browser.
//!
//! `CASE='drop|taken .* http'` tries only the cases whose names match, and prints their stories.

use firstserve::browser::Engine;
use firstserve::club::Fault;
use firstserve::model::FireMode;
use jiff::SignedDuration;
use regex::Regex;

use super::cases::{EXPECTED, Expected};
use super::judge::objections;
use super::support::{Outcomes, Setup, run};

/// From the start of a case to its opening: time for a browser to be staged on a busy machine.
const OPENS_IN: SignedDuration = SignedDuration::from_secs(10);

/// The same at a club whose every page takes 2 s.
const SLOWLY: SignedDuration = SignedDuration::from_secs(24);

/// The stacks of the program's own runtime: futures of a build without optimisation are large.
const STACK: usize = 8 * 1024 * 1024;

/// The same where all must be staged seconds before the opening, or the fault strikes nobody.
const BEFORE_THE_LOGOUT: SignedDuration = SignedDuration::from_secs(18);

/// Four tests beside each other, for each would take minutes after the others.
mod every_fault_ends_as_it_must {
    use super::{Part, every_case};

    #[test]
    fn by_http() {
        every_case(Part::Http);
    }

    #[test]
    fn by_script() {
        every_case(Part::Script);
    }

    #[test]
    fn armed_and_native() {
        every_case(Part::ArmedAndNative);
    }

    #[test]
    fn in_chromium() {
        every_case(Part::Chromium);
    }
}

/// With a sign of the list that stands above its rows, a list that was cut off is taken for one without the booking.
#[test]
fn a_sign_above_the_rows_books_twice() {
    let edit = Some(("club/verify/10-list.toml", "#total-reservas", "#titulo-reservas"));
    let expected = EXPECTED.iter().find(|expected| expected.fault == Fault::TruncatedList).expect("it is expected");
    let case = Case { expected, browser: Engine::Firefox, fire: FireMode::Http };
    let outcomes = runtime().block_on(run(Setup { edit, ..case.setup() })).expect("it ends");
    let wrong = objections(expected, case.way(), &outcomes.ended, &outcomes.ledger);
    assert!(wrong.iter().any(|wrong| wrong.contains("2 bookings instead of 1")), "{wrong:?}");
}

fn runtime() -> tokio::runtime::Runtime {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).thread_stack_size(STACK).enable_all();
    runtime.build().expect("a runtime")
}

fn every_case(part: Part) {
    let wanted = std::env::var("CASE").unwrap_or_default();
    let names = Regex::new(&wanted).expect("CASE is a regular expression");
    let named: Vec<Case> = Case::all().filter(|case| names.is_match(&case.name())).collect();
    assert!(!named.is_empty(), "no case is named `{wanted}`");
    let cases: Vec<Case> = named.into_iter().filter(|case| case.part() == part).collect();
    assert!(!(cases.is_empty() && wanted.is_empty()), "{part:?} tries nothing");
    let failures = runtime().block_on(failures(cases, !wanted.is_empty()));
    assert!(failures.is_empty(), "{} cases failed:\n\n{}", failures.len(), failures.join("\n\n"));
}

async fn failures(cases: Vec<Case>, told: bool) -> Vec<String> {
    let mut failures = Vec::new();
    for case in cases {
        failures.extend(case.tried(told).await);
    }
    failures
}

/// The cases of one test.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Http,
    Script,
    ArmedAndNative,
    Chromium,
}

/// One fault in one way to fire.
#[derive(Clone, Copy)]
struct Case {
    expected: &'static Expected,
    browser: Engine,
    fire: FireMode,
}

impl Case {
    fn all() -> impl Iterator<Item = Self> {
        EXPECTED
            .iter()
            .flat_map(|expected| expected.ways.iter().map(move |&(browser, fire)| Self { expected, browser, fire }))
    }

    fn name(self) -> String {
        format!("{} {} {}", self.expected.fault.as_str(), self.browser.as_str(), self.fire.as_str())
    }

    fn way(self) -> (Engine, FireMode) {
        (self.browser, self.fire)
    }

    fn part(self) -> Part {
        match self.way() {
            (Engine::Chromium, _) => Part::Chromium,
            (Engine::Firefox, FireMode::Http | FireMode::Auto) => Part::Http,
            (Engine::Firefox, FireMode::Script) => Part::Script,
            (Engine::Firefox, FireMode::Armed | FireMode::Native) => Part::ArmedAndNative,
        }
    }

    fn setup(self) -> Setup {
        let fault = self.expected.fault;
        let opens_in = match fault {
            Fault::Slow => SLOWLY,
            Fault::Logout => BEFORE_THE_LOGOUT,
            _ => OPENS_IN,
        };
        Setup { fault: Some(fault), browser: self.browser, fire: self.fire, opens_in, edit: None }
    }

    /// What is wrong with it, with its story; none: it ended as it must.
    async fn tried(self, told: bool) -> Option<String> {
        let (name, outcomes) = (self.name(), run(self.setup()).await);
        let (wrong, story) = match outcomes {
            Err(why) => (vec![why], vec![]),
            Ok(Outcomes { ended, ledger, story }) => {
                println!("{name}: {} ({}), {} submits", ended.outcome.as_str(), ended.note, ledger["submits"]);
                (objections(self.expected, self.way(), &ended, &ledger), story)
            }
        };
        if told {
            println!("{}", story.join("\n"));
        }
        (!wrong.is_empty()).then(|| format!("{name}\n  {}\n{}", wrong.join("\n  "), story.join("\n")))
    }
}
