//! The frame of every picture: letters, colours, the axis.

use std::fmt::Write;

use super::axis::Axis;

/// Room beside letters that begin at the edge.
pub(super) const EDGE: u32 = 14;

/// From the top to where the first row may begin.
pub(super) const HEAD: u32 = 58;

/// Below the last row: the words of the axis.
const FOOT: u32 = 48;

/// Colours of the reader's choice. Nothing here is left to the page that shows it.
const STYLE: &str = "\
text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',Arial,sans-serif;font-size:12px;fill:#1b2733;paint-order:stroke;stroke:#ffffff;stroke-width:3px;stroke-linejoin:round}\
.title{font-size:15px;font-weight:600}.name{font-weight:600}.quiet{fill:#596675}.tick{font-size:11px;fill:#596675}\
.paper{fill:#ffffff}.grid{stroke:#e4e9ef;stroke-width:1}.opening{stroke:#7b8794;stroke-width:1;stroke-dasharray:3 3}\
.track{stroke:#e4e9ef;stroke-width:2}.span{stroke:#2a7d57;stroke-width:4}.dot{fill:#1d6746}.cloud{fill:#2a7d57;fill-opacity:.42}\
.box{fill:#2a7d57;fill-opacity:.2}.whisker{stroke:#2a7d57;stroke-width:2}.median{stroke:#14523a;stroke-width:3}\
.early{fill:#c4321f}.line.early{stroke:#c4321f}\
@media(prefers-color-scheme:dark){text{fill:#e7edf3;stroke:#10171e}.quiet,.tick{fill:#9fb0c0}.paper{fill:#10171e}.grid,.track{stroke:#26323d}\
.opening{stroke:#7f90a1}.span,.whisker{stroke:#46b483}.dot{fill:#7fe0b3}.cloud{fill:#5fcb9b;fill-opacity:.5}\
.box{fill:#46b483;fill-opacity:.26}.median{stroke:#b6f2d6}.early{fill:#ff8471}.line.early{stroke:#ff8471}}\
@media(max-width:560px){.wide{display:none}}";

/// A picture that is being drawn, row by row.
pub(super) struct Picture<'a> {
    axis: &'a Axis,
    rows: String,
    height: u32,
}

impl<'a> Picture<'a> {
    pub(super) fn new(axis: &'a Axis) -> Self {
        Self { axis, rows: String::new(), height: HEAD }
    }

    /// Where the next row begins.
    pub(super) fn below(&self) -> u32 {
        self.height
    }

    /// Takes so many pixels of height.
    pub(super) fn take(&mut self, pixels: u32) {
        self.height += pixels;
    }

    /// Words at the left edge.
    pub(super) fn left(&mut self, y: u32, class: &str, words: &str) {
        self.put(format_args!("<text x=\"{EDGE}\" y=\"{y}\" class=\"{class}\">{}</text>", escaped(words)));
    }

    /// Words that end at the right edge.
    pub(super) fn right(&mut self, y: u32, class: &str, words: &str) {
        let words = escaped(words);
        self.put(format_args!(
            "<text x=\"100%\" dx=\"-{EDGE}\" y=\"{y}\" class=\"{class}\" text-anchor=\"end\">{words}</text>"
        ));
    }

    /// A line between two times.
    pub(super) fn line(&mut self, from_ms: f64, to_ms: f64, y: u32, class: &str) {
        let (x1, x2) = (self.axis.percent(from_ms), self.axis.percent(to_ms));
        self.put(format_args!("<line x1=\"{x1:.2}%\" x2=\"{x2:.2}%\" y1=\"{y}\" y2=\"{y}\" class=\"{class}\"/>"));
    }

    /// A line over the whole width.
    pub(super) fn track(&mut self, y: u32) {
        self.put(format_args!("<line x1=\"2%\" x2=\"98%\" y1=\"{y}\" y2=\"{y}\" class=\"track\"/>"));
    }

    /// An upright line at a time.
    pub(super) fn upright(&mut self, ms: f64, (from, to): (u32, u32), class: &str) {
        let x = self.axis.percent(ms);
        self.put(format_args!("<line x1=\"{x:.2}%\" x2=\"{x:.2}%\" y1=\"{from}\" y2=\"{to}\" class=\"{class}\"/>"));
    }

    /// A box from one time to another.
    pub(super) fn area(&mut self, from_ms: f64, to_ms: f64, (from, to): (u32, u32), class: &str) {
        let (x, end) = (self.axis.percent(from_ms), self.axis.percent(to_ms));
        let (width, height) = (end - x, to - from);
        self.put(format_args!(
            "<rect x=\"{x:.2}%\" y=\"{from}\" width=\"{width:.2}%\" height=\"{height}\" rx=\"2\" class=\"{class}\"/>"
        ));
    }

    /// A dot at a time.
    pub(super) fn dot(&mut self, ms: f64, y: u32, radius: f64, class: &str) {
        let x = self.axis.percent(ms);
        self.put(format_args!("<circle cx=\"{x:.2}%\" cy=\"{y}\" r=\"{radius}\" class=\"{class}\"/>"));
    }

    /// The whole picture; `axis_words` say what the axis counts.
    pub(super) fn finish(self, title: &str, subtitle: &str, axis_words: &str) -> String {
        let (end, height) = (self.height, self.height + FOOT);
        let (title, subtitle) = (escaped(title), escaped(subtitle));
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"100%\" height=\"{height}\" role=\"img\" aria-label=\"{title}\">\n\
             <title>{title}</title>\n<desc>{subtitle}; {}</desc>\n<style>{STYLE}</style>\n\
             <rect class=\"paper\" width=\"100%\" height=\"100%\" rx=\"8\"/>\n\
             <text x=\"{EDGE}\" y=\"26\" class=\"title\">{title}</text>\n\
             <text x=\"{EDGE}\" y=\"44\" class=\"quiet\">{subtitle}</text>\n",
            escaped(axis_words)
        );
        for tick in self.axis.ticks() {
            let (x, wide) = (tick.percent, if tick.wide { " wide" } else { "" });
            let line = if tick.words == "0" { "opening" } else { "grid" };
            writeln!(
                text,
                "<line x1=\"{x:.2}%\" x2=\"{x:.2}%\" y1=\"{HEAD}\" y2=\"{end}\" class=\"{line}{wide}\"/>\n\
                 <text x=\"{x:.2}%\" y=\"{}\" class=\"tick{wide}\" text-anchor=\"middle\">{}</text>",
                end + 16,
                tick.words
            )
            .expect("a String takes it");
        }
        let words_at = end + 36;
        write!(
            text,
            "{}<text x=\"50%\" y=\"{words_at}\" class=\"quiet\" text-anchor=\"middle\">{}</text>\n</svg>\n",
            self.rows,
            escaped(axis_words)
        )
        .expect("a String takes it");
        text
    }

    fn put(&mut self, element: std::fmt::Arguments<'_>) {
        writeln!(self.rows, "{element}").expect("a String takes it");
    }
}

/// Text as it may stand in an element or an attribute; control characters are no XML.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}
