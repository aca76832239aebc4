//! Saved pages of a site, served on loopback, so that its selectors can be tried without the site.
//!
//! `GET /a/b` is `a/b.html` or `a/b/index.html` (or the very file, for styles and scripts beside it); `POST /a/b` is
//! `a/b.post.html`: the page that followed. Addresses of the real site become the local ones, and a policy keeps the browser
//! from loading or sending anything elsewhere.

use std::future::Future;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use url::Url;

/// Nothing is loaded from elsewhere, and no form is sent there.
const POLICY: &str =
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; form-action 'self'; base-uri 'self'";

/// What the endings of files mean; everything else is a page.
const KINDS: [(&str, &str); 7] = [
    ("css", "text/css; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("woff2", "font/woff2"),
];

/// A folder of saved pages.
#[derive(Clone, Debug)]
pub struct Pages {
    folder: PathBuf,
    /// What the pages say, and what they are to say instead.
    renamed: Vec<(String, String)>,
}

impl Pages {
    /// The pages that were saved from `site`, to be served at `local`.
    pub fn new(folder: &Path, site: &Url, local: &Url) -> Self {
        let origin = |url: &Url| url.origin().ascii_serialization();
        let bare = |url: &Url| origin(url).replacen("http:", "", 1).replacen("https:", "", 1);
        let renamed = vec![(origin(site), origin(local)), (format!("\"{}", bare(site)), format!("\"{}", bare(local)))];
        Self { folder: folder.to_owned(), renamed }
    }

    /// Serves them until `stop` is over.
    ///
    /// # Errors
    /// The listener cannot be watched.
    pub async fn serve(
        self,
        listener: std::net::TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let router = Router::new().fallback(page).with_state(Arc::new(self));
        axum::serve(listener, router).with_graceful_shutdown(stop).await
    }

    /// The file that answers; none: there is no such page.
    fn file(&self, method: &Method, path: &str) -> Option<PathBuf> {
        let inside = PathBuf::from(path.trim_matches('/'));
        let is_plain =
            |part: Component<'_>| matches!(part, Component::Normal(name) if !name.as_encoded_bytes().starts_with(b"."));
        if !inside.components().all(is_plain) {
            return None;
        }
        let whole = self.folder.join(&inside);
        let with = |ending: &str| PathBuf::from(format!("{}{ending}", whole.display()));
        let candidates = match *method {
            Method::POST => vec![with(".post.html"), whole.join("index.post.html")],
            _ => vec![with(".html"), whole.join("index.html"), whole],
        };
        candidates.into_iter().find(|file| file.is_file())
    }

    fn rewritten(&self, page: &str) -> String {
        self.renamed.iter().fold(page.to_owned(), |page, (from, to)| page.replace(from, to))
    }
}

async fn page(State(pages): State<Arc<Pages>>, method: Method, uri: Uri) -> Response {
    let Some(file) = pages.file(&method, uri.path()) else {
        let told = format!("no saved page answers {method} {}\n", uri.path());
        return (StatusCode::NOT_FOUND, told).into_response();
    };
    let Ok(bytes) = tokio::fs::read(&file).await else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    if let Some((_, kind)) = KINDS.iter().find(|(known, _)| *known == ending) {
        return ([(header::CONTENT_TYPE, *kind)], bytes).into_response();
    }
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_SECURITY_POLICY, POLICY)];
    (headers, pages.rewritten(&String::from_utf8_lossy(&bytes))).into_response()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn pages(folder: &Path) -> Pages {
        let url = |text: &str| Url::parse(text).expect("an address");
        Pages::new(folder, &url("https://reservas.example.com/"), &url("http://127.0.0.1:8000/"))
    }

    #[test]
    fn a_request_finds_its_page_and_nothing_outside() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let root = folder.path().join("pages");
        fs::create_dir_all(root.join("club")).expect("it can be made");
        for name in ["index.html", "club/form.html", "club/form.post.html", "club/index.html", "club/site.css"] {
            fs::write(root.join(name), name).expect("it can be written");
        }
        fs::write(folder.path().join("secret.html"), "").expect("it can be written");
        let pages = pages(&root);
        let get = |path: &str| pages.file(&Method::GET, path).map(|file| file.strip_prefix(&root).unwrap().to_owned());
        assert_eq!(get("/"), Some("index.html".into()));
        assert_eq!(get("/club/form"), Some("club/form.html".into()));
        assert_eq!(get("/club/"), Some("club/index.html".into()));
        assert_eq!(get("/club/site.css"), Some("club/site.css".into()));
        assert_eq!(pages.file(&Method::POST, "/club/form"), Some(root.join("club/form.post.html")));
        assert_eq!(pages.file(&Method::POST, "/club/index"), None);
        assert_eq!((get("/../secret"), get("/club/../../secret"), get("/nowhere")), (None, None, None));
    }

    #[test]
    fn the_sites_addresses_become_local_ones() {
        let pages = pages(Path::new("."));
        let page = r#"<form action="https://reservas.example.com/x"><img src="//reservas.example.com/y"> https://other.example"#;
        let local = r#"<form action="http://127.0.0.1:8000/x"><img src="//127.0.0.1:8000/y"> https://other.example"#;
        assert_eq!(pages.rewritten(page), local);
    }
}
