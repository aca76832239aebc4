//! `firstserve clock URL`: how far a site's clock is from this machine's.

use std::fmt::Write;
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::{Value, json};
use url::Url;

use super::setting::Setting;
use super::{Exit, Failure};
use crate::browser::Trust;
use crate::clock::{Health, SystemClock, health};
use crate::model::ClockRule;
use crate::probe::{A_RUN, Limits, Probe, Reading, measure, words};
use crate::timing::{Aim, Offset};

/// What `clock` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// An address of the site that is harmless to ask, its home page say; or a site's name of the configuration
    url: String,

    /// Questions, at most: more of them narrow the answer down where the way to the site takes now longer, now shorter
    #[arg(long, value_name = "N", default_value_t = A_RUN, value_parser = clap::value_parser!(u32).range(1..=40))]
    requests: u32,
}

fn address(text: &str) -> Result<Url, String> {
    let has_scheme = text.contains("://");
    let scheme = if is_near(text) { "http" } else { "https" };
    let url = if has_scheme { Url::parse(text) } else { Url::parse(&format!("{scheme}://{text}")) };
    match url {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        _ => Err("write an address such as https://reservas.example.com/".to_owned()),
    }
}

/// Whether a host without a scheme is this machine or one of the house, where nobody has a certificate.
fn is_near(text: &str) -> bool {
    let Ok(url) = Url::parse(&format!("http://{text}")) else { return false };
    match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback() || ip.is_private(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// What was named: a site of the configuration, where it has one of that name, or an address.
fn wanted(text: &str, setting: &Setting) -> Result<Url, Failure> {
    let named = || {
        let config = setting.load().config?;
        Some(config.sites.iter().find(|site| site.id.as_str() == text)?.url.clone())
    };
    let is_name = !text.contains(['/', ':', '.']);
    let text = is_name.then(named).flatten().unwrap_or_else(|| text.to_owned());
    address(&text).map_err(|error| Failure::new(Exit::Usage, error))
}

/// What a person can do about a site that does not answer.
fn cure(url: &Url, error: &str) -> &'static str {
    match () {
        () if error.contains("refused") => {
            "; nothing listens there: see that the site runs, and that host and port are right"
        }
        () if url.scheme() == "https" && url.port().is_some() => "; if it speaks no TLS, write http://…",
        () => "",
    }
}

/// Asks, and prints what was found out.
///
/// # Errors
/// The site does not answer, or its answers do not tell a time.
pub(super) fn run(args: &Args, setting: &Setting, as_json: bool) -> anyhow::Result<ExitCode> {
    let url = wanted(&args.url, setting)?;
    let probe = Arc::new(tokio::sync::Mutex::new(Probe::new(url.clone(), Trust::default())));
    let limits = Limits { requests: args.requests, quiet: None };
    let reading =
        super::runtime()?.block_on(async { measure(probe.lock_owned().await, Arc::new(SystemClock), limits).await });
    let reading = reading.map_err(|error| {
        let error = error.to_string();
        Failure::new(Exit::Unavailable, format!("failed to {error}{}", cure(&url, &error)))
    })?;
    let health = health();
    if as_json {
        warnings(&reading, health.as_ref()).iter().for_each(|warning| super::say(&format!("firstserve: {warning}")));
        super::answer(&json(&reading));
    } else {
        super::print(&text(&url, &reading, health.as_ref()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn json(reading: &Reading) -> Value {
    let ms = |time: jiff::SignedDuration| time.as_secs_f64() * 1_000.0;
    json!({
        "offset_ms": ms(reading.offset.estimate()),
        "bound_ms": ms(reading.offset.bound()),
        "requests": reading.requests,
        "rtt_ms": ms(reading.round_trip),
    })
}

fn warnings(reading: &Reading, health: Option<&Health>) -> Vec<String> {
    let mut warnings = words::warnings(&reading.offset, &reading.servers);
    warnings.extend(health.and_then(Health::warning));
    warnings
}

fn text(url: &Url, reading: &Reading, health: Option<&Health>) -> String {
    let mut text = String::new();
    write_text(&mut text, url, reading, health).expect("writing to a String cannot fail");
    text
}

fn write_text(out: &mut String, url: &Url, reading: &Reading, health: Option<&Health>) -> std::fmt::Result {
    let offset = &reading.offset;
    writeln!(out, "{url}: {}", words::sentence(offset))?;
    writeln!(
        out,
        "  proven      {} to {} ms, whatever the delays were",
        words::signed(offset.low()),
        words::signed(offset.high())
    )?;
    writeln!(
        out,
        "  asked       {} times, {} from question to answer",
        reading.requests,
        words::length(reading.round_trip)
    )?;
    let servers = reading.servers.first().filter(|server| !server.is_empty());
    servers.map_or(Ok(()), |server| writeln!(out, "  answers     {server}"))?;
    let kept = health.map_or_else(|| "the kernel does not say".to_owned(), ToString::to_string);
    writeln!(out, "  this clock  {kept}")?;
    writeln!(out, "  an opening  is taken by {}", whose(offset))?;
    warnings(reading, health).iter().try_for_each(|warning| writeln!(out, "  ! {warning}"))
}

/// Whose clock an opening is taken by, and why.
fn whose(offset: &Offset) -> &'static str {
    let may_agree = !offset.excludes_zero();
    match (Aim::choose(ClockRule::default(), Some(*offset)).offset(), may_agree) {
        (Some(_), _) => "the site's clock: the two certainly differ",
        (None, true) => "this machine's clock: the two may agree",
        (None, false) => "this machine's clock: the two are too far apart to believe the site's",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_leave_its_scheme_out() {
        assert_eq!(
            address("reservas.example.com").map(|url| url.to_string()),
            Ok("https://reservas.example.com/".into())
        );
        assert!(address("http://127.0.0.1:8090/").is_ok());
        for near in ["127.0.0.1:8090", "localhost:8090", "192.168.1.9", "[::1]:8090"] {
            let url = address(near).expect("an address");
            assert_eq!(url.scheme(), "http", "{near}");
        }
        assert_eq!(address("8.8.8.8:8090").expect("an address").scheme(), "https", "the control");
        assert!(address("ftp://example.com/").is_err());
        assert!(address("").is_err());
    }
}
