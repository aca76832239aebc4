//! One run after another at one site: ask, take in, aim anew.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rustls::ClientConfig;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::axis::Axis;
use super::connection::{Answered, Connection, Method};
use super::{Budget, Limits, ProbeError, Reading};
use crate::browser::Trust;
use crate::clock::Clock;
use crate::timing::{Offset, Sample, SiteClock, Unclear};

/// How long connecting may take for each address, and an answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Questions without an answer after which a run gives up.
const FAILURES: u32 = 3;

/// Answers of a cache after which a run gives up.
const CACHED: u32 = 3;

/// Asks one site for its time.
pub struct Probe {
    url: Url,
    trust: Trust,
    method: Method,
    axis: Option<Axis>,
    site: SiteClock,
    budget: Budget,
    servers: Vec<String>,
    last: Option<Duration>,
}

/// What is counted during one run.
#[derive(Default)]
struct Count {
    asked: u32,
    failed: u32,
    cached: u32,
    undated: u32,
    /// The last trouble.
    why: Option<String>,
}

impl Count {
    fn may_go_on(&self, limits: &Limits) -> bool {
        self.asked < limits.requests && self.failed < FAILURES
    }

    fn trouble(&mut self, error: &std::io::Error) {
        self.failed += 1;
        self.why = Some(error.to_string());
    }
}

impl Probe {
    /// For a harmless address of a site.
    pub fn new(url: Url, trust: Trust) -> Self {
        Self {
            url,
            trust,
            method: Method::Head,
            axis: None,
            site: SiteClock::default(),
            budget: Budget::default(),
            servers: Vec::new(),
            last: None,
        }
    }

    /// How long ago the last run that told something ended; none: there was none.
    pub fn rested(&self, clock: &dyn Clock) -> Option<Duration> {
        self.last.map(|last| clock.uptime().saturating_sub(last))
    }

    /// Asks until the interval is as narrow as the way to the site allows, or a limit is reached. Blocks; what was learned in
    /// earlier runs is used, as far as it has not drifted away.
    ///
    /// # Errors
    /// See [`ProbeError`]. A contradiction is forgotten, so that the next run begins anew.
    pub fn run(&mut self, clock: &dyn Clock, limits: &Limits, stop: &CancellationToken) -> Result<Reading, ProbeError> {
        let tls = self.trust.config().map_err(|error| self.unreachable(&error))?;
        let axis = *self.axis.get_or_insert_with(|| Axis::new(clock));
        let mut count = Count::default();
        let mut connection = None;
        while !stop.is_cancelled() && count.may_go_on(limits) && self.budget.allows(clock.uptime()) {
            if let Err(error) = self.connect(&mut connection, &tls) {
                count.trouble(&error);
                continue;
            }
            let now = axis.now(clock);
            let Some(at) = self.site.next_question(now).filter(|at| self.may_ask(*at, now, clock, &axis, limits))
            else {
                break;
            };
            clock.hold_until(at + axis.to_wall(clock).0);
            match self.question(&mut connection, &tls, clock, &axis) {
                Ok(answered) => self.take_in(&answered, &mut count)?,
                Err(error) => count.trouble(&error),
            }
            count.asked += 1;
        }
        let reading = self.reading(clock, &axis, &count)?;
        if !stop.is_cancelled() {
            self.last = Some(clock.uptime());
        }
        Ok(reading)
    }

    /// Opens the connection where there is none, or none any more.
    fn connect(&self, connection: &mut Option<Connection>, tls: &Arc<ClientConfig>) -> std::io::Result<()> {
        if connection.as_mut().is_none_or(Connection::is_stale) {
            *connection = None;
            *connection = Some(Connection::open(&self.url, tls, PATIENCE)?);
        }
        Ok(())
    }

    /// Asks once. What was closed while we waited is opened anew: the answer then tells a little less.
    fn question(
        &mut self,
        connection: &mut Option<Connection>,
        tls: &Arc<ClientConfig>,
        clock: &dyn Clock,
        axis: &Axis,
    ) -> std::io::Result<Answered> {
        self.connect(connection, tls)?;
        let mut open = connection.take().expect("it was opened just now");
        self.budget.spend(clock.uptime());
        let answered = open.ask(&self.url, self.method, || axis.now(clock))?;
        *connection = answered.reusable.then_some(open);
        Ok(answered)
    }

    fn take_in(&mut self, answered: &Answered, count: &mut Count) -> Result<(), ProbeError> {
        let head = &answered.head;
        if head.is_unasked() {
            return Ok(());
        }
        let Some(date) = head.date() else {
            count.undated += 1;
            self.method = Method::Get;
            let tried = count.undated > 1;
            return if tried { Err(ProbeError::NoDate { url: self.url.to_string() }) } else { Ok(()) };
        };
        if head.is_cached() {
            count.cached += 1;
            let nothing_else = count.cached >= CACHED && self.site.round_trip().is_none();
            return if nothing_else { Err(ProbeError::Cached { url: self.url.to_string() }) } else { Ok(()) };
        }
        let server = head.server();
        if !self.servers.contains(&server) {
            self.servers.push(server);
        }
        self.site.add(Sample { sent: answered.sent, received: answered.received, date });
        Ok(())
    }

    /// Whether that is far enough before the opening, by whichever clock it comes first.
    fn may_ask(&self, at: Timestamp, now: Timestamp, clock: &dyn Clock, axis: &Axis, limits: &Limits) -> bool {
        let Some((opening, quiet)) = limits.quiet else { return true };
        let (to_wall, _) = axis.to_wall(clock);
        let opens = match self.site.offset(now) {
            Ok(offset) => offset.after_step(to_wall).possibly(opening).min(opening.shown()),
            Err(_) => opening.shown(),
        };
        at + to_wall < opens.saturating_sub(quiet).unwrap_or(Timestamp::MIN)
    }

    fn reading(&mut self, clock: &dyn Clock, axis: &Axis, count: &Count) -> Result<Reading, ProbeError> {
        let now = axis.now(clock);
        let offset = match self.site.offset(now) {
            Ok(offset) => offset,
            Err(Unclear::Unasked) => return Err(self.nothing(count)),
            Err(Unclear::Contradiction { gap }) => {
                self.site.forget();
                let servers = std::mem::take(&mut self.servers);
                return Err(ProbeError::Contradiction { url: self.url.to_string(), gap, servers });
            }
        };
        let (to_wall, doubt) = axis.to_wall(clock);
        Ok(Reading {
            offset: widened(&offset.after_step(to_wall), doubt),
            requests: count.asked,
            round_trip: self.site.round_trip().unwrap_or_default(),
            servers: self.servers.clone(),
            axis: Axis::new(clock),
        })
    }

    /// Why there is no answer at all.
    fn nothing(&self, count: &Count) -> ProbeError {
        match &count.why {
            Some(why) => self.unreachable(why),
            None => ProbeError::Enough { url: self.url.to_string() },
        }
    }

    fn unreachable(&self, why: &dyn std::fmt::Display) -> ProbeError {
        ProbeError::Unreachable { url: self.url.to_string(), why: why.to_string() }
    }
}

fn widened(offset: &Offset, by: SignedDuration) -> Offset {
    let (low, high) = (offset.low() - by, offset.high() + by);
    Offset::new(low, high, offset.estimate(), offset.measured_at()).expect("a wider interval holds the estimate")
}
