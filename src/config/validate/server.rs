//! `[server]`.

use std::path::PathBuf;

use crate::config::raw::{At, Origin, Section, password_in_address};
use crate::config::valid::Server;
use crate::model::Secret;

use super::{Paths, Problems, address};

/// What a database address may begin with.
const DATABASE_HELP: &str = "write \"sqlite://data/firstserve.db\" or \"postgres://user@host/name\"";

/// Checks the table.
pub(super) fn server(section: &Section, paths: &Paths, problems: &mut Problems) -> Option<Server> {
    let listen = section.get::<String>("listen").and_then(|at| checked("listen", &at, address::listen, problems));
    let database = section.get::<String>("database").and_then(|at| database(&at, paths, problems));
    let origins = section.value::<Vec<At<String>>>("cors-origins").unwrap_or_default();
    let origins: Vec<_> =
        origins.iter().filter_map(|at| checked("cors-origins", at, address::origin, problems)).collect();
    Some(Server {
        listen: listen?,
        database: database?,
        data: super::path(section, "data", paths)?,
        db_pool_size: section.value("db-pool-size")?,
        cors_origins: origins,
        jwt_expire_minutes: section.value("jwt-expire-minutes")?,
    })
}

/// The database alone.
pub(super) fn database_of(section: &Section, paths: &Paths) -> Option<Secret> {
    section.get::<String>("database").and_then(|at| database(&at, paths, &mut Problems::new()))
}

/// Applies a check to a value, or says what is wrong with it.
pub(super) fn checked(
    key: &str,
    at: &At<String>,
    check: impl Fn(&str) -> Result<String, address::Wrong>,
    problems: &mut Problems,
) -> Option<String> {
    match check(&at.value) {
        Ok(value) => Some(value),
        Err((message, help)) => {
            problems.push(at.error("wrong-address", format!("`{key}` {message}")).help(help));
            None
        }
    }
}

fn database(at: &At<String>, paths: &Paths, problems: &mut Problems) -> Option<Secret> {
    let Some((scheme, rest)) = at.value.split_once(':') else {
        problems.push(at.error("wrong-address", "`database` is not the address of a database").help(DATABASE_HELP));
        return None;
    };
    match scheme {
        "sqlite" => sqlite(at, rest, paths, problems),
        "postgres" | "postgresql" => postgres(at, problems),
        _ => {
            let message = format!("`database` cannot be `{scheme}`");
            problems.push(at.error("wrong-address", message).help(DATABASE_HELP));
            None
        }
    }
}

fn sqlite(at: &At<String>, rest: &str, paths: &Paths, problems: &mut Problems) -> Option<Secret> {
    if rest == ":memory:" {
        return Some(Secret::new("sqlite::memory:"));
    }
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let (file, query) = rest.split_once('?').unwrap_or((rest, ""));
    if file.is_empty() || file.ends_with('/') {
        problems.push(at.error("wrong-address", "`database` names no file").help(DATABASE_HELP));
        return None;
    }
    let file = as_address(paths.resolve(file));
    Some(Secret::new(if query.is_empty() { format!("sqlite://{file}") } else { format!("sqlite://{file}?{query}") }))
}

fn postgres(at: &At<String>, problems: &mut Problems) -> Option<Secret> {
    if url::Url::parse(&at.value).is_err() {
        problems.push(at.error("wrong-address", "`database` is not the address of a database").help(DATABASE_HELP));
        return None;
    }
    if matches!(at.origin, Origin::File(_)) && password_in_address(&at.value).is_some() {
        let help = "leave it out here, and set FIRSTSERVE_SERVER_DATABASE to the whole address, or PGPASSWORD";
        problems.push(
            at.error("secret-in-file", "`database` holds a password, and secrets do not belong into this file")
                .help(help),
        );
        return None;
    }
    Some(Secret::new(at.value.clone()))
}

/// A path as part of an address: what would begin a query is escaped.
fn as_address(path: PathBuf) -> String {
    path.to_string_lossy().replace('%', "%25").replace('?', "%3F").replace('#', "%23")
}
