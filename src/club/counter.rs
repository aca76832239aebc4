//! The counter where a member asks for a slot: the book's rules, bent by the faults that are set.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::book::{Book, Reference};
use super::court::{Court, Slot};
use super::fault::Fault;
use super::reply::Reply;
use super::window::Window;

/// How late `late-opening` opens.
pub(crate) const LATE: SignedDuration = SignedDuration::from_millis(1_500);

/// How long after the opening `503-at-opening` lasts.
const OVERWHELMED: SignedDuration = SignedDuration::from_secs(2);

/// How many of a member's lists `truncated-list` cuts off: whoever takes them for whole reads twice in a row that nothing is
/// booked, submits again, and looks once more before the next choice.
const CUT_LISTS: u8 = 3;

/// Who gets the slots that members lose to `taken` and `all-taken`.
const THIEF: &str = "rival-0";

/// Window, book and faults: what a submit is decided by.
#[derive(Debug)]
pub(crate) struct Counter {
    pub(crate) window: Window,
    pub(crate) book: Book,
    pub(crate) faults: Faults,
}

/// The faults that are set, and for whom the ones of the first submit are over.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    active: BTreeSet<Fault>,
    spent: HashSet<(Fault, String)>,
    cut_lists: HashMap<String, u8>,
}

impl Faults {
    /// These and no others, none of them spent.
    pub(crate) fn new(active: impl IntoIterator<Item = Fault>) -> Self {
        Self { active: active.into_iter().collect(), ..Self::default() }
    }

    /// Whether the fault is set.
    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.active.contains(&fault)
    }

    /// Forgets for whom they are over.
    pub(crate) fn renew(&mut self) {
        self.spent.clear();
        self.cut_lists.clear();
    }

    /// Whether the fault strikes this member now; it does so once.
    fn strikes(&mut self, fault: Fault, member: &str) -> bool {
        self.has(fault) && self.spent.insert((fault, member.to_owned()))
    }

    /// Whether this list of the member, which holds a booking, is cut off.
    fn cuts_list(&mut self, member: &str) -> bool {
        let cut = self.cut_lists.entry(member.to_owned()).or_default();
        *cut = cut.saturating_add(1);
        self.active.contains(&Fault::TruncatedList) && *cut <= CUT_LISTS
    }
}

impl Counter {
    /// Answers a submit of a member who is logged in and whose form is in order. `slot` is none where the fields name none.
    pub(crate) fn submit(&mut self, member: &str, slot: Option<Slot>, now: Timestamp) -> Reply {
        if let Some(reply) = self.before_commit(member) {
            return reply;
        }
        let Some(slot) = slot else { return Reply::Invalid };
        let now = self.opens_by(now);
        if self.loses(member, slot, now) {
            // The thief asks by the same rules: what is not open is not stolen.
            let _ = self.book.submit(&self.window, THIEF, slot, now);
        }
        match self.book.submit(&self.window, member, slot, now) {
            Ok(reference) => self.after_commit(member, reference),
            Err(refusal) => refusal.into(),
        }
    }

    /// Whether the list that the member is shown now is cut off.
    pub(crate) fn cuts_list(&mut self, member: &str) -> bool {
        self.book.held_by(member).next().is_some() && self.faults.cuts_list(member)
    }

    /// Whether the club answers 503 to every submit.
    pub(crate) fn is_overwhelmed(&self, now: Timestamp) -> bool {
        self.faults.has(Fault::UnavailableAtOpening) && now.duration_since(self.window.last_turn(now)) < OVERWHELMED
    }

    /// The dates that can be booked on a court, today first.
    pub(crate) fn dates(&self, court: &Court, now: Timestamp) -> Vec<Date> {
        self.window.dates(court, self.opens_by(now))
    }

    /// Whether a slot's date can be booked on its court.
    pub(crate) fn is_open(&self, slot: Slot, now: Timestamp) -> bool {
        self.window.is_open(slot.court, slot.date, self.opens_by(now))
    }

    /// The instant by which the window is judged.
    fn opens_by(&self, now: Timestamp) -> Timestamp {
        if self.faults.has(Fault::LateOpening) { now.saturating_sub(LATE).unwrap_or(now) } else { now }
    }

    fn before_commit(&mut self, member: &str) -> Option<Reply> {
        if self.faults.has(Fault::Quota) {
            Some(Reply::Quota)
        } else if self.faults.strikes(Fault::DropBeforeCommit, member) {
            Some(Reply::Dropped)
        } else if self.faults.has(Fault::NeverAnswers) {
            Some(Reply::Held)
        } else if self.faults.has(Fault::ErrorPage200) {
            Some(Reply::ErrorPage)
        } else if self.faults.strikes(Fault::Empty200, member) {
            Some(Reply::Empty)
        } else if self.faults.strikes(Fault::LiesConfirmed, member) {
            Some(Reply::Confirmed(self.book.next_reference()))
        } else {
            None
        }
    }

    fn loses(&mut self, member: &str, slot: Slot, now: Timestamp) -> bool {
        let open = self.window.is_open(slot.court, slot.date, now);
        open && (self.faults.has(Fault::AllTaken) || self.faults.strikes(Fault::Taken, member))
    }

    fn after_commit(&mut self, member: &str, reference: Reference) -> Reply {
        let any = |faults: &mut Faults, of: &[Fault]| of.iter().any(|fault| faults.strikes(*fault, member));
        if self.faults.strikes(Fault::DropAfterCommit, member) {
            Reply::Dropped
        } else if any(&mut self.faults, &[Fault::ErrorAfterCommit, Fault::TruncatedList]) {
            Reply::BadGateway
        } else if self.faults.strikes(Fault::StallsAfterCommit, member) {
            Reply::Held
        } else if self.faults.strikes(Fault::Truncated, member) {
            Reply::Truncated(reference)
        } else if any(&mut self.faults, &[Fault::LiesTaken, Fault::CachedList]) {
            Reply::Taken
        } else if self.faults.strikes(Fault::LiesNotOpen, member) {
            Reply::NotOpen
        } else if self.faults.strikes(Fault::LiesQuota, member) {
            Reply::Quota
        } else {
            Reply::Confirmed(reference)
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn opening() -> Timestamp {
        "2027-07-09T06:00:00Z".parse().expect("a timestamp")
    }

    fn counter(faults: &[Fault]) -> Counter {
        let zone = TimeZone::get("America/Costa_Rica").expect("the zone is known");
        Counter {
            window: Window::at_midnight(zone),
            book: Book::default(),
            faults: Faults::new(faults.iter().copied()),
        }
    }

    fn slot(start: &str) -> Option<Slot> {
        Slot::parse("5", "2027-07-18", start)
    }

    /// Two submits of one member for two slots: the words, and how many of the slots he holds after each.
    fn two_submits(fault: Fault) -> [(&'static str, usize); 2] {
        let mut counter = counter(&[fault]);
        ["17:00", "18:00"].map(|start| {
            let reply = counter.submit("ana", slot(start), opening() + LATE);
            (reply.as_str(), counter.book.held_by("ana").count())
        })
    }

    #[test]
    fn a_fault_of_the_first_submit_leaves_the_second_alone() {
        for (fault, first) in [
            (Fault::DropBeforeCommit, ("dropped", 0)),
            (Fault::Empty200, ("empty", 0)),
            (Fault::LiesConfirmed, ("confirmed", 0)),
            (Fault::Taken, ("taken", 0)),
            (Fault::DropAfterCommit, ("dropped", 1)),
            (Fault::ErrorAfterCommit, ("bad-gateway", 1)),
            (Fault::CachedList, ("taken", 1)),
            (Fault::TruncatedList, ("bad-gateway", 1)),
            (Fault::StallsAfterCommit, ("held", 1)),
            (Fault::Truncated, ("truncated", 1)),
            (Fault::LiesTaken, ("taken", 1)),
            (Fault::LiesNotOpen, ("not-open", 1)),
            (Fault::LiesQuota, ("quota", 1)),
        ] {
            assert_eq!(two_submits(fault), [first, ("confirmed", first.1 + 1)], "{}", fault.as_str());
        }
    }

    #[test]
    fn a_lasting_fault_meets_every_submit() {
        for (fault, word) in [
            (Fault::NeverAnswers, "held"),
            (Fault::ErrorPage200, "error-page"),
            (Fault::Quota, "quota"),
            (Fault::AllTaken, "taken"),
        ] {
            assert_eq!(two_submits(fault), [(word, 0); 2], "{}", fault.as_str());
        }
    }

    #[test]
    fn without_a_fault_both_are_booked() {
        assert_eq!(two_submits(Fault::Slow), [("confirmed", 1), ("confirmed", 2)]);
    }

    #[test]
    fn the_first_submit_is_each_members_own() {
        let mut counter = counter(&[Fault::DropBeforeCommit]);
        assert_eq!(counter.submit("ana", slot("17:00"), opening()), Reply::Dropped);
        assert_eq!(counter.submit("bruno", slot("17:00"), opening()), Reply::Dropped);
        assert_eq!(counter.submit("ana", slot("17:00"), opening()).as_str(), "confirmed");
    }

    #[test]
    fn lists_are_cut_off_three_times_and_only_those_that_hold_a_booking() {
        let mut cutting = counter(&[Fault::TruncatedList]);
        assert!(!cutting.cuts_list("ana"), "nothing is booked");
        assert_eq!(cutting.submit("ana", slot("17:00"), opening()), Reply::BadGateway);
        assert_eq!([(); 4].map(|()| cutting.cuts_list("ana")), [true, true, true, false]);
        let mut whole = counter(&[]);
        assert_eq!(whole.submit("ana", slot("17:00"), opening()).as_str(), "confirmed");
        assert!(!whole.cuts_list("ana"));
    }

    #[test]
    fn a_submit_that_is_early_does_not_spend_the_thief() {
        let mut counter = counter(&[Fault::Taken]);
        let early = opening() - SignedDuration::from_nanos(1);
        assert_eq!(counter.submit("ana", slot("17:00"), early), Reply::NotOpen);
        assert_eq!(counter.submit("ana", slot("17:00"), opening()), Reply::Taken);
        assert_eq!(counter.book.held_by(THIEF).count(), 1);
    }

    #[test]
    fn late_opening_is_late_to_the_nanosecond_and_overwhelmed_ends() {
        let mut late = counter(&[Fault::LateOpening]);
        let nano = SignedDuration::from_nanos(1);
        assert_eq!(late.submit("ana", slot("17:00"), opening() + LATE - nano), Reply::NotOpen);
        assert_eq!(late.submit("ana", slot("17:00"), opening() + LATE).as_str(), "confirmed");

        let busy = counter(&[Fault::UnavailableAtOpening]);
        assert!(!busy.is_overwhelmed(opening() - nano));
        assert!(busy.is_overwhelmed(opening()));
        assert!(busy.is_overwhelmed(opening() + OVERWHELMED - nano));
        assert!(!busy.is_overwhelmed(opening() + OVERWHELMED));
        assert!(!counter(&[]).is_overwhelmed(opening()));
    }

    #[test]
    fn several_faults_strike_one_after_the_other() {
        let mut counter = counter(&[Fault::Taken, Fault::DropAfterCommit]);
        let words = ["17:00", "18:00", "19:00"].map(|start| counter.submit("ana", slot(start), opening()).as_str());
        assert_eq!(words, ["taken", "dropped", "confirmed"]);
    }
}
