//! The process that the engine runs in, and the disk under its store: both can fail at any piece of work.

use jiff::Timestamp;

use crate::store::Verdict;

/// What is the matter with the process and its store.
#[derive(Debug, Default)]
pub(super) struct Process {
    dead: bool,
    /// Pieces of the store's work until it dies, and whether the last of them is still done.
    dies: Option<(u64, bool)>,
    /// Pieces of the store's work until one is done and said not to be.
    denies: Option<u64>,
    refuses_until: Option<Timestamp>,
    /// Who asks is not the process.
    apart: bool,
}

impl Process {
    /// Whether it is dead, and only waits to be swept away.
    pub(super) fn is_dead(&self) -> bool {
        self.dead
    }

    /// A new process, on the same disk.
    pub(super) fn start(&mut self) {
        self.dead = false;
        self.dies = None;
    }

    /// It will die at the store's work number `after`, counted from now on from 0, before it is done or when it is done.
    pub(super) fn dies_at_work(&mut self, after: u64, done: bool) {
        self.dies = Some((after, done));
    }

    /// The store will take piece of work number `after` and say that it did not.
    pub(super) fn denies_work(&mut self, after: u64) {
        self.denies = Some(after);
    }

    /// The store takes nothing until then.
    pub(super) fn refuses_until(&mut self, at: Timestamp) {
        self.refuses_until = Some(at);
    }

    /// From now on somebody else asks the store, or the process again.
    pub(super) fn stand_apart(&mut self, apart: bool) {
        self.apart = apart;
    }

    /// What becomes of the next piece of work.
    pub(super) fn ask(&mut self, now: Timestamp) -> Verdict {
        if self.apart {
            return Verdict::Go;
        }
        if self.dead {
            return Verdict::Die;
        }
        if let Some(done) = self.dies_now() {
            self.dead = true;
            return if done { Verdict::DieAfter } else { Verdict::Die };
        }
        if self.refuses_until.is_some_and(|until| now < until) {
            return Verdict::Refuse;
        }
        if counted_down(&mut self.denies) { Verdict::Deny } else { Verdict::Go }
    }

    fn dies_now(&mut self) -> Option<bool> {
        let (left, done) = self.dies?;
        self.dies = left.checked_sub(1).map(|left| (left, done));
        (left == 0).then_some(done)
    }
}

fn counted_down(left: &mut Option<u64>) -> bool {
    let was = *left;
    *left = was.and_then(|left| left.checked_sub(1));
    was == Some(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(process: &mut Process, times: usize) -> Vec<Verdict> {
        (0..times).map(|_| process.ask(Timestamp::UNIX_EPOCH)).collect()
    }

    #[test]
    fn it_dies_at_the_piece_of_work_that_was_named_and_stays_dead() {
        let mut process = Process::default();
        process.dies_at_work(1, true);
        assert_eq!(asked(&mut process, 3), [Verdict::Go, Verdict::DieAfter, Verdict::Die]);
        assert!(process.is_dead());
        process.start();
        assert_eq!(asked(&mut process, 2), [Verdict::Go, Verdict::Go]);
    }

    #[test]
    fn one_piece_is_denied_and_a_full_disk_refuses_until_its_time() {
        let mut process = Process::default();
        process.denies_work(1);
        assert_eq!(asked(&mut process, 3), [Verdict::Go, Verdict::Deny, Verdict::Go]);
        process.refuses_until(Timestamp::from_second(10).expect("in range"));
        assert_eq!(process.ask(Timestamp::from_second(9).expect("in range")), Verdict::Refuse);
        assert_eq!(process.ask(Timestamp::from_second(10).expect("in range")), Verdict::Go);
    }
}
