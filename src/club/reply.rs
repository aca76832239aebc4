//! What the club does with a submit.

use super::book::{Reference, Refusal};

/// What a member gets for a submit; not always the truth, which is in the [`Book`](super::book::Book).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// It is booked, he is told.
    Confirmed(Reference),
    /// Somebody else was first, he is told.
    Taken,
    /// Too early.
    NotOpen,
    /// Too many bookings.
    Quota,
    /// No such court, date or time.
    Invalid,
    /// The form's token does not hold.
    FormExpired,
    /// He is not logged in.
    LoginExpired,
    /// A captcha.
    Captcha,
    /// 503: the club is overwhelmed.
    Unavailable,
    /// 502: something behind the club's door failed.
    BadGateway,
    /// 200, and a page that says nothing about the submit.
    ErrorPage,
    /// 200, and nothing.
    Empty,
    /// The page that confirms, cut off before it does.
    Truncated(Reference),
    /// The connection is closed without an answer.
    Dropped,
    /// The connection is held without an answer.
    Held,
}

impl Reply {
    /// The word in the ledger.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed(_) => "confirmed",
            Self::Taken => "taken",
            Self::NotOpen => "not-open",
            Self::Quota => "quota",
            Self::Invalid => "invalid",
            Self::FormExpired => "form-expired",
            Self::LoginExpired => "login-expired",
            Self::Captcha => "captcha",
            Self::Unavailable => "unavailable",
            Self::BadGateway => "bad-gateway",
            Self::ErrorPage => "error-page",
            Self::Empty => "empty",
            Self::Truncated(_) => "truncated",
            Self::Dropped => "dropped",
            Self::Held => "held",
        }
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Taken => Self::Taken,
            Refusal::NotOpen => Self::NotOpen,
        }
    }
}
