//! What the benches say of their figures: bars can be missed, and a failure is never a win.

#[path = "../../benches/support/figures.rs"]
#[expect(dead_code, reason = "the tables use all of it")]
mod figures;
mod fire;
#[path = "../../benches/race/ledger.rs"]
mod ledger;
#[path = "../../benches/race/plot.rs"]
mod plot;
#[path = "../../benches/race/score.rs"]
#[expect(dead_code, reason = "the tables use all of it")]
mod score;
#[path = "../../benches/race/shot.rs"]
mod shot;

use ledger::Ledger;
use score::{Pair, Verdict, bars, best_peer, faults, pair, rows};
use serde_json::json;
use shot::{Part, Shot};

fn shot(part: Part, round: usize, entrant: &str, late_ms: Option<f64>) -> Shot {
    let ours = !entrant.starts_with("selenium") && !entrant.starts_with("playwright");
    let failed = late_ms.is_none().then(|| "no submit".to_owned());
    let (label, entrant, won) = (entrant.to_owned(), entrant.to_owned(), late_ms.is_some());
    Shot { part, round, entrant, label, ours, late_ms, early: 0, won, idle_s: Some(20.0), failed, staged_late: false }
}

fn cold(entrant: &str, late_ms: f64) -> Shot {
    shot(Part::Cold, 1, entrant, Some(late_ms))
}

/// The verdicts on these shots, by bar.
fn verdicts(shots: &[Shot]) -> Vec<(String, Verdict)> {
    let [cold, duels] = [Part::Cold, Part::Duel].map(|part| rows(shots, part, &[]));
    bars(shots, &cold, &duels).into_iter().map(|bar| (bar.what, bar.verdict)).collect()
}

fn verdict(shots: &[Shot], about: &str) -> Verdict {
    let all = verdicts(shots);
    let found: Vec<_> = all.iter().filter(|(what, _)| what.starts_with(about)).collect();
    assert_eq!(found.len(), 1, "{about} among {all:?}");
    found[0].1
}

#[test]
fn a_hundred_times_closer_is_met_at_a_hundred_and_missed_below() {
    let with =
        |ours| [cold("http-firefox", ours), cold("selenium-firefox", 50.0), cold("playwright-node-chromium", 80.0)];
    assert_eq!(verdict(&with(0.5), "http-firefox"), Verdict::Met);
    assert_eq!(verdict(&with(0.51), "http-firefox"), Verdict::Missed);
}

#[test]
fn the_best_peer_is_the_one_to_beat_and_ours_are_none() {
    let shots =
        [cold("armed-fetch-firefox", 4.9), cold("selenium-firefox", 50.0), cold("playwright-node-chromium", 40.0)];
    let all = rows(&shots, Part::Cold, &[]);
    assert_eq!(best_peer(&all).map(|(row, _)| row.entrant.as_str()), Some("playwright-node-chromium"));
    assert_eq!(verdict(&shots, "armed-fetch-firefox"), Verdict::Missed);
}

#[test]
fn one_early_submit_spoils_the_bar_and_is_a_fault() {
    let mut shots = vec![cold("http-firefox", 0.1), cold("selenium-firefox", 50.0)];
    assert!(faults(&shots).is_empty());
    shots[0].early = 1;
    assert_eq!(verdict(&shots, "http-firefox"), Verdict::Missed);
    assert_eq!(faults(&shots).len(), 1);
}

#[test]
fn without_a_peer_nothing_is_met() {
    assert_eq!(verdict(&[cold("http-firefox", 0.1)], "http-firefox"), Verdict::Nothing);
    let failed = [cold("http-firefox", 0.1), shot(Part::Cold, 1, "selenium-firefox", None)];
    assert_eq!(verdict(&failed, "http-firefox"), Verdict::Nothing);
}

#[test]
fn a_race_is_won_by_the_earlier_submit_and_lost_without_one() {
    let race = |round, entrant: &str, late| shot(Part::Race, round, entrant, late);
    let mut shots = vec![
        race(1, "http-firefox", Some(0.2)),
        race(1, "selenium-firefox", Some(40.0)),
        race(2, "http-firefox", Some(41.0)),
        race(2, "selenium-firefox", Some(40.0)),
        race(3, "http-firefox", None),
        race(3, "selenium-firefox", Some(40.0)),
        // The peer did not come: no race.
        race(4, "http-firefox", Some(0.2)),
        race(4, "selenium-firefox", None),
    ];
    assert_eq!(pair(&shots, Part::Race, "http-firefox", "selenium-firefox"), Pair { won: 1, of: 3 });
    shots[0].early = 1;
    assert_eq!(pair(&shots, Part::Race, "http-firefox", "selenium-firefox"), Pair { won: 0, of: 3 }, "early is lost");
}

#[test]
fn what_was_staged_late_is_no_race_and_no_fault_unless_it_was_early() {
    let mut shots =
        vec![shot(Part::Race, 1, "http-firefox", None), shot(Part::Race, 1, "selenium-firefox", Some(40.0))];
    shots[0].staged_late = true;
    assert_eq!(pair(&shots, Part::Race, "http-firefox", "selenium-firefox"), Pair { won: 0, of: 0 });
    assert!(faults(&shots).is_empty());
    shots[0].early = 1;
    assert_eq!(pair(&shots, Part::Race, "http-firefox", "selenium-firefox"), Pair { won: 0, of: 1 });
    assert_eq!(faults(&shots).len(), 1);
}

#[test]
fn the_hardest_peer_decides_over_the_duels() {
    let duels = |lost: usize| {
        let one = |round: usize| {
            let late = if round <= lost { 45.0 } else { 20.0 };
            [("armed-form-firefox", late), ("selenium-firefox", 40.0), ("playwright-node-chromium", 80.0)]
                .map(|(entrant, late)| shot(Part::Duel, round, entrant, Some(late)))
        };
        (1..=100).flat_map(one).collect::<Vec<_>>()
    };
    assert_eq!(verdict(&duels(10), "armed-form-firefox"), Verdict::Met);
    assert_eq!(verdict(&duels(11), "armed-form-firefox"), Verdict::Missed);
}

#[test]
fn what_ours_did_not_win_alone_is_a_fault_and_what_it_lost_to_somebody_is_not() {
    let mut lost = cold("http-firefox", 0.2);
    lost.won = false;
    assert_eq!(faults(std::slice::from_ref(&lost)).len(), 1);
    lost.part = Part::Race;
    assert!(faults(&[lost]).is_empty());
    assert_eq!(faults(&[shot(Part::Race, 1, "http-firefox", None)]).len(), 1);
    assert!(faults(&[shot(Part::Race, 1, "selenium-firefox", None)]).is_empty());
}

#[test]
fn the_ledger_tells_each_members_story() {
    let request = |at: i64, method: &str, path: &str, member: &str, answer: Option<&str>| {
        json!({ "received_ns": at, "method": method, "path": path, "member": member, "seq": 1, "status": 200,
            "submit": answer.map(|answer| json!({ "answer": answer, "early": false })) })
    };
    let opening = 30_000_000_000;
    let ledger: Ledger = serde_json::from_value(json!({ "submits": 3, "requests": [
        request(5_000_000_000, "GET", "/reservar", "ana", None),
        request(6_000_000_000, "GET", "/reservar", "bruno", None),
        request(29_999_999_999, "POST", "/reservar", "bruno", Some("not-open")),
        request(30_000_250_000, "POST", "/reservar", "ana", Some("confirmed")),
        request(30_100_000_000, "POST", "/reservar", "bruno", Some("taken")),
    ] }))
    .expect("it is the club's form");
    let ana = ledger.story("ana", opening);
    assert_eq!((ana.late_ms, ana.early, ana.submits, ana.confirmed, ana.idle_s), (Some(0.25), 0, 1, true, Some(25.0)));
    let bruno = ledger.story("bruno", opening);
    assert_eq!((bruno.late_ms, bruno.early, bruno.submits, bruno.confirmed), (Some(100.0), 1, 2, false));
    assert_eq!(ledger.story("carla", opening), ledger::Story::default());
}

#[test]
fn the_picture_has_a_dot_for_each_shot_and_names_who_failed() {
    let shots = [cold("http-firefox", 0.2), cold("http-firefox", 0.3), shot(Part::Cold, 1, "selenium-firefox", None)];
    let picture = plot::svg(&rows(&shots, Part::Cold, &[]));
    assert_eq!(picture.matches("<circle").count(), 2);
    assert!(picture.contains("selenium-firefox") && picture.contains(">failed<"), "{picture}");
}
