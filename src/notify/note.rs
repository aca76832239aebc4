//! The closing note of an attempt in the reader's language. What a site or a selector file says is quoted as it is; what
//! firstserve says itself around it is not.

use std::borrow::Cow;

use crate::model::Language;
use crate::timing::note;

/// The note as the reader is told it.
pub fn told(note: &str, language: Language) -> Cow<'_, str> {
    match language {
        Language::English => Cow::Borrowed(note),
        Language::Spanish => Cow::Owned(spanish(note)),
    }
}

/// Whole where it is known as a whole, otherwise part by part.
fn spanish(note: &str) -> String {
    if let Some(known) = fixed(note) {
        return known.to_owned();
    }
    // What quotes goes to the end: the quoted text may have parts of its own.
    if let Some((before, after)) = QUOTES.iter().find_map(|(from, to)| Some((to, note.strip_prefix(from)?))) {
        // What is ours behind the quoted text is known by its whole.
        return match after.strip_suffix(note::SETTLE_FIRST) {
            Some(quoted) => format!("{before}{quoted}{}", part(note::SETTLE_FIRST)),
            None => format!("{before}{after}"),
        };
    }
    let Some((first, rest)) = note.split_once(note::NOTE_PARTS) else { return part(note) };
    match two_parts(first, rest) {
        Some((known, "")) => known.to_owned(),
        Some((known, rest)) => format!("{known}; {}", spanish(rest)),
        None => format!("{}; {}", part(first), spanish(rest)),
    }
}

/// A fixed note of two parts, before what follows it.
fn two_parts<'n>(first: &str, rest: &'n str) -> Option<(&'static str, &'n str)> {
    let (second, rest) = rest.split_once(note::NOTE_PARTS).unwrap_or((rest, ""));
    Some((fixed(&format!("{first}; {second}"))?, rest))
}

fn part(text: &str) -> String {
    if let Some(known) = fixed(text) {
        return known.to_owned();
    }
    if let Some(count) = note::are_log_ins_used(text) {
        return format!(
            "ya se usaron las entradas para esta fecha ({count}, ver `max-logins`), y más podrían bloquear la cuenta"
        );
    }
    if let Some(rows) = note::holds(text) {
        return format!("el sitio tiene {rows} reservas de ella");
    }
    if let Some(command) = text.strip_suffix(" puts the right ones into the vault") {
        return format!("{command} guarda los correctos");
    }
    text.to_owned()
}

/// What stands before a quoted text.
const QUOTES: [(&str, &str); 7] = [
    (note::CANNOT_READ, "no se pudo leer en el sitio si la reserva existe: "),
    (note::NO_PERMIT, "no se pudo guardar el permiso: "),
    (note::NO_CREDENTIALS, "el archivo de contraseñas no da los datos de acceso: "),
    (note::ACCOUNT_IN_USE, "su cuenta está en uso para otra fecha: "),
    ("the store could not be read: ", "no se pudo leer la base de datos: "),
    ("the site says: ", "el sitio dice: "),
    (note::HELD, "otra reserva tiene, o puede que tenga, una cancha a esa hora: "),
];

fn fixed(note: &str) -> Option<&'static str> {
    SPANISH.iter().find(|(english, _)| *english == note).map(|(_, spanish)| *spanish)
}

const SPANISH: [(&str, &str); 32] = [
    (note::LISTED, "está en la lista del propio sitio"),
    (note::LISTED_ALREADY, "ya estaba en la lista del sitio; no se envió nada"),
    (note::ALL_TAKEN, "todas las opciones estaban ocupadas"),
    (note::BEGUN, "la hora misma ya ha empezado"),
    (note::OVERSLEPT, "su apertura pasó mientras nada podía actuar"),
    (note::TOO_LONG_AGO, "su apertura pasó mientras nada podía actuar, hace demasiado para intentarlo"),
    (note::NEVER_OPEN, "el sitio seguía diciendo que no estaba abierto cuando ya no valía la pena preguntar"),
    (note::STILL_WAITING, "seguía en la lista de espera cuando empezó la hora"),
    (note::CALLED_OFF_WAITING, "cancelada en la lista de espera; puede que el sitio aún guarde el puesto"),
    (note::CALLED_OFF, "cancelada antes de enviar nada"),
    (note::CALLED_OFF_LATE, "cancelada; la lista del sitio no muestra ninguna reserva"),
    (note::NOT_LISTED, "el sitio dijo que funcionó, pero su propia lista no la muestra"),
    (note::NO_BOOKING, "el sitio falló en cada envío; su lista no muestra ninguna reserva"),
    (note::NO_ALLOWANCE, "la cuenta ya usó todas sus reservas"),
    (note::TOO_DEAR, "más cara de lo que permite la reserva"),
    (note::WANTS_A_PERSON, "el sitio quiere ver a una persona"),
    (note::ACCOUNT_REFUSED, "el sitio rechazó la cuenta"),
    (note::UNREAD, "después no se pudo leer la lista"),
    (note::SETTLE_FIRST, "requiere tu atención: di primero qué muestra el sitio, y reserva después"),
    (note::BEGIN_ANEW, "`firstserve book NOMBRE` empieza de nuevo"),
    ("the site does not accept the user name or password", "el sitio no acepta el usuario o la contraseña"),
    ("the site has ended the session", "el sitio cerró la sesión"),
    ("the site wants to see a person (a captcha)", "el sitio quiere ver a una persona (un captcha)"),
    ("the site shows an error page", "el sitio muestra una página de error"),
    (
        "its site or member is no longer in the configuration; look at the site's own list",
        "su sitio o su miembro ya no está en la configuración; mira la lista del propio sitio",
    ),
    (
        "its opening passed while nothing could act, and the slot itself has begun",
        "su apertura pasó mientras nada podía actuar, y la hora misma ya ha empezado",
    ),
    ("no booking asks for this date any more", "ninguna reserva pide ya esta fecha"),
    ("called off before its opening", "cancelada antes de su apertura"),
    (
        "a fault of firstserve itself stopped it twice after the submit",
        "un fallo del propio firstserve la detuvo dos veces después del envío",
    ),
    (
        "a fault of firstserve itself stopped it twice before the submit",
        "un fallo del propio firstserve la detuvo dos veces antes del envío",
    ),
    ("look at the site's own list", "mira la lista del propio sitio"),
    ("nothing was submitted", "no se envió nada"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn es(note: &str) -> String {
        told(note, Language::Spanish).into_owned()
    }

    #[test]
    fn every_note_of_the_machine_is_told_in_spanish() {
        for english in note::FIXED {
            assert!(fixed(english).is_some(), "{english}");
            assert_eq!(told(english, Language::English), english);
        }
        assert_eq!(fixed("anything else"), None, "the control");
    }

    #[test]
    fn a_note_of_several_parts_is_told_part_by_part_and_what_is_quoted_stays() {
        let used = note::log_ins_used(2);
        assert_eq!(
            es(&used),
            "ya se usaron las entradas para esta fecha (2, ver `max-logins`), y más podrían bloquear la cuenta; `firstserve book NOMBRE` \
             empieza de nuevo"
        );
        let broken = es(&format!("page.toml:4:1: no element; {used}"));
        assert!(broken.starts_with("page.toml:4:1: no element; ya se usaron"), "{broken}");
        let twice = es(&format!("{}; {}", note::LISTED_ALREADY, note::held_more_than_once(2)));
        assert_eq!(twice, "ya estaba en la lista del sitio; no se envió nada; el sitio tiene 2 reservas de ella");
        assert_eq!(es(&format!("{}no rows; at all", note::CANNOT_READ)), format!("{}no rows; at all", QUOTES[0].1));
        assert_eq!(
            es("another booking has, or may have, booked a court at that time: “doubles” (2027-07-18)"),
            "otra reserva tiene, o puede que tenga, una cancha a esa hora: “doubles” (2027-07-18)"
        );
        let unsure = es(&note::held("doubles; and more", jiff::civil::date(2027, 7, 18), true));
        assert_eq!(
            unsure,
            "otra reserva tiene, o puede que tenga, una cancha a esa hora: “doubles; and more” (2027-07-18); requiere tu atención: \
             di primero qué muestra el sitio, y reserva después"
        );
        let refused = es(
            "the site does not accept the user name or password; `firstserve vault set a/b` puts the right ones into the vault",
        );
        assert_eq!(
            refused,
            "el sitio no acepta el usuario o la contraseña; `firstserve vault set a/b` guarda los correctos"
        );
    }
}
