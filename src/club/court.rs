//! What can be booked: the courts, their hours, and one hour on one court on one date.

use jiff::civil::{Date, Time, time};

/// A court of the club.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Court {
    /// What members call it ("1").
    pub name: &'static str,
    /// What the site calls it ("5").
    pub id: &'static str,
    /// How many dates can be booked, today included.
    pub days: u8,
}

/// Every court, in the order of the site.
pub static COURTS: [Court; 3] = [
    Court { name: "1", id: "5", days: 10 },
    Court { name: "2", id: "7", days: 9 },
    Court { name: "3", id: "17", days: 10 },
];

impl Court {
    /// The court with that site id.
    pub(crate) fn of_id(id: &str) -> Option<&'static Self> {
        COURTS.iter().find(|court| court.id == id)
    }
}

/// The hour at which the first slot of a day begins.
const FIRST_HOUR: i8 = 6;

/// The hour at which the last slot of a day ends.
const CLOSING_HOUR: i8 = 22;

/// The start of an hourly slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Hour(i8);

impl Hour {
    /// Every hour of a day.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (FIRST_HOUR..CLOSING_HOUR).map(Self)
    }

    /// The slot that starts at `17:00`; none where no slot starts.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::all().find(|hour| hour.start() == text)
    }

    /// `17:00`.
    pub(crate) fn start(self) -> String {
        format!("{:02}:00", self.0)
    }

    /// `18:00`.
    pub(crate) fn end(self) -> String {
        format!("{:02}:00", self.0 + 1)
    }

    /// `05:00 PM`.
    pub(crate) fn start_label(self) -> String {
        label(self.0)
    }

    /// `06:00 PM`.
    pub(crate) fn end_label(self) -> String {
        label(self.0 + 1)
    }
}

fn label(hour: i8) -> String {
    let at: Time = time(hour, 0, 0, 0);
    at.strftime("%I:%M %p").to_string()
}

/// One hour on one court on one date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slot {
    pub(crate) court: &'static Court,
    pub(crate) date: Date,
    pub(crate) hour: Hour,
}

impl Slot {
    /// The slot of a site id, an ISO date and a start time, as forms and the API send them.
    pub(crate) fn parse(court: &str, date: &str, start: &str) -> Option<Self> {
        Some(Self { court: Court::of_id(court)?, date: iso_date(date)?, hour: Hour::parse(start)? })
    }
}

/// A date written `2027-07-18`, and nothing else.
pub(crate) fn iso_date(text: &str) -> Option<Date> {
    Date::strptime("%Y-%m-%d", text).ok().filter(|date| date.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_read_as_the_club_writes_them() {
        let noon = Hour::parse("12:00").expect("noon is a slot");
        assert_eq!((noon.start_label(), noon.end_label()), ("12:00 PM".to_owned(), "01:00 PM".to_owned()));
        assert_eq!(Hour::all().count(), 16);
        assert_eq!(Hour::parse("06:00").map(Hour::end), Some("07:00".to_owned()));
        for wrong in ["05:00", "22:00", "17:30", "5:00", ""] {
            assert_eq!(Hour::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_a_whole_slot_parses() {
        assert!(Slot::parse("5", "2027-07-18", "17:00").is_some());
        for (court, date, start) in [
            ("1", "2027-07-18", "17:00"),
            ("5", "18/07/2027", "17:00"),
            ("5", "2027-7-18", "17:00"),
            ("5", "2027-07-18", ""),
        ] {
            assert_eq!(Slot::parse(court, date, start), None);
        }
    }
}
