//! For the same slot at the same instant, each in a fresh browser, idle until then: duels of one of ours with the best peer,
//! and races of everybody. The club's ledger says whose submit came first, and to whom it gave the slot.
//!
//! In a duel nobody else does anything; in a race nine browsers want two cores as well as a slot.

use std::time::Duration;

use firstserve::club::MEMBERS;
use futures_util::future::join_all;
use rand::seq::SliceRandom;

use crate::course::{Course, PATIENCE, blank};
use crate::entrant::Entrant;
use crate::family;
use crate::journal::Journal;
use crate::lane::Lane;
use crate::score;
use crate::setting::{APART, Shape, TRIES};
use crate::shot::{Part, Shot};

/// Each of ours in the field against the peer that was best so far, in shuffled order; several at the same time, at clubs of
/// their own, their openings [`APART`].
pub(crate) async fn duels(course: &Course, journal: &mut Journal) -> anyhow::Result<()> {
    let Some(peer) = rival(course, &journal.shots) else { return Ok(()) };
    let ours = course.setting.field.iter().filter(|entrant| entrant.is_ours());
    let mut duels: Vec<[Entrant; 2]> =
        ours.flat_map(|ours| std::iter::repeat_n([*ours, peer], course.setting.duels)).collect();
    duels.shuffle(&mut rand::rng());
    let (count, at_once) = (duels.len(), (course.lanes.len() / 2).max(1));
    let mut number = 1..;
    let mut left: Vec<(usize, [Entrant; 2])> = number.by_ref().zip(duels).collect();
    for patience in 1..=TRIES {
        let mut again = Vec::new();
        for batch in left.chunks(at_once) {
            for (duel, shots) in batch.iter().zip(several(course, batch, patience).await) {
                again.extend(shots.iter().any(|shot| shot.staged_late).then_some(duel.1));
                for shot in shots {
                    journal.keep(shot)?;
                }
            }
            eprintln!("duel {} of {count} and those to be done again", batch.last().map_or(0, |(round, _)| *round));
        }
        // Another number: it is another duel.
        left = number.by_ref().zip(again).collect();
    }
    Ok(())
}

async fn several(course: &Course, batch: &[(usize, [Entrant; 2])], patience: u32) -> Vec<Vec<Shot>> {
    let before = family::ours();
    let wait = course.setting.staging(2 * batch.len()) * patience + course.setting.idle;
    let duels = batch.iter().zip(&course.lanes).zip(0_u32..);
    let shots =
        join_all(duels.map(|(((round, pair), lane), place)| {
            compete(course, lane, (Part::Duel, *round), pair, wait + APART * place)
        }));
    let shots = shots.await;
    family::end_strays(&before).await;
    shots
}

/// The best peer of the cold part; without one, the first of the field.
fn rival(course: &Course, shots: &[Shot]) -> Option<Entrant> {
    let cold = score::rows(shots, Part::Cold, &[]);
    let best = score::best_peer(&cold).map(|(row, _)| row.entrant.clone());
    let everybody = || course.setting.field.iter().filter(|entrant| !entrant.is_ours());
    everybody().find(|entrant| Some(entrant.id()) == best).or_else(|| everybody().next()).copied()
}

/// Everybody in the field, again and again.
pub(crate) async fn races(course: &Course, journal: &mut Journal) -> anyhow::Result<()> {
    let (races, field) = (course.setting.races, &course.setting.field);
    anyhow::ensure!(field.len() <= MEMBERS.len(), "the club has {} members", MEMBERS.len());
    let Some(lane) = course.lanes.first() else { return Ok(()) };
    for round in 1..=races {
        let before = family::ours();
        let wait = course.setting.staging(field.len()) + course.setting.idle;
        let shots = compete(course, lane, (Part::Race, round), field, wait).await;
        family::end_strays(&before).await;
        let first = shots.iter().filter_map(|shot| Some((shot.counted()?, &shot.label)));
        let first = first.min_by(|one, other| one.0.total_cmp(&other.0)).map_or("nobody", |(_, label)| label.as_str());
        eprintln!("race {round} of {races}: {first} first");
        for shot in shots {
            journal.keep(shot)?;
        }
    }
    Ok(())
}

/// Those at one club, for one slot.
async fn compete(
    course: &Course,
    lane: &Lane,
    (part, round): (Part, usize),
    entrants: &[Entrant],
    wait: Duration,
) -> Vec<Shot> {
    let blank = |entrant: &Entrant| blank(part, round, *entrant);
    let opened = match lane.opens_in(wait, Shape::Submit) {
        Ok(opened) => opened,
        Err(error) => {
            let failed = Some(format!("the club does not open: {error:#}"));
            return entrants.iter().map(|entrant| Shot { failed: failed.clone(), ..blank(entrant) }).collect();
        }
    };
    let jobs: Vec<_> = (0..entrants.len()).map(|member| lane.job(&opened, member, wait + PATIENCE)).collect();
    let ended = join_all(entrants.iter().zip(&jobs).map(|(entrant, job)| course.cold(*entrant, job))).await;
    let ledger = lane.ledger().ok();
    let told = entrants.iter().zip(&jobs).zip(ended);
    let judged = told.map(|((entrant, job), ended)| {
        let story = ledger.as_ref().map(|ledger| ledger.story(&job.user, opened.ns));
        course.judge(blank(entrant), story, ended)
    });
    judged.collect()
}
