//! What the club is told when it starts.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::fault::Fault;
use super::span;

/// Where the club listens unless it is told: loopback only.
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8090);

/// The zone in which the club's day turns unless it is told.
const DEFAULT_TIME_ZONE: &str = "America/Costa_Rica";

/// What rivals and latency are drawn from unless it is told.
const DEFAULT_SEED: u64 = 1;

/// Starts the practice club.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Address to listen on
    #[arg(long, value_name = "ADDR", default_value_t = DEFAULT_LISTEN)]
    pub listen: SocketAddr,

    /// How far the club's clock is ahead of this machine's (7, -2.5, 250ms)
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = span::offset, allow_hyphen_values = true)]
    pub clock_offset: SignedDuration,

    /// Open the next date this long after the start instead of at the club's midnight (30s, 2m)
    #[arg(long, value_name = "TIME", value_parser = span::wait)]
    pub opens_in: Option<SignedDuration>,

    /// How late the club answers, drawn evenly (20..60ms, 40ms)
    #[arg(long, value_name = "FROM..TO", default_value = "0ms", value_parser = span::latency)]
    pub latency: Latency,

    /// How the club misbehaves; may be given several times
    #[arg(long = "fault", value_name = "NAME", value_parser = <Fault as std::str::FromStr>::from_str, long_help = faults_help())]
    pub faults: Vec<Fault>,

    /// Whether the form can be filled before the opening
    #[arg(long, value_enum, default_value_t)]
    pub shape: Shape,

    /// Simulated members who book popular slots right after the opening
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub rivals: u16,

    /// Zone in which the club's day turns
    #[arg(long, value_name = "ZONE", default_value = DEFAULT_TIME_ZONE, value_parser = zone)]
    pub time_zone: TimeZone,

    /// What rivals and latency are drawn from
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SEED)]
    pub seed: u64,

    /// Serve https; the certificate of its own practice authority is written to DIR/ca.pem
    #[arg(long, value_name = "DIR")]
    pub tls: Option<PathBuf>,

    /// Which versions of HTTP are spoken over TLS
    #[arg(long, value_enum, default_value_t, requires = "tls")]
    pub http: Versions,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: DEFAULT_LISTEN,
            clock_offset: SignedDuration::ZERO,
            opens_in: None,
            latency: Latency::default(),
            faults: Vec::new(),
            shape: Shape::default(),
            rivals: 0,
            time_zone: zone(DEFAULT_TIME_ZONE).expect("the zone is in the bundled data"),
            seed: DEFAULT_SEED,
            tls: None,
            http: Versions::default(),
        }
    }
}

/// How late the club answers: at least `from`, at most `to`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// The shortest time.
    pub from: SignedDuration,
    /// The longest time.
    pub to: SignedDuration,
}

/// Whether the booking form can be filled before the opening.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// The form takes any date, at any time.
    #[default]
    Submit,
    /// A new date is offered only by a page that was loaded after the opening.
    Reload,
}

impl Shape {
    /// The word on the command line and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Reload => "reload",
        }
    }
}

/// The versions of HTTP that the club speaks over TLS; without TLS it is always HTTP/1.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Versions {
    /// HTTP/2 with whoever wants it, otherwise HTTP/1.1: as most sites.
    #[default]
    Both,
    /// HTTP/1.1 only.
    #[value(name = "1.1")]
    One,
    /// HTTP/2 only.
    #[value(name = "2")]
    Two,
}

impl Versions {
    /// What is offered, preferred first.
    pub(super) fn alpn(self) -> &'static [&'static str] {
        match self {
            Self::Both => &["h2", "http/1.1"],
            Self::One => &["http/1.1"],
            Self::Two => &["h2"],
        }
    }
}

fn faults_help() -> String {
    let line = |fault: Fault| format!("\n  {:<20} {}", fault.as_str(), fault.sentence());
    format!("How the club misbehaves; may be given several times:{}", Fault::ALL.map(line).concat())
}

/// A zone that is not known.
#[derive(Debug, thiserror::Error)]
#[error("there is no time zone `{0}`; write its IANA name, such as America/Costa_Rica")]
struct UnknownZone(String);

fn zone(name: &str) -> Result<TimeZone, UnknownZone> {
    TimeZone::get(name).map_err(|_| UnknownZone(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Command {
        #[command(flatten)]
        options: Options,
    }

    fn parse(words: &str) -> Result<Options, String> {
        let words = std::iter::once("club").chain(words.split_whitespace());
        Command::try_parse_from(words).map(|command| command.options).map_err(|error| error.to_string())
    }

    #[test]
    fn defaults_by_hand_and_by_command_line_agree() {
        assert_eq!(format!("{:?}", parse("").expect("no option is needed")), format!("{:?}", Options::default()));
    }

    #[test]
    fn every_option_is_read() {
        let words = "--listen 127.0.0.1:0 --clock-offset -2.5 --opens-in 30s --latency 20..60ms --fault slow --fault taken \
                     --shape reload --rivals 12 --time-zone Europe/Paris --seed 7 --tls certificates --http 2";
        let options = parse(words).expect("all is well written");
        assert_eq!(options.clock_offset, SignedDuration::from_millis(-2_500));
        assert_eq!(options.opens_in, Some(SignedDuration::from_secs(30)));
        assert_eq!(options.faults, [Fault::Slow, Fault::Taken]);
        assert_eq!((options.shape, options.rivals, options.seed), (Shape::Reload, 12, 7));
        assert_eq!(options.time_zone.iana_name(), Some("Europe/Paris"));
        assert_eq!((options.tls, options.http), (Some("certificates".into()), Versions::Two));
    }

    #[test]
    fn the_help_tells_every_fault() {
        let help = Command::try_parse_from(["club", "--help"]).expect_err("help is not a run").to_string();
        for fault in Fault::ALL {
            assert!(help.contains(fault.as_str()), "{help}");
        }
    }

    #[test]
    fn a_mistake_is_told_with_its_cure() {
        for (words, cure) in [
            ("--fault late-openin", "did you mean `late-opening`?"),
            ("--opens-in 30", "such as 30s"),
            ("--latency 60..20ms", "the shorter time first"),
            ("--time-zone Costa_Rica", "America/Costa_Rica"),
            ("--http 2", "--tls <DIR>"),
        ] {
            let told = parse(words).expect_err("it is wrong");
            assert!(told.contains(cure), "{told}");
        }
    }
}
