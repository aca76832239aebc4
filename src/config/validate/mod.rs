//! From written to valid: the checks that need more than the description of the keys.
//!
//! One file per table. Every check pushes its problems and goes on; a [`Config`] comes out only when there was no error.

mod address;
mod booking;
mod browser;
mod court;
mod log;
mod mail;
mod member;
mod names;
mod overlap;
mod path;
mod rule;
mod selectors;
mod server;
mod site;
mod together;
mod zone;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;

use crate::model::Secret;
use crate::report::Problem;

use super::raw::{Raw, Section};
use super::valid::{Config, Vault};
pub(super) use path::Paths;
pub(super) use selectors::Folder;

/// What the checks know beside the file.
#[derive(Debug)]
pub(super) struct World<'a> {
    /// How written paths are resolved.
    pub(super) paths: &'a Paths,
    /// The zones that exist.
    pub(super) zones: &'a TimeZoneDatabase,
    /// What is past.
    pub(super) now: Timestamp,
    /// The selector folders that were read, by resolved path.
    pub(super) folders: &'a BTreeMap<PathBuf, Folder>,
    /// The hash of everything that was read.
    pub(super) hash: &'a str,
    /// The file, as it was named.
    pub(super) path: &'a Path,
    /// The file's own text.
    pub(super) text: &'a str,
}

/// Collects problems while the checks go on.
pub(super) type Problems = Vec<Problem>;

/// Checks everything. What comes out beside errors is what could be made of the rest: nobody may act on it.
pub(super) fn validate(raw: Raw, world: &World<'_>) -> (Option<Config>, Problems) {
    let Raw { root, mut problems, sound } = raw;
    // What seems to be wrong behind a broken form may not be.
    let mut unsure = Problems::new();
    let config = config(&root, world, if sound { &mut problems } else { &mut unsure });
    (config, problems)
}

/// The resolved folders of selector files that the file names, whether or not the rest of it is right.
pub(super) fn flow_folders(raw: &Raw, paths: &Paths) -> Vec<PathBuf> {
    let sites = raw.root.named("site").iter();
    let mut folders: Vec<_> =
        sites.filter_map(|(_, site)| site.value::<String>("flow")).map(|flow| paths.resolve(&flow)).collect();
    folders.sort();
    folders.dedup();
    folders
}

/// The configured folder of time zone data, which is needed before the rest can be checked.
pub(super) fn zoneinfo(raw: &Raw, paths: &Paths) -> Option<PathBuf> {
    path(raw.root.table("time")?, "zoneinfo", paths)
}

/// The address of the database, whether or not the rest of the file is right.
pub(super) fn database(raw: &Raw, paths: &Paths) -> Option<Secret> {
    server::database_of(raw.root.table("server")?, paths)
}

fn config(root: &Section, world: &World<'_>, problems: &mut Problems) -> Option<Config> {
    let table = |key: &str| root.table(key).expect("tables of the program are filled in when they are left out");
    let server = server::server(table("server"), world.paths, problems);
    let browser = browser::browser(table("browser"), world.paths, problems);
    let mail = mail::mail(table("mail"), problems);
    let sites = site::sites(root, world, problems);
    let members = member::members(root, &sites, problems);
    let bookings = booking::bookings(root, &sites, &members, world, problems);
    let (server, browser, sites) = (server?, browser?, sites);
    let (selectors, flows, sites) = (sites.selectors(), sites.flows(), sites.valid());
    problems.extend(browser::leaves_time(table("browser"), &browser, &sites));
    Some(Config {
        browser,
        vault: vault(table("vault"), world.paths),
        mail,
        log: log::log(table("log"), &server.data, world.paths)?,
        zoneinfo: path(table("time"), "zoneinfo", world.paths),
        selectors,
        flows,
        sites,
        members: members.valid(),
        bookings,
        hash: world.hash.to_owned(),
        path: world.path.to_owned(),
        text: world.text.to_owned(),
        server,
    })
}

fn vault(section: &Section, paths: &Paths) -> Vault {
    Vault { identity: path(section, "identity", paths) }
}

/// A path, resolved.
fn path(section: &Section, key: &str, paths: &Paths) -> Option<PathBuf> {
    section.value::<String>(key).map(|written| paths.resolve(&written))
}
