//! Who was how late, who won, and whether the bars are met.

use super::figures::Figures;
use super::shot::{Part, Shot};

/// Against the best peer, cold: how many times closer to the opening.
const CLOSER: [(&str, f64); 2] = [("http", 100.0), ("armed-fetch", 10.0)];

/// Against the best peer, in duels for the same slot: the share that is won.
const WINS: [(&str, f64); 2] = [("http", 0.99), ("armed-form", 0.90)];

/// All of one entrant in one part.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) entrant: String,
    pub(crate) label: String,
    pub(crate) ours: bool,
    pub(crate) late: Figures,
    pub(crate) early: usize,
    /// Slots given to it.
    pub(crate) won: usize,
    /// The shortest idle time before a shot, in seconds.
    pub(crate) idle_s: Option<f64>,
    /// Why shots do not count.
    pub(crate) failed: Vec<String>,
    /// Shots that were not staged in time.
    pub(crate) again: usize,
}

/// How often one of ours came before one peer, of the times that the peer's submit came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) won: usize,
    pub(crate) of: usize,
}

/// Something that must hold.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bar {
    pub(crate) what: String,
    pub(crate) found: String,
    pub(crate) verdict: Verdict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Met,
    Missed,
    /// One of the two has no figures.
    Nothing,
}

/// Everybody in one part, in the order of first appearance among `order`.
pub(crate) fn rows(shots: &[Shot], part: Part, order: &[String]) -> Vec<Row> {
    let mut ids: Vec<&str> = order.iter().map(String::as_str).collect();
    for shot in shots {
        if !ids.contains(&shot.entrant.as_str()) {
            ids.push(&shot.entrant);
        }
    }
    ids.into_iter().filter_map(|id| row(shots, part, id)).collect()
}

fn row(shots: &[Shot], part: Part, id: &str) -> Option<Row> {
    let mine = || shots.iter().filter(|shot| shot.part == part && shot.entrant == id);
    let first = mine().next()?;
    Some(Row {
        entrant: id.to_owned(),
        label: first.label.clone(),
        ours: first.ours,
        late: Figures::of(mine().filter_map(Shot::counted).collect()),
        early: mine().map(|shot| shot.early).sum(),
        won: mine().filter(|shot| shot.won && shot.failed.is_none()).count(),
        idle_s: mine().filter(|shot| shot.failed.is_none()).filter_map(|shot| shot.idle_s).reduce(f64::min),
        failed: mine().filter(|shot| !shot.staged_late).filter_map(|shot| shot.failed.clone()).collect(),
        again: mine().filter(|shot| shot.staged_late).count(),
    })
}

/// The peer with the lowest median.
pub(crate) fn best_peer(rows: &[Row]) -> Option<(&Row, f64)> {
    let peers = rows.iter().filter(|row| !row.ours).filter_map(|row| Some((row, row.late.median()?)));
    peers.min_by(|one, other| one.1.total_cmp(&other.1))
}

/// How one of ours did against a peer. A race without the peer's submit is none; without ours, or with an early one, it is lost.
pub(crate) fn pair(shots: &[Shot], part: Part, ours: &str, peer: &str) -> Pair {
    let mut pair = Pair::default();
    let races = || shots.iter().filter(|shot| shot.part == part);
    for theirs in races().filter(|shot| shot.entrant == peer) {
        let Some(peer_late) = theirs.counted() else { continue };
        let Some(mine) = races().find(|shot| shot.round == theirs.round && shot.entrant == ours) else { continue };
        if mine.staged_late && mine.early == 0 {
            continue;
        }
        pair.of += 1;
        pair.won += usize::from(mine.early == 0 && mine.counted().is_some_and(|late| late < peer_late));
    }
    pair
}

/// Every bar, for every entrant that it is about.
pub(crate) fn bars(shots: &[Shot], cold: &[Row], duels: &[Row]) -> Vec<Bar> {
    let closer = CLOSER.into_iter().flat_map(|(way, times)| {
        let ours = cold.iter().filter(move |row| row.ours && is(way, row));
        ours.map(move |row| closer(row, times, best_peer(cold)))
    });
    let wins = WINS.into_iter().flat_map(|(way, share)| {
        let ours = duels.iter().filter(move |row| row.ours && is(way, row));
        ours.map(move |row| wins(shots, row, share, duels))
    });
    closer.chain(wins).collect()
}

fn is(way: &str, row: &Row) -> bool {
    row.entrant.strip_prefix(way).is_some_and(|rest| matches!(rest, "-firefox" | "-chromium"))
}

fn closer(ours: &Row, times: f64, best: Option<(&Row, f64)>) -> Bar {
    let what = format!("{}, cold: {times:.0} times closer to the opening than the best peer", ours.label);
    let (Some(median), Some((peer, theirs))) = (ours.late.median(), best) else {
        return Bar { what, found: "nothing to compare".to_owned(), verdict: Verdict::Nothing };
    };
    let found = format!("{:.1} times: {median:.2} against {theirs:.2} ms of {}", theirs / median, peer.label);
    Bar { what, found, verdict: verdict(ours.early == 0 && median * times <= theirs) }
}

/// Where there were several peers, the one against whom ours did worst decides.
fn wins(shots: &[Shot], ours: &Row, share: f64, duels: &[Row]) -> Bar {
    let what = format!("{}, duels: {:.0} of 100 won against the best peer", ours.label, share * 100.0);
    let peers = duels.iter().filter(|row| !row.ours);
    let peers = peers.map(|row| (row, pair(shots, Part::Duel, &ours.entrant, &row.entrant)));
    let worst = peers.filter(|(_, pair)| pair.of > 0).min_by(|one, other| one.1.share().total_cmp(&other.1.share()));
    let Some((peer, pair)) = worst else {
        return Bar { what, found: "nothing to compare".to_owned(), verdict: Verdict::Nothing };
    };
    let found = format!("{} of {} against {}", pair.won, pair.of, peer.label);
    Bar { what, found, verdict: verdict(ours.early == 0 && pair.share() >= share) }
}

fn verdict(holds: bool) -> Verdict {
    if holds { Verdict::Met } else { Verdict::Missed }
}

impl Pair {
    /// The share that was won.
    pub(crate) fn share(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "races are counted in hundreds")]
        let share = self.won as f64 / self.of.max(1) as f64;
        share
    }
}

/// One of ours was early, or one of its openings ended without what it came for.
pub(crate) fn faults(shots: &[Shot]) -> Vec<String> {
    let ours = shots.iter().filter(|shot| shot.ours);
    let told = |shot: &Shot| {
        let (part, round, label) = (shot.part, shot.round, &shot.label);
        let what = match (&shot.failed, shot.early) {
            (_, 1..) => "was EARLY".to_owned(),
            (Some(_), _) if shot.staged_late => return None,
            (Some(why), _) => format!("was lost: {why}"),
            (None, _) if !shot.part.is_contested() && !shot.won => "was not confirmed".to_owned(),
            _ => return None,
        };
        Some(format!("{part:?}, round {round}: {label} {what}"))
    };
    ours.filter_map(told).collect()
}
