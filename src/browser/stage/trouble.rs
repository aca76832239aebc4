//! What went wrong, and whether asking again may help.

use std::fmt;

use thirtyfour::error::{WebDriverError, WebDriverErrorInner};

use crate::flow::page::Problem;

/// The kinds of failure of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// No locator found its element.
    NotFound,
    /// A locator matched several elements.
    Ambiguous,
    /// The element is there but nobody sees it.
    NotVisible,
    /// The element is disabled or read-only.
    NotEnabled,
    /// The element did not stop moving.
    Moving,
    /// Something lies over the element.
    Covered,
    /// The control did not take the value, or has no such option.
    Rejected,
    /// A condition did not hold.
    Expectation,
    /// A native dialog is open that no step declared, or none is open.
    Dialog,
    /// The address could not be loaded.
    Unreachable,
    /// A page or an answer did not come in time.
    Timeout,
    /// The page, or the address, is of an origin that the step's secret is not for.
    Origin,
    /// A locator cannot be read.
    BadLocator,
    /// A regular expression cannot be read.
    BadPattern,
    /// A script threw.
    Script,
    /// The step or the form cannot be done in this way.
    Unsupported,
    /// The page no longer holds what was filled in.
    Changed,
    /// The instant has not come yet.
    Early,
    /// There is no such window.
    NoWindow,
    /// There is no such file.
    NoFile,
    /// The driver or the browser does not answer as it should.
    Driver,
}

impl FailureKind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 21] = [
        Self::NotFound,
        Self::Ambiguous,
        Self::NotVisible,
        Self::NotEnabled,
        Self::Moving,
        Self::Covered,
        Self::Rejected,
        Self::Expectation,
        Self::Dialog,
        Self::Unreachable,
        Self::Timeout,
        Self::Origin,
        Self::BadLocator,
        Self::BadPattern,
        Self::Script,
        Self::Unsupported,
        Self::Changed,
        Self::Early,
        Self::NoWindow,
        Self::NoFile,
        Self::Driver,
    ];

    /// The word in logs and in the page's answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::Ambiguous => "ambiguous",
            Self::NotVisible => "not-visible",
            Self::NotEnabled => "not-enabled",
            Self::Moving => "moving",
            Self::Covered => "covered",
            Self::Rejected => "rejected",
            Self::Expectation => "expectation",
            Self::Dialog => "dialog",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Origin => "origin",
            Self::BadLocator => "bad-locator",
            Self::BadPattern => "bad-pattern",
            Self::Script => "script",
            Self::Unsupported => "unsupported",
            Self::Changed => "changed",
            Self::Early => "early",
            Self::NoWindow => "no-window",
            Self::NoFile => "no-file",
            Self::Driver => "driver",
        }
    }

    /// Whether the page says this before it does anything.
    pub fn is_before_acting(self) -> bool {
        use FailureKind as K;
        match self {
            K::NotFound | K::Ambiguous | K::NotVisible | K::NotEnabled | K::Moving | K::Covered | K::Rejected => true,
            K::Origin | K::Unsupported | K::Changed | K::Early | K::BadLocator | K::BadPattern | K::NoFile => true,
            K::Expectation | K::Dialog | K::Unreachable | K::Timeout | K::Script | K::NoWindow | K::Driver => false,
        }
    }

    /// The kind of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// What went wrong, without saying at which step.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Trouble {
    /// Its kind.
    pub kind: FailureKind,
    /// A small-letter fragment, secrets masked.
    pub reason: String,
    /// Whether the same may work a moment later.
    pub(super) passing: bool,
}

impl Trouble {
    /// Whether it is certain that nothing was clicked or sent: the page itself said why it could not act.
    pub fn is_before_acting(&self) -> bool {
        self.kind.is_before_acting()
    }

    pub(in crate::browser) fn new(kind: FailureKind, reason: impl fmt::Display) -> Self {
        Self { kind, reason: reason.to_string(), passing: false }
    }

    pub(super) fn passing(kind: FailureKind, reason: impl fmt::Display) -> Self {
        Self { passing: true, ..Self::new(kind, reason) }
    }

    /// Of a word that the page gave.
    pub(super) fn told(kind: Option<&str>, reason: Option<String>, passing: bool) -> Self {
        let kind = kind.and_then(FailureKind::parse).unwrap_or(FailureKind::Script);
        Self { kind, reason: reason.unwrap_or_else(|| kind.as_str().to_owned()), passing }
    }

    /// Whether the target simply is not there: an optional step is skipped then.
    pub(super) fn is_absence(&self) -> bool {
        matches!(self.kind, FailureKind::NotFound | FailureKind::NotVisible)
    }
}

impl From<Problem> for Trouble {
    fn from(problem: Problem) -> Self {
        Self::told(Some(&problem.kind), Some(problem.reason), false)
    }
}

impl From<WebDriverError> for Trouble {
    fn from(error: WebDriverError) -> Self {
        use WebDriverErrorInner as E;
        let reason = first_line(&message(&error));
        match error.as_inner() {
            E::UnexpectedAlertOpen(_) => Self::new(FailureKind::Dialog, reason),
            E::NoSuchAlert(_) => Self::passing(FailureKind::Dialog, "no dialog is open"),
            E::StaleElementReference(_) | E::NoSuchElement(_) => Self::passing(FailureKind::NotFound, "it went away"),
            E::ElementClickIntercepted(_) | E::MoveTargetOutOfBounds(_) => Self::passing(FailureKind::Covered, reason),
            E::ElementNotInteractable(_) | E::InvalidElementState(_) => Self::passing(FailureKind::NotEnabled, reason),
            E::NoSuchWindow(_) => Self::new(FailureKind::NoWindow, "the window is closed"),
            E::NoSuchFrame(_) => Self::passing(FailureKind::NotFound, "the frame is gone"),
            E::WebDriverTimeout(_) | E::ScriptTimeout(_) | E::Timeout(_) => Self::new(FailureKind::Timeout, reason),
            E::JavascriptError(_) if is_unloading(&reason) => {
                Self::passing(FailureKind::Timeout, "the page is changing")
            }
            E::JavascriptError(_) => Self::new(FailureKind::Script, reason),
            E::UnknownError(_) if is_unloading(&reason) => Self::passing(FailureKind::Timeout, "the page is changing"),
            E::UnknownError(_) if let Some(what) = load_error(&reason) => Self::new(FailureKind::Unreachable, what),
            _ => Self::new(FailureKind::Driver, reason),
        }
    }
}

/// The driver's own sentence, without the state and stack that thirtyfour prints around it.
fn message(error: &WebDriverError) -> String {
    use WebDriverErrorInner as E;
    match error.as_inner() {
        E::UnexpectedAlertOpen(info)
        | E::ElementClickIntercepted(info)
        | E::ElementNotInteractable(info)
        | E::InvalidElementState(info)
        | E::MoveTargetOutOfBounds(info)
        | E::WebDriverTimeout(info)
        | E::ScriptTimeout(info)
        | E::JavascriptError(info)
        | E::UnknownError(info)
        | E::InvalidArgument(info)
        | E::InvalidSelector(info) => info.value.message.clone(),
        _ => error.to_string(),
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_owned()
}

/// A script that was cut off because its document went away.
fn is_unloading(reason: &str) -> bool {
    let reason = reason.to_lowercase();
    ["unloaded", "context was destroyed", "execution context", "detached", "browsing context", "navigation"]
        .iter()
        .any(|sign| reason.contains(sign))
}

/// What a browser says of an address that it could not load.
fn load_error(reason: &str) -> Option<String> {
    if let Some(at) = reason.find("net::ERR_") {
        let code = reason[at..].split(|c: char| c != ':' && c != '_' && !c.is_ascii_alphanumeric()).next()?;
        return Some(format!("the address cannot be loaded: {code}"));
    }
    let at = reason.find("about:neterror").or_else(|| reason.find("about:certerror"))?;
    let code = reason[at..].split("e=").nth(1).and_then(|rest| rest.split('&').next()).unwrap_or("unknown");
    Some(format!("the address cannot be loaded: {code}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_kinds_are_one_to_one() {
        for kind in FailureKind::ALL {
            assert_eq!(FailureKind::parse(kind.as_str()), Some(kind));
        }
    }

    #[test]
    fn both_browsers_load_errors_are_told_apart_from_others() {
        let chromium = load_error("unknown error: net::ERR_CONNECTION_REFUSED (Session info: …)");
        assert_eq!(chromium.as_deref(), Some("the address cannot be loaded: net::ERR_CONNECTION_REFUSED"));
        let firefox = load_error("Reached error page: about:neterror?e=connectionFailure&u=http%3A//127.0.0.1%3A1/");
        assert_eq!(firefox.as_deref(), Some("the address cannot be loaded: connectionFailure"));
        assert_eq!(load_error("cannot determine loading status"), None);
    }
}
