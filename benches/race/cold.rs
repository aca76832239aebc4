//! Cold: a fresh browser and session for each shot, idle until its opening.
//!
//! Several are on the course at once, each at a club of its own, so that all of them can be idle for long; their openings are
//! [`APART`], and nobody starts or ends a browser close to somebody else's.

use std::time::Duration;

use futures_util::future::join_all;
use rand::seq::SliceRandom;

use crate::course::{Course, PATIENCE, blank};
use crate::entrant::Entrant;
use crate::family;
use crate::journal::Journal;
use crate::lane::Lane;
use crate::setting::{APART, Shape, TRIES};
use crate::shot::{Part, Shot};

/// Everybody once a round, shuffled.
pub(crate) async fn measure(course: &Course, part: Part, journal: &mut Journal) -> anyhow::Result<()> {
    let (rounds, entrants, shape) = match part {
        Part::Reload => (course.setting.reload, &course.setting.at_a_reload, Shape::Reload),
        _ => (course.setting.cold, &course.setting.at_a_form, Shape::Submit),
    };
    for round in 1..=rounds {
        let mut left = entrants.clone();
        for patience in 1..=TRIES {
            left.shuffle(&mut rand::rng());
            let mut again = Vec::new();
            for batch in left.chunks(course.lanes.len()) {
                let shots = together(course, (part, round, shape), batch, patience).await;
                for (entrant, shot) in batch.iter().zip(shots) {
                    again.extend(shot.staged_late.then_some(*entrant));
                    journal.keep(shot)?;
                }
            }
            left = again;
        }
        eprintln!("{part:?}: round {round} of {rounds}");
    }
    Ok(())
}

async fn together(
    course: &Course,
    (part, round, shape): (Part, usize, Shape),
    batch: &[Entrant],
    patience: u32,
) -> Vec<Shot> {
    let before = family::ours();
    let wait = course.setting.staging(batch.len()) * patience + course.setting.idle;
    let shots = batch.iter().zip(&course.lanes).zip(0_u32..).map(|((entrant, lane), place)| {
        let blank = blank(part, round, *entrant);
        one(course, lane, *entrant, blank, wait + APART * place, shape)
    });
    let shots = join_all(shots).await;
    family::end_strays(&before).await;
    shots
}

async fn one(course: &Course, lane: &Lane, entrant: Entrant, blank: Shot, wait: Duration, shape: Shape) -> Shot {
    let opened = match lane.opens_in(wait, shape) {
        Ok(opened) => opened,
        Err(error) => return Shot { failed: Some(format!("the club does not open: {error:#}")), ..blank },
    };
    let job = lane.job(&opened, 0, wait + PATIENCE);
    let ended = course.cold(entrant, &job).await;
    let story = lane.ledger().ok().map(|ledger| ledger.story(&job.user, opened.ns));
    course.judge(blank, story, ended)
}
