//! Everything that descends from a process, and its end.

use std::collections::HashMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

/// How long a process may tidy up before it is killed.
const GRACE: Duration = Duration::from_millis(1500);

/// How long the guardian of a dead run may take: it was to begin when its run died, and what it leaves undone is done for it.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How long killing is tried: a process can fork while it is looked for.
const KILLING: Duration = Duration::from_secs(5);

/// Words of a process's line that stand between its parent and its start.
const BETWEEN_PARENT_AND_START: usize = 17;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// Ends every descendant of `root`, which is this process, first politely. Gives those that are alive nevertheless.
pub(super) fn end(root: i32) -> Vec<i32> {
    let family = || {
        super::reap();
        descendants(root, &processes())
    };
    let left = until_gone(family, GRACE, Signal::TERM, false);
    if left.is_empty() { left } else { until_gone(family, KILLING, Signal::KILL, true) }
}

/// Kills every process that was started with this folder as its `TMPDIR`, not before `since` (ticks of the system since its
/// boot): a family whose guardian is dead. Gives those that are alive nevertheless.
pub(super) fn kill_those_of(folder: &Path, since: u64) -> Vec<i32> {
    let bears_it = bearing(folder);
    let is_one = |process: &Process| process.start >= since && bears_it(process);
    let family = || processes().into_iter().filter(|p| !p.ended).filter(is_one).map(|p| p.pid).collect();
    until_gone(family, KILLING, Signal::KILL, true)
}

/// Whether a process is alive that was started with this folder as its `TMPDIR`.
pub(super) fn is_in_use(folder: &Path) -> bool {
    processes().iter().filter(|p| !p.ended).any(bearing(folder))
}

/// Gives a guardian the time that it needs to do its work, and kills it then. Gives it back when it is alive nevertheless.
pub(super) fn outlast(guardian: Started) -> Vec<i32> {
    let alive = || guardian.is_alive().then_some(guardian.pid).into_iter().collect();
    let left = until_gone(alive, LAST_WORDS, Signal::TERM, false);
    if left.is_empty() { left } else { until_gone(alive, KILLING, Signal::KILL, true) }
}

/// A process for all time: its number, and when it started in ticks of the system since its boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(in crate::browser) struct Started {
    pub(in crate::browser) pid: i32,
    pub(in crate::browser) start: u64,
}

impl Started {
    /// Of a process that is alive.
    pub(in crate::browser) fn of(pid: i32) -> Option<Self> {
        let process = look_at(pid).filter(|process| !process.ended)?;
        Some(Self { pid, start: process.start })
    }

    /// Whether it still is.
    pub(in crate::browser) fn is_alive(self) -> bool {
        Self::of(self.pid) == Some(self)
    }
}

fn bearing(folder: &Path) -> impl Fn(&Process) -> bool {
    let mut mark = b"TMPDIR=".to_vec();
    mark.extend_from_slice(folder.as_os_str().as_bytes());
    move |process| {
        let environment = fs::read(format!("/proc/{}/environ", process.pid)).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == mark)
    }
}

fn until_gone(family: impl Fn() -> Vec<i32>, patience: Duration, signal: Signal, again: bool) -> Vec<i32> {
    let mut left = Vec::new();
    for look in 0..patience.as_millis() / LOOK.as_millis() {
        left = family();
        if left.is_empty() {
            break;
        }
        if look == 0 || again {
            left.iter().for_each(|pid| send(*pid, signal));
        }
        sleep(LOOK);
    }
    left
}

fn send(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid) {
        // An error means that it has just ended, which is what we want.
        let _ = kill_process(pid, signal);
    }
}

/// A process as the system lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Process {
    pid: i32,
    parent: i32,
    ended: bool,
    start: u64,
}

fn processes() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let numbers = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    numbers.filter_map(look_at).collect()
}

fn look_at(pid: i32) -> Option<Process> {
    parse(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Reads `PID (NAME) STATE PARENT …`, where the 22nd is the start; the name may hold anything, brackets and spaces too.
fn parse(pid: i32, stat: &str) -> Option<Process> {
    let mut words = stat.rsplit_once(')')?.1.split_whitespace();
    let state = words.next()?;
    let parent = words.next()?.parse().ok()?;
    let start = words.nth(BETWEEN_PARENT_AND_START)?.parse().ok()?;
    Some(Process { pid, parent, ended: state == "Z" || state == "X", start })
}

/// Those that are alive, children before grandchildren.
fn descendants(root: i32, all: &[Process]) -> Vec<i32> {
    let mut children: HashMap<i32, Vec<Process>> = HashMap::new();
    for process in all {
        children.entry(process.parent).or_default().push(*process);
    }
    let mut found = Vec::new();
    let mut next = vec![root];
    while let Some(parent) = next.pop() {
        for child in children.remove(&parent).unwrap_or_default() {
            next.push(child.pid);
            if !child.ended {
                found.push(child.pid);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: i32, parent: i32) -> Process {
        Process { pid, parent, ended: false, start: 9 }
    }

    #[test]
    fn a_name_with_brackets_does_not_hide_the_parent() {
        let stat = "4242 (Web) R 1 (Content) S 4200 4242 4200 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 9 4096 77";
        assert_eq!(parse(4242, stat), Some(process(4242, 4200)));
        let ended = parse(7, "7 (sh) Z 3 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 9 0 0").unwrap();
        assert!(ended.ended);
    }

    #[test]
    fn grandchildren_belong_to_the_family_and_strangers_do_not() {
        let all = [process(10, 1), process(11, 10), process(12, 11), process(20, 1), process(21, 20)];
        let mut found = descendants(10, &all);
        found.sort_unstable();
        assert_eq!(found, [11, 12]);
    }

    #[test]
    fn the_living_child_of_an_ended_one_is_found() {
        let ended = Process { ended: true, ..process(11, 10) };
        assert_eq!(descendants(10, &[ended, process(12, 11)]), [12]);
    }

    #[test]
    fn a_family_without_a_guardian_is_known_by_its_folder() {
        let folder = Path::new("/tmp/fs-test-of-a-family");
        let start = |folder: &str| std::process::Command::new("sleep").arg("60").env("TMPDIR", folder).spawn().unwrap();
        let (mut ours, mut other) = (start("/tmp/fs-test-of-a-family"), start("/tmp/fs-test-of-a-family-2"));
        assert_eq!(kill_those_of(folder, 0), Vec::<i32>::new());
        assert!(!ours.wait().unwrap().success());
        assert!(other.try_wait().unwrap().is_none(), "a longer name is another folder");
        other.kill().unwrap();
        other.wait().unwrap();
    }

    #[test]
    fn this_very_process_is_listed() {
        let me = i32::try_from(std::process::id()).unwrap();
        assert!(processes().iter().any(|process| process.pid == me && !process.ended));
    }
}
