//! The processes that another process has started, and whether they are still alive.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use firstserve::clock::Stopwatch;

/// Everything below a process.
pub(crate) fn descendants(root: u32) -> BTreeSet<u32> {
    let mut found = BTreeSet::from([root]);
    loop {
        let more: BTreeSet<u32> =
            numbers().filter(|pid| parent_of(*pid).is_some_and(|parent| found.contains(&parent))).collect();
        let before = found.len();
        found.extend(more);
        if found.len() == before {
            found.remove(&root);
            return found;
        }
    }
}

/// Those that are alive still, when all have ended or the patience has.
pub(crate) fn alive_after(family: &BTreeSet<u32>, patience: Duration) -> Vec<u32> {
    let waiting = Stopwatch::start();
    loop {
        let left: Vec<u32> = family.iter().copied().filter(|pid| parent_of(*pid).is_some()).collect();
        if left.is_empty() || waiting.elapsed() >= patience {
            return left;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn numbers() -> impl Iterator<Item = u32> {
    let processes = std::fs::read_dir("/proc").expect("the system shows its processes");
    processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The parent of a process that is alive.
fn parent_of(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat")).ok()?;
    let mut words = stat.rsplit_once(')')?.1.split_whitespace();
    let state = words.next()?;
    (state != "Z").then(|| words.next()?.parse().ok()).flatten()
}
