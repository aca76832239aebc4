//! Simulated members who want the popular slots too.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio_util::sync::CancellationToken;

use super::book::Book;
use super::court::{COURTS, Hour, Slot};
use super::desk::Club;
use super::window::Window;

/// The fastest rival.
const FASTEST_MS: i64 = 80;

/// The slowest rival.
const SLOWEST_MS: i64 = 600;

/// Starting hours, the most wanted first; the others follow in order.
const WANTED: [&str; 7] = ["17:00", "18:00", "19:00", "16:00", "20:00", "07:00", "08:00"];

/// How long after the opening each rival asks, the fastest first.
fn delays(count: u16, seed: u64) -> Vec<SignedDuration> {
    let mut chance = StdRng::seed_from_u64(seed);
    let mut delays: Vec<_> = (0..count)
        .map(|_| SignedDuration::from_micros(chance.random_range(FASTEST_MS * 1_000..=SLOWEST_MS * 1_000)))
        .collect();
    delays.sort_unstable();
    delays
}

/// The most wanted free slot of the dates that opened at `turn`.
fn choice(window: &Window, book: &Book, turn: Timestamp) -> Option<Slot> {
    let wanted = WANTED.into_iter().filter_map(Hour::parse);
    let hours = wanted.chain(Hour::all().filter(|hour| !WANTED.contains(&hour.start().as_str())));
    hours
        .flat_map(|hour| COURTS.iter().map(move |court| Slot { court, date: window.newest(court, turn), hour }))
        .find(|slot| book.is_free(*slot))
}

/// Lets the rivals book at every opening, until the shutdown.
pub(super) async fn run(club: Arc<Club>, shutdown: CancellationToken) {
    let mut restarts = club.restarts();
    loop {
        restarts.mark_unchanged();
        tokio::select! {
            () = shutdown.cancelled() => return,
            changed = restarts.changed() => if changed.is_err() { return },
            () = one_opening(&club) => {}
        }
    }
}

async fn one_opening(club: &Club) {
    let (turn, opens, count, seed) = club.next_opening();
    for (rival, delay) in delays(count, seed).into_iter().enumerate() {
        let at = opens.saturating_add(delay).unwrap_or(Timestamp::MAX);
        club.clock.reaches(at).await;
        club.book_for_rival(&format!("rival-{}", rival + 1), at, |window, book| choice(window, book, turn));
    }
    // Past the opening, so that the next one is another one.
    club.clock.reaches(opens.saturating_add(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MAX)).await;
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn delays_are_within_bounds_and_repeat_with_the_seed() {
        let first = delays(200, 7);
        assert_eq!(first, delays(200, 7));
        assert_ne!(first, delays(200, 8));
        assert!(first.is_sorted());
        assert!(first[0] >= SignedDuration::from_millis(FASTEST_MS));
        assert!(first[199] <= SignedDuration::from_millis(SLOWEST_MS));
    }

    #[test]
    fn each_takes_the_most_wanted_of_what_is_left() {
        let window = Window::at_midnight(TimeZone::get("America/Costa_Rica").expect("the zone is known"));
        let turn: Timestamp = "2027-07-09T06:00:00Z".parse().expect("a timestamp");
        let mut book = Book::default();
        let taken: Vec<_> = std::iter::from_fn(|| {
            let slot = choice(&window, &book, turn)?;
            book.submit(&window, "rival-1", slot, turn).expect("it is open and free");
            Some(format!("{} {} {}", slot.court.name, slot.date, slot.hour.start()))
        })
        .collect();
        assert_eq!(
            taken[..4],
            ["1 2027-07-18 17:00", "2 2027-07-17 17:00", "3 2027-07-18 17:00", "1 2027-07-18 18:00"]
        );
        assert_eq!(taken.len(), 3 * 16, "and then none is left");
    }
}
