//! The shot's thread: connect, keep warm, hold, write once, read, tell.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rustls::ClientConfig;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::connection::{Connection, Sent};
use super::prepared::Prepared;
use super::{Landed, Plan, ShotError};
use crate::clock::{Clock, Stopwatch};

/// The connection is opened no earlier than this before the instant.
const OPEN: SignedDuration = SignedDuration::from_secs(30);

/// A server that does not keep connections alive is connected to this long before.
const OPEN_LATE: SignedDuration = SignedDuration::from_secs(1);

/// How often the connection is used while it waits: many servers close it after 5 s.
const KEEP_WARM: Duration = Duration::from_secs(4);

/// Nothing is sent on it any more from this long before the instant.
const QUIET: SignedDuration = SignedDuration::from_millis(700);

/// The last look at the connection while there is time to open another.
const LAST_LOOK: SignedDuration = SignedDuration::from_millis(200);

/// Between two looks at the time and at whether it has been called off.
const LOOK: Duration = Duration::from_millis(50);

/// How long connecting may take, for each address.
const CONNECT: Duration = Duration::from_secs(3);

/// How long the answer to the harmless request is waited for.
const WARMING: Duration = Duration::from_millis(500);

type Tell = oneshot::Sender<Result<Landed, ShotError>>;

/// Fires the plan at `at` and tells what came of it.
pub(super) fn run(clock: &dyn Clock, at: Timestamp, plan: &Plan, tell: Tell) {
    let shot = Shot::new(plan);
    let fired = match shot {
        Ok(mut shot) => match shot.wait(clock, at, &tell) {
            Some(()) => shot.fire(clock, at, &tell),
            None => return,
        },
        Err(why) => Some(Err(ShotError::NotSent { why })),
    };
    if let Some(fired) = fired {
        // Whoever gave the order may have gone meanwhile.
        let _ = tell.send(fired);
    }
}

struct Shot<'a> {
    plan: &'a Plan,
    request: Zeroizing<Vec<u8>>,
    warming: Option<Prepared>,
    tls: Arc<ClientConfig>,
    connection: Option<Connection>,
    used: Stopwatch,
    keeps_alive: bool,
}

impl<'a> Shot<'a> {
    fn new(plan: &'a Plan) -> Result<Self, String> {
        let user_agent = plan.prepared.header("user-agent").unwrap_or_default();
        let warming = plan.warm_with.clone().filter(|url| url.origin() == plan.prepared.url().origin());
        let warming =
            warming.map(|url| Prepared::head(url, user_agent)).transpose().map_err(|error| error.to_string())?;
        Ok(Self {
            plan,
            request: plan.prepared.to_bytes(),
            warming,
            tls: plan.trust.config().map_err(|error| error.to_string())?,
            connection: None,
            used: Stopwatch::start(),
            keeps_alive: true,
        })
    }

    /// Keeps a warm connection until shortly before; `None` when it was called off.
    fn wait(&mut self, clock: &dyn Clock, at: Timestamp, tell: &Tell) -> Option<()> {
        loop {
            if tell.is_closed() {
                return None;
            }
            let left = at.duration_since(clock.now());
            if left <= LAST_LOOK {
                return Some(());
            }
            if left <= if self.keeps_alive { OPEN } else { OPEN_LATE } {
                self.look_after(left > QUIET);
            }
            let left = at.duration_since(clock.now()) - LAST_LOOK;
            if left.is_positive() {
                std::thread::sleep(left.unsigned_abs().min(LOOK));
            }
        }
    }

    /// Opens the connection when there is none, and uses it when it has rested too long.
    fn look_after(&mut self, may_warm: bool) {
        if self.connection.as_mut().is_some_and(Connection::is_stale) {
            self.connection = None;
        }
        let fresh = self.connection.is_none();
        if fresh {
            // A server that is not there now may be there at the instant.
            self.connection = self.open().ok();
        }
        if may_warm && self.keeps_alive && (fresh || self.used.elapsed() >= KEEP_WARM) {
            self.warm();
        }
    }

    fn open(&mut self) -> std::io::Result<Connection> {
        self.used = Stopwatch::start();
        Connection::open(self.plan.prepared.url(), &self.tls, CONNECT)
    }

    fn warm(&mut self) {
        let (Some(connection), Some(warming)) = (&mut self.connection, &self.warming) else { return };
        self.used = Stopwatch::start();
        let sent = connection.load(&warming.to_bytes()).is_ok() && matches!(connection.send(), Sent::All);
        let reply = if sent { connection.receive(warming.url(), true, WARMING).ok() } else { None };
        // A connection that is not in order now is replaced at the next look, and one that the server will close is not used.
        if !reply.as_ref().is_some_and(|reply| reply.keeps_alive) {
            self.connection = None;
            self.keeps_alive = reply.is_none();
        }
    }

    /// Holds until the instant and fires; `None` when it was called off.
    fn fire(&mut self, clock: &dyn Clock, at: Timestamp, tell: &Tell) -> Option<Result<Landed, ShotError>> {
        let mut connection = match self.loaded(None) {
            Ok(connection) => connection,
            Err(why) => return Some(Err(ShotError::NotSent { why })),
        };
        clock.hold_until(at);
        if tell.is_closed() {
            return None;
        }
        let woke_at = clock.now();
        if connection.is_stale() {
            // Closed within the last moments and nothing written: late is better than lost.
            connection = match self.loaded(Some(connection)) {
                Ok(connection) => connection,
                Err(why) => return Some(Err(ShotError::NotSent { why })),
            };
        }
        let sent = connection.send();
        let sent_at = clock.now();
        Some(match sent {
            Sent::All => self.receive(connection, clock, woke_at, sent_at),
            Sent::Nothing(error) => Err(ShotError::NotSent { why: error.to_string() }),
            Sent::Part(error) => Err(ShotError::Unknown { why: error.to_string(), woke_at, sent_at }),
        })
    }

    /// A connection with the request loaded: the warm one, unless it is `closed` or has gone stale.
    fn loaded(&mut self, closed: Option<Connection>) -> Result<Connection, String> {
        drop(closed);
        let warm = self.connection.take().and_then(|mut warm| (!warm.is_stale()).then_some(warm));
        let mut connection = match warm {
            Some(warm) => warm,
            None => self.open().map_err(|error| format!("connect to {}: {error}", authority(self.plan)))?,
        };
        connection.load(&self.request).map_err(|error| error.to_string())?;
        Ok(connection)
    }

    fn receive(
        &self,
        mut connection: Connection,
        clock: &dyn Clock,
        woke_at: Timestamp,
        sent_at: Timestamp,
    ) -> Result<Landed, ShotError> {
        let prepared = &self.plan.prepared;
        match connection.receive(prepared.url(), prepared.method() == "HEAD", self.plan.answer) {
            Ok(reply) => Ok(Landed { woke_at, sent_at, returned_at: clock.now(), reply }),
            Err(error) => Err(ShotError::Unknown { why: error.to_string(), woke_at, sent_at }),
        }
    }
}

fn authority(plan: &Plan) -> &str {
    plan.prepared.url().authority()
}
