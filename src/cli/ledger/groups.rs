//! All fires: how late they were, for each site and way.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};

use super::story::ms;
use crate::report::plot::{Distribution, Figures, Group as Drawn, span_words};
use crate::store::{Fire, Mark};

/// The fires at one site by one way.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    site: String,
    way: String,
    browser: String,
    /// Milliseconds after the opening at which they left.
    sent: Vec<f64>,
    /// Milliseconds after the opening at which they arrived by the site's clock, where it tells.
    received: Vec<f64>,
}

/// The first fire of each attempt: what follows a refusal is late by its nature, and nothing can be late for a court that was
/// open when it was planned.
pub(super) fn groups(fires: &[Fire]) -> Vec<Group> {
    let mut groups: BTreeMap<(String, String, String), Group> = BTreeMap::new();
    for fire in fires.iter().filter(|fire| fire.seq == 1 && !fire.open_already) {
        let key = (fire.site.to_string(), fire.way.short(), fire.browser.clone().unwrap_or_default());
        let group = groups.entry(key.clone()).or_insert_with(|| {
            let (site, way, browser) = key;
            Group { site, way, browser, sent: Vec::new(), received: Vec::new() }
        });
        group.sent.extend(fire.after_opening(Mark::Sent).map(ms));
        group.received.extend(fire.after_opening(Mark::Received).map(ms));
    }
    groups.into_values().collect()
}

impl Group {
    /// `armed/fetch · firefox`
    fn manner(&self) -> String {
        if self.browser.is_empty() { self.way.clone() } else { format!("{} · {}", self.way, self.browser) }
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "site": self.site,
            "way": self.way,
            "browser": (!self.browser.is_empty()).then_some(&self.browser),
            "sent_ms": figures(&self.sent),
            "received_ms": figures(&self.received),
        })
    }
}

fn figures(values: &[f64]) -> Value {
    Figures::of(values).map_or(Value::Null, |figures| {
        json!({ "n": figures.n, "min": figures.min, "median": figures.median, "p95": figures.p95, "max": figures.max })
    })
}

/// A line for each group, and one more where the site tells when its requests arrive.
pub(super) fn table(groups: &[Group]) -> String {
    if groups.is_empty() {
        return "Every court was open already when it was planned; there was nothing to be late for.\n".to_owned();
    }
    let mut text = "How late the first submit of each attempt was, after the opening:\n".to_owned();
    for group in groups {
        writeln!(text, "  {} · {}", group.site, group.manner()).expect("a String takes it");
        for (what, values) in [("sent", &group.sent), ("received", &group.received)] {
            let words = Figures::of(values).map_or_else(
                || {
                    if what == "sent" {
                        "nothing measured".to_owned()
                    } else {
                        "not known: the site does not tell".to_owned()
                    }
                },
                words,
            );
            writeln!(text, "    {what:<9} {words}").expect("a String takes it");
        }
    }
    text
}

fn words(figures: Figures) -> String {
    let [median, p95, max] = [figures.median, figures.p95, figures.max].map(span_words);
    let early =
        if figures.min < 0.0 { format!(", the first {} BEFORE it", span_words(-figures.min)) } else { String::new() };
    format!("n {}, median {median}, p95 {p95}, max {max}{early}", figures.n)
}

/// The picture of all groups.
pub(super) fn distribution(groups: &[Group], fires: &[Fire]) -> Distribution {
    let drawn = groups.iter().flat_map(|group| {
        let drawn = |what: &str, values: &[f64]| Drawn {
            name: group.site.clone(),
            detail: format!("{} · {what}", group.manner()),
            values: values.to_vec(),
        };
        let (sent, received) = (drawn("sent", &group.sent), drawn("received", &group.received));
        std::iter::once(sent).chain((!group.received.is_empty()).then_some(received))
    });
    let times = fires.iter().filter(|fire| !fire.open_already).map(|fire| fire.opening);
    let subtitle = match (times.clone().min(), times.max()) {
        (Some(first), Some(last)) => {
            format!("first submits, {} to {}", first.strftime("%Y-%m-%d"), last.strftime("%Y-%m-%d"))
        }
        _ if !fires.is_empty() => "every court was open already".to_owned(),
        _ => "nothing has been fired yet".to_owned(),
    };
    Distribution {
        title: "How late the submits were".to_owned(),
        subtitle,
        axis: "time after the opening, each tenfold equally wide".to_owned(),
        groups: drawn.collect(),
    }
}
