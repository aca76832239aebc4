//! The club's front desk: all that changes, behind one lock, for the pages, the API and the rivals alike.

use std::sync::{Mutex, MutexGuard};

use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::book::{Book, Booking, Reference};
use super::clock::ClubClock;
use super::counter::{Counter, Faults, LATE};
use super::court::Slot;
use super::fault::Fault;
use super::ledger::{Ledger, Submit};
use super::member::member;
use super::options::{Latency, Options, Shape};
use super::reply::Reply;
use super::session::{Session, Sessions};
use super::window::Window;

/// What every task of a running club shares.
#[derive(Debug)]
pub(crate) struct Club {
    pub(crate) clock: ClubClock,
    pub(crate) shutdown: CancellationToken,
    desk: Mutex<Desk>,
    restarts: watch::Sender<()>,
}

impl Club {
    /// A club that opens by its options, counted from now.
    pub(crate) fn new(options: &Options, shutdown: CancellationToken) -> Self {
        let clock = ClubClock::new(options.clock_offset);
        let desk = Mutex::new(Desk::new(options, clock.now()));
        Self { clock, shutdown, desk, restarts: watch::Sender::new(()) }
    }

    /// The desk, for as long as one decision takes.
    pub(crate) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().expect("no decision panics")
    }

    /// Starts anew: no bookings, no ledger, no sessions, and what `settings` name is set.
    pub(crate) fn reset(&self, settings: Settings) {
        let mut desk = self.desk();
        if let Some(offset) = settings.clock_offset {
            self.clock.set(offset);
        }
        desk.reset(settings, self.clock.now());
        drop(desk);
        self.restarts.send_replace(());
    }

    /// Tells when the club was started anew.
    pub(crate) fn restarts(&self) -> watch::Receiver<()> {
        self.restarts.subscribe()
    }

    /// The next turn of the club's day, when it really opens, and who races for it: how many, drawn from which seed.
    pub(crate) fn next_opening(&self) -> (Timestamp, Timestamp, u16, u64) {
        let desk = self.desk();
        let turn = desk.counter.window.next_turn(self.clock.now());
        let late = if desk.counter.faults.has(Fault::LateOpening) { LATE } else { SignedDuration::ZERO };
        (turn, turn.saturating_add(late).unwrap_or(turn), desk.rivals, desk.seed)
    }

    /// Books what a rival chooses, if there is something left.
    pub(crate) fn book_for_rival(
        &self,
        rival: &str,
        now: Timestamp,
        choose: impl FnOnce(&Window, &Book) -> Option<Slot>,
    ) {
        let mut desk = self.desk();
        let Counter { window, book, .. } = &mut desk.counter;
        if let Some(slot) = choose(window, book) {
            // A slot that is not open or no longer free is a race lost.
            let _ = book.submit(window, rival, slot, now);
        }
    }
}

/// What a reset sets; what is none stays as it was.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) opens_in: Option<SignedDuration>,
    pub(crate) shape: Option<Shape>,
    pub(crate) faults: Option<Vec<Fault>>,
    pub(crate) latency: Option<Latency>,
    pub(crate) clock_offset: Option<SignedDuration>,
    pub(crate) rivals: Option<u16>,
}

/// All that changes.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) counter: Counter,
    pub(crate) ledger: Ledger,
    pub(crate) shape: Shape,
    sessions: Sessions,
    latency: Latency,
    chance: StdRng,
    rivals: u16,
    seed: u64,
}

/// A submit as it stands in the form or in the JSON.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask<'a> {
    /// Its number in the ledger.
    pub(crate) seq: u64,
    /// When it began to arrive.
    pub(crate) now: Timestamp,
    /// The session's token, if it bears one.
    pub(crate) token: Option<&'a str>,
    /// The form's token; none for the API, which has no forms.
    pub(crate) csrf: Option<&'a str>,
    pub(crate) court: &'a str,
    pub(crate) date: &'a str,
    pub(crate) start: &'a str,
}

impl Desk {
    fn new(options: &Options, now: Timestamp) -> Self {
        let zone = options.time_zone.clone();
        let window = match options.opens_in {
            None => Window::at_midnight(zone),
            Some(wait) => Window::opening_in(zone, now, wait),
        };
        let faults = Faults::new(options.faults.iter().copied());
        Self {
            counter: Counter { window, book: Book::default(), faults },
            ledger: Ledger::default(),
            shape: options.shape,
            sessions: Sessions::default(),
            latency: options.latency,
            chance: StdRng::seed_from_u64(options.seed),
            rivals: options.rivals,
            seed: options.seed,
        }
    }

    fn reset(&mut self, settings: Settings, now: Timestamp) {
        self.counter.book = Book::default();
        self.counter.faults.renew();
        self.ledger.clear();
        self.sessions = Sessions::default();
        if let Some(wait) = settings.opens_in {
            self.counter.window = Window::opening_in(self.counter.window.zone().clone(), now, wait);
        }
        if let Some(faults) = settings.faults {
            self.counter.faults = Faults::new(faults);
        }
        self.shape = settings.shape.unwrap_or(self.shape);
        self.latency = settings.latency.unwrap_or(self.latency);
        self.rivals = settings.rivals.unwrap_or(self.rivals);
    }

    /// Whether a fault is set.
    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.counter.faults.has(fault)
    }

    /// How late the next answer goes out.
    pub(crate) fn draw_latency(&mut self) -> SignedDuration {
        let Latency { from, to } = self.latency;
        let spread = i64::try_from((to - from).as_micros()).unwrap_or(i64::MAX);
        from + SignedDuration::from_micros(self.chance.random_range(0..=spread))
    }

    /// Logs in; the token, or none.
    pub(crate) fn log_in(&mut self, seq: u64, user: &str, password: &str, now: Timestamp) -> Option<String> {
        let member = member(user, password).filter(|_| !self.has(Fault::LoginRefused))?;
        self.note_member(seq, member);
        Some(self.sessions.open(member, now))
    }

    /// Logs out.
    pub(crate) fn log_out(&mut self, token: &str) {
        self.sessions.close(token);
    }

    /// The session of a request's token; the ledger learns whose request it is.
    pub(crate) fn session(&mut self, seq: u64, token: Option<&str>, now: Timestamp) -> Option<Session> {
        let logout = self.has(Fault::Logout);
        let session = self.sessions.find(token?, now, &self.counter.window, logout)?.clone();
        self.note_member(seq, session.member);
        Some(session)
    }

    /// Decides a submit and writes it into the ledger.
    pub(crate) fn submit(&mut self, ask: Ask<'_>) -> Reply {
        let slot = Slot::parse(ask.court, ask.date, ask.start);
        let early = slot.is_some_and(|slot| ask.now < self.counter.window.opens(slot.court, slot.date));
        let reply = self.decide(ask, slot);
        if let Some(entry) = self.ledger.entry(ask.seq) {
            let [court, date, start] = [ask.court, ask.date, ask.start].map(str::to_owned);
            entry.submit = Some(Submit { court, date, start, answer: reply.as_str(), early });
        }
        reply
    }

    /// Gives a slot back; false where the member holds no such booking.
    pub(crate) fn cancel(&mut self, member: &str, reference: Reference) -> bool {
        self.counter.book.cancel(member, reference)
    }

    /// What a member's own list shows, by date and hour; with `double-list` every booking twice.
    pub(crate) fn listed(&self, member: &str) -> Vec<Booking> {
        let times = if self.has(Fault::DoubleList) { 2 } else { 1 };
        let held = self.counter.book.held_by(member);
        let mut listed: Vec<_> = held.flat_map(|booking| std::iter::repeat_n(booking.clone(), times)).collect();
        listed.sort_by_key(|booking| (booking.slot.date, booking.slot.hour, booking.reference));
        listed
    }

    /// Whether a form's token holds; one that is valid once is used up.
    pub(crate) fn accepts_csrf(&mut self, token: &str, session: &Session, csrf: &str) -> bool {
        let holds = session.csrf == csrf;
        if holds && self.has(Fault::CsrfRotates) {
            self.sessions.rotate_csrf(token);
        }
        holds
    }

    fn decide(&mut self, ask: Ask<'_>, slot: Option<Slot>) -> Reply {
        if self.counter.is_overwhelmed(ask.now) {
            return Reply::Unavailable;
        }
        let (Some(token), Some(session)) = (ask.token, self.session(ask.seq, ask.token, ask.now)) else {
            return Reply::LoginExpired;
        };
        if self.has(Fault::Captcha) || self.has(Fault::CaptchaAtSubmit) {
            return Reply::Captcha;
        }
        if ask.csrf.is_some_and(|csrf| !self.accepts_csrf(token, &session, csrf)) {
            return Reply::FormExpired;
        }
        self.counter.submit(session.member, slot, ask.now)
    }

    fn note_member(&mut self, seq: u64, member: &'static str) {
        if let Some(entry) = self.ledger.entry(seq) {
            entry.member = Some(member);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2027-07-08T12:00:00Z".parse().expect("a timestamp")
    }

    #[test]
    fn latency_is_drawn_within_its_bounds() {
        let ms = SignedDuration::from_millis;
        let options = Options { latency: Latency { from: ms(20), to: ms(60) }, ..Options::default() };
        let mut desk = Desk::new(&options, now());
        let drawn: Vec<_> = (0..200).map(|_| desk.draw_latency()).collect();
        assert!(drawn.iter().all(|late| (ms(20)..=ms(60)).contains(late)));
        assert!(drawn.iter().any(|late| *late < ms(30)) && drawn.iter().any(|late| *late > ms(50)), "spread out");
    }

    #[test]
    fn a_submit_in_flight_over_a_reset_books_nothing() {
        let mut desk = Desk::new(&Options::default(), now());
        let seq = desk.ledger.arrive("POST", "/api/bookings", now());
        let token = desk.log_in(seq, "ana", "ana-raqueta", now()).expect("the password is right");
        desk.reset(Settings::default(), now());
        let ask =
            Ask { seq, now: now(), token: Some(&token), csrf: None, court: "5", date: "2027-07-08", start: "17:00" };
        assert_eq!(desk.submit(ask), Reply::LoginExpired);
        assert_eq!(desk.ledger.entries().count(), 0);
    }
}
