//! The closing notes that the machine writes by itself: what stands in the audit trail, on the terminal and, in the member's own
//! language, in letters. What quotes a site or a selector file stands beside them.

use jiff::civil::Date;

/// Between the parts of a note.
pub const NOTE_PARTS: &str = "; ";

/// The list shows it after a submit.
pub const LISTED: &str = "it is on the site's own list";
/// The list showed it before any.
pub const LISTED_ALREADY: &str = "it was on the site's list already; nothing was submitted";
/// Nothing is left to try.
pub const ALL_TAKEN: &str = "every choice was taken";
/// Too late: it is being played.
pub const BEGUN: &str = "the slot itself has begun";
/// Nobody was there.
pub const OVERSLEPT: &str = "its opening passed while nothing could act";
/// Nobody was there for longer than `grace`.
pub const TOO_LONG_AGO: &str = "its opening passed while nothing could act, too long ago to try";
/// The ladder is at its end.
pub const NEVER_OPEN: &str = "the site still said not open when it was no longer useful to ask";
/// Nobody gave his place up.
pub const STILL_WAITING: &str = "still on the waiting list when the slot began";
/// A person has taken it back while it waited.
pub const CALLED_OFF_WAITING: &str = "called off while on the waiting list; the site may still hold the place";
/// A person has taken it back.
pub const CALLED_OFF: &str = "called off before anything was submitted";
/// A person has taken it back after a submit which the site's list does not show.
pub const CALLED_OFF_LATE: &str = "called off; the site's list shows no booking";
/// The submit was called a success.
pub const NOT_LISTED: &str = "the site said that it worked, but its own list does not show it";
/// The site has never answered.
pub const NO_BOOKING: &str = "the site failed on every submit; its list shows no booking";
/// The site says so.
pub const NO_ALLOWANCE: &str = "the account has used its allowance";
/// The site's price guard says so.
pub const TOO_DEAR: &str = "dearer than the booking allows";
/// A captcha.
pub const WANTS_A_PERSON: &str = "the site wants to see a person";
/// After a submit.
pub const ACCOUNT_REFUSED: &str = "the site refused the account";
/// Behind a refusal that could not be looked after.
pub const UNREAD: &str = "the list could not be read afterwards";
/// Before the reason.
pub const CANNOT_READ: &str = "whether the booking exists could not be read from the site: ";
/// Before the reason.
pub const NO_PERMIT: &str = "the permit could not be stored: ";
/// Before the reason.
pub const NO_CREDENTIALS: &str = "the vault does not give the credentials: ";
/// Before the name of the attempt that has it.
pub const ACCOUNT_IN_USE: &str = "its account is in use for another date: ";

/// Before the name and date of the booking that has the time.
pub const HELD: &str = "another booking has, or may have, booked a court at that time: ";
/// Behind it, where nobody but a person can say whether it has.
pub const SETTLE_FIRST: &str = "it needs attention: settle it, then book";

/// Every note without a gap.
pub const FIXED: [&str; 19] = [
    LISTED,
    LISTED_ALREADY,
    ALL_TAKEN,
    BEGUN,
    OVERSLEPT,
    TOO_LONG_AGO,
    NEVER_OPEN,
    STILL_WAITING,
    CALLED_OFF_WAITING,
    CALLED_OFF,
    CALLED_OFF_LATE,
    NOT_LISTED,
    NO_BOOKING,
    NO_ALLOWANCE,
    TOO_DEAR,
    WANTS_A_PERSON,
    ACCOUNT_REFUSED,
    UNREAD,
    SETTLE_FIRST,
];

/// Before and behind the number of log-ins that were made.
const LOG_INS: (&str, &str) =
    ("the log-ins for this date are used up (", ", see `max-logins`), and more could lock the account");

/// What a person can do then.
pub const BEGIN_ANEW: &str = "`firstserve book NAME` begins anew";

/// The note of an attempt whose log-ins are used up.
pub fn log_ins_used(count: u8) -> String {
    let (before, behind) = LOG_INS;
    format!("{before}{count}{behind}{NOTE_PARTS}{BEGIN_ANEW}")
}

/// How many log-ins a note says to be used up; none: it is about something else.
pub fn are_log_ins_used(note: &str) -> Option<u8> {
    let (before, behind) = LOG_INS;
    note.split(NOTE_PARTS).find_map(|part| part.strip_prefix(before)?.strip_suffix(behind)?.parse().ok())
}

/// The note of an attempt whose time another booking has, or may have.
pub fn held(booking: &str, date: Date, is_to_settle: bool) -> String {
    let cure = if is_to_settle { format!("{NOTE_PARTS}{SETTLE_FIRST}") } else { String::new() };
    format!("{HELD}“{booking}” ({date}){cure}")
}

/// Whether such a note speaks of one that needs attention.
pub fn is_to_settle(note: &str) -> bool {
    note.starts_with(HELD) && note.ends_with(SETTLE_FIRST)
}

/// The note of a site that has the booking more than once.
pub fn held_more_than_once(rows: u32) -> String {
    format!("the site holds {rows} bookings of it")
}

/// How many bookings such a note tells of.
pub fn holds(part: &str) -> Option<u32> {
    part.strip_prefix("the site holds ")?.strip_suffix(" bookings of it")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for count in [1, 3] {
            assert_eq!(are_log_ins_used(&log_ins_used(count)), Some(count));
            assert_eq!(are_log_ins_used(&format!("page.toml:1:1: gone; {}", log_ins_used(count))), Some(count));
        }
        assert_eq!(are_log_ins_used(ALL_TAKEN), None, "the control");
        assert_eq!(holds(&held_more_than_once(2)), Some(2));
        let held = |is_to_settle| held("doubles", jiff::civil::date(2027, 7, 18), is_to_settle);
        assert!(is_to_settle(&held(true)) && !is_to_settle(&held(false)) && !is_to_settle(SETTLE_FIRST));
    }
}
