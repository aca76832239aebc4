//! The figures as Markdown, printed and kept in `docs/measurements.md`.

use std::fmt::Write;
use std::{fs, io};

use firstserve::clock::{Clock, SystemClock};

use crate::Measured;
use crate::figures::Figures;
use crate::machine::machine;
use crate::series::{Row, Series};
use crate::setting::Setting;
use crate::verdict::Verdict;
use crate::way::{Side, Way};

const KEPT_IN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/measurements.md");

const BEGIN: &str = "<!-- begin: written by cargo bench -->\n";
const END: &str = "<!-- end: written by cargo bench -->\n";

/// What the run found.
pub(crate) fn markdown(setting: &Setting, measured: &Measured) -> String {
    let mut text = String::new();
    head(&mut text, setting, measured);
    for series in &measured.browsers {
        warm(&mut text, series);
        cold(&mut text, series);
    }
    text
}

/// Replaces what the last run wrote.
pub(crate) fn keep(text: &str) -> io::Result<()> {
    let before = fs::read_to_string(KEPT_IN)?;
    let missing = || io::Error::other("the marks of the written part are missing");
    let begin = before.find(BEGIN).ok_or_else(missing)? + BEGIN.len();
    let end = before.find(END).filter(|end| *end >= begin).ok_or_else(missing)?;
    fs::write(KEPT_IN, format!("{}\n{text}\n{}", &before[..begin], &before[end..]))
}

fn head(text: &mut String, setting: &Setting, measured: &Measured) {
    let browsers: Vec<String> =
        measured.browsers.iter().map(|series| format!("{} {}", series.engine.as_str(), series.version)).collect();
    let date = SystemClock.now().strftime("%F");
    let (openings, browsers) = (setting.openings, browsers.join(", "));
    let machine = machine();
    line(text, &format!("Measured {date} by `cargo bench` on {machine}; {browsers}; {openings} openings each."));
    line(text, "");
    line(text, "Noise floor, in milliseconds:");
    line(text, "");
    line(text, "| what | n | min | median | p95 | max |");
    line(text, "|---|---|---|---|---|---|");
    for (what, figures) in [
        ("a held thread is released late by", &measured.floor.hold),
        ("loopback request and answer", &measured.floor.round_trip),
    ] {
        line(text, &format!("| {what} | {} |", cells(figures, 3)));
    }
}

fn warm(text: &mut String, series: &Series) {
    line(text, &format!("\n### {}, one warm session", name(series)));
    line(text, "");
    line(text, "| mode or control | n | min | median | p95 | max | early | bar for the median |");
    line(text, "|---|---|---|---|---|---|---|---|");
    for way in Way::ALL.into_iter().filter(|way| series.warm.iter().any(|row| row.way == *way)) {
        let (ours, bare) = (series.of(way, Side::Ours), series.of(way, Side::Bare));
        let said = words(series.verdict(way));
        line(text, &format!("| **{}** | {} | {} | {said} |", way.as_str(), cells(&ours, 2), ours.early()));
        line(text, &format!("| control: {} | {} | {} | |", way.control(), cells(&bare, 2), bare.early()));
    }
    losses(text, &series.warm);
}

fn cold(text: &mut String, series: &Series) {
    if series.cold.iter().all(|row| row.late.is_empty() && row.lost.is_empty()) {
        return;
    }
    line(text, &format!("\n### {}, cold: the first shot of a fresh session", name(series)));
    line(text, "");
    line(text, "| mode | n | min | median | p95 | max | early |");
    line(text, "|---|---|---|---|---|---|---|");
    for row in &series.cold {
        let figures = row.figures();
        line(text, &format!("| {} | {} | {} |", row.way.as_str(), cells(&figures, 2), figures.early()));
    }
    losses(text, &series.cold);
}

fn losses(text: &mut String, rows: &[Row]) {
    for row in rows.iter().filter(|row| !row.lost.is_empty()) {
        let who = if row.side == Side::Ours { "" } else { "control of " };
        let (lost, way, last) = (row.lost.len(), row.way.as_str(), row.lost.last().expect("it is not empty"));
        line(text, &format!("\n{lost} of {who}{way} without a booking, the last: {last}"));
    }
}

fn name(series: &Series) -> &'static str {
    match series.engine {
        firstserve::browser::Engine::Firefox => "Firefox",
        firstserve::browser::Engine::Chromium => "Chromium",
    }
}

fn words(verdict: Verdict) -> String {
    match verdict {
        Verdict::Met(bar) => format!("{bar:.2} met"),
        Verdict::Missed(bar) => format!("{bar:.2} **missed**"),
        Verdict::Early => "**early**".to_owned(),
        Verdict::Nothing => "nothing to compare".to_owned(),
    }
}

fn cells(figures: &Figures, digits: usize) -> String {
    let four = [figures.min(), figures.median(), figures.p95(), figures.max()];
    let four: Vec<String> =
        four.iter().map(|ms| ms.map_or_else(|| "-".to_owned(), |ms| format!("{ms:.digits$}"))).collect();
    format!("{} | {}", figures.count(), four.join(" | "))
}

fn line(text: &mut String, words: &str) {
    writeln!(text, "{words}").expect("a text can be written to");
}
