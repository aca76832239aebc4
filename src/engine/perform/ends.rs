//! How sessions end: for certain. Only then nothing of an earlier submit can still arrive.
//!
//! A browser of our own dies with us. A session at a WebDriver service does not: it is written down before it is used, so that
//! a later process ends what an earlier one left. One that cannot be ended is a *loose end*: it is asked again and again, until
//! its service must have ended it by itself (`session-timeout`).

use std::time::Duration;

use url::Url;

use super::browser::BrowserHands;
use crate::browser::{Options, Remains, Session, WebDriverAt};
use crate::engine::What;
use crate::store::{JournalId, JournalledSession, StoreError};
use crate::timing::Trouble;

/// How long between two tries to end a session.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// The journal's name of a session; none: it ends with this process.
pub(super) type Written = Option<JournalId>;

/// A session whose end is not confirmed.
pub(super) struct LooseEnd {
    remains: Remains,
    written: Written,
}

impl BrowserHands {
    /// Writes a session down that would outlive us. Without that it may not be used.
    pub(super) async fn write_down(&self, session: &Session) -> Result<Written, Trouble> {
        let Some(journal) = self.kit.journal.as_ref().filter(|_| session.is_remote()) else { return Ok(None) };
        let facts = session.facts();
        let writing = async {
            let id = journal.journal_session(Some(&self.kit.attempt), self.kit.clock.now()).await?;
            journal.journal_driver(&id, None, without_login(&facts.webdriver).as_str()).await?;
            journal.journal_session_id(&id, &facts.session_id).await?;
            Ok(Some(id))
        };
        let not_written = |error: StoreError| format!("the browser session could not be written down: {error}");
        writing.await.map_err(|error| Trouble::Browser(not_written(error)))
    }

    /// Ends the session that is open, if there is one; it may become a loose end.
    pub(super) async fn end_live(&mut self) {
        let Some(live) = self.live.take() else { return };
        drop(live.stage);
        let remains = match live.session.quit().await {
            Ok(()) => None,
            Err(error) => {
                tracing::warn!(%error, "the browser session did not end in order");
                error.remains
            }
        };
        match remains {
            None => self.strike_out(&live.written).await,
            Some(remains) => self.loose.push(LooseEnd { remains, written: live.written }),
        }
    }

    /// Asks every loose end once to end, those of an earlier process too; true when none is left.
    pub(super) async fn end_what_is_loose(&mut self) -> bool {
        self.ask_journal().await;
        let mut at = 0;
        while let Some(end) = self.loose.get(at) {
            match end.remains.end(self.options.deadlines.end).await {
                Ok(()) => {
                    let ended = self.loose.remove(at);
                    self.strike_out(&ended.written).await;
                }
                Err(why) => {
                    tracing::warn!(why, "a browser session cannot be ended");
                    at += 1;
                }
            }
        }
        self.asked_journal && self.loose.is_empty()
    }

    /// Waits until no session of this attempt can submit any more.
    pub(super) async fn outlast_what_is_loose(&mut self) {
        let since = self.kit.clock.uptime();
        let mut told = false;
        while !self.end_what_is_loose().await {
            if self.kit.clock.uptime().saturating_sub(since) >= self.session_timeout {
                tracing::error!("browser sessions that could not be ended are taken for ended by their service");
                return self.strike_out_what_is_loose().await;
            }
            if !std::mem::replace(&mut told, true) {
                let limit = self.session_timeout.as_secs();
                let words = format!("the browser session cannot be ended; it is waited for, {limit} s at most");
                self.kit.reporter.say(self.kit.clock.now(), What::Trouble(words));
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }

    /// What an earlier process has left behind. A session without an id was never used.
    async fn ask_journal(&mut self) {
        if self.asked_journal {
            return;
        }
        let Some(journal) = &self.kit.journal else {
            self.asked_journal = true;
            return;
        };
        match journal.open_sessions().await {
            Ok(open) => {
                let ours = open.into_iter().filter(|one| one.attempt.as_ref() == Some(&self.kit.attempt));
                let left: Vec<_> = ours.filter(|one| !self.knows(&one.id)).collect();
                self.loose.extend(left.iter().filter_map(|one| loose_end(one, &self.options)));
                self.asked_journal = true;
            }
            Err(error) => tracing::warn!(%error, "the journal of browser sessions could not be read"),
        }
    }

    fn knows(&self, id: &JournalId) -> bool {
        let live = self.live.iter().map(|live| &live.written);
        live.chain(self.loose.iter().map(|end| &end.written)).any(|written| written.as_ref() == Some(id))
    }

    async fn strike_out_what_is_loose(&mut self) {
        for end in std::mem::take(&mut self.loose) {
            self.strike_out(&end.written).await;
        }
    }

    async fn strike_out(&self, written: &Written) {
        let (Some(journal), Some(id)) = (&self.kit.journal, written) else { return };
        if let Err(error) = journal.close_session(id, self.kit.clock.now()).await {
            // The next start asks a session to end that is not there any more, which does no harm.
            tracing::warn!(%error, "the end of a browser session was not written down");
        }
    }
}

fn loose_end(left: &JournalledSession, options: &Options) -> Option<LooseEnd> {
    let webdriver = Url::parse(left.driver_url.as_ref()?).ok()?;
    let remains = Remains::of_session(with_login(webdriver, options), left.session_id.as_ref()?);
    Some(LooseEnd { remains, written: Some(left.id.clone()) })
}

/// What is written down holds no secret.
fn without_login(webdriver: &Url) -> Url {
    let mut url = webdriver.clone();
    // Only addresses without a host refuse this, and no session comes from one.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

/// The same service is reached with the log-in that the configuration has for it.
fn with_login(mut webdriver: Url, options: &Options) -> Url {
    let configured = match &options.webdriver {
        WebDriverAt::Url(text) => Url::parse(text).ok(),
        WebDriverAt::Auto => None,
    };
    if let Some(configured) = configured.filter(|url| url.origin() == webdriver.origin()) {
        let _ = webdriver.set_username(configured.username());
        let _ = webdriver.set_password(configured.password());
    }
    webdriver
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Engine;

    #[test]
    fn the_journal_holds_no_password_and_the_configuration_gives_it_back() {
        let service: Url = "https://me:hush@grid:4444/wd/hub/".parse().unwrap();
        let kept = without_login(&service);
        assert_eq!(kept.as_str(), "https://grid:4444/wd/hub/");
        let mut options = Options::new(Engine::Firefox, "/nowhere");
        options.webdriver = WebDriverAt::Url("https://me:hush@grid:4444/wd/hub".to_owned());
        assert_eq!(with_login(kept.clone(), &options), service);
        options.webdriver = WebDriverAt::Url("https://me:hush@other:4444/".to_owned());
        assert_eq!(with_login(kept.clone(), &options), kept, "another service does not get it");
    }
}
