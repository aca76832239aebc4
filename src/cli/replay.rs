//! `firstserve replay PAGES --booking BOOKING`: a site's selectors, tried on saved pages.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::scratch::Scratch;
use super::setting::{Setting, vault_of};
use super::{Exit, Failure, Timeline, book, demo};
use crate::browser::Engine as Browser;
use crate::clock::{Clock, SystemClock, ZoneData};
use crate::config::Config;
use crate::engine::{Event, Parts, What, look_for_browser, replay};
use crate::model::{Member, Occurrence, Secret};
use crate::telemetry::Redactor;
use crate::timing::Trouble;
use crate::vault::{Credentials, Vault};
use crate::web::Pages;

/// What is typed where the vault has nothing: saved pages take any credentials.
const NOBODY: (&str, &str) = ("replay", "replay-password");

/// What `replay` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder of saved pages: GET /a/b is a/b.html or a/b/index.html, POST /a/b is a/b.post.html
    pages: PathBuf,

    /// The booking whose site's selectors are tried: its name, or MEMBER/NAME
    #[arg(long, value_name = "BOOKING")]
    booking: String,

    /// Which browser [default: the configuration's]
    #[arg(long, value_name = "firefox|chromium", value_parser = demo::browser)]
    browser: Option<Browser>,
}

/// Does every step but the commit; 0 when each worked.
///
/// # Errors
/// The configuration cannot be used, there is no such booking or folder, or no browser.
pub(super) fn run(args: &Args, setting: &Setting, as_json: bool) -> anyhow::Result<ExitCode> {
    let (config, zones) = setting.config_and_zones()?;
    let booking = book::named(&args.booking, &config)?;
    let site = config.site_of(booking);
    if !args.pages.is_dir() {
        let told = format!("{} is not a folder of saved pages", args.pages.display());
        return Err(Failure::new(Exit::Io, told).into());
    }
    if config.flow(&site.id).is_some_and(|flow| flow.is_api()) {
        let told = format!("`{}` is a site without pages; there is nothing to replay", site.id);
        return Err(Failure::new(Exit::Data, told).into());
    }
    let zone = zones.zone(&site.time_zone).ok_or_else(|| Failure::new(Exit::Config, "the site's zone is unknown"))?;
    let next = book::next_date(booking, site, &zone, SystemClock.now())?;
    let mut timeline = Timeline::new(zone, as_json);
    let runtime = super::runtime()?;
    let result = runtime.block_on(serve_and_replay(args, &config, zones, next, &mut timeline))?;
    if as_json {
        super::answer(&result);
    }
    let worked = result["outcome"] == "replayed";
    Ok(if worked { ExitCode::SUCCESS } else { Exit::NotWon.into() })
}

async fn serve_and_replay(
    args: &Args,
    config: &Config,
    zones: Arc<ZoneData>,
    next: Occurrence,
    timeline: &mut Timeline,
) -> anyhow::Result<Value> {
    let scratch = Scratch::new()?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let local = Url::parse(&format!("http://{}/", listener.local_addr()?))?;
    let site = config.site(&next.site).expect("a valid booking has a site");
    let pages = Pages::new(&args.pages, &Url::parse(&site.url)?, &local);
    let stop = CancellationToken::new();
    let served = tokio::spawn(pages.serve(listener, stop.clone().cancelled_owned()));
    let parts = parts(args, config, zones, &next, &local, &scratch).await?;
    let missing = look_for_browser(&parts).map_err(|error| format!("{error}; {}", error.help()));
    missing.map_err(|told| Failure::new(Exit::Unavailable, told))?;
    let store = parts.store.clone();
    let result = watched(parts, next, timeline).await;
    timeline.finish();
    stop.cancel();
    served.abort();
    store.close().await;
    Ok(result)
}

/// The user's own configuration, but the site is here; nothing of it is recorded.
async fn parts(
    args: &Args,
    config: &Config,
    zones: Arc<ZoneData>,
    next: &Occurrence,
    local: &Url,
    scratch: &Scratch,
) -> anyhow::Result<Parts> {
    let mut config = config.clone();
    for site in config.sites.iter_mut().filter(|site| site.id == next.site) {
        site.url = local.to_string();
    }
    config.browser.engine = args.browser.unwrap_or(config.browser.engine);
    let member = config.member(&next.member).expect("a valid booking has a member");
    let vault = vault_of(&config).ok().filter(|vault| vault.get(&member.vault).is_ok());
    let vault = match vault {
        Some(vault) => vault,
        None => nobodys_vault(member, scratch)?,
    };
    Ok(Parts {
        config: Arc::new(config),
        zones,
        store: scratch.store().await?,
        vault: Some(Arc::new(vault)),
        clock: Arc::new(SystemClock),
        guardian: std::env::current_exe()?,
        redactor: Redactor::new(),
    })
}

fn nobodys_vault(member: &Member, scratch: &Scratch) -> anyhow::Result<Vault> {
    let (data, identity) = (scratch.path().join("data"), scratch.path().join("identity"));
    Vault::init(&data, &identity)?;
    let vault = Vault::open(&data, &identity)?;
    let (user, password) = NOBODY;
    vault.set(&member.vault, &Credentials { user: user.to_owned(), password: Secret::new(password) })?;
    Ok(vault)
}

async fn watched(parts: Parts, next: Occurrence, timeline: &mut Timeline) -> Value {
    let (mut events, replaying) = replay(parts, next);
    let mut replaying = Box::pin(replaying);
    let mut seen = Seen::default();
    let result = loop {
        tokio::select! {
            result = &mut replaying => break result,
            Ok(event) = events.recv() => seen.take(event, timeline),
        }
    };
    while let Ok(event) = events.try_recv() {
        seen.take(event, timeline);
    }
    seen.told(result, timeline)
}

/// The steps that worked, and what was said about the one that did not.
#[derive(Default)]
struct Seen {
    steps: Vec<Value>,
    trouble: Option<String>,
}

impl Seen {
    fn take(&mut self, event: Event, timeline: &mut Timeline) {
        timeline.show(&event);
        match event.what {
            What::Step { phase, place, took } => {
                self.steps.push(json!({ "phase": phase, "place": place, "ms": took.as_millis() }));
            }
            What::Trouble(why) => self.trouble = Some(why),
            _ => {}
        }
    }

    fn told(self, result: Result<(), Trouble>, timeline: &Timeline) -> Value {
        let steps = self.steps;
        match result {
            Ok(()) => {
                timeline.line(&format!("replayed: {} steps work; the last click was not made", steps.len()));
                json!({ "outcome": "replayed", "steps": steps, "problem": null })
            }
            Err(trouble) => {
                let problem = self.trouble.unwrap_or_else(|| trouble.words());
                timeline.line(&format!("broken after {} steps: {problem}", steps.len()));
                json!({ "outcome": "broken", "steps": steps, "problem": problem })
            }
        }
    }
}
