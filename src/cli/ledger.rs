//! `firstserve ledger [ATTEMPT]`: what happened at which millisecond, as a table, as data, as a picture.
//!
//! Reads the database beside a running daemon and writes nothing but the picture that is asked for.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::tz::TimeZone;
use serde_json::json;

use super::setting::Setting;
use super::{Exit, Failure, kept};
use crate::clock::ZoneData;
use crate::config::Config;
use crate::model::{Attempt, SiteId};
use crate::store::{AttemptFilter, Fire, FireFilter};

mod groups;
mod story;

pub(in crate::cli) use story::{compact, fire_json, is_since, table};

/// What `ledger` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// One attempt: its id, or the name of its booking (the latest one that fired) [default: all of them]
    attempt: Option<String>,

    /// Only attempts at this site
    #[arg(long, value_name = "SITE")]
    site: Option<String>,

    /// Draw a picture: the time line of the attempt, or how late all of them were
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// Shows the ledger.
///
/// # Errors
/// The configuration or the database cannot be read, or there is no such attempt.
pub(super) fn run(args: &Args, setting: &Setting, as_json: bool) -> anyhow::Result<ExitCode> {
    let (config, zones) = setting.config_and_zones()?;
    let site = args.site.as_deref().map(|name| known_site(name, &config)).transpose()?;
    let runtime = super::runtime()?;
    let kept = runtime.block_on(read(&config, site.as_ref()))?;
    let is_kept = kept.is_some();
    let (fires, attempts) = kept.unwrap_or_default();
    match &args.attempt {
        Some(wanted) => one(wanted, &fires, &attempts, (&config, &zones), args.svg.as_deref(), as_json)?,
        None if is_kept || as_json || args.svg.is_some() => all(&fires, &attempts, args.svg.as_deref(), as_json)?,
        None => print(kept::NOTHING_YET)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The site of that name.
///
/// # Errors
/// The configuration has none of that name.
pub(in crate::cli) fn known_site(name: &str, config: &Config) -> Result<SiteId, Failure> {
    let id = SiteId::new(name);
    if config.site(&id).is_some() {
        return Ok(id);
    }
    let known: Vec<&str> = config.sites.iter().map(|site| site.id.as_str()).collect();
    Err(Failure::new(Exit::Data, format!("there is no site `{name}`; the sites are: {}", known.join(", "))))
}

/// Every fire and attempt; none where nothing was kept yet.
async fn read(config: &Config, site: Option<&SiteId>) -> anyhow::Result<Option<(Vec<Fire>, Vec<Attempt>)>> {
    let Some(store) = kept::open(config).await? else { return Ok(None) };
    let fires = store.fires(&FireFilter { site: site.cloned(), ..FireFilter::default() }).await?;
    let attempts = store.attempts(&AttemptFilter { site: site.cloned(), ..AttemptFilter::default() }).await?;
    store.close().await;
    Ok(Some((fires, attempts)))
}

fn one(
    wanted: &str,
    fires: &[Fire],
    attempts: &[Attempt],
    (config, zones): (&Config, &ZoneData),
    svg: Option<&Path>,
    as_json: bool,
) -> anyhow::Result<()> {
    let attempt = found(wanted, fires, attempts)?;
    let fires: Vec<Fire> = fires.iter().filter(|fire| fire.attempt == attempt.id).cloned().collect();
    let zone = config.site(&attempt.site).and_then(|site| zones.zone(&site.time_zone)).unwrap_or(TimeZone::UTC);
    if let Some(path) = svg {
        draw(path, &story::timeline(attempt, &fires, &zone).svg())?;
    }
    if as_json {
        super::answer(&json!({
            "attempt": attempt.id.as_str(),
            "booking": attempt.booking.as_str(),
            "member": attempt.member.as_str(),
            "date": attempt.date.to_string(),
            "state": attempt.state.as_str(),
            "fires": fires.iter().map(fire_json).collect::<Vec<_>>(),
        }));
        return Ok(());
    }
    print(&format!("{}\n{}", story::heading(attempt, &zone), table(&fires)))
}

fn all(fires: &[Fire], attempts: &[Attempt], svg: Option<&Path>, as_json: bool) -> anyhow::Result<()> {
    let groups = groups::groups(fires);
    if let Some(path) = svg {
        draw(path, &groups::distribution(&groups, fires).svg())?;
    }
    if as_json {
        super::answer(&json!({
            "groups": groups.iter().map(groups::Group::json).collect::<Vec<_>>(),
            "fires": fires.iter().map(fire_json).collect::<Vec<_>>(),
        }));
        return Ok(());
    }
    if fires.is_empty() {
        return print("Nothing has been fired yet.\n");
    }
    print(&format!("{}\n{}", groups::table(&groups), compact(fires, attempts)))
}

/// The attempt of that id, or the latest of that booking; one that has fired, if there is one.
fn found<'a>(wanted: &str, fires: &[Fire], attempts: &'a [Attempt]) -> Result<&'a Attempt, Failure> {
    let is = |attempt: &&Attempt| {
        attempt.id.as_str().eq_ignore_ascii_case(wanted)
            || attempt.booking.as_str() == wanted
            || format!("{}/{}", attempt.member, attempt.booking) == wanted
    };
    let has_fired = |attempt: &Attempt| fires.iter().any(|fire| fire.attempt == attempt.id);
    let best = attempts.iter().filter(is).max_by_key(|attempt| (has_fired(attempt), attempt.opening));
    best.ok_or_else(|| {
        let cure = "`firstserve ledger` lists them";
        Failure::new(Exit::Data, format!("no attempt has the id or the booking `{wanted}`; {cure}"))
    })
}

fn draw(path: &Path, svg: &str) -> anyhow::Result<()> {
    std::fs::write(path, svg).map_err(|error| {
        let failure = Failure::new(Exit::Io, format!("the picture {} cannot be written: {error}", path.display()));
        anyhow::Error::from(failure)
    })?;
    super::say(&format!("drawn: {}", path.display()));
    Ok(())
}

fn print(text: &str) -> anyhow::Result<()> {
    Ok(super::print(&super::page::laid_out(text, super::page::width()))?)
}
