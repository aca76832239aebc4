//! The threads that fire: few, for all shots of the process.
//!
//! A shot hands its loaded connection over shortly before its instant and gets it back when the request was written. One
//! thread spins for all of them, whether it is one or hundreds: as many spinning threads as shots would take the processor
//! from each other and from the answers. At the instant it does one write for each connection, in the order in which they were
//! handed over, and never waits for any: what a connection does not take at once is left to its own thread. So a shot is late
//! by the writes before it, about 10 to 20 µs each.
//!
//! A thread more is taken only for many shots, and never more than half of the processors: they come before everything else
//! on the machine while they spin ([`hurry`]), which is at most [`AHEAD`] for each instant. The limit is that of the machine: each
//! shot has a connection and a thread that sleeps, so that a thousand at one instant are as many as it is meant for. What is
//! absent: connecting, reading.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError, mpsc};

use jiff::{SignedDuration, Timestamp};

use super::connection::{Connection, Sent};
use super::urgent::hurry;
use crate::clock::Clock;

/// How long before the instant a firing thread is held. The clock itself spins for the last 15 ms of it.
const AHEAD: SignedDuration = SignedDuration::from_millis(16);

/// A shot whose instant is so long ago was slept over, with the whole machine.
const SLEPT_OVER: SignedDuration = SignedDuration::from_secs(10);

/// From this many shots that wait already, another thread is taken for the next.
const MANY: usize = 64;

/// More firing threads than this are of no use: the system's own work for each write is done one after the other.
const MOST_LANES: usize = 4;

/// A connection that is loaded, and its instant.
pub(super) struct Load {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) at: Timestamp,
    pub(super) connection: Connection,
    pub(super) called_off: Arc<AtomicBool>,
}

/// What became of a load.
pub(super) enum Fired {
    /// It was called off: nothing was sent.
    CalledOff,
    /// The machine slept over the instant: nothing was sent, and whether it is still wanted is for others to say.
    SleptOver,
    /// The server has closed the connection at the last moment: nothing was sent.
    Stale,
    /// It was written, or as much of it as the system took.
    Sent { connection: Connection, sent: Sent, woke_at: Timestamp, sent_at: Timestamp },
}

/// Fires at the load's instant, never before. Returns when all shots of that instant have been written.
pub(super) fn fire(mut load: Load) -> Fired {
    if load.connection.set_blocking(false).is_err() {
        return Fired::Stale;
    }
    let (back, fired) = mpsc::sync_channel(1);
    match BATTERY.take(load, back) {
        Ok(()) => fired.recv().unwrap_or(Fired::CalledOff),
        // No thread can be started: then this one does it, like all the others.
        Err(load) => {
            load.clock.hold_until(load.at);
            load.fire()
        }
    }
}

static BATTERY: LazyLock<Battery> = LazyLock::new(Battery::default);

/// Every firing thread of the process.
#[derive(Default)]
struct Battery {
    lanes: Mutex<Vec<Arc<Lane>>>,
}

/// One firing thread, and what it will fire.
struct Lane {
    clock: Arc<dyn Clock>,
    waiting: Mutex<Waiting>,
    bell: Condvar,
}

#[derive(Default)]
struct Waiting {
    loads: BTreeMap<(Timestamp, u64), (Load, Back)>,
    number: u64,
    /// The thread has ended, or will without looking again.
    over: bool,
}

type Back = mpsc::SyncSender<Fired>;

impl Battery {
    fn take(&self, load: Load, back: Back) -> Result<(), Load> {
        let mut lanes = locked(&self.lanes);
        lanes.retain(|lane| !locked(&lane.waiting).over);
        let same = lanes.iter().filter(|lane| Arc::ptr_eq(&lane.clock, &load.clock));
        let (count, least) = same.fold((0, None), |(count, least): (usize, Option<(usize, &Arc<Lane>)>), lane| {
            let waits = locked(&lane.waiting).loads.len();
            let fewer = least.is_none_or(|(fewest, _)| waits < fewest);
            (count + 1, if fewer { Some((waits, lane)) } else { least })
        });
        match least {
            Some((waits, lane)) if waits < MANY || count >= most_lanes() => match lane.push(load, back) {
                Ok(()) => Ok(()),
                Err((load, back)) => open_lane(&mut lanes, load, back),
            },
            _ => open_lane(&mut lanes, load, back),
        }
    }
}

fn open_lane(lanes: &mut Vec<Arc<Lane>>, load: Load, back: Back) -> Result<(), Load> {
    let lane = Arc::new(Lane { clock: Arc::clone(&load.clock), waiting: Mutex::default(), bell: Condvar::new() });
    let running = Arc::clone(&lane);
    // The thread ends at once where there is nothing to do, so the load is there before it.
    lane.push(load, back).ok().expect("nobody has ended a lane that has not begun");
    match std::thread::Builder::new().name("volley".to_owned()).spawn(move || running.run()) {
        Ok(_) => {
            lanes.push(lane);
            Ok(())
        }
        Err(_) => match locked(&lane.waiting).loads.pop_first() {
            Some((_, (load, _))) => Err(load),
            None => Ok(()),
        },
    }
}

impl Lane {
    /// Gives the load back where the thread has ended meanwhile.
    fn push(&self, load: Load, back: Back) -> Result<(), (Load, Back)> {
        let mut waiting = locked(&self.waiting);
        if waiting.over {
            return Err((load, back));
        }
        waiting.number += 1;
        let key = (load.at, waiting.number);
        waiting.loads.insert(key, (load, back));
        self.bell.notify_one();
        Ok(())
    }

    fn run(&self) {
        hurry();
        while let Some(loads) = self.due() {
            fire_together(&*self.clock, loads);
        }
    }

    /// Every load of the next instant, shortly before it; none: there is nothing to do.
    fn due(&self) -> Option<Vec<(Load, Back)>> {
        let mut waiting = locked(&self.waiting);
        let mut rested = false;
        while let Some(((at, _), _)) = waiting.loads.first_key_value() {
            let at = *at;
            let nap = at.duration_since(self.clock.now()) - AHEAD;
            if nap.is_positive() && !rested {
                let woken = self.bell.wait_timeout(waiting, nap.unsigned_abs());
                let (guard, ended) = woken.unwrap_or_else(PoisonError::into_inner);
                // A load that was handed over meanwhile may be due before; a clock that stands still is not waited for twice.
                (waiting, rested) = (guard, ended.timed_out());
                continue;
            }
            let later = waiting.loads.split_off(&(at, u64::MAX));
            let due = std::mem::replace(&mut waiting.loads, later);
            return Some(due.into_values().collect());
        }
        waiting.over = true;
        None
    }
}

/// Writes to all, and then tells all: whoever reads an answer must not take the processor from those who are still to come.
fn fire_together(clock: &dyn Clock, mut loads: Vec<(Load, Back)>) {
    let mut fired = Vec::with_capacity(loads.len());
    let Some(at) = loads.first().map(|(load, _)| load.at) else { return };
    for (load, _) in &mut loads {
        // Of no interest yet: what the last look needs is in memory then.
        let _ = load.connection.is_stale();
    }
    clock.hold_until(at);
    for (load, back) in loads {
        fired.push((load.fire(), back));
    }
    for (fired, back) in fired {
        // Whoever waited may have gone.
        let _ = back.send(fired);
    }
}

impl Load {
    /// One look and one write.
    fn fire(mut self) -> Fired {
        // Reached already; but never early is never early, whatever was sorted wrongly before.
        self.clock.hold_until(self.at);
        if self.called_off.load(Ordering::Acquire) {
            return Fired::CalledOff;
        }
        if self.clock.now().duration_since(self.at) > SLEPT_OVER {
            return Fired::SleptOver;
        }
        if self.connection.is_stale() {
            return Fired::Stale;
        }
        let woke_at = self.clock.now();
        let sent = self.connection.send();
        let sent_at = self.clock.now();
        Fired::Sent { connection: self.connection, sent, woke_at, sent_at }
    }
}

/// Half of the processors, at least one.
fn most_lanes() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    (cores / 2).clamp(1, MOST_LANES)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::TcpListener;
    use std::time::Duration;

    use super::*;
    use crate::browser::Trust;
    use crate::clock::SystemClock;

    /// A server that reads, and connections to it.
    fn connected(count: usize) -> (Vec<Connection>, Vec<std::net::TcpStream>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let tls = Trust::default().config().unwrap();
        (0..count)
            .map(|_| {
                let connection = Connection::open(&url, &tls, Duration::from_secs(5)).unwrap();
                (connection, listener.accept().unwrap().0)
            })
            .unzip()
    }

    fn load(clock: &Arc<dyn Clock>, at: Timestamp, mut connection: Connection) -> Load {
        connection.load(b"now").unwrap();
        Load { clock: Arc::clone(clock), at, connection, called_off: Arc::default() }
    }

    #[test]
    fn loads_of_different_instants_are_fired_in_order_and_none_early() {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let (connections, mut served) = connected(3);
        let start = clock.now() + Duration::from_millis(60);
        let instants = [9_u64, 0, 5].map(|ms| start + Duration::from_millis(ms));
        let fired: Vec<_> = connections
            .into_iter()
            .zip(instants)
            .map(|(connection, at)| {
                let load = load(&clock, at, connection);
                std::thread::spawn(move || fire(load))
            })
            .collect();
        for (fired, at) in fired.into_iter().zip(instants) {
            let Fired::Sent { sent, woke_at, sent_at, .. } = fired.join().unwrap() else { panic!("it was not sent") };
            assert!(matches!(sent, Sent::All) && woke_at >= at && sent_at >= woke_at);
        }
        for stream in &mut served {
            let mut said = [0; 3];
            stream.read_exact(&mut said).unwrap();
            assert_eq!(&said, b"now");
        }
    }

    #[test]
    fn what_was_called_off_or_closed_or_slept_over_is_not_sent() {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let (mut connections, mut served) = connected(2);
        let at = clock.now() + Duration::from_millis(30);
        let off = load(&clock, at, connections.pop().unwrap());
        off.called_off.store(true, Ordering::Release);
        assert!(matches!(fire(off), Fired::CalledOff));
        let closed = load(&clock, at, connections.pop().unwrap());
        drop(served.remove(0));
        std::thread::sleep(Duration::from_millis(5));
        assert!(matches!(fire(closed), Fired::Stale));
        let (mut connections, _served) = connected(2);
        let shortly = clock.now() - SLEPT_OVER + SignedDuration::from_secs(2);
        let late = load(&clock, shortly, connections.pop().unwrap());
        assert!(matches!(fire(late), Fired::Sent { .. }), "control: late is better than never");
        let slept_over =
            load(&clock, clock.now() - SLEPT_OVER - SignedDuration::from_secs(1), connections.pop().unwrap());
        assert!(matches!(fire(slept_over), Fired::SleptOver));
        served[0].set_nonblocking(true).unwrap();
        assert!(!matches!(served[0].read(&mut [0]), Ok(1..)), "nothing came");
    }
}
