//! Sites, their courts and opening rules.

use super::{DAY, HOUR, Key, Kind, MINUTE, SECOND, Table};

/// `[site.NAME]`.
pub(super) static SITE: Table = Table {
    title: "[site.NAME]",
    doc: "A booking website.",
    one_of: &[],
    keys: &[
        Key::new("url", Kind::Text, "The site's address.").required("\"https://reservas.example.com/\""),
        Key::new(
            "login-hosts",
            Kind::List(&Kind::Text),
            "Further hosts that the site logs its members in at; credentials go nowhere else.",
        )
        .example("[\"sso.example.com\"]"),
        Key::new("time-zone", Kind::Text, "The IANA name of the site's time zone.").required("\"America/Costa_Rica\""),
        Key::new("flow", Kind::Path, "The folder of its selector files.").required("\"selectors/NAME\""),
        Key::new("slot-label", Kind::Text, "How the site writes a slot, as a template.")
            .default("{start:%H:%M} - {end:%H:%M}"),
        Key::new(
            "fire",
            Kind::Word(&["auto", "native", "script", "armed", "http"]),
            "How the last step is fired; `auto` is `script` until a rehearsal has proved a faster one.",
        )
        .default("auto"),
        Key::new("slot-length", Kind::Span { min: MINUTE, max: DAY }, "How long a slot lasts.").default("60m"),
        Key::new(
            "login-lead",
            Kind::Span { min: 10 * SECOND, max: HOUR },
            "How long before the opening the session is opened and logged in.",
        )
        .default("90s"),
        Key::new(
            "settle",
            Kind::Span { min: 0, max: HOUR },
            "The longest time the site is known to work on a submit after the connection is gone.",
        )
        .default("15s"),
        Key::new(
            "verify-deadline",
            Kind::Span { min: 10 * SECOND, max: DAY },
            "How long a submit without a clear answer is looked into before you are called.",
        )
        .default("10m"),
        Key::new("grace", Kind::Span { min: 0, max: 30 * DAY }, "How late a try is still useful.").default("30m"),
        Key::new("answer-timeout", Kind::Span { min: SECOND, max: HOUR }, "How long one answer is waited for.")
            .default("30s"),
        Key::new("max-submits", Kind::Count { min: 1, max: 10 }, "Submits for one date, at most.").default("2"),
        Key::new(
            "max-logins",
            Kind::Count { min: 1, max: 10 },
            "Log-ins for one date, at most: a club locks accounts that try too often.",
        )
        .default("2"),
        Key::new(
            "armed-lead",
            Kind::Span { min: 250, max: MINUTE },
            "How long before the opening the page is armed, in fire mode `armed`.",
        )
        .default("2s"),
        Key::new(
            "clock",
            Kind::Word(&["auto", "site", "own"]),
            "Whose clock an opening is taken by; `auto` is the site's where it certainly differs from ours.",
        )
        .default("auto"),
        Key::new(
            "clock-give-up",
            Kind::Count { min: 0, max: 100 },
            "How much of the doubt about the site's clock is given up to be faster, in percent; above 0 it may be too early.",
        )
        .default("0"),
        Key::new(
            "lead-at-most",
            Kind::Span { min: 0, max: SECOND },
            "The most by which a submit may leave before the opening, so that it arrives at it; 0s: never early.",
        )
        .default("0s"),
        Key::new(
            "lead-guard",
            Kind::Span { min: 0, max: SECOND },
            "What is taken off the measured delay before it counts as a lead.",
        )
        .default("1ms"),
        Key::new(
            "sessions",
            Kind::Word(&["one", "many"]),
            "How many sessions of one account the site bears at once; with `one`, bookings of one account that open together are \
             tried one after the other, and what opens soonest is logged in first.",
        )
        .default("one"),
        Key::new("variables", Kind::Words, "Free words for the selector files: `{site.KEY}`."),
        Key::new("court", Kind::Named(&COURT), "The courts: one table for each.")
            .required("a table `[site.NAME.court.1]`"),
    ],
};

/// `[site.NAME.court.NAME]`.
static COURT: Table = Table {
    title: "[site.NAME.court.NAME]",
    doc: "A court of the site; its name is the club's word for it.",
    one_of: &[],
    keys: &[
        Key::new("site-id", Kind::Text, "The site's own id of the court.").required("\"5\""),
        Key::new("opens", Kind::WordOr("always", &OPENS), "When a slot of this court can first be booked.")
            .required("{ visible-days = 10 }"),
    ],
};

/// The table after `opens =`.
static OPENS: Table = Table {
    title: "opens",
    doc: "When a slot of this court can first be booked.",
    one_of: &["visible-days", "days-before", "before"],
    keys: &[
        Key::new(
            "visible-days",
            Kind::Count { min: 1, max: 3660 },
            "So many dates can be booked, today included; a new one appears at the site's midnight.",
        )
        .example("10"),
        Key::new(
            "days-before",
            Kind::Count { min: 0, max: 3660 },
            "So many calendar days before the slot, at the local time `at`.",
        )
        .example("9"),
        Key::new("at", Kind::TimeToTheSecond, "The local time of day that goes with `days-before`; left out: 00:00.")
            .beside("days-before")
            .example("\"00:00\""),
        Key::new(
            "before",
            Kind::Span { min: MINUTE, max: 3660 * DAY },
            "An exact elapsed time before the slot; 168h is not always seven calendar days.",
        )
        .example("\"168h\""),
        Key::new("measured-to", Kind::Word(&["start", "end"]), "The end of the slot that the window is measured to.")
            .default("start"),
    ],
};
