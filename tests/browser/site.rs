//! A small site on loopback: serves `fixtures/pages`, echoes forms, and stamps every request as early as it can.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use firstserve::clock::{Clock, SystemClock};

use crate::chain::case::{Answer, Routes};

/// No page of it has files, so it is the icon that a waiting page asks for.
pub(crate) const ICON: &str = "/favicon.ico";

/// A request that reached the site.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// When its first byte was read, in milliseconds of the Unix epoch.
    pub(crate) at_ms: f64,
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: String,
    pub(crate) body: String,
}

/// The site; it serves until the process ends.
#[derive(Clone)]
pub(crate) struct Site {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    /// What the case of a chain answers, before all else.
    routes: Arc<Mutex<Routes>>,
}

impl Site {
    pub(crate) fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("it is bound");
        let site = Self { address, seen: Arc::default(), routes: Arc::default() };
        let shared = site.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let site = shared.clone();
                std::thread::spawn(move || site.serve(stream));
            }
        });
        site
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn page(&self, name: &str) -> String {
        self.url(&format!("/pages/{name}"))
    }

    /// Forgets what was seen, and what a case answers.
    pub(crate) fn clear(&self) {
        self.seen.lock().expect("no holder panics").clear();
        self.answers(Routes::new());
    }

    /// What is answered from now on, before all else.
    pub(crate) fn answers(&self, routes: Routes) {
        *self.routes.lock().expect("no holder panics") = routes;
    }

    /// Everything that reached it, as `METHOD ADDRESS BODY`, but for the icon, at which a waiting page knocks.
    pub(crate) fn requests_since(&self, at_ms: f64) -> Vec<String> {
        let seen = self.seen.lock().expect("no holder panics");
        let since = seen.iter().filter(|each| each.target != ICON && each.at_ms >= at_ms);
        since.map(|each| format!("{} {} {}", each.method, each.target, each.body).trim_end().to_owned()).collect()
    }

    /// The case's answer to this; the last one of an address is for ever. `{other}` is this site by another name.
    fn told(&self, seen: &Seen) -> Option<Answer> {
        let mut routes = self.routes.lock().expect("no holder panics");
        let answers = routes.get_mut(&format!("{} {}", seen.method, seen.target))?;
        let mut answer = if answers.len() > 1 { answers.remove(0) } else { answers.first()?.clone() };
        answer.body = answer.body.replace("{other}", &format!("http://localhost:{}", self.address.port()));
        Some(answer)
    }

    /// The requests of that method whose target starts so.
    pub(crate) fn seen(&self, method: &str, start: &str) -> Vec<Seen> {
        let seen = self.seen.lock().expect("no holder panics");
        seen.iter().filter(|each| each.method == method && each.target.starts_with(start)).cloned().collect()
    }

    fn serve(&self, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let _ = stream.set_read_timeout(Some(Duration::from_secs(120)));
        let Ok(mut writer) = stream.try_clone() else { return };
        let mut reader = BufReader::new(stream);
        while let Some(seen) = read_request(&mut reader) {
            let told = self.told(&seen);
            let answer = match (&told, seen.method.as_str()) {
                (_, "HEAD") => Some(reply(200, "text/html", "", "")),
                (Some(told), _) => Some(told_reply(told)),
                (None, _) => answer(&seen),
            };
            self.seen.lock().expect("no holder panics").push(seen);
            let Some(answer) = answer else {
                std::thread::sleep(Duration::from_secs(100));
                return;
            };
            std::thread::sleep(Duration::from_millis(told.map_or(0, |told| told.delay)));
            if writer.write_all(&answer).is_err() {
                return;
            }
        }
    }
}

fn read_request(reader: &mut BufReader<TcpStream>) -> Option<Seen> {
    reader.fill_buf().ok().filter(|bytes| !bytes.is_empty())?;
    let at = SystemClock.now();
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = String::new();
    while reader.read_line(&mut headers).ok()? > 2 {}
    let length = header(&headers, "content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let at_ms = at.as_nanosecond() as f64 / 1e6;
    Some(Seen { at_ms, method, target, headers, body: String::from_utf8_lossy(&body).into_owned() })
}

fn header(headers: &str, name: &str) -> Option<String> {
    headers.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

/// The answer; none: it never comes.
fn answer(seen: &Seen) -> Option<Vec<u8>> {
    let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
    let html = "text/html; charset=utf-8";
    let cookie = header(&seen.headers, "cookie").unwrap_or_default();
    Some(match path {
        "/echo" => reply(200, html, "", &echo(seen, query)),
        "/book" if query.contains("taken") => {
            reply(200, html, "", &page("<p class=aviso>La cancha ya está reservada</p>"))
        }
        "/book" => reply(303, html, "Location: /booked\r\n", ""),
        "/booked" => reply(200, html, "", &page("<p class=exito>Reserva confirmada: R-000123</p>")),
        "/slow" => {
            std::thread::sleep(Duration::from_millis(query.parse().unwrap_or(500)));
            reply(200, html, "", &page("<p class=exito>Slow but here</p>"))
        }
        "/never" => return None,
        "/empty-500" => reply(500, html, "", ""),
        "/status-409" => reply(409, html, "", &page("<p class=aviso>Conflict</p>")),
        "/login" => reply(303, html, "Set-Cookie: member=ana; Path=/\r\nLocation: /private\r\n", ""),
        "/logout" => reply(200, html, "Set-Cookie: member=; Path=/; Max-Age=0\r\n", &page("out")),
        "/private" if cookie.contains("member=ana") => reply(200, html, "", &page("<b id=socio>ana</b>")),
        "/private" => reply(303, html, "Location: /pages/verbs/go.html\r\n", ""),
        "/json/bookings" => reply(200, "application/json", "", BOOKINGS),
        "/json/echo" => reply(200, "application/json", "", &json_echo(seen, &cookie)),
        "/json/taken" => reply(409, "application/json", "", r#"{"error":"taken"}"#),
        _ => file(path),
    })
}

fn told_reply(told: &Answer) -> Vec<u8> {
    let location = told.location.as_ref().map(|to| format!("Location: {to}\r\n")).unwrap_or_default();
    reply(told.status, &told.kind, &location, &told.body)
}

const BOOKINGS: &str = r#"{"bookings":[{"reference":"R-1","date":"2027-07-18","court":5},{"reference":"R-2","date":"2027-07-19","court":7}],"a/b":{"m~n":true},"none":null}"#;

fn page(body: &str) -> String {
    format!("<!doctype html><meta charset=\"utf-8\"><title>answer</title>{body}")
}

fn echo(seen: &Seen, query: &str) -> String {
    let fields = if seen.method == "GET" { query } else { &seen.body };
    let items = url::form_urlencoded::parse(fields.as_bytes()).map(|(name, value)| format!("<li>{name}={value}</li>"));
    page(&format!("<h1>Echo</h1><ul>{}</ul>", items.collect::<String>()))
}

fn json_echo(seen: &Seen, cookie: &str) -> String {
    let headers = ["content-type", "x-club"].map(|name| header(&seen.headers, name).unwrap_or_default());
    serde_json::json!({
        "method": seen.method, "body": seen.body, "cookie": cookie, "type": headers[0], "club": headers[1],
        "deep": { "list": ["a", { "token": "T-77" }] },
    })
    .to_string()
}

fn file(path: &str) -> Vec<u8> {
    let inside = path.strip_prefix("/pages/").filter(|rest| !rest.contains(".."));
    match inside.and_then(|rest| std::fs::read_to_string(format!("fixtures/pages/{rest}")).ok()) {
        Some(text) => reply(200, "text/html; charset=utf-8", "", &text),
        None => reply(404, "text/html; charset=utf-8", "", &page("not here")),
    }
}

fn reply(status: u16, kind: &str, more: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status} x\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n{more}\r\n{body}",
        body.len()
    )
    .into_bytes()
}
