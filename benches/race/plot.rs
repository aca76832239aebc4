//! The cold shots as a picture: a row for each entrant, a dot for each shot, a bar at the median; the scale is logarithmic.

use std::fmt::Write;

use super::score::Row;

/// The scale, in milliseconds; what is outside stands at its edge.
const FROM_MS: f64 = 0.1;
const TO_MS: f64 = 1_000.0;

const WIDTH: f64 = 828.0;
const LEFT: f64 = 280.0;
const RIGHT: f64 = 92.0;
const TOP: f64 = 64.0;
const ROW: f64 = 24.0;
const BOTTOM: f64 = 30.0;

const OURS: &str = "#0b6f80";
const THEIRS: &str = "#a3562a";
const INK: &str = "#24292f";
const FAINT: &str = "#6b6f76";
const RULE: &str = "#dedad0";
const PAPER: &str = "#fbfaf7";

/// The picture; the nearest to the opening comes first.
pub(crate) fn svg(rows: &[Row]) -> String {
    let mut rows: Vec<&Row> = rows.iter().collect();
    let median = |row: &Row| row.late.median().unwrap_or(f64::INFINITY);
    rows.sort_by(|one, other| median(one).total_cmp(&median(other)));
    #[expect(clippy::cast_precision_loss, reason = "rows are counted in tens")]
    let height = TOP + ROW * rows.len() as f64 + BOTTOM;
    let mut svg = String::new();
    put(
        &mut svg,
        &format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">"
        ),
    );
    put(
        &mut svg,
        "<title>How long after the opening the submit reaches the site: the first shot of a fresh browser</title>",
    );
    let (w, h) = (WIDTH - 1.0, height - 1.0);
    put(
        &mut svg,
        &format!(
            "<rect x=\"0.5\" y=\"0.5\" width=\"{w}\" height=\"{h}\" rx=\"8\" fill=\"{PAPER}\" stroke=\"{RULE}\"/>"
        ),
    );
    put(
        &mut svg,
        "<g font-family=\"system-ui, 'Segoe UI', 'DejaVu Sans', Helvetica, Arial, sans-serif\" font-size=\"13\">",
    );
    let title = "How long after the opening the submit reaches the site, in milliseconds";
    put(
        &mut svg,
        &format!("<text x=\"22\" y=\"28\" fill=\"{INK}\" font-size=\"14\" font-weight=\"700\">{title}</text>"),
    );
    scale(&mut svg, height);
    let mut y = TOP + ROW / 2.0;
    for row in rows {
        draw(&mut svg, row, y);
        y += ROW;
    }
    put(&mut svg, "</g>\n</svg>");
    svg
}

fn scale(svg: &mut String, height: f64) {
    let bottom = height - BOTTOM + 4.0;
    for ms in [0.1, 1.0, 10.0, 100.0, 1_000.0] {
        let x = x(ms);
        let top = TOP - 6.0;
        put(svg, &format!("<line x1=\"{x:.1}\" y1=\"{top}\" x2=\"{x:.1}\" y2=\"{bottom}\" stroke=\"{RULE}\"/>"));
        let under = bottom + 15.0;
        put(
            svg,
            &format!(
                "<text x=\"{x:.1}\" y=\"{under}\" fill=\"{FAINT}\" font-size=\"12\" text-anchor=\"middle\">{ms}</text>"
            ),
        );
    }
}

fn draw(svg: &mut String, row: &Row, y: f64) {
    let (colour, weight) = if row.ours { (OURS, "700") } else { (THEIRS, "400") };
    let (base, label) = (y + 4.5, escaped(&row.label));
    put(svg, &format!("<text x=\"22\" y=\"{base}\" fill=\"{colour}\" font-weight=\"{weight}\">{label}</text>"));
    for late in row.late.all() {
        let x = x(*late);
        put(svg, &format!("<circle cx=\"{x:.1}\" cy=\"{y}\" r=\"3\" fill=\"{colour}\" fill-opacity=\"0.35\"/>"));
    }
    let end = WIDTH - 22.0;
    let Some(median) = row.late.median() else {
        put(svg, &format!("<text x=\"{end}\" y=\"{base}\" fill=\"{FAINT}\" text-anchor=\"end\">failed</text>"));
        return;
    };
    let (x, top, foot) = (x(median), y - 8.0, y + 8.0);
    put(
        svg,
        &format!(
            "<line x1=\"{x:.1}\" y1=\"{top}\" x2=\"{x:.1}\" y2=\"{foot}\" stroke=\"{colour}\" stroke-width=\"3\"/>"
        ),
    );
    let digits = if median < 10.0 { 2 } else { 0 };
    put(
        svg,
        &format!("<text x=\"{end}\" y=\"{base}\" fill=\"{colour}\" text-anchor=\"end\">{median:.digits$} ms</text>"),
    );
}

fn x(ms: f64) -> f64 {
    let share = (ms.clamp(FROM_MS, TO_MS) / FROM_MS).log10() / (TO_MS / FROM_MS).log10();
    LEFT + share * (WIDTH - LEFT - RIGHT)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

fn put(svg: &mut String, line: &str) {
    writeln!(svg, "{line}").expect("a text can be written to");
}
