//! Where and with what was measured.

use firstserve::browser::Engine;
use firstserve::clock::{Clock, SystemClock};
use serde::{Deserialize, Serialize};

use crate::club::Club;
use crate::figures::Figures;
use crate::machine::machine;
use crate::peers::Peers;
use crate::setting::Setting;
use crate::{floor, programs, table};

/// What stands above the tables.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct About {
    pub(crate) date: String,
    pub(crate) machine: String,
    pub(crate) versions: Vec<String>,
    pub(crate) idle_s: u64,
    pub(crate) lanes: usize,
    /// What the machine adds whoever fires: what, and its cells.
    pub(crate) floor: Vec<(String, String)>,
    /// Everybody, in the order of the tables.
    pub(crate) order: Vec<String>,
    /// Whether the counts are those of a whole run.
    pub(crate) whole: bool,
}

impl About {
    pub(crate) fn measure(setting: &Setting, club: &Club) -> anyhow::Result<Self> {
        let floor = floor::measure(club)?;
        let row = |what: &str, figures: &Figures| (what.to_owned(), table::cells(figures, 3));
        let everybody = setting.at_a_form.iter().chain(&setting.at_a_reload).chain(&setting.field);
        let mut order: Vec<String> = Vec::new();
        for id in everybody.map(|entrant| entrant.id()) {
            if !order.contains(&id) {
                order.push(id);
            }
        }
        Ok(Self {
            date: SystemClock.now().strftime("%F").to_string(),
            machine: machine(),
            versions: versions(),
            idle_s: setting.idle.as_secs(),
            lanes: setting.lanes,
            floor: vec![
                row("a held thread is released late by", &floor.hold),
                row("loopback request and answer", &floor.round_trip),
            ],
            order,
            whole: setting.is_whole(),
        })
    }
}

fn versions() -> Vec<String> {
    let browsers = [Engine::Firefox, Engine::Chromium].map(programs::browser).into_iter().flatten();
    let drivers = [Engine::Firefox, Engine::Chromium].map(programs::driver).into_iter().flatten();
    let programs = browsers.chain(drivers).map(|program| programs::version(&program));
    let short = programs
        .map(|version| version.split(" (").flat_map(|part| part.split(" built")).next().unwrap_or_default().to_owned());
    let thirtyfour = format!("thirtyfour {}", locked("thirtyfour"));
    short.chain(Peers::versions()).chain([thirtyfour]).collect()
}

/// The version of a package in Cargo.lock.
fn locked(package: &str) -> &'static str {
    let lock: &'static str = include_str!("../../Cargo.lock");
    let entry = lock.split("[[package]]").find(|entry| entry.contains(&format!("name = \"{package}\"\n")));
    let version = entry.and_then(|entry| entry.lines().find_map(|line| line.strip_prefix("version = ")));
    version.map_or("unknown", |version| version.trim_matches('"'))
}
