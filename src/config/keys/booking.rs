//! Members and bookings.

use super::{DAY, Key, Kind, MINUTE, Table};

/// `[member.NAME]`.
pub(super) static MEMBER: Table = Table {
    title: "[member.NAME]",
    doc: "A person with an account at a site.",
    one_of: &[],
    keys: &[
        Key::new("site", Kind::Text, "The site where the account is: the NAME of a `[site.NAME]`.")
            .required("\"las-palmas\""),
        Key::new("vault", Kind::Text, "The vault entry that holds user name and password.")
            .required("\"las-palmas/ana\""),
        Key::new("mail", Kind::Text, "Where mail about this member's bookings goes; left out: `to` of [mail]."),
        Key::new("language", Kind::Word(&["en", "es"]), "The language of that mail: English or Spanish.").default("en"),
    ],
};

/// `[[booking]]`.
pub(super) static BOOKING: Table = Table {
    title: "[[booking]]",
    doc: "A wish, for one date or a repeating one.",
    one_of: &["date", "repeat"],
    keys: &[
        Key::new("name", Kind::Text, "What you call it; no two bookings of a member have the same name.")
            .required("\"july doubles\""),
        Key::new("member", Kind::Text, "Whose account books: the NAME of a `[member.NAME]`.").required("\"ana\""),
        Key::new("courts", Kind::List(&Kind::Text), "In order of preference; left out: every court of the site."),
        Key::new("date", Kind::Date, "The date, for a single booking.").example("2027-07-18"),
        Key::new("times", Kind::List(&Kind::Time), "Start times in order of preference.").required("[\"17:00\"]"),
        Key::new("length", Kind::Span { min: MINUTE, max: DAY }, "How long; left out: the site's `slot-length`."),
        Key::new(
            "prefer",
            Kind::Word(&["time", "court"]),
            "`time`: the first time on every court before the second time; `court`: the other way round.",
        )
        .default("time"),
        Key::new("repeat", Kind::Text, "An RFC 5545 rule over dates, for a repeating booking.")
            .beside("from")
            .example("\"FREQ=WEEKLY;BYDAY=WE\""),
        Key::new("from", Kind::Date, "The first date that a repeating booking counts from.")
            .beside("repeat")
            .example("2027-01-06"),
        Key::new("until", Kind::Date, "The last date of a repeating booking.").beside("repeat").example("2027-06-30"),
        Key::new("except", Kind::List(&Kind::Date), "Dates that a repeating booking leaves out.").beside("repeat"),
        Key::new("paused", Kind::Flag, "Not attempted while true.").default("false"),
        Key::new("variables", Kind::Words, "Free words for the selector files: `{booking.KEY}` (partner, guests)."),
    ],
};
