//! A club that firstserve has never heard of: in English, with a cart, and the final button two pages behind it.
//!
//! Nothing can be put into the cart before the opening. What reached it is kept, with the instant of its receipt.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{Form, Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use firstserve::clock::{Clock, SystemClock};
use jiff::Timestamp;

/// Who may log in.
pub(super) const EMAIL: &str = "mary@example.org";
pub(super) const PASSPHRASE: &str = "forty-love";

/// The slots of every day: code, court, time.
const SLOTS: [(&str, &str, &str); 3] =
    [("C-0900", "Centre Court", "09:00"), ("C-1700", "Centre Court", "17:00"), ("B-1700", "Back Court", "17:00")];

/// A slot on a day.
pub(super) type Wanted = (String, String);

/// What is where.
#[derive(Debug, Default)]
pub(super) struct Books {
    cart: Option<Wanted>,
    accepted: bool,
    /// What was ordered.
    pub(super) orders: Vec<Wanted>,
    /// Method, path and instant of receipt, of every request.
    pub(super) received: Vec<(String, String, Timestamp)>,
    /// The paths that were asked for behind the browser's window.
    pub(super) fetched: Vec<String>,
}

/// The running site.
#[derive(Clone)]
pub(super) struct CartSite {
    pub(super) opening: Timestamp,
    /// From the opening on, a day's page wants to see a person.
    asks_for_a_person: bool,
    /// The list's rows come by script, a moment after the page.
    lists_late: bool,
    books: Arc<Mutex<Books>>,
}

type Fields = Form<BTreeMap<String, String>>;

impl CartSite {
    /// Serves it until the test is over; its address ends in a slash.
    pub(super) async fn serve(opening: Timestamp) -> (Self, String) {
        Self { opening, asks_for_a_person: false, lists_late: false, books: Arc::default() }.serve_it().await
    }

    /// The same; from the opening on, the pages of days want to see a person.
    pub(super) async fn serve_with_captcha(opening: Timestamp) -> (Self, String) {
        Self { opening, asks_for_a_person: true, lists_late: false, books: Arc::default() }.serve_it().await
    }

    /// The same; somebody has ordered this already, and the list's rows come by script, a moment after the page.
    pub(super) async fn serve_with_late_list(opening: Timestamp, ordered: Wanted) -> (Self, String) {
        let books = Books { orders: vec![ordered], ..Books::default() };
        let books = Arc::new(Mutex::new(books));
        Self { opening, asks_for_a_person: false, lists_late: true, books }.serve_it().await
    }

    async fn serve_it(self) -> (Self, String) {
        let site = self;
        let router = Router::new()
            .route("/sign-in", get(sign_in).post(signed_in))
            .route("/day", get(day))
            .route("/cart", get(cart).post(put_into_cart))
            .route("/checkout", get(checkout).post(accept))
            .route("/review", get(review))
            .route("/orders", post(order))
            .route("/my-orders", get(my_orders))
            .layer(from_fn_with_state(site.clone(), notes))
            .with_state(site.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}/", listener.local_addr().expect("it is bound"));
        tokio::spawn(axum::serve(listener, router).into_future());
        (site, url)
    }

    pub(super) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_open(&self) -> bool {
        SystemClock.now() >= self.opening
    }
}

async fn notes(State(site): State<CartSite>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
    site.books().received.push((method, path.clone(), SystemClock.now()));
    if request.headers().get("sec-fetch-dest").is_some_and(|dest| dest == "empty") {
        site.books().fetched.push(path.clone());
    }
    let cookie = request.headers().get("cookie").and_then(|cookie| cookie.to_str().ok()).unwrap_or_default();
    if path != "/sign-in" && !cookie.contains("visitor=mary") {
        return Redirect::to("/sign-in").into_response();
    }
    next.run(request).await
}

async fn sign_in() -> Html<String> {
    page(
        "<h1>Sign in</h1><form method=post><label>E-mail <input name=email></label>\
          <label>Passphrase <input type=password name=passphrase></label><button>Sign in</button></form>",
    )
}

async fn signed_in(Form(fields): Fields) -> Response {
    if fields["email"] != EMAIL || fields["passphrase"] != PASSPHRASE {
        return page("<p role=alert>We do not know you.</p>").into_response();
    }
    let mut headers = HeaderMap::new();
    headers.insert("set-cookie", "visitor=mary; Path=/; HttpOnly".parse().expect("a header"));
    (headers, Redirect::to("/my-orders")).into_response()
}

async fn day(State(site): State<CartSite>, Query(asked): Query<BTreeMap<String, String>>) -> Html<String> {
    let on = &asked["on"];
    if site.asks_for_a_person && site.is_open() {
        return page(&format!("<h1>Courts on {on}</h1><div id=captcha>Are you a person?</div>"));
    }
    let can = if site.is_open() { "<button>Add to cart</button>" } else { "<em>not on sale yet</em>" };
    let slot = |(code, court, time): (&str, &str, &str)| {
        format!(
            "<article><h2>{court}, {time}</h2><form method=post action=/cart><input type=hidden name=slot value={code}>\
             <input type=hidden name=on value={on}>{can}</form></article>"
        )
    };
    page(&format!("<h1>Courts on {on}</h1>{}", SLOTS.map(slot).concat()))
}

async fn put_into_cart(State(site): State<CartSite>, Form(fields): Fields) -> Response {
    if !site.is_open() {
        return (StatusCode::CONFLICT, page("<p role=alert>Not on sale yet.</p>")).into_response();
    }
    let mut books = site.books();
    books.cart = Some((fields["on"].clone(), fields["slot"].clone()));
    books.accepted = false;
    Redirect::to("/cart").into_response()
}

async fn cart(State(site): State<CartSite>) -> Html<String> {
    match &site.books().cart {
        Some((on, slot)) => {
            page(&format!("<h1>Your cart</h1><p>{slot} on {on}</p><a href=/checkout>Go to checkout</a>"))
        }
        None => page("<h1>Your cart</h1><p>It is empty.</p>"),
    }
}

async fn checkout() -> Html<String> {
    page(
        "<h1>Checkout</h1><form method=post><label><input type=checkbox name=rules value=yes required> \
          I accept the house rules</label><button>Continue</button></form>",
    )
}

async fn accept(State(site): State<CartSite>, Form(fields): Fields) -> Response {
    site.books().accepted = fields.get("rules").is_some_and(|rules| rules == "yes");
    Redirect::to("/review").into_response()
}

async fn review() -> Html<String> {
    page("<h1>Review</h1><form method=post action=/orders><button>Place order</button></form>")
}

async fn order(State(site): State<CartSite>) -> Response {
    let mut books = site.books();
    let accepted = std::mem::take(&mut books.accepted);
    let Some(wanted) = books.cart.take().filter(|_| accepted) else {
        return page("<p role=alert>Your cart is empty.</p>").into_response();
    };
    if books.orders.contains(&wanted) {
        return page("<p role=alert>Somebody was faster.</p>").into_response();
    }
    books.orders.push(wanted);
    let number = books.orders.len();
    page(&format!("<h1>Thank you</h1><p>Your order number is {number}.</p>")).into_response()
}

async fn my_orders(State(site): State<CartSite>) -> Html<String> {
    let line = |(number, (on, slot)): (usize, &Wanted)| {
        let (_, court, time) = SLOTS.into_iter().find(|(code, ..)| code == slot).unwrap_or_default();
        format!("<li><b>{number}</b> <i>{court}</i> on <time datetime=\"{on}T{time}\">{time}</time></li>")
    };
    let lines: String = site.books().orders.iter().enumerate().map(line).collect();
    if site.lists_late {
        return page(&format!(
            "<h1>My orders</h1><p>Hello, Mary</p><ol></ol><p id=total>some orders in all</p><script>setTimeout(() => {{ \
             document.querySelector('ol').innerHTML = `{lines}`; }}, 300)</script>"
        ));
    }
    let count = site.books().orders.len();
    page(&format!("<h1>My orders</h1><p>Hello, Mary</p><ol>{lines}</ol><p id=total>{count} orders in all</p>"))
}

fn page(body: &str) -> Html<String> {
    Html(format!("<!doctype html><html lang=en><title>Riverside Racquets</title><main>{body}</main></html>"))
}
