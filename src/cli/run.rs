//! `firstserve run`: the daemon.

use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;

use super::household::{Household, open_store};
use super::setting::{Setting, zones_of};
use super::{Exit, Failure};
use crate::clock::{Clock, SystemClock};
use crate::config::{Loaded, Log, LogFormat, Pace, Reload, Watcher, watch};
use crate::engine::{Engine, Event, Handle, What};
use crate::notify::deliver;
use crate::report::{Severity, render};
use crate::telemetry::{self, Format, LogOptions, Redactor};
use crate::web::{self, Health};

/// Runs until SIGINT or SIGTERM. SIGHUP reads the configuration again.
///
/// # Errors
/// The configuration, the store or the address cannot be used.
pub(super) fn run(setting: &Setting) -> anyhow::Result<ExitCode> {
    let (config, loaded) = setting.loaded()?;
    let zones = Arc::new(zones_of(&config));
    let redactor = Redactor::new();
    let _logs = telemetry::start(&log_options(&config.log), &redactor)?;
    let runtime = super::runtime()?;
    runtime.block_on(async {
        let listener = listen(&config.server.listen)?;
        let store = open_store(&config).await?;
        let household = Household::new(config, zones, store, redactor)?;
        daemon(setting, &loaded, household, listener).await
    })?;
    Ok(ExitCode::SUCCESS)
}

fn log_options(log: &Log) -> LogOptions {
    LogOptions {
        level: log.level.clone(),
        format: match log.format {
            LogFormat::Human => Format::Human,
            LogFormat::Json => Format::Json,
        },
        folder: Some(log.folder.clone()),
        keep_days: usize::try_from(log.keep_days).unwrap_or(usize::MAX),
    }
}

fn listen(address: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).map_err(|error| {
        let cure = "is another firstserve running? Set `listen` under [server] to a free address";
        Failure::new(Exit::Unavailable, format!("listen on {address}: {error}; {cure}"))
    })
}

async fn daemon(setting: &Setting, loaded: &Loaded, household: Household, listener: TcpListener) -> anyhow::Result<()> {
    let (engine, running) = Engine::start(household.parts());
    let stop = CancellationToken::new();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let nudge = Arc::new(Notify::new());
    let transport = household.transport()?;
    let post = deliver(household.store(), transport, Arc::clone(&clock), Arc::clone(&nudge), stop.clone());
    let post = tokio::spawn(post);
    tokio::spawn(tell(engine.events(), nudge));
    let address = listener.local_addr()?;
    let health = Health::new(engine.clone(), clock);
    let served = tokio::spawn(web::serve(listener, health, stop.clone().cancelled_owned()));
    let (path, environment, zones) = (setting.path.clone(), setting.environment.clone(), Arc::new(setting.zones()));
    let (watcher, reloads) = watch(path, environment, zones, Arc::new(SystemClock), loaded, Pace::default());
    tokio::spawn(follow(reloads, engine.clone(), household.clone()));
    super::say(&format!("firstserve runs; http://{address}/livez answers while it does"));
    signals(&watcher, &engine).await?;
    running.await?;
    stop.cancel();
    served.await??;
    post.await?;
    household.store().close().await;
    Ok(())
}

/// Until asked to stop; the first time in order, the second time at once.
async fn signals(watcher: &Watcher, engine: &Handle) -> anyhow::Result<()> {
    let mut again = signal(SignalKind::hangup())?;
    loop {
        tokio::select! {
            Some(()) = again.recv() => watcher.reload_now(),
            () = asked_to_stop() => break,
        }
    }
    super::say("firstserve stops; ask again to stop at once");
    let second = asked_to_stop();
    tokio::select! {
        () = engine.stop() => Ok(()),
        () = second => Err(Failure::new(Exit::Done, "stopped at once").into()),
    }
}

/// SIGINT or SIGTERM.
pub(super) async fn asked_to_stop() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// Puts every good configuration in force; a bad one is told and changes nothing.
async fn follow(mut reloads: tokio::sync::mpsc::Receiver<Reload>, engine: Handle, household: Household) {
    while let Some(reload) = reloads.recv().await {
        let loaded = reload.loaded;
        let errors = loaded.problems.iter().filter(|problem| problem.severity == Severity::Error).count();
        match loaded.config {
            Some(config) => {
                household.keep(&config).await;
                engine.reload(config).await;
            }
            None => {
                tracing::error!(errors, "the configuration is refused; the old one is kept");
                super::say(render(&loaded.problems, false).trim_end());
                engine.refused(SystemClock.now(), errors);
            }
        }
    }
}

/// Log lines for what happens; a letter may be waiting when an attempt ends.
async fn tell(mut events: broadcast::Receiver<Event>, nudge: Arc<Notify>) {
    loop {
        match events.recv().await {
            Ok(event) => {
                log(&event);
                if matches!(event.what, What::Ended { .. }) {
                    nudge.notify_one();
                }
            }
            Err(broadcast::error::RecvError::Lagged(missed)) => tracing::warn!(missed, "events were not logged"),
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}

fn log(event: &Event) {
    let attempt = event.attempt.as_ref().map(crate::model::AttemptId::as_str);
    match &event.what {
        What::TakenUp { booking, member, date, opening } => {
            tracing::info!(attempt, %booking, %member, %date, %opening, "taken up");
        }
        What::Entered(state) => tracing::info!(attempt, state = state.as_str(), "state"),
        What::Sent { choice, mode, sent } => {
            let late_us = sent.duration_since(choice.opening).as_micros();
            tracing::info!(attempt, court = %choice.court, mode, %sent, late_us, "sent");
        }
        What::Answered(answer) => tracing::info!(attempt, answer = answer.as_str(), "answered"),
        What::Listed { rows } => tracing::info!(attempt, rows, "the site's list"),
        What::Ended { outcome, note, .. } => tracing::info!(attempt, outcome = outcome.as_str(), note, "ended"),
        What::Trouble(why) => tracing::warn!(attempt, why, "trouble"),
        What::Degraded(why) => tracing::warn!(attempt, why, "degraded"),
        What::Reloaded(changes) => {
            tracing::info!(changes = changes.len(), "configuration in force");
            for change in changes {
                tracing::info!(change, "configuration");
            }
        }
        What::Refused { errors } => tracing::warn!(errors, "configuration refused"),
        What::Step { phase, place, took } => {
            tracing::debug!(attempt, phase, place, took_ms = took.as_millis(), "step");
        }
        What::Waiting { until } => tracing::debug!(attempt, %until, "waits"),
    }
}
