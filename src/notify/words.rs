//! What a person reads, in English and Spanish: what happened, and what to do next.

use jiff::civil::Date;

use crate::model::{Language, Outcome};

impl Words {
    /// What is said in that language.
    pub(super) fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::Spanish => &SPANISH,
        }
    }
}

/// Everything that a letter says in one language.
pub(super) struct Words {
    pub(super) language: Language,
    pub(super) code: &'static str,
    pub(super) date: fn(Date) -> String,
    pub(super) greeting: fn(&str) -> String,
    /// Court, time.
    pub(super) subject_won: fn(&str, &str) -> String,
    /// Booking, date.
    pub(super) subject_booked: fn(&str, &str) -> String,
    /// Booking, date.
    pub(super) subject_lost: fn(&str, &str) -> String,
    /// Booking, date.
    pub(super) subject_look: fn(&str, &str) -> String,
    /// Court, site, time.
    pub(super) won: fn(&str, &str, &str) -> String,
    /// Milliseconds, and which submit for that date it was.
    pub(super) lateness: fn(i128, u8) -> String,
    pub(super) duplicate: &'static str,
    /// How many log-ins there were.
    pub(super) log_ins_used: fn(u8) -> String,
    /// What to do then.
    pub(super) begin_anew: &'static str,
    /// What to do where the other booking waits for a person's word.
    pub(super) settle_first: &'static str,
    /// What happened, and what to do next.
    pub(super) outcome: fn(Outcome) -> (&'static str, &'static str),
    pub(super) booking: &'static str,
    pub(super) when: &'static str,
    pub(super) court: &'static str,
    pub(super) speed: &'static str,
    pub(super) site: &'static str,
    pub(super) detail: &'static str,
    pub(super) attempt: &'static str,
}

static ENGLISH: Words = Words {
    language: Language::English,
    code: "en",
    date: |date| {
        format!(
            "{} {} {} {}",
            day_of(date, Language::English),
            date.day(),
            month_of(date, Language::English),
            date.year()
        )
    },
    greeting: |name| format!("Hello {name},"),
    subject_won: |court, when| format!("Court {court} is yours: {when}"),
    subject_booked: |booking, date| format!("Booked: {booking}, {date}"),
    subject_lost: |booking, date| format!("No court this time: {booking}, {date}"),
    subject_look: |booking, date| format!("Please have a look: {booking}, {date}"),
    won: |court, site, when| format!("Court {court} at {site} is yours: {when}."),
    lateness: |ms, submit| match submit {
        0 | 1 => format!("sent {ms} ms after the opening"),
        _ => format!("submit {submit} for this date won; it was sent {ms} ms after the opening"),
    },
    duplicate: "The site lists this booking more than once. Please cancel the extra one there, so that somebody else can play.",
    log_ins_used: |count| {
        let all = if count == 1 { "The one log-in".to_owned() } else { format!("The {count} log-ins") };
        format!(
            "{all} that this date may cost (`max-logins`) were used up without a booking; more could lock the account."
        )
    },
    settle_first: "That booking needs attention: look at the site, and say what it shows; `firstserve status` has the command. If \
                   the site does not show it, `firstserve book` then tries this one.",
    begin_anew: "See why the log-ins did not lead on: the detail below, and the log. Then `firstserve book` begins anew.",
    outcome: english,
    booking: "Booking",
    when: "When",
    court: "Court",
    speed: "Speed",
    site: "Site",
    detail: "Detail",
    attempt: "attempt",
};

fn english(outcome: Outcome) -> (&'static str, &'static str) {
    match outcome {
        Outcome::Confirmed => {
            ("It stands on the site's own list of your bookings.", "There is nothing left to do. Enjoy your game!")
        }
        Outcome::Taken => (
            "Somebody else was faster on every court and time of this booking.",
            "You can add more courts or times to the booking, or ask firstserve for another date.",
        ),
        Outcome::Quota => (
            "The site says that your account has used up its bookings.",
            "Cancel a booking that you do not need on the site, or wait until your allowance is free again.",
        ),
        Outcome::LoginRefused => (
            "The site did not accept your user name and password.",
            "Log in by hand once to see whether the account is locked, then run `firstserve vault set` with the right \
             password. This date is not tried again by itself, so that the site does not lock you out.",
        ),
        Outcome::Captcha => (
            "The site asked for proof that a human is there, and firstserve never answers such questions.",
            "Log in by hand and answer it; you can then book by hand, or try again with `firstserve book`.",
        ),
        Outcome::Price => (
            "The slot was dearer than the booking allows, so firstserve did not buy it.",
            "If the price is right after all, raise the limit in the site's selector files.",
        ),
        Outcome::SiteError => (
            "The site failed again and again, for as long as it was useful to try.",
            "Look at the site; if it works again, `firstserve book` tries at once.",
        ),
        Outcome::SelectorBroken => (
            "A page of the site is not as the selector files say: a button or a field was not found.",
            "The detail below names the file and the line. A picture and the source of the page are in the data folder, under `evidence`.",
        ),
        Outcome::Cancelled => ("This booking was cancelled.", "There is nothing left to do."),
        Outcome::Skipped => (
            "Another booking of yours has this slot, or may have it, so nothing was submitted for this one.",
            "There is nothing to do while that one stands: the detail below says which booking it is, and of which date.",
        ),
        Outcome::Missed => (
            "The opening passed while nothing could act.",
            "Mend what the detail below names, or see that the machine is awake and online at the opening; `firstserve book` tries at once.",
        ),
        Outcome::NeedsAttention => (
            "firstserve could not find out from the site whether the court is yours: perhaps it is.",
            "Look at your bookings on the site, and please do not book again before you have: you might end up with two. Then say what \
             it shows: `firstserve settle --booked` or `firstserve settle --not-booked`. After the second one `firstserve book` may try again. For either, end `firstserve run` \
             first, and start it again afterwards.",
        ),
    }
}

static SPANISH: Words = Words {
    language: Language::Spanish,
    code: "es",
    date: |date| {
        let (day, month) = (day_of(date, Language::Spanish), month_of(date, Language::Spanish));
        format!("{day} {} de {month} de {}", date.day(), date.year())
    },
    greeting: |name| format!("Hola, {name}:"),
    subject_won: |court, when| format!("La cancha {court} es tuya: {when}"),
    subject_booked: |booking, date| format!("Reservado: {booking}, {date}"),
    subject_lost: |booking, date| format!("Esta vez no hubo cancha: {booking}, {date}"),
    subject_look: |booking, date| format!("Échale un vistazo, por favor: {booking}, {date}"),
    won: |court, site, when| format!("La cancha {court} de {site} es tuya: {when}."),
    lateness: |ms, submit| match submit {
        0 | 1 => format!("enviado {ms} ms después de la apertura"),
        _ => format!("ganó el envío {submit} para esta fecha; salió {ms} ms después de la apertura"),
    },
    duplicate: "El sitio muestra esta reserva más de una vez. Cancela allí la que sobra, por favor, para que pueda jugar otra persona.",
    log_ins_used: |count| {
        let all = if count == 1 {
            "Se usó sin reservar la única entrada".to_owned()
        } else {
            format!("Se usaron sin reservar las {count} entradas")
        };
        format!("{all} que puede costar esta fecha (`max-logins`); más podrían bloquear la cuenta.")
    },
    settle_first: "Esa reserva requiere tu atención: mira el sitio y di qué muestra; `firstserve status` tiene la orden. Si el sitio \
                   no la muestra, `firstserve book` intenta después esta.",
    begin_anew: "Mira por qué no bastaron: el detalle de abajo y el registro. Después `firstserve book` empieza de nuevo.",
    outcome: spanish,
    booking: "Reserva",
    when: "Cuándo",
    court: "Cancha",
    speed: "Rapidez",
    site: "Sitio",
    detail: "Detalle",
    attempt: "intento",
};

fn spanish(outcome: Outcome) -> (&'static str, &'static str) {
    match outcome {
        Outcome::Confirmed => {
            ("Ya aparece en la lista de reservas del propio sitio.", "No tienes que hacer nada más. ¡Que lo disfrutes!")
        }
        Outcome::Taken => (
            "Otra persona fue más rápida en todas las canchas y horas de esta reserva.",
            "Puedes añadir más canchas u horas a la reserva, o pedirle a firstserve otra fecha.",
        ),
        Outcome::Quota => (
            "El sitio dice que tu cuenta ya ha usado todas sus reservas.",
            "Cancela en el sitio una reserva que no necesites, o espera a que vuelvas a tener cupo.",
        ),
        Outcome::LoginRefused => (
            "El sitio no aceptó tu usuario y contraseña.",
            "Entra una vez a mano para ver si la cuenta está bloqueada y ejecuta después `firstserve vault set` con la \
             contraseña correcta. Esta fecha no se vuelve a intentar sola, para que el sitio no te bloquee.",
        ),
        Outcome::Captcha => (
            "El sitio pidió comprobar que hay una persona, y firstserve nunca responde a esas preguntas.",
            "Entra a mano y respóndela; después puedes reservar a mano o intentarlo de nuevo con `firstserve book`.",
        ),
        Outcome::Price => (
            "La hora costaba más de lo que permite la reserva, así que firstserve no la compró.",
            "Si el precio te parece bien, sube el límite en los archivos de selectores del sitio.",
        ),
        Outcome::SiteError => (
            "El sitio falló una y otra vez durante todo el tiempo en que valía la pena intentarlo.",
            "Mira el sitio; si ya funciona, `firstserve book` lo intenta de inmediato.",
        ),
        Outcome::SelectorBroken => (
            "Una página del sitio no es como dicen los archivos de selectores: no se encontró un botón o un campo.",
            "El detalle de abajo nombra el archivo y la línea. Una imagen y el código de la página están en la carpeta de datos, en `evidence`.",
        ),
        Outcome::Cancelled => ("Esta reserva se canceló.", "No tienes que hacer nada más."),
        Outcome::Skipped => (
            "Otra reserva tuya tiene esta hora, o puede que la tenga, así que para esta no se envió nada.",
            "No tienes que hacer nada mientras esa siga en pie: el detalle de abajo dice qué reserva es y de qué fecha.",
        ),
        Outcome::Missed => (
            "La apertura pasó mientras nada podía actuar.",
            "Arregla lo que nombra el detalle de abajo, o procura que la máquina esté encendida y conectada a la hora de la \
             apertura; `firstserve book` lo intenta de inmediato.",
        ),
        Outcome::NeedsAttention => (
            "firstserve no pudo averiguar en el sitio si la cancha es tuya: quizá lo sea.",
            "Mira tus reservas en el sitio y, por favor, no vuelvas a reservar antes de hacerlo: podrías acabar con dos. Luego di qué \
             muestra: `firstserve settle --booked` (está reservada) o `firstserve settle --not-booked` (no lo está). Después de lo \
             segundo, `firstserve book` puede volver a intentarlo. Para cualquiera de las dos, termina antes `firstserve run` y \
             vuelve a iniciarlo después.",
        ),
    }
}

fn day_of(date: Date, language: Language) -> &'static str {
    language.weekdays()[usize::from(date.weekday().to_monday_zero_offset().unsigned_abs())]
}

fn month_of(date: Date, language: Language) -> &'static str {
    language.months()[usize::from(date.month().unsigned_abs()) - 1]
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    /// A machine that was off is what `missed` is about; `skipped` is a slot that another booking has.
    #[test]
    fn skipped_speaks_of_the_other_booking_and_missed_of_the_machine() {
        for (language, other, machine) in
            [(Language::English, "booking of yours", "machine"), (Language::Spanish, "reserva tuya", "máquina")]
        {
            let said = |outcome| {
                let (what, next) = (Words::of(language).outcome)(outcome);
                format!("{what} {next}")
            };
            let (skipped, missed) = (said(Outcome::Skipped), said(Outcome::Missed));
            assert!(skipped.contains(other) && !skipped.contains(machine), "{skipped}");
            assert!(missed.contains(machine) && !missed.contains(other), "the control: {missed}");
        }
    }

    #[test]
    fn dates_are_written_as_people_say_them() {
        let day = date(2027, 7, 18);
        assert_eq!((Words::of(Language::English).date)(day), "Sunday 18 July 2027");
        assert_eq!((Words::of(Language::Spanish).date)(day), "domingo 18 de julio de 2027");
        assert_eq!((Words::of(Language::Spanish).date)(date(2028, 2, 29)), "martes 29 de febrero de 2028");
    }
}
