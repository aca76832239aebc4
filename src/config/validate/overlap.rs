//! Bookings that get in each other's way.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};

use crate::config::raw::Origin;
use crate::model::{Booking, CourtName, MemberId, SiteId};
use crate::report::Problem;

use super::Problems;

/// So many warnings are enough to make the point.
const MAX_WARNINGS: usize = 20;

/// What matters of a booking here.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    origin: Origin,
    name: String,
    member: MemberId,
    /// The entry of the vault: two members can have one.
    account: String,
    site: SiteId,
    courts: Vec<CourtName>,
    times: Vec<Time>,
    length: SignedDuration,
    /// In order.
    dates: Vec<Date>,
}

impl Wish {
    /// A booking at a site on its next dates; a paused one wants nothing.
    pub(super) fn new(
        origin: Origin,
        (booking, account): (&Booking, &str),
        site: &crate::model::Site,
        dates: Option<Vec<Date>>,
    ) -> Self {
        Self {
            origin,
            name: booking.name.to_string(),
            member: booking.member.clone(),
            account: account.to_owned(),
            site: site.id.clone(),
            courts: booking.courts.clone(),
            times: booking.times.clone(),
            length: booking.length,
            dates: dates.filter(|_| !booking.paused).unwrap_or_default(),
        }
    }

    /// The first slot that both want at the same time; slots over midnight are compared within their own date only.
    fn clash(&self, other: &Self) -> Option<DateTime> {
        let same_court = || self.courts.iter().any(|court| other.courts.contains(court));
        if self.site != other.site || !(self.is_of_the_account(other) || same_court()) {
            return None;
        }
        let time =
            self.times.iter().find(|time| other.times.iter().any(|theirs| self.meets(**time, other, *theirs)))?;
        let date = self.dates.iter().find(|date| other.dates.binary_search(date).is_ok())?;
        Some(date.to_datetime(*time))
    }

    fn is_of_the_account(&self, other: &Self) -> bool {
        self.member == other.member || self.account == other.account
    }

    fn meets(&self, time: Time, other: &Self, theirs: Time) -> bool {
        let from_midnight = |time: Time| time.duration_since(Time::midnight());
        let (mine, theirs) = (from_midnight(time), from_midnight(theirs));
        mine < theirs + other.length && theirs < mine + self.length
    }
}

/// Warns of two bookings of one member, or of one account, at overlapping times, and of two members after one court.
pub(super) fn warn(wishes: &[Wish], problems: &mut Problems) {
    let pairs =
        wishes.iter().enumerate().flat_map(|(n, later)| wishes[..n].iter().map(move |earlier| (earlier, later)));
    let clashes = pairs.filter_map(|(earlier, later)| Some((earlier, later, later.clash(earlier)?)));
    for (earlier, later, start) in clashes.take(MAX_WARNINGS) {
        let when = start.strftime("%Y-%m-%d %H:%M");
        let (message, help) = if earlier.member == later.member {
            (
                format!("`{}` and `{}` overlap on {when}", earlier.name, later.name),
                "one member gets one court at a time: once one of them is booked, the other is not tried for that time",
            )
        } else if earlier.account == later.account {
            (
                format!(
                    "`{}` of {} and `{}` of {} have one account, and overlap on {when}",
                    earlier.name, earlier.member, later.name, later.member
                ),
                "one account gets one court at a time: give each member the vault entry of its own account, or let it be",
            )
        } else {
            (
                format!(
                    "`{}` of {} and `{}` of {} want the same court on {when}",
                    earlier.name, earlier.member, later.name, later.member
                ),
                "only one of them can have it: give them different courts or times, or let it be",
            )
        };
        problems.push(later.origin.blame(Problem::warning("overlap", message)).help(help));
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    fn wish(name: &str, member: &str, court: &str, hour: i8) -> Wish {
        Wish {
            origin: Origin::Default,
            name: name.to_owned(),
            member: member.into(),
            account: format!("club/{member}"),
            site: "club".into(),
            courts: vec![court.into()],
            times: vec![time(hour, 0, 0, 0)],
            length: SignedDuration::from_mins(90),
            dates: vec![date(2027, 7, 18)],
        }
    }

    fn warned(wishes: &[Wish]) -> usize {
        let mut problems = Vec::new();
        warn(wishes, &mut problems);
        problems.len()
    }

    #[test]
    fn one_member_at_overlapping_times_is_warned_whatever_the_court() {
        assert_eq!(warned(&[wish("a", "ana", "1", 17), wish("b", "ana", "2", 18)]), 1);
        assert_eq!(warned(&[wish("a", "ana", "1", 17), wish("b", "ana", "1", 19)]), 0);
    }

    #[test]
    fn two_members_of_one_account_are_warned_whatever_the_court() {
        let mut luis = wish("b", "luis", "2", 18);
        luis.account = "club/ana".to_owned();
        let mut problems = Vec::new();
        warn(&[wish("a", "ana", "1", 17), luis], &mut problems);
        assert_eq!(problems[0].message, "`a` of ana and `b` of luis have one account, and overlap on 2027-07-18 18:00");
    }

    #[test]
    fn two_members_are_warned_on_one_court_only() {
        assert_eq!(warned(&[wish("a", "ana", "1", 17), wish("b", "luis", "1", 18)]), 1);
        assert_eq!(warned(&[wish("a", "ana", "1", 17), wish("b", "luis", "2", 18)]), 0);
    }
}
