//! `[site.NAME]`.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;

use crate::config::raw::{At, Section};
use crate::flow::Flow;
use crate::model::{ClockRule, Court, FireMode, Follow, Patience, Sessions, Site, SiteId};
use crate::report::{Problem, SourceFile};

use super::server::checked;
use super::{Problems, World, address, court, names, selectors, zone};

/// Less than this is no time for a site to settle in.
const SHORTEST_SETTLE: SignedDuration = SignedDuration::from_secs(1);

/// The sites of a file, the wrong ones too: a booking at a wrong site is not itself wrong.
#[derive(Debug, Default)]
pub(super) struct Sites {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    name: String,
    courts: Vec<String>,
    site: Option<Site>,
    files: Vec<Arc<SourceFile>>,
    flow: Option<Arc<Flow>>,
}

impl Sites {
    /// Every name that was written.
    pub(super) fn names(&self) -> Vec<&str> {
        self.entries.iter().map(|entry| entry.name.as_str()).collect()
    }

    /// The names of a site's courts, in the file's order.
    pub(super) fn courts(&self, site: &str) -> Option<Vec<&str>> {
        let entry = self.entries.iter().find(|entry| entry.name == site)?;
        Some(entry.courts.iter().map(String::as_str).collect())
    }

    /// A site that is right.
    pub(super) fn site(&self, name: &str) -> Option<&Site> {
        self.entries.iter().find(|entry| entry.name == name)?.site.as_ref()
    }

    /// The selector files of each site.
    pub(super) fn selectors(&self) -> BTreeMap<SiteId, Vec<Arc<SourceFile>>> {
        self.entries.iter().map(|entry| (SiteId::new(&entry.name), entry.files.clone())).collect()
    }

    /// The flow of each site whose selector files are right.
    pub(super) fn flows(&self) -> BTreeMap<SiteId, Arc<Flow>> {
        let flow = |entry: &Entry| Some((SiteId::new(&entry.name), Arc::clone(entry.flow.as_ref()?)));
        self.entries.iter().filter_map(flow).collect()
    }

    /// The flow of a site.
    pub(super) fn flow(&self, name: &str) -> Option<&Flow> {
        self.entries.iter().find(|entry| entry.name == name)?.flow.as_deref()
    }

    /// The sites that are right.
    pub(super) fn valid(self) -> Vec<Site> {
        self.entries.into_iter().filter_map(|entry| entry.site).collect()
    }
}

/// Checks every site.
pub(super) fn sites(root: &Section, world: &World<'_>, problems: &mut Problems) -> Sites {
    Sites { entries: root.named("site").iter().map(|(name, section)| entry(name, section, world, problems)).collect() }
}

fn entry(name: &At<String>, section: &Section, world: &World<'_>, problems: &mut Problems) -> Entry {
    problems.extend(names::table_name(name, "site"));
    let courts = court::courts(name, section, problems);
    let url = section.get::<String>("url").and_then(|at| checked("url", &at, address::web, problems));
    let login_hosts = login_hosts(section, problems);
    let zone = section.get::<String>("time-zone").and_then(|at| zone::zone(&at, world, problems));
    let flow = section.get::<String>("flow");
    let files = flow.as_ref().and_then(|at| selectors::flow(at, world, problems)).unwrap_or_default();
    let parsed = flow.as_ref().and_then(|at| selectors::parsed(at, &files, world, problems));
    if let Some(label) = section.get::<String>("slot-label") {
        selectors::slot_label(&label, problems);
    }
    problems.extend(section.get::<SignedDuration>("settle").and_then(|at| too_short(&at)));
    let court_names = courts.iter().map(|(name, _)| name.clone()).collect();
    let site = site(
        name,
        section,
        (url, login_hosts, zone),
        courts.into_iter().filter_map(|(_, court)| court).collect(),
        world,
    );
    if let (Some(flow), Some(site)) = (&parsed, &site) {
        problems.extend(flow.problems_with_site(site));
    }
    Entry { name: name.value.clone(), courts: court_names, site, files, flow: parsed }
}

fn site(
    name: &At<String>,
    section: &Section,
    (url, login_hosts, time_zone): (Option<String>, Vec<String>, Option<String>),
    courts: Vec<Court>,
    world: &World<'_>,
) -> Option<Site> {
    Some(Site {
        id: SiteId::new(&name.value),
        url: url?,
        login_hosts,
        time_zone: time_zone?,
        flow: super::path(section, "flow", world.paths)?,
        slot_label: section.value("slot-label")?,
        fire: section.value::<String>("fire").and_then(|word| FireMode::parse(&word))?,
        courts,
        slot_length: section.value("slot-length")?,
        patience: patience(section)?,
        clock: clock(section)?,
        sessions: section.value::<String>("sessions").and_then(|word| Sessions::parse(&word))?,
        variables: section.value("variables").unwrap_or_default(),
    })
}

/// The hosts that are right; of the others it is said what is wrong.
fn login_hosts(section: &Section, problems: &mut Problems) -> Vec<String> {
    let written = section.value::<Vec<At<String>>>("login-hosts").unwrap_or_default();
    written.iter().filter_map(|at| checked("login-hosts", at, address::host, problems)).collect()
}

fn patience(section: &Section) -> Option<Patience> {
    let times = |key: &str| section.value::<u32>(key).and_then(|times| u8::try_from(times).ok());
    Some(Patience {
        login_lead: section.value("login-lead")?,
        settle: section.value("settle")?,
        verify_deadline: section.value("verify-deadline")?,
        grace: section.value("grace")?,
        answer: section.value("answer-timeout")?,
        max_submits: times("max-submits")?,
        max_logins: times("max-logins")?,
        armed_lead: section.value("armed-lead")?,
        lead_at_most: section.value("lead-at-most")?,
        lead_guard: section.value("lead-guard")?,
    })
}

/// What is submitted again after an absence that was read too soon may be booked twice.
fn too_short(settle: &At<SignedDuration>) -> Option<Problem> {
    if settle.value >= SHORTEST_SETTLE {
        return None;
    }
    let message = "`settle` is shorter than any site's work: a submit whose answer was lost can still be under way when the site's \
                   list is read, and the court is then booked twice";
    let help = "leave it out (15s), or write the longest time that the site may work on a submit, 1s at least";
    Some(settle.warning("short-settle", message).help(help))
}

fn clock(section: &Section) -> Option<ClockRule> {
    let follow = section.value::<String>("clock").and_then(|word| Follow::parse(&word))?;
    let give_up = section.value::<u32>("clock-give-up").and_then(|percent| u8::try_from(percent).ok())?;
    Some(ClockRule { follow, give_up })
}
