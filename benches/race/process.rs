//! One who takes part, as a running process.
//!
//! A script reads openings from its standard input and says `staged`, `done` or `failed: why` on its standard output;
//! `firstserve book` reads nothing, and ends when it is done.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;
use firstserve::clock::{Clock, SystemClock};
use jiff::Timestamp;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use crate::family;
use crate::job::Job;

/// How long a script may take to end its browser.
const FAREWELL: Duration = Duration::from_secs(10);

/// How much of its last words goes into a message.
const LAST_WORDS: usize = 300;

/// A running entrant. Its processes end with [`Running::end`].
pub(crate) struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    said: UnboundedReceiver<String>,
    /// The last line that is none of the agreed words.
    other: String,
    log: PathBuf,
}

/// How an opening ended, as its entrant has it. Only the ledger says whether it was won.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Done,
    Failed(String),
    /// Nothing was heard until the deadline.
    Silent,
}

impl Running {
    /// Starts it. What it complains about goes into a file of that name.
    pub(crate) fn start(mut command: Command, log: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(log.parent().context("a file lies in a folder")?)?;
        let complaints = File::create(log)?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(complaints).kill_on_drop(true);
        let mut child = command.spawn().with_context(|| format!("failed to start {command:?}"))?;
        let out = child.stdout.take().context("it has no output")?;
        let (tell, said) = unbounded_channel();
        tokio::spawn(async move {
            let mut lines = BufReader::new(out).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                if tell.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self { stdin: child.stdin.take(), child, said, other: String::new(), log: log.to_owned() })
    }

    /// Tells it an opening.
    pub(crate) async fn tell(&mut self, job: &Job) -> anyhow::Result<()> {
        let stdin = self.stdin.as_mut().context("it listens no more")?;
        stdin.write_all(job.line()?.as_bytes()).await?;
        Ok(stdin.flush().await?)
    }

    /// Waits until it has filled in its form.
    pub(crate) async fn staged(&mut self, deadline: Timestamp) -> Over {
        self.hear("staged", deadline).await
    }

    /// Waits until it says that the opening is over, or ends.
    pub(crate) async fn over(&mut self, deadline: Timestamp) -> Over {
        self.hear("done", deadline).await
    }

    async fn hear(&mut self, word: &str, deadline: Timestamp) -> Over {
        loop {
            let left = Duration::try_from(deadline.duration_since(SystemClock.now())).unwrap_or_default();
            match timeout(left, self.said.recv()).await {
                Err(_) => return Over::Silent,
                Ok(None) => return self.exit().await,
                Ok(Some(line)) if line == word => return Over::Done,
                Ok(Some(line)) => match line.strip_prefix("failed: ") {
                    Some(why) => return Over::Failed(why.to_owned()),
                    None => self.other = line,
                },
            }
        }
    }

    /// It has closed its output.
    async fn exit(&mut self) -> Over {
        match timeout(FAREWELL, self.child.wait()).await {
            Ok(Ok(status)) if status.success() => Over::Done,
            Ok(Ok(status)) => Over::Failed(format!("{status}: {}", self.last_words())),
            Ok(Err(error)) => Over::Failed(error.to_string()),
            Err(_) => Over::Silent,
        }
    }

    fn last_words(&self) -> String {
        let complaints = fs::read_to_string(&self.log).unwrap_or_default();
        let words = format!("{} {}", self.other, complaints.trim());
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        let skip = words.chars().count().saturating_sub(LAST_WORDS);
        words.chars().skip(skip).collect()
    }

    /// Ends its input, waits until it has ended its browser, and ends what is left of it.
    pub(crate) async fn end(mut self) {
        drop(self.stdin.take());
        if timeout(FAREWELL, self.child.wait()).await.is_ok() {
            return;
        }
        let Some(root) = self.child.id().and_then(|pid| i32::try_from(pid).ok()) else { return };
        let mut family = family::below(root);
        family.insert(root);
        family::end(&family).await;
        // It is dead or dying; kill_on_drop does the rest.
        let _ = timeout(FAREWELL, self.child.wait()).await;
    }
}
