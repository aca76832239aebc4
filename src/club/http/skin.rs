//! The names that selectors hold on to: as they were, and as a redesign renamed them.

use super::texts::Texts;

/// How the pages are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Skin {
    /// As documented.
    Usual,
    /// After the fault `redesign`: other ids, classes, wrappers and button texts.
    Redesigned,
}

/// Ids of before and after.
const IDS: [(&str, &str); 15] = [
    ("acceso", "login-panel"),
    ("usuario", "account-name"),
    ("clave", "account-secret"),
    ("entrar", "login-go"),
    ("socio", "who"),
    ("salir", "leave"),
    ("reserva", "booking-panel"),
    ("cancha", "pick-court"),
    ("fecha", "pick-day"),
    ("horario", "pick-hour"),
    ("reservar", "booking-go"),
    ("mis-reservas", "agenda"),
    ("titulo-reservas", "agenda-title"),
    ("sin-reservas", "agenda-empty"),
    ("total-reservas", "agenda-sum"),
];

/// Classes of before and after.
const CLASSES: [(&str, &str); 9] = [
    ("aviso", "flash"),
    ("error", "flash-bad"),
    ("exito", "flash-good"),
    ("reserva", "agenda-item"),
    ("fecha", "agenda-day"),
    ("horario", "agenda-hour"),
    ("cancha", "agenda-court"),
    ("referencia", "agenda-code"),
    ("cancelar", "agenda-drop"),
];

impl Skin {
    /// Whether the pages were redesigned.
    pub(super) fn is_redesigned(self) -> bool {
        self == Self::Redesigned
    }

    /// An id.
    pub(super) fn id(self, name: &'static str) -> &'static str {
        self.renamed(&IDS, name)
    }

    /// A class.
    pub(super) fn class(self, name: &'static str) -> &'static str {
        self.renamed(&CLASSES, name)
    }

    /// The text of the button that logs in.
    pub(super) fn log_in(self, t: &Texts) -> &'static str {
        if self.is_redesigned() { t.log_in_redesigned } else { t.log_in }
    }

    /// The text of the button that logs out.
    pub(super) fn log_out(self, t: &Texts) -> &'static str {
        if self.is_redesigned() { t.log_out_redesigned } else { t.log_out }
    }

    /// The text of the button that books.
    pub(super) fn book(self, t: &Texts) -> &'static str {
        if self.is_redesigned() { t.book_redesigned } else { t.book }
    }

    /// The text of the button that cancels.
    pub(super) fn cancel(self, t: &Texts) -> &'static str {
        if self.is_redesigned() { t.cancel_redesigned } else { t.cancel }
    }

    fn renamed(self, names: &[(&'static str, &'static str)], name: &'static str) -> &'static str {
        match names.iter().find(|(before, _)| *before == name) {
            Some((_, after)) if self.is_redesigned() => after,
            _ => name,
        }
    }
}
