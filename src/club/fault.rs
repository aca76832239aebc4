//! How the club misbehaves on command.

use std::str::FromStr;

use crate::report::did_you_mean;

/// One way to misbehave. "First" means: each member's first submit that gets so far, after which the fault is spent for him.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// The club opens 1.5 s after the instant it announces.
    LateOpening,
    /// Submits in the first 2 s after the opening are answered 503.
    UnavailableAtOpening,
    /// The first submit is read and the connection closed; nothing is booked.
    DropBeforeCommit,
    /// The first submit is booked and the connection closed without an answer.
    DropAfterCommit,
    /// The first submit is booked and answered 502.
    ErrorAfterCommit,
    /// Every session of before is dropped 3 s before the opening.
    Logout,
    /// A rival takes the slot of the first submit; the next choice is free.
    Taken,
    /// A rival takes the slot of every submit.
    AllTaken,
    /// Every submit is refused for the booking limit.
    Quota,
    /// Ids, classes, wrappers and button texts of the pages are renamed; names of form fields stay.
    Redesign,
    /// Every page after the log-in is a captcha.
    Captcha,
    /// Every submit is answered with a captcha; nothing is booked.
    CaptchaAtSubmit,
    /// Every page takes 2 s; a submit counts at once, and is answered late.
    Slow,
    /// The form asks `confirm()` before it submits, and its page greets with an `alert()`.
    Alert,
    /// Submits are never answered: nothing is booked and the socket is held open, for at most 60 s.
    NeverAnswers,
    /// The first submit is booked and its socket held open, for at most 60 s.
    StallsAfterCommit,
    /// Every submit is answered 200 with an error page that has nothing to do with it; nothing is booked.
    ErrorPage200,
    /// The right password is refused as well.
    LoginRefused,
    /// Every booking is listed twice.
    DoubleList,
    /// The first submit is booked and told to be taken, and browsers may keep the list for an hour.
    CachedList,
    /// The first submit is booked and answered 502, and the first lists that hold a booking are cut off below the table's head,
    /// with a length that says they are whole.
    TruncatedList,
    /// The first submit is booked, and the page that says so is cut off before it does.
    Truncated,
    /// The first submit is answered 200 with an empty body; nothing is booked.
    Empty200,
    /// A form's token is valid once; the next page has another one.
    CsrfRotates,
    /// The first submit is booked, and told to be taken.
    LiesTaken,
    /// The first submit is booked, and told that its date is not open yet.
    LiesNotOpen,
    /// The first submit is booked, and told that the limit is reached.
    LiesQuota,
    /// The first submit is told to be confirmed; nothing is booked.
    LiesConfirmed,
}

impl Fault {
    /// Every fault, in the order of the documentation.
    pub const ALL: [Self; 28] = [
        Self::LateOpening,
        Self::UnavailableAtOpening,
        Self::DropBeforeCommit,
        Self::DropAfterCommit,
        Self::ErrorAfterCommit,
        Self::Logout,
        Self::Taken,
        Self::AllTaken,
        Self::Quota,
        Self::Redesign,
        Self::Captcha,
        Self::CaptchaAtSubmit,
        Self::Slow,
        Self::Alert,
        Self::NeverAnswers,
        Self::StallsAfterCommit,
        Self::ErrorPage200,
        Self::LoginRefused,
        Self::DoubleList,
        Self::CachedList,
        Self::TruncatedList,
        Self::Truncated,
        Self::Empty200,
        Self::CsrfRotates,
        Self::LiesTaken,
        Self::LiesNotOpen,
        Self::LiesQuota,
        Self::LiesConfirmed,
    ];

    /// The word on the command line and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LateOpening => "late-opening",
            Self::UnavailableAtOpening => "503-at-opening",
            Self::DropBeforeCommit => "drop-before-commit",
            Self::DropAfterCommit => "drop-after-commit",
            Self::ErrorAfterCommit => "error-after-commit",
            Self::Logout => "logout",
            Self::Taken => "taken",
            Self::AllTaken => "all-taken",
            Self::Quota => "quota",
            Self::Redesign => "redesign",
            Self::Captcha => "captcha",
            Self::CaptchaAtSubmit => "captcha-at-submit",
            Self::Slow => "slow",
            Self::Alert => "alert",
            Self::NeverAnswers => "never-answers",
            Self::StallsAfterCommit => "stalls-after-commit",
            Self::ErrorPage200 => "error-page-200",
            Self::LoginRefused => "login-refused",
            Self::DoubleList => "double-list",
            Self::CachedList => "cached-list",
            Self::TruncatedList => "truncated-list",
            Self::Truncated => "truncated",
            Self::Empty200 => "empty-200",
            Self::CsrfRotates => "csrf-rotates",
            Self::LiesTaken => "lies-taken",
            Self::LiesNotOpen => "lies-not-open",
            Self::LiesQuota => "lies-quota",
            Self::LiesConfirmed => "lies-confirmed",
        }
    }

    /// The fault of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.as_str() == word)
    }

    /// What it does, in one sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::LateOpening => "the club opens 1.5 s after the instant it announces",
            Self::UnavailableAtOpening => "submits in the first 2 s after the opening are answered 503",
            Self::DropBeforeCommit => "a member's first submit is read and the connection closed; nothing is booked",
            Self::DropAfterCommit => "a member's first submit is booked and the connection closed without an answer",
            Self::ErrorAfterCommit => "a member's first submit is booked and answered 502",
            Self::Logout => "every session is dropped 3 s before the opening",
            Self::Taken => "a rival takes the slot of a member's first submit; the next choice is free",
            Self::AllTaken => "a rival takes the slot of every submit",
            Self::Quota => "every submit is refused for the booking limit",
            Self::Redesign => "ids, classes, wrappers and button texts of the pages are renamed",
            Self::Captcha => "every page after the log-in is a captcha",
            Self::CaptchaAtSubmit => "every submit is answered with a captcha; nothing is booked",
            Self::Slow => "every page takes 2 s; a submit counts at once and is answered late",
            Self::Alert => "the form asks confirm() before it submits, and its page greets with an alert()",
            Self::NeverAnswers => "submits are never answered and nothing is booked; sockets are held for 60 s",
            Self::StallsAfterCommit => "a member's first submit is booked and its socket held open for 60 s",
            Self::ErrorPage200 => "every submit is answered 200 with an unrelated error page; nothing is booked",
            Self::LoginRefused => "the right password is refused as well",
            Self::DoubleList => "every booking is listed twice",
            Self::CachedList => {
                "a member's first submit is booked and told to be taken; browsers may keep the list for an hour"
            }
            Self::TruncatedList => {
                "a member's first submit is booked and answered 502; three lists are cut off below the table's head"
            }
            Self::Truncated => "a member's first submit is booked and the page that says so is cut off",
            Self::Empty200 => "a member's first submit is answered 200 with an empty body; nothing is booked",
            Self::CsrfRotates => "a form's token is valid once",
            Self::LiesTaken => "a member's first submit is booked and told to be taken",
            Self::LiesNotOpen => "a member's first submit is booked and told that its date is not open yet",
            Self::LiesQuota => "a member's first submit is booked and told that the booking limit is reached",
            Self::LiesConfirmed => "a member's first submit is told to be confirmed; nothing is booked",
        }
    }
}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(word: &str) -> Result<Self, UnknownFault> {
        Self::parse(word).ok_or_else(|| UnknownFault {
            word: word.to_owned(),
            near: did_you_mean(word, Self::ALL.map(Self::as_str)),
        })
    }
}

/// A word that names no fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFault {
    /// The word.
    pub word: String,
    /// What was perhaps meant.
    pub near: Option<&'static str>,
}

impl std::fmt::Display for UnknownFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "there is no fault `{}`; ", self.word)?;
        match self.near {
            Some(near) => write!(f, "did you mean `{near}`?"),
            None => write!(f, "the club knows {}", Fault::ALL.map(Fault::as_str).join(", ")),
        }
    }
}

impl std::error::Error for UnknownFault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_distinct_and_read_back() {
        for fault in Fault::ALL {
            assert_eq!(fault.as_str().parse(), Ok(fault));
            assert!(!fault.sentence().is_empty());
        }
    }

    #[test]
    fn a_wrong_word_is_told_the_near_one_or_all() {
        let told = |word: &str| Fault::from_str(word).expect_err("it is wrong").to_string();
        assert_eq!(told("tooken"), "there is no fault `tooken`; did you mean `taken`?");
        assert!(told("xyzzy").ends_with("lies-quota, lies-confirmed"));
    }
}
