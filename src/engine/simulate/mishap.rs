//! What can go wrong at a simulated club, at the machine and at the store, and how often.

use super::chance::Chance;

macro_rules! mishaps {
    ($($(#[$doc:meta])* $name:ident = $word:literal),+ $(,)?) => {
        /// One thing that goes wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum Mishap { $($(#[$doc])* $name),+ }

        impl Mishap {
            /// The word in tables.
            pub(super) fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }
        }
    };
}

mishaps! {
    /// The submit is read and the connection dropped; nothing is booked.
    DropBefore = "drop-before-commit",
    /// The submit is booked and the connection dropped.
    DropAfter = "drop-after-commit",
    /// An error page; nothing is booked.
    ErrorBefore = "error-before-commit",
    /// The submit is booked and answered with an error page.
    ErrorAfter = "error-after-commit",
    /// No answer until patience ends; nothing is booked.
    NeverAnswers = "never-answers",
    /// Booked, and no answer until patience ends.
    Stalls = "stalls-after-commit",
    /// The connection is dropped, and the club books a while later.
    SlowCommit = "slow-commit",
    /// Booked, but the list shows it a while later.
    StaleList = "stale-list",
    /// Booked, and told to be taken.
    LiesTaken = "lies-taken",
    /// Booked, and told not to be open.
    LiesNotOpen = "lies-not-open",
    /// Booked, and told that the allowance is used up.
    LiesQuota = "lies-quota",
    /// Told to be confirmed; nothing is booked.
    LiesConfirmed = "lies-confirmed",
    /// The submit meets the log-in page.
    Logout = "logout",
    /// The submit meets a captcha.
    CaptchaAtSubmit = "captcha-at-submit",
    /// The account has used its allowance.
    Quota = "quota",
    /// Dearer than allowed.
    Price = "price",
    /// On the waiting list; perhaps promoted later.
    Waitlist = "waitlist",
    /// The submit provably never left.
    NotSent = "not-sent",
    /// The browser dies right after the submit.
    BrowserDies = "browser-dies",
    /// The browser does not start.
    BrowserFails = "browser-fails",
    /// The browser dies while it waits.
    BrowserLost = "browser-lost",
    /// A page does not load.
    Unreachable = "unreachable",
    /// An element is not where it was.
    Redesign = "redesign",
    /// A captcha before anything is submitted.
    Captcha = "captcha",
    /// The right password is refused.
    LoginRefused = "login-refused",
    /// Logged out while waiting.
    LoggedOut = "logged-out",
    /// The list cannot be read, this once.
    ListOnce = "list-unreadable",
    /// The list cannot be read at all.
    ListGone = "list-gone",
    /// The list shows every row twice.
    DoubleList = "double-list",
    /// The club opens later than it says.
    LateOpening = "late-opening",
    /// The club is down for a while.
    Outage = "outage",
    /// The store takes nothing for a while.
    StoreRefuses = "store-refuses",
    /// The store takes something and says that it did not.
    StoreDenies = "store-denies",
}

/// How often one thing happens, in so many of a thousand cases.
type Odds = &'static [(u64, Mishap)];

const AT_SUBMIT: Odds = &[
    (30, Mishap::DropBefore),
    (30, Mishap::DropAfter),
    (25, Mishap::ErrorBefore),
    (25, Mishap::ErrorAfter),
    (15, Mishap::NeverAnswers),
    (15, Mishap::Stalls),
    (20, Mishap::SlowCommit),
    (20, Mishap::StaleList),
    (15, Mishap::LiesTaken),
    (10, Mishap::LiesNotOpen),
    (6, Mishap::LiesQuota),
    (10, Mishap::LiesConfirmed),
    (15, Mishap::Logout),
    (4, Mishap::CaptchaAtSubmit),
    (6, Mishap::Quota),
    (4, Mishap::Price),
    (2, Mishap::Waitlist),
    (15, Mishap::NotSent),
    (15, Mishap::BrowserDies),
];

const AT_LOGIN: Odds = &[
    (20, Mishap::BrowserFails),
    (20, Mishap::Unreachable),
    (12, Mishap::Redesign),
    (3, Mishap::Captcha),
    (3, Mishap::LoginRefused),
];

const WHILE_STAGED: Odds = &[(12, Mishap::LoggedOut), (8, Mishap::BrowserLost)];

const AT_OPENING_STEPS: Odds =
    &[(20, Mishap::Unreachable), (5, Mishap::Redesign), (8, Mishap::LoggedOut), (8, Mishap::BrowserLost)];

const AT_LIST: Odds = &[(30, Mishap::ListOnce), (8, Mishap::DoubleList)];

/// A place where something can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Submit,
    Login,
    Staged,
    OpeningSteps,
    List,
}

impl Place {
    /// The word in the names of streams.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Login => "login",
            Self::Staged => "staged",
            Self::OpeningSteps => "opening-steps",
            Self::List => "list",
        }
    }

    fn odds(self) -> Odds {
        match self {
            Self::Submit => AT_SUBMIT,
            Self::Login => AT_LOGIN,
            Self::Staged => WHILE_STAGED,
            Self::OpeningSteps => AT_OPENING_STEPS,
            Self::List => AT_LIST,
        }
    }

    /// What goes wrong this time; mostly nothing.
    pub(super) fn draw(self, chance: &mut Chance) -> Option<Mishap> {
        let mut drawn = chance.below(1_000);
        for (cases, mishap) in self.odds() {
            if drawn < *cases {
                return Some(*mishap);
            }
            drawn -= cases;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_goes_wrong_as_often_as_it_should() {
        for place in [Place::Submit, Place::Login, Place::Staged, Place::OpeningSteps, Place::List] {
            let wanted: u64 = place.odds().iter().map(|(cases, _)| cases).sum();
            let mut chance = Chance::of(1, place.as_str());
            let met = (0..20_000).filter(|_| place.draw(&mut chance).is_some()).count() as u64;
            assert!(met.abs_diff(wanted * 20) < 20 * 20, "{place:?}: {met} of 20000, wanted {wanted} per mille");
        }
    }
}
