//! `firstserve book BOOKING`: one attempt in the foreground, step by step.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::household::{Household, open_store};
use super::setting::Setting;
use super::{Exit, Failure, Timeline, ledger};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::engine::{Engine, Event, Handle, What, rehearse};
use crate::model::{AttemptId, Booking, Occurrence, Outcome, SiteId};
use crate::report::did_you_mean;
use crate::schedule::occurrences;
use crate::store::{FireFilter, Store};
use crate::telemetry::Redactor;
use crate::timing::{Chosen, Trouble, choose};

/// How often the countdown is drawn.
const TICK: Duration = Duration::from_millis(200);

/// What `book` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The booking's name, or MEMBER/NAME
    booking: String,

    /// Do not wait for the opening: book what is open already, or (with --dry-run) go through the steps at once
    #[arg(long)]
    now: bool,

    /// Everything up to the last reversible click; nothing is submitted
    #[arg(long)]
    dry_run: bool,
}

/// Makes the attempt for the booking's next date; 0 when the court was won.
///
/// # Errors
/// The configuration or the store cannot be used, there is no such booking, or it has no date ahead.
pub(super) fn run(args: &Args, setting: &Setting, as_json: bool) -> anyhow::Result<ExitCode> {
    let (config, zones) = setting.config_and_zones()?;
    let booking = named(&args.booking, &config)?.clone();
    let now = SystemClock.now();
    let site = config.site_of(&booking);
    let zone = zones.zone(&site.time_zone).ok_or_else(|| Failure::new(Exit::Config, "the site's zone is unknown"))?;
    let next = occurrences(&booking, site, &zone, now, 1).into_iter().next();
    let next = next.ok_or_else(|| Failure::new(Exit::Data, format!("`{}` has no date ahead", booking.name)))?;
    if args.now && !args.dry_run && next.opening() > now {
        let opens = next.opening().to_zoned(zone);
        let cure = "leave --now out to wait for it, or add --dry-run";
        return Err(Failure::new(Exit::Data, format!("`{}` opens {opens}; {cure}", booking.name)).into());
    }
    let mut timeline = Timeline::new(zone, as_json);
    let runtime = super::runtime()?;
    let result = runtime.block_on(async {
        let only = Arc::new(Config { bookings: vec![booking], ..(*config).clone() });
        let store = open_store(&only).await?;
        let household = Household::new(only, zones, store.clone(), Redactor::new())?;
        ready(&household, &next)?;
        let result = match args.dry_run {
            true => dry(&household, next, args.now, &mut timeline).await,
            false => real(&household, &next, &mut timeline).await,
        };
        timeline.finish();
        store.close().await;
        result
    })?;
    if as_json {
        super::answer(&result);
    }
    let won = matches!(result["outcome"].as_str(), Some("confirmed" | "rehearsed"));
    Ok(if won { ExitCode::SUCCESS } else { Exit::NotWon.into() })
}

/// What is missing is said before anything is waited for.
fn ready(household: &Household, next: &Occurrence) -> Result<(), Failure> {
    for warning in household.warnings() {
        super::say(&format!("firstserve: {warning}"));
    }
    let parts = household.parts_with_browser()?;
    let vault = household.vault().map_err(|error| Failure::new(Exit::Config, error.to_string()))?;
    let member = parts.config.member(&next.member).expect("a valid booking has a member");
    let entry = vault.get(&member.vault).map(drop);
    entry.map_err(|error| Failure::new(Exit::Data, error.to_string()))
}

/// The booking of that name, or `MEMBER/NAME`.
///
/// # Errors
/// None, or several.
pub(super) fn named<'c>(wanted: &str, config: &'c Config) -> Result<&'c Booking, Failure> {
    let is = |booking: &&Booking| {
        booking.name.as_str() == wanted || format!("{}/{}", booking.member, booking.name) == wanted
    };
    let mut found = config.bookings.iter().filter(is);
    match (found.next(), found.next()) {
        (Some(booking), None) => Ok(booking),
        (Some(_), Some(_)) => {
            Err(Failure::new(Exit::Data, format!("several members have a booking `{wanted}`; write MEMBER/NAME")))
        }
        (None, _) => {
            let names: Vec<&str> = config.bookings.iter().map(|booking| booking.name.as_str()).collect();
            let help = match did_you_mean(wanted, names.iter().copied()) {
                Some(near) => format!("; did you mean `{near}`?"),
                None => format!("; the bookings are: {}", names.join(", ")),
            };
            Err(Failure::new(Exit::Data, format!("there is no booking `{wanted}`{help}")))
        }
    }
}

/// Up to the commit, without it: no attempt is recorded, nothing is spent.
async fn dry(household: &Household, next: Occurrence, at_once: bool, timeline: &mut Timeline) -> anyhow::Result<Value> {
    let (opening, site) = (next.opening(), next.site.clone());
    let (mut events, rehearsal) = rehearse(household.parts(), next, at_once);
    let mut running = Box::pin(rehearsal);
    let result = loop {
        timeline.count_down(SystemClock.now());
        tokio::select! {
            result = &mut running => break result,
            Ok(event) = events.recv() => timeline.show(&event),
            () = tokio::time::sleep(TICK) => {}
        }
    };
    while let Ok(event) = events.try_recv() {
        timeline.show(&event);
    }
    timeline.finish();
    Ok(match result {
        Ok(()) => {
            timeline.line("rehearsed: everything up to the last click works; nothing was submitted");
            let fire = chosen(household, &site).await;
            if let Some(chosen) = &fire {
                timeline.line(&format!("it will be fired by {}", chosen.words()));
            }
            json!({
                "outcome": "rehearsed",
                "opening": opening.to_string(),
                "submits": 0,
                "fire": fire.as_ref().map(|chosen| chosen.way.mode.as_str()),
                "why": fire.as_ref().map(Chosen::words),
            })
        }
        Err(trouble) => {
            timeline.line("not ready; nothing was submitted");
            let kept = household.evidence_of_rehearsal();
            if matches!(trouble, Trouble::Selector(_)) && kept.is_dir() {
                timeline.line(&format!("a picture and the source of the page are in {}", kept.display()));
            }
            json!({ "outcome": "not-ready", "note": trouble.words(), "opening": opening.to_string(), "submits": 0 })
        }
    })
}

/// The way to fire at a site, by what is proved of it now.
async fn chosen(household: &Household, site: &SiteId) -> Option<Chosen> {
    let config = household.config();
    let (fire, flow, hash) = (config.site(site)?.fire, config.flow(site)?, config.flow_hash(site)?);
    let proofs = household.store().proofs(site).await.ok()?;
    Some(choose(fire, &flow.allowed(), &proofs, &hash, config.browser.engine.as_str()))
}

/// The engine itself, for one date.
async fn real(household: &Household, next: &Occurrence, timeline: &mut Timeline) -> anyhow::Result<Value> {
    let (engine, running) = Engine::start(household.parts());
    let result = until_ended(&engine, next, timeline).await;
    engine.stop().await;
    running.await?;
    Ok(with_ledger(result, &household.store(), timeline).await)
}

/// Shows what happened at which millisecond, and adds it to the answer.
async fn with_ledger(mut result: Value, store: &Store, timeline: &Timeline) -> Value {
    let Some(id) = result["attempt"].as_str().map(AttemptId::new) else { return result };
    match store.fires(&FireFilter { attempt: Some(id), ..FireFilter::default() }).await {
        Ok(fires) => {
            timeline.text(&ledger::table(&fires));
            result["ledger"] = fires.iter().map(ledger::fire_json).collect();
        }
        Err(error) => tracing::warn!(%error, "the ledger cannot be read"),
    }
    result
}

async fn until_ended(engine: &Handle, next: &Occurrence, timeline: &mut Timeline) -> Value {
    let mut events = engine.events();
    let (mut wanted, mut steps, mut sent) = (None, Vec::new(), None::<Timestamp>);
    loop {
        timeline.count_down(SystemClock.now());
        let Ok(event) = tokio::time::timeout(TICK, events.recv()).await else { continue };
        let Ok(event) = event else { return json!({ "outcome": "unfinished" }) };
        timeline.show(&event);
        let Event { attempt: Some(id), what, at } = event else { continue };
        match what {
            What::TakenUp { date, .. } if date == next.date => wanted = Some(id),
            _ if wanted.as_ref() != Some(&id) => {}
            What::Step { phase, place, took } => {
                steps.push(json!({ "at": at.to_string(), "phase": phase, "place": place, "ms": took.as_millis() }));
            }
            What::Sent { sent: left, .. } => sent = Some(left),
            What::Ended { outcome, note, won } => {
                return json!({
                    "outcome": outcome.as_str(),
                    "note": note,
                    "attempt": id.as_str(),
                    "opening": next.opening().to_string(),
                    "sent_at": sent.map(|at| at.to_string()),
                    "court": won.as_ref().map(|won| won.court.as_str()),
                    "start": won.as_ref().map(|won| won.start.to_string()),
                    "won": outcome == Outcome::Confirmed,
                    "steps": steps,
                });
            }
            _ => {}
        }
    }
}
