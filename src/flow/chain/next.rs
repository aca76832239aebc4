//! What a chain asks for, how it ends, and what it begins with.

use std::time::Duration;

use url::Url;

use super::form::Form;
use crate::flow::wire;
use crate::model::Answer;

/// What the chain wants sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// A page.
    Get {
        /// Its address.
        url: Url,
        /// The page that led to it; none where no page did.
        from: Option<Url>,
    },
    /// A form, which leads to another page.
    Form(Form),
    /// A request behind the page's back.
    Request(Box<wire::Request>),
}

/// What is next.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// Send this, and give the answer to `Chain::take`.
    Fetch(Ask),
    /// Wait so long, and ask again.
    Pause(Duration),
    /// Everything is done but this, which needs a permit.
    Commit(Ask),
    /// The site says one of its outcomes on the way. Nothing was committed.
    Says(Answer),
    /// It cannot go on without a live page. Nothing was committed.
    Leave(Leave),
}

/// Why a chain is left, and how its steps can go on in a live page.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {verb}: {reason}")]
pub struct Leave {
    /// `file:line:column` of the step.
    pub place: String,
    /// The verb's word, or `commit`.
    pub verb: &'static str,
    /// A small-letter fragment; no value that was entered.
    pub reason: String,
    /// Where the steps can go on; none: they must begin anew.
    pub resume: Option<Resume>,
}

/// A document that a browser can open, and what is to be done there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resume {
    /// The document's address.
    pub url: Url,
    /// The first of the steps that is done there, counted from 0.
    pub step: usize,
}

/// The page on which everything was staged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staged {
    /// Its address.
    pub url: Url,
    /// What led to it, as the page says (`document.referrer`).
    pub referrer: Option<Url>,
    /// Its character set (`document.characterSet`).
    pub charset: String,
}
