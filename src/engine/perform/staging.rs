//! The order of the reversible steps, what is kept of a session, and when credentials are sent: the same for a site with pages
//! and for one without.
//!
//! What is absent: how a step is done, and everything that submits.

use jiff::{SignedDuration, Timestamp};

use super::announced::hear;
use super::login::LogIn;
use super::prove::{Trial, Tried};
use super::{Kit, Performer};
use crate::engine::{What, announced};
use crate::flow::rows::Row;
use crate::flow::{Phase, Words};
use crate::model::{Announced, Answer};
use crate::store::Mark;
use crate::timing::{Event, Listing, Staging, Trouble, Way};

/// How long before the opening a way is tried whose steps come after it.
const ARM_AHEAD: SignedDuration = SignedDuration::from_secs(3);

/// How far a session has come.
#[derive(Debug, Default)]
pub(super) struct Standing {
    pub(super) log_in: LogIn,
    logged_in: bool,
    /// The site's list was read since the log-in.
    listed: bool,
}

/// What is known of the account, whatever becomes of its sessions.
#[derive(Debug, Default)]
pub(super) struct Account {
    /// How often the site has seen the credentials since somebody asked.
    pub(super) logins: u8,
    /// The next log-in reads the list after a submit; otherwise it stages.
    pub(super) verifies: bool,
    /// The site has refused them: they are not sent again.
    refused: bool,
    /// Why the list could not be read, the last time that it was tried.
    unread: Option<String>,
    /// What the site has announced of choices since somebody asked.
    pub(super) announced: Vec<(usize, Announced)>,
    /// Whether any of it moves an opening.
    pub(super) moved: bool,
    /// The choices of which it has announced something.
    pub(super) heard: Vec<usize>,
    /// What the vault said, the last time that it gave no credentials: it is asked often, and told of once.
    locked: Option<String>,
}

impl Account {
    /// Whether the credentials may be sent once more, where the site may see them so often.
    pub(super) fn may_log_in(&self, at_most: u8) -> bool {
        !self.refused && self.logins < at_most
    }
}

/// Does the reversible steps at one site.
pub(super) trait Stager: Performer {
    /// The errand and what goes with it.
    fn kit(&self) -> &Kit;

    /// The same, to put what the site announces into it.
    fn kit_mut(&mut self) -> &mut Kit;

    /// The words of the session; none: there is none.
    fn read_words(&mut self) -> Option<&mut Words>;

    /// What is known of the account.
    fn account(&mut self) -> &mut Account;

    /// How far the session has come; none: there is none.
    fn standing(&mut self) -> Option<&mut Standing>;

    /// Notes an instant for the millisecond ledger.
    fn mark(&mut self, mark: Mark, at: Timestamp);

    /// A fresh session. An old one is ended first.
    fn open_session(&mut self) -> impl Future<Output = Result<(), Trouble>> + Send;

    /// Ends the session that is there.
    fn end_session(&mut self) -> impl Future<Output = ()> + Send;

    /// Does the steps of a phase.
    fn do_steps(&mut self, phase: Phase, choice: usize) -> impl Future<Output = Result<(), Trouble>> + Send;

    /// Reads the site's list. The page that is there may be left for it.
    fn rows(&mut self) -> impl Future<Output = Result<Vec<Row>, Trouble>> + Send;

    /// The words of the session that is there; none: there is none.
    fn session_words(&mut self) -> Option<&mut Words>;

    /// Reads the site's list and compares it with every choice. The page that is there may be left for it.
    fn list(&mut self) -> impl Future<Output = Result<Listing, Trouble>> + Send {
        async {
            let rows = self.rows().await?;
            let words = self.session_words().expect("the list is read in a session").clone();
            self.kit().listing(&words, &rows)
        }
    }

    /// The same, and the page that shows a refusal stays where `retry/` needs it.
    fn list_beside(&mut self) -> impl Future<Output = Result<Listing, Trouble>> + Send;

    /// Looks whether the commit could be done; nothing is sent.
    fn look_at_commit(&mut self, choice: usize) -> impl Future<Output = Result<(), Trouble>> + Send;

    /// Tries a way to fire the first choice in what is staged, not before `at`, up to the commit and never across it.
    fn prove(&mut self, way: Way, at: Timestamp) -> impl Future<Output = Tried> + Send;
}

/// Stages a choice. Credentials are sent with [`Staging::LogIn`] only.
pub(super) async fn stage(hands: &mut impl Stager, choice: usize, from: Staging) -> Event {
    let has_way = is_logged_in(hands) && first_phase(hands, from).is_some();
    if from != Staging::LogIn && !has_way {
        return Event::StageFailed(Trouble::Answer(Answer::LoginExpired));
    }
    aim(hands, choice);
    let staged = try_stage(hands, choice, from).await;
    // The site may have announced another opening meanwhile.
    aim(hands, choice);
    match staged {
        Ok(listing) => Event::Staged(listing),
        Err(trouble) => Event::StageFailed(failed(hands, trouble).await),
    }
}

/// Whose turn it is at the account depends on when the choice opens.
fn aim(hands: &mut impl Stager, choice: usize) {
    let opening = hands.kit().errand.choices[choice].opening;
    hands.kit_mut().turn.aim(opening);
}

/// Ends the session for somebody who needs the account more; true: the site has seen credentials in it.
pub(super) async fn give_way(hands: &mut impl Stager) -> bool {
    let is_lost = hands.standing().is_some_and(|standing| standing.log_in.is_sent());
    hands.rest().await;
    hands.kit_mut().turn.give_up();
    is_lost
}

/// Does the opening steps, not before `at`.
pub(super) async fn open(hands: &mut impl Stager, choice: usize, at: Timestamp) -> Event {
    hands.kit().clock.sleep_until(at).await;
    match hands.do_steps(Phase::Opening, choice).await {
        Ok(()) => Event::Opened,
        Err(trouble) => Event::OpeningFailed(failed(hands, trouble).await),
    }
}

/// Reads the site's list, in the session that is there or, where credentials may be sent, in another one.
pub(super) async fn read_list(hands: &mut impl Stager, may_log_in: bool) -> Event {
    let listing = match try_list(hands, may_log_in).await {
        Ok(listing) => listing,
        Err(Trouble::Account(by)) => return Event::KeptOut(by),
        Err(trouble) => unread(hands, trouble).await,
    };
    let now = hands.kit().clock.now();
    hands.mark(Mark::Verified, now);
    hands.kit().reporter.say(now, What::listed(&listing));
    Event::Listed(listing)
}

/// Where the slot is ours already, nothing is staged.
async fn try_stage(hands: &mut impl Stager, choice: usize, from: Staging) -> Result<Listing, Trouble> {
    if from == Staging::LogIn {
        hands.account().verifies = false;
        log_in(hands).await?;
    }
    if hands.standing().is_some_and(|standing| !standing.listed) {
        let listing = first_list(hands).await?;
        if listing != Listing::Absent {
            return Ok(listing);
        }
    }
    let way = first_phase(hands, from).unwrap_or(Phase::Prepare);
    // From a refusal the way back begins on the page that shows it.
    if way == Phase::Prepare {
        hear(hands, choice).await?;
    }
    approach(hands, way, choice).await.map(|()| Listing::Absent)
}

/// What brings the page that is there to where choose/ begins; none: only a log-in does.
fn first_phase(hands: &impl Stager, from: Staging) -> Option<Phase> {
    let has = |phase: Phase| !hands.kit().errand.flow.steps(phase).is_empty();
    match from {
        Staging::LogIn => Some(Phase::Prepare),
        Staging::Retry => Some(Phase::Retry),
        // Requests begin anywhere.
        Staging::Again if hands.kit().errand.flow.is_api() => Some(Phase::Prepare),
        Staging::Again => [Phase::Prepare, Phase::Retry].into_iter().find(|phase| has(*phase)),
    }
}

/// Logged in, in a session that has sent no credentials before; one that has is ended first.
pub(super) async fn log_in(hands: &mut impl Stager) -> Result<(), Trouble> {
    if hands.standing().is_none_or(|standing| standing.log_in.is_sent()) {
        hands.end_session().await;
        hands.open_session().await?;
    }
    hands.do_steps(Phase::Login, 0).await?;
    let standing = hands.standing().expect("its steps are done");
    standing.logged_in = true;
    if standing.log_in.ends() {
        hands.account().logins += 1;
        let verifies = hands.account().verifies;
        hands.kit().note_log_in(verifies).await?;
    }
    Ok(())
}

async fn first_list(hands: &mut impl Stager) -> Result<Listing, Trouble> {
    let listing = hands.list().await?;
    note_list(hands);
    Ok(listing)
}

fn note_list(hands: &mut impl Stager) {
    if let Some(standing) = hands.standing() {
        standing.listed = true;
    }
}

async fn try_list(hands: &mut impl Stager, may_log_in: bool) -> Result<Listing, Trouble> {
    if is_logged_in(hands) {
        let listing = hands.list_beside().await?;
        note_list(hands);
        return Ok(listing);
    }
    let account = hands.account();
    if account.refused || !may_log_in {
        let why = account.unread.clone().unwrap_or_else(|| "nobody is logged in".to_owned());
        return Ok(Listing::CannotTell(why));
    }
    account.verifies = true;
    log_in(hands).await?;
    first_list(hands).await
}

/// The list could not be read.
async fn unread(hands: &mut impl Stager, trouble: Trouble) -> Listing {
    keep_what_is_good(hands, &trouble).await;
    hands.account().unread = Some(trouble.words());
    Listing::CannotTell(trouble.words())
}

/// The session is kept where it is known to be good, so that trouble costs no log-in.
pub(super) async fn keep_what_is_good(hands: &mut impl Stager, trouble: &Trouble) {
    match trouble {
        Trouble::Browser(_) => hands.end_session().await,
        Trouble::Answer(Answer::LoginRefused) => hands.account().refused = true,
        Trouble::Answer(Answer::LoginExpired) => forget_log_in(hands),
        Trouble::Unreachable(_) | Trouble::Account(_) => {}
        _ => {
            let can_ask = hands.kit().errand.flow.logged_in().is_some();
            if !can_ask || hands.check_login().await != Event::LoginChecked(true) {
                forget_log_in(hands);
            }
        }
    }
}

/// Tells of trouble in staging, and keeps of the session what can be kept.
async fn failed(hands: &mut impl Stager, trouble: Trouble) -> Trouble {
    match &trouble {
        Trouble::Browser(_) => hands.end_session().await,
        Trouble::Answer(Answer::LoginExpired) => forget_log_in(hands),
        // A page without what is looked for may be that of somebody who is not logged in.
        Trouble::Selector(_) if is_logged_in(hands) && hands.check_login().await != Event::LoginChecked(true) => {
            forget_log_in(hands);
        }
        _ => {}
    }
    // That it waits was said when it began to.
    if matches!(trouble, Trouble::Account(_)) {
        return trouble;
    }
    if let Trouble::Credentials(why) = &trouble
        && hands.account().locked.replace(why.clone()).as_ref() == Some(why)
    {
        return trouble;
    }
    hands.kit().told(trouble)
}

/// The commit was not sent; of the session is kept what would be kept while staging.
pub(super) async fn not_sent(hands: &mut impl Stager, trouble: Trouble) -> Event {
    Event::NotSent(failed(hands, trouble).await)
}

pub(super) fn is_logged_in(hands: &mut impl Stager) -> bool {
    hands.standing().is_some_and(|standing| standing.logged_in)
}

fn forget_log_in(hands: &mut impl Stager) {
    if let Some(standing) = hands.standing() {
        standing.logged_in = false;
    }
}

/// What a rehearsal found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rehearsed {
    /// Whether the site's list shows the booking already.
    pub listed: bool,
    /// Whether the opening steps, and the commit behind them, were left out: the date is not open yet.
    pub waits: bool,
    /// Why not every step worked.
    pub trouble: Option<Trouble>,
    /// What came of the ways to fire that were tried.
    pub(in crate::engine) trials: Vec<Trial>,
}

impl Rehearsed {
    /// Whether it has something to say of the ways to fire.
    pub fn has_tried_ways(&self) -> bool {
        !self.trials.is_empty()
    }

    /// One that did not come beyond its beginning.
    pub(in crate::engine) fn broken(trouble: Trouble) -> Self {
        Self { listed: false, waits: false, trouble: Some(trouble), trials: Vec::new() }
    }
}

/// Tries the first choice from the log-in to a look at the commit, whatever the list shows, and on the way these ways to fire;
/// `opening` is when the opening steps may be done, none leaves them out.
pub(super) async fn rehearse(hands: &mut impl Stager, opening: Option<Timestamp>, ways: &[Way]) -> Rehearsed {
    let mut trials = Vec::new();
    let listing = match log_in(hands).await {
        Ok(()) => hands.list().await,
        Err(trouble) => Err(trouble),
    };
    match listing {
        Err(trouble) => Rehearsed::broken(trouble),
        Ok(listing) => Rehearsed {
            trouble: try_through(hands, opening, ways, &mut trials).await.err(),
            listed: listing != Listing::Absent,
            waits: has_opening_steps(hands) && opening.is_none(),
            trials,
        },
    }
}

async fn try_through(
    hands: &mut impl Stager,
    opening: Option<Timestamp>,
    ways: &[Way],
    trials: &mut Vec<Trial>,
) -> Result<(), Trouble> {
    let by_rule = hands.kit().errand.choices[0].opening;
    hear(hands, 0).await?;
    tell_of_announced(hands);
    let heard = hands.kit().errand.choices[0].opening;
    let opening = opening.map(|opening| if heard == by_rule { opening } else { heard });
    approach(hands, Phase::Prepare, 0).await?;
    if has_opening_steps(hands) {
        let Some(opening) = opening else { return Ok(()) };
        return try_opening(hands, opening, ways, trials).await;
    }
    for way in ways {
        let now = hands.kit().clock.now();
        try_way(hands, *way, now, trials).await;
    }
    Ok(())
}

/// No attempt takes what a rehearsal has read: it is said.
fn tell_of_announced(hands: &mut impl Stager) {
    for (choice, announced) in std::mem::take(&mut hands.account().announced) {
        let kit = hands.kit();
        let words = announced::words(&kit.errand.choices[choice], &announced, &kit.errand.zone, kit.clock.now());
        kit.reporter.say(kit.clock.now(), What::Note(words));
    }
}

/// The opening steps by the fastest way that works; one by one, where none does.
async fn try_opening(
    hands: &mut impl Stager,
    opening: Timestamp,
    ways: &[Way],
    trials: &mut Vec<Trial>,
) -> Result<(), Trouble> {
    for way in ways {
        hands.kit().clock.sleep_until(opening - ARM_AHEAD).await;
        match try_way(hands, *way, opening, trials).await {
            Tried::Works(_) => return Ok(()),
            Tried::Says(answer) => return Err(Trouble::Answer(answer)),
            Tried::Fails(_) => {
                let way_back = first_phase(hands, Staging::Again).unwrap_or(Phase::Prepare);
                approach(hands, way_back, 0).await?;
            }
            Tried::Untried(_) => {}
        }
    }
    open_by_hand(hands, opening).await
}

async fn try_way(hands: &mut impl Stager, way: Way, at: Timestamp, trials: &mut Vec<Trial>) -> Tried {
    let tried = hands.prove(way, at).await;
    hands.kit().reporter.say(hands.kit().clock.now(), What::Note(tried.words(way)));
    trials.push((way, tried.clone()));
    tried
}

async fn open_by_hand(hands: &mut impl Stager, opening: Timestamp) -> Result<(), Trouble> {
    hands.kit().clock.sleep_until(opening).await;
    hands.do_steps(Phase::Opening, 0).await?;
    hands.look_at_commit(0).await
}

/// Every reversible step in the order of a booking, at once, and a look at the list.
pub(super) async fn walk(hands: &mut impl Stager) -> Result<(), Trouble> {
    log_in(hands).await?;
    hands.do_steps(Phase::Announced, 0).await?;
    approach(hands, Phase::Prepare, 0).await?;
    if has_opening_steps(hands) {
        open_by_hand(hands, Timestamp::MIN).await?;
    }
    hands.list().await.map(drop)
}

/// To where the commit, or the first opening step, is the next thing to do.
async fn approach(hands: &mut impl Stager, way: Phase, choice: usize) -> Result<(), Trouble> {
    hands.do_steps(way, choice).await?;
    hands.do_steps(Phase::Choose, choice).await?;
    if has_opening_steps(hands) {
        return Ok(());
    }
    hands.look_at_commit(choice).await
}

fn has_opening_steps(hands: &impl Stager) -> bool {
    !hands.kit().errand.flow.steps(Phase::Opening).is_empty()
}
