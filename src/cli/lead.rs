//! `firstserve lead [SITE]`: whether submits may leave before the opening, so that they arrive at it; what was measured for it.

use std::process::ExitCode;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::household::open_beside;
use super::kept::{self, NOTHING_YET};
use super::ledger::known_site;
use super::setting::Setting;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::model::{Site, SiteId};
use crate::store::{SiteLesson, Store, StoreError};
use crate::timing::{Lead, lead};

/// What `lead` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The site [default: all of them]
    site: Option<String>,

    /// Allow a lead again that was switched off because the site had said "not open"
    #[arg(long, requires = "site", conflicts_with = "forbid")]
    allow: bool,

    /// Switch the lead off until it is allowed again
    #[arg(long, requires = "site")]
    forbid: bool,
}

/// Shows it, or changes it.
///
/// # Errors
/// The configuration or the database cannot be used, or there is no such site.
pub(super) fn run(args: &Args, setting: &Setting, as_json: bool) -> anyhow::Result<ExitCode> {
    let config = setting.config()?;
    let wanted = args.site.as_deref().map(|name| known_site(name, &config)).transpose()?;
    let runtime = super::runtime()?;
    let told = runtime.block_on(async {
        if let Some(site) = wanted.as_ref().filter(|_| args.allow || args.forbid) {
            change(&config, site, args.allow).await?;
        }
        let Some(store) = kept::open(&config).await? else { return anyhow::Ok(None) };
        let told = read(&config, wanted.as_ref(), &store).await;
        store.close().await;
        Ok(Some(told?))
    })?;
    let is_kept = told.is_some();
    let told = told.unwrap_or_default();
    if as_json {
        super::answer(&json!({ "sites": told.iter().map(Told::json).collect::<Vec<_>>() }));
    } else if !is_kept {
        super::print(NOTHING_YET)?;
    } else {
        let text: String = told.iter().map(Told::text).collect();
        super::print(&text)?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn change(config: &Config, site: &SiteId, allow: bool) -> anyhow::Result<()> {
    let store = open_beside(config).await?.acting_as("user");
    let now = SystemClock.now();
    if allow {
        store.allow_lead(site, now).await?;
    } else {
        store.forbid_lead(site, "a person has switched it off", now).await?;
    }
    store.close().await;
    Ok(())
}

async fn read(config: &Config, wanted: Option<&SiteId>, store: &Store) -> Result<Vec<Told>, StoreError> {
    let now = SystemClock.now();
    let mut told = Vec::new();
    for site in config.sites.iter().filter(|site| wanted.is_none_or(|wanted| site.id == *wanted)) {
        told.push(of_site(site, store, now).await?);
    }
    Ok(told)
}

async fn of_site(site: &Site, store: &Store, now: Timestamp) -> Result<Told, StoreError> {
    let known = store.lesson(&site.id).await?;
    let mut kinds = Vec::new();
    for (kind, n) in store.sample_kinds(&site.id).await? {
        let samples = store.samples(&site.id, &kind).await?;
        kinds.push((kind, n, lead(&site.patience, &samples, known.lead_off.is_some(), now)));
    }
    let without = lead(&site.patience, &[], known.lead_off.is_some(), now);
    Ok(Told { site: site.id.clone(), at_most_ms: site.patience.lead_at_most.as_millis(), known, kinds, without })
}

/// What is known of one site.
struct Told {
    site: SiteId,
    at_most_ms: i128,
    known: SiteLesson,
    /// Kinds of requests, how many were timed, and the lead that comes of them.
    kinds: Vec<(String, usize, Lead)>,
    /// The lead of a kind that was never timed.
    without: Lead,
}

impl Told {
    fn json(&self) -> Value {
        let kind = |(kind, n, lead): &(String, usize, Lead)| json!({ "kind": kind, "samples": n, "lead_ms": lead.by.as_secs_f64() * 1_000.0, "why": lead.words() });
        json!({
            "site": self.site.as_str(),
            "at_most_ms": i64::try_from(self.at_most_ms).unwrap_or(i64::MAX),
            "off_since": self.known.lead_off.as_ref().map(|(at, _)| at.to_string()),
            "off_because": self.known.lead_off.as_ref().map(|(_, why)| why),
            "opens_late_ms": self.known.opens_late.map(|late| late.as_secs_f64() * 1_000.0),
            "kinds": self.kinds.iter().map(kind).collect::<Vec<_>>(),
        })
    }

    fn text(&self) -> String {
        let mut text = format!("{}\n", self.site);
        if let Some((at, why)) = &self.known.lead_off {
            text.push_str(&format!("  off since {}: {why}\n", at.strftime("%Y-%m-%d %H:%M UTC")));
        }
        if let Some(late) = self.known.opens_late {
            let late = late.as_secs_f64() * 1_000.0;
            text.push_str(&format!("  opened about {late:.0} ms after the announced instant the last time\n"));
        }
        for (kind, _, lead) in &self.kinds {
            text.push_str(&format!("  {kind}: {}\n", lead.words()));
        }
        if self.kinds.is_empty() {
            text.push_str(&format!("  {}\n", self.without.words()));
        }
        text
    }
}
