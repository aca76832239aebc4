//! What the club's ledger says of one member at one opening.

use serde::Deserialize;

/// The club's answer to `GET /_club/ledger`, as far as it is looked at.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Ledger {
    requests: Vec<Request>,
}

#[derive(Clone, Debug, Deserialize)]
struct Request {
    received_ns: i64,
    method: String,
    path: String,
    member: Option<String>,
    submit: Option<Submit>,
}

#[derive(Clone, Debug, Deserialize)]
struct Submit {
    answer: String,
}

/// One member's opening.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Story {
    /// How late the first submit came that was not early, in milliseconds.
    pub(crate) late_ms: Option<f64>,
    /// Submits before the opening.
    pub(crate) early: usize,
    /// All submits.
    pub(crate) submits: usize,
    /// One of them was confirmed.
    pub(crate) confirmed: bool,
    /// How long before the opening the form was first loaded, in seconds.
    pub(crate) idle_s: Option<f64>,
}

impl Ledger {
    /// What that member did about an opening.
    pub(crate) fn story(&self, member: &str, opening_ns: i64) -> Story {
        let mine = || self.requests.iter().filter(|request| request.member.as_deref() == Some(member));
        let submits = || mine().filter_map(|request| Some((request.received_ns, request.submit.as_ref()?)));
        let in_time = submits().map(|(at, _)| at).filter(|at| *at >= opening_ns).min();
        let form = mine().filter(|request| request.method == "GET" && request.path == "/reservar");
        let form = form.map(|request| request.received_ns).filter(|at| *at < opening_ns).min();
        Story {
            late_ms: in_time.map(|at| nanoseconds(at - opening_ns) / 1e6),
            early: submits().filter(|(at, _)| *at < opening_ns).count(),
            submits: submits().count(),
            confirmed: submits().any(|(_, submit)| submit.answer == "confirmed"),
            idle_s: form.map(|at| nanoseconds(opening_ns - at) / 1e9),
        }
    }
}

fn nanoseconds(span: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "spans of a minute in nanoseconds are far below 2^52")]
    let span = span as f64;
    span
}
