//! What `cargo bench` makes of its figures: a bar can be missed, and then the run fails.

#[path = "../../benches/support/machine.rs"]
mod machine;
#[path = "../../benches/fire/verdict.rs"]
mod verdict;
#[path = "../../benches/support/way.rs"]
#[expect(dead_code, reason = "the tables use all of it")]
mod way;

use super::figures::{self, Figures};
use verdict::{Verdict, fault, faults, verdict};
use way::Way;

/// What becomes of a mode with these latenesses beside a control with those.
fn said(way: Way, ours: &[f64], bare: &[f64]) -> (Verdict, Option<String>) {
    let verdict = verdict(way, &Figures::of(ours.to_vec()), &Figures::of(bare.to_vec()));
    (verdict, fault(way, verdict))
}

#[test]
fn a_median_above_its_bar_fails_the_run_and_one_at_it_does_not() {
    assert_eq!(said(Way::Script, &[9.0, 11.0, 30.0], &[10.0]), (Verdict::Met(11.5), None));
    let (missed, why) = said(Way::Script, &[9.0, 11.6, 30.0], &[10.0]);
    assert_eq!(missed, Verdict::Missed(11.5));
    assert_eq!(why.as_deref(), Some("the median of script is above its bar of 11.50 ms"));
    assert_eq!(said(Way::ArmedFetch, &[3.0], &[2.0]).1, None, "a whole millisecond where the share is less");
    assert!(said(Way::Http, &[2.4], &[2.0]).1.is_some(), "a request of ours has less");
}

#[test]
fn a_mode_without_a_control_fails_the_run() {
    assert_eq!(said(Way::Native, &[9.0], &[]).0, Verdict::Nothing);
    assert!(said(Way::Native, &[9.0], &[]).1.is_some());
    assert!(said(Way::Native, &[], &[9.0]).1.is_some());
}

#[test]
fn what_is_early_or_lost_fails_the_run() {
    assert_eq!(faults(Way::Http, 0, 0), [""; 0]);
    assert_eq!(faults(Way::Http, 1, 2).len(), 2);
    assert_eq!(said(Way::Http, &[-0.1, 0.2, 0.3], &[2.0]).0, Verdict::Early);
}

#[test]
fn the_machine_is_what_it_is() {
    let release = "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nHOME_URL=x\n";
    assert_eq!(machine::in_words(2, release), "2 cores, Debian GNU/Linux 12 (bookworm)");
    assert_eq!(machine::in_words(1, "PRETTY_NAME='Other 3'\n"), "1 core, Other 3");
    assert!(machine::in_words(8, "").ends_with(std::env::consts::OS));
    assert!(machine::machine().contains("core"), "{}", machine::machine());
}
