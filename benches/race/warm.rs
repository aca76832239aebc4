//! Warm: one session of one entrant for several openings, one entrant at a time, in shuffled blocks.

use std::time::Duration;

use rand::seq::SliceRandom;

use crate::course::{Course, blank, next_opening};
use crate::entrant::Entrant;
use crate::family;
use crate::journal::Journal;
use crate::process::Running;
use crate::setting::{Shape, TRIES};
use crate::shot::{Part, Shot};

/// Openings of one entrant before it is another's turn.
const BLOCK: usize = 10;

/// From emptying the club to its opening: time to log in and to fill in the form.
const AHEAD: Duration = Duration::from_millis(3_200);

/// The same for the first opening of a session, which starts a browser and is not counted.
const AHEAD_FIRST: Duration = Duration::from_secs(9);

/// Everybody in turn, block by block.
pub(crate) async fn measure(course: &Course, journal: &mut Journal) -> anyhow::Result<()> {
    let warm = course.setting.warm;
    for block in 0..warm.div_ceil(BLOCK) {
        let rounds: Vec<usize> = (block * BLOCK + 1..=warm.min((block + 1) * BLOCK)).collect();
        let mut order = course.setting.at_a_form.clone();
        order.shuffle(&mut rand::rng());
        for entrant in order {
            let before = family::ours();
            for shot in one_block(course, entrant, &rounds).await {
                journal.keep(shot)?;
            }
            family::end_strays(&before).await;
        }
        eprintln!("warm: {} of {warm} openings", rounds.last().copied().unwrap_or_default());
    }
    Ok(())
}

/// A session that fails is ended, and the next opening has a new one; what failed is told.
async fn one_block(course: &Course, entrant: Entrant, rounds: &[usize]) -> Vec<Shot> {
    let mut shots = Vec::new();
    let mut session: Option<Running> = None;
    for round in rounds {
        for patience in 1..=TRIES {
            let (shot, kept) = next(course, session.take(), entrant, *round, patience).await;
            let again = shot.staged_late;
            shots.push(shot);
            session = kept;
            if !again {
                break;
            }
        }
    }
    if let Some(running) = session {
        running.end().await;
    }
    shots
}

/// The shot, and the session if it can go on.
async fn next(
    course: &Course,
    session: Option<Running>,
    entrant: Entrant,
    round: usize,
    patience: u32,
) -> (Shot, Option<Running>) {
    let mut running = match session {
        Some(running) => running,
        None => match begin(course, entrant, patience).await {
            Ok(running) => running,
            Err(shot) => return (Shot { round, ..shot }, None),
        },
    };
    let shot = shoot(course, &mut running, entrant, round, AHEAD * patience).await;
    if shot.failed.is_none() {
        return (shot, Some(running));
    }
    running.end().await;
    (shot, None)
}

/// A session, after a first opening that is as cold as any and does not count; or that opening, if it failed.
async fn begin(course: &Course, entrant: Entrant, patience: u32) -> Result<Running, Shot> {
    let unstarted = |error: anyhow::Error| Shot { failed: Some(format!("{error:#}")), ..blank(Part::Warm, 0, entrant) };
    let mut running = course.warm(entrant).map_err(unstarted)?;
    let first = shoot(course, &mut running, entrant, 0, AHEAD_FIRST * patience).await;
    if first.failed.is_none() {
        return Ok(running);
    }
    running.end().await;
    Err(first)
}

async fn shoot(course: &Course, running: &mut Running, entrant: Entrant, round: usize, ahead: Duration) -> Shot {
    let blank = blank(Part::Warm, round, entrant);
    let Some(lane) = course.lanes.first() else { return blank };
    let opened = match lane.opens_in(ahead, Shape::Submit) {
        Ok(opened) => opened,
        Err(error) => return Shot { failed: Some(format!("the club does not open: {error:#}")), ..blank },
    };
    let ended = next_opening(running, lane, &opened).await;
    let story = lane.ledger().ok().map(|ledger| ledger.story(&lane.job(&opened, 0, ahead).user, opened.ns));
    Course::judge_warm(blank, story, &ended)
}
