//! What the words of a template stand for, for one choice of one attempt.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use crate::model::{AttemptId, Booking, Choice, Member, Secret, Site};

use super::Phase;
use super::rows::Row;
use super::template::{Rendered, Template, is_reserved};

/// The context that templates are rendered with.
#[derive(Clone, Debug)]
pub struct Words {
    zone: TimeZone,
    slot_label: Option<Template>,
    choice: Option<Choice>,
    texts: BTreeMap<String, Text>,
}

#[derive(Clone, Debug)]
enum Text {
    Plain(String),
    Masked(Secret),
}

impl Words {
    /// The site's words; `zone` is the site's zone, from the tz data in use.
    pub fn new(site: &Site, zone: TimeZone) -> Self {
        let slot_label = Template::slot_label(&site.slot_label).ok();
        let mut words = Self { zone, slot_label, choice: None, texts: BTreeMap::new() };
        for (key, value) in &site.variables {
            words.put(format!("site.{key}"), value);
        }
        words.put("site.url", &site.url);
        words
    }

    /// Adds `member.name`.
    #[must_use]
    pub fn with_member(mut self, member: &Member) -> Self {
        self.put("member.name", member.id.as_str());
        self
    }

    /// Adds `user` and `password`; both are masked in logs, and `password` is for the login phase only.
    #[must_use]
    pub fn with_credentials(mut self, user: &str, password: &Secret) -> Self {
        self.texts.insert("user".to_owned(), Text::Masked(Secret::new(user)));
        self.texts.insert("password".to_owned(), Text::Masked(password.clone()));
        self
    }

    /// Adds `booking.name` and `booking.KEY`.
    #[must_use]
    pub fn with_booking(mut self, booking: &Booking) -> Self {
        for (key, value) in &booking.variables {
            self.put(format!("booking.{key}"), value);
        }
        self.put("booking.name", booking.name.as_str());
        self
    }

    /// Adds `attempt.id`: a marker that no other run has, for sites with a field for a note.
    #[must_use]
    pub fn with_attempt(mut self, attempt: &AttemptId) -> Self {
        self.put("attempt.id", attempt.as_str());
        self
    }

    /// Adds court, date, times, length and slot; replaces those of an earlier choice.
    #[must_use]
    pub fn with_choice(mut self, choice: &Choice) -> Self {
        self.put("court.name", choice.court.as_str());
        self.put("court.site-id", &choice.court_site_id);
        self.choice = Some(choice.clone());
        self
    }

    /// Adds `row.COLUMN` for the cancel phase: the row of the site's list that is to be cancelled.
    #[must_use]
    pub fn with_row(mut self, row: &Row) -> Self {
        for (column, value) in row {
            self.put(format!("row.{column}"), value);
        }
        self
    }

    /// Adds a variable that a step has read. What the login phase reads (a token) is masked in logs.
    pub fn learn(&mut self, phase: Phase, name: &str, value: impl Into<String>) {
        if is_variable_name(name) {
            let value = value.into();
            let text = if phase == Phase::Login { Text::Masked(Secret::new(value)) } else { Text::Plain(value) };
            self.texts.insert(name.to_owned(), text);
        }
    }

    /// What a step has read into a variable, unless that is masked.
    pub fn read(&self, name: &str) -> Option<&str> {
        match self.texts.get(name) {
            Some(Text::Plain(value)) => Some(value),
            Some(Text::Masked(_)) | None => None,
        }
    }

    /// Forgets what a step has read into a variable.
    pub fn forget(&mut self, name: &str) {
        if is_variable_name(name) {
            self.texts.remove(name);
        }
    }

    /// Every word that is not masked, for the argument of a `script` step; date and times in ISO form.
    pub fn for_scripts(&self) -> BTreeMap<String, String> {
        let plain = |(name, text): (&String, &Text)| match text {
            Text::Plain(value) => Some((name.clone(), value.clone())),
            Text::Masked(_) => None,
        };
        let mut words: BTreeMap<String, String> = self.texts.iter().filter_map(plain).collect();
        for name in ["date", "start", "end", "length", "slot"] {
            let rendered = Template::parse(&format!("{{{name}}}")).ok().and_then(|hole| hole.render(self).ok());
            words.extend(rendered.map(|value| (name.to_owned(), value.text)));
        }
        words
    }

    /// The text of a word, by its full name.
    pub(super) fn text(&self, name: &str) -> Option<Rendered> {
        self.texts.get(name).map(|text| match text {
            Text::Plain(value) => Rendered { text: value.clone(), secret: false },
            Text::Masked(secret) => Rendered { text: secret.expose().to_owned(), secret: true },
        })
    }

    /// The words that have a text, for suggestions.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(String::as_str)
    }

    /// The choice that is tried.
    pub(super) fn choice(&self) -> Option<&Choice> {
        self.choice.as_ref()
    }

    /// The site's zone.
    pub(super) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// How the site writes a slot.
    pub(super) fn slot_label(&self) -> Option<&Template> {
        self.slot_label.as_ref()
    }

    fn put(&mut self, name: impl Into<String>, value: &str) {
        self.texts.insert(name.into(), Text::Plain(value.to_owned()));
    }
}

/// Whether a step may read into a variable of that name.
pub(super) fn is_variable_name(name: &str) -> bool {
    let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(known) && !is_reserved(name)
}
