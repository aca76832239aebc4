//! The kinds of shots: what the club's page allows, and how it is sent.

use firstserve::flow::wire::{OpeningWay, Send};

/// A kind of shot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The form is filled in before; it is sent as a fetch.
    Fetch,
    /// The form is filled in before; it is sent as itself.
    Form,
    /// The page must be loaded after the instant: a chain of fetches.
    Chain,
    /// The same, and a real form at its end.
    ChainForm,
    /// The same by page, one navigation after the other.
    Pages,
}

const ALL: [Kind; 5] = [Kind::Fetch, Kind::Form, Kind::Chain, Kind::ChainForm, Kind::Pages];

impl Kind {
    pub(crate) fn parse(word: &str) -> Option<Self> {
        ALL.into_iter().find(|kind| kind.word() == word)
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Fetch => "fetch",
            Self::Form => "form",
            Self::Chain => "chain",
            Self::ChainForm => "chainform",
            Self::Pages => "pages",
        }
    }

    /// The shape of the club.
    pub(crate) fn shape(self) -> &'static str {
        match self {
            Self::Fetch | Self::Form => "submit",
            Self::Chain | Self::ChainForm | Self::Pages => "reload",
        }
    }

    pub(crate) fn send(self) -> Send {
        match self {
            Self::Fetch | Self::Chain => Send::Fetch,
            Self::Form | Self::ChainForm | Self::Pages => Send::Form,
        }
    }

    pub(crate) fn opening(self) -> OpeningWay {
        match self {
            Self::Chain | Self::ChainForm => OpeningWay::Fetch,
            Self::Fetch | Self::Form | Self::Pages => OpeningWay::Page,
        }
    }
}
