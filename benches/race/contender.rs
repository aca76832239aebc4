//! Entrants that are this very program, started anew: the plain thirtyfour script, and our layers in one warm session.

use std::io::BufRead;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use ::thirtyfour::{By, WebDriver};
use anyhow::{Context, bail};
use firstserve::browser::{Engine, Options, Session, open};
use tokio::process::Command;

use crate::job::Job;
use crate::ours::Ours;
use crate::page;
use crate::programs::FIRSTSERVE;
use crate::thirtyfour::{self, NOTICE};
use crate::way::Way;

/// How long the site's answer may take, in looks.
const ANSWER_LOOKS: usize = 200;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(50);

/// The word after which this program is an entrant.
pub(crate) const WORD: &str = "contender";

/// This program as an entrant of that name.
pub(crate) fn command(name: &str) -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args([WORD, name]);
    Ok(command)
}

/// Runs as an entrant; `words` are its name and its browser.
pub(crate) fn main(words: &[String]) -> anyhow::Result<ExitCode> {
    let [name, engine] = words else { bail!("usage: {WORD} NAME firefox|chromium") };
    let engine = Engine::parse(engine).context("that is no browser")?;
    firstserve::browser::install_provider();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = match Way::ALL.into_iter().find(|way| way.word() == name) {
        Some(way) => runtime.block_on(ours(way, engine)),
        None if name == "thirtyfour" => runtime.block_on(thirtyfour::run(engine, &openings())),
        None => bail!("nobody is called `{name}`"),
    };
    if let Err(error) = &ended {
        say(&format!("failed: {error:#}"));
    }
    ended.map(|()| ExitCode::SUCCESS)
}

/// The openings as they are told, on a thread of its own.
fn openings() -> Receiver<String> {
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if tell.send(line).is_err() {
                break;
            }
        }
    });
    told
}

/// Tells whoever has started this.
pub(crate) fn say(words: &str) {
    println!("{}", words.replace('\n', " "));
}

/// One session for every opening, through the layers that the engine uses.
async fn ours(way: Way, engine: Engine) -> anyhow::Result<()> {
    let opened = open(&Options::new(engine, FIRSTSERVE), "race").await;
    let session = opened.map_err(|error| anyhow::anyhow!("{error}: {}; {}", error.kind, error.help()))?;
    let served = serve(way, &session).await;
    session.quit().await?;
    served
}

async fn serve(way: Way, session: &Session) -> anyhow::Result<()> {
    let told = openings();
    let mut ours: Option<Ours> = None;
    while let Ok(line) = told.recv() {
        let job: Job = serde_json::from_str(&line)?;
        let (url, opening) = (job.url.parse()?, job.opening()?);
        if ours.is_none() {
            page::enter(session.driver(), &url).await?;
            ours = Some(Ours::of(session).await?);
        }
        page::stage(session.driver(), &url, &opening).await?;
        say("staged");
        ours.as_mut().context("it was made above")?.fire(session, way, opening.at).await?;
        if matches!(way, Way::Native | Way::Script | Way::ArmedForm) {
            answered(session.driver()).await?;
        }
        say("done");
    }
    Ok(())
}

/// Waits until the page that answers the form is there: a page that is on its way would take the next opening with it.
async fn answered(driver: &WebDriver) -> anyhow::Result<()> {
    for _ in 0..ANSWER_LOOKS {
        if driver.find(By::Css(NOTICE)).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
    bail!("the site has not answered")
}
