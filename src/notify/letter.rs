//! From facts to a letter.

use std::path::Path;

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime};

use super::html;
use super::note::told;
use super::words::Words;
use crate::config::DEFAULT_PATH;
use crate::model::{Attempt, Language, Outcome, Status};
use crate::store::{Letter, LetterKind, Slot};
use crate::timing::note::{are_log_ins_used, is_to_settle};

/// What is known at the end of an attempt.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The attempt; its note becomes the line of detail.
    pub attempt: &'a Attempt,
    /// How it ended.
    pub outcome: Outcome,
    /// The slot that was won, or last tried.
    pub slot: Option<&'a Slot>,
    /// The site's address, for the reader to look himself.
    pub site_url: &'a str,
    /// The vault's entry that the site was shown.
    pub vault: &'a str,
    /// The configuration's file, which the commands need that are told.
    pub config: &'a Path,
    /// From the opening to the submit that won.
    pub lateness: Option<SignedDuration>,
    /// How many submits there were for this date; the last one is the one that won.
    pub submits: u8,
    /// The site's list shows the slot more than once.
    pub duplicate: bool,
}

/// Who reads it.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    /// The address.
    pub to: &'a str,
    /// How to greet.
    pub name: &'a str,
    /// In which language.
    pub language: Language,
}

/// The letter about the end of an attempt; none when a person has cancelled it and so knows already.
pub fn letter(facts: &Facts<'_>, reader: &Reader<'_>) -> Option<Letter> {
    let kind = kind(facts.outcome)?;
    let words = Words::of(reader.language);
    let subject = one_line(&subject(facts, kind, words));
    let paragraphs = paragraphs(facts, kind, words, reader.name);
    let table = table(facts, words);
    let id = facts.attempt.id.as_str();
    Some(Letter {
        kind,
        to: reader.to.to_owned(),
        text: text(&paragraphs, &table, words, id),
        html: html::page(tone(facts.outcome), &subject, &paragraphs, &table, words.code, id),
        subject,
        message_id: format!("<{id}.{}@firstserve>", facts.outcome.as_str()),
    })
}

fn tone(outcome: Outcome) -> html::Tone {
    match outcome.status() {
        Status::Confirmed => html::Tone::Good,
        Status::NeedsAttention => html::Tone::Look,
        _ => html::Tone::Bad,
    }
}

fn kind(outcome: Outcome) -> Option<LetterKind> {
    match (outcome, outcome.status()) {
        (Outcome::Cancelled, _) => None,
        (_, Status::Confirmed) => Some(LetterKind::Confirmed),
        (_, Status::NeedsAttention) => Some(LetterKind::NeedsAttention),
        _ => Some(LetterKind::Failed),
    }
}

fn subject(facts: &Facts<'_>, kind: LetterKind, words: &Words) -> String {
    let booking = facts.attempt.booking.as_str();
    let date = (words.date)(facts.attempt.date);
    match (kind, facts.slot) {
        (LetterKind::Confirmed, Some(slot)) => {
            (words.subject_won)(slot.court.as_str(), &when(slot.start, slot.end, words))
        }
        (LetterKind::Confirmed, None) => (words.subject_booked)(booking, &date),
        (LetterKind::Failed, _) => (words.subject_lost)(booking, &date),
        (LetterKind::NeedsAttention, _) => (words.subject_look)(booking, &date),
    }
}

fn paragraphs(facts: &Facts<'_>, kind: LetterKind, words: &Words, name: &str) -> Vec<String> {
    let (reason, next) = reason_and_next(facts, words);
    let mut paragraphs = vec![(words.greeting)(name)];
    match (kind, facts.slot) {
        (LetterKind::Confirmed, Some(slot)) => {
            let when = when(slot.start, slot.end, words);
            paragraphs.push((words.won)(slot.court.as_str(), facts.attempt.site.as_str(), &when));
            paragraphs.push(reason);
        }
        _ => paragraphs.push(reason),
    }
    if facts.duplicate {
        paragraphs.push(words.duplicate.to_owned());
    }
    paragraphs.push(next);
    paragraphs
}

/// What happened, and what to do next; commands are told with their names.
fn reason_and_next(facts: &Facts<'_>, words: &Words) -> (String, String) {
    let (reason, next) = (words.outcome)(facts.outcome);
    let note = facts.attempt.note.as_deref().unwrap_or_default();
    let (reason, next) = match (facts.outcome, are_log_ins_used(note)) {
        (Outcome::SiteError, Some(count)) => ((words.log_ins_used)(count), words.begin_anew),
        (Outcome::Skipped, _) if is_to_settle(note) => (reason.to_owned(), words.settle_first),
        _ => (reason.to_owned(), next),
    };
    let config = config_option(facts.config);
    let booking = format!("`firstserve book {}{config}`", quoted(facts.attempt.booking.as_str()));
    let vault = format!("`firstserve vault set {}{config}`", quoted(facts.vault));
    let next = next.replace("`firstserve book`", &booking).replace("`firstserve vault set`", &vault);
    (reason, next.replace("`firstserve settle ", &settle(facts.attempt, &config)))
}

/// What comes before the word of what the site shows.
fn settle(Attempt { member, booking, date, .. }: &Attempt, config: &str) -> String {
    format!("`firstserve settle {} --date {date}{config} ", quoted(&format!("{member}/{booking}")))
}

/// What a command of ours needs to read that configuration: ` --config practice/booking.toml`; nothing for the default one.
pub fn config_option(config: &Path) -> String {
    match config == Path::new(DEFAULT_PATH) {
        true => String::new(),
        false => format!(" --config {}", quoted(&config.display().to_string())),
    }
}

/// A booking's, an entry's or a file's name as a shell takes it, which expands nothing in it.
pub fn quoted(name: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./+@".contains(c);
    match !name.is_empty() && name.chars().all(is_plain) {
        true => name.to_owned(),
        false => format!("'{}'", name.replace('\'', r"'\''")),
    }
}

fn table(facts: &Facts<'_>, words: &Words) -> Vec<(&'static str, String)> {
    let mut rows = vec![
        (words.booking, facts.attempt.booking.as_str().to_owned()),
        (
            words.when,
            match facts.slot {
                Some(slot) => when(slot.start, slot.end, words),
                None => (words.date)(facts.attempt.date),
            },
        ),
    ];
    if let Some(slot) = facts.slot {
        rows.push((words.court, slot.court.as_str().to_owned()));
    }
    if let Some(lateness) = facts.lateness.filter(|lateness| !lateness.is_negative()) {
        rows.push((words.speed, (words.lateness)(lateness.as_millis(), facts.submits)));
    }
    rows.push((words.site, facts.site_url.to_owned()));
    if let Some(note) = &facts.attempt.note {
        rows.push((words.detail, one_line(&told(note, words.language))));
    }
    rows
}

fn text(paragraphs: &[String], table: &[(&str, String)], words: &Words, id: &str) -> String {
    let width = table.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0) + 1;
    let rows = table.iter().map(|(name, value)| format!("{:width$} {value}\n", format!("{name}:")));
    format!("{}\n\n{}\n-- \nfirstserve, {} {id}\n", paragraphs.join("\n\n"), rows.collect::<String>(), words.attempt)
}

fn when(start: DateTime, end: DateTime, words: &Words) -> String {
    let date: Date = start.date();
    format!("{}, {}–{}", (words.date)(date), start.strftime("%H:%M"), end.strftime("%H:%M"))
}

/// A site's or a user's text cannot break a line, and with it a header.
fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_do_not_survive() {
        assert_eq!(one_line("a\r\nBcc: eve@example.org\0b"), "a Bcc: eve@example.org b");
    }

    #[test]
    fn every_outcome_but_a_persons_own_cancelling_has_a_letter() {
        let without: Vec<_> = Outcome::ALL.into_iter().filter(|outcome| kind(*outcome).is_none()).collect();
        assert_eq!(without, [Outcome::Cancelled]);
        assert_eq!(kind(Outcome::Captcha), Some(LetterKind::NeedsAttention));
        assert_eq!(kind(Outcome::Skipped), Some(LetterKind::Failed), "the misfire policy skips, and says so");
    }
}
