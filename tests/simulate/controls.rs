//! Engines that are wrong on purpose: each promise has one that breaks it, and the judge must say so.

use firstserve::engine::simulate::{Control, Promise, Setup};

use super::{broken, lived, setup};

/// Seeds that a wrong engine is given to show itself.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=12;

/// Whether the judge objects to a wrong engine on account of that promise.
fn is_found_out(control: Control, promise: Promise) -> bool {
    let mut said = Vec::new();
    let found = SEEDS.into_iter().any(|seed| {
        let report = lived(&Setup { control: Some(control), ..setup(seed, 20) });
        said.extend(broken(&report));
        report.violations.iter().any(|violation| violation.promise == promise)
    });
    println!("{} is found out: {found}, after {} objections", control.as_str(), said.len());
    found
}

#[test]
fn a_submit_a_millisecond_early_is_found_out() {
    assert!(is_found_out(Control::Early, Promise::NeverEarly));
}

#[test]
fn a_second_submit_without_a_look_is_found_out_by_its_permit_and_by_the_list() {
    assert!(is_found_out(Control::Twice, Promise::Permits));
    assert!(is_found_out(Control::Twice, Promise::NeverTwice));
}

#[test]
fn an_engine_that_forgets_is_found_out() {
    assert!(is_found_out(Control::Forgets, Promise::NeverLost));
}

#[test]
fn a_confirmation_that_the_list_does_not_have_is_found_out() {
    assert!(is_found_out(Control::Believes, Promise::OnlyTheList));
}

#[test]
fn a_refusal_that_is_believed_is_found_out_by_the_list_and_by_a_second_booking() {
    assert!(is_found_out(Control::Trusts, Promise::OnlyTheList));
    assert!(is_found_out(Control::Trusts, Promise::NeverTwice));
}

#[test]
fn a_court_that_is_given_up_without_a_reason_is_found_out() {
    assert!(is_found_out(Control::GivesUp, Promise::NeverLost));
}

#[test]
fn an_attempt_that_never_ends_is_found_out() {
    assert!(is_found_out(Control::Hangs, Promise::OneEnd));
}

#[test]
fn a_submit_two_seconds_late_is_found_out() {
    assert!(is_found_out(Control::Dawdles, Promise::OnTime));
}

/// An edit excuses nothing but what it asks for.
#[test]
fn a_date_that_is_called_off_although_it_is_wanted_is_found_out() {
    assert!(is_found_out(Control::CallsOff, Promise::NeverLost));
}
