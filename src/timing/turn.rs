//! Whose turn it is at an account of which its site bears one session: who is served first of those who wait, and to whom a
//! session is given up in which nothing is spent.
//!
//! Openings are as the site's clock shows them: by how much that differs from ours is nothing here. What is absent: the waiting.

use std::cmp::Reverse;

use jiff::{SignedDuration, Timestamp};

/// An opening that is nearer than this comes before what is open already.
const NEAR: SignedDuration = SignedDuration::from_secs(90);

/// What a log-in and staging take, generously: so long nobody gives up a session that was just begun, or whose date has just
/// opened, and what opens sooner than that cannot be staged any more.
const A_TURN: SignedDuration = SignedDuration::from_secs(20);

/// What an attempt wants its account for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// When the choice opens that is tried.
    pub opening: Timestamp,
    /// Only the list is to be read: something may have been booked.
    pub reads: bool,
    /// It has had a session before, and has given it up.
    pub again: bool,
}

/// In the order in which they are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// It opens in a moment.
    Near,
    /// Nobody knows what is booked.
    Reads,
    /// It is open.
    Open,
    /// It is open, and was tried in vain.
    Again,
    /// There is time.
    Far,
}

impl Claim {
    /// The place in the line: the least is served first, and among equals whoever came first.
    pub fn place(&self, now: Timestamp) -> impl Ord + use<> {
        let rank = self.rank(now);
        let soonest = matches!(rank, Rank::Near | Rank::Far).then_some(self.opening);
        // What has just opened is wanted by everybody.
        let newest = (rank == Rank::Open).then_some(Reverse(self.opening));
        (rank, soonest, newest)
    }

    /// Whether whoever has had the account since then, and only waits, gives it up to this one.
    pub fn presses(&self, holder: &Self, since: Timestamp, now: Timestamp) -> bool {
        let theirs = Self { again: true, ..*holder }.rank(now);
        match (self.rank(now), theirs) {
            // Each of them can be in time, one after the other.
            (Rank::Near, Rank::Near) => self.opening + A_TURN <= holder.opening && now + A_TURN <= self.opening,
            (Rank::Again | Rank::Far, _) => false,
            (mine, _) => mine < theirs && !holder.is_hot(since, now),
        }
    }

    /// The same for whoever is at work, before anything is spent.
    pub fn interrupts(&self, holder: &Self, since: Timestamp, now: Timestamp) -> bool {
        self.is_near(now) && !holder.is_near(now) && self.presses(holder, since, now)
    }

    /// When the answers may be other ones, though nothing else happens; none: never.
    pub fn changes_at(&self, holder: &Self, since: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let near = self.opening.checked_sub(NEAR).ok();
        let is_cold = holder.opening.max(since).checked_add(A_TURN).ok();
        [near, is_cold, Some(holder.opening)].into_iter().flatten().filter(|at| *at > now).min()
    }

    fn rank(&self, now: Timestamp) -> Rank {
        match self {
            Self { reads: true, .. } => Rank::Reads,
            _ if self.is_near(now) => Rank::Near,
            Self { opening, .. } if *opening > now => Rank::Far,
            Self { again: true, .. } => Rank::Again,
            _ => Rank::Open,
        }
    }

    fn is_near(&self, now: Timestamp) -> bool {
        !self.reads && self.opening > now && self.opening.duration_since(now) <= NEAR
    }

    fn is_hot(&self, since: Timestamp, now: Timestamp) -> bool {
        self.opening <= now && now.duration_since(self.opening.max(since)) < A_TURN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2027-07-09T05:00:00Z".parse().expect("a timestamp")
    }

    fn at(seconds: i64) -> Timestamp {
        now() + SignedDuration::from_secs(seconds)
    }

    /// A first claim for what opens in so many seconds.
    fn opens(seconds: i64) -> Claim {
        Claim { opening: at(seconds), reads: false, again: false }
    }

    fn again(seconds: i64) -> Claim {
        Claim { again: true, ..opens(seconds) }
    }

    fn reads(seconds: i64) -> Claim {
        Claim { reads: true, ..opens(seconds) }
    }

    /// Whether the one presses the other, who has had the account for so many seconds.
    fn presses(claim: Claim, holder: Claim, held: i64) -> bool {
        claim.presses(&holder, at(-held), now())
    }

    #[test]
    fn who_waits_is_served_in_the_order_of_openings_and_what_is_open_after_what_is_near() {
        let line = [opens(20), opens(80), reads(-30), opens(-1), opens(-86_400), again(-1), opens(300), opens(600)];
        let places: Vec<_> = line.iter().map(|claim| claim.place(now())).collect();
        assert!(places.is_sorted());
        assert!(places[3] < places[4], "what has just opened comes before what is open for long");
        assert!(opens(0).place(now()) > opens(90).place(now()), "the control");
        assert!(opens(0).place(now()) < opens(91).place(now()), "there is time for it before");
    }

    #[test]
    fn what_only_waits_is_given_up_to_what_opens_soon() {
        assert!(presses(opens(90), opens(-60), 60), "a date that is open and is tried in vain");
        assert!(presses(opens(5), opens(-60), 60), "late is better than never");
        assert!(presses(opens(60), opens(300), 5), "staged long before its opening");
        assert!(presses(reads(-60), opens(-60), 60));
        assert!(!presses(opens(91), opens(-60), 60), "the control: there is time");
        assert!(!presses(opens(90), opens(60), 60), "the control: the holder opens sooner");
        assert!(!presses(opens(60), opens(60), 60), "the control: together");
    }

    #[test]
    fn of_two_that_open_soon_the_sooner_one_comes_first_where_both_can_be_in_time() {
        assert!(presses(opens(40), opens(70), 30));
        assert!(!presses(opens(55), opens(70), 30), "the other one could not log in after it");
        assert!(!presses(opens(15), opens(70), 30), "it cannot be in time itself");
    }

    #[test]
    fn what_has_just_opened_or_just_begun_has_its_turn() {
        for (opened, held) in [(-19, 60), (-86_400, 19)] {
            assert!(!presses(opens(60), opens(opened), held), "{opened} {held}");
            assert!(!presses(opens(-1), opens(opened), held), "{opened} {held}");
        }
        assert!(presses(opens(60), opens(-20), 60) && presses(opens(60), opens(-86_400), 20), "the control");
    }

    /// Two that are both tried in vain do not push each other out by turns.
    #[test]
    fn whoever_has_given_up_waits_until_the_others_have_had_their_turn() {
        assert!(presses(opens(-60), again(-60), 60));
        assert!(!presses(again(-60), opens(-60), 60) && !presses(again(-60), opens(300), 60));
    }

    #[test]
    fn work_is_interrupted_for_what_opens_soon_only() {
        let interrupts = |claim: Claim, holder: Claim| claim.interrupts(&holder, at(-60), now());
        assert!(interrupts(opens(60), opens(-60)) && interrupts(opens(60), opens(300)));
        assert!(!interrupts(opens(-1), again(-60)) && !interrupts(reads(-1), opens(-60)));
        assert!(!interrupts(opens(40), opens(70)), "the control: it may only wait");
    }

    #[test]
    fn it_is_looked_again_when_the_answer_may_be_another() {
        let changes = |claim: Claim, holder: Claim| claim.changes_at(&holder, at(-5), now());
        assert_eq!(changes(opens(300), opens(-60)), Some(at(15)), "its turn ends");
        assert_eq!(opens(300).changes_at(&opens(-60), at(-60), now()), Some(at(210)), "it opens soon");
        assert_eq!(changes(opens(100), opens(50)), Some(at(10)));
        assert_eq!(opens(-60).changes_at(&opens(-60), at(-60), now()), None);
        let always = Claim { opening: Timestamp::MIN, ..opens(0) };
        assert_eq!(always.changes_at(&always, at(-60), now()), None);
    }
}
