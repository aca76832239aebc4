//! Every case of `fixtures/chain` by the pure chain: what it asks for, in which order, and how it ends.

use std::collections::HashMap;
use std::path::Path;

use firstserve::flow::chain::{Ask, Chain, Fetched, Next, Staged, urlencoded};
use firstserve::flow::wire;
use firstserve::model::Answer;
use serde_json::{Value, json};
use url::Url;

/// More requests than any case needs.
const MOST: usize = 40;

/// The site of the cases.
const SITE: &str = "https://club.example";

/// Another origin.
const OTHER: &str = "https://other.example";

#[test]
fn every_case_sends_what_it_should_and_ends_as_it_should() {
    let mut cases = 0;
    for entry in std::fs::read_dir("fixtures/chain").expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        if path.extension().is_some_and(|ending| ending == "json") {
            cases += 1;
            let case = read(&path);
            assert_eq!(wrong_with(&case), None, "{}: {}", path.display(), case["what"]);
        }
    }
    assert!(cases >= 20, "only {cases} cases");
}

#[test]
fn a_wrong_chain_would_be_seen() {
    let case = read(Path::new("fixtures/chain/12-cart.json"));
    let with = |key: &str, value: Value| {
        let mut wrong = case.clone();
        wrong[key] = value;
        wrong_with(&wrong)
    };
    assert!(with("requests", json!(["GET /day", "POST /cart slot=B"])).is_some());
    assert!(with("ends", json!({ "says": "taken" })).is_some());
    let mut fewer = case["steps"].as_array().expect("steps").clone();
    fewer.remove(3);
    assert!(with("steps", json!(fewer)).is_some(), "the rules are not accepted");
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("it can be read").replace("{other}", OTHER);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// How a case ends otherwise than it should.
fn wrong_with(case: &Value) -> Option<String> {
    let mut site = Site::of(case);
    let ended = site.run(case);
    if ended.as_ref().is_err_and(|_| case["known"] != true) || ended.is_ok() && case["known"] == true {
        return Some(format!("known beforehand: {ended:?}"));
    }
    let ended = ended.unwrap_or_else(|why| json!({ "by-page": why }));
    let same = match case["ends"]["by-page"].as_str() {
        Some(why) => ended["by-page"].as_str().is_some_and(|said| said.contains(why)),
        None => ended == case["ends"],
    };
    let wanted: Vec<&str> = case["requests"].as_array().expect("requests").iter().filter_map(Value::as_str).collect();
    let asked_as_wanted = site.asked == wanted;
    (!same || !asked_as_wanted).then(|| format!("ended {ended}, asked {:#?}", site.asked))
}

/// A site that answers as the case says.
struct Site {
    answers: HashMap<String, Vec<Value>>,
    asked: Vec<String>,
}

impl Site {
    fn of(case: &Value) -> Self {
        let site = case["site"].as_object().expect("a site");
        let list = |answers: &Value| answers.as_array().expect("a list").clone();
        let answers = site.iter().map(|(key, answers)| (key.clone(), list(answers))).collect();
        let mut site = Self { answers, asked: Vec::new() };
        // The page that is open when the opening comes.
        let page = case["page"].as_str().expect("a page");
        site.answer("GET", &address(page), "");
        site.asked.clear();
        site
    }

    /// `Err`: that it cannot be chained is known beforehand.
    fn run(&mut self, case: &Value) -> Result<Value, String> {
        let (steps, commit, outcomes) = parts(case);
        let staged = Staged {
            url: address(case["page"].as_str().expect("a page")),
            referrer: None,
            charset: "UTF-8".to_owned(),
        };
        let mut chain = Chain::new(&steps, &commit, &outcomes, staged).map_err(|error| error.to_string())?;
        for _ in 0..MOST {
            match chain.proceed() {
                Next::Pause(_) => {}
                Next::Fetch(ask) => {
                    let (url, redirected, status, body) = self.send(&ask);
                    let content_type = Some("text/html; charset=utf-8");
                    chain.take(&Fetched { url: &url, redirected, status, content_type, body: body.as_bytes() });
                }
                Next::Commit(ask) => {
                    let (_, _, _, body) = self.send(&ask);
                    let word = if body.contains("Reserva confirmada") { "confirmed" } else { "taken" };
                    return Ok(json!({ "answer": word }));
                }
                Next::Says(answer) => return Ok(json!({ "says": answer.as_str() })),
                Next::Leave(leave) => return Ok(json!({ "by-page": leave.to_string() })),
            }
        }
        panic!("the chain does not end: {:#?}", self.asked);
    }

    /// Follows redirects as a browser does.
    fn send(&mut self, ask: &Ask) -> (Url, bool, u16, String) {
        let (mut method, mut url, mut body) = match ask {
            Ask::Get { url, .. } => ("GET".to_owned(), url.clone(), String::new()),
            Ask::Form(form) => match form.address() {
                Some(url) => ("GET".to_owned(), url, String::new()),
                None => ("POST".to_owned(), form.action.clone(), urlencoded(&form.fields, None)),
            },
            Ask::Request(request) => {
                let body = match &request.body {
                    wire::Body::Empty => String::new(),
                    wire::Body::Form(fields) => urlencoded(fields, None),
                    wire::Body::Json(text) => text.clone(),
                };
                (request.method.clone(), request.url.parse().expect("an address"), body)
            }
        };
        let mut redirected = false;
        loop {
            let answer = self.answer(&method, &url, &body);
            let status = answer["status"].as_u64().unwrap_or(200);
            let Some(to) = answer["location"].as_str() else {
                let body = answer["body"].as_str().unwrap_or_default().to_owned();
                return (url, redirected, u16::try_from(status).expect("a status"), body);
            };
            redirected = true;
            url = url.join(to).expect("an address");
            if !matches!(status, 307 | 308) {
                (method, body) = ("GET".to_owned(), String::new());
            }
        }
    }

    fn answer(&mut self, method: &str, url: &Url, body: &str) -> Value {
        let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let key = format!("{method} {target}");
        self.asked.push(if body.is_empty() { key.clone() } else { format!("{key} {body}") });
        let answers = self.answers.get_mut(&key).unwrap_or_else(|| panic!("nobody answers {key}"));
        if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() }
    }
}

fn address(path: &str) -> Url {
    format!("{SITE}{path}").parse().expect("an address")
}

/// Steps, commit and outcomes, with what is the same in every case.
fn parts(case: &Value) -> (Vec<wire::Step>, wire::Commit, Vec<wire::Outcome>) {
    let mut steps = case["steps"].clone();
    complete(&mut steps);
    let mut commit = case["commit"].clone();
    commit["send"] = json!("fetch");
    commit["place"] = json!("commit.toml:1:1");
    let usual = json!([["confirmed", { "text": { "text": "Reserva confirmada" } }], ["taken", { "text": { "text": "ya está reservada" } }]]);
    let outcomes = if case["outcomes"].is_null() { &usual } else { &case["outcomes"] };
    let outcomes = outcomes.as_array().expect("outcomes").iter().map(|row| wire::Outcome {
        is: Answer::parse(row[0].as_str().expect("a word")).expect("a known word").as_str().to_owned(),
        when: serde_json::from_value(row[1].clone()).expect("a condition"),
        place: "outcomes.toml:1:1".to_owned(),
    });
    let steps = serde_json::from_value(steps).expect("steps");
    (steps, serde_json::from_value(commit).expect("a commit"), outcomes.collect())
}

fn complete(steps: &mut Value) {
    for step in steps.as_array_mut().expect("steps") {
        step["timeout-ms"] = json!(3000);
        step["place"] = json!("opening/10.toml:1:1");
        for around in ["when", "repeat"] {
            if let Some(inner) = step["verb"].get_mut(around).and_then(|verb| verb.get_mut("steps")) {
                complete(inner);
            }
        }
    }
}
