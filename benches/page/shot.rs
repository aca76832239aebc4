//! One shot: a club, a browser and a page of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use firstserve::browser::stage::Stage;
use firstserve::browser::{Engine, Options, Session, aim, open};
use firstserve::clock::{Clock, SystemClock};
use firstserve::flow::wire::{By, Commit, Condition, Kept, Locator, Outcome, Program, SelectBy, Step, Verb};
use jiff::Timestamp;
use serde_json::{Value, json};
use url::Url;

use crate::kind::Kind;
use crate::wire::Wire;

/// The site's id of the court that is booked, and when.
const COURT: &str = "5";
const START: &str = "17:00";

/// How often a program is asked, and how often at most.
const ASK_EVERY: Duration = Duration::from_millis(100);
const MOST_ASKED: usize = 150;

/// A page must be armed by then before its instant.
const ARMED_BY: Duration = Duration::from_millis(500);

/// Where a submit landed.
pub(crate) struct Landed {
    /// Milliseconds after the opening.
    pub(crate) late: f64,
    /// The share of the time since it was armed in which the processors worked.
    pub(crate) busy: f64,
}

/// A page that waits.
pub(crate) struct Shot {
    club: Club,
    session: Session,
    stage: Stage,
    program: Program,
}

impl Shot {
    /// Starts a club that opens so long from now, and a browser; logs in and goes as far as can be before the opening.
    pub(crate) async fn stage(engine: Engine, kind: Kind, opens_in: Duration) -> anyhow::Result<Self> {
        let club = Club::start(kind, opens_in)?;
        let options = Options::new(engine, env!("CARGO_BIN_EXE_firstserve"));
        let session = open(&options, "bench").await.map_err(|error| anyhow::anyhow!("{error}: {}", error.kind))?;
        let mut stage = Stage::begin(session.driver().clone()).await?;
        let (user, password) = firstserve::club::MEMBERS[0];
        let log_in = [
            go(&club.url.join("ingresar")?),
            fill("usuario", user),
            fill("clave", password),
            step(Verb::Click(id("entrar"))),
            go(&club.url.join("reservar")?),
        ];
        run(&mut stage, &log_in).await?;
        let slot = [choose("fecha", &club.date, kind), choose("cancha", COURT, kind), choose("horario", START, kind)];
        let steps = match kind.shape() {
            "submit" => {
                run(&mut stage, &slot).await?;
                Vec::new()
            }
            _ => [vec![step(Verb::Reload)], slot.to_vec()].concat(),
        };
        let program = program(kind, club.at, steps);
        Ok(Self { club, session, stage, program })
    }

    pub(crate) fn at(&self) -> Timestamp {
        self.club.at
    }

    /// Arms the page, and says how many milliseconds after the opening its submit arrived.
    /// A machine that could not arm it in time says nothing about it.
    pub(crate) async fn fire(&mut self) -> anyhow::Result<Landed> {
        let before = Processor::now()?;
        self.stage.arm(&self.program).await?;
        ensure!(SystemClock.now() < self.club.at - ARMED_BY, "it was armed too late");
        SystemClock.sleep_until(self.club.at).await;
        let busy = before.busy_until(&Processor::now()?);
        SystemClock.sleep_until(self.club.at + Duration::from_millis(300)).await;
        for _ in 0..MOST_ASKED {
            if let Ok(Some(report)) = self.stage.armed_report(&self.program.id).await
                && report.is_over()
            {
                ensure!(report.fired_at_ms.is_some(), "it gave up: {report:?}");
                ensure!(report.left.is_none(), "it left its chain: {report:?}");
                let late = self.club.landed()?;
                return Ok(Landed { late, busy });
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
        bail!("the program never answered")
    }

    pub(crate) async fn end(self) {
        drop(self.stage);
        if let Err(error) = self.session.quit().await {
            eprintln!("the session did not end in order: {error}");
        }
    }
}

/// What the processors have done so far.
struct Processor {
    busy: f64,
    all: f64,
}

impl Processor {
    fn now() -> anyhow::Result<Self> {
        let stat = std::fs::read_to_string("/proc/stat")?;
        let line = stat.lines().next().context("the system tells nothing of its processors")?;
        let counts: Vec<f64> = line.split_whitespace().skip(1).filter_map(|count| count.parse().ok()).collect();
        let (all, idle) = (counts.iter().sum(), counts.iter().skip(3).take(2).sum::<f64>());
        Ok(Self { busy: all - idle, all })
    }

    /// The share of the time in which they worked.
    fn busy_until(&self, later: &Self) -> f64 {
        (later.busy - self.busy) / (later.all - self.all).max(1.0)
    }
}

fn program(kind: Kind, at: Timestamp, steps: Vec<Step>) -> Program {
    let commit = Commit {
        click: id("reservar"),
        send: kind.send(),
        request: None,
        dialog: None,
        place: "commit.toml:1:1".to_owned(),
    };
    Program {
        id: format!("bench-{}", at.as_nanosecond()),
        at_ms: aim::page_milliseconds(at),
        steps,
        opening: kind.opening(),
        commit,
        kept: Kept::default(),
        outcomes: vec![outcome("confirmed", ".aviso.exito"), outcome("quota", ".aviso.error")],
        answer_ms: 10_000,
    }
}

fn outcome(is: &str, css: &str) -> Outcome {
    let when = Condition::Visible(vec![locator(By::Css(css.to_owned()))]);
    Outcome { is: is.to_owned(), when, place: "outcomes.toml:1:1".to_owned() }
}

fn step(verb: Verb) -> Step {
    Step {
        verb,
        timeout_ms: 10_000,
        optional: false,
        dialog: None,
        place: "10-step.toml:1:1".to_owned(),
        secret: false,
    }
}

fn go(url: &Url) -> Step {
    step(Verb::Go(url.to_string()))
}

fn fill(name: &str, with: &str) -> Step {
    step(Verb::Fill { target: id(name), with: with.to_owned() })
}

/// The date is a field where the form can be filled in before, and a list else.
fn choose(name: &str, value: &str, kind: Kind) -> Step {
    if name == "fecha" && kind.shape() == "submit" {
        return fill(name, value);
    }
    step(Verb::Select { target: id(name), by: SelectBy::Value, options: vec![value.to_owned()] })
}

fn id(id: &str) -> Vec<Locator> {
    vec![locator(By::Id(id.to_owned()))]
}

fn locator(by: By) -> Locator {
    Locator { by, within: Vec::new(), has_text: None, nth: None, first: false, exact: false }
}

/// A practice club of its own; it ends with this.
struct Club {
    child: Child,
    _stdin: Option<ChildStdin>,
    url: Url,
    wire: Wire,
    at: Timestamp,
    date: String,
}

impl Club {
    fn start(kind: Kind, opens_in: Duration) -> anyhow::Result<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_firstserve"));
        command.args(["club", "--listen", "127.0.0.1:0", "--ends-with-stdin"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("the club has no output")?).read_line(&mut line)?;
        let url = line.trim().strip_prefix("club ready at ").and_then(|rest| rest.split(' ').next());
        let url = Url::parse(url.with_context(|| format!("the club says `{}`", line.trim()))?)?;
        let mut wire = Wire::open(&url)?;
        let body = json!({ "opens_in_ms": opens_in.as_millis(), "shape": kind.shape() }).to_string();
        let told: Value = serde_json::from_str(&wire.ask("POST", "/_club/reset", &body)?)?;
        let ns = told["opening_ns"].as_i64().context("the club opens nothing")?;
        let date = told["opening_dates"][COURT].as_str().context("the court has no date")?.to_owned();
        Ok(Self { _stdin: child.stdin.take(), child, wire, url, at: Timestamp::from_nanosecond(i128::from(ns))?, date })
    }

    /// When the one submit arrived, in milliseconds after the opening.
    fn landed(&mut self) -> anyhow::Result<f64> {
        let ledger: Value = serde_json::from_str(&self.wire.ask("GET", "/_club/ledger", "")?)?;
        let requests = ledger["requests"].as_array().context("the ledger is empty")?;
        let submits: Vec<&Value> = requests.iter().filter(|request| !request["submit"].is_null()).collect();
        ensure!(submits.len() == 1, "one firing made {} submits: {submits:?}", submits.len());
        ensure!(submits[0]["submit"]["answer"] == "confirmed", "the club did not book: {}", submits[0]);
        let received = submits[0]["received_ns"].as_i64().context("a submit without an instant")?;
        let late = i128::from(received) - self.at.as_nanosecond();
        #[expect(clippy::cast_precision_loss, reason = "a lateness in nanoseconds is far below 2^52")]
        let ms = late as f64 / 1e6;
        ensure!(ms >= 0.0, "{} ms early", -ms);
        Ok(ms)
    }
}

impl Drop for Club {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn run(stage: &mut Stage, steps: &[Step]) -> anyhow::Result<()> {
    for step in steps {
        stage.run(step).await?;
    }
    Ok(())
}
