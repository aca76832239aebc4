//! Bookings of one account that open at the same instant, or almost, where its site bears one session of an account.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::config::raw::Origin;
use crate::model::{Booking, Sessions, Site, SiteId};
use crate::report::Problem;
use crate::schedule::{ALWAYS_OPEN, choices_on};

use super::Problems;

/// So many warnings are enough to make the point.
const MAX_WARNINGS: usize = 20;

/// So many of a booking's dates are looked at: what repeats every week has met every other by then.
const DATES: usize = 10;

/// What opens sooner after another opening finds its account in use, if that takes long: the session is given up 20 s after the
/// opening, and another log-in and the form take as long.
const TOO_SOON: SignedDuration = SignedDuration::from_secs(40);

/// When a booking opens.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    origin: Origin,
    name: String,
    account: String,
    site: SiteId,
    zone: TimeZone,
    openings: BTreeSet<Timestamp>,
}

impl Turn {
    /// The next openings of a booking whose site bears one session of an account; a paused one has none.
    pub(super) fn new(
        origin: Origin,
        (booking, account): (&Booking, &str),
        (site, zone): (&Site, &TimeZone),
        dates: &[Date],
        now: Timestamp,
    ) -> Option<Self> {
        if booking.paused || site.sessions != Sessions::One {
            return None;
        }
        let choices = dates.iter().take(DATES).flat_map(|date| choices_on(booking, site, zone, *date));
        let ahead = choices.map(|choice| choice.opening).filter(|opening| *opening > now && *opening != ALWAYS_OPEN);
        let (name, account) = (booking.name.to_string(), account.to_owned());
        Some(Self { origin, name, account, site: site.id.clone(), zone: zone.clone(), openings: ahead.collect() })
    }

    /// The first opening of this one that meets one of the other's, and how far they are apart.
    fn meets(&self, other: &Self) -> Option<(Timestamp, SignedDuration)> {
        if self.site != other.site || self.account != other.account {
            return None;
        }
        let apart = |mine: &Timestamp| {
            let near = other.openings.iter().map(|theirs| mine.duration_since(*theirs).abs());
            Some((*mine, near.min().filter(|apart| *apart < TOO_SOON)?))
        };
        self.openings.iter().find_map(apart)
    }
}

/// Warns of those that have to wait for another one.
pub(super) fn warn(turns: &[Turn], problems: &mut Problems) {
    let pairs = turns.iter().enumerate().flat_map(|(n, later)| turns[..n].iter().map(move |earlier| (earlier, later)));
    let waits = pairs.filter_map(|(earlier, later)| Some((earlier, later, later.meets(earlier)?)));
    for (earlier, later, (opening, apart)) in waits.take(MAX_WARNINGS) {
        let how = if apart.is_zero() { "together".to_owned() } else { format!("{} s apart", apart.as_secs().max(1)) };
        let message = format!(
            "`{}` and `{}` of one account open {how} ({}): one of them is tried when the other has ended, seconds later",
            earlier.name,
            later.name,
            opening.to_zoned(later.zone.clone()).strftime("%a %Y-%m-%d %H:%M")
        );
        let help = format!(
            "if the site lets an account be logged in twice at once, write `sessions = \"many\"` in [site.{}]; or give one of \
             them to another member",
            later.site
        );
        problems.push(later.origin.blame(Problem::warning("one-after-the-other", message)).help(help));
    }
}
