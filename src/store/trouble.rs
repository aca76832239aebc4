//! Why a database cannot be opened, in words that say where it is and what to do. Addresses are told without their password.

use std::io::{Error, ErrorKind};
use std::path::Path;

use url::Url;

use super::StoreErrorKind;

/// SQLite's own numbers of what can be wrong with a file, without what extends them.
const BUSY: u32 = 5;
const READ_ONLY: u32 = 8;
const IO: u32 = 10;
const DAMAGED: u32 = 11;
const FULL: u32 = 13;
const CANNOT_OPEN: u32 = 14;
const NOT_A_DATABASE: u32 = 26;

/// What a person can do about a file or folder that the system refuses.
pub(super) fn cure(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::AlreadyExists | ErrorKind::NotADirectory => {
            "a file is where a folder should be; move it away, or name another place with `data` and `database` under [server]"
        }
        ErrorKind::IsADirectory => {
            "a folder is where the database's file should be; name the file with `database` under [server]"
        }
        ErrorKind::PermissionDenied => {
            "the user that firstserve runs as may not write there; give the folder to that user, or name another place with \
             `data` and `database` under [server]"
        }
        ErrorKind::ReadOnlyFilesystem => {
            "it lies on a file system that is mounted for reading only; mount it for writing, or name another place with \
             `data` and `database` under [server]"
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "there is no room left; make some",
        ErrorKind::NotFound => "it cannot be made there; name another place with `data` and `database` under [server]",
        _ => "see that it can be read and written, or name another place with `data` and `database` under [server]",
    }
}

/// What SQLite says of a file.
pub(super) fn of_file(file: &Path, error: sqlx::Error) -> StoreErrorKind {
    let cure = match sqlite_code(&error) {
        Some(NOT_A_DATABASE) => {
            "move it away and put a backup in its place, or name the right file with `database` under [server]"
        }
        Some(DAMAGED) => "put a backup in its place, and look at the sites' own lists",
        Some(BUSY) => "another program has locked it; end that one",
        Some(FULL) => "there is no room left; make some",
        Some(READ_ONLY | CANNOT_OPEN) => "see that the user that firstserve runs as can write the file and its folder",
        _ => "see that it is a database of firstserve, and that it can be read and written",
    };
    StoreErrorKind::Unusable { place: file.display().to_string(), source: error, cure: cure.to_owned() }
}

/// Whether what is in a file is at fault.
pub(super) fn is_about_contents(error: &sqlx::Error) -> bool {
    matches!(sqlite_code(error), Some(NOT_A_DATABASE | DAMAGED))
}

/// Whether the file system is.
pub(super) fn is_about_files(error: &sqlx::Error) -> bool {
    matches!(sqlite_code(error), Some(READ_ONLY | FULL | CANNOT_OPEN | IO))
}

/// SQLite's number; that of a server is none of its numbers.
fn sqlite_code(error: &sqlx::Error) -> Option<u32> {
    let code = error.as_database_error()?.code()?;
    // A server's codes have five characters, also where they are digits.
    if code.len() == 5 { None } else { code.parse::<u32>().ok().map(|code| code & 0xff) }
}

/// What is said of a server.
pub(super) fn of_server(url: &Url, error: sqlx::Error) -> StoreErrorKind {
    let code = error.as_database_error().and_then(|error| error.code()).unwrap_or_default().into_owned();
    let cure = match (&error, code.as_str()) {
        (_, "28P01" | "28000") => {
            "set the right user in the address and the password in PGPASSWORD, or both in FIRSTSERVE_SERVER_DATABASE"
                .to_owned()
        }
        (_, "3D000") => {
            format!("make it with `createdb {}`, or name the right one", url.path().trim_start_matches('/'))
        }
        (_, "53300") => "the server has no connection left; let it have more, or lower `db-pool-size`".to_owned(),
        (sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut, _) => {
            "see that the server runs there, and that `database` under [server], FIRSTSERVE_SERVER_DATABASE or \
             DATABASE_URL has the right host and port"
                .to_owned()
        }
        _ => "see what the server's log says".to_owned(),
    };
    StoreErrorKind::Unusable { place: place_of(url), source: error, cure }
}

/// Where a server is, without who asks it.
pub(super) fn place_of(url: &Url) -> String {
    let port = url.port().unwrap_or(5432);
    format!("postgres://{}:{port}{}", url.host_str().unwrap_or("localhost"), url.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_refuses_has_a_cure() {
        let told = |number: i32| {
            let path = Path::new("/srv/data").to_owned();
            StoreErrorKind::File { path, source: Error::from_raw_os_error(number) }.to_string()
        };
        let (read_only, full) = (told(30), told(28));
        assert!(read_only.starts_with("/srv/data: Read-only file system"), "{read_only}");
        assert!(read_only.contains("mount it for writing"), "{read_only}");
        assert!(full.starts_with("/srv/data: No space left on device"), "{full}");
        assert!(full.contains("make some"), "{full}");
    }

    #[test]
    fn a_place_has_no_password() {
        let url: Url = "postgres://ana:canary-7@db.example.org/courts?password=canary-8".parse().expect("an address");
        assert_eq!(place_of(&url), "postgres://db.example.org:5432/courts");
        let refused = of_server(&url, sqlx::Error::PoolTimedOut).to_string();
        assert!(refused.starts_with(&place_of(&url)) && !refused.contains("canary"), "{refused}");
    }
}
