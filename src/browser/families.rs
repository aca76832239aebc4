//! Local browsers, written down before they are started: what a run that was killed has left is found and ended by the next.
//!
//! The guardian ends a family when we die. It can be killed as well, and then only its scratch folder is known: each has a
//! record in the data folder until its end is certain. A process is taken for one of a family only if it was started with that
//! very folder as its `TMPDIR`, in the same boot, and not before the one who guarded it: numbers of processes come round again.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::guard::{self, Started};
use super::scratch;

/// What tells one boot of the system from another.
const BOOT: &str = "/proc/sys/kernel/random/boot_id";

/// So many families are ended at once.
const AT_ONCE: usize = 32;

/// How the names of records end.
const RECORD: &str = "json";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Record {
    boot: String,
    /// The run that started it.
    owner: Started,
    /// None: it died before it could say.
    guardian: Option<Started>,
    folder: PathBuf,
}

/// A family that is written down.
#[derive(Debug)]
pub(super) struct Written {
    path: PathBuf,
    record: Record,
}

impl Written {
    /// Writes a family down that is about to be started in this scratch folder.
    pub(super) fn before(journal: &Path, folder: &Path) -> io::Result<Self> {
        let unknown = || io::Error::other("the system does not tell who we are");
        let owner = Started::of(rustix::process::getpid().as_raw_nonzero().get()).ok_or_else(unknown)?;
        let record = Record { boot: boot()?, owner, guardian: None, folder: folder.to_owned() };
        DirBuilder::new().recursive(true).mode(0o700).create(journal)?;
        let name = folder.file_name().ok_or_else(unknown)?;
        let written = Self { path: journal.join(name).with_extension(RECORD), record };
        written.write()?;
        Ok(written)
    }

    /// Adds who guards it.
    pub(super) fn guarded_by(&mut self, pid: Option<u32>) -> io::Result<()> {
        self.record.guardian = pid.and_then(|pid| Started::of(i32::try_from(pid).ok()?));
        self.write()
    }

    /// The record.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Its end is certain. The guardian may have said so already.
    pub(super) fn strike_out(&self) {
        if let Err(error) = fs::remove_file(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            // The next start looks for a family that is not there any more, which does no harm.
            tracing::warn!(%error, path = %self.path.display(), "the end of a browser was not written down");
        }
    }

    /// Whole or not at all: we can be killed at any moment.
    fn write(&self) -> io::Result<()> {
        let new = self.path.with_extension("new");
        let mut file = File::create(&new)?;
        file.write_all(&serde_json::to_vec(&self.record)?)?;
        // Or a power cut could leave a name without its text.
        file.sync_all()?;
        fs::rename(new, &self.path)
    }
}

/// Ends the browsers of runs that are dead, and wipes their scratch folders; those of runs that live are left alone. Takes
/// two seconds where a guardian stands still, for all of them together, and more only where something cannot be killed. What
/// could not be ended is told, and tried again the next time; a record that cannot be read is told and removed.
pub fn end_families_of_the_dead(journal: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(journal) else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    let records = paths.filter(|path| path.extension().is_some_and(|extension| extension == RECORD));
    let records: Vec<PathBuf> = records.collect();
    records.chunks(AT_ONCE).flat_map(end_at_once).collect()
}

/// One after the other they would take seconds each, and nothing is booked meanwhile.
fn end_at_once(records: &[PathBuf]) -> Vec<String> {
    let end = |path: &Path| end_if_dead(path).err().map(|why| format!("{}: {why}", path.display()));
    std::thread::scope(|scope| {
        let ending: Vec<_> = records.iter().map(|path| scope.spawn(move || end(path))).collect();
        let died = || Some("looking for a browser that was left died".to_owned());
        ending.into_iter().filter_map(|ending| ending.join().unwrap_or_else(|_| died())).collect()
    })
}

fn end_if_dead(path: &Path) -> Result<(), String> {
    let bytes = match fs::read(path) {
        // Its run has just ended it.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other.map_err(|error| error.to_string())?,
    };
    let record: Record = match serde_json::from_slice(&bytes) {
        Ok(record) => record,
        // It will not become readable: it is told once.
        Err(error) => {
            let removed =
                fs::remove_file(path).map_or_else(|error| format!("stays: {error}"), |()| "is removed".to_owned());
            return Err(format!("the record cannot be read and {removed}: {error}"));
        }
    };
    let same_boot = boot().is_ok_and(|boot| boot == record.boot);
    if same_boot && record.owner.is_alive() {
        return Ok(());
    }
    if same_boot {
        guard::end_orphans(record.guardian, record.owner, &record.folder)?;
    }
    if !guard::is_in_use(&record.folder) {
        wipe_own(&record.folder)?;
    }
    tracing::info!(folder = %record.folder.display(), "what a dead run left of a browser is gone");
    fs::remove_file(path).map_err(|error| error.to_string())
}

/// Only what looks like a scratch folder of ours is ever wiped.
fn wipe_own(folder: &Path) -> Result<(), String> {
    let found = match fs::symlink_metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other.map_err(|error| error.to_string())?,
    };
    if !(scratch::is_name_of_one(folder) && found.is_dir() && found.uid() == rustix::process::geteuid().as_raw()) {
        return Err(format!("{} is no scratch folder of ours and is left", folder.display()));
    }
    scratch::wipe(folder).map_err(|error| error.to_string())
}

fn boot() -> io::Result<String> {
    Ok(fs::read_to_string(BOOT)?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command};

    use super::*;

    /// A family of one, written down for a run that is dead.
    struct Left {
        journal: tempfile::TempDir,
        written: Written,
        child: Child,
    }

    impl Left {
        fn new() -> Self {
            let (journal, folder) = (tempfile::tempdir().unwrap(), scratch::make().unwrap());
            let mut written = Written::before(journal.path(), &folder).unwrap();
            let child = asleep(&folder);
            // Our own number at another time: it has come round again.
            written.record.owner.start -= 1;
            written.write().unwrap();
            Self { journal, written, child }
        }

        fn rewrite(&mut self, change: impl FnOnce(&mut Record)) {
            change(&mut self.written.record);
            self.written.write().unwrap();
        }

        /// Whether process, folder and record are there after a start.
        fn after_a_start(mut self) -> [bool; 3] {
            let told = end_families_of_the_dead(self.journal.path());
            assert_eq!(told, Vec::<String>::new());
            let lives = self.child.try_wait().unwrap().is_none();
            let there = [lives, self.written.record.folder.exists(), self.written.path.exists()];
            let _ = self.child.kill();
            self.child.wait().unwrap();
            scratch::wipe(&self.written.record.folder).unwrap();
            there
        }
    }

    fn asleep(folder: &Path) -> Child {
        Command::new("sleep").arg("60").env("TMPDIR", folder).spawn().unwrap()
    }

    #[test]
    fn the_family_of_a_dead_run_is_ended() {
        assert_eq!(Left::new().after_a_start(), [false, false, false]);
    }

    #[test]
    fn a_run_that_lives_keeps_its_family() {
        let mut left = Left::new();
        left.rewrite(|record| record.owner.start += 1);
        assert_eq!(left.after_a_start(), [true, true, true]);
    }

    #[test]
    fn a_process_of_before_the_family_or_of_another_boot_is_somebody_elses() {
        let mut left = Left::new();
        left.rewrite(|record| record.guardian = Some(Started { pid: i32::MAX, start: u64::MAX }));
        assert_eq!(left.after_a_start(), [true, true, false]);
        let mut left = Left::new();
        left.rewrite(|record| record.boot = "another".to_owned());
        assert_eq!(left.after_a_start(), [true, true, false]);
    }

    #[test]
    fn a_guardian_that_stands_still_is_killed_by_number_and_start() {
        let mut left = Left::new();
        let mut guardian = Command::new("sleep").arg("60").spawn().unwrap();
        let pid = i32::try_from(guardian.id()).unwrap();
        let started = Started::of(pid).unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_child(&guardian), rustix::process::Signal::STOP)
            .unwrap();
        let mut other = Left::new();
        other.rewrite(|record| record.guardian = Some(Started { start: started.start - 1, ..started }));
        assert_eq!(other.after_a_start(), [false, false, false]);
        assert!(guardian.try_wait().unwrap().is_none(), "the number alone is not enough");
        left.rewrite(|record| record.guardian = Some(started));
        left.child.kill().unwrap();
        left.child.wait().unwrap();
        left.child = asleep(&left.written.record.folder);
        assert_eq!(left.after_a_start(), [false, false, false]);
        assert!(!guardian.wait().unwrap().success());
    }

    /// As many as a household has open at once, each with a guardian that does not come to an end by itself.
    #[test]
    fn many_families_take_no_longer_than_one() {
        let journal = tempfile::tempdir().unwrap();
        let mut guardians: Vec<Child> = (0..8).map(|_| Command::new("sleep").arg("60").spawn().unwrap()).collect();
        let folders: Vec<PathBuf> = (0..8).map(|_| scratch::make().unwrap()).collect();
        for (guardian, folder) in guardians.iter().zip(&folders) {
            let pid = rustix::process::Pid::from_child(guardian);
            rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
            let mut written = Written::before(journal.path(), folder).unwrap();
            written.record.owner.start -= 1;
            written.guarded_by(Some(guardian.id())).unwrap();
        }
        let (tell, told) = std::sync::mpsc::channel();
        let path = journal.path().to_owned();
        std::thread::spawn(move || tell.send(end_families_of_the_dead(&path)).unwrap());
        let told = told.recv_timeout(std::time::Duration::from_secs(8));
        for guardian in &mut guardians {
            let _ = guardian.kill();
            guardian.wait().unwrap();
        }
        assert_eq!(told.expect("two seconds for each would be sixteen"), Vec::<String>::new());
        assert!(folders.iter().all(|folder| !folder.exists()));
    }

    #[test]
    fn what_is_no_scratch_folder_is_never_wiped() {
        let mut left = Left::new();
        let home = tempfile::tempdir().unwrap();
        let scratch = std::mem::replace(&mut left.written.record.folder, home.path().to_owned());
        left.written.write().unwrap();
        let told = end_families_of_the_dead(left.journal.path());
        assert!(told[0].contains("no scratch folder of ours"), "{told:?}");
        assert!(home.path().exists());
        left.rewrite(|record| record.folder = scratch);
        let _ = left.after_a_start();
    }

    #[test]
    fn a_record_that_cannot_be_read_is_told() {
        let journal = tempfile::tempdir().unwrap();
        fs::write(journal.path().join("fs-1.json"), "{").unwrap();
        assert_eq!(end_families_of_the_dead(journal.path()).len(), 1);
        assert!(end_families_of_the_dead(journal.path()).is_empty(), "once");
        assert!(end_families_of_the_dead(&journal.path().join("none")).is_empty());
    }
}
