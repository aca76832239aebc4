//! What a running attempt writes into the ledger, and when: never while a submit is due, nor right after one.

use std::time::Duration;

use jiff::Timestamp;

use super::super::What;
use super::super::errand::Errand;
use super::super::notebook::Firing;
use super::super::perform::Performer;
use super::Run;
use crate::model::{AttemptId, State};
use crate::store::{HowFired, Mark, Store, StoreError};
use crate::timing::{SiteTime, Verdict};

/// After a fire nothing is written into the ledger for so long, unless the attempt is over: another fire may follow at once.
const HOT: Duration = Duration::from_secs(1);

impl<P: Performer> Run<P> {
    /// Takes what was timed, and writes it once there is time for that.
    pub(super) async fn note_marks(&mut self) {
        self.take_notes();
        if !self.is_hot() {
            self.write_notes().await;
        }
    }

    /// Nothing follows: writes what there is, and what the site's answers have taught.
    pub(super) async fn close_notes(&mut self) {
        self.take_notes();
        self.write_notes().await;
        self.teach().await;
    }

    fn take_notes(&mut self) {
        let marks = self.performer.marks().into_iter().map(|(mark, at)| (mark, self.by_our_clock(mark, at)));
        let marks = marks.collect();
        self.notes.note(marks);
        self.notes.samples.append(&mut self.performer.samples());
    }

    /// When a submit arrived is told by the site's clock; every other instant is of ours.
    fn by_our_clock(&self, mark: Mark, at: Timestamp) -> Timestamp {
        match self.site_clock.aim().offset() {
            Some(offset) if mark == Mark::Received => offset.ours_at(SiteTime::written(at)),
            _ => at,
        }
    }

    fn is_hot(&self) -> bool {
        let fired_just_now =
            || self.notes.sent().is_some_and(|sent| self.clock.now().duration_since(sent).unsigned_abs() < HOT);
        match self.machine.state() {
            State::Submitting => true,
            // A refusal is followed by one look at the list, and that perhaps by another fire.
            State::Preparing | State::Ready | State::Verifying => fired_just_now(),
            _ => false,
        }
    }

    /// The ledger is for people: a mark that cannot be written costs nothing else.
    async fn write_notes(&mut self) {
        if !self.notes.is_empty()
            && let Err(error) = self.try_write_notes().await
        {
            tracing::warn!(%error, "the marks of the ledger were not written");
        }
    }

    async fn try_write_notes(&mut self) -> Result<(), StoreError> {
        if !self.notes.loose.is_empty() {
            self.store.ledger(&self.id, 0, &self.notes.loose).await?;
            self.notes.loose.clear();
        }
        for fire in &mut self.notes.fires {
            write_fire(&self.store, &self.id, &self.errand, fire).await?;
        }
        let kind = self.errand.chosen.way.kind(self.errand.browser);
        self.store.add_samples(&self.errand.site.id, &kind, &self.notes.samples).await?;
        self.notes.samples.clear();
        Ok(())
    }

    /// What the site's answers have taught is for the next opening.
    async fn teach(&mut self) {
        let verdict = self.notes.verdict();
        if let Verdict::LedTooFar { by } = verdict {
            let note =
                format!("a lead of {:.2} ms was too much; none is used until a clean run", by.as_secs_f64() * 1e3);
            self.reporter.say(self.clock.now(), What::Note(note));
        }
        let taught = self.store.teach(&self.errand.site.id, Some(&self.id), verdict, self.clock.now()).await;
        if let Err(error) = taught {
            tracing::warn!(%error, "what the site's answers teach was not written");
        }
    }
}

/// Writes what is new of a fire; one of which nobody knows that anything was sent is not written.
async fn write_fire(store: &Store, id: &AttemptId, errand: &Errand, fire: &mut Firing) -> Result<(), StoreError> {
    if fire.marks.is_empty() || fire.sent.is_none() {
        return Ok(());
    }
    let (way, opening, lead, answer) = (fire.way, fire.opening, fire.lead, fire.answer);
    store.fired(id, fire.seq, &HowFired { way, browser: errand.browser, opening, lead, answer }).await?;
    store.ledger(id, fire.seq, &fire.marks).await?;
    fire.marks.clear();
    Ok(())
}
