//! Notices that the configuration has changed, and loads it again.
//!
//! The *folders* are watched, because editors and orchestrators replace files instead of writing into them. What the
//! operating system says is only a hint: what counts is the content's hash, read twice with a quiet moment between, and
//! read every two seconds in any case. So a half-written file is waited for, a missed event is made good, and a file that
//! was touched but not changed is no news. Whether a broken file matters is the receiver's decision.
//!
//! ```text
//!  folders ──events──▶ ┌────────┐   Reload (latest wins)
//!  every 2 s ────────▶ │ thread │ ───────────────────────▶ receiver
//!  reload_now() ─────▶ └────────┘
//! ```

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

use crate::clock::{Clock, Stopwatch};

use super::environment::Environment;
use super::load::{Loaded, Zones, fingerprint, load};

/// How the watcher keeps time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How long nothing may change before the content counts as written.
    pub quiet: Duration,
    /// How long a file that keeps changing is waited for.
    pub patience: Duration,
    /// How often the content is compared without any event.
    pub poll: Duration,
    /// Whether the operating system is asked for events at all.
    pub events: bool,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            quiet: Duration::from_millis(120),
            patience: Duration::from_millis(1200),
            poll: Duration::from_secs(2),
            events: true,
        }
    }
}

/// A configuration that was read again.
#[derive(Clone, Debug)]
pub struct Reload {
    /// Why.
    pub reason: Reason,
    /// What came of it; `config` is none when the file is wrong.
    pub loaded: Loaded,
}

/// Why a configuration was read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The content is different from the one told last.
    Changed,
    /// Somebody asked ([`Watcher::reload_now`]); the content may be the same.
    Asked,
}

/// Watches for as long as it lives.
#[derive(Debug)]
pub struct Watcher {
    signals: Sender<Signal>,
}

impl Watcher {
    /// Loads at once and tells the result, changed or not.
    pub fn reload_now(&self) {
        // The thread ends only with this guard, or when nobody listens any more.
        let _ = self.signals.send(Signal::Reload);
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let _ = self.signals.send(Signal::Stop);
    }
}

/// Watches the file at `path` and the selector folders it names, starting from what was `loaded` already. Each new content
/// is told once; when the receiver is slow, the latest one wins.
pub fn watch(
    path: PathBuf,
    environment: Environment,
    zones: Arc<Zones>,
    clock: Arc<dyn Clock>,
    loaded: &Loaded,
    pace: Pace,
) -> (Watcher, mpsc::Receiver<Reload>) {
    let (signals, inbox) = channel();
    let (outbox, reloads) = mpsc::channel(1);
    let (hash, folders) = (loaded.hash.clone(), loaded.folders.clone());
    let events = signals.clone();
    let state = State { path, environment, zones, clock, pace, inbox, outbox, hash, folders, unsent: None, eyes: None };
    thread::Builder::new()
        .name("config-watch".to_owned())
        .spawn(move || state.run(&events))
        .expect("a thread can be started when the program starts");
    (Watcher { signals }, reloads)
}

/// What the thread is told.
#[derive(Debug)]
enum Signal {
    Event,
    Reload,
    Stop,
}

impl Signal {
    fn heard(&self) -> Heard {
        match self {
            Self::Event => Heard::Event,
            Self::Reload => Heard::Reload,
            Self::Stop => Heard::Stop,
        }
    }
}

/// What the thread has heard; of several the greatest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Heard {
    Nothing,
    Event,
    Reload,
    Stop,
}

/// What the thread does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// Nothing: the content is the one told last.
    Rest,
    /// Load, for that reason.
    Load(Reason),
    /// End.
    Stop,
}

struct State {
    path: PathBuf,
    environment: Environment,
    zones: Arc<Zones>,
    clock: Arc<dyn Clock>,
    pace: Pace,
    inbox: Receiver<Signal>,
    outbox: mpsc::Sender<Reload>,
    /// Of the content told last.
    hash: String,
    /// The folders that it named.
    folders: Vec<PathBuf>,
    /// What the receiver had no room for yet.
    unsent: Option<Reload>,
    eyes: Option<RecommendedWatcher>,
}

impl State {
    fn run(mut self, events: &Sender<Signal>) {
        self.open_eyes(events);
        // What has changed since the caller loaded is found at once.
        let _ = events.send(Signal::Event);
        while !self.outbox.is_closed() {
            match self.next() {
                Next::Stop => return,
                Next::Rest => {}
                Next::Load(reason) => {
                    if self.load(reason) {
                        // The folders may be others now, or new ones under the old names.
                        self.open_eyes(events);
                    }
                }
            }
            self.send();
        }
    }

    /// Sleeps until something may have happened, and then until the content stands still.
    fn next(&self) -> Next {
        let nap = if self.unsent.is_some() { self.pace.quiet } else { self.pace.poll };
        match self.hear(nap) {
            Heard::Stop => Next::Stop,
            Heard::Reload => Next::Load(Reason::Asked),
            Heard::Event | Heard::Nothing => self.settle(),
        }
    }

    /// Waits until two readings with a quiet moment between agree, or patience is at its end.
    fn settle(&self) -> Next {
        let since = Stopwatch::start();
        let mut before = self.fingerprint();
        while before != self.hash && since.elapsed() < self.pace.patience {
            let heard = self.hear(self.pace.quiet);
            let after = self.fingerprint();
            match heard {
                Heard::Stop => return Next::Stop,
                Heard::Reload => return Next::Load(Reason::Asked),
                Heard::Nothing if after == before => break,
                Heard::Nothing | Heard::Event => before = after,
            }
        }
        if before == self.hash { Next::Rest } else { Next::Load(Reason::Changed) }
    }

    /// Waits for a signal; whatever else is in the box by then counts as the same one.
    fn hear(&self, patience: Duration) -> Heard {
        let mut heard = match self.inbox.recv_timeout(patience) {
            Ok(signal) => signal.heard(),
            Err(RecvTimeoutError::Timeout) => return Heard::Nothing,
            Err(RecvTimeoutError::Disconnected) => return Heard::Stop,
        };
        while let Ok(signal) = self.inbox.try_recv() {
            heard = heard.max(signal.heard());
        }
        heard
    }

    /// Loads; false when it is no news after all.
    fn load(&mut self, reason: Reason) -> bool {
        let loaded = load(&self.path, &self.environment, &*self.zones, self.clock.now());
        if reason == Reason::Changed && loaded.hash == self.hash {
            return false;
        }
        self.hash.clone_from(&loaded.hash);
        self.folders.clone_from(&loaded.folders);
        self.unsent = Some(Reload { reason, loaded });
        true
    }

    fn send(&mut self) {
        if let Some(reload) = self.unsent.take()
            && let Err(mpsc::error::TrySendError::Full(reload)) = self.outbox.try_send(reload)
        {
            self.unsent = Some(reload);
        }
    }

    fn fingerprint(&self) -> String {
        fingerprint(&self.path, &self.folders)
    }

    /// Asks the operating system for events of every folder that matters. What cannot be watched is polled.
    fn open_eyes(&mut self, events: &Sender<Signal>) {
        let opened = self.pace.events.then(|| self.new_eyes(events.clone())).and_then(Result::ok);
        // The old ones close only now, so that nothing is missed between.
        drop(std::mem::replace(&mut self.eyes, opened));
    }

    fn new_eyes(&self, events: Sender<Signal>) -> notify::Result<RecommendedWatcher> {
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|event| is_change(event.kind)) {
                // Nobody hears it when the thread has ended.
                let _ = events.send(Signal::Event);
            }
        })?;
        for (folder, mode) in self.watched() {
            // A folder that is not there yet appears in its parent; any other is polled.
            let _ = watcher.watch(&folder, mode);
        }
        Ok(watcher)
    }

    /// The folder of the file, the folder of the file that a link leads to, and the selector folders with their parents
    /// (which see them come and go).
    fn watched(&self) -> Vec<(PathBuf, RecursiveMode)> {
        let mut watched = vec![(parent(&self.path), RecursiveMode::NonRecursive)];
        if let Ok(real) = self.path.canonicalize() {
            watched.push((parent(&real), RecursiveMode::NonRecursive));
        }
        for folder in &self.folders {
            watched.push((parent(folder), RecursiveMode::NonRecursive));
            watched.push((folder.clone(), RecursiveMode::Recursive));
        }
        watched.dedup();
        watched
    }
}

fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => PathBuf::from("."),
        Some(parent) => parent.to_owned(),
        None => path.to_owned(),
    }
}

/// Reading is no change, and we read ourselves.
fn is_change(kind: EventKind) -> bool {
    !matches!(kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write))
}
