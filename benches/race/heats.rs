//! The race itself: all want the same slot at the same instant, each in a fresh browser, idle until then. The club's ledger
//! says whose submit came first, and to whom it gave the slot.

use firstserve::club::MEMBERS;
use futures_util::future::join_all;

use crate::course::{Course, PATIENCE, blank};
use crate::family;
use crate::journal::Journal;
use crate::lane::Lane;
use crate::setting::Shape;
use crate::shot::{Part, Shot};

/// As many races as were asked for.
pub(crate) async fn measure(course: &Course, journal: &mut Journal) -> anyhow::Result<()> {
    let races = course.setting.races;
    let Some(lane) = course.lanes.first() else { return Ok(()) };
    anyhow::ensure!(course.setting.field.len() <= MEMBERS.len(), "the club has {} members", MEMBERS.len());
    for round in 1..=races {
        let before = family::ours();
        let shots = race(course, lane, round).await?;
        family::end_strays(&before).await;
        let first = shots.iter().filter(|shot| shot.counted().is_some()).min_by(|one, other| {
            let late = |shot: &Shot| shot.counted().unwrap_or(f64::INFINITY);
            late(one).total_cmp(&late(other))
        });
        let first = first.map_or_else(|| "nobody".to_owned(), |shot| shot.label.clone());
        for shot in shots {
            journal.keep(shot)?;
        }
        eprintln!("race {round} of {races}: {first} first");
    }
    Ok(())
}

async fn race(course: &Course, lane: &Lane, round: usize) -> anyhow::Result<Vec<Shot>> {
    let field = &course.setting.field;
    let wait = course.setting.staging(field.len()) + course.setting.idle;
    let opened = lane.opens_in(wait, Shape::Submit)?;
    let jobs: Vec<_> = (0..field.len()).map(|member| lane.job(&opened, member, wait + PATIENCE)).collect();
    let running = field.iter().zip(&jobs).map(|(entrant, job)| course.cold(*entrant, job));
    let ended = join_all(running).await;
    let ledger = lane.ledger()?;
    let all = field.iter().zip(&jobs).zip(ended);
    let shot = |((entrant, job), ended): ((&crate::entrant::Entrant, &crate::job::Job), _)| {
        course.judge(blank(Part::Race, round, *entrant), Some(ledger.story(&job.user, opened.ns)), ended)
    };
    Ok(all.map(shot).collect())
}
