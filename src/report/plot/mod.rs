//! Pictures of times: data in, SVG text out.
//!
//! Every picture is as wide as where it is shown, from a phone to a desk, and light or dark as its reader is: positions along the
//! axis are percentages, letters and heights are pixels. What is absent: where the data comes from, and files.

mod axis;
mod distribution;
mod figures;
mod svg;
mod timeline;

pub use distribution::{Distribution, Group};
pub use figures::Figures;
pub use timeline::{Line, Section, Timeline};

/// A span of milliseconds as a person says it: `0.16 ms`, `12.3 ms`, `220 ms`, `2.01 s`, `90 s`.
pub fn span_words(ms: f64) -> String {
    let size = ms.abs();
    let sign = if ms < 0.0 { "−" } else { "" };
    match size {
        _ if size < 9.995 => format!("{sign}{size:.2} ms"),
        _ if size < 99.95 => format!("{sign}{size:.1} ms"),
        _ if size < 999.5 => format!("{sign}{size:.0} ms"),
        _ if size < 99_950.0 => format!("{sign}{:.2} s", size / 1_000.0),
        _ => format!("{sign}{:.0} s", size / 1_000.0),
    }
}

/// The same with its sign, for what is measured from the opening: `+0.16 ms`.
pub fn signed_words(ms: f64) -> String {
    if ms < 0.0 { span_words(ms) } else { format!("+{}", span_words(ms)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_said_with_as_many_digits_as_matter() {
        let said = [0.163, -0.4, 9.99, 9.996, 99.96, 220.4, 2_013.4, 99_960.0].map(span_words);
        assert_eq!(said, ["0.16 ms", "−0.40 ms", "9.99 ms", "10.0 ms", "100 ms", "220 ms", "2.01 s", "100 s"]);
        assert_eq!(signed_words(0.0), "+0.00 ms");
    }
}
