//! Processes that entrants have left behind, and their end.
//!
//! Drivers and browsers that outlive their script come to us, because we are their *subreaper*. Only what descends from this
//! process is ever ended.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, getpid, kill_process, set_child_subreaper, waitpid};

/// How long they may tidy up.
const GRACE: Duration = Duration::from_millis(1_500);

/// Between two looks.
const LOOK: Duration = Duration::from_millis(50);

/// From now on, what loses its parent comes to us.
pub(crate) fn adopt() -> anyhow::Result<()> {
    Ok(set_child_subreaper(Some(getpid()))?)
}

/// All that descends from this process.
pub(crate) fn ours() -> BTreeSet<i32> {
    below(getpid().as_raw_nonzero().get())
}

/// All that descends from a process.
pub(crate) fn below(root: i32) -> BTreeSet<i32> {
    let all: Vec<(i32, i32)> = processes().collect();
    let mut found = BTreeSet::from([root]);
    loop {
        let more: Vec<i32> = all.iter().filter(|(_, parent)| found.contains(parent)).map(|(pid, _)| *pid).collect();
        let before = found.len();
        found.extend(more);
        if found.len() == before {
            found.remove(&root);
            return found;
        }
    }
}

/// Ends those, first politely.
pub(crate) async fn end(these: &BTreeSet<i32>) {
    these.iter().for_each(|pid| send(*pid, Signal::TERM));
    for _ in 0..GRACE.as_millis() / LOOK.as_millis() {
        if these.is_disjoint(&ours()) {
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
    these.intersection(&ours()).for_each(|pid| send(*pid, Signal::KILL));
}

/// Ends everything that was started since `before` and is alive, when nobody is on the course.
pub(crate) async fn end_strays(before: &BTreeSet<i32>) {
    let strays: BTreeSet<i32> = ours().difference(before).copied().collect();
    if !strays.is_empty() {
        end(&strays).await;
    }
    // Whoever has lost its parent has us to be buried by; the entrants' own exits have been taken by now.
    while let Ok(Some(_)) = waitpid(None, WaitOptions::NOHANG) {}
}

fn send(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid) {
        // An error means that it has just ended, which is what we want.
        let _ = kill_process(pid, signal);
    }
}

/// Number and parent of every process.
fn processes() -> impl Iterator<Item = (i32, i32)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    numbers.filter_map(|pid| Some((pid, parent(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?)))
}

/// Reads `PID (NAME) STATE PARENT …`; a process that has ended has none.
fn parent(stat: &str) -> Option<i32> {
    let mut words = stat.rsplit_once(')')?.1.split_whitespace();
    let state = words.next()?;
    words.next()?.parse().ok().filter(|_| state != "Z" && state != "X")
}
