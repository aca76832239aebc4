//! Who acts at a simulated club, in place of a browser: the same events, out of the same order of steps, in no real time.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

use super::chance::Chance;
use super::club::Slot;
use super::control::Control;
use super::label::Label;
use super::mishap::{Mishap, Place};
use super::ticket::Ticket;
use super::world::World;
use crate::clock::Clock;
use crate::engine::Parts;
use crate::engine::What;
use crate::engine::crew::{Crew, Rhythm};
use crate::engine::errand::Errand;
use crate::engine::lock::{AccountLocks, Pressed, Turn};
use crate::engine::perform::Performer;
use crate::engine::report::Reporter;
use crate::flow::Flow;
use crate::model::{Answer, Attempt, AttemptId, ClockRule, FireMode, Follow, Site};
use crate::store::{Mark, Store};
use crate::timing::{Event, Hold, Listing, Staging, Trouble};

/// How often the plan is worked out anew, and the least often that the supervisor looks round: a year has many hours, and the
/// plan reaches weeks ahead.
const REPLAN: SignedDuration = SignedDuration::from_hours(24);

/// Events between two looks at them: a whole plan may become due at once.
const EVENTS: usize = 32_768;

/// How late the control is that dawdles.
const DAWDLING: SignedDuration = SignedDuration::from_secs(2);

/// The way of the control that is early: nothing hides it.
const SHORTEST_WAY: SignedDuration = SignedDuration::from_micros(200);

/// One in so many attempts meets the controls that are wrong now and then only.
const NOW_AND_THEN: u64 = 10;

/// Sends somebody to the simulated clubs.
pub(super) struct SimCrew(pub(super) Arc<World>);

impl Crew for SimCrew {
    type Hands = SimHands;

    fn hands(
        &self,
        errand: Errand,
        attempt: &Attempt,
        parts: &Parts,
        reporter: Reporter,
        locks: AccountLocks,
    ) -> SimHands {
        let (label, world) = (Label::from(attempt), Arc::clone(&self.0));
        let wanted: Vec<Slot> = errand.choices.iter().map(Slot::from).collect();
        world.lock().record.wanted.insert(label.clone(), (errand.site.id.clone(), wanted));
        let clock = Arc::clone(&parts.clock);
        let turn = Turn::new(&errand, attempt, &locks, Arc::clone(&clock), reporter.clone());
        let (attempt, store) = (attempt.id.clone(), parts.store.clone());
        SimHands {
            errand,
            attempt,
            store,
            label,
            world,
            clock,
            reporter,
            turn,
            session: false,
            marks: Vec::new(),
            logins: 0,
            refused: false,
        }
    }

    /// The simulated clubs live by the simulated clock; the real ones are not asked.
    fn clock_rule(&self, site: &Site) -> ClockRule {
        ClockRule { follow: Follow::Own, ..site.clock }
    }

    fn rhythm(&self) -> Rhythm {
        Rhythm { replan: REPLAN, pulse: REPLAN.unsigned_abs(), events: EVENTS }
    }
}

/// Serves one attempt at a simulated club.
pub(super) struct SimHands {
    errand: Errand,
    attempt: AttemptId,
    store: Store,
    label: Label,
    world: Arc<World>,
    clock: Arc<dyn Clock>,
    reporter: Reporter,
    turn: Turn,
    session: bool,
    marks: Vec<(Mark, Timestamp)>,
    logins: u8,
    /// The last submit was refused: what the control believes.
    refused: bool,
}

impl SimHands {
    /// Something takes its time; whoever is dead by then does not come back from it.
    async fn takes(&self, span: Duration) {
        self.clock.sleep_for(span).await;
        self.world.alive().await;
    }

    fn is_down(&self) -> bool {
        let down = self.world.is_down(&self.errand.site.id, self.clock.now());
        if down {
            self.world.met(&self.label, Mishap::Outage);
        }
        down
    }

    fn is_odd_one(&self) -> bool {
        self.world.chance(&format!("odd/{}", self.label)).below(NOW_AND_THEN) == 0
    }

    async fn try_stage(&mut self, choice: usize, from: Staging) -> Result<Listing, Trouble> {
        if from != Staging::LogIn {
            if !self.session {
                return Err(Trouble::Answer(Answer::LoginExpired));
            }
            let (mut chance, _) = self.world.visit(&self.label, Place::Staged);
            self.takes(chance.millis(100, 700)).await;
            return self.is_gone(choice);
        }
        let mut chance = self.log_in(false).await?;
        let listing = self.list().await.map_err(Trouble::Unreachable)?;
        if listing != Listing::Absent {
            return Ok(listing);
        }
        self.takes(chance.millis(300, 2_500)).await;
        Ok(Listing::Absent)
    }

    /// Whether the site's page shows that a choice can be had no more.
    fn is_gone(&self, choice: usize) -> Result<Listing, Trouble> {
        let slot = Slot::from(&self.errand.choices[choice]);
        let inner = self.world.lock();
        let now = self.clock.now();
        let free = self.world.is_free_for(&inner, &self.errand.site.id, &self.label.member, &slot, now);
        drop(inner);
        if free {
            return Ok(Listing::Absent);
        }
        self.world.lock().record.hindered.insert(self.label.clone());
        Err(Trouble::Answer(Answer::Taken))
    }

    /// A fresh session, logged in. The old one is ended first.
    async fn log_in(&mut self, verifies: bool) -> Result<Chance, Trouble> {
        self.session = false;
        let asked = self.clock.now();
        let taken = self.turn.take(verifies).await;
        self.world.alive().await;
        if self.clock.now() > asked {
            self.world.lock().record.hindered.insert(self.label.clone());
        }
        taken.map_err(Trouble::Account)?;
        if self.world.is_control(Control::Hangs) && self.is_odd_one() {
            std::future::pending::<()>().await;
        }
        let (mut chance, mishap) = self.world.visit(&self.label, Place::Login);
        self.takes(chance.millis(1_500, 8_000)).await;
        if self.is_down() {
            return Err(Trouble::Unreachable("the connection is refused".to_owned()));
        }
        // A browser that does not start and a page that does not load send no credentials.
        if mishap.is_none_or(|mishap| matches!(mishap, Mishap::LoginRefused | Mishap::LoggedOut)) {
            let noted = self.store.note_log_in(&self.attempt, verifies, self.clock.now()).await;
            noted.map_err(|error| Trouble::Browser(format!("the log-in could not be written down: {error}")))?;
            self.world.alive().await;
            self.logins = self.logins.saturating_add(1);
        }
        if let Some(mishap) = mishap {
            self.world.met(&self.label, mishap);
            return Err(trouble(mishap));
        }
        self.session = true;
        Ok(chance)
    }

    /// The site's list, compared with every choice.
    async fn list(&mut self) -> Result<Listing, String> {
        let (mut chance, mishap) = self.world.visit(&self.label, Place::List);
        self.takes(chance.millis(150, 1_500)).await;
        if self.is_down() {
            return Err("the connection is refused".to_owned());
        }
        if self.world.has_no_list(&self.label) {
            self.world.met(&self.label, Mishap::ListGone);
            return Err("its page is empty".to_owned());
        }
        if let Some(mishap) = mishap {
            self.world.met(&self.label, mishap);
            if mishap == Mishap::ListOnce {
                return Err("its page did not load".to_owned());
            }
        }
        let copies = if mishap == Some(Mishap::DoubleList) { 2 } else { 1 };
        Ok(self.compared(copies))
    }

    fn compared(&self, copies: u32) -> Listing {
        let inner = self.world.lock();
        let now = self.clock.now();
        let Some(club) = inner.clubs.get(&self.errand.site.id) else { return Listing::Absent };
        let mut ours = Vec::new();
        for (at, choice) in self.errand.choices.iter().enumerate().filter(|(at, _)| !self.errand.is_anothers(*at)) {
            let slot = Slot::from(choice);
            ours.extend(club.shown_to(&self.label.member, now).filter(|row| row.slot == slot).map(|_| at));
        }
        match ours.first() {
            None => Listing::Absent,
            Some(choice) => {
                let rows = u32::try_from(ours.len()).unwrap_or(u32::MAX) * copies;
                Listing::Found { choice: *choice, rows, reference: None }
            }
        }
    }

    async fn try_open(&mut self, choice: usize) -> Result<(), Trouble> {
        let (mut chance, mishap) = self.world.visit(&self.label, Place::OpeningSteps);
        self.takes(chance.millis(60, 500)).await;
        if self.is_down() {
            return Err(Trouble::Unreachable("the connection is refused".to_owned()));
        }
        if let Some(mishap) = mishap {
            self.world.met(&self.label, mishap);
            return Err(trouble(mishap));
        }
        self.is_offered(choice)?;
        self.is_gone(choice).map(drop)
    }

    /// Whether the page that is loaded after the instant offers the date.
    fn is_offered(&self, choice: usize) -> Result<(), Trouble> {
        let slot = Slot::from(&self.errand.choices[choice]);
        let (now, site) = (self.clock.now(), &self.errand.site.id);
        let announced = self.world.announced(&self.world.lock(), site, &slot);
        let opens = announced.saturating_add(self.world.lateness(site, announced)).unwrap_or(Timestamp::MAX);
        if now >= opens {
            return Ok(());
        }
        self.world.met(&self.label, Mishap::LateOpening);
        Err(Trouble::Answer(Answer::NotOpen))
    }

    /// What is submitted, and how it fares.
    fn ticket(&self, choice: usize, at: Timestamp) -> Ticket {
        let (mut chance, mishap) = self.world.visit(&self.label, Place::Submit);
        let dispatch = dispatch(self.errand.mode(), &mut chance);
        let way = SignedDuration::try_from(chance.micros(200, 60_000)).unwrap_or_default();
        let early = self.world.is_control(Control::Early);
        let (site, patience) = (self.errand.site.id.clone(), self.errand.site.patience);
        let visit = format!("{}/{}", self.label, chance.below(u64::MAX));
        Ticket {
            label: self.label.clone(),
            site,
            slot: Slot::from(&self.errand.choices[choice]),
            leaves: if early { self.leaves(at) } else { self.leaves(at) + dispatch },
            way: if early { SHORTEST_WAY } else { way },
            mishap,
            settle: patience.settle,
            patience: patience.answer,
            visit,
        }
    }

    /// Not before the instant; the wrong engines differ.
    fn leaves(&self, at: Timestamp) -> Timestamp {
        let now = self.clock.now();
        if self.world.is_control(Control::Early) && at > now {
            return at - SignedDuration::from_millis(1);
        }
        let late = if self.world.is_control(Control::Dawdles) { DAWDLING } else { SignedDuration::ZERO };
        at.max(now) + late
    }

    /// Sends it and waits for what comes back. What fires by itself is on its way from now on, whoever dies meanwhile.
    async fn submit(&mut self, choice: usize, mut ticket: Ticket) -> Event {
        if self.errand.mode() != FireMode::Armed {
            self.clock.sleep_until(ticket.leaves).await;
            self.world.alive().await;
        }
        // A machine that slept is late.
        ticket.leaves = ticket.leaves.max(self.clock.now());
        let leaves = ticket.leaves;
        let id = self.world.lock().tickets.send(ticket);
        self.marks.extend([(Mark::Woken, leaves), (Mark::Sent, leaves)]);
        let late = self.errand.lateness(choice, leaves);
        let (choice, mode) = (self.errand.choices[choice].clone(), self.errand.mode().as_str());
        self.reporter.say(self.clock.now(), What::Sent { choice, mode, sent: leaves, late });
        loop {
            let reply = self.world.lock().tickets.reply(id);
            match reply {
                Err(not_before) => {
                    self.clock.sleep_until(not_before).await;
                    self.world.alive().await;
                }
                Ok(reply) => {
                    self.clock.sleep_until(reply.at).await;
                    self.world.alive().await;
                    self.marks.push((Mark::Answered, self.clock.now()));
                    return reply.event;
                }
            }
        }
    }
}

/// How long a submit takes from its instant to the wire.
fn dispatch(mode: FireMode, chance: &mut Chance) -> Duration {
    match mode {
        FireMode::Http => chance.micros(50, 500),
        FireMode::Armed => chance.micros(1_000, 40_000),
        FireMode::Script | FireMode::Auto => chance.micros(1_000, 60_000),
        FireMode::Native => chance.micros(15_000, 90_000),
    }
}

/// What a mishap is to who meets it before anything was submitted.
fn trouble(mishap: Mishap) -> Trouble {
    match mishap {
        Mishap::BrowserFails => Trouble::Browser("the browser does not start".to_owned()),
        Mishap::BrowserLost => Trouble::Browser("the browser is gone".to_owned()),
        Mishap::Redesign => Trouble::Selector("login/10-open.toml:7:1: wait-for".to_owned()),
        Mishap::Captcha => Trouble::Answer(Answer::Captcha),
        Mishap::LoginRefused => Trouble::Answer(Answer::LoginRefused),
        Mishap::LoggedOut => Trouble::Answer(Answer::LoginExpired),
        _ => Trouble::Unreachable("the page did not load".to_owned()),
    }
}

impl Performer for SimHands {
    async fn stage(&mut self, choice: usize, from: Staging) -> Event {
        self.turn.aim(self.errand.choices[choice].opening);
        match self.try_stage(choice, from).await {
            Ok(listing) => Event::Staged(listing),
            Err(trouble) => {
                self.reporter.say(self.clock.now(), What::Trouble(trouble.words()));
                Event::StageFailed(trouble)
            }
        }
    }

    async fn check_login(&mut self) -> Event {
        let (mut chance, mishap) = self.world.visit(&self.label, Place::Staged);
        self.takes(chance.millis(30, 400)).await;
        if !self.session {
            return Event::BrowserLost("there is no session".to_owned());
        }
        let Some(mishap) = mishap else { return Event::LoginChecked(true) };
        self.world.met(&self.label, mishap);
        self.session = false;
        match mishap {
            Mishap::BrowserLost => Event::BrowserLost("the browser is gone".to_owned()),
            _ => Event::LoginChecked(false),
        }
    }

    async fn open(&mut self, choice: usize, at: Timestamp) -> Event {
        self.clock.sleep_until(at).await;
        match self.try_open(choice).await {
            Ok(()) => Event::Opened,
            Err(trouble) => {
                self.reporter.say(self.clock.now(), What::Trouble(trouble.words()));
                Event::OpeningFailed(trouble)
            }
        }
    }

    async fn fire(&mut self, choice: usize, at: Timestamp) -> Event {
        self.marks.push((Mark::Planned, at));
        if !self.session {
            return Event::NotSent(Trouble::Browser("there is no session".to_owned()));
        }
        if self.world.is_control(Control::GivesUp) && self.is_odd_one() {
            return Event::Answered(Answer::Taken);
        }
        let ticket = self.ticket(choice, at);
        if ticket.mishap == Some(Mishap::NotSent) {
            self.clock.sleep_until(ticket.leaves).await;
            self.world.alive().await;
            self.world.met(&self.label, Mishap::NotSent);
            return Event::NotSent(Trouble::Unreachable("the connection is refused".to_owned()));
        }
        let again = Ticket { mishap: None, ..ticket.clone() };
        let event = self.submit(choice, ticket).await;
        let is_doubtful = Event::Answered(Answer::SiteError) == event || Event::Answered(Answer::Confirmed) == event;
        self.refused = matches!(event, Event::Answered(_)) && !is_doubtful;
        if self.world.is_control(Control::Twice) && matches!(event, Event::NoAnswer(_)) {
            let leaves = self.clock.now();
            return self.submit(choice, Ticket { leaves, ..again }).await;
        }
        event
    }

    async fn fence(&mut self) -> Event {
        let (mut chance, _) = self.world.visit(&self.label, Place::Staged);
        self.takes(chance.millis(30, 2_000)).await;
        self.rest().await;
        let now = self.clock.now();
        self.world.lock().tickets.recall(now, |ticket| ticket.label == self.label);
        Event::Fenced
    }

    async fn read_list(&mut self, may_log_in: bool) -> Event {
        let believed = self.world.is_control(Control::Trusts) && std::mem::take(&mut self.refused);
        let listing = match self.session {
            _ if believed => Ok(Listing::Absent),
            true => self.list().await,
            false if !may_log_in => Err("nobody is logged in, and credentials were sent often enough".to_owned()),
            false => match self.log_in(true).await {
                Ok(_) => self.list().await,
                Err(Trouble::Account(by)) => return Event::KeptOut(by),
                Err(trouble) => Err(trouble.words()),
            },
        };
        let mut listing = listing.unwrap_or_else(Listing::CannotTell);
        if matches!(listing, Listing::CannotTell(_)) {
            self.session = false;
        }
        if self.world.is_control(Control::Believes) && listing == Listing::Absent {
            listing = Listing::Found { choice: 0, rows: 1, reference: None };
        }
        self.marks.push((Mark::Verified, self.clock.now()));
        self.reporter.say(self.clock.now(), What::listed(&listing));
        Event::Listed(listing)
    }

    async fn rest(&mut self) {
        self.session = false;
        self.turn.end();
    }

    fn pressed(&self, pressed: Pressed) -> BoxFuture<'static, String> {
        self.turn.pressed(pressed)
    }

    async fn give_way(&mut self) -> bool {
        let is_lost = self.session;
        self.rest().await;
        self.turn.give_up();
        self.world.lock().record.hindered.insert(self.label.clone());
        is_lost
    }

    fn take(&mut self, flow: Arc<Flow>) {
        self.errand.take(flow);
    }

    fn held(&mut self, held: &[Hold]) {
        self.errand.held = held.to_vec();
        if !held.is_empty() {
            self.world.lock().record.hindered.insert(self.label.clone());
        }
    }

    fn logins(&mut self) -> u8 {
        std::mem::take(&mut self.logins)
    }

    fn marks(&mut self) -> Vec<(Mark, Timestamp)> {
        std::mem::take(&mut self.marks)
    }
}
