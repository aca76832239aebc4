//! The whole file, and the tables about the program itself.

use super::{HOUR, Key, Kind, SECOND, Table, booking, site};

/// The file.
pub(in crate::config) static ROOT: Table = Table {
    title: "the file",
    doc: "What firstserve books, where, for whom and how.",
    one_of: &[],
    keys: &[
        Key::new("server", Kind::Table(&SERVER), "The daemon: where it listens and keeps its data."),
        Key::new("browser", Kind::Table(&BROWSER), "The browser that visits the sites."),
        Key::new("vault", Kind::Table(&VAULT), "Where user names and passwords are, encrypted."),
        Key::new("mail", Kind::Table(&MAIL), "How people are told; nothing is sent until `smtp-host` is set."),
        Key::new("log", Kind::Table(&LOG), "What is written to stderr and to rotating files."),
        Key::new("time", Kind::Table(&TIME), "Where time zone data comes from."),
        Key::new("site", Kind::Named(&site::SITE), "The booking websites: one table for each."),
        Key::new("member", Kind::Named(&booking::MEMBER), "The people with an account at a site: one table for each."),
        Key::new("booking", Kind::Repeated(&booking::BOOKING), "What is to be booked: one entry for each wish."),
    ],
};

static SERVER: Table = Table {
    title: "[server]",
    doc: "The daemon: where it listens and keeps its data.",
    one_of: &[],
    keys: &[
        Key::new(
            "listen",
            Kind::Text,
            "Address and port of the dashboard and the API; loopback unless you say otherwise.",
        )
        .default("127.0.0.1:8080"),
        Key::new("database", Kind::Text, "`sqlite://FILE` or `postgres://…`; a password belongs in the environment.")
            .default("sqlite://data/firstserve.db")
            .older("DATABASE_URL"),
        Key::new("data", Kind::Path, "The folder for everything the program writes.").default("data"),
        Key::new("db-pool-size", Kind::Count { min: 1, max: 1000 }, "Connections to the database.")
            .default("5")
            .older("DB_POOL_SIZE"),
        Key::new(
            "cors-origins",
            Kind::List(&Kind::Text),
            "Web origins that may call the API from a browser; nothing uses it yet.",
        )
        .default("")
        .older("CORS_ORIGINS"),
        Key::new(
            "jwt-expire-minutes",
            Kind::Count { min: 1, max: 1440 },
            "How long an access token is good for, in minutes; one day at most. Nothing uses it yet.",
        )
        .default("10")
        .older("JWT_EXPIRE_MINUTES"),
    ],
};

static BROWSER: Table = Table {
    title: "[browser]",
    doc: "The browser that visits the sites.",
    one_of: &[],
    keys: &[
        Key::new("engine", Kind::Word(&["firefox", "chromium"]), "Which browser.").default("firefox"),
        Key::new(
            "webdriver",
            Kind::Text,
            "`auto` starts a driver of our own for each session; an address uses a Selenium server.",
        )
        .default("auto"),
        Key::new(
            "session-timeout",
            Kind::Span { min: SECOND, max: HOUR },
            "How long a WebDriver service keeps a session that nobody speaks to; so long is waited for one that cannot be ended.",
        )
        .default("5m"),
        Key::new("headless", Kind::Flag, "Whether the browser stays invisible.").default("true"),
        Key::new("firefox-binary", Kind::Path, "The Firefox program, where it is not found by itself."),
        Key::new("chromium-binary", Kind::Path, "The Chromium program, where it is not found by itself."),
        Key::new("geckodriver", Kind::Path, "The Firefox driver, where it is not on PATH."),
        Key::new("chromedriver", Kind::Path, "The Chromium driver, where it is not on PATH."),
    ],
};

static VAULT: Table = Table {
    title: "[vault]",
    doc: "Where user names and passwords are, encrypted.",
    one_of: &[],
    keys: &[Key::new(
        "identity",
        Kind::Path,
        "The age identity that opens the vault; outside the data folder, readable by you only.",
    )],
};

static MAIL: Table = Table {
    title: "[mail]",
    doc: "How people are told; nothing is sent until `smtp-host` is set.",
    one_of: &[],
    keys: &[
        Key::new("from", Kind::Text, "The sender's address.").example("\"booking@example.com\""),
        Key::new("to", Kind::Text, "Who is told about bookings of members without an address of their own."),
        Key::new("smtp-host", Kind::Text, "The mail server.").beside("from").older("SMTP_HOST"),
        Key::new(
            "smtp-port",
            Kind::Count { min: 1, max: 65535 },
            "Its port; left out: 587, 465 or 25 by `smtp-security`.",
        )
        .older("SMTP_PORT"),
        Key::new(
            "smtp-security",
            Kind::Word(&["starttls", "tls", "none"]),
            "How the connection is protected; `none` is for a server on this machine, or one without a log-in.",
        )
        .default("starttls"),
        Key::new("smtp-user", Kind::Text, "The account at the mail server; left out: the user of the vault entry.")
            .older("SMTP_USER"),
        Key::new("vault", Kind::Text, "The vault entry that holds user and password of the mail server."),
        Key::new("smtp-password", Kind::Secret, "The mail server's password, from the environment only.")
            .older("SMTP_PASSWORD"),
    ],
};

static LOG: Table = Table {
    title: "[log]",
    doc: "What is written to stderr and to rotating files.",
    one_of: &[],
    keys: &[
        Key::new("level", Kind::Word(&["error", "warn", "info", "debug", "trace"]), "How much is said.")
            .default("info")
            .older("LOG_LEVEL"),
        Key::new("format", Kind::Word(&["human", "json"]), "Lines for people or for programs.").default("human"),
        Key::new("folder", Kind::Path, "Where the files go; left out: `log` in the data folder."),
        Key::new("keep-days", Kind::Count { min: 1, max: 3650 }, "How many days of files are kept.").default("14"),
    ],
};

static TIME: Table = Table {
    title: "[time]",
    doc: "Where time zone data comes from.",
    one_of: &[],
    keys: &[Key::new(
        "zoneinfo",
        Kind::Path,
        "A folder of tz data; the newest of this, the system's and the bundled one is used.",
    )],
};
