//! A plain thirtyfour script: it logs in and fills in the form ahead of time, sleeps, and clicks.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use ::thirtyfour::prelude::*;
use anyhow::{Context, bail};
use firstserve::browser::Engine;
use firstserve::clock::{Clock, SystemClock};
use jiff::Timestamp;

use crate::contender::say;
use crate::job::Job;

/// How long the driver may take to listen, and how long the site may take to answer.
const LISTENS_LOOKS: usize = 100;
const PATIENCE: Duration = Duration::from_secs(20);

/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);

/// The site's answer to the form.
pub(crate) const NOTICE: &str = ".aviso.exito, .aviso.error";

pub(crate) async fn run(engine: Engine, told: &Receiver<String>) -> anyhow::Result<()> {
    let server = Server::start(engine).await?;
    let driver = WebDriver::new(&server.url, capabilities(engine)?).await?;
    let served = serve(&driver, told).await;
    driver.quit().await?;
    served
}

async fn serve(driver: &WebDriver, told: &Receiver<String>) -> anyhow::Result<()> {
    while let Ok(line) = told.recv() {
        let job: Job = serde_json::from_str(&line)?;
        let at = job.at()?;
        log_in(driver, &job).await?;
        driver.goto(format!("{}reservar", job.url)).await?;
        if job.shape == "reload" {
            say("staged");
            sleep_until(at).await;
            // A new date is only in a page that is loaded after the opening.
            driver.refresh().await?;
            fill(driver, &job).await?;
            driver.find(By::Id("reservar")).await?.click().await?;
        } else {
            fill(driver, &job).await?;
            let button = driver.find(By::Id("reservar")).await?;
            say("staged");
            sleep_until(at).await;
            button.click().await?;
        }
        driver.query(By::Css(NOTICE)).wait(PATIENCE, LOOK).first().await?;
        say("done");
    }
    Ok(())
}

async fn log_in(driver: &WebDriver, job: &Job) -> anyhow::Result<()> {
    driver.goto(format!("{}ingresar", job.url)).await?;
    driver.find(By::Id("usuario")).await?.send_keys(&job.user).await?;
    driver.find(By::Id("clave")).await?.send_keys(&job.password).await?;
    driver.find(By::Id("entrar")).await?.click().await?;
    driver.query(By::Id("socio")).wait(PATIENCE, LOOK).first().await?;
    Ok(())
}

async fn fill(driver: &WebDriver, job: &Job) -> anyhow::Result<()> {
    select(driver, "cancha", &job.court).await?;
    let date = driver.find(By::Id("fecha")).await?;
    if date.tag_name().await? == "select" {
        select(driver, "fecha", &job.date).await?;
    } else {
        let set = "arguments[0].value = arguments[1]";
        driver.execute(set, vec![date.to_json()?, job.date.as_str().into()]).await?;
    }
    select(driver, "horario", &job.start).await
}

async fn select(driver: &WebDriver, id: &str, value: &str) -> anyhow::Result<()> {
    let option = format!("#{id} option[value='{value}']");
    Ok(driver.find(By::Css(option)).await?.click().await?)
}

async fn sleep_until(at: Timestamp) {
    let left = at.duration_since(SystemClock.now());
    tokio::time::sleep(Duration::try_from(left).unwrap_or_default()).await;
}

fn capabilities(engine: Engine) -> anyhow::Result<Capabilities> {
    let browser = std::env::var("BROWSER").context("BROWSER is not set")?;
    Ok(match engine {
        Engine::Firefox => {
            let mut firefox = DesiredCapabilities::firefox();
            firefox.set_headless()?;
            firefox.set_firefox_binary(&browser)?;
            firefox.into()
        }
        Engine::Chromium => {
            let mut chromium = DesiredCapabilities::chrome();
            chromium.set_binary(&browser)?;
            for arg in ["--headless=new", "--disable-dev-shm-usage"] {
                chromium.add_arg(arg)?;
            }
            if rustix::process::getuid().is_root() {
                chromium.add_arg("--no-sandbox")?;
            }
            chromium.into()
        }
    })
}

/// The driver, as the script's user would have started it.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    async fn start(engine: Engine) -> anyhow::Result<Self> {
        let [port, other] = free_ports()?;
        let mut command = Command::new(std::env::var("DRIVER").context("DRIVER is not set")?);
        match engine {
            Engine::Firefox => {
                command.args(["--port", &port.to_string(), "--websocket-port", &other.to_string()]);
            }
            Engine::Chromium => {
                command.arg(format!("--port={port}"));
            }
        }
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().context("failed to start the driver")?;
        let server = Self { child, url: format!("http://127.0.0.1:{port}") };
        for _ in 0..LISTENS_LOOKS {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return Ok(server);
            }
            tokio::time::sleep(LOOK).await;
        }
        bail!("the driver does not listen")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Two at once, so that they differ.
fn free_ports() -> anyhow::Result<[u16; 2]> {
    let listener = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let (one, other) = (listener()?, listener()?);
    Ok([one.local_addr()?.port(), other.local_addr()?.port()])
}
