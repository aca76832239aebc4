//! Problems for programs: the shape that `check --json` promises.

use serde_json::{Value, json};

use super::Problem;

/// `{"problems":[{"severity","code","message","help","file","line","column"}]}`.
pub fn json(problems: &[Problem]) -> Value {
    json!({ "problems": problems.iter().map(one).collect::<Vec<_>>() })
}

fn one(problem: &Problem) -> Value {
    let place = problem.place.as_ref();
    json!({
        "severity": problem.severity.as_str(),
        "code": problem.code,
        "message": problem.message,
        "help": problem.help,
        "file": place.map(|place| place.file().path().display().to_string()),
        "line": place.map(super::Place::line),
        "column": place.map(super::Place::column),
    })
}
