//! What a member is told about a booking whose court is not open yet.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::model::{Choice, Language};

/// What a member is told of a date now, by the choice that opens first; none when that can be booked already.
pub fn waits(choices: &[Choice], zone: &TimeZone, now: Timestamp, language: Language) -> Option<String> {
    let first = choices.iter().min_by_key(|choice| choice.opening).filter(|choice| choice.opening > now)?;
    Some(not_open_yet(first, zone, now, language))
}

/// "Court 1 bookings for July 18 aren't open yet. Your request is scheduled and will be confirmed once it is reserved
/// after midnight on July 9." A year is named where it is not the year of `now`.
pub fn not_open_yet(choice: &Choice, zone: &TimeZone, now: Timestamp, language: Language) -> String {
    let opening = choice.opening.to_zoned(zone.clone());
    let year = now.to_zoned(zone.clone()).year();
    let (court, slot) = (&choice.court, day(choice.start.date(), year, language));
    let after = after(&opening, year, language);
    match language {
        Language::English => format!(
            "Court {court} bookings for {slot} aren't open yet. Your request is scheduled and will be confirmed once it \
             is reserved after {after}."
        ),
        Language::Spanish => format!(
            "Las reservas de la cancha {court} para el {slot} aún no están abiertas. Su solicitud está programada y se \
             confirmará cuando quede reservada después de {after}."
        ),
    }
}

/// "midnight on July 9", "07:30 on July 9".
fn after(opening: &Zoned, year: i16, language: Language) -> String {
    let date = day(opening.date(), year, language);
    let midnight = opening.time() == jiff::civil::Time::midnight();
    let format = if opening.second() == 0 { "%H:%M" } else { "%H:%M:%S" };
    let time = opening.strftime(format);
    match (language, midnight) {
        (Language::English, true) => format!("midnight on {date}"),
        (Language::English, false) => format!("{time} on {date}"),
        (Language::Spanish, true) => format!("la medianoche del {date}"),
        (Language::Spanish, false) => format!("las {time} del {date}"),
    }
}

fn day(date: Date, this_year: i16, language: Language) -> String {
    let month = language.months()[usize::from(date.month().unsigned_abs() - 1)];
    let other_year = date.year() != this_year;
    match (language, other_year) {
        (Language::English, false) => format!("{} {}", month, date.day()),
        (Language::English, true) => format!("{} {}, {}", month, date.day(), date.year()),
        (Language::Spanish, false) => format!("{} de {}", date.day(), month),
        (Language::Spanish, true) => format!("{} de {} de {}", date.day(), month, date.year()),
    }
}
