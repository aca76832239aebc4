//! The site's list: how many bookings of ours it shows, and of which choice.

use std::collections::BTreeSet;

use crate::flow::{rows, wire};
use crate::timing::Listing;

/// The column by which the site tells its bookings apart, where a flow reads it.
const REFERENCE: &str = "reference";

/// What makes a row another booking than the next one.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Booking<'r> {
    Named(&'r str),
    Row(usize),
}

/// Compares the rows with every choice; `specs` are how the list is read for each of them, as it stands at `place`. A booking counts once, though it
/// is listed twice or fits several choices (a list without the court's name).
pub(super) fn tally(found: &[rows::Row], specs: &[wire::Rows], place: &str) -> Listing {
    let mut ours = BTreeSet::new();
    let mut first = None;
    for (choice, spec) in specs.iter().enumerate() {
        for row in rows::ours(found, spec) {
            first.get_or_insert((choice, row.get(REFERENCE).cloned()));
            ours.insert(booking(found, row));
        }
    }
    match first {
        None => absent_or_unread(found, specs, place),
        Some((choice, reference)) => {
            Listing::Found { choice, rows: u32::try_from(ours.len()).unwrap_or(u32::MAX), reference }
        }
    }
}

fn absent_or_unread(found: &[rows::Row], specs: &[wire::Rows], place: &str) -> Listing {
    match specs.iter().find_map(|spec| rows::unread(found, spec)) {
        None => Listing::Absent,
        Some(column) => {
            let what = format!("{place}: a row of the list has no `{column}`; look at that column");
            Listing::CannotTell(what)
        }
    }
}

fn booking<'r>(found: &'r [rows::Row], row: &'r rows::Row) -> Booking<'r> {
    match row.get(REFERENCE).filter(|name| !name.trim().is_empty()) {
        Some(name) => Booking::Named(name),
        None => Booking::Row(found.iter().position(|other| std::ptr::eq(other, row)).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(columns: &[(&str, &str)]) -> wire::Rows {
        let column = |(name, equals): &(&str, &str)| wire::Column {
            name: (*name).to_owned(),
            target: Vec::new(),
            json: None,
            attribute: None,
            matches: None,
            equals: Some((*equals).to_owned()),
        };
        wire::Rows { of: Vec::new(), json: None, columns: columns.iter().map(column).collect(), fresh_if: None }
    }

    fn row(cells: &[(&str, &str)]) -> rows::Row {
        cells.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    fn counted(found: &[rows::Row], specs: &[wire::Rows]) -> Option<(usize, u32)> {
        match tally(found, specs, "here") {
            Listing::Found { choice, rows, .. } => Some((choice, rows)),
            _ => None,
        }
    }

    #[test]
    fn a_list_that_does_not_name_the_court_shows_one_booking_to_two_choices() {
        let specs = [spec(&[("start", "17:00")]), spec(&[("start", "17:00")])];
        assert_eq!(counted(&[row(&[("start", "17:00")])], &specs), Some((0, 1)));
        let named = [row(&[("start", "17:00"), ("reference", "A")]), row(&[("start", "17:00"), ("reference", "B")])];
        assert_eq!(counted(&named, &specs), Some((0, 2)), "the control: two references are two bookings");
    }

    #[test]
    fn a_booking_that_is_listed_twice_is_one() {
        let specs = [spec(&[("start", "17:00")])];
        let twice = |reference: &str| vec![row(&[("start", "17:00"), ("reference", reference)]); 2];
        assert_eq!(counted(&twice("R-1"), &specs), Some((0, 1)));
        assert_eq!(counted(&twice(" "), &specs), Some((0, 2)), "without a name two rows are two bookings");
        assert_eq!(counted(&vec![row(&[("start", "17:00")]); 2], &specs), Some((0, 2)));
    }

    #[test]
    fn the_first_choice_that_is_there_is_told_with_its_reference() {
        let specs = [spec(&[("start", "17:00")]), spec(&[("start", "18:00")])];
        let found = [row(&[("start", "19:00")]), row(&[("start", "18:00"), ("reference", "R-2")])];
        let reference = Some("R-2".to_owned());
        assert_eq!(tally(&found, &specs, "here"), Listing::Found { choice: 1, rows: 1, reference });
        assert_eq!(tally(&found[..1], &specs, "here"), Listing::Absent);
    }

    #[test]
    fn a_row_without_a_column_is_told_with_its_place() {
        let specs = [spec(&[("start", "17:00"), ("court", "1")])];
        let told = tally(&[row(&[("start", "17:00")])], &specs, "verify/10-list.toml:3:1");
        let Listing::CannotTell(why) = told else { panic!("{told:?}") };
        assert!(why.starts_with("verify/10-list.toml:3:1: a row of the list has no `court`"), "{why}");
    }
}
