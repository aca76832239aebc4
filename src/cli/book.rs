//! `firstserve book BOOKING`: one attempt in the foreground, step by step.

mod left;
mod rehearsal;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;

use super::household::{Household, open_beside, open_store, with_browser};
use super::run::signals::Signals;
use super::scratch::Scratch;
use super::setting::Setting;
use super::span::{from_now, opening_of};
use super::{Exit, Failure, Timeline, kept, ledger, settle};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::engine::{self, Event, One, Parts, Rehearsed, Runs, What, keep_proofs, rehearse};
use crate::model::{
    Answer, Attempt, AttemptId, Booking, Choice, Language, MemberId, Occurrence, Outcome, Site, SiteId, State,
};
use crate::notify::{deliver_due, quoted};
use crate::report::did_you_mean;
use crate::schedule::{occurrences, waits};
use crate::store::{Cause, FireFilter, Slot, Store, WaitingLetters};
use crate::telemetry::Redactor;
use crate::timing::{Chosen, Proof, Trouble, choose};

/// How often the countdown is drawn.
const TICK: Duration = Duration::from_millis(200);

/// How long letters may take at the end.
const POST: Duration = Duration::from_secs(15);

/// A wait that nobody sits through.
const LONG_WAIT: SignedDuration = SignedDuration::from_mins(5);

/// What is said while a daemon has the database: it takes what is still to come, and nothing that is over.
const BESIDE_RUN: &str = "The one that runs books by itself what is still to come; see `firstserve status`. A date that has ended it does \
                          not try again: end it, then `firstserve book`, then start it again; or wait for the booking's next date";

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
    let next = next_date(&booking, site, &zone, now)?;
    if args.now && !args.dry_run && next.opening() > now {
        let opens = next.opening().to_zoned(zone).strftime("%a %Y-%m-%d %H:%M:%S %Z").to_string();
        let cure = "leave --now out to wait for it, or add --dry-run";
        return Err(Failure::new(Exit::Data, format!("`{}` opens {opens}: {cure}", booking.name)).into());
    }
    let grace = config.site_of(&booking).patience.grace;
    let mut timeline = Timeline::new(zone, as_json).tried_for(grace);
    let runtime = super::runtime()?;
    let result = runtime.block_on(async {
        // A dry run records no attempt: it works beside a running daemon, whose database it leaves alone until it has something
        // to say of the ways to fire.
        let scratch = args.dry_run.then(Scratch::new).transpose()?;
        let store = match &scratch {
            Some(scratch) => scratch.store().await?,
            None => open_store(&config, BESIDE_RUN).await?,
        };
        let household = Household::new(config, zones, store.clone(), Redactor::new())?;
        ready(&household, booking, &next)?;
        let result = match args.dry_run {
            true => dry(&household, next, args.now, &mut timeline).await,
            false => real(&household, &next, &mut timeline).await,
        };
        timeline.finish();
        let is_left = result.as_ref().is_ok_and(left::is_interrupted);
        if !args.dry_run && !is_left {
            // Who has asked to stop by then is not kept waiting.
            tokio::select! {
                () = post(&household) => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
        store.close().await;
        result
    })?;
    if as_json {
        super::answer(&result);
    }
    let won = matches!(result["outcome"].as_str(), Some("confirmed" | "rehearsed"));
    Ok(if won { ExitCode::SUCCESS } else { Exit::NotWon.into() })
}

/// Delivers what the attempt has written, within [`POST`]: no daemon may follow.
async fn post(household: &Household) {
    let store = household.store();
    let failed = match household.transport() {
        Err(error) => Some(error.to_string()),
        Ok(transport) => tokio::time::timeout(POST, deliver_due(&store, &transport, &SystemClock))
            .await
            .map_or_else(|_| Some("the mail server is too slow".to_owned()), |done| done.err().map(|e| e.to_string())),
    };
    let Ok(waiting) = store.waiting_letters().await else { return };
    if waiting.count > 0 {
        super::say(&waiting_words(&waiting, failed));
    }
}

/// `1 letter waits for \`firstserve run\`: connection refused`.
fn waiting_words(waiting: &WaitingLetters, failed: Option<String>) -> String {
    let letters = if waiting.count == 1 { "1 letter waits" } else { &format!("{} letters wait", waiting.count) };
    let why = failed.or_else(|| waiting.last_error.clone()).map(|why| format!(": {why}")).unwrap_or_default();
    format!("{letters} for `firstserve run`{why}")
}

/// The next date of a booking.
///
/// # Errors
/// It is paused, or has no date ahead.
pub(super) fn next_date(
    booking: &Booking,
    site: &Site,
    zone: &TimeZone,
    now: Timestamp,
) -> Result<Occurrence, Failure> {
    let name = &booking.name;
    if booking.paused {
        let cure = "take `paused = true` out of its table, and it is tried again";
        return Err(Failure::new(Exit::Data, format!("`{name}` is paused; {cure}")));
    }
    let next = occurrences(booking, site, zone, now, 1).into_iter().next();
    let cure = format!("`firstserve explain {}` says why", quoted(name.as_str()));
    next.ok_or_else(|| Failure::new(Exit::Data, format!("`{name}` has no date ahead; {cure}")))
}

/// What is missing is said before anything is waited for.
fn ready(household: &Household, booking: Booking, next: &Occurrence) -> Result<(), Failure> {
    for warning in household.zone_warnings() {
        super::say(&format!("firstserve: {warning}"));
    }
    let parts = household.parts();
    // What other bookings need is of no concern here.
    let only = Arc::new(Config { bookings: vec![booking], ..(*parts.config).clone() });
    with_browser(&Parts { config: only, ..parts.clone() })?;
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
    let (opening, member, site) = (next.opening(), next.member.clone(), next.site.clone());
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
    if let Some(trouble) = &result.trouble {
        timeline.failed(SystemClock.now(), &trouble.words());
    }
    timeline.finish();
    let fire = proved(household, &site, &result).await;
    Ok(told(&result, fire.as_ref(), household, (opening, &member, &site), timeline))
}

/// Keeps what the rehearsal has shown of the ways to fire, and gives the way that is taken from now on.
async fn proved(household: &Household, site: &SiteId, rehearsed: &Rehearsed) -> Option<Chosen> {
    let parts = household.parts();
    let proofs = match keep_and_read(rehearsed, &parts, site).await {
        Ok(proofs) => proofs,
        Err(error) => {
            super::say(&format!("firstserve: what the rehearsal has shown of the ways to fire is not kept: {error}"));
            Vec::new()
        }
    };
    chosen(&parts.config, site, &proofs)
}

async fn keep_and_read(rehearsed: &Rehearsed, parts: &Parts, site: &SiteId) -> anyhow::Result<Vec<Proof>> {
    if !rehearsed.has_tried_ways() {
        // Nothing is written, and there need be nothing to read.
        let Ok(Some(store)) = kept::open(&parts.config).await else { return Ok(Vec::new()) };
        let proofs = store.proofs(site).await;
        store.close().await;
        return Ok(proofs?);
    }
    let store = open_beside(&parts.config).await?;
    let kept = keep_proofs(rehearsed, parts, site, &store).await;
    let proofs = store.proofs(site).await;
    store.close().await;
    kept?;
    Ok(proofs?)
}

/// The way to fire at a site, by what is proved of it.
fn chosen(config: &Config, site: &SiteId, proofs: &[Proof]) -> Option<Chosen> {
    let (fire, flow, hash) = (config.site(site)?.fire, config.flow(site)?, config.flow_hash(site)?);
    Some(choose(fire, &flow.allowed(), proofs, &hash, config.browser.engine.as_str()))
}

fn told(
    rehearsed: &Rehearsed,
    fire: Option<&Chosen>,
    household: &Household,
    (opening, member, site): (Timestamp, &MemberId, &SiteId),
    timeline: &Timeline,
) -> Value {
    let opening = opening_of(opening);
    if rehearsed.listed {
        timeline.line("the site's list shows this booking already");
    }
    if let Some(trouble) = &rehearsed.trouble {
        timeline.line(&format!("not ready: {}", trouble.words()));
        if let Some(entry) = refused(trouble, household, member) {
            let entry = quoted(&entry);
            timeline.line(&format!("`firstserve vault set {entry}` puts the right ones into the vault"));
        }
        timeline.line("nothing was submitted");
        let (listed, note) = (rehearsed.listed, trouble.words());
        return json!({
            "outcome": "not-ready", "note": note, "opening": opening, "submits": 0, "listed": listed, "untried": [],
        });
    }
    let untried: &[&str] = if rehearsed.waits { &["opening", "commit"] } else { &[] };
    match (rehearsed.waits, household.config().flow(site)) {
        (true, Some(flow)) => {
            let work = rehearsal::what_works(&flow);
            timeline.line(&format!("rehearsed: {work} work; opening and the last click wait for the opening, untried"));
        }
        _ => timeline.line("rehearsed: everything up to the last click works; nothing was submitted"),
    }
    let why = fire.map(|chosen| rehearsal::why(chosen, rehearsed.waits));
    if let Some(why) = &why {
        timeline.line(&format!("it will be fired by {why}"));
    }
    json!({
        "outcome": "rehearsed",
        "opening": opening,
        "submits": 0,
        "listed": rehearsed.listed,
        "untried": untried,
        "fire": fire.map(|chosen| chosen.way.mode.as_str()),
        "why": why,
    })
}

/// The vault's entry that the site does not accept; none: it is about something else.
fn refused(trouble: &Trouble, household: &Household, member: &MemberId) -> Option<String> {
    let is_refused = matches!(trouble, Trouble::Answer(Answer::LoginRefused));
    household.config().member(member).filter(|_| is_refused).map(|member| member.vault.clone())
}

/// The engine itself, for one date.
async fn real(household: &Household, next: &Occurrence, timeline: &mut Timeline) -> anyhow::Result<Value> {
    let mut signals = Signals::new()?;
    let since = SystemClock.now();
    household.keep(Cause::Book).await;
    let runs = match engine::book(household.parts(), next).await {
        Ok(One::Runs(runs)) => runs,
        Ok(One::Over(attempt)) => {
            let slot = household.store().slot_of(&attempt.id).await?;
            return Ok(over(&attempt, slot.as_ref(), &household.config().path, timeline));
        }
        Err(error) => return Err(Failure::new(Exit::Unavailable, error.to_string()).into()),
    };
    let Runs { attempt, handle, task } = runs;
    let mut events = handle.events();
    told_now(next, household).iter().for_each(|line| timeline.line(line));
    long_wait(next, household, timeline).iter().for_each(|line| timeline.line(line));
    let mut story = Story { attempt, opening: next.opening(), steps: Vec::new(), sent: None };
    let result = loop {
        timeline.count_down(SystemClock.now());
        if let Some(why) = handle.lost() {
            timeline.finish();
            task.await?;
            return Err(Failure::new(Exit::Io, format!("the database is lost: {why}")).into());
        }
        let heard = tokio::select! {
            heard = events.recv() => heard,
            () = tokio::time::sleep(TICK) => continue,
            _ = signals.next() => break left::interrupted(&story.attempt, timeline),
        };
        let event = match heard {
            Ok(event) => event,
            Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => break json!({ "outcome": "unfinished" }),
        };
        timeline.show(&event);
        if let Some(ended) = story.hears(event) {
            break ended;
        }
    };
    handle.stop().await;
    if left::is_interrupted(&result) {
        return left::left(result, task, &mut signals, household, timeline).await;
    }
    task.await?;
    Ok(with_ledger(result, &household.store(), since, timeline).await)
}

/// Shows what happened at which millisecond since this began, and adds it to the answer.
async fn with_ledger(mut result: Value, store: &Store, since: Timestamp, timeline: &Timeline) -> Value {
    let Some(id) = result["attempt"].as_str().map(AttemptId::new) else { return result };
    match store.fires(&FireFilter { attempt: Some(id), ..FireFilter::default() }).await {
        Ok(mut fires) => {
            fires.retain(|fire| ledger::is_since(fire, since));
            timeline.text(&ledger::table(&fires));
            result["ledger"] = fires.iter().map(ledger::fire_json).collect();
        }
        Err(error) => tracing::warn!(%error, "the ledger cannot be read"),
    }
    result
}

/// What the member is told while the court is not open; nothing when it can be booked already.
fn told_now(next: &Occurrence, household: &Household) -> Option<String> {
    let parts = household.parts();
    let zone = parts.zones.zone(&parts.config.site(&next.site)?.time_zone)?;
    waits(&next.choices, &zone, SystemClock.now(), Language::English)
}

/// Who would wait for long is told until when, and what he can do meanwhile.
fn long_wait(next: &Occurrence, household: &Household, timeline: &Timeline) -> Vec<String> {
    let wait = next.opening().duration_since(SystemClock.now());
    if wait < LONG_WAIT {
        return Vec::new();
    }
    let lead = household.config().site(&next.site).map_or(SignedDuration::ZERO, |site| site.patience.login_lead);
    let login = timeline.local(next.opening() - lead);
    vec![
        format!("it opens {}, and this waits until then; it logs in {login}", from_now(wait)),
        "meanwhile `firstserve status`, `plan` and `book … --dry-run` work beside it; `run` does not, and would book this one as well"
            .to_owned(),
        "Ctrl-C ends the wait, and nothing is lost: `firstserve run` takes it up again".to_owned(),
    ]
}

/// What became of it before, where it must not be tried again.
fn over(attempt: &Attempt, slot: Option<&Slot>, config: &Path, timeline: &Timeline) -> Value {
    let note = attempt.note.as_deref().unwrap_or_default();
    let date = attempt.date.strftime("%a %Y-%m-%d");
    let which = match slot {
        Some(slot) => format!("court {} on {date} at {}", slot.court, slot.start.strftime("%H:%M")),
        None => date.to_string(),
    };
    let (member, booking, state) = (&attempt.member, &attempt.booking, attempt.state.as_str());
    timeline.line(&format!("{member} · {booking}, {which}: {state} already, and not tried again; {note}"));
    if attempt.state != State::Ended(Outcome::Confirmed) {
        timeline.line(&settle::way_on(attempt, config));
    }
    json!({
        "outcome": attempt.state.as_str(),
        "note": note,
        "attempt": attempt.id.as_str(),
        "opening": opening_of(attempt.opening),
        "sent_at": null,
        "court": slot.map(|slot| slot.court.as_str()),
        "start": slot.map(|slot| slot.start.to_string()),
        "won": attempt.state == State::Ended(Outcome::Confirmed),
        "steps": [],
    })
}

/// What happens to one attempt, for programs.
struct Story {
    attempt: AttemptId,
    opening: Timestamp,
    steps: Vec<Value>,
    sent: Option<Timestamp>,
}

impl Story {
    /// Takes an event; the whole story once it is over.
    fn hears(&mut self, event: Event) -> Option<Value> {
        let Event { attempt, what, at } = event;
        if attempt.as_ref() != Some(&self.attempt) {
            return None;
        }
        match what {
            What::Step { phase, place, took } => {
                self.steps
                    .push(json!({ "at": at.to_string(), "phase": phase, "place": place, "ms": took.as_millis() }));
            }
            What::Sent { sent, .. } => self.sent = Some(sent),
            What::Ended { outcome, note, won } => return Some(self.ended(outcome, &note, won.as_ref())),
            _ => {}
        }
        None
    }

    fn ended(&mut self, outcome: Outcome, note: &str, won: Option<&Choice>) -> Value {
        json!({
            "outcome": outcome.as_str(),
            "note": note,
            "attempt": self.attempt.as_str(),
            "opening": opening_of(self.opening),
            "sent_at": self.sent.map(|at| at.to_string()),
            "court": won.map(|won| won.court.as_str()),
            "start": won.map(|won| won.start.to_string()),
            "won": outcome == Outcome::Confirmed,
            "steps": std::mem::take(&mut self.steps),
        })
    }
}
