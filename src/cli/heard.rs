//! What sites have announced of openings, for `plan` and `explain`: read from a database on this machine, where there is one.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::kept;
use crate::config::Config;
use crate::model::{Announced, Choice, Occurrence, Site, SiteId};
use crate::report::plain;
use crate::schedule::{ALWAYS_OPEN, announced_of, plan_by_announced};

/// What was announced, and by which selector files it is read today.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// What was read last of each court and start.
    pub known: Vec<Announced>,
    /// The hash of the files of the sites that announce.
    pub files: HashMap<SiteId, String>,
}

impl Heard {
    /// What a database on this machine keeps of slots that lie ahead; nothing where no site announces, or where it cannot be read.
    pub(super) fn of(config: &Config, now: Timestamp) -> Self {
        let flow = |site: &Site| config.flow(&site.id).filter(|flow| flow.announcement().is_some());
        let hash = |site: &Site| Some((site.id.clone(), flow(site)?.announced_hash().to_owned()));
        let files: HashMap<_, _> = config.sites.iter().filter_map(hash).collect();
        let known = if files.is_empty() || !kept::is_here(config) { Vec::new() } else { read(config, now) };
        Self { known, files }
    }

    /// Puts what is announced in the place of what the rules say.
    pub(super) fn take(&self, dates: &mut [Occurrence], site: &Site, zone: &TimeZone) {
        if let Some(files) = self.files.get(&site.id) {
            plan_by_announced(dates, site, zone, files, &self.known);
        }
    }

    /// What was announced of a choice, and what its rule says; none: nothing.
    pub(super) fn note(&self, choice: &Choice, site: &Site, zone: &TimeZone) -> Option<String> {
        let announced = announced_of(choice, site, zone, self.files.get(&site.id)?, &self.known)?;
        let local = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
        let rule = if announced.rule == ALWAYS_OPEN { "at any time".to_owned() } else { local(announced.rule) };
        let (says, read, said) = (local(announced.instant), local(announced.read_at), plain(&announced.said));
        Some(format!("the site announced {says} (“{said}”, read {read}); by the rule it is {rule}"))
    }
}

fn read(config: &Config, now: Timestamp) -> Vec<Announced> {
    let Ok(runtime) = super::runtime() else { return Vec::new() };
    let read = runtime.block_on(async {
        let Some(store) = kept::open(config).await? else { return anyhow::Ok(Vec::new()) };
        let known =
            store.announced(now.to_zoned(TimeZone::UTC).date().yesterday().unwrap_or(jiff::civil::Date::MIN)).await;
        store.close().await;
        Ok(known?)
    });
    read.unwrap_or_else(|error| {
        super::say(&format!("firstserve: what sites have announced is left out: {error:#}"));
        Vec::new()
    })
}
