//! What changed between two configurations, in words for the log.

use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::Time;

use crate::model::{Booking, Court, MeasuredTo, Member, OpeningRule, Prefer, Site, When};

use super::duration;
use super::valid::{Browser, Config, Log, Mail, Server, WebDriver};

/// More selector files of a site are counted instead of named.
const MOST_FILES: usize = 3;

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Of what.
    pub subject: Subject,
    /// How.
    pub what: What,
}

/// What a change is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A table of the program (`server`, `browser`, `vault`, `mail`, `log`, `time`).
    Program(&'static str),
    /// A site.
    Site(String),
    /// A court and its site.
    Court(String, String),
    /// A member.
    Member(String),
    /// A booking and its member.
    Booking(String, String),
}

/// How something changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// A value changed.
    Set {
        /// The key.
        key: &'static str,
        /// The old value.
        from: String,
        /// The new value.
        to: String,
    },
    /// A value changed that is not shown (a secret, the content of files).
    Hidden {
        /// The key, or the file.
        key: String,
    },
    /// So many selector files are new, gone or different.
    Files(usize),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Added => write!(f, "{} is new", self.subject),
            What::Removed => write!(f, "{} is gone", self.subject),
            What::Set { key: "paused", to, .. } if to == "true" => write!(f, "{} is paused", self.subject),
            What::Set { key: "paused", .. } => write!(f, "{} goes on", self.subject),
            What::Set { key, from, to } => write!(f, "{}: {key} was {from}, is now {to}", self.subject),
            What::Hidden { key } => write!(f, "{}: {key} has changed", self.subject),
            What::Files(count) => write!(f, "{}: {count} selector files have changed", self.subject),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program(table) => write!(f, "[{table}]"),
            Self::Site(site) => write!(f, "site {site}"),
            Self::Court(site, court) => write!(f, "court {court} of {site}"),
            Self::Member(member) => write!(f, "member {member}"),
            Self::Booking(member, name) => write!(f, "booking \"{name}\" of {member}"),
        }
    }
}

/// Every difference, sites first, bookings last; empty when nothing matters has changed (comments, order of keys).
pub fn diff(old: &Config, new: &Config) -> Vec<Change> {
    let mut changes = program(old, new);
    compare(
        &old.sites,
        &new.sites,
        |site| Subject::Site(site.id.to_string()),
        &mut changes,
        |old_site, new_site, changes| {
            site(old_site, new_site, changes);
            // Those of another folder are all new, and those of the old one are in use no more.
            if old_site.flow == new_site.flow {
                files(old, new, new_site, changes);
            }
        },
    );
    compare(&old.members, &new.members, |member| Subject::Member(member.id.to_string()), &mut changes, member);
    let identity = |booking: &Booking| Subject::Booking(booking.member.to_string(), booking.name.to_string());
    compare(&old.bookings, &new.bookings, identity, &mut changes, booking);
    changes
}

/// Pairs what has the same subject; `inside` looks at each pair that is not equal.
fn compare<T: PartialEq>(
    old: &[T],
    new: &[T],
    subject: impl Fn(&T) -> Subject,
    changes: &mut Vec<Change>,
    inside: impl Fn(&T, &T, &mut Vec<Change>),
) {
    let find = |list: &[T], wanted: &Subject| list.iter().position(|item| subject(item) == *wanted);
    for item in old.iter().filter(|item| find(new, &subject(item)).is_none()) {
        changes.push(Change { subject: subject(item), what: What::Removed });
    }
    for item in new {
        match find(old, &subject(item)) {
            None => changes.push(Change { subject: subject(item), what: What::Added }),
            Some(at) => inside(&old[at], item, changes),
        }
    }
}

fn set(subject: &Subject, changes: &mut Vec<Change>, values: impl IntoIterator<Item = (&'static str, String, String)>) {
    for (key, from, to) in values.into_iter().filter(|(_, from, to)| from != to) {
        changes.push(Change { subject: subject.clone(), what: What::Set { key, from, to } });
    }
}

fn hidden(subject: Subject, key: impl Into<String>) -> Change {
    Change { subject, what: What::Hidden { key: key.into() } }
}

fn site(old: &Site, new: &Site, changes: &mut Vec<Change>) {
    let subject = Subject::Site(new.id.to_string());
    let values = |site: &Site| {
        let patience = &site.patience;
        vec![
            ("url", site.url.clone()),
            ("login-hosts", site.login_hosts.join(", ")),
            ("time-zone", site.time_zone.clone()),
            ("flow", site.flow.display().to_string()),
            ("slot-label", site.slot_label.clone()),
            ("fire", site.fire.as_str().to_owned()),
            ("slot-length", duration::words(site.slot_length)),
            ("login-lead", duration::words(patience.login_lead)),
            ("settle", duration::words(patience.settle)),
            ("verify-deadline", duration::words(patience.verify_deadline)),
            ("grace", duration::words(patience.grace)),
            ("answer-timeout", duration::words(patience.answer)),
            ("max-submits", patience.max_submits.to_string()),
            ("max-logins", patience.max_logins.to_string()),
            ("armed-lead", duration::words(patience.armed_lead)),
            ("clock", site.clock.follow.as_str().to_owned()),
            ("clock-give-up", site.clock.give_up.to_string()),
            ("sessions", site.sessions.as_str().to_owned()),
            ("lead-at-most", duration::words(patience.lead_at_most)),
            ("lead-guard", duration::words(patience.lead_guard)),
            ("variables", format!("{:?}", site.variables)),
        ]
    };
    set(&subject, changes, beside(values(old), values(new)));
    let court_subject = |court: &Court| Subject::Court(new.id.to_string(), court.name.to_string());
    compare(&old.courts, &new.courts, court_subject, changes, |old, new, changes| {
        let subject = court_subject(new);
        let values = |court: &Court| vec![("site-id", court.site_id.clone()), ("opens", opens(court.opens))];
        set(&subject, changes, beside(values(old), values(new)));
    });
}

/// The selector files that are new, gone or different; many of them are counted.
fn files(old: &Config, new: &Config, site: &Site, changes: &mut Vec<Change>) {
    let files = |config: &Config| -> BTreeSet<_> {
        let files = config.selectors.get(&site.id).into_iter().flatten();
        files.map(|file| (file.path().to_owned(), file.text().to_owned())).collect()
    };
    let changed: BTreeSet<_> = files(old).symmetric_difference(&files(new)).map(|(path, _)| path.clone()).collect();
    let subject = Subject::Site(site.id.to_string());
    match changed.len() {
        count if count > MOST_FILES => changes.push(Change { subject, what: What::Files(count) }),
        _ => changes.extend(changed.iter().map(|path| hidden(subject.clone(), path.display().to_string()))),
    }
}

fn member(old: &Member, new: &Member, changes: &mut Vec<Change>) {
    let values = |member: &Member| {
        let mail = member.mail.clone().unwrap_or_else(|| "left out".to_owned());
        vec![
            ("site", member.site.to_string()),
            ("vault", member.vault.clone()),
            ("mail", mail),
            ("language", member.language.code().to_owned()),
        ]
    };
    set(&Subject::Member(new.id.to_string()), changes, beside(values(old), values(new)));
}

fn booking(old: &Booking, new: &Booking, changes: &mut Vec<Change>) {
    let values = |booking: &Booking| {
        let courts: Vec<_> = booking.courts.iter().map(ToString::to_string).collect();
        let times: Vec<_> = booking.times.iter().map(|time| clock(*time)).collect();
        vec![
            ("dates", when(&booking.when)),
            ("courts", courts.join(", ")),
            ("times", times.join(", ")),
            ("length", duration::words(booking.length)),
            ("prefer", if booking.prefer == Prefer::Time { "time" } else { "court" }.to_owned()),
            ("paused", booking.paused.to_string()),
            ("variables", format!("{:?}", booking.variables)),
        ]
    };
    let subject = Subject::Booking(new.member.to_string(), new.name.to_string());
    set(&subject, changes, beside(values(old), values(new)));
}

fn program(old: &Config, new: &Config) -> Vec<Change> {
    let mut changes = Vec::new();
    set(&Subject::Program("server"), &mut changes, beside(server(&old.server), server(&new.server)));
    if old.server.database != new.server.database {
        changes.push(hidden(Subject::Program("server"), "database"));
    }
    set(&Subject::Program("browser"), &mut changes, beside(browser(&old.browser), browser(&new.browser)));
    if old.vault != new.vault {
        changes.push(hidden(Subject::Program("vault"), "where it is"));
    }
    if old.mail != new.mail {
        changes.extend(mail(old.mail.as_ref(), new.mail.as_ref()));
    }
    set(&Subject::Program("log"), &mut changes, beside(log(&old.log), log(&new.log)));
    if old.zoneinfo != new.zoneinfo {
        changes.push(hidden(Subject::Program("time"), "zoneinfo"));
    }
    changes
}

fn server(server: &Server) -> Vec<(&'static str, String)> {
    vec![
        ("listen", server.listen.clone()),
        ("data", server.data.display().to_string()),
        ("db-pool-size", server.db_pool_size.to_string()),
        ("cors-origins", server.cors_origins.join(", ")),
        ("jwt-expire-minutes", server.jwt_expire_minutes.to_string()),
    ]
}

fn browser(browser: &Browser) -> Vec<(&'static str, String)> {
    let webdriver = match &browser.webdriver {
        WebDriver::Auto => "auto",
        WebDriver::Remote(address) => address,
    };
    vec![
        ("engine", browser.engine.as_str().to_owned()),
        ("webdriver", webdriver.to_owned()),
        ("session-timeout", duration::words(browser.session_timeout)),
        ("headless", browser.headless.to_string()),
        ("firefox-binary", format!("{:?}", browser.firefox_binary)),
        ("chromium-binary", format!("{:?}", browser.chromium_binary)),
        ("geckodriver", format!("{:?}", browser.geckodriver)),
        ("chromedriver", format!("{:?}", browser.chromedriver)),
    ]
}

fn mail(old: Option<&Mail>, new: Option<&Mail>) -> Vec<Change> {
    let subject = Subject::Program("mail");
    match (old, new) {
        (None, _) => vec![Change { subject, what: What::Added }],
        (_, None) => vec![Change { subject, what: What::Removed }],
        _ => vec![hidden(subject, "how mail is sent")],
    }
}

fn log(log: &Log) -> Vec<(&'static str, String)> {
    vec![
        ("level", log.level.clone()),
        ("format", format!("{:?}", log.format).to_lowercase()),
        ("folder", log.folder.display().to_string()),
        ("keep-days", log.keep_days.to_string()),
    ]
}

fn beside(
    old: Vec<(&'static str, String)>,
    new: Vec<(&'static str, String)>,
) -> impl Iterator<Item = (&'static str, String, String)> {
    old.into_iter().zip(new).map(|((key, from), (_, to))| (key, from, to))
}

/// A rule in few words: `10 visible days`.
fn opens(rule: OpeningRule) -> String {
    let (words, measured_to) = match rule {
        OpeningRule::VisibleDays { days, measured_to } => (format!("{days} visible days"), measured_to),
        OpeningRule::DaysBefore { days, at, measured_to } => {
            (format!("{days} days before at {}", clock(at)), measured_to)
        }
        OpeningRule::Before { span, measured_to } => (format!("{} before", duration::words(span)), measured_to),
        OpeningRule::Always => return "always".to_owned(),
    };
    if measured_to == MeasuredTo::End { format!("{words} the slot's end") } else { words }
}

fn when(when: &When) -> String {
    match when {
        When::Once(date) => date.to_string(),
        When::Repeat { rule, from, except } if except.is_empty() => format!("{rule} from {from}"),
        When::Repeat { rule, from, except } => {
            let except: Vec<_> = except.iter().map(ToString::to_string).collect();
            format!("{rule} from {from} without {}", except.join(", "))
        }
    }
}

/// `17:00`, or `07:54:16` where there are seconds.
pub(super) fn clock(time: Time) -> String {
    time.strftime(if time.second() == 0 { "%H:%M" } else { "%H:%M:%S" }).to_string()
}
