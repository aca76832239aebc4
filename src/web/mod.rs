//! What the daemon serves: whether it is alive; and saved pages, for a replay.
//!
//! What is absent: the dashboard and the API.

mod door;
mod health;
mod pages;

use std::future::Future;

use axum::Router;
use axum::routing::get;

pub use health::Health;
pub use pages::Pages;

/// Serves on a listener until `stop` is over.
///
/// # Errors
/// The listener cannot be watched.
pub async fn serve(
    listener: std::net::TcpListener,
    health: Health,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let router = Router::new().route("/livez", get(health::livez)).with_state(health);
    door::serve(listener, router, stop).await;
    Ok(())
}
