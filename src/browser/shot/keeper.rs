//! A shot's own thread: connects, keeps the connection warm and looks whether the server has closed it, until it is handed
//! over to be fired (see [`super::volley`]).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rustls::ClientConfig;
use url::Url;
use zeroize::Zeroizing;

use super::ShotError;
use super::connection::{Connection, Sent, is_unfit};
use super::prepared::Prepared;
use super::volley::{self, Fired, Load};
use crate::browser::Trust;
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

/// When a shot is fired, and whether it still is.
pub(super) struct Order {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) at: Timestamp,
    pub(super) called_off: Arc<AtomicBool>,
}

/// A request that was written, whole, or as much of it as could be.
pub(super) struct Shot {
    pub(super) connection: Connection,
    pub(super) sent: Sent,
    pub(super) woke_at: Timestamp,
    pub(super) sent_at: Timestamp,
}

/// One connection to one host.
pub(super) struct Keeper {
    url: Url,
    first: Zeroizing<Vec<u8>>,
    warming: Option<Prepared>,
    tls: Arc<ClientConfig>,
    connection: Option<Connection>,
    used: Stopwatch,
    keeps_alive: bool,
}

impl Keeper {
    /// A keeper for a request; nothing is opened yet. `warm_with` is a harmless address of the same host.
    pub(super) fn new(first: &Prepared, warm_with: Option<&Url>, trust: &Trust) -> Result<Self, ShotError> {
        let not_sent = |why: String| ShotError::NotSent { why };
        let user_agent = first.header("user-agent").unwrap_or_default();
        let warm_with = warm_with.filter(|url| url.origin() == first.url().origin());
        let warming = warm_with.map(|url| Prepared::head(url.clone(), user_agent)).transpose();
        Ok(Self {
            url: first.url().clone(),
            first: first.to_bytes(),
            warming: warming.map_err(|error| not_sent(error.to_string()))?,
            tls: trust.config().map_err(|error| not_sent(error.to_string()))?,
            connection: None,
            used: Stopwatch::start(),
            keeps_alive: true,
        })
    }

    /// Keeps a warm connection until the instant, and fires; none when it was called off.
    ///
    /// `last` is done in the last quiet moments, with the connection open.
    pub(super) fn fire(&mut self, order: &Order, last: impl FnOnce()) -> Option<Result<Shot, ShotError>> {
        self.wait(order, QUIET)?;
        last();
        self.wait(order, LAST_LOOK)?;
        self.shoot(order).transpose()
    }

    /// A fresh connection, or the one that was kept.
    pub(super) fn connection(&mut self) -> Result<Connection, ShotError> {
        let warm = self.connection.take().and_then(|mut warm| (!warm.is_stale()).then_some(warm));
        match warm {
            Some(warm) => Ok(warm),
            None => self.open().map_err(|error| {
                let why = format!("connect to {}: {error}", self.url.authority());
                if is_unfit(&error) { ShotError::Unfit { why } } else { ShotError::NotSent { why } }
            }),
        }
    }

    /// Keeps a connection for the next request.
    pub(super) fn keep(&mut self, connection: Connection) {
        self.connection = Some(connection);
    }

    fn wait(&mut self, order: &Order, until: SignedDuration) -> Option<()> {
        loop {
            if order.is_off() {
                return None;
            }
            let left = order.left();
            if left <= until {
                return Some(());
            }
            if left <= if self.keeps_alive { OPEN } else { OPEN_LATE } {
                self.look_after(left > QUIET);
            }
            let left = order.left() - until;
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
        Connection::open(&self.url, &self.tls, CONNECT)
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

    fn shoot(&mut self, order: &Order) -> Result<Option<Shot>, ShotError> {
        let fired = volley::fire(self.loaded(order)?);
        let fired = match fired {
            // Closed within the last moments and nothing written: late is better than lost.
            Fired::Stale => volley::fire(self.loaded(order)?),
            fired => fired,
        };
        match fired {
            Fired::CalledOff => Ok(None),
            Fired::SleptOver => Err(ShotError::NotSent { why: "the machine slept over the instant".to_owned() }),
            Fired::Stale => {
                Err(ShotError::NotSent { why: format!("{} closes every connection at once", self.url.authority()) })
            }
            Fired::Sent { connection, sent, woke_at, sent_at } => {
                Ok(Some(Shot { connection, sent, woke_at, sent_at }.finished(&*order.clock)))
            }
        }
    }

    fn loaded(&mut self, order: &Order) -> Result<Load, ShotError> {
        let mut connection = self.connection()?;
        connection.load(&self.first).map_err(|error| ShotError::NotSent { why: error.to_string() })?;
        Ok(Load {
            clock: Arc::clone(&order.clock),
            at: order.at,
            connection,
            called_off: Arc::clone(&order.called_off),
        })
    }
}

impl Shot {
    /// Sends what the system did not take at once; reading waits from now on.
    fn finished(mut self, clock: &dyn Clock) -> Self {
        let unblocked = self.connection.set_blocking(true);
        if matches!(self.sent, Sent::Later) {
            self.sent = match unblocked {
                Ok(()) => self.connection.send(),
                Err(error) => Sent::Part(error),
            };
            self.sent_at = clock.now();
        }
        self
    }

    /// The connection that everything was sent on.
    pub(super) fn whole(self) -> Result<Self, ShotError> {
        let (woke_at, sent_at) = (self.woke_at, self.sent_at);
        match self.sent {
            Sent::All => Ok(self),
            Sent::Nothing(error) => Err(ShotError::NotSent { why: error.to_string() }),
            Sent::Part(error) => Err(ShotError::Unknown { why: error.to_string(), woke_at, sent_at }),
            Sent::Later => Err(ShotError::Unknown { why: "the system did not take it".to_owned(), woke_at, sent_at }),
        }
    }
}

impl Order {
    fn left(&self) -> SignedDuration {
        self.at.duration_since(self.clock.now())
    }

    fn is_off(&self) -> bool {
        self.called_off.load(Ordering::Acquire)
    }
}
