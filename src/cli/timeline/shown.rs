//! The attempts that are shown: what is known of each, and what it is called in few columns where there are several.

use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::cli::page::cut;
use crate::model::AttemptId;
use crate::report::plain;

/// A name is not cut to less than this.
const SHORTEST: usize = 8;

/// What is known of an attempt.
pub(super) struct Shown {
    pub(super) name: Name,
    /// None for a date that could be booked already when it was planned.
    pub(super) opening: Option<Timestamp>,
    /// How far the clock by which it opens is ahead of ours, as far as is known.
    pub(super) ahead: SignedDuration,
    pub(super) file: Option<File>,
    /// What was noted since a step of the file was done, with its instants: it stands below the file's line.
    pub(super) notes: Vec<(Timestamp, String)>,
    /// When the site's clock was last read.
    pub(super) clock_read: Option<Timestamp>,
    /// Until when it is useful to try, as far as is known.
    pub(super) useful: Option<Timestamp>,
    /// The last trouble, while nothing has gone well since.
    pub(super) trouble: Option<String>,
    /// The wait that follows is for another try.
    pub(super) stumbled: bool,
}

impl Shown {
    /// An attempt of which nothing is known but its name and its opening.
    pub(super) fn new(name: Name, opening: Option<Timestamp>) -> Self {
        Self {
            name,
            opening,
            ahead: SignedDuration::ZERO,
            file: None,
            notes: Vec::new(),
            clock_read: None,
            useful: None,
            trouble: None,
            stumbled: false,
        }
    }
}

/// The selector file that is being done.
pub(super) struct File {
    pub(super) name: String,
    /// When its last step so far was done.
    pub(super) done: Timestamp,
    pub(super) took: Duration,
}

/// What an attempt is called; safe for a terminal.
pub(super) struct Name {
    /// `ana · july doubles`
    wish: String,
    /// `2027-07-18`; none where nobody needs it.
    date: Option<String>,
}

impl Name {
    /// Of a wish, and of one of its dates.
    pub(super) fn new(wish: &str, date: Option<String>) -> Self {
        Self { wish: plain(wish).into_owned(), date }
    }

    /// All of it.
    pub(super) fn whole(&self) -> String {
        match &self.date {
            Some(date) => format!("{} {date}", self.wish),
            None => self.wish.clone(),
        }
    }

    /// In at most so many columns, unless that is too few for anything.
    fn short(&self, dated: bool, most: usize) -> String {
        let date = self.date.as_ref().filter(|_| dated).map(|date| format!(" {date}")).unwrap_or_default();
        let most = most.saturating_sub(date.chars().count()).max(SHORTEST);
        format!("{}{date}", cut(&self.wish, most))
    }
}

/// What each of several attempts is called in at most so many columns, each as wide as the widest; a date is named where another
/// one of the same booking is shown.
pub(super) fn short_name(attempts: &HashMap<AttemptId, Shown>, id: &AttemptId, most: usize) -> Option<String> {
    let is_twin =
        |shown: &Shown, other: &Shown| shown.name.wish == other.name.wish && shown.name.date != other.name.date;
    let short = |shown: &Shown| shown.name.short(attempts.values().any(|other| is_twin(shown, other)), most);
    let name = short(attempts.get(id)?);
    let widest = attempts.values().map(|shown| short(shown).chars().count()).max().unwrap_or_default();
    Some(format!("{name:widest$}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempts(names: &[(&str, &str)]) -> HashMap<AttemptId, Shown> {
        let one = |(number, (wish, date)): (usize, &(&str, &str))| {
            let name = Name::new(wish, Some((*date).to_owned()));
            (AttemptId::new(number.to_string()), Shown::new(name, None))
        };
        names.iter().enumerate().map(one).collect()
    }

    #[test]
    fn names_are_short_and_equally_wide_and_tell_dates_only_where_they_tell_attempts_apart() {
        let shown = attempts(&[("ana · 17:00 on court 1", "2026-12-01"), ("bruno · early", "2026-12-01")]);
        let name = |at: &str, most| short_name(&shown, &AttemptId::new(at), most).expect("it is there");
        assert_eq!([name("0", 19), name("1", 19)], ["ana · 17:00 on cou…", "bruno · early      "]);
        assert_eq!(name("0", usize::MAX), "ana · 17:00 on court 1");
        assert_eq!(name("1", 2), "bruno ·…", "less says nothing");
        let shown = attempts(&[("ana · weekly doubles", "2026-12-01"), ("ana · weekly doubles", "2026-12-08")]);
        let name = |at: &str| short_name(&shown, &AttemptId::new(at), 24).expect("it is there");
        assert_eq!([name("0"), name("1")], ["ana · weekly… 2026-12-01", "ana · weekly… 2026-12-08"]);
        assert_eq!(short_name(&shown, &AttemptId::new("2"), 24), None);
    }
}
