//! The practice club as a process of its own, a member who logs in without a browser, and what its ledger says.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use firstserve::browser::{Jar, Trust};
use firstserve::clock::{Clock, SystemClock};
use jiff::Timestamp;
use regex::Regex;
use reqwest::redirect::Policy;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};
use url::Url;

/// The site's id of the court that is booked: the club's court 1.
pub(crate) const COURT: &str = "5";

/// How long any answer is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running club; it ends with this.
pub(crate) struct Club {
    child: Child,
    _stdin: Option<ChildStdin>,
    folder: PathBuf,
    pub(crate) url: Url,
    pub(crate) trust: Trust,
    client: reqwest::Client,
}

/// One opening of one date, and a member who has just logged in.
pub(crate) struct Opening {
    pub(crate) at: Timestamp,
    pub(crate) date: String,
    pub(crate) csrf: String,
    pub(crate) jar: Jar,
}

impl Club {
    /// `first`: before everything ordinary on the machine, so that a busy machine does not make its stamps late.
    pub(crate) fn start(tls: bool, first: bool) -> anyhow::Result<Self> {
        let folder = std::env::temp_dir().join(format!("firstserve-shot-{}-{tls}", std::process::id()));
        let own = env!("CARGO_BIN_EXE_firstserve");
        let mut command = if first { Command::new("chrt") } else { Command::new(own) };
        if first {
            command.args(["-f", "2", own]);
        }
        command.args(["club", "--listen", "127.0.0.1:0", "--ends-with-stdin"]);
        if tls {
            command.arg("--tls").arg(&folder);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("the club has no output")?).read_line(&mut line)?;
        let url = line.trim().strip_prefix("club ready at ").and_then(|rest| rest.split(' ').next());
        let url: Url = url.with_context(|| format!("the club says `{}`", line.trim()))?.parse()?;
        let mut client = reqwest::Client::builder().redirect(Policy::none()).timeout(PATIENCE).no_proxy();
        let trust = if tls {
            let pem = folder.join("ca.pem");
            client = client.tls_certs_only([reqwest::Certificate::from_pem(&std::fs::read(&pem)?)?]);
            Trust::Roots(vec![CertificateDer::from_pem_file(&pem)?])
        } else {
            Trust::Platform
        };
        Ok(Self { _stdin: child.stdin.take(), child, folder, url, trust, client: client.build()? })
    }

    /// Empties the club, opens its next date that far ahead, and logs a member in.
    pub(crate) async fn opens_in(&self, wait: Duration, shape: &str) -> anyhow::Result<Opening> {
        let told = self.reset(json!({ "opens_in_ms": wait.as_millis(), "shape": shape })).await?;
        let ns = told["opening_ns"].as_i64().context("the club opens nothing")?;
        let date = told["opening_dates"][COURT].as_str().context("the court has no date")?.to_owned();
        let (jar, csrf) = self.log_in().await?;
        Ok(Opening { at: Timestamp::from_nanosecond(i128::from(ns))?, date, csrf, jar })
    }

    async fn reset(&self, settings: Value) -> anyhow::Result<Value> {
        let url = self.url.join("_club/reset")?;
        let answer = self.client.post(url).header("content-type", "application/json").body(settings.to_string());
        Ok(serde_json::from_str(&answer.send().await?.text().await?)?)
    }

    async fn log_in(&self) -> anyhow::Result<(Jar, String)> {
        let mut jar = Jar::default();
        let page = self.visit(&mut jar, "ingresar", None).await?;
        let csrf = csrf(&page, "acceso")?;
        let fields = [("csrf", csrf.as_str()), ("usuario", "ana"), ("clave", "ana-raqueta")];
        self.visit(&mut jar, "ingresar", Some(&fields)).await?;
        let form = self.visit(&mut jar, "reservar", None).await?;
        let csrf = self::csrf(&form, "reserva")?;
        Ok((jar, csrf))
    }

    async fn visit(&self, jar: &mut Jar, path: &str, form: Option<&[(&str, &str)]>) -> anyhow::Result<String> {
        let url = self.url.join(path)?;
        let mut request = match form {
            None => self.client.get(url.clone()),
            Some(fields) => self.client.post(url.clone()).form(fields),
        };
        if let Some(cookies) = jar.header(&url, SystemClock.now()) {
            request = request.header("cookie", cookies.expose());
        }
        let answer = request.send().await?;
        let set = answer.headers().get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
        jar.update(&url, set, SystemClock.now());
        Ok(answer.text().await?)
    }

    /// When each submit was received, in milliseconds after the opening.
    pub(crate) async fn received(&self, opening: &Opening, count: usize) -> anyhow::Result<Vec<f64>> {
        let text = self.client.get(self.url.join("_club/ledger")?).send().await?.text().await?;
        let ledger: Value = serde_json::from_str(&text)?;
        let requests = ledger["requests"].as_array().context("no ledger")?;
        let submits = requests.iter().filter(|request| request["method"] == "POST" && request["path"] == "/reservar");
        let received: Vec<f64> = submits
            .filter_map(|request| request["received_ns"].as_i64())
            .map(|ns| millis(i128::from(ns) - opening.at.as_nanosecond()))
            .collect();
        ensure!(received.len() == count, "{} submits reached the club", received.len());
        let booked = ledger["bookings"].as_array().map_or(0, Vec::len);
        ensure!(booked == 1, "{booked} bookings were made: {ledger}");
        Ok(received)
    }
}

impl Drop for Club {
    fn drop(&mut self) {
        // It may have ended already, and the folder may never have been made.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Nanoseconds as milliseconds.
#[expect(clippy::cast_precision_loss, reason = "a lateness in nanoseconds is far below 2^52")]
pub(crate) fn millis(ns: i128) -> f64 {
    ns as f64 / 1e6
}

fn csrf(html: &str, form: &str) -> anyhow::Result<String> {
    let pattern = Regex::new(&format!(r#"(?s)<form id="{form}".*?name="csrf" value="([^"]+)""#))?;
    Ok(pattern.captures(html).with_context(|| format!("no form {form} in {html}"))?[1].to_owned())
}
