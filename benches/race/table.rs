//! What was found, as Markdown, printed and kept in `docs/measurements.md`.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::{fs, io};

use crate::about::About;
use crate::figures::Figures;
use crate::plot;
use crate::score::{self, Row, Verdict};
use crate::shot::{Part, Shot};

const KEPT_IN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/measurements.md");
const PLOT_IN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/pictures/race.svg");

const BEGIN: &str = "<!-- begin: written by cargo bench --bench race -->\n";
const END: &str = "<!-- end: written by cargo bench --bench race -->\n";

/// Everything that is said of a race.
pub(crate) struct Report {
    pub(crate) text: String,
    pub(crate) plot: String,
    /// Something of ours was early or lost.
    pub(crate) faults: Vec<String>,
    /// Every bar is met.
    pub(crate) met: bool,
}

impl Report {
    pub(crate) fn of(about: &About, shots: &[Shot]) -> Self {
        let rows = |part| score::rows(shots, part, &about.order);
        let [cold, reload, warm] = [Part::Cold, Part::Reload, Part::Warm].map(rows);
        let [duels, race] = [Part::Duel, Part::Race].map(rows);
        let bars = score::bars(shots, &cold, &duels);
        let faults = score::faults(shots);
        let mut text = String::new();
        head(&mut text, about);
        table_of_bars(&mut text, &bars, &faults);
        let idle = about.idle_s;
        part(&mut text, &cold, &format!("Cold: the first shot of a fresh browser, {idle} s idle before it"));
        part(
            &mut text,
            &reload,
            "Cold, at a page that must be loaded after the opening: from the opening to the submit",
        );
        part(&mut text, &warm, "Warm: one session for many openings");
        contest(&mut text, shots, Part::Duel, &duels);
        contest(&mut text, shots, Part::Race, &race);
        let met = bars.iter().all(|bar| bar.verdict == Verdict::Met);
        Self { text, plot: plot::svg(&cold), faults, met }
    }

    /// Replaces what the last run wrote.
    pub(crate) fn keep(&self) -> io::Result<()> {
        let before = fs::read_to_string(KEPT_IN)?;
        let missing = || io::Error::other("the marks of the race's part are missing");
        let begin = before.find(BEGIN).ok_or_else(missing)? + BEGIN.len();
        let end = before.find(END).filter(|end| *end >= begin).ok_or_else(missing)?;
        let picture = "![Lateness of the first shot of a fresh browser](pictures/race.svg)";
        fs::write(KEPT_IN, format!("{}\n{picture}\n\n{}\n{}", &before[..begin], self.text, &before[end..]))?;
        fs::write(PLOT_IN, &self.plot)
    }
}

fn head(text: &mut String, about: &About) {
    let (date, machine, versions) = (&about.date, &about.machine, about.versions.join(", "));
    line(text, &format!("Measured {date} by `cargo bench --bench race` on {machine}; {versions}."));
    line(text, "\nNoise floor, in milliseconds:\n");
    line(text, "| what | n | min | median | p95 | max |");
    line(text, "|---|---|---|---|---|---|");
    for (what, cells) in &about.floor {
        line(text, &format!("| {what} | {cells} |"));
    }
}

fn table_of_bars(text: &mut String, bars: &[score::Bar], faults: &[String]) {
    line(text, "\n### Bars\n");
    line(text, "| bar | found | |");
    line(text, "|---|---|---|");
    for bar in bars {
        let verdict = match bar.verdict {
            Verdict::Met => "met",
            Verdict::Missed => "**missed**",
            Verdict::Nothing => "**nothing to compare**",
        };
        line(text, &format!("| {} | {} | {verdict} |", bar.what, bar.found));
    }
    for fault in faults {
        line(text, &format!("\n**{fault}**"));
    }
}

fn part(text: &mut String, rows: &[Row], title: &str) {
    if rows.is_empty() {
        return;
    }
    line(text, &format!("\n### {title}\n"));
    line(text, "| who | n | min | median | p95 | max | early | staged at least so many seconds before |");
    line(text, "|---|---|---|---|---|---|---|---|");
    for row in rows {
        let idle = row.idle_s.map_or_else(|| "-".to_owned(), |idle| format!("{idle:.0}"));
        line(text, &format!("| {} | {} | {} | {idle} |", name(row), cells(&row.late, 2), row.early));
    }
    failures(text, rows);
}

fn contest(text: &mut String, shots: &[Shot], part: Part, rows: &[Row]) {
    if rows.is_empty() {
        return;
    }
    let count = count_of(shots, part);
    let title = match part {
        Part::Duel => format!("Duels: one of ours and the best of the others want the same slot, {count} times"),
        _ => format!("Races: everybody wants the same slot at the same instant on the same cores, {count} times"),
    };
    line(text, &format!("\n### {title}\n"));
    line(text, "| who | n | min | median | p95 | max | early | slots won |");
    line(text, "|---|---|---|---|---|---|---|---|");
    for row in rows {
        line(text, &format!("| {} | {} | {} | {} |", name(row), cells(&row.late, 2), row.early, row.won));
    }
    failures(text, rows);
    pairs(text, shots, part, rows);
}

/// How often it was for a slot, without the times when somebody was not staged in time.
fn count_of(shots: &[Shot], part: Part) -> usize {
    let of = |late: bool| -> BTreeSet<usize> {
        let shots = shots.iter().filter(|shot| shot.part == part && (!late || shot.staged_late));
        shots.map(|shot| shot.round).collect()
    };
    of(false).difference(&of(true)).count()
}

/// Whose submit came first, of two at a time.
fn pairs(text: &mut String, shots: &[Shot], part: Part, rows: &[Row]) {
    let (ours, peers): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| row.ours);
    let labels: Vec<&str> = peers.iter().map(|peer| peer.label.as_str()).collect();
    line(text, &format!("\n| came before | {} |", labels.join(" | ")));
    line(text, &format!("|---|{}", "---|".repeat(peers.len())));
    for mine in ours {
        let won = peers.iter().map(|peer| score::pair(shots, part, &mine.entrant, &peer.entrant));
        let won: Vec<String> = won.map(|pair| format!("{} of {}", pair.won, pair.of)).collect();
        line(text, &format!("| {} | {} |", name(mine), won.join(" | ")));
    }
}

fn failures(text: &mut String, rows: &[Row]) {
    for row in rows {
        if let Some(last) = row.failed.last() {
            let (count, label) = (row.failed.len(), &row.label);
            line(text, &format!("\n{label}: {count} not counted, the last: {last}"));
        }
    }
    let again: usize = rows.iter().map(|row| row.again).sum();
    if again > 0 {
        line(text, &format!("\n{again} were not staged in time on a busy machine; they do not count."));
    }
}

fn name(row: &Row) -> String {
    if row.ours { format!("**{}**", row.label) } else { row.label.clone() }
}

/// Count, minimum, median, p95 and maximum, as cells of a row.
pub(crate) fn cells(figures: &Figures, digits: usize) -> String {
    let four = [figures.min(), figures.median(), figures.p95(), figures.max()];
    let four = four.map(|ms| ms.map_or_else(|| "-".to_owned(), |ms| format!("{ms:.digits$}")));
    format!("{} | {}", figures.count(), four.join(" | "))
}

fn line(text: &mut String, words: &str) {
    writeln!(text, "{words}").expect("a text can be written to");
}
