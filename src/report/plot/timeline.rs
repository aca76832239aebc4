//! One attempt: what happened when, mark by mark.

use super::axis::Axis;
use super::signed_words;
use super::svg::Picture;

/// The height of a heading, and of a mark.
const HEADING: u32 = 26;
const LINE: u32 = 34;

/// What a time line shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    /// What it is about.
    pub title: String,
    /// When and where.
    pub subtitle: String,
    /// One for each fire, in order.
    pub sections: Vec<Section>,
}

/// The marks of one fire.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// How it was fired, and for what.
    pub heading: String,
    /// In the order in which they happen.
    pub lines: Vec<Line>,
}

/// One mark.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its word.
    pub label: String,
    /// Milliseconds after the opening; none: not known.
    pub at_ms: Option<f64>,
    /// Said beside the time, or instead of it where that is not known.
    pub note: String,
    /// Whether it must not be before the opening.
    pub not_before: bool,
}

impl Timeline {
    /// The picture.
    pub fn svg(&self) -> String {
        let times = self.sections.iter().flat_map(|section| &section.lines).filter_map(|line| line.at_ms);
        let axis = Axis::over(times);
        let mut picture = Picture::new(&axis);
        for section in &self.sections {
            section.draw(&mut picture);
        }
        picture.finish(&self.title, &self.subtitle, "time after the opening, each tenfold equally wide")
    }
}

impl Section {
    fn draw(&self, picture: &mut Picture<'_>) {
        let y = picture.below();
        picture.left(y + 18, "name", &self.heading);
        picture.take(HEADING);
        let mut before = None;
        for line in &self.lines {
            line.draw(picture, before);
            before = line.at_ms.or(before);
        }
    }
}

impl Line {
    fn draw(&self, picture: &mut Picture<'_>, before: Option<f64>) {
        let y = picture.below();
        let class = if self.is_early() { "early" } else { "" };
        picture.left(y + 14, class, &self.label);
        let words = self.words();
        picture.right(y + 14, if self.at_ms.is_none() { "quiet" } else { class }, &words);
        picture.track(y + 24);
        if let Some(at) = self.at_ms {
            picture.line(before.unwrap_or(at), at, y + 24, if self.is_early() { "span line early" } else { "span" });
            picture.dot(at, y + 24, 5.0, if self.is_early() { "early" } else { "dot" });
        }
        picture.take(LINE);
    }

    fn is_early(&self) -> bool {
        self.not_before && self.at_ms.is_some_and(|at| at < 0.0)
    }

    fn words(&self) -> String {
        match self.at_ms {
            None => self.note.clone(),
            Some(at) if self.note.is_empty() => signed_words(at),
            Some(at) => format!("{} · {}", self.note, signed_words(at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(label: &str, at_ms: Option<f64>) -> Line {
        let note = if at_ms.is_none() { "not known: the site does not tell" } else { "" };
        Line { label: label.into(), at_ms, note: note.into(), not_before: label == "sent" }
    }

    fn timeline(sent: f64) -> Timeline {
        let lines = vec![line("permit", Some(-2_013.0)), line("sent", Some(sent)), line("received", None)];
        Timeline {
            title: "ana & <luis>".into(),
            subtitle: "las-palmas".into(),
            sections: vec![Section { heading: "http".into(), lines }],
        }
    }

    #[test]
    fn what_is_known_has_a_place_and_what_is_not_says_so() {
        let svg = timeline(0.31).svg();
        assert_eq!(svg.matches("<circle").count(), 2);
        assert!(svg.contains("+0.31 ms") && svg.contains("not known: the site does not tell"), "{svg}");
        assert!(svg.contains("ana &amp; &lt;luis&gt;"), "names are text, never markup");
        assert!(!svg.contains("class=\"early\""));
    }

    #[test]
    fn early_stands_out() {
        assert!(timeline(-0.31).svg().contains("class=\"early\""));
    }
}
