//! Which secrets are known, and for how long.
//!
//! A vault's are known for ever. What a site hands out at a log-in is known while a session holds it, and is one of the last
//! few that were let go of after that; so neither their number nor the time that a line takes grows with the sessions.
//! What is absent: searching.

use std::cmp::Reverse;
use std::sync::Arc;

use super::search::Search;

/// So many learnt secrets are known at most; each session learns one or two.
pub(super) const MOST: usize = 64;

/// So many that were let go of are still known: late lines may have them.
pub(super) const LINGERING: usize = 16;

/// A secret that is masked.
#[derive(Clone)]
pub(super) struct Hidden {
    pub(super) search: Arc<Search>,
    held: Held,
    /// Grows with each time that something is learnt or let go of.
    turn: u64,
}

/// Who needs a secret to be masked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    /// It is in the vault.
    Always,
    /// So many sessions.
    By(usize),
}

impl Held {
    /// One more session.
    pub(super) fn hold(&mut self) {
        if let Self::By(sessions) = self {
            *sessions += 1;
        }
    }
}

/// Adds a secret if it is not there, and changes who holds it. Gives the search that stands for it.
pub(super) fn add(all: &mut Vec<Hidden>, search: Arc<Search>, change: impl Fn(&mut Held)) -> Arc<Search> {
    let turn = next_turn(all);
    let at = all.iter().position(|hidden| hidden.search.is_same(&search)).unwrap_or_else(|| {
        // The longest first: one may contain a shorter one.
        let at = all.partition_point(|hidden| hidden.search.len() >= search.len());
        all.insert(at, Hidden { search, held: Held::By(0), turn });
        at
    });
    change(&mut all[at].held);
    all[at].turn = turn;
    let search = Arc::clone(&all[at].search);
    forget_the_oldest(all);
    search
}

/// One session less holds it.
pub(super) fn let_go(all: &mut Vec<Hidden>, search: &Arc<Search>) {
    let turn = next_turn(all);
    // One that was forgotten meanwhile and learnt anew is another.
    let Some(hidden) = all.iter_mut().find(|hidden| Arc::ptr_eq(&hidden.search, search)) else { return };
    if let Held::By(sessions) = &mut hidden.held {
        *sessions = sessions.saturating_sub(1);
        hidden.turn = turn;
    }
    forget_the_oldest(all);
}

fn next_turn(all: &[Hidden]) -> u64 {
    all.iter().map(|hidden| hidden.turn).max().unwrap_or(0) + 1
}

/// Of those that were let go of all but the last few; and where there are too many nevertheless, the oldest.
fn forget_the_oldest(all: &mut Vec<Hidden>) {
    keep_newest(all, LINGERING, |hidden| hidden.held == Held::By(0));
    keep_newest(all, MOST, |hidden| hidden.held != Held::Always);
}

fn keep_newest(all: &mut Vec<Hidden>, most: usize, is_one: impl Fn(&Hidden) -> bool) {
    let mut turns: Vec<u64> = all.iter().filter(|hidden| is_one(hidden)).map(|hidden| hidden.turn).collect();
    turns.sort_by_key(|turn| Reverse(*turn));
    if let Some(newest_of_the_old) = turns.get(most) {
        all.retain(|hidden| !is_one(hidden) || hidden.turn > *newest_of_the_old);
    }
}
