//! `/livez`: 200 while the supervisor goes round its loop, 503 when it hangs, or ends because its database was taken away. It
//! asks nothing else: a database that is down is no reason to be restarted. Beside that it shows the release of the time zone
//! data, and says when it is old.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;

use crate::clock::Clock;
use crate::engine::Handle;

/// A supervisor that has not been heard of for so long hangs.
const SILENT: Duration = Duration::from_secs(5);

/// What `/livez` looks at.
#[derive(Clone)]
pub struct Health {
    engine: Handle,
    clock: Arc<dyn Clock>,
}

impl Health {
    /// Looks at that engine by that clock.
    pub fn new(engine: Handle, clock: Arc<dyn Clock>) -> Self {
        Self { engine, clock }
    }

    fn is_alive(&self) -> bool {
        self.clock.uptime().saturating_sub(self.engine.pulse()) < SILENT
    }

    fn word(&self) -> (StatusCode, &'static str) {
        if self.engine.lost().is_some() {
            return (StatusCode::SERVICE_UNAVAILABLE, "the database is lost");
        }
        if self.is_alive() { (StatusCode::OK, "alive") } else { (StatusCode::SERVICE_UNAVAILABLE, "hangs") }
    }
}

pub(super) async fn livez(State(health): State<Health>) -> (StatusCode, String) {
    let (code, word) = health.word();
    let zones = health.engine.zones();
    let mut text = format!("{word}\ntime zone data {zones}\n");
    for problem in zones.warnings(health.clock.now()) {
        text.push_str(&format!("warning: {}\n", problem.message));
    }
    (code, text)
}
