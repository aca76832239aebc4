//! The selector files that ship with the product, and the fixture that uses every verb: no problem, and the very JSON
//! that the page is told.

use firstserve::flow::rows::Row;
use firstserve::flow::{Flow, Phase, Words};
use firstserve::report::render;
use serde_json::{Value, json};

use super::support::{parse, words};

#[test]
fn every_shipped_flow_is_clean_and_renders_as_written() {
    let flows = [
        ("selectors/club", false),
        ("selectors/club-reload", false),
        ("selectors/club-api", true),
        ("fixtures/flow/valid/small", false),
        ("fixtures/flow/valid/every-verb", false),
    ];
    for (folder, is_api) in flows {
        let flow = clean(folder);
        assert_eq!(flow.is_api(), is_api, "{folder}");
        let name = folder.replace('/', "-");
        insta::assert_json_snapshot!(name, rendered(&flow, &learned(words())));
    }
}

#[test]
fn every_folder_of_selectors_is_among_them() {
    let mut folders: Vec<_> = std::fs::read_dir("selectors")
        .expect("the folder is there")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    folders.sort();
    assert_eq!(folders, ["club", "club-api", "club-reload"], "add the new flow to the test above");
}

#[test]
fn what_holds_a_secret_says_so() {
    let flow = clean("selectors/club");
    let login = flow.render_steps(Phase::Login, &words()).expect("rendered");
    let masked: Vec<_> = login.iter().map(|step| step.secret).collect();
    assert_eq!(masked, [false, false, true, true, false, false, false]);
    let choose = flow.render_steps(Phase::Choose, &words()).expect("rendered");
    assert!(choose.iter().all(|step| !step.secret));
}

#[test]
fn a_token_that_login_read_stays_masked() {
    let flow = clean("selectors/club-api");
    let mut words = words();
    let missing = flow.commit().render(&words).expect_err("nobody has read the token");
    assert_eq!(missing.to_string(), "fill `{token}` at selectors/club-api/commit.toml:6:37: it has no value");
    words.learn(Phase::Login, "token", "T-1");
    let verify = flow.render_steps(Phase::Verify, &words).expect("rendered");
    assert!(verify[0].secret);
    assert!(!words.for_scripts().contains_key("token") && !words.for_scripts().contains_key("password"));
    assert!(!format!("{words:?}").contains("T-1"), "nor in Debug");
}

#[test]
fn words_that_site_and_booking_must_define_are_checked_against_them() {
    let (flow, problems) = super::support::parse_with(
        "choose/20-extra.toml",
        "[[step]]\nfill = \"#a\"\nwith = \"{site.sprot} {site.sport} {booking.partnr} {booking.partner}\"\n",
    );
    let flow = flow.unwrap_or_else(|| panic!("{}", render(&problems, false)));
    let mut found = flow.problems_with_site(&super::support::site("UTC"));
    found.extend(flow.problems_with_booking(&super::support::booking()));
    let lines: Vec<_> = found.iter().map(|problem| (problem.message.as_str(), problem.help.as_deref())).collect();
    assert_eq!(
        lines,
        [
            ("site `las-palmas` does not define `site.sprot`", Some("did you mean `site.sport`?")),
            ("booking `july doubles` does not define `booking.partnr`", Some("did you mean `booking.partner`?")),
        ]
    );
}

fn clean(folder: &str) -> Flow {
    let (flow, problems) = parse(folder);
    assert!(problems.is_empty(), "{folder}\n{}", render(&problems, false));
    flow.unwrap_or_else(|| panic!("{folder} is no flow"))
}

/// What a run would have read by the time it gets to each step.
fn learned(mut words: Words) -> Words {
    words.learn(Phase::Login, "token", "T-1");
    words.learn(Phase::Opening, "order-code", "A.7");
    words.learn(Phase::Opening, "answer", "42");
    words.with_row(&Row::from([("reference".to_owned(), "R-000123".to_owned())]))
}

fn rendered(flow: &Flow, words: &Words) -> Value {
    let steps: serde_json::Map<String, Value> = Phase::ALL
        .into_iter()
        .filter(|phase| !flow.steps(*phase).is_empty())
        .map(|phase| (phase.as_str().to_owned(), json!(flow.render_steps(phase, words).expect("rendered"))))
        .collect();
    json!({
        "steps": steps,
        "logged-in": flow.logged_in().map(|check| check.render(words).expect("rendered")),
        "commit": flow.commit().render(words).expect("rendered"),
        "outcomes": flow.render_outcomes(words).expect("rendered"),
    })
}
