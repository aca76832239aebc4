//! What the daemon waits for, in one sentence.

use jiff::Timestamp;

use crate::cli::household::Household;
use crate::cli::span::from_now;
use crate::cli::status::{Line, Next, read, status};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;

/// Bookings that are told of at once; the others are counted.
const MOST: usize = 10;

/// The next opening: what, when, and in how long. Then what each booking waits for: at the start of every one, and after an
/// edit (of `before`) of those that are new by it, or not what they were.
pub(super) async fn sentences(household: &Household, before: Option<&Config>) -> Vec<String> {
    // What was done already is left out as far as the store tells; without it nothing is.
    let now = SystemClock.now();
    let known = read(&household.store(), now).await.unwrap_or_default();
    let parts = household.parts();
    let bookings = status(&parts.config, &parts.zones, &known, now).bookings;
    let is_new = |line: &Line| match before {
        None => true,
        Some(old) => old.booking(&line.member, &line.booking) != parts.config.booking(&line.member, &line.booking),
    };
    let mut told = vec![words(&bookings, now)];
    told.extend(waiting(&bookings, is_new));
    told
}

/// One line a booking, not one a date; the one that opens first comes first.
fn waiting(bookings: &[Line], is_new: impl Fn(&Line) -> bool) -> Vec<String> {
    let of = |line: &Line| {
        let next = line.next.as_ref().filter(|_| is_new(line))?;
        Some((opening(next), format!("{} · {}: {}", line.member, line.booking, next.sentence.as_ref()?)))
    };
    let mut ahead: Vec<_> = bookings.iter().filter_map(of).collect();
    ahead.sort_by_key(|(opening, _)| *opening);
    let more = ahead.len().saturating_sub(MOST);
    let mut told: Vec<String> = ahead.into_iter().take(MOST).map(|(_, line)| line).collect();
    if more > 0 {
        told.push(format!("{more} more bookings wait for their openings; `firstserve plan` shows each"));
    }
    told
}

fn words(bookings: &[Line], now: Timestamp) -> String {
    let paused = bookings.iter().filter(|line| line.paused).count();
    let paused = if paused > 0 { format!(" ({paused} paused)") } else { String::new() };
    let mut ahead: Vec<(&Line, &Next)> = bookings.iter().filter_map(|line| Some((line, line.next.as_ref()?))).collect();
    ahead.sort_by_key(|(_, next)| opening(next));
    let under_way: Vec<String> = bookings
        .iter()
        .flat_map(|line| {
            line.now.iter().map(move |one| format!("{} · {}, {}", line.member, line.booking, one.what(now)))
        })
        .collect();
    if let ([], [first, others @ ..]) = (&ahead[..], &under_way[..]) {
        let more = if others.is_empty() { String::new() } else { format!(", and {} more", others.len()) };
        return format!("under way: {first}{more}; no other date is ahead{paused}");
    }
    let Some((line, next)) = ahead.first() else {
        return format!("no booking has a date ahead{paused}; write one, and see `firstserve plan`");
    };
    let also = ahead.iter().skip(1).filter(|(_, other)| opening(other) == opening(next)).count();
    let also = if also > 0 { format!(", and {also} more at that instant") } else { String::new() };
    let slot = format!("{} · {}, {}", line.member, line.booking, next.slot());
    match &next.opening {
        Some(at) if at.timestamp() > now => {
            let distance = from_now(at.timestamp().duration_since(now));
            format!("next: {slot}, opens {}, {distance}{also}", at.strftime("%a %Y-%m-%d %H:%M:%S %Z"))
        }
        _ => format!("next: {slot}, can be booked already{also}"),
    }
}

fn opening(next: &Next) -> Option<Timestamp> {
    next.opening.as_ref().map(jiff::Zoned::timestamp)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use jiff::tz::TimeZone;

    use super::*;
    use crate::cli::status::{Known, Now};
    use crate::model::{Attempt, State};

    fn line(name: &str, opening: Option<&str>) -> Line {
        let zone = TimeZone::get("America/Costa_Rica").expect("the zone is known");
        let start = date(2027, 7, 18).at(17, 0, 0, 0);
        let next = opening.map(|opening| Next {
            date: start.date(),
            court: "1".into(),
            start,
            opening: Some(opening.parse::<Timestamp>().expect("an instant").to_zoned(zone)),
            sentence: Some("Court 1 bookings for July 18 aren't open yet.".to_owned()),
        });
        let (booking, member) = (name.into(), "ana".into());
        let (date, last, of_date, unsettled) = (None, None, None, Vec::new());
        Line { booking, member, paused: false, configured: true, date, last, of_date, unsettled, now: Vec::new(), next }
    }

    fn said(lines: &[Line]) -> String {
        words(lines, "2027-07-08T06:00:00Z".parse().expect("an instant"))
    }

    #[test]
    fn the_next_opening_is_said_with_its_distance() {
        let later = line("later", Some("2027-07-10T06:00:00Z"));
        let lines = [later, line("doubles", Some("2027-07-09T06:00:00Z"))];
        assert_eq!(
            said(&lines),
            "next: ana · doubles, Sun 2027-07-18 court 1 at 17:00, opens Fri 2027-07-09 00:00:00 CST, in 24 h 0 min"
        );
        let [_, first] = lines;
        assert!(said(&[first.clone(), first]).ends_with(", and 1 more at that instant"));
    }

    #[test]
    fn what_is_under_way_is_no_reason_to_write_a_booking() {
        let at = |text: &str| text.parse::<Timestamp>().expect("an instant");
        let attempt = Attempt {
            id: "01".into(),
            booking: "doubles".into(),
            member: "ana".into(),
            site: "club".into(),
            date: date(2027, 7, 18),
            opening: at("2027-07-08T06:00:40Z"),
            state: State::Preparing,
            submits: 0,
            created_at: at("2027-06-01T00:00:00Z"),
            planned_at: at("2027-06-01T00:00:00Z"),
            updated_at: at("2027-07-08T05:59:00Z"),
            withdrawn: false,
            note: None,
        };
        let now = vec![Now { known: Known { attempt, slot: None, trouble: None, wants: Vec::new() }, wanted: None }];
        let said = said(&[Line { now, ..line("doubles", None) }]);
        assert_eq!(said, "under way: ana · doubles, Sun 2027-07-18, opens in 40 s; no other date is ahead");
    }

    #[test]
    fn who_waits_for_nothing_is_told() {
        let paused = Line { paused: true, ..line("doubles", None) };
        assert_eq!(said(&[paused]), "no booking has a date ahead (1 paused); write one, and see `firstserve plan`");
        assert!(said(&[line("open", Some("2027-07-01T06:00:00Z"))]).ends_with("can be booked already"));
    }

    #[test]
    fn each_booking_that_is_new_says_what_it_waits_for() {
        let (one, two) = (line("late", Some("2027-07-10T06:00:00Z")), line("soon", Some("2027-07-09T06:00:00Z")));
        let said = "Court 1 bookings for July 18 aren't open yet.";
        let lines = [one, two, line("over", None)];
        assert_eq!(waiting(&lines, |_| true), [format!("ana · soon: {said}"), format!("ana · late: {said}")]);
        assert_eq!(waiting(&lines, |line| line.booking.as_str() == "late"), [format!("ana · late: {said}")]);
        let many: Vec<Line> = (0..13).map(|_| lines[0].clone()).collect();
        let told = waiting(&many, |_| true);
        assert!(told.len() == MOST + 1 && told[MOST].starts_with("3 more bookings wait"), "{told:#?}");
    }
}
