//! How often a browser sends one POST whose connection drops.
//!
//! A browser may send a request again by itself when a connection that it has used before ends without an answer. Then one
//! click is two bookings, and no journal of ours can know. So each new local Firefox is asked, before it is used: it posts to a
//! server of ours that reads the request and hangs up.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use thirtyfour::WebDriver;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// How long a connection may rest.
const READ: Duration = Duration::from_secs(2);

/// Gets, so that the connection has been used, posts on it, and tells whether there was an answer; the browser gives up for
/// good before it says no.
const POST: &str = "const [url, done] = arguments;
    const send = method => fetch(url, { method, mode: 'no-cors', cache: 'no-store' });
    send('GET').then(() => send('POST')).then(() => done('answered'), () => done('refused'));";

/// What keeps a connection open.
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// How often one POST from the session's page reached a server that hangs up.
pub(super) async fn posts_after_a_drop(driver: &WebDriver) -> Result<u32, String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
    let url = format!("http://{}/", listener.local_addr().map_err(|error| error.to_string())?);
    let posts = Arc::new(AtomicU32::new(0));
    let mut connections = JoinSet::new();
    let posting = driver.execute_async(POST, vec![url.into()]);
    tokio::pin!(posting);
    loop {
        tokio::select! {
            said = &mut posting => {
                said.map_err(|error| error.to_string())?;
                return Ok(posts.load(Ordering::SeqCst));
            }
            Ok((stream, _)) = listener.accept() => {
                connections.spawn(serve(stream, posts.clone()));
            }
        }
    }
}

/// Answers until there is a POST, and then hangs up.
async fn serve(mut stream: TcpStream, posts: Arc<AtomicU32>) -> io::Result<()> {
    let mut bytes = [0; 4096];
    loop {
        let length = tokio::time::timeout(READ, stream.read(&mut bytes)).await??;
        if length == 0 {
            return Ok(());
        }
        if bytes[..length].starts_with(b"POST ") {
            posts.fetch_add(1, Ordering::SeqCst);
            return Ok(());
        }
        stream.write_all(ANSWER).await?;
    }
}
