//! How an attempt ends, what a site answers, and what a user reads.

/// The word at the end of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// On the site's own list.
    Confirmed,
    /// Every choice was lost.
    Taken,
    /// The account has used its allowance.
    Quota,
    /// The site does not accept the credentials.
    LoginRefused,
    /// A captcha or bot wall: a person must act.
    Captcha,
    /// Dearer than the booking allows.
    Price,
    /// The site failed for as long as it was useful to try.
    SiteError,
    /// A step did not find its element: the selector files need an edit.
    SelectorBroken,
    /// Cancelled by a person.
    Cancelled,
    /// Left out by a person or by the misfire policy.
    Skipped,
    /// Its opening passed while nothing could act.
    Missed,
    /// The truth could not be read from the site: a person must look.
    NeedsAttention,
}

impl Outcome {
    /// Every outcome, in the order of the documentation.
    pub const ALL: [Self; 12] = [
        Self::Confirmed,
        Self::Taken,
        Self::Quota,
        Self::LoginRefused,
        Self::Captcha,
        Self::Price,
        Self::SiteError,
        Self::SelectorBroken,
        Self::Cancelled,
        Self::Skipped,
        Self::Missed,
        Self::NeedsAttention,
    ];

    /// The word in the database, the API and the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Taken => "taken",
            Self::Quota => "quota",
            Self::LoginRefused => "login-refused",
            Self::Captcha => "captcha",
            Self::Price => "price",
            Self::SiteError => "site-error",
            Self::SelectorBroken => "selector-broken",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
            Self::Missed => "missed",
            Self::NeedsAttention => "needs-attention",
        }
    }

    /// The outcome of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == word)
    }

    /// What a user is told.
    pub fn status(self) -> Status {
        match self {
            Self::Confirmed => Status::Confirmed,
            Self::Cancelled | Self::Skipped => Status::Cancelled,
            Self::Captcha | Self::NeedsAttention => Status::NeedsAttention,
            _ => Status::Failed,
        }
    }
}

/// What the site said to one submit (or, before it, to a step), as `outcomes.toml` reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// The site says that it worked; the site's list must still agree.
    Confirmed,
    /// Somebody else was first.
    Taken,
    /// Too early by the site's clock.
    NotOpen,
    /// The account has used its allowance.
    Quota,
    /// Wrong user name or password, or a locked account.
    LoginRefused,
    /// The session was lost; the submit did not count.
    LoginExpired,
    /// A captcha or bot wall.
    Captcha,
    /// The price guard of the site's flow.
    Price,
    /// An error page: after a submit as good as no answer.
    SiteError,
    /// On the site's waiting list.
    Waitlisted,
    /// None of the site's outcomes, or none in time.
    Unknown,
}

impl Answer {
    /// Every answer, in the order of the documentation.
    pub const ALL: [Self; 11] = [
        Self::Confirmed,
        Self::Taken,
        Self::NotOpen,
        Self::Quota,
        Self::LoginRefused,
        Self::LoginExpired,
        Self::Captcha,
        Self::Price,
        Self::SiteError,
        Self::Waitlisted,
        Self::Unknown,
    ];

    /// The word in selector files and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Taken => "taken",
            Self::NotOpen => "not-open",
            Self::Quota => "quota",
            Self::LoginRefused => "login-refused",
            Self::LoginExpired => "login-expired",
            Self::Captcha => "captcha",
            Self::Price => "price",
            Self::SiteError => "site-error",
            Self::Waitlisted => "waitlisted",
            Self::Unknown => "unknown",
        }
    }

    /// The answer of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|answer| answer.as_str() == word)
    }
}

/// The word a user sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Waiting for its opening.
    Scheduled,
    /// Being worked on now.
    Processing,
    /// Booked.
    Confirmed,
    /// On the site's waiting list.
    Waitlisted,
    /// Ended without a court; the outcome says why.
    Failed,
    /// Called off.
    Cancelled,
    /// A person must look.
    NeedsAttention,
}

impl Status {
    /// The word in the API and on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Processing => "processing",
            Self::Confirmed => "confirmed",
            Self::Waitlisted => "waitlisted",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::NeedsAttention => "needs attention",
        }
    }
}
