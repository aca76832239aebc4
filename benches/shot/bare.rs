//! The bare control, and what each way to be punctual buys: one thread, one socket, one write, and nothing else of ours.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, bail};
use firstserve::clock::{Clock, SystemClock};
use jiff::Timestamp;
use rustix::thread::{CpuSet, sched_setaffinity};
use thread_priority::{
    RealtimeThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy,
    thread_native_id,
};
use url::Url;

use crate::club::millis;

/// How a thread is made punctual.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct How {
    pub(crate) pinned: bool,
    pub(crate) first: bool,
    /// How long before the instant it stops sleeping.
    pub(crate) spin: Duration,
}

/// When the request was written and when the club received it, in milliseconds after the instant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shot {
    pub(crate) written: f64,
    pub(crate) received: f64,
}

/// One harmless request at `at` on a connection that was used before.
pub(crate) fn fire(club: &Url, at: Timestamp, how: How) -> anyhow::Result<Shot> {
    let (club, fired) = (club.clone(), move |club: Url| shoot(&club, at, how));
    std::thread::spawn(move || fired(club)).join().map_err(|_| anyhow::anyhow!("the thread panicked"))?
}

fn shoot(club: &Url, at: Timestamp, how: How) -> anyhow::Result<Shot> {
    let mut stream = TcpStream::connect(club.authority())?;
    stream.set_nodelay(true)?;
    let request = format!("GET /_club/echo HTTP/1.1\r\nHost: {}\r\n\r\n", club.authority());
    echo(&mut stream, &request)?;
    prepare(how)?;
    let nap = at.duration_since(SystemClock.now()).unsigned_abs().saturating_sub(how.spin);
    std::thread::sleep(nap);
    while SystemClock.now() < at {
        std::hint::spin_loop();
    }
    stream.write_all(request.as_bytes())?;
    let written = SystemClock.now();
    let received = answer(&mut stream)?;
    let after = |instant: Timestamp| millis(instant.as_nanosecond() - at.as_nanosecond());
    Ok(Shot { written: after(written), received: after(received) })
}

fn prepare(how: How) -> anyhow::Result<()> {
    if how.pinned {
        let mut cores = CpuSet::new();
        cores.set(std::thread::available_parallelism().map_or(1, usize::from) - 1);
        sched_setaffinity(None, &cores)?;
    }
    if how.first {
        let fifo = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
        let set = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, fifo);
        set.map_err(|error| anyhow::anyhow!("SCHED_FIFO is not permitted here: {error:?}"))?;
    }
    Ok(())
}

fn echo(stream: &mut TcpStream, request: &str) -> anyhow::Result<Timestamp> {
    stream.write_all(request.as_bytes())?;
    answer(stream)
}

fn answer(stream: &mut TcpStream) -> anyhow::Result<Timestamp> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    while !bytes.ends_with(b"}") {
        match stream.read(&mut buffer)? {
            0 => bail!("the club hung up"),
            read => bytes.extend_from_slice(&buffer[..read]),
        }
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (_, body) = text.split_once("\r\n\r\n").context("no body")?;
    let ns = serde_json::from_str::<serde_json::Value>(body)?["received_ns"].as_i64().context("no instant")?;
    Ok(Timestamp::from_nanosecond(i128::from(ns))?)
}
