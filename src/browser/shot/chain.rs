//! The opening steps and the commit as a chain of requests on one connection (see [`crate::flow::chain`]).
//!
//! The first request is fired like any other shot; its answers are read, and the next ones sent, by the shot's own thread.
//! Before the commit everything is reversible, so a page is asked for again where its connection was closed before an answer;
//! a form is not. The commit is sent once.

use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use super::connection::{Connection, Sent};
use super::keeper::{Keeper, Order, Shot};
use super::prepared::{PrepareError, Prepared, Visitor};
use super::reply::{ReadError, Reply};
use super::urgent::hurry;
use super::{Landed, ShotError, land, on_own_thread};
use crate::browser::Trust;
use crate::clock::Stopwatch;
use crate::flow::chain::{Ask, Chain, Fetched, Leave, Next};
use crate::model::Answer;

/// More redirects than a booking site needs, for one page.
const MOST_REDIRECTS: usize = 10;

/// A chain and everything that is needed to send it.
#[derive(Clone)]
pub struct ChainPlan {
    /// Steps and commit.
    pub chain: Chain,
    /// Who sends.
    pub visitor: Visitor,
    /// Whom the TLS connection believes.
    pub trust: Trust,
    /// A harmless address of the same host, asked (`HEAD`, without cookies) to warm the connection; none: it is only opened.
    pub warm_with: Option<Url>,
    /// How long each answer is waited for, and all the answers before the commit together.
    pub answer: Duration,
}

/// How a chain ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Chained {
    /// The commit was sent and answered.
    Landed(Landed),
    /// The site said one of its outcomes on the way; the commit was not sent.
    Says(Answer),
    /// It needs a live page; the commit was not sent.
    Left(Leave),
    /// Some request got no answer. [`ShotError::Unknown`] only where that is the commit.
    Failed(ShotError),
}

/// What a chain did.
#[derive(Clone, Debug)]
pub struct Run {
    /// How it ended.
    pub end: Chained,
    /// When the first request was released; none where it was not sent.
    pub woke_at: Option<Timestamp>,
    /// Places of the steps that were done, and how long each took.
    pub steps: Vec<(String, Duration)>,
    /// Who sent, with the cookies that the answers have set.
    pub visitor: Visitor,
}

/// Does the planned chain once `clock` shows `at`: its first request is prepared and its connection opened before. Until the
/// instant, dropping the future calls it off; from then on it does not.
pub async fn chain_at(clock: std::sync::Arc<dyn crate::clock::Clock>, at: Timestamp, plan: ChainPlan) -> Run {
    let visitor = plan.visitor.clone();
    let run = on_own_thread(clock, at, move |order| Runner::run(order, plan)).await;
    let failed = |error| Run { end: Chained::Failed(error), woke_at: None, steps: Vec::new(), visitor };
    match run {
        Ok(Some(run)) => run,
        Err(why) => failed(ShotError::NotSent { why }),
        // The thread answers whatever happens; should it panic nevertheless, nothing is known.
        Ok(None) => failed(ShotError::Unknown { why: "its thread has ended".to_owned(), woke_at: at, sent_at: at }),
    }
}

struct Runner<'a> {
    order: &'a Order,
    chain: Chain,
    visitor: Visitor,
    answer: Duration,
    keeper: Keeper,
    used: Stopwatch,
    step: Stopwatch,
    steps: Vec<(String, Duration)>,
}

impl<'a> Runner<'a> {
    /// None: it was called off.
    fn run(order: &'a Order, plan: ChainPlan) -> Option<Run> {
        let ChainPlan { mut chain, visitor, trust, warm_with, answer } = plan;
        let first = match first(&mut chain, &visitor, order.clock.now()) {
            Ok(first) => first,
            Err(end) => return Some(Run { end: *end, woke_at: None, steps: Vec::new(), visitor }),
        };
        let keeper = match Keeper::new(&first, warm_with.as_ref(), &trust) {
            Ok(keeper) => keeper,
            Err(error) => return Some(Run { end: Chained::Failed(error), woke_at: None, steps: Vec::new(), visitor }),
        };
        let (used, step) = (Stopwatch::start(), Stopwatch::start());
        let mut runner = Self { order, chain, visitor, answer, keeper, used, step, steps: Vec::new() };
        let warm = runner.chain.clone();
        let shot = runner.keeper.fire(order, || {
            warm.warm_up();
            hurry();
        })?;
        (runner.used, runner.step) = (Stopwatch::start(), Stopwatch::start());
        let woke_at = shot.as_ref().ok().map(|shot| shot.woke_at);
        let end = match shot.and_then(Shot::whole) {
            Ok(shot) => runner.follow(shot, &first).unwrap_or_else(Chained::Failed),
            // A page that was perhaps asked for is no commit.
            Err(ShotError::Unknown { why, .. }) => Chained::Failed(ShotError::NotSent { why }),
            Err(error) => Chained::Failed(error),
        };
        Some(Run { end, woke_at, steps: runner.steps, visitor: runner.visitor })
    }

    /// From the first request, which is written, to the end.
    fn follow(&mut self, shot: Shot, first: &Prepared) -> Result<Chained, ShotError> {
        let woke_at = shot.woke_at;
        let reply = self.first_answer(shot.connection, first)?;
        self.take(reply, first.clone())?;
        loop {
            let next = self.chain.proceed();
            self.note();
            match next {
                Next::Fetch(ask) => {
                    let request = self.prepare(&ask)?;
                    let reply = self.exchange(&request)?;
                    self.take(reply, request)?;
                }
                Next::Pause(time) => std::thread::sleep(time),
                Next::Says(answer) => return Ok(Chained::Says(answer)),
                Next::Leave(leave) => return Ok(Chained::Left(leave)),
                Next::Commit(ask) => return self.commit(&ask, woke_at).map(Chained::Landed),
            }
            if self.used.elapsed() >= self.answer {
                return Err(not_sent("the steps took too long"));
            }
        }
    }

    /// A page that was asked for on a connection that the server was about to close is asked for again.
    fn first_answer(&mut self, connection: Connection, first: &Prepared) -> Result<Reply, ShotError> {
        match self.receive(connection, first) {
            Err(ReadError::Closed) => self.exchange(first),
            answer => answer.map_err(|error| not_sent(&error.to_string())),
        }
    }

    fn exchange(&mut self, request: &Prepared) -> Result<Reply, ShotError> {
        let can_be_repeated = request.method() == "GET";
        match self.try_exchange(request)? {
            Err(ReadError::Closed) if can_be_repeated => {
                self.try_exchange(request)?.map_err(|error| not_sent(&error.to_string()))
            }
            answer => answer.map_err(|error| not_sent(&error.to_string())),
        }
    }

    fn try_exchange(&mut self, request: &Prepared) -> Result<Result<Reply, ReadError>, ShotError> {
        let mut connection = self.keeper.connection()?;
        connection.load(&request.to_bytes()).map_err(|error| not_sent(&error.to_string()))?;
        match connection.send() {
            Sent::All => Ok(self.receive(connection, request)),
            Sent::Nothing(error) | Sent::Part(error) => Err(not_sent(&error.to_string())),
            Sent::Later => Err(not_sent("the system did not take it")),
        }
    }

    fn receive(&mut self, mut connection: Connection, request: &Prepared) -> Result<Reply, ReadError> {
        let left = self.answer.saturating_sub(self.used.elapsed());
        let reply = connection.receive(request.url(), false, left)?;
        if reply.keeps_alive {
            self.keeper.keep(connection);
        }
        Ok(reply)
    }

    /// Follows redirects, as a browser does, and gives the last answer to the chain.
    fn take(&mut self, reply: Reply, request: Prepared) -> Result<(), ShotError> {
        let (mut reply, mut request) = (reply, request);
        let mut redirected = false;
        for _ in 0..=MOST_REDIRECTS {
            let now = self.order.clock.now();
            self.visitor.jar.update(&reply.url, reply.all("set-cookie"), now);
            let Some(to) = redirect(&reply)? else {
                self.give(&reply, redirected);
                return Ok(());
            };
            if to.origin() != reply.url.origin() {
                return Err(not_sent(&format!("{} is on another origin", to.origin().ascii_serialization())));
            }
            let again = request.redirected(to, reply.status, &self.visitor, now);
            request = again.map_err(|error| not_sent(&error.to_string()))?;
            reply = self.exchange(&request)?;
            redirected = true;
        }
        Err(not_sent(&format!("more than {MOST_REDIRECTS} redirects")))
    }

    fn give(&mut self, reply: &Reply, redirected: bool) {
        self.chain.take(&Fetched {
            url: &reply.url,
            redirected,
            status: reply.status,
            content_type: reply.header("content-type"),
            body: &reply.body,
        });
    }

    fn prepare(&self, ask: &Ask) -> Result<Prepared, ShotError> {
        prepared(ask, &self.visitor, self.order.clock.now()).map_err(|error| not_sent(&error.to_string()))
    }

    /// The one request that is not reversible.
    fn commit(&mut self, ask: &Ask, woke_at: Timestamp) -> Result<Landed, ShotError> {
        let request = self.prepare(ask)?;
        let mut connection = self.keeper.connection()?;
        connection.load(&request.to_bytes()).map_err(|error| not_sent(&error.to_string()))?;
        let sent = connection.send();
        let shot = Shot { connection, sent, woke_at, sent_at: self.order.clock.now() };
        land(shot.whole()?, self.order, &request, self.answer)
    }

    /// Keeps the places of the steps that have just been done.
    fn note(&mut self) {
        let took = self.step.elapsed();
        let done = self.chain.done();
        if !done.is_empty() {
            self.step = Stopwatch::start();
        }
        self.steps
            .extend(done.into_iter().enumerate().map(|(n, place)| (place, if n == 0 { took } else { Duration::ZERO })));
    }
}

/// The first request: it depends on no answer.
fn first(chain: &mut Chain, visitor: &Visitor, now: Timestamp) -> Result<Prepared, Box<Chained>> {
    let end = match chain.proceed() {
        Next::Fetch(ask) => match prepared(&ask, visitor, now) {
            Ok(first) => return Ok(first),
            Err(error) => Chained::Failed(not_sent(&error.to_string())),
        },
        Next::Leave(leave) => Chained::Left(leave),
        Next::Says(answer) => Chained::Says(answer),
        Next::Commit(_) | Next::Pause(_) => Chained::Failed(not_sent("a chain begins with a request for a page")),
    };
    Err(Box::new(end))
}

fn prepared(ask: &Ask, visitor: &Visitor, now: Timestamp) -> Result<Prepared, PrepareError> {
    match ask {
        Ask::Get { url, from } => Prepared::get(url.clone(), from.as_ref(), visitor, now),
        Ask::Form(form) => Prepared::of_form(form, visitor, now),
        Ask::Request(request) => Prepared::of_request(request, visitor, now),
    }
}

/// Where an answer leads; none: it is the page itself.
fn redirect(reply: &Reply) -> Result<Option<Url>, ShotError> {
    if reply.header("content-encoding").is_some_and(|packed| !packed.trim().eq_ignore_ascii_case("identity")) {
        return Err(not_sent("the answer is packed although that was not asked for"));
    }
    let location = matches!(reply.status, 301 | 302 | 303 | 307 | 308).then(|| reply.header("location")).flatten();
    let to = location.map(|location| reply.url.join(location).map_err(|error| not_sent(&error.to_string())));
    to.transpose()
}

fn not_sent(why: &str) -> ShotError {
    ShotError::NotSent { why: why.to_owned() }
}
