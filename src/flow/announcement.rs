//! `announced/format.toml`: how the instant is written that the steps beside it read, and what instant that is.
//!
//! Local times are the site's, and there is one answer where its clocks show a time twice or never:
//! [`first_instant`]. Whether an instant is to be believed is not decided here.

use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};

use crate::report::Place;
use crate::schedule::first_instant;

use super::raw::{Reader, Table, Value};
use super::template::Language;

/// The variable that a step of `announced/` reads the instant into.
pub const OPENING: &str = "opening";

/// The keys of the file.
const KEYS: [&str; 3] = ["format", "language", "note"];

/// The formats that have a name, for suggestions.
const NAMED: [&str; 3] = ["iso", "unix", "unix-ms"];

/// More than any site writes to say when something opens.
const LONGEST: usize = 200;

/// What a format is tried with: no two of its numbers are the same, none could be another's, and it is in the afternoon.
const PROBE: civil::DateTime = civil::date(2027, 11, 23).at(17, 42, 38, 0);

/// How the instant is written; without a file as ISO 8601.
#[derive(Clone, Debug, Default)]
pub struct Announcement {
    /// In the order in which they are tried; none: ISO 8601.
    formats: Vec<Format>,
    language: Language,
    place: Option<Place>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Format {
    /// With an offset or without one.
    Iso,
    /// So many of them since 1970, by the number that make up a second.
    Unix(i64),
    /// What strptime reads.
    Strptime(String),
}

/// What was read is no instant in any of the formats.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{said}” is not written as announced/format.toml says ({formats})")]
pub struct NoInstant {
    /// What was read, cut.
    pub said: String,
    formats: String,
}

/// Reads the file.
pub(super) fn announcement(reader: &mut Reader<'_>, file: Table<'_>) -> Option<Announcement> {
    reader.refuse_unknown(file, "in format.toml", &KEYS);
    let language = file.get("language").map_or(Some(Language::English), |value| language(reader, value));
    let Some(value) = file.get("format") else {
        let help = "format = \"%d/%m/%Y %H:%M\", or \"iso\", \"unix\", \"unix-ms\"";
        reader.missing(file, "format", help);
        return None;
    };
    let spoken = language.unwrap_or_default();
    let formats: Vec<_> = reader.one_or_more(value).into_iter().map(|value| format(reader, value, spoken)).collect();
    let formats: Vec<_> = formats.into_iter().collect::<Option<_>>()?;
    let place = Some(reader.place(file.line_of("format")));
    (!formats.is_empty()).then_some(Announcement { formats, language: language?, place })
}

fn language(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Language> {
    let word = reader.text(value)?;
    let known = Language::parse(word);
    if known.is_none() {
        reader.unknown("unknown-language", "language", word, &["en", "es", "de"], value.span());
    }
    known
}

fn format(reader: &mut Reader<'_>, value: &Value<'_>, language: Language) -> Option<Format> {
    let text = reader.filled_text(value)?;
    let format = match text {
        "iso" => return Some(Format::Iso),
        "unix" => return Some(Format::Unix(1)),
        "unix-ms" => return Some(Format::Unix(1_000)),
        text if !text.contains('%') => {
            reader.unknown("unknown-format", "format", text, &NAMED, value.span());
            return None;
        }
        text => spaced(text),
    };
    match wrong(&format, language) {
        None => Some(Format::Strptime(format)),
        Some((message, help)) => {
            reader.error_with_help("announced-format", message, help, value.span());
            None
        }
    }
}

/// Why a format cannot say on which date and at which time something opens, and what to do about it.
fn wrong(format: &str, language: Language) -> Option<(String, &'static str)> {
    let days = ["%a", "%A"].into_iter().find(|name| format.contains(name)).filter(|_| language != Language::English);
    if let Some(day) = days {
        let help = "names of weekdays are read in English only: leave the day out with `matches` beside `read`";
        return Some((format!("`{day}` cannot be read in this language"), help));
    }
    let help = "write a date and a time of day as strptime does: %d/%m/%Y %H:%M, %d de %B a las %H:%M, %I:%M %p; the year \
                may be left out";
    let probe = PROBE.in_tz("UTC").expect("every civil time is one of UTC");
    let broken = |error: jiff::Error| (format!("this format cannot be read: {error}"), help);
    let written = match strtime::format(format, &probe) {
        Ok(written) => written,
        Err(error) => return Some(broken(error)),
    };
    let read = match BrokenDownTime::parse(format, &written) {
        Ok(read) => read,
        Err(error) => return Some(broken(error)),
    };
    let same = local(read, PROBE.year()).is_some_and(|at| at.date() == PROBE.date() && at.hour() == PROBE.hour());
    (!same).then(|| ("this format does not say on which date and at which time".to_owned(), help))
}

impl Announcement {
    /// Where it stands; none: there is no file.
    pub(super) fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// The instant that a text tells, in the site's zone where it names no other. Where it names no year, the one that brings it
    /// nearest to `near`.
    ///
    /// # Errors
    /// It fits none of the formats.
    pub fn instant(&self, said: &str, near: Timestamp, zone: &TimeZone) -> Result<Timestamp, NoInstant> {
        let text = spaced(said);
        let fits = |format: &Format| self.fits(format, &text, near, zone).filter(|_| text.len() <= LONGEST);
        let iso = [Format::Iso];
        let formats = if self.formats.is_empty() { &iso[..] } else { &self.formats };
        formats.iter().find_map(fits).ok_or_else(|| NoInstant { said: cut(&text), formats: words(formats) })
    }

    fn fits(&self, format: &Format, text: &str, near: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        match format {
            Format::Iso => iso(text, zone),
            Format::Unix(1) => Timestamp::from_second(text.parse().ok()?).ok(),
            Format::Unix(_) => Timestamp::from_millisecond(text.parse().ok()?).ok(),
            Format::Strptime(format) => self.strptime(format, text, near, zone),
        }
    }

    fn strptime(&self, format: &str, text: &str, near: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let text = self.language.months_in_english(&text_of_clock(text), !format.contains("%B"));
        let read = BrokenDownTime::parse(format, &text).ok()?;
        if let Some(at) = read.timestamp() {
            return Some(at);
        }
        let year = near.to_zoned(zone.clone()).year();
        let at = |year: i16| {
            let read = BrokenDownTime::parse(format, &text).ok()?;
            let (offset, wall) = (read.offset(), local(read, year)?);
            match offset {
                Some(offset) => offset.to_timestamp(wall).ok(),
                None => Some(first_instant(wall, zone)),
            }
        };
        if read.year().is_some() {
            return at(year);
        }
        let years = [year.saturating_sub(1), year, year.saturating_add(1)];
        years.into_iter().filter_map(at).min_by_key(|at| at.duration_since(near).abs())
    }
}

/// Date and time of day of what was read; none where it has not both. `year` is that of a text which names none.
fn local(mut read: BrokenDownTime, year: i16) -> Option<civil::DateTime> {
    if let Some(at) = read.timestamp() {
        return Some(TimeZone::UTC.to_datetime(at));
    }
    read.hour()?;
    if read.year().is_none() {
        read.set_year(Some(year)).ok()?;
    }
    read.to_datetime().ok()
}

/// A date alone says nothing of the time.
fn iso(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if !text.contains(':') {
        return None;
    }
    let local = || text.parse::<civil::DateTime>().ok().map(|wall| first_instant(wall, zone));
    text.parse::<Timestamp>().ok().or_else(local)
}

/// Any white space is one space.
fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `5:00 p. m.` as strptime takes it.
fn text_of_clock(text: &str) -> String {
    let halves = [("a. m.", "AM"), ("p. m.", "PM"), ("a.m.", "AM"), ("p.m.", "PM"), ("A.M.", "AM"), ("P.M.", "PM")];
    halves.into_iter().fold(text.to_owned(), |text, (written, read)| text.replace(written, read))
}

fn cut(text: &str) -> String {
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(LONGEST)])
}

fn words(formats: &[Format]) -> String {
    let word = |format: &Format| match format {
        Format::Iso => "iso".to_owned(),
        Format::Unix(1) => "unix".to_owned(),
        Format::Unix(_) => "unix-ms".to_owned(),
        Format::Strptime(format) => format.clone(),
    };
    formats.iter().map(word).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).expect("a zone")
    }

    fn reads(format: &str, language: &str) -> Announcement {
        let format = match format {
            "iso" => Format::Iso,
            "unix" => Format::Unix(1),
            "unix-ms" => Format::Unix(1_000),
            format => Format::Strptime(format.to_owned()),
        };
        let language = Language::parse(language).expect("a language");
        Announcement { formats: vec![format], language, place: None }
    }

    fn read_in(zone_name: &str, format: &str, language: &str, said: &str) -> Option<String> {
        let near = "2027-07-09T06:00:00Z".parse().expect("an instant");
        let at = reads(format, language).instant(said, near, &zone(zone_name)).ok()?;
        Some(at.to_string())
    }

    fn read(format: &str, language: &str, said: &str) -> Option<String> {
        read_in("America/Costa_Rica", format, language, said)
    }

    #[test]
    fn every_way_of_writing_it_is_the_same_instant() {
        let same = Some("2027-07-09T06:05:00Z".to_owned());
        let ways = [
            ("iso", "en", "2027-07-09T00:05"),
            ("iso", "en", "2027-07-09T00:05:00-06:00"),
            ("iso", "en", "2027-07-09T06:05:00Z"),
            ("iso", "en", "2027-07-09 00:05:00"),
            ("unix", "en", "1815113100"),
            ("unix-ms", "en", " 1815113100000 "),
            ("%s", "en", "1815113100"),
            ("%d/%m/%Y %H:%M", "en", "09/07/2027 \u{a0} 00:05"),
            ("%d/%m/%Y %H:%M", "en", "9/7/2027 0:05"),
            ("%d/%m/%y %I:%M %p", "es", "09/07/27 12:05 a.\u{a0}m."),
            ("%B %d, %Y at %I:%M %p", "en", "July 9, 2027 at 12:05 AM"),
            ("%d de %B a las %H:%M", "es", "9 de julio a las 00:05"),
            ("%d %b, %H:%M", "es", "9 jul., 00:05"),
            ("%d. %B %Y, %H:%M", "de", "9. Juli 2027, 00:05"),
            ("%Y-%m-%dT%H:%M:%S%z", "en", "2027-07-09T01:05:00-0500"),
        ];
        for (format, language, said) in ways {
            assert_eq!(read(format, language, said), same, "{format}: {said}");
            assert_eq!(wrong_of(format, language), None, "{format}");
        }
    }

    fn wrong_of(format: &str, language: &str) -> Option<String> {
        let language = Language::parse(language).expect("a language");
        format.contains('%').then(|| wrong(format, language)).flatten().map(|(message, _)| message)
    }

    #[test]
    fn what_is_no_instant_is_none() {
        for said in ["", "soon", "Court 1", "2027-07-09", "31/02/2027 00:05", "09/07/2027", "09/07/2027 24:30"] {
            assert_eq!(read("%d/%m/%Y %H:%M", "en", said), None, "{said}");
            assert_eq!(read("iso", "en", said), None, "{said}");
            assert_eq!(read("unix", "en", said), None, "{said}");
        }
        assert_eq!(read("%d de %B a las %H:%M", "en", "9 de julio a las 00:05"), None, "the control: another language");
    }

    #[test]
    fn a_format_without_date_or_time_is_wrong() {
        for format in ["%d/%m/%Y", "%H:%M", "%d %H:%M", "%d/%m/%Y %I:%M", "%d/%m/%Y %H:%M %!", "%Y-%m %H:%M"] {
            assert!(wrong_of(format, "en").is_some(), "{format}");
        }
        assert!(wrong_of("%A %d de %B, %H:%M", "es").is_some(), "days are read in English only");
        assert_eq!(wrong_of("%A %d %B, %H:%M", "en"), None);
    }

    #[test]
    fn a_year_that_is_left_out_is_the_nearest() {
        let new_year: Timestamp = "2028-01-02T06:00:00Z".parse().expect("an instant");
        let at = reads("%d/%m %H:%M", "en").instant("31/12 00:00", new_year, &zone("America/Costa_Rica"));
        assert_eq!(at.expect("an instant").to_string(), "2027-12-31T06:00:00Z");
        let leap: Timestamp = "2028-02-27T06:00:00Z".parse().expect("an instant");
        let at = reads("%d/%m %H:%M", "en").instant("29/02 00:00", leap, &zone("America/Costa_Rica"));
        assert_eq!(at.expect("the other years have none").to_string(), "2028-02-29T06:00:00Z");
    }

    /// The one answer that is written: the first showing of what comes twice, the end of the gap for what does not come.
    #[test]
    fn doubled_and_missing_local_times_have_the_one_answer() {
        let havana = |said| read_in("America/Havana", "%d/%m/%Y %H:%M", "en", said);
        assert_eq!(havana("07/11/2027 00:30").as_deref(), Some("2027-11-07T04:30:00Z"), "doubled: the first");
        assert_eq!(havana("14/03/2027 00:30").as_deref(), Some("2027-03-14T05:00:00Z"), "missing: the first after");
        assert_eq!(read_in("America/Havana", "iso", "en", "2027-11-07T00:30").as_deref(), Some("2027-11-07T04:30:00Z"));
        let second = "2027-11-07T00:30:00-05:00";
        assert_eq!(
            read_in("America/Havana", "iso", "en", second).as_deref(),
            Some("2027-11-07T05:30:00Z"),
            "as it says"
        );
    }
}
