//! What is measured: a fire mode, by firstserve or by a bare control.

/// The ways of a submit to the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Native,
    Script,
    ArmedForm,
    ArmedFetch,
    Http,
}

/// Who does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Ours,
    Bare,
}

impl Way {
    pub(crate) const ALL: [Self; 5] = [Self::Native, Self::Script, Self::ArmedForm, Self::ArmedFetch, Self::Http];

    /// The word in the table.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Script => "script",
            Self::ArmedForm => "armed, form",
            Self::ArmedFetch => "armed, fetch",
            Self::Http => "http",
        }
    }

    /// The word in `MODES`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Script => "script",
            Self::ArmedForm => "armed-form",
            Self::ArmedFetch => "armed-fetch",
            Self::Http => "http",
        }
    }

    /// What its control is, for the table.
    pub(crate) fn control(self) -> &'static str {
        match self {
            Self::Native => "WebDriver click at the instant",
            Self::Script => "WebDriver script click at the instant",
            Self::ArmedForm => "timer in the page, form submit",
            Self::ArmedFetch => "timer in the page, fetch",
            Self::Http => "request at the instant",
        }
    }
}

impl Side {
    pub(crate) const ALL: [Self; 2] = [Self::Ours, Self::Bare];
}
