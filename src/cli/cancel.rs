//! `firstserve cancel BOOKING`: a confirmed booking is given back at its site, step by step.

mod held;
mod shared;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use serde_json::{Value, json};

pub(super) use self::held::list;
use self::held::{Held, held};
use self::shared::{Shared, shared};
use super::household::{Household, exit_of, open_store, with_browser};
use super::setting::Setting;
use super::{Exit, Failure, Timeline, consent, settle};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::engine::{self, CancelEnd, Cancelled, Event, Parts, What};
use crate::flow::Phase;
use crate::telemetry::Redactor;

/// How often what is being done is drawn.
const TICK: Duration = Duration::from_millis(200);

/// What is said while a daemon has the database.
const BESIDE_RUN: &str = "The one that runs books by itself what is still to come; see `firstserve status`. It has the database to \
                          itself: end it, then `firstserve cancel`, then start it again; what is cancelled stays cancelled";

/// What `cancel` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The booking's name, or MEMBER/NAME
    booking: String,

    /// Which date, as 2027-07-18 [default: the next one that is confirmed]
    #[arg(long, value_name = "DATE")]
    date: Option<Date>,

    /// Do not ask first; needed where there is no terminal
    #[arg(long)]
    yes: bool,
}

/// Gives a confirmed booking back; 0 when the site's list shows it no more.
///
/// # Errors
/// The configuration or the store cannot be used, or there is nothing to give back.
pub(super) fn run(args: &Args, setting: &Setting, as_json: bool) -> anyhow::Result<ExitCode> {
    consent::can_be_asked(args.yes, "it is cancelled without being asked")?;
    let (config, zones) = setting.config_and_zones()?;
    let runtime = super::runtime()?;
    let result = runtime.block_on(async {
        let store = open_store(&config, BESIDE_RUN).await?;
        let held = held(&args.booking, args.date, (&config, &zones), &store, SystemClock.now()).await?;
        let shared = shared(&held, &config, &store).await?;
        shared.refuse(&held, &config.path)?;
        let household = Household::new(config, zones, store.clone(), Redactor::new())?;
        ready(&household, &held)?;
        let question = format!("Cancel {} at the site{}?", held.words(), shared.words());
        let result = match args.yes || consent::is_given(&question)? {
            true => give_back(&household, &held, &shared, as_json).await,
            false => Ok(declined(&held)),
        };
        store.close().await;
        result
    })?;
    if as_json {
        super::answer(&result);
    }
    let is_done = result["cancelled"] == true;
    Ok(if is_done { ExitCode::SUCCESS } else { Exit::NotWon.into() })
}

/// What is missing is said before anybody is asked.
fn ready(household: &Household, held: &Held) -> Result<(), Failure> {
    let parts = household.parts();
    let (site, member) = (&held.attempt.site, &held.attempt.member);
    let gone = |what: &str, name: &str| {
        let cure = "write it back into the configuration, or cancel it at the site";
        Failure::new(
            Exit::Data,
            format!("the {what} `{name}` of this booking is not in the configuration any more; {cure}"),
        )
    };
    let flow = parts.config.flow(site).ok_or_else(|| gone("site", site.as_str()))?;
    let member = parts.config.member(member).ok_or_else(|| gone("member", member.as_str()))?;
    if flow.steps(Phase::Cancel).is_empty() {
        let folder = flow.folder().join("cancel");
        let cure = "write the steps that cancel one booking there (docs/selectors.md), or cancel it at the site";
        return Err(Failure::new(Exit::Data, format!("{} has no steps; {cure}", folder.display())));
    }
    // What other sites need is of no concern here.
    let here = parts.config.bookings.iter().filter(|booking| parts.config.site_of(booking).id == *site);
    let here = Config { bookings: here.cloned().collect(), ..(*parts.config).clone() };
    with_browser(&Parts { config: Arc::new(here), ..parts.clone() })?;
    let vault = household.vault().map_err(|error| Failure::new(Exit::Config, error.to_string()))?;
    vault.get(&member.vault).map(drop).map_err(|error| Failure::new(Exit::Data, error.to_string()))
}

async fn give_back(household: &Household, held: &Held, shared: &Shared, as_json: bool) -> anyhow::Result<Value> {
    let parts = household.parts();
    let site = parts.config.site(&held.attempt.site).expect("looked at before");
    let zone = parts.zones.zone(&site.time_zone);
    let zone = zone.ok_or_else(|| Failure::new(Exit::Config, "the site's zone is unknown"))?;
    let mut timeline = Timeline::new(zone, as_json);
    timeline.line(&format!("{}: it is to be cancelled{}", held.words(), shared.words()));
    if !held.others.is_empty() {
        timeline.line(&format!("confirmed too, and kept: {}; --date names another", list(&held.others)));
    }
    timeline.follow(&held.attempt.id, &held.words());
    let (mut events, cancelling) = engine::cancel(parts, held.attempt.clone(), held.slot.clone());
    let (mut cancelling, mut steps) = (Box::pin(cancelling), Vec::new());
    let done = loop {
        timeline.count_down(SystemClock.now());
        tokio::select! {
            done = &mut cancelling => break done,
            Ok(event) = events.recv() => show(&event, &mut timeline, &mut steps),
            () = tokio::time::sleep(TICK) => {}
        }
    };
    while let Ok(event) = events.try_recv() {
        show(&event, &mut timeline, &mut steps);
    }
    timeline.finish();
    let done = done.map_err(|error| {
        let cure = "what the site's list shows is not written down; `firstserve cancel` again reads it first";
        Failure::new(exit_of(&error), format!("{error}; {cure}"))
    })?;
    lines(&done).iter().for_each(|line| timeline.line(line));
    for other in shared.with.iter().filter(|_| done.end.is_cancelled()) {
        let command = settle::command("cancel", other, &household.config().path);
        timeline.line(&format!(
            "{} · {} stands written as confirmed; `{command}` finds it gone",
            other.member, other.booking
        ));
    }
    Ok(told(held, &done, steps))
}

fn show(event: &Event, timeline: &mut Timeline, steps: &mut Vec<Value>) {
    timeline.show(event);
    if let What::Step { phase, place, took } = &event.what {
        let at = event.at.to_string();
        steps.push(json!({ "at": at, "phase": phase, "place": place, "ms": took.as_millis() }));
    }
}

/// What a person reads at the end.
fn lines(done: &Cancelled) -> Vec<String> {
    const AGAIN: &str = "look at the site; to cancel again does no harm, for its list is read first";
    let note = &done.note;
    match done.end {
        CancelEnd::Cancelled => vec!["cancelled: the site's list shows it no more".to_owned()],
        CancelEnd::Gone => {
            vec!["it was gone already, and is written down as cancelled; nothing was pressed".to_owned()]
        }
        CancelEnd::Untouched => {
            vec![format!("not cancelled: {note}"), "nothing was pressed; it stays confirmed".to_owned()]
        }
        CancelEnd::StillListed => {
            vec![
                format!("not cancelled: the site's list still shows it, and it stays confirmed; {note}"),
                AGAIN.to_owned(),
            ]
        }
        CancelEnd::Unknown => vec![
            format!(
                "nobody knows whether it is cancelled, and it stays confirmed: the site's list cannot be read; {note}"
            ),
            AGAIN.to_owned(),
        ],
    }
}

fn declined(held: &Held) -> Value {
    super::say("not cancelled; the site was not asked");
    let note = "it was not wanted after all".to_owned();
    told(held, &Cancelled { end: CancelEnd::Untouched, note }, Vec::new())
}

fn told(held: &Held, done: &Cancelled, steps: Vec<Value>) -> Value {
    let Held { attempt, slot, .. } = held;
    json!({
        "outcome": done.end.as_str(),
        "note": done.note,
        "cancelled": done.end.is_cancelled(),
        "attempt": attempt.id.as_str(),
        "member": attempt.member.as_str(),
        "booking": attempt.booking.as_str(),
        "date": attempt.date.to_string(),
        "court": slot.court.as_str(),
        "start": slot.start.to_string(),
        "steps": steps,
    })
}
