//! `firstserve run`: the daemon.

use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch::Receiver};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::household::{Household, SECOND_RUN, open_store};
use super::setting::{Setting, zones_of};
use super::{Exit, Failure};
use crate::clock::{self, SystemClock};
use crate::config::{Loaded, Log, LogFormat, Pace, Watcher, watch};
use crate::engine::{Engine, Handle};
use crate::store::{Cause, Store};
use crate::telemetry::{self, Format, LogError, LogOptions, Logs, Redactor};
use crate::web::{self, Health};

mod alarm;
mod ahead;
mod follow;
mod journal;
mod post;
pub(super) mod signals;
mod troubles;
mod warned;

use follow::Follower;
use post::Post;
use signals::{Asked, Signals};
use warned::Warned;

/// How long the health service may take to end when the daemon does.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// Runs until SIGINT or SIGTERM; a second one stops at once. SIGHUP reads the configuration again.
///
/// # Errors
/// The configuration, the store or the address cannot be used.
pub(super) fn run(setting: &Setting) -> anyhow::Result<ExitCode> {
    // First of all: who asks for the files to be read again while they are read does not mean to end us.
    let runtime = super::runtime()?;
    let signals = runtime.block_on(async { Signals::new() })?;
    let (config, loaded) = setting.loaded()?;
    let zones = Arc::new(zones_of(&config));
    let redactor = Redactor::new();
    let _logs = start_logs(&config.log, &redactor)?;
    let result = runtime.block_on(async {
        let listener = listen(&config.server.listen);
        // A second one is told that there is a first, and not only that its port is taken.
        let listener = if Store::is_held(&config.server.data) { listener } else { Ok(listener?) };
        let store = open_store(&config, SECOND_RUN).await?;
        let listener = listener?;
        let household = Household::new(config, zones, store, redactor)?;
        daemon(setting, &loaded, household, listener, signals).await
    });
    // What is cut off must not be waited for.
    runtime.shutdown_background();
    result.map(|()| ExitCode::SUCCESS)
}

fn start_logs(log: &Log, redactor: &Redactor) -> Result<Logs, Failure> {
    let options = LogOptions {
        level: log.level.clone(),
        format: match log.format {
            LogFormat::Human => Format::Human,
            LogFormat::Json => Format::Json,
        },
        folder: Some(log.folder.clone()),
        keep_days: usize::try_from(log.keep_days).unwrap_or(usize::MAX),
    };
    telemetry::start(&options, redactor).map_err(|error| {
        let exit = if matches!(error, LogError::Folder { .. }) { Exit::Io } else { Exit::Config };
        Failure::new(exit, format!("{error}; see [log] in the configuration"))
    })
}

fn listen(address: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).map_err(|error| {
        let cure = "is another firstserve running? Set `listen` under [server] to a free address";
        Failure::new(Exit::Unavailable, format!("listen on {address}: {error}; {cure}"))
    })
}

async fn daemon(
    setting: &Setting,
    loaded: &Loaded,
    household: Household,
    listener: TcpListener,
    mut signals: Signals,
) -> anyhow::Result<()> {
    for warning in household.warnings() {
        tracing::warn!("{warning}");
    }
    let mut warned = Warned::new(setting.path.clone());
    warned.tell(loaded);
    if let Some(warning) = clock::health().and_then(|health| health.warning()) {
        tracing::warn!("{warning}");
    }
    household.keep(Cause::Start).await;
    let (engine, running) = Engine::start(household.parts());
    let nudge = Arc::new(Notify::new());
    tokio::spawn(journal::keep(engine.events(), household.store(), Arc::clone(&nudge)));
    tokio::spawn(troubles::keep(engine.events(), household.store(), household.redactor()));
    let stop = CancellationToken::new();
    let address = listener.local_addr()?;
    let health = Health::new(engine.clone(), Arc::new(SystemClock));
    let served = tokio::spawn(web::serve(listener, health, stop.clone().cancelled_owned()));
    let (path, environment, zones) = (setting.path.clone(), setting.environment.clone(), Arc::new(setting.zones()));
    let (watcher, reloads) = watch(path, environment, zones, Arc::new(SystemClock), loaded, Pace::default());
    let store = household.store();
    let ahead = ahead::sentences(&household, None).await;
    let (follower, in_force) = Follower::new(engine.clone(), household, warned);
    let post = Post::start(in_force.clone(), nudge);
    let following = tokio::spawn(follower.follow(reloads, stop.clone()));
    super::say(&format!("firstserve runs; http://{address}/livez answers while it does"));
    ahead.iter().for_each(|line| super::say(&super::page::laid_out(line, super::page::width())));
    until_stopped(&mut signals, &watcher, &engine, running, &in_force).await?;
    stop.cancel();
    following.await?;
    post.end().await;
    if let Ok(served) = tokio::time::timeout(LAST_ANSWERS, served).await {
        served??;
    }
    store.close().await;
    Ok(())
}

/// Until asked to stop; the first time in order, the second time at once.
async fn until_stopped(
    signals: &mut Signals,
    watcher: &Watcher,
    engine: &Handle,
    mut running: JoinHandle<()>,
    in_force: &Receiver<Household>,
) -> anyhow::Result<()> {
    loop {
        tokio::select! {
            // An engine that ends because of it is told as that.
            biased;
            why = engine.until_lost() => return lost(why, signals, running, in_force).await,
            ended = &mut running => {
                ended?;
                return Err(Failure::new(Exit::Unavailable, "the engine ended by itself").into());
            }
            asked = signals.next() => match asked {
                Asked::Reload => watcher.reload_now(),
                Asked::Stop => break,
            },
        }
    }
    super::say("firstserve stops; ask again to stop at once");
    engine.stop().await;
    tokio::select! {
        ended = &mut running => Ok(ended?),
        () = signals.stop() => Err(Failure::new(Exit::Done, "stopped at once; the next start verifies what was under way").into()),
    }
}

/// The database was taken away: everybody is told, and what is spent is read to its end, unless somebody asks to stop.
async fn lost(
    why: String,
    signals: &mut Signals,
    running: JoinHandle<()>,
    in_force: &Receiver<Household>,
) -> anyhow::Result<()> {
    super::say(&format!("firstserve stops: {why}"));
    let household = in_force.borrow().clone();
    tokio::select! {
        (ended, ()) = async { tokio::join!(running, alarm::tell(&household, &why)) } => ended?,
        () = signals.stop() => {}
    }
    let cure = "put it or a backup of it in its place, and look at the sites' own lists, before you start again";
    Err(Failure::new(Exit::Io, format!("the database is lost: {why}; {cure}")).into())
}
