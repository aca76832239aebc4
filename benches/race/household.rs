//! firstserve as a user has it: configuration, selector files and a vault in a folder, and `firstserve book`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use firstserve::browser::Engine;
use firstserve::model::Secret;
use firstserve::vault::{Credentials, Vault};
use jiff::tz::TimeZone;
use tempfile::TempDir;
use tokio::process::Command;

use crate::entrant::Mode;
use crate::job::Job;
use crate::programs::FIRSTSERVE;

/// The club's zone.
const ZONE: &str = "America/Costa_Rica";

/// The name of the booking.
const BOOKING: &str = "race";

/// Settings of the surroundings that are not this booking's.
const THEIRS: [&str; 3] = ["FIRSTSERVE_", "DATABASE_URL", "LOG_LEVEL"];

/// Settings that say where programs are; they hold.
const PROGRAMS: &str = "FIRSTSERVE_BROWSER_";

/// The folder of one booking; it is removed with this.
pub(crate) struct Household(TempDir);

impl Household {
    pub(crate) fn build(job: &Job, mode: Mode, engine: Engine) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("firstserve-race-").tempdir()?;
        let flow = if job.shape == "reload" { "club-reload" } else { "club" };
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("selectors").join(flow);
        copy(&shipped, &folder.path().join("selectors/club"))?;
        let commit = folder.path().join("selectors/club/commit.toml");
        fs::write(&commit, with_mode(&fs::read_to_string(&commit)?, mode))?;
        fs::create_dir_all(folder.path().join("config"))?;
        fs::write(folder.path().join("config/booking.toml"), booking_toml(job, mode, engine)?)?;
        keep_credentials(folder.path(), job)?;
        Ok(Self(folder))
    }

    /// `firstserve book`: it logs in at once and waits for the opening.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(FIRSTSERVE);
        command.arg("--config").arg(self.0.path().join("config/booking.toml"));
        command.args(["--json", "book", BOOKING]);
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if THEIRS.iter().any(|theirs| name.starts_with(theirs)) && !name.starts_with(PROGRAMS) {
                command.env_remove(&*name);
            }
        }
        command
    }
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("failed to read {}", from.display()))? {
        let entry = entry?;
        let target: PathBuf = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// commit.toml with `send` and `opening` as the mode has them.
fn with_mode(commit: &str, mode: Mode) -> String {
    let kept = commit.lines().filter(|line| !line.starts_with("send") && !line.starts_with("opening"));
    let send = format!("send = \"{}\"", mode.send);
    let opening = mode.opening.map(|opening| format!("opening = \"{opening}\""));
    [send].into_iter().chain(opening).chain(kept.map(str::to_owned)).map(|line| line + "\n").collect()
}

fn booking_toml(job: &Job, mode: Mode, engine: Engine) -> anyhow::Result<String> {
    let opening = job.at()?.to_zoned(TimeZone::get(ZONE)?).datetime();
    let date: jiff::civil::Date = job.date.parse()?;
    let before = opening.date().until(date)?.get_days();
    let (at, user) = (opening.time().strftime("%H:%M:%S"), &job.user);
    let (engine, fire, url, court, start) = (engine.as_str(), mode.fire, &job.url, &job.court, &job.start);
    Ok(format!(
        "[server]\ndatabase = \"sqlite://data/race.db\"\ndata = \"data\"\n\n[vault]\nidentity = \"identity\"\n\n\
         [browser]\nengine = \"{engine}\"\n\n\
         [site.club]\nurl = \"{url}\"\ntime-zone = \"{ZONE}\"\nflow = \"selectors/club\"\n\
         slot-label = \"De {{start:%I:%M %p}} a {{end:%I:%M %p}}\"\nfire = \"{fire}\"\nlogin-lead = \"10m\"\nsettle = \"5s\"\n\n\
         [site.club.court.1]\nsite-id = \"{court}\"\nopens = {{ days-before = {before}, at = \"{at}\" }}\n\n\
         [member.{user}]\nsite = \"club\"\nvault = \"club/{user}\"\n\n\
         [[booking]]\nname = \"{BOOKING}\"\nmember = \"{user}\"\ncourts = [\"1\"]\ndate = {date}\ntimes = [\"{start}\"]\n"
    ))
}

fn keep_credentials(folder: &Path, job: &Job) -> anyhow::Result<()> {
    let (identity, data) = (folder.join("identity"), folder.join("data"));
    Vault::init(&data, &identity)?;
    let credentials = Credentials { user: job.user.clone(), password: Secret::new(job.password.as_str()) };
    Ok(Vault::open(&data, &identity)?.set(&format!("club/{}", job.user), &credentials)?)
}
