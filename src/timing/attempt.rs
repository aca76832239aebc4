//! The attempt's state machine.
//!
//! ```text
//! planned ─▶ preparing ─▶ ready ─▶ submitting ─▶ confirming ─▶ verifying ─▶ confirmed
//!    ▲           │          │          │  │                        ▲   │
//!    └───────────┴──────────┘          │  └──▶ unknown ────────────┘   └──▶ (submit again) │ needs-attention
//!      (site down, next choice)        └──▶ taken, not-open, login-expired: stage again, or the end
//! ```
//!
//! Three promises are kept here and nowhere else: [`Next::Fire`] follows a [`Next::Spend`] that was answered by
//! [`Event::Spent`], once; it never carries an instant before the choice's opening (less the lead, where the site has opted in
//! to one); and after a submit whose answer nobody knows nothing is submitted before the list was read, fresh, twice, without our
//! row.

use std::time::Duration;

use jiff::Timestamp;

use super::{Decision, Event, Learned, Listing, Misfire, Next, Record, Trouble};
use super::{browser_back_off, misfire, not_open_rung, permit_lead, site_back_off};
use crate::model::{Answer, Choice, FireMode, Outcome, Patience, State};

/// How often a staged session is asked whether it is still logged in.
const LOGIN_CHECK_EVERY: Duration = Duration::from_secs(20);

/// From here on a staged session is left alone.
const LAST_LOGIN_CHECK: Duration = Duration::from_secs(5);

/// Reads without our row that make a submit "absent".
const ABSENT_READS: u8 = 2;

/// Times that staging may stumble over a selector before the attempt gives up: a reload of the files may mend it.
const SELECTOR_TRIES: u32 = 3;

/// The wait before staging stumbles again.
const SELECTOR_WAIT: Duration = Duration::from_secs(5);

/// How often a waiting list is looked at.
const WAITLIST_EVERY: Duration = Duration::from_secs(15 * 60);

/// The note of an attempt that was called off after a submit which the site's list does not show.
const CALLED_OFF_LATE: &str = "called off; the site's list shows no booking";

/// What an attempt is about; does not change while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// In order of preference; never empty.
    pub choices: Vec<Choice>,
    /// The site's times and bounds.
    pub patience: Patience,
    /// The mode that is used, never `Auto`.
    pub mode: FireMode,
    /// Whether the flow has steps between the opening and the commit.
    pub opening_steps: bool,
    /// When the attempt was first planned.
    pub created_at: Timestamp,
    /// What earlier openings and requests have taught about the site.
    pub learned: Learned,
}

/// What an earlier process left in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// The stored state.
    pub state: State,
    /// Submits whose answer nobody knew, and that the list did not show.
    pub uncertain: u8,
    /// Choices that the site has refused as taken.
    pub lost: Vec<usize>,
}

impl Past {
    /// A new attempt.
    pub const NONE: Self = Self { state: State::Planned, uncertain: 0, lost: Vec::new() };
}

/// The machine of one attempt.
#[derive(Clone, Debug)]
pub struct Machine {
    facts: Facts,
    state: State,
    lost: Vec<bool>,
    choice: usize,
    open_permit: bool,
    uncertain: u8,
    logins: u8,
    not_open: u32,
    /// What the ladder is measured from: the opening, or the first fire where that came later.
    ladder_from: Option<Timestamp>,
    stumbles: u32,
    selector_stumbles: u32,
    absent: u8,
    unclear: u32,
    unknown_since: Option<Timestamp>,
    /// The last submit was refused as taken, and the list was not read since.
    refused: bool,
    called_off: bool,
    claimed: bool,
}

impl Machine {
    /// A machine for an attempt, new or taken up from the store.
    pub fn new(facts: Facts, past: Past) -> Self {
        let lost = (0..facts.choices.len()).map(|choice| past.lost.contains(&choice)).collect();
        Self {
            facts,
            state: past.state,
            lost,
            choice: 0,
            open_permit: past.state.is_spent(),
            uncertain: past.uncertain,
            logins: 0,
            not_open: 0,
            ladder_from: None,
            stumbles: 0,
            selector_stumbles: 0,
            absent: 0,
            unclear: 0,
            unknown_since: None,
            refused: false,
            called_off: false,
            claimed: false,
        }
    }

    /// Where the attempt stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// Whether what is waited for is an instant of the wall clock; otherwise it is a span, which a clock that is set must neither
    /// shorten nor lengthen.
    pub fn waits_for_an_instant(&self) -> bool {
        matches!(self.state, State::Planned | State::Ready)
    }

    /// The facts it was made of.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Takes an event and says what to do. After [`Next::End`] every event is answered with the same end.
    pub fn on(&mut self, event: Event, now: Timestamp) -> Decision {
        match event {
            Event::Begin => self.begin(now),
            Event::Woke => self.woke(now),
            Event::Staged(listing) => self.staged(listing, now),
            Event::StageFailed(trouble) | Event::OpeningFailed(trouble) => self.stumbled(trouble, now),
            Event::LoginChecked(true) => self.hold(now),
            Event::LoginChecked(false) => self.stumbled(Trouble::Answer(Answer::LoginExpired), now),
            Event::BrowserLost(why) => self.stumbled(Trouble::Browser(why), now),
            Event::Opened => self.spend(),
            Event::Spent => self.fire(now),
            Event::SpendFailed(why) => self.no_permit(why, now),
            Event::Held(by) => self.end(Outcome::Skipped, &by),
            Event::Answered(answer) => self.answered(answer, now),
            Event::NotSent(why) => self.not_sent(why, now),
            Event::NoAnswer(_) => self.unknown(vec![], now),
            Event::Fenced => self.settle_then_read(now),
            Event::Listed(listing) => self.listed(listing, now),
            Event::Cancel => self.cancel(),
        }
    }

    fn begin(&mut self, now: Timestamp) -> Decision {
        if self.state.is_spent() {
            return self.unknown(vec![], now);
        }
        if self.state == State::Waitlisted {
            return self.waitlisted(vec![], now);
        }
        self.take_up(now)
    }

    /// Before anything is staged: is there still something to do, and when?
    fn take_up(&mut self, now: Timestamp) -> Decision {
        let Some(choice) = self.next_choice(now) else {
            return self.end(Outcome::Taken, "every choice was taken");
        };
        self.choice = choice;
        let wanted = &self.facts.choices[choice];
        let grace = self.facts.patience.grace;
        match misfire(self.facts.created_at, wanted.opening, wanted.starts_at, now, grace) {
            Misfire::Skip => {
                self.end(Outcome::Missed, "its opening passed while nothing could act, too long ago to try")
            }
            Misfire::TooLate => self.end(Outcome::Missed, "the slot itself has begun"),
            _ => self.stage_in_time(now),
        }
    }

    fn stage_in_time(&mut self, now: Timestamp) -> Decision {
        let login_at = self.opening() - self.facts.patience.login_lead;
        if now < login_at {
            let records = self.enter(State::Planned);
            return Decision { records, next: Next::Wait(login_at) };
        }
        self.stage(false)
    }

    fn stage(&mut self, reuse: bool) -> Decision {
        if !reuse {
            if self.logins >= self.facts.patience.max_logins {
                let note = format!("logged in {} times already; more could lock the account", self.logins);
                return self.end(Outcome::SiteError, &note);
            }
            self.logins += 1;
        }
        let records = self.enter(State::Preparing);
        Decision { records, next: Next::Stage { choice: self.choice, reuse } }
    }

    fn woke(&mut self, now: Timestamp) -> Decision {
        match self.state {
            State::Planned => self.take_up(now),
            State::Preparing => self.stage(false),
            State::Ready if now >= self.permit_at() => self.let_go(),
            State::Ready => bare(Next::CheckLogin),
            State::Unknown | State::Verifying | State::Confirming | State::Waitlisted => self.read(),
            // Nothing waits while a permit is open; should it ever happen, the truth is on the list.
            State::Submitting => self.unknown(vec![], now),
            State::Ended(outcome) => self.end(outcome, "over"),
        }
    }

    fn staged(&mut self, listing: Listing, now: Timestamp) -> Decision {
        if let Listing::Found { choice, rows, .. } = listing {
            return self.won(vec![], choice, rows, "it was on the site's list already; nothing was submitted");
        }
        self.stumbles = 0;
        let records = self.enter(State::Ready);
        let decision = self.hold(now);
        Decision { records: [records, decision.records].concat(), next: decision.next }
    }

    /// Ready: what is next, the last look or the trigger?
    fn hold(&mut self, now: Timestamp) -> Decision {
        let permit_at = self.permit_at();
        if now >= permit_at {
            return self.let_go();
        }
        let last_check = self.opening() - LAST_LOGIN_CHECK;
        let check_at = now + LOGIN_CHECK_EVERY;
        let next = if now < last_check { check_at.min(last_check) } else { permit_at };
        bare(Next::Wait(next.min(permit_at)))
    }

    /// Everything is staged and the time has come.
    fn let_go(&mut self) -> Decision {
        if self.facts.opening_steps && self.facts.mode != FireMode::Armed {
            return bare(Next::Open { choice: self.choice, at: self.fire_at() });
        }
        self.spend()
    }

    fn spend(&mut self) -> Decision {
        bare(Next::Spend { choice: self.choice })
    }

    fn fire(&mut self, now: Timestamp) -> Decision {
        self.state = State::Submitting;
        self.open_permit = true;
        let at = self.fire_at().max(now);
        self.ladder_from.get_or_insert(at.max(self.opening()));
        bare(Next::Fire { choice: self.choice, at })
    }

    /// The instant a fire aims at: the opening less the lead, or a rung of the ladder after a not-open answer.
    fn fire_at(&self) -> Timestamp {
        let rung = self.not_open.checked_sub(1).and_then(|answers| self.rung(answers));
        match rung {
            Some(rung) => self.ladder_from.unwrap_or(self.opening()) + rung,
            None => self.opening() - self.lead(),
        }
    }

    fn rung(&self, answers: u32) -> Option<Duration> {
        not_open_rung(answers, self.facts.learned.opens_late)
    }

    /// By how much the next fire leaves before its opening. Opening steps find nothing before the opening, and a site that was not
    /// open once is not tried early again.
    pub fn lead(&self) -> Duration {
        let none = self.facts.opening_steps || self.not_open > 0;
        if none { Duration::ZERO } else { self.facts.learned.lead }
    }

    /// After opening steps there is nothing to spend the permit on before they are done.
    fn permit_at(&self) -> Timestamp {
        let steps_first = self.facts.opening_steps && self.facts.mode != FireMode::Armed;
        let mode = if steps_first { FireMode::Script } else { self.facts.mode };
        self.fire_at() - permit_lead(mode, &self.facts.patience)
    }

    fn no_permit(&mut self, why: String, now: Timestamp) -> Decision {
        if self.too_late(now) {
            return self.end(Outcome::Missed, &format!("the permit could not be stored: {why}"));
        }
        self.state = State::Ready;
        let wait = site_back_off(self.stumbles);
        self.stumbles += 1;
        bare(Next::Wait(now + wait))
    }

    fn not_sent(&mut self, why: String, now: Timestamp) -> Decision {
        self.open_permit = false;
        self.state = State::Ready;
        let mut decision = self.stumbled(Trouble::Browser(why), now);
        decision.records.insert(0, Record::Release);
        decision
    }

    fn answered(&mut self, answer: Answer, now: Timestamp) -> Decision {
        if matches!(answer, Answer::SiteError | Answer::Unknown) {
            // An error page may stand before a booking that worked: only the list knows.
            return self.unknown(vec![], now);
        }
        let settle = self.settle(answer);
        match answer {
            Answer::Confirmed => self.claimed(settle),
            Answer::Taken => self.lose(settle),
            Answer::NotOpen => self.too_early(settle, now),
            Answer::LoginExpired => self.logged_out(settle),
            Answer::Waitlisted => self.waitlisted(settle, now),
            Answer::Quota => self.end_with(settle, Outcome::Quota, "the account has used its allowance"),
            Answer::LoginRefused => self.end_with(settle, Outcome::LoginRefused, "the site refused the account"),
            Answer::Captcha => self.end_with(settle, Outcome::Captcha, "the site wants to see a person"),
            Answer::Price => self.end_with(settle, Outcome::Price, "dearer than the booking allows"),
            Answer::SiteError | Answer::Unknown => self.unknown(settle, now),
        }
    }

    fn claimed(&mut self, mut records: Vec<Record>) -> Decision {
        self.claimed = true;
        records.extend(self.enter(State::Confirming));
        Decision { records, next: Next::ReadList }
    }

    /// The submit was refused as taken. A site may say so after having booked (a browser that sends a dropped request again
    /// hears it of its own slot), so the list is read before another permit is spent, and before giving up.
    fn lose(&mut self, mut records: Vec<Record>) -> Decision {
        self.lost[self.choice] = true;
        self.begin_ladder_anew();
        self.refused = true;
        records.extend(self.enter(State::Verifying));
        Decision { records, next: Next::ReadList }
    }

    /// The site offers the choice no more, before it was submitted.
    fn gone(&mut self, now: Timestamp) -> Decision {
        self.lost[self.choice] = true;
        self.begin_ladder_anew();
        self.next_or_end(now)
    }

    fn begin_ladder_anew(&mut self) {
        self.not_open = 0;
        self.ladder_from = None;
    }

    fn next_or_end(&mut self, now: Timestamp) -> Decision {
        if self.called_off {
            return self.end(Outcome::Cancelled, CALLED_OFF_LATE);
        }
        match self.next_choice(now) {
            Some(next) if self.facts.choices[next].opening <= now => {
                self.choice = next;
                self.stage(true)
            }
            Some(_) => {
                self.logins = 0;
                self.take_up(now)
            }
            None => self.end(Outcome::Taken, "every choice was taken"),
        }
    }

    fn too_early(&mut self, records: Vec<Record>, now: Timestamp) -> Decision {
        if self.rung(self.not_open).is_none() || self.too_late(now) {
            return self.end_with(
                records,
                Outcome::Missed,
                "the site still said not open when it was no longer useful to ask",
            );
        }
        self.not_open += 1;
        let decision = self.stage(true);
        Decision { records: [records, decision.records].concat(), next: decision.next }
    }

    fn logged_out(&mut self, records: Vec<Record>) -> Decision {
        let decision = self.stage(false);
        Decision { records: [records, decision.records].concat(), next: decision.next }
    }

    fn waitlisted(&mut self, mut records: Vec<Record>, now: Timestamp) -> Decision {
        if self.state != State::Waitlisted {
            records.extend(self.enter(State::Waitlisted));
        }
        if now >= self.facts.choices[self.choice].starts_at {
            return self.end_with(records, Outcome::Missed, "still on the waiting list when the slot began");
        }
        Decision { records, next: Next::Wait(now + WAITLIST_EVERY) }
    }

    /// Nobody knows whether the submit counted.
    fn unknown(&mut self, mut records: Vec<Record>, now: Timestamp) -> Decision {
        self.absent = 0;
        self.unclear = 0;
        self.refused = false;
        self.unknown_since = Some(now);
        records.extend(self.enter(State::Unknown));
        Decision { records, next: Next::Fence }
    }

    fn settle_then_read(&mut self, now: Timestamp) -> Decision {
        bare(Next::Wait(now + self.facts.patience.settle))
    }

    fn read(&mut self) -> Decision {
        let records = if self.state == State::Unknown { self.enter(State::Verifying) } else { vec![] };
        Decision { records, next: Next::ReadList }
    }

    fn listed(&mut self, listing: Listing, now: Timestamp) -> Decision {
        match listing {
            Listing::Found { choice, rows, .. } => self.won(vec![], choice, rows, "it is on the site's own list"),
            _ if self.state == State::Waitlisted => self.waitlisted(vec![], now),
            Listing::Absent => self.absent(now),
            Listing::CannotTell(why) => self.unclear(&why, now),
        }
    }

    fn absent(&mut self, now: Timestamp) -> Decision {
        if std::mem::take(&mut self.refused) {
            self.unknown_since = None;
            return self.next_or_end(now);
        }
        self.unknown_since.get_or_insert(now);
        self.absent += 1;
        if self.absent < ABSENT_READS {
            return bare(Next::Wait(now + self.facts.patience.settle));
        }
        self.submit_again_or_end(now)
    }

    fn submit_again_or_end(&mut self, now: Timestamp) -> Decision {
        self.uncertain += 1;
        let settle = if std::mem::take(&mut self.open_permit) { vec![Record::Absent] } else { vec![] };
        if self.uncertain >= self.facts.patience.max_submits || self.too_late(now) {
            let (outcome, note) = if self.claimed {
                (Outcome::NeedsAttention, "the site said that it worked, but its own list does not show it")
            } else {
                (Outcome::SiteError, "the site failed on every submit; its list shows no booking")
            };
            return self.end_with(settle, outcome, note);
        }
        if self.called_off {
            return self.end_with(settle, Outcome::Cancelled, CALLED_OFF_LATE);
        }
        // Taken up from the store, the choice that was submitted is one that was not lost before.
        let Some(choice) = self.next_choice(now) else {
            return self.end_with(settle, Outcome::Taken, "every choice was taken");
        };
        self.choice = choice;
        self.unknown_since = None;
        self.absent = 0;
        self.logins = 0;
        let decision = self.stage(false);
        Decision { records: [settle, decision.records].concat(), next: decision.next }
    }

    fn unclear(&mut self, why: &str, now: Timestamp) -> Decision {
        let since = *self.unknown_since.get_or_insert(now);
        if now.duration_since(since) >= self.facts.patience.verify_deadline {
            if self.refused && self.next_choice(now).is_none() {
                return self.end(Outcome::Taken, "every choice was taken; the list could not be read afterwards");
            }
            let note = format!("whether the booking exists could not be read from the site: {why}");
            return self.end(Outcome::NeedsAttention, &note);
        }
        let wait = browser_back_off(self.unclear);
        self.unclear += 1;
        bare(Next::Wait(now + wait))
    }

    fn won(&mut self, records: Vec<Record>, choice: usize, rows: u32, note: &str) -> Decision {
        let duplicate = rows > 1;
        let note = if duplicate { format!("{note}; the site holds {rows} bookings of it") } else { note.to_owned() };
        self.state = State::Ended(Outcome::Confirmed);
        Decision { records, next: Next::End { outcome: Outcome::Confirmed, note, won: Some(choice), duplicate } }
    }

    /// Something reversible failed: nothing is submitted, everything may be tried again.
    fn stumbled(&mut self, trouble: Trouble, now: Timestamp) -> Decision {
        match &trouble {
            Trouble::Answer(Answer::LoginRefused) => {
                self.end(Outcome::LoginRefused, "the site does not accept the user name or password")
            }
            Trouble::Answer(Answer::Captcha) => self.end(Outcome::Captcha, "the site wants to see a person"),
            Trouble::Answer(Answer::Quota) => self.end(Outcome::Quota, "the account has used its allowance"),
            Trouble::Answer(Answer::Price) => self.end(Outcome::Price, "dearer than the booking allows"),
            Trouble::Answer(Answer::Taken) => self.gone(now),
            Trouble::Answer(Answer::NotOpen) => self.too_early(vec![], now),
            Trouble::Answer(Answer::LoginExpired) => self.stage(false),
            Trouble::Credentials(why) => self.end(Outcome::LoginRefused, &why.clone()),
            Trouble::Selector(why) => self.selector_trouble(&why.clone(), now),
            Trouble::Browser(why) => {
                self.try_again(browser_back_off(self.stumbles), Outcome::Missed, &why.clone(), now)
            }
            Trouble::Answer(_) | Trouble::Unreachable(_) => {
                self.try_again(site_back_off(self.stumbles), Outcome::SiteError, &trouble.words(), now)
            }
        }
    }

    fn selector_trouble(&mut self, why: &str, now: Timestamp) -> Decision {
        self.selector_stumbles += 1;
        if self.selector_stumbles >= SELECTOR_TRIES {
            return self.end(Outcome::SelectorBroken, why);
        }
        self.try_again(SELECTOR_WAIT, Outcome::SelectorBroken, why, now)
    }

    /// Stages anew after a wait. The account was not refused, so this is not counted as another log-in that could lock it.
    fn try_again(&mut self, wait: Duration, give_up: Outcome, why: &str, now: Timestamp) -> Decision {
        if self.too_late(now) {
            return self.end(give_up, why);
        }
        self.stumbles += 1;
        self.logins = self.logins.saturating_sub(1);
        let records = self.enter(State::Preparing);
        Decision { records, next: Next::Wait(now + wait) }
    }

    fn cancel(&mut self) -> Decision {
        if self.state.is_spent() {
            // What may have been submitted cannot be called off here; the list decides first, and nothing follows it.
            self.called_off = true;
            return self.read();
        }
        if self.state == State::Waitlisted {
            return self
                .end(Outcome::Cancelled, "called off while on the waiting list; the site may still hold the place");
        }
        self.end(Outcome::Cancelled, "called off before anything was submitted")
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

    fn opening(&self) -> Timestamp {
        self.facts.choices[self.choice].opening
    }

    /// The first choice, in order of preference, among those that are open soonest.
    fn next_choice(&self, now: Timestamp) -> Option<usize> {
        let left = || self.facts.choices.iter().enumerate().filter(|(at, _)| !self.lost[*at]);
        let soonest = left().map(|(_, choice)| choice.opening).min()?;
        left().find(|(_, choice)| choice.opening <= soonest.max(now)).map(|(at, _)| at)
    }

    fn too_late(&self, now: Timestamp) -> bool {
        let choice = &self.facts.choices[self.choice];
        let useful_from = choice.opening.max(self.facts.created_at);
        now >= choice.starts_at || now.duration_since(useful_from) > self.facts.patience.grace
    }
}

fn bare(next: Next) -> Decision {
    Decision { records: vec![], next }
}
