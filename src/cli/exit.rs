//! What the process answers with: the codes of sysexits.h, and 1 for a court that was not won.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// `book` and `demo`: done, but a court was not won. `cancel`: it was not given back.
    NotWon,
    /// The command line is wrong.
    Usage,
    /// What was named does not exist (a booking, a vault entry).
    Data,
    /// Something that is needed is not there (a browser, a driver, a site, a port).
    Unavailable,
    /// A file could not be read or written.
    Io,
    /// The configuration has errors.
    Config,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::NotWon => 1,
            Self::Usage => 64,
            Self::Data => 65,
            Self::Unavailable => 69,
            Self::Io => 74,
            Self::Config => 78,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// An error with the code it ends the process with.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The code.
    pub exit: Exit,
    /// What is wrong and what to do.
    pub message: String,
}

impl Failure {
    /// A failure with its code.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }
}

/// The code for whatever a command failed with; an error nobody classified is "unavailable".
pub(super) fn exit_of(error: &anyhow::Error) -> Exit {
    if let Some(failure) = error.downcast_ref::<Failure>() {
        return failure.exit;
    }
    let io = error.chain().any(|cause| cause.downcast_ref::<std::io::Error>().is_some());
    if io { Exit::Io } else { Exit::Unavailable }
}
