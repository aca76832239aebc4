//! The club's book: who holds which slot.

use std::fmt;

use jiff::Timestamp;

use super::court::Slot;
use super::window::Window;

/// Every booking that was ever accepted, in order of acceptance.
#[derive(Debug, Default)]
pub(crate) struct Book {
    bookings: Vec<Booking>,
    last: u32,
}

/// A slot that a member holds, or held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Booking {
    pub(crate) reference: Reference,
    pub(crate) member: String,
    pub(crate) slot: Slot,
    pub(crate) cancelled: bool,
}

/// A booking's number, written `R-000123`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reference(u32);

/// Why the book does not accept a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Somebody holds it; perhaps the member himself.
    Taken,
    /// The date lies outside of the court's window.
    NotOpen,
}

impl Book {
    /// Gives the slot to the member, if it is open and free. The same request again is refused as taken: a club has no memory
    /// for repeated requests.
    pub(crate) fn submit(
        &mut self,
        window: &Window,
        member: &str,
        slot: Slot,
        now: Timestamp,
    ) -> Result<Reference, Refusal> {
        if !window.is_open(slot.court, slot.date, now) {
            return Err(Refusal::NotOpen);
        }
        if !self.is_free(slot) {
            return Err(Refusal::Taken);
        }
        let reference = self.next_reference();
        self.bookings.push(Booking { reference, member: member.to_owned(), slot, cancelled: false });
        Ok(reference)
    }

    /// A number that no booking has or will have.
    pub(crate) fn next_reference(&mut self) -> Reference {
        self.last += 1;
        Reference(self.last)
    }

    /// Whether nobody holds the slot.
    pub(crate) fn is_free(&self, slot: Slot) -> bool {
        !self.bookings.iter().any(|booking| !booking.cancelled && booking.slot == slot)
    }

    /// What a member holds, in order of acceptance.
    pub(crate) fn held_by(&self, member: &str) -> impl Iterator<Item = &Booking> {
        self.bookings.iter().filter(move |booking| !booking.cancelled && booking.member == member)
    }

    /// Every booking, the cancelled ones too.
    pub(crate) fn all(&self) -> &[Booking] {
        &self.bookings
    }

    /// Gives a slot back; false where the member holds no such booking.
    pub(crate) fn cancel(&mut self, member: &str, reference: Reference) -> bool {
        let held = self
            .bookings
            .iter_mut()
            .find(|booking| booking.reference == reference && booking.member == member && !booking.cancelled);
        held.map(|booking| booking.cancelled = true).is_some()
    }
}

impl Reference {
    /// The number in `R-000123`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("R-")?;
        let reference = Self(digits.parse().ok()?);
        (reference.to_string() == text).then_some(reference)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "R-{:06}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn window() -> Window {
        Window::at_midnight(TimeZone::get("America/Costa_Rica").expect("the zone is known"))
    }

    fn slot(start: &str) -> Slot {
        Slot::parse("5", "2027-07-18", start).expect("a slot")
    }

    fn opening() -> Timestamp {
        "2027-07-09T06:00:00Z".parse().expect("a timestamp")
    }

    #[test]
    fn a_slot_is_held_once_even_by_the_same_member() {
        let mut book = Book::default();
        let first = book.submit(&window(), "ana", slot("17:00"), opening());
        assert_eq!(first.map(|reference| reference.to_string()), Ok("R-000001".to_owned()));
        assert_eq!(book.submit(&window(), "ana", slot("17:00"), opening()), Err(Refusal::Taken));
        assert_eq!(book.submit(&window(), "bruno", slot("17:00"), opening()), Err(Refusal::Taken));
        assert!(book.submit(&window(), "ana", slot("18:00"), opening()).is_ok(), "another slot is another booking");
        assert_eq!(book.held_by("ana").count(), 2);
        assert_eq!(book.held_by("bruno").count(), 0);
    }

    #[test]
    fn a_slot_is_not_given_a_nanosecond_early() {
        let mut book = Book::default();
        let early = opening() - jiff::SignedDuration::from_nanos(1);
        assert_eq!(book.submit(&window(), "ana", slot("17:00"), early), Err(Refusal::NotOpen));
        assert!(book.all().is_empty());
    }

    #[test]
    fn a_cancelled_slot_is_free_again_and_only_its_holder_cancels() {
        let mut book = Book::default();
        let held = book.submit(&window(), "ana", slot("17:00"), opening()).expect("it is free");
        assert!(!book.cancel("bruno", held));
        assert!(book.cancel("ana", held));
        assert!(!book.cancel("ana", held), "once");
        assert!(book.submit(&window(), "bruno", slot("17:00"), opening()).is_ok());
        assert_eq!(book.all().len(), 2);
    }

    #[test]
    fn references_have_one_spelling() {
        assert_eq!(Reference::parse("R-000123"), Some(Reference(123)));
        for wrong in ["R-123", "r-000123", "R-+00123", "R-000123 ", "<b>"] {
            assert_eq!(Reference::parse(wrong), None, "{wrong}");
        }
    }
}
