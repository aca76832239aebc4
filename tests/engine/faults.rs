//! Every fault of the club, in the ways to fire that it matters for, against the real engine and a real browser.
//!
//! `CASE='drop|taken .* http'` tries only the cases whose names match, and prints their stories.

use firstserve::browser::Engine;
use firstserve::club::Fault;
use firstserve::model::FireMode;
use futures_util::StreamExt;
use jiff::SignedDuration;
use regex::Regex;

use super::cases::{EXPECTED, Expected};
use super::judge::objections;
use super::support::{Outcomes, Setup, run};

/// Cases at the same time: browsers are heavy.
const AT_ONCE: usize = 2;

/// From the start of a case to its opening: time for a browser to be staged on a busy machine.
const OPENS_IN: SignedDuration = SignedDuration::from_secs(10);

/// The same at a club whose every page takes 2 s.
const SLOWLY: SignedDuration = SignedDuration::from_secs(24);

/// The stacks of the program's own runtime: futures of a build without optimisation are large.
const STACK: usize = 8 * 1024 * 1024;

/// The same where all must be staged seconds before the opening, or the fault strikes nobody.
const BEFORE_THE_LOGOUT: SignedDuration = SignedDuration::from_secs(18);

#[test]
fn every_fault_ends_as_it_must() {
    runtime().block_on(every_case());
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

async fn every_case() {
    let wanted = std::env::var("CASE").unwrap_or_default();
    let names = Regex::new(&wanted).expect("CASE is a regular expression");
    let cases: Vec<Case> = Case::all().filter(|case| names.is_match(&case.name())).collect();
    assert!(!cases.is_empty(), "no case is named `{wanted}`");
    let told = !wanted.is_empty();
    let tried = futures_util::stream::iter(cases).map(|case| case.tried(told)).buffer_unordered(AT_ONCE);
    let failures: Vec<Option<String>> = tried.collect().await;
    let failures: Vec<String> = failures.into_iter().flatten().collect();
    assert!(failures.is_empty(), "{} cases failed:\n\n{}", failures.len(), failures.join("\n\n"));
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
