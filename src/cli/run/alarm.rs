//! Tells everybody by mail that the database is lost. There is no outbox any more: each letter is tried once.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::cli::household::Household;
use crate::clock::{Clock, SystemClock};
use crate::notify::{Transport, alarm};

/// How long the mail server may take in all.
const PATIENCE: Duration = Duration::from_secs(20);

/// Sends a letter to every address of the configuration.
pub(super) async fn tell(household: &Household, why: &str) {
    let told = tokio::time::timeout(PATIENCE, send_all(household, why)).await;
    if told.is_err() {
        tracing::error!("the mail server did not take the letters about the lost database in time");
    }
}

async fn send_all(household: &Household, why: &str) {
    let server = match household.transport() {
        Ok(Transport::Smtp(server)) => server,
        Ok(Transport::BlackHole) => {
            return tracing::error!("nobody is told by mail of the lost database: the configuration has no [mail]");
        }
        Err(error) => return tracing::error!(%error, "nobody can be told by mail of the lost database"),
    };
    let (now, addresses) = (SystemClock.now(), addresses(household));
    if addresses.is_empty() {
        tracing::error!("nobody is told by mail of the lost database: neither [mail] nor a member names an address");
    }
    for to in addresses {
        match server.send(&alarm(why, &to, now), now).await {
            Ok(()) => tracing::info!("mail sent about the lost database"),
            Err(error) => tracing::error!(%error, "a letter about the lost database was not sent"),
        }
    }
}

fn addresses(household: &Household) -> BTreeSet<String> {
    let config = household.config();
    let everybody = config.mail.as_ref().and_then(|mail| mail.to.clone());
    config.members.iter().filter_map(|member| member.mail.clone()).chain(everybody).collect()
}
