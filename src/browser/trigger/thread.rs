//! The trigger's thread: wait, warm, hold, send one command, tell.

use std::sync::Arc;
use std::time::Duration;

use fantoccini::Client;
use fantoccini::error::{CmdError, ErrorStatus};
use jiff::{SignedDuration, Timestamp};
use rustls::ClientConfig;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use url::Url;
use webdriver::command::{VoidWebDriverExtensionCommand, WebDriverCommand};
use webdriver::common::WebElement;

use super::connection::Connector;
use super::meter::Meter;
use super::{Command, FireError, Fired, TriggerError, proves_nothing_happened};
use crate::browser::Trust;
use crate::clock::Clock;

/// How long before the instant the connection and the page are warmed.
const WARM: Duration = Duration::from_millis(800);

/// How long warming may take; a driver that is slower than this is not warmed.
const WARMING: Duration = Duration::from_millis(400);

/// A command whose instant is so long ago was slept over, with the whole machine: whether it is still wanted is for others to say.
const SLEPT_OVER: SignedDuration = SignedDuration::from_secs(10);

/// How long before the instant the thread is held; until then it can be called off and the connection is looked after.
const HOLD: Duration = Duration::from_millis(40);

/// Touches the page as a command does, and changes nothing.
const HARMLESS: &str = "return 0";

/// One command for one instant.
pub(super) struct Firing {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) at: Timestamp,
    pub(super) command: Command,
    pub(super) answer: Duration,
}

/// What the thread is asked to do, and where it tells.
pub(super) struct Order {
    pub(super) firing: Firing,
    pub(super) tell: oneshot::Sender<Result<Fired, FireError>>,
}

/// The session and how it is reached.
pub(super) struct Attachment {
    webdriver: Url,
    session_id: String,
    tls: Option<Arc<ClientConfig>>,
}

/// A client on its own connection, with the meter of that connection.
struct Attached {
    client: Client,
    meter: Meter,
}

impl Attachment {
    pub(super) fn new(webdriver: &Url, session_id: &str, trust: &Trust) -> Result<Self, TriggerError> {
        let tls = match webdriver.scheme() {
            "https" => Some(trust.config().map_err(|error| TriggerError { why: error.to_string() })?),
            _ => None,
        };
        Ok(Self { webdriver: webdriver.clone(), session_id: session_id.to_owned(), tls })
    }

    /// Does orders until there is nobody who could give one.
    pub(super) fn run(self, mut orders: mpsc::Receiver<Order>) {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return refuse_all(orders, &error.to_string()),
        };
        runtime.block_on(async {
            let mut kept = None;
            while let Some(order) = orders.recv().await {
                kept = self.carry_out(order, kept).await;
            }
        });
    }

    /// Does one order; gives the attachment that can be used again.
    async fn carry_out(&self, order: Order, kept: Option<Attached>) -> Option<Attached> {
        let Order { firing, mut tell } = order;
        let prepared = tokio::select! {
            prepared = self.prepare(&firing, kept) => prepared,
            () = tell.closed() => return None,
        };
        let attached = match prepared {
            Ok(attached) => attached,
            Err(why) => {
                // Whoever gave the order may have gone meanwhile; the same below.
                let _ = tell.send(Err(FireError::NotSent { why }));
                return None;
            }
        };
        firing.clock.hold_until(firing.at);
        if tell.is_closed() {
            return Some(attached);
        }
        if firing.clock.now().duration_since(firing.at) > SLEPT_OVER {
            let _ = tell.send(Err(FireError::NotSent { why: "the machine slept over the instant".to_owned() }));
            return None;
        }
        let fired = attached.fire(&firing).await;
        let healthy = matches!(fired, Ok(_) | Err(FireError::Refused { .. }));
        let _ = tell.send(fired);
        healthy.then_some(attached)
    }

    /// Everything up to the moment before the instant.
    async fn prepare(&self, firing: &Firing, kept: Option<Attached>) -> Result<Attached, String> {
        let Firing { clock, at, .. } = firing;
        clock.sleep_until(*at - WARM).await;
        let mut attached = match kept {
            Some(attached) => attached,
            None => self.attach().await?,
        };
        if clock.now() + WARMING < *at && !attached.warm().await? {
            // Commands queue up on a connection whose driver is busy.
            attached = self.attach().await?;
        }
        clock.sleep_until(*at - HOLD).await;
        Ok(attached)
    }

    async fn attach(&self) -> Result<Attached, String> {
        let meter = Meter::default();
        let connector = Connector { meter: meter.clone(), tls: self.tls.clone() };
        let attaching = Client::with_existing_session(self.webdriver.as_str(), &self.session_id, connector);
        let client = attaching.await.map_err(|error| error.to_string())?;
        // Otherwise dropping the client would end the session.
        client.persist().await.map_err(|error| error.to_string())?;
        Ok(Attached { client, meter })
    }
}

impl Attached {
    /// Runs the harmless command; says whether that worked. A session that is gone is told now, while there is time.
    async fn warm(&self) -> Result<bool, String> {
        match tokio::time::timeout(WARMING, self.client.execute(HARMLESS, Vec::new())).await {
            Ok(Err(CmdError::Standard(error))) if error.error == ErrorStatus::InvalidSessionId => {
                Err(error.to_string())
            }
            Ok(Ok(_) | Err(CmdError::Standard(_))) => Ok(true),
            Ok(Err(_)) | Err(_) => Ok(false),
        }
    }

    async fn fire(&self, firing: &Firing) -> Result<Fired, FireError> {
        let clock = &firing.clock;
        let woke_at = clock.now();
        self.meter.arm(clock.clone());
        let said = tokio::time::timeout(firing.answer, send(&self.client, &firing.command)).await;
        let returned_at = clock.now();
        match said {
            Ok(Ok(result)) => {
                let sent_at = self.meter.disarm().unwrap_or(returned_at);
                Ok(Fired { woke_at, sent_at, returned_at, result })
            }
            Ok(Err(error)) if proves_nothing_happened(&firing.command, &error) => {
                let sent_at = self.meter.disarm().unwrap_or(returned_at);
                Err(FireError::Refused { why: error.to_string(), sent_at })
            }
            said => {
                let why = said.map_or_else(|_| "no answer in time".to_owned(), |said| words(&said));
                match self.meter.revoke() {
                    None => Err(FireError::NotSent { why }),
                    Some(sent_at) => Err(FireError::Unknown { why, sent_at }),
                }
            }
        }
    }
}

async fn send(client: &Client, command: &Command) -> Result<Value, CmdError> {
    match command {
        Command::Click(element) => {
            let click = WebDriverCommand::<VoidWebDriverExtensionCommand>::ElementClick(WebElement(element.clone()));
            client.issue_cmd(click).await
        }
        Command::Execute { script, args } => client.execute(script, args.clone()).await,
    }
}

fn words(said: &Result<Value, CmdError>) -> String {
    match said {
        Ok(answer) => answer.to_string(),
        Err(error) => error.to_string(),
    }
}

fn refuse_all(mut orders: mpsc::Receiver<Order>, why: &str) {
    while let Some(order) = orders.blocking_recv() {
        // Whoever gave the order may have gone meanwhile.
        let _ = order.tell.send(Err(FireError::NotSent { why: why.to_owned() }));
    }
}
