//! The attempt's state machine.
//!
//! ```text
//! planned ─▶ preparing ─▶ ready ─▶ submitting ─▶ confirming ─▶ verifying ─▶ confirmed
//!    ▲           │          │          │  │                        ▲   │
//!    └───────────┴──────────┘          │  └──▶ unknown ────────────┘   └──▶ (submit again) │ needs-attention
//!      (site down, next choice)        └──▶ login-expired: stage again; refused: verifying, then stage again or the end
//! ```
//!
//! Three promises are kept here and nowhere else: [`Next::Fire`] follows a [`Next::Spend`] that was answered by
//! [`Event::Spent`], once; it never carries an instant before the choice's opening (less the lead, where the site has opted in
//! to one); and after a submit whose answer nobody knows nothing is submitted before the list was read, fresh, twice in a row,
//! without our row. After a submit that was refused it is read once before another permit is spent, and before the end: a site
//! may refuse what it has booked. After a submit that the site called a success nothing is submitted at all.
//!
//! Openings are instants of the site's clock, everything else here is of ours; [`Aim`] is what turns the one into the other, in
//! one place ([`Machine::opens`]).
//!
//! Here: the way from ready to the answer. `facts` has what a machine is made of, `instants` when it does what, `stage` the way to
//! ready and its troubles, `choices` which choice is tried and what becomes of the others, `held` those that another attempt may
//! have, `verify` what the site's list says.

mod choices;
mod facts;
mod held;
mod instants;
mod refusal;
mod stage;
mod verify;

use std::time::Duration;

use jiff::Timestamp;

use super::note;
use super::site_back_off;
use super::{Aim, Decision, Event, Hold, Listing, Next, Record, Staging, Trouble};
use crate::model::{Answer, Outcome, State};
pub use facts::{Facts, Past};
use refusal::Refusal;

/// How often a staged session is asked whether it is still logged in.
const LOGIN_CHECK_EVERY: Duration = Duration::from_secs(20);

/// From here on a staged session is left alone.
const LAST_LOGIN_CHECK: Duration = Duration::from_secs(5);

/// So long before the permit every look at a staged session is over.
const LOOK_MARGIN: Duration = Duration::from_millis(500);

/// How old the last look at a staged session may be when its time has come: older, the machine has slept, its clock was set, or
/// the store has kept it waiting.
const STALE: Duration = Duration::from_secs(40);

/// How long staging anew may take: other selector files are not taken so close to the permit.
const STAGING: Duration = Duration::from_secs(20);

/// How often the site may announce another opening while one machine is at it.
const MOST_MOVES: u8 = 12;

/// How often a waiting list is looked at.
const WAITLIST_EVERY: Duration = Duration::from_secs(15 * 60);

/// The machine of one attempt.
#[derive(Clone, Debug)]
pub struct Machine {
    facts: Facts,
    aim: Aim,
    state: State,
    lost: Vec<bool>,
    /// Who has the time of each choice, or may have it.
    held: Vec<Option<Hold>>,
    /// Who has them was asked for.
    asked: bool,
    /// How often, since the last permit.
    asks: u32,
    choice: usize,
    open_permit: bool,
    uncertain: u8,
    /// Log-ins for staging whose credentials the site has seen.
    logins: u8,
    /// The same to read the list since the last submit.
    verify_logins: u8,
    /// Those of them that an earlier process has done.
    verify_logins_before: u8,
    /// Changes of the selector files after a log-in that failed by them.
    mended: u8,
    /// Sessions with a log-in that were given up to another attempt of the account.
    given_up: u8,
    /// This process has sent credentials: there may be a session.
    had_session: bool,
    /// What is being staged.
    staging: Option<Staging>,
    /// When the session was last known to be staged and logged in.
    fresh_at: Option<Timestamp>,
    /// The opening steps are done in what is staged.
    opened: bool,
    not_open: u32,
    /// What the ladder of not-open answers is measured from: the opening, or the first fire where that came later.
    ladder_from: Option<Timestamp>,
    stumbles: u32,
    selector_stumbles: u32,
    /// Fires of this choice that never left: staging between them works, and does not end their back-off.
    unsent: u32,
    /// The reversible trouble that is waited out, and the end that it would be.
    trouble: Option<(Outcome, String)>,
    /// Why the last choice that was given up was.
    gave_up: Option<(Outcome, String)>,
    absent: u8,
    unclear: u32,
    unknown_since: Option<Timestamp>,
    /// How often another attempt had the account when the list was to be read.
    kept_out: u8,
    /// When the list is to be read next.
    read_at: Option<Timestamp>,
    /// What the last submit was refused as, while the list was not read since.
    refused: Option<Refusal>,
    called_off: bool,
    claimed: bool,
    /// The site has announced another opening since the last decision.
    moved: bool,
    /// How often it has.
    moves: u8,
}

impl Machine {
    /// A machine for an attempt, new or taken up from the store.
    pub fn new(facts: Facts, past: Past) -> Self {
        let lost = (0..facts.choices.len()).map(|choice| past.lost.contains(&choice)).collect();
        let is_open = past.state.is_spent() && past.refused.is_none() && !past.absent;
        Self {
            held: held::by_choice(past.held, facts.choices.len()),
            asked: false,
            asks: 0,
            facts,
            aim: Aim::OWN,
            state: past.state,
            lost,
            choice: past.choice,
            open_permit: is_open,
            uncertain: past.uncertain,
            logins: past.logins,
            verify_logins: past.verify_logins,
            verify_logins_before: past.verify_logins,
            mended: 0,
            given_up: 0,
            had_session: false,
            staging: None,
            fresh_at: None,
            opened: false,
            not_open: 0,
            ladder_from: None,
            stumbles: 0,
            selector_stumbles: 0,
            unsent: 0,
            trouble: None,
            gave_up: None,
            absent: 0,
            unclear: 0,
            unknown_since: None,
            kept_out: 0,
            read_at: None,
            refused: past.refused.filter(|_| past.state.is_spent()).and_then(Refusal::of_the_past),
            called_off: past.called_off,
            claimed: past.claimed,
            moved: false,
            moves: 0,
        }
    }

    /// Where the attempt stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// Whether what is waited for is an instant of the wall clock; otherwise it is a span, which a clock that is set must neither
    /// shorten nor lengthen.
    pub fn waits_for_an_instant(&self) -> bool {
        matches!(self.state, State::Planned | State::Preparing | State::Ready)
    }

    /// The facts it was made of.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The site has seen credentials so often since the last event: told before that event's successor.
    pub fn credentials_sent(&mut self, times: u8) {
        let count = match self.state {
            State::Planned | State::Preparing | State::Ready => &mut self.logins,
            _ => &mut self.verify_logins,
        };
        *count = count.saturating_add(times);
        self.had_session |= times > 0;
    }

    /// The choice that is tried now.
    pub fn choice(&self) -> usize {
        self.choice
    }

    /// Whether a submit of the choice that is tried now was answered "not open", or its page says so since its opening.
    pub fn was_not_open(&self) -> bool {
        self.not_open > 0
    }

    /// By which clock openings are taken from now on. What is decided already stands until the next event.
    pub fn aim_by(&mut self, aim: Aim) {
        self.aim = aim;
    }

    /// Whether a choice is not tried again.
    pub fn has_lost(&self) -> bool {
        self.lost.contains(&true)
    }

    /// The site says when a choice opens: told before the event of the staging that read it. What is decided already stands until
    /// that event. False where it is not taken: something is spent, or the site says something else each time.
    pub fn announced(&mut self, choice: usize, opening: Timestamp) -> bool {
        let old = &mut self.facts.choices[choice].opening;
        let is_ahead = matches!(self.state, State::Planned | State::Preparing | State::Ready);
        if *old == opening || !is_ahead || self.moves >= MOST_MOVES {
            return *old == opening;
        }
        if choice == self.choice && *old < opening {
            // What was not open is not asked again before that.
            (self.not_open, self.ladder_from) = (0, None);
        }
        *old = opening;
        // What the rule names counts no more.
        self.facts.second_showings[choice] = None;
        self.moved = true;
        self.moves += 1;
        true
    }

    /// Takes an event and says what to do. After [`Next::End`] every event is answered with the same end.
    pub fn on(&mut self, event: Event, now: Timestamp) -> Decision {
        match event {
            Event::Begin => self.begin(now),
            Event::Woke => self.woke(now),
            Event::Staged(listing) => self.staged(listing, now),
            Event::StageFailed(trouble) => self.stumbled(trouble, now),
            Event::OpeningFailed(trouble) => self.not_opened(trouble, now),
            Event::LoginChecked(true) => self.still_logged_in(now),
            Event::LoginChecked(false) => self.stumbled(Trouble::Answer(Answer::LoginExpired), now),
            Event::GaveWay { logged_in } => self.gave_way(logged_in, now),
            Event::BrowserLost(why) => self.stumbled(Trouble::Browser(why), now),
            Event::Opened => self.opened(),
            Event::Spent => self.fire(now),
            Event::SpendFailed(why) => self.no_permit(&why, now),
            Event::Held(holds) => self.held(holds, now),
            Event::Answered(answer) => self.answered(answer, now),
            Event::NotSent(trouble) => self.not_sent(trouble, now),
            Event::NoAnswer(_) => self.unknown(vec![], now),
            Event::Fenced => self.settle_then_read(now),
            Event::Listed(listing) => self.listed(listing, now),
            Event::KeptOut(by) => self.kept_from_the_list(by, now),
            Event::Cancel => self.cancel(now),
            Event::FilesChanged { mode, opening_steps } => self.new_files(mode, opening_steps, now),
        }
    }

    fn begin(&mut self, now: Timestamp) -> Decision {
        if self.state.is_spent() {
            return match self.refused {
                // It was answered: nothing is under way any more, and one look is enough.
                Some(refusal) => self.refuse(vec![], refusal, now),
                None => self.unknown(vec![], now),
            };
        }
        if self.state == State::Waitlisted {
            return self.waitlisted(vec![], now);
        }
        self.take_up(now)
    }

    fn woke(&mut self, now: Timestamp) -> Decision {
        match self.state {
            State::Planned => self.take_up(now),
            State::Preparing => self.prepare_again(now),
            State::Ready if now >= self.permit_at() => self.let_go(now),
            State::Ready if self.asks_next(now) => self.ask_holders(now),
            // A look that may outlast the permit is none.
            State::Ready if now >= self.look_until() => bare(Next::Wait(self.permit_at())),
            State::Ready => bare(Next::CheckLogin),
            State::Waitlisted => self.look_at_waiting_list(now),
            State::Unknown | State::Verifying | State::Confirming => self.read(now),
            // Nothing waits while a permit is open; should it ever happen, the truth is on the list.
            State::Submitting => self.unknown(vec![], now),
            State::Ended(outcome) => self.end(outcome, "over"),
        }
    }

    fn staged(&mut self, listing: Listing, now: Timestamp) -> Decision {
        if let Listing::Found { choice, rows, .. } = listing {
            return self.won(vec![], choice, rows, note::LISTED_ALREADY);
        }
        (self.stumbles, self.selector_stumbles) = (0, 0);
        (self.staging, self.trouble, self.opened) = (None, None, false);
        self.fresh_at = Some(now);
        if self.opens_otherwise(now) {
            return self.take_up(now);
        }
        let records = self.enter(State::Ready);
        after(records, self.hold(now))
    }

    fn still_logged_in(&mut self, now: Timestamp) -> Decision {
        self.fresh_at = Some(now);
        self.hold(now)
    }

    /// Ready: what is next, the last look or the trigger?
    fn hold(&mut self, now: Timestamp) -> Decision {
        let permit_at = self.permit_at();
        if now >= permit_at {
            return self.let_go(now);
        }
        let last_check = self.last_check();
        let check_at = if self.stands_by(now) { self.ask_at(now) } else { now + LOGIN_CHECK_EVERY };
        let next = if now < last_check { check_at.min(last_check) } else { permit_at };
        bare(Next::Wait(next.min(permit_at)))
    }

    /// When a staged session is looked at for the last time before its fire.
    fn last_check(&self) -> Timestamp {
        self.fire_at() - LAST_LOGIN_CHECK
    }

    /// Everything is staged and the time has come, if it has not gone by in a machine that slept.
    fn let_go(&mut self, now: Timestamp) -> Decision {
        let asked_again = self.not_open > 0 && !self.too_late(now);
        if !asked_again && !self.misfire(&self.facts.choices[self.choice], now).is_useful() {
            return self.give_up(Outcome::Missed, note::OVERSLEPT, now);
        }
        if self.fresh_at.is_none_or(|seen| now > seen + STALE) {
            return self.stage_on(now);
        }
        if self.facts.opening_steps && !self.opened {
            let at = self.fire_at();
            self.ladder_from.get_or_insert(at.max(now));
            return bare(Next::Open { choice: self.choice, at });
        }
        self.spend()
    }

    fn opened(&mut self) -> Decision {
        self.opened = true;
        self.spend()
    }

    fn spend(&mut self) -> Decision {
        self.asked = false;
        bare(Next::Spend { choice: self.choice })
    }

    fn fire(&mut self, now: Timestamp) -> Decision {
        if self.too_late(now) {
            // The machine slept with the permit in hand.
            self.state = State::Ready;
            let missed =
                self.give_up(Outcome::Missed, "the machine slept over the opening with the submit prepared", now);
            return after(vec![Record::Release], missed);
        }
        self.state = State::Submitting;
        self.open_permit = true;
        self.asks = 0;
        let at = self.fire_at().max(now);
        self.ladder_from.get_or_insert(at.max(self.opening()));
        (self.verify_logins, self.verify_logins_before) = (0, 0);
        bare(Next::Fire { choice: self.choice, at })
    }

    fn no_permit(&mut self, why: &str, now: Timestamp) -> Decision {
        if self.too_late(now) {
            return self.give_up(Outcome::Missed, &format!("{}{why}", note::NO_PERMIT), now);
        }
        self.state = State::Ready;
        let wait = site_back_off(self.stumbles);
        self.stumbles += 1;
        bare(Next::Wait(now + wait))
    }

    /// The permit goes back, and the trouble is what it would have been before it.
    fn not_sent(&mut self, trouble: Trouble, now: Timestamp) -> Decision {
        self.open_permit = false;
        self.state = State::Ready;
        (self.stumbles, self.selector_stumbles) = (self.unsent, self.unsent);
        self.unsent += 1;
        after(vec![Record::Release], self.stumbled(trouble, now))
    }

    /// Steps that are part of the fire are done with the permit in hand; the commit behind them was not sent.
    fn not_opened(&mut self, trouble: Trouble, now: Timestamp) -> Decision {
        if self.open_permit { self.not_sent(trouble, now) } else { self.stumbled(trouble, now) }
    }

    fn answered(&mut self, answer: Answer, now: Timestamp) -> Decision {
        if matches!(answer, Answer::SiteError | Answer::Unknown) {
            // An error page may stand before a booking that worked: only the list knows.
            return self.unknown(vec![], now);
        }
        let settle = self.settle(answer);
        match answer {
            Answer::Confirmed => self.claimed(settle, now),
            Answer::Taken => self.lose(settle, now),
            Answer::NotOpen => self.too_early(settle, now),
            // Whoever logs in anew reads the list anew.
            Answer::LoginExpired if self.logins < self.most_logins() => after(settle, self.stage(Staging::LogIn, now)),
            Answer::LoginExpired => self.refuse(settle, Refusal::Expired, now),
            Answer::Waitlisted => self.waitlisted(settle, now),
            Answer::Quota => self.refuse(settle, Refusal::Quota, now),
            Answer::LoginRefused => self.refuse(settle, Refusal::LoginRefused, now),
            Answer::Captcha => self.refuse(settle, Refusal::Captcha, now),
            Answer::Price => self.refuse(settle, Refusal::Price, now),
            Answer::SiteError | Answer::Unknown => self.unknown(settle, now),
        }
    }

    /// A submit was answered "not open": the next rung, never again a lead, and the list is read in the pause before it.
    fn too_early(&mut self, records: Vec<Record>, now: Timestamp) -> Decision {
        self.facts.learned.lead = Duration::ZERO;
        let again = self.next_rung(now).is_some();
        self.refuse(records, Refusal::NotOpen { again }, now)
    }

    fn never_open(&mut self, now: Timestamp) -> Decision {
        self.give_up(Outcome::Missed, note::NEVER_OPEN, now)
    }

    fn waitlisted(&mut self, mut records: Vec<Record>, now: Timestamp) -> Decision {
        if self.state != State::Waitlisted {
            records.extend(self.enter(State::Waitlisted));
        }
        if now >= self.facts.choices[self.choice].starts_at {
            return self.end_with(records, Outcome::Missed, note::STILL_WAITING);
        }
        Decision { records, next: Next::Wait(now + WAITLIST_EVERY) }
    }

    fn cancel(&mut self, now: Timestamp) -> Decision {
        if self.state.is_spent() {
            // What may have been submitted cannot be called off here; the list decides first, and nothing follows it.
            self.called_off = true;
            return self.read_later(self.read_at.unwrap_or(now).max(now));
        }
        if self.state == State::Waitlisted {
            return self.end(Outcome::Cancelled, note::CALLED_OFF_WAITING);
        }
        self.end(Outcome::Cancelled, note::CALLED_OFF)
    }

    fn end(&mut self, outcome: Outcome, note: &str) -> Decision {
        self.end_with(vec![], outcome, note)
    }

    fn end_with(&mut self, records: Vec<Record>, outcome: Outcome, note: &str) -> Decision {
        self.state = State::Ended(outcome);
        Decision { records, next: Next::End { outcome, note: note.to_owned(), won: None, duplicate: false } }
    }

    /// The open permit's answer. A claim of success leaves the permit open until the list agrees.
    fn settle(&mut self, answer: Answer) -> Vec<Record> {
        self.open_permit = answer == Answer::Confirmed;
        vec![Record::Settle(answer)]
    }

    fn enter(&mut self, state: State) -> Vec<Record> {
        if self.state == state {
            return vec![];
        }
        self.state = state;
        vec![Record::Enter(state)]
    }
}

fn bare(next: Next) -> Decision {
    Decision { records: vec![], next }
}

/// The decision, with what must be written before its own records.
fn after(records: Vec<Record>, decision: Decision) -> Decision {
    Decision { records: [records, decision.records].concat(), next: decision.next }
}
