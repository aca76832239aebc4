//! `firstserve demo`: a practice club on loopback opens a date in seconds; the real engine and a real browser book it.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::household::{Household, SECOND_RUN, open_store};
use super::ledger;
use super::setting::zones_of;
use super::{Exit, Failure, Timeline};
use crate::browser::Engine as Browser;
use crate::clock::{Clock, SystemClock, ZoneData};
use crate::club::{Fault, MEMBERS, Shape, clock_offset};
use crate::config::{Config, Environment, load};
use crate::engine::{Engine, Event, Handle, What};
use crate::model::{AttemptId, FireMode, Outcome, Secret};
use crate::report::render;
use crate::store::{AttemptFilter, Fire, FireFilter, Mark, Store, StoreError};
use crate::telemetry::Redactor;
use crate::vault::{Credentials, Vault};

mod club;
mod table;
pub(super) mod world;

use club::ClubProcess;

/// The most bookings: one member each.
const MOST_BOOKINGS: u8 = 24;

/// What one more browser costs before the opening on two cores.
const PER_BOOKING: SignedDuration = SignedDuration::from_secs(8);

/// How soon the club opens unless it is told.
const OPENS_IN: SignedDuration = SignedDuration::from_secs(20);

/// How long after the opening everything must be over: an unknown submit is looked at twice, with a settle time before each.
const PATIENCE: Duration = Duration::from_secs(240);

/// How often the countdown is drawn.
const TICK: Duration = Duration::from_millis(200);

/// The variables that name the programs of a browser.
const PROGRAMS: [&str; 4] = [
    "FIRSTSERVE_BROWSER_FIREFOX_BINARY",
    "FIRSTSERVE_BROWSER_GECKODRIVER",
    "FIRSTSERVE_BROWSER_CHROMIUM_BINARY",
    "FIRSTSERVE_BROWSER_CHROMEDRIVER",
];

/// What `demo` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Which browser books
    #[arg(long, value_name = "firefox|chromium", default_value = "firefox", value_parser = browser)]
    browser: Browser,

    /// How the submit is fired
    #[arg(long, value_name = "MODE", default_value = "auto", value_parser = mode)]
    fire: FireMode,

    /// When the club opens [default: 20s, and more for several bookings]
    #[arg(long, value_name = "TIME")]
    opens_in: Option<SignedDuration>,

    /// Whether the club's form can be filled before the opening
    #[arg(long, value_enum, default_value_t)]
    shape: Shape,

    /// How many members book at the same instant
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=i64::from(MOST_BOOKINGS)))]
    bookings: u8,

    /// How far the club's clock is ahead of this machine's (3, -2.5, 250ms)
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = clock_offset, allow_hyphen_values = true)]
    clock_offset: SignedDuration,

    /// How the club misbehaves; may be given several times (`firstserve club --help` lists them)
    #[arg(long = "fault", value_name = "NAME")]
    faults: Vec<Fault>,
}

/// The browser of that word.
pub(super) fn browser(word: &str) -> Result<Browser, String> {
    Browser::parse(word).ok_or_else(|| "known are firefox and chromium".to_owned())
}

fn mode(word: &str) -> Result<FireMode, String> {
    let known = FireMode::ALL.map(FireMode::as_str).join(", ");
    FireMode::parse(word).ok_or_else(|| format!("known are {known}"))
}

/// Runs it; 0 when every court was won.
///
/// # Errors
/// No browser, or the practice club cannot be started.
pub(super) fn run(args: &Args, as_json: bool) -> anyhow::Result<ExitCode> {
    let runtime = super::runtime()?;
    let result = runtime.block_on(demo(args, as_json))?;
    let won = result["outcome"] == "confirmed";
    if as_json {
        super::answer(&result);
    } else {
        super::say(&summary(&result));
    }
    Ok(if won { ExitCode::SUCCESS } else { Exit::NotWon.into() })
}

async fn demo(args: &Args, quiet: bool) -> anyhow::Result<Value> {
    let opens_in = args.opens_in.unwrap_or_else(|| OPENS_IN + PER_BOOKING * i32::from(args.bookings - 1));
    let folder = tempfile::Builder::new().prefix("firstserve-demo-").tempdir()?;
    let club = ClubProcess::start(opens_in, args.shape, args.clock_offset, &args.faults).await?;
    let opening = club.opening;
    world::build(folder.path(), args, &club)?;
    keep_credentials(folder.path(), args.bookings)?;
    let (config, zones) = configuration(folder.path())?;
    let zone = zones.zone(world::ZONE).ok_or_else(|| Failure::new(Exit::Unavailable, "no zone data for the club"))?;
    let store = open_store(&config, SECOND_RUN).await?;
    let household = Household::new(config, Arc::new(zones), store.clone(), Redactor::new())?;
    let mut timeline = Timeline::new(zone, quiet).of_several(args.bookings > 1);
    timeline.line(&format!("practice club at {}", club.url));
    let (engine, running) = Engine::start(household.parts_with_browser()?);
    let ends = watch(&engine, &mut timeline, opening, args.bookings).await;
    timeline.finish();
    engine.stop().await;
    running.await?;
    let ledger = club.ledger().await?;
    let fires = fires(&store, &ledger, &ends).await?;
    let attempts = store.attempts(&AttemptFilter::default()).await?;
    store.close().await;
    club.stop().await;
    let told = if ends.len() == 1 { ledger::table(&fires) } else { table::table(&fires, &attempts) };
    timeline.text(&format!("\n{told}"));
    Ok(result(args, &ledger, &ends))
}

/// What our own ledger says of every fire, and when the club says that it received it.
async fn fires(store: &Store, ledger: &Value, ends: &[Ended]) -> Result<Vec<Fire>, StoreError> {
    let mut fires = store.fires(&FireFilter::default()).await?;
    for end in ends {
        let ours = fires.iter_mut().filter(|fire| fire.attempt == end.id);
        for (fire, received) in ours.zip(receipts(end, ledger)) {
            if fire.at(Mark::Received).is_none() {
                let at = Timestamp::from_nanosecond(i128::from(received));
                fire.marks.extend(at.ok().map(|at| (Mark::Received, at)));
            }
        }
    }
    Ok(fires)
}

/// When the club received the submits of an attempt, in order.
fn receipts(end: &Ended, ledger: &Value) -> Vec<i64> {
    let member = end.member.as_str();
    let ours = |request: &&Value| !request["submit"].is_null() && request["member"] == member;
    requests(ledger).filter(ours).filter_map(|request| request["received_ns"].as_i64()).collect()
}

fn keep_credentials(folder: &Path, bookings: u8) -> anyhow::Result<()> {
    let identity = folder.join("identity");
    let data = folder.join("data");
    Vault::init(&data, &identity)?;
    let vault = Vault::open(&data, &identity)?;
    for (user, password) in MEMBERS.iter().take(usize::from(bookings)) {
        vault.set(
            &format!("club/{user}"),
            &Credentials { user: (*user).to_owned(), password: Secret::new(*password) },
        )?;
    }
    Ok(())
}

fn configuration(folder: &Path) -> anyhow::Result<(Arc<Config>, ZoneData)> {
    let path = folder.join("config/booking.toml");
    // The demo is the same whatever the surroundings say; only where programs are found is theirs.
    let theirs = std::env::vars_os().filter(|(name, _)| PROGRAMS.iter().any(|program| name == program));
    let environment = Environment::new(theirs);
    let loaded = load(&path, &environment, &|configured| ZoneData::newest(configured).db, SystemClock.now());
    match loaded.config {
        Some(config) => {
            let zones = zones_of(&config);
            Ok((config, zones))
        }
        None => Err(Failure::new(Exit::Config, render(&loaded.problems, false)).into()),
    }
}

/// One attempt's end.
struct Ended {
    id: AttemptId,
    member: String,
    booking: String,
    outcome: Outcome,
    note: String,
    mode: Option<&'static str>,
    sent: Option<Timestamp>,
}

/// Shows what happens until every attempt has ended, or the time is over.
async fn watch(engine: &Handle, timeline: &mut Timeline, opening: Timestamp, bookings: u8) -> Vec<Ended> {
    let mut events = engine.events();
    let deadline = opening + PATIENCE;
    let mut attempts: Vec<(AttemptId, String, String)> = Vec::new();
    let mut sent: Vec<(AttemptId, &'static str, Timestamp)> = Vec::new();
    let mut ends: Vec<Ended> = Vec::new();
    while ends.len() < usize::from(bookings) && SystemClock.now() < deadline {
        timeline.count_down(SystemClock.now());
        let Ok(event) = tokio::time::timeout(TICK, events.recv()).await else { continue };
        let Ok(event) = event else { break };
        timeline.show(&event);
        let Event { attempt: Some(id), what, .. } = event else { continue };
        match what {
            What::TakenUp { booking, member, .. } => attempts.push((id, member.to_string(), booking.to_string())),
            What::Sent { mode, sent: at, .. } => sent.push((id, mode, at)),
            What::Ended { outcome, note, .. } => {
                let named = attempts.iter().find(|(known, ..)| *known == id);
                let (member, booking) =
                    named.map(|(_, member, name)| (member.clone(), name.clone())).unwrap_or_default();
                let last = sent.iter().rev().find(|(known, ..)| *known == id);
                let (mode, sent) = (last.map(|(_, mode, _)| *mode), last.map(|(.., at)| *at));
                ends.push(Ended { id, member, booking, outcome, note, mode, sent });
            }
            _ => {}
        }
    }
    ends
}

/// What the club's own ledger says of it.
fn result(args: &Args, ledger: &Value, ends: &[Ended]) -> Value {
    let opening_ns = ledger["opening_ns"].as_i64();
    let submits: Vec<&Value> = requests(ledger).filter(|request| !request["submit"].is_null()).collect();
    let lateness = |request: &Value| Some(request["received_ns"].as_i64()? - opening_ns?);
    let last = submits.iter().copied().max_by_key(|request| lateness(request));
    let early = submits.iter().any(|request| lateness(request).is_some_and(|late| late < 0));
    let all_won = ends.len() == usize::from(args.bookings) && ends.iter().all(|end| end.outcome == Outcome::Confirmed);
    let outcome = match ends.iter().find(|end| end.outcome != Outcome::Confirmed) {
        _ if all_won => Outcome::Confirmed.as_str(),
        Some(end) => end.outcome.as_str(),
        None => "unfinished",
    };
    let fired = ends.iter().find_map(|end| end.mode).unwrap_or_else(|| args.fire.as_str());
    json!({
        "outcome": outcome,
        "fire": fired,
        "browser": args.browser.as_str(),
        "opening": opening_ns.and_then(instant),
        "received_at": last.and_then(|request| request["received_ns"].as_i64()).and_then(instant),
        "lateness_ms": last.and_then(lateness).map(milliseconds),
        "early": early,
        "submits": submits.len(),
        "attempts": ends.iter().map(|end| attempt(end, ledger)).collect::<Vec<_>>(),
    })
}

fn attempt(end: &Ended, ledger: &Value) -> Value {
    let member = end.member.as_str();
    let opening = ledger["opening_ns"].as_i64();
    let received = receipts(end, ledger);
    json!({
        "id": end.id.as_str(),
        "member": member,
        "booking": end.booking,
        "outcome": end.outcome.as_str(),
        "note": end.note,
        "fire": end.mode,
        "sent_at": end.sent.map(|at| at.to_string()),
        "received_at": received.last().copied().and_then(instant),
        "lateness_ms": received.last().zip(opening).map(|(at, opening)| milliseconds(at - opening)),
        "submits": received.len(),
    })
}

fn requests(ledger: &Value) -> impl Iterator<Item = &Value> {
    ledger["requests"].as_array().into_iter().flatten()
}

fn instant(ns: i64) -> Option<String> {
    Timestamp::from_nanosecond(i128::from(ns)).ok().map(|at| at.to_string())
}

fn milliseconds(ns: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a lateness in nanoseconds is far below 2^52")]
    let ms = ns as f64 / 1e6;
    ms
}

/// The club's own ledger, in words.
fn summary(result: &Value) -> String {
    let word = |key: &str| result[key].as_str().unwrap_or_default().to_owned();
    let submits = match result["submits"].as_u64() {
        Some(1) => "1 submit".to_owned(),
        submits => format!("{} submits", submits.unwrap_or_default()),
    };
    let early = if result["early"] == true { "EARLY" } else { "none early" };
    let reached = match result["lateness_ms"].as_f64() {
        Some(late) if result["submits"].as_u64() > Some(1) => {
            format!("{submits}, {early}; the slowest was received {late:.1} ms after the opening")
        }
        Some(late) => format!("{submits}, {early}; received {late:.1} ms after the opening"),
        None => "nothing was submitted".to_owned(),
    };
    let each = each(result["attempts"].as_array().map_or(&[], Vec::as_slice));
    format!("\n{}, by {} in {}\n{each}the club's own ledger: {reached}", word("outcome"), word("fire"), word("browser"))
}

/// A line for each of several.
fn each(attempts: &[Value]) -> String {
    if attempts.len() < 2 {
        return String::new();
    }
    let line = |one: &Value| {
        let word = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
        let late = one["lateness_ms"].as_f64().map(|late| format!(", received {late:.1} ms after the opening"));
        format!("  {} · {}: {}{}\n", word("member"), word("booking"), word("outcome"), late.unwrap_or_default())
    };
    attempts.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_submits_the_lateness_of_the_slowest_is_told_as_that() {
        let result = |submits: u64| {
            let of =
                |late: f64| json!({ "member": "ana", "booking": "b", "outcome": "confirmed", "lateness_ms": late });
            json!({
                "outcome": "confirmed", "fire": "http", "browser": "firefox", "submits": submits, "early": false,
                "lateness_ms": 25.5, "attempts": [of(3.0), of(25.5)],
            })
        };
        let last = |submits| summary(&result(submits)).lines().last().unwrap_or_default().to_owned();
        let told = "the club's own ledger: 3 submits, none early; the slowest was received 25.5 ms after the opening";
        assert_eq!(last(3), told);
        assert_eq!(last(1), "the club's own ledger: 1 submit, none early; received 25.5 ms after the opening");
    }
}
