//! Many attempts: how late they were, group by group.

use super::axis::Axis;
use super::svg::Picture;
use super::{Figures, span_words};

/// The height of a group.
const GROUP: u32 = 80;

/// Where the dots of a group stand, below its top.
const MIDDLE: u32 = 47;

/// More dots than this are thinned out; the outermost stay.
const MOST_DOTS: usize = 1_500;

/// What a distribution shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    /// What it is about.
    pub title: String,
    /// When and where.
    pub subtitle: String,
    /// What the axis counts.
    pub axis: String,
    /// From top to bottom.
    pub groups: Vec<Group>,
}

/// What belongs together.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// What it is of, in a few words.
    pub detail: String,
    /// Milliseconds.
    pub values: Vec<f64>,
}

impl Distribution {
    /// The picture. A group without a number says so.
    pub fn svg(&self) -> String {
        let axis = Axis::over(self.groups.iter().flat_map(|group| group.values.iter().copied()));
        let mut picture = Picture::new(&axis);
        for group in &self.groups {
            group.draw(&mut picture);
        }
        picture.finish(&self.title, &self.subtitle, &self.axis)
    }
}

impl Group {
    fn draw(&self, picture: &mut Picture<'_>) {
        let y = picture.below();
        picture.left(y + 16, "name", &self.name);
        picture.left(y + 31, "quiet", &self.detail);
        picture.track(y + MIDDLE);
        match Figures::of(&self.values) {
            None => picture.left(y + 68, "quiet", "nothing measured yet"),
            Some(figures) => {
                if figures.min < 0.0 {
                    picture.right(y + 16, "early", &format!("EARLY by {}", span_words(-figures.min)));
                }
                picture.right(y + 31, "quiet", &format!("n {}", figures.n));
                draw_box(picture, &figures, y + MIDDLE);
                for (number, value) in thinned(&self.values).into_iter().enumerate() {
                    let class = if value < 0.0 { "early" } else { "cloud" };
                    picture.dot(value, y + MIDDLE - 6 + scattered(number), 2.6, class);
                }
                picture.upright(figures.median, (y + MIDDLE - 9, y + MIDDLE + 9), "median");
                picture.left(y + 70, "quiet", &words(&figures));
            }
        }
        picture.take(GROUP);
    }
}

fn draw_box(picture: &mut Picture<'_>, figures: &Figures, y: u32) {
    picture.line(figures.min, figures.p95, y, "whisker");
    picture.area(figures.p25, figures.p75, (y - 8, y + 8), "box");
    picture.upright(figures.p95, (y - 5, y + 5), "whisker");
}

fn words(figures: &Figures) -> String {
    let [median, p95, max] = [figures.median, figures.p95, figures.max].map(span_words);
    format!("median {median} · p95 {p95} · max {max}")
}

/// Dots that would hide each other stand a little apart; the same data give the same picture.
fn scattered(number: usize) -> u32 {
    const UP_AND_DOWN: [u32; 7] = [6, 2, 9, 4, 12, 0, 7];
    UP_AND_DOWN[number % UP_AND_DOWN.len()]
}

fn thinned(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    if sorted.len() <= MOST_DOTS {
        return sorted;
    }
    let last = sorted.len() - 1;
    (0..MOST_DOTS).map(|number| sorted[number * last / (MOST_DOTS - 1)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(values: Vec<f64>) -> String {
        let groups = vec![Group { name: "club".into(), detail: "http".into(), values }];
        let [title, subtitle, axis] = ["Lateness", "all attempts", "after the opening"].map(str::to_owned);
        Distribution { title, subtitle, axis, groups }.svg()
    }

    #[test]
    fn every_value_has_its_dot_and_the_figures_are_said() {
        let svg = drawn(vec![0.2, 0.3, 0.4, 12.0]);
        assert_eq!(svg.matches("<circle").count(), 4);
        assert!(svg.contains("median 0.30 ms · p95 12.0 ms · max 12.0 ms") && svg.contains("n 4"), "{svg}");
        assert!(!svg.contains("EARLY"));
    }

    #[test]
    fn early_ones_are_said_first() {
        assert!(drawn(vec![-0.2, 0.3]).contains("EARLY by 0.20 ms"));
    }

    #[test]
    fn many_are_thinned_out_but_the_outermost_stay() {
        let many: Vec<f64> = (0..20_000).map(f64::from).collect();
        let kept = thinned(&many);
        assert_eq!((kept.len(), kept[0], kept[MOST_DOTS - 1]), (MOST_DOTS, 0.0, 19_999.0));
        assert!(drawn(many).len() < 200_000);
        assert!(drawn(vec![]).contains("nothing measured yet"));
    }
}
