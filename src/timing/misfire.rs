//! What becomes of an opening that nobody was there for.

use jiff::{SignedDuration, Timestamp};

/// What to do with an attempt when it is taken up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfire {
    /// The opening is ahead: keep to the plan.
    OnTime,
    /// The date was open already when the booking was made, taken up again or changed: book at once.
    OpenAlready,
    /// The opening passed unattended, but a late fire is still useful.
    FireLate,
    /// The opening passed unattended, too long ago.
    Skip,
    /// The slot itself has begun.
    TooLate,
}

impl Misfire {
    /// Whether there is still something to do.
    pub fn is_useful(self) -> bool {
        matches!(self, Self::OnTime | Self::OpenAlready | Self::FireLate)
    }
}

/// The policy: `planned_at` is when the attempt was last planned for this opening, `slot` when the slot itself begins.
pub fn misfire(
    planned_at: Timestamp,
    opening: Timestamp,
    slot: Timestamp,
    now: Timestamp,
    grace: SignedDuration,
) -> Misfire {
    if now < opening {
        Misfire::OnTime
    } else if now >= slot {
        Misfire::TooLate
    } else if planned_at >= opening {
        Misfire::OpenAlready
    } else if now.duration_since(opening) <= grace {
        Misfire::FireLate
    } else {
        Misfire::Skip
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a timestamp")
    }

    #[test]
    fn every_row_of_the_table() {
        let opening = at("2027-07-09T06:00:00Z");
        let slot = at("2027-07-18T23:00:00Z");
        let before = at("2027-07-01T00:00:00Z");
        let grace = SignedDuration::from_mins(30);
        let decide = |planned, now| misfire(planned, opening, slot, now, grace);
        assert_eq!(decide(before, at("2027-07-09T05:59:59Z")), Misfire::OnTime);
        assert_eq!(decide(before, at("2027-07-09T06:30:00Z")), Misfire::FireLate);
        assert_eq!(decide(before, at("2027-07-09T06:30:01Z")), Misfire::Skip);
        assert_eq!(decide(at("2027-07-12T00:00:00Z"), at("2027-07-12T00:00:01Z")), Misfire::OpenAlready);
        assert_eq!(decide(before, slot), Misfire::TooLate);
    }
}
