//! The plan as a table that fits the terminal.
//!
//! Where it is too narrow, what can be had elsewhere goes first: the opening in UTC (`--json`, `explain`), then seconds and offset of
//! the local one, then the year of the slot and the weekday of the opening; then names are cut.

use jiff::{Timestamp, Zoned};

use super::Row;
use crate::cli::page::cut;
use crate::report::plain;

/// A name is not cut to less than this.
const SHORTEST_NAME: usize = 8;

/// How much is said in a row, the most first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Detail {
    Everything,
    WithoutUtc,
    Short,
    Tight,
}

/// The table; every line ends before the edge, where there is one.
pub(super) fn text(rows: &[Row], now: Timestamp, width: Option<usize>) -> String {
    let room = width.unwrap_or(usize::MAX);
    let details = [Detail::Everything, Detail::WithoutUtc, Detail::Short, Detail::Tight];
    let tables = details.map(|detail| Table::new(rows, now, detail));
    let fits = tables.iter().find(|table| table.width() <= room);
    match fits {
        Some(table) => table.lines(None),
        None => tables[3].cut_to(room).lines(Some(room)),
    }
}

struct Table {
    lines: Vec<Vec<String>>,
}

/// The column of the bookings' names, which is cut where nothing else helps.
const BOOKING: usize = 2;

impl Table {
    fn new(rows: &[Row], now: Timestamp, detail: Detail) -> Self {
        let has_state = rows.iter().any(|row| row.state.is_some());
        let opens = if detail >= Detail::Short { "OPENS" } else { "OPENS (LOCAL)" };
        let head = ["DATE", "TIME", "BOOKING", "MEMBER", "COURT", opens];
        let mut lines =
            vec![with_rest(head.map(str::to_owned), has_state.then(|| "STATE".to_owned()), detail, "OPENS (UTC)")];
        for row in rows {
            let utc = row.opening.as_ref().map(|opening| opening.timestamp().to_string()).unwrap_or_default();
            let state = has_state.then(|| row.state.map(|state| state.as_str().to_owned()).unwrap_or_default());
            lines.push(with_rest(cells(row, now, detail), state, detail, &utc));
        }
        Self { lines }
    }

    /// The same with names of bookings that leave room for the rest.
    fn cut_to(&self, room: usize) -> Self {
        let too_much = self.width().saturating_sub(room);
        let most = self.widths()[BOOKING].saturating_sub(too_much).max(SHORTEST_NAME);
        let mut lines = self.lines.clone();
        lines.iter_mut().for_each(|line| line[BOOKING] = cut(&line[BOOKING], most));
        Self { lines }
    }

    fn widths(&self) -> Vec<usize> {
        let columns = self.lines.first().map_or(0, Vec::len);
        let width = |column: usize| self.lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
        (0..columns).map(width).collect()
    }

    fn width(&self) -> usize {
        self.widths().iter().map(|width| width + 2).sum::<usize>().saturating_sub(2)
    }

    /// Columns as wide as their widest cell, two spaces apart, nothing behind the last.
    fn lines(&self, most: Option<usize>) -> String {
        let widths = self.widths();
        let mut text = String::new();
        for line in &self.lines {
            let cells: Vec<_> = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
            let line = cells.join("  ");
            text.push_str(&cut(line.trim_end(), most.unwrap_or(usize::MAX)));
            text.push('\n');
        }
        text
    }
}

fn with_rest(cells: [String; 6], state: Option<String>, detail: Detail, utc: &str) -> Vec<String> {
    let utc = (detail == Detail::Everything).then(|| utc.to_owned());
    cells.into_iter().chain(state).chain(utc).collect()
}

fn cells(row: &Row, now: Timestamp, detail: Detail) -> [String; 6] {
    let times: Vec<String> = row.times.iter().map(|time| time.strftime("%H:%M").to_string()).collect();
    let times = match (&times[..], detail) {
        ([first, _, ..], Detail::Short | Detail::Tight) => format!("{first}…"),
        _ => times.join(" "),
    };
    [
        row.date.strftime(if detail == Detail::Tight { "%a %m-%d" } else { "%a %Y-%m-%d" }).to_string(),
        times,
        plain(row.booking.as_str()).into_owned(),
        plain(row.member.as_str()).into_owned(),
        plain(row.court.as_str()).into_owned(),
        opens(row.opening.as_ref(), now, detail),
    ]
}

fn opens(opening: Option<&Zoned>, now: Timestamp, detail: Detail) -> String {
    let short = detail >= Detail::Short;
    let day = if detail == Detail::Tight { "%Y-%m-%d" } else { "%a %Y-%m-%d" };
    match opening {
        None if short => "at any time".to_owned(),
        None => "open at any time".to_owned(),
        Some(opening) if opening.timestamp() <= now && short => "already open".to_owned(),
        Some(opening) if opening.timestamp() <= now => format!("open since {}", opening.strftime("%a %Y-%m-%d %H:%M")),
        Some(opening) if short && opening.second() == 0 => opening.strftime(&format!("{day} %H:%M")).to_string(),
        Some(opening) if short => opening.strftime(&format!("{day} %H:%M:%S")).to_string(),
        Some(opening) => opening.strftime("%a %Y-%m-%d %H:%M:%S %:z").to_string(),
    }
}
