//! How often a browser sends one POST whose connection drops.
//!
//! A browser may send a request again by itself when the connection ends without an answer. Then one click is two bookings, and
//! no journal of ours can know. So each new local Firefox is asked, before it is used: it posts to a server of ours that reads
//! the request and hangs up.

use std::time::Duration;

use thirtyfour::WebDriver;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

/// How long one connection is read.
const READ: Duration = Duration::from_secs(2);

/// More would be a browser that never gives up.
const MOST: u32 = 16;

/// Posts, and tells whether there was an answer; the browser gives up for good before it says no.
const POST: &str = "const [url, done] = arguments;
    fetch(url, { method: 'POST', mode: 'no-cors', body: '1' }).then(() => done('answered'), () => done('refused'));";

/// How often one POST from the session's page reached a server that hangs up.
pub(super) async fn posts_after_a_drop(driver: &WebDriver) -> Result<u32, String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
    let url = format!("http://{}/", listener.local_addr().map_err(|error| error.to_string())?);
    let posting = driver.execute_async(POST, vec![url.into()]);
    tokio::pin!(posting);
    let mut posts = 0;
    loop {
        tokio::select! {
            said = &mut posting => {
                said.map_err(|error| error.to_string())?;
                return Ok(posts);
            }
            Ok((stream, _)) = listener.accept(), if posts < MOST => posts += u32::from(is_post(stream).await),
        }
    }
}

/// Reads one request and hangs up.
async fn is_post(mut stream: TcpStream) -> bool {
    let mut bytes = [0; 4096];
    let read = tokio::time::timeout(READ, stream.read(&mut bytes)).await;
    matches!(read, Ok(Ok(length)) if bytes[..length].starts_with(b"POST "))
}
