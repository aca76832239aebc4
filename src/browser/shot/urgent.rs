//! Coming before everything ordinary on the machine, where that is permitted.
//!
//! Permitted is it to root, with `CAP_SYS_NICE`, or below `RLIMIT_RTPRIO`. Without it a thread of ours waits its turn like any
//! other, which costs nothing on an idle machine and many milliseconds on a busy one.

use thread_priority::{
    RealtimeThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy,
    thread_native_id,
};

/// Puts the calling thread before all ordinary ones (`SCHED_FIFO`, its lowest priority) until it ends; false where that is
/// not permitted. Only for threads that start no others and that spin for a bounded time.
pub(super) fn hurry() -> bool {
    let fifo = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
    let hurried = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, fifo);
    if let Err(error) = &hurried {
        tracing::debug!(?error, "shots wait their turn like other threads");
    }
    hurried.is_ok()
}
