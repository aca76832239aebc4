//! The schema and its versions. Applied migrations are never edited; both databases have the same names.

use std::borrow::Cow;

use sqlx::migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AnyPool, SqlSafeStr};

use super::connect::Backend;
use super::error::Doing;
use super::{StoreError, StoreErrorKind};

/// Version, name, and the text for either database.
const MIGRATIONS: [(i64, &str, &str, &str); 4] = [
    (
        1,
        "attempts",
        include_str!("../../migrations/sqlite/0001_attempts.sql"),
        include_str!("../../migrations/postgres/0001_attempts.sql"),
    ),
    (
        2,
        "planned_at",
        include_str!("../../migrations/sqlite/0002_planned_at.sql"),
        include_str!("../../migrations/postgres/0002_planned_at.sql"),
    ),
    (
        3,
        "ledger",
        include_str!("../../migrations/sqlite/0003_ledger.sql"),
        include_str!("../../migrations/postgres/0003_ledger.sql"),
    ),
    (
        4,
        "announced",
        include_str!("../../migrations/sqlite/0004_announced.sql"),
        include_str!("../../migrations/postgres/0004_announced.sql"),
    ),
];

/// sqlx's own table of what was applied.
const TABLE: &str = "_sqlx_migrations";

/// Brings the schema up to date, each migration in a transaction of its own; refuses a newer one. What is returned are
/// connections that know it: one that was open before prepares its statements for the old columns.
pub(super) async fn migrate(pool: AnyPool, backend: Backend, place: &str) -> Result<AnyPool, StoreError> {
    const DOING: &str = "bring the database up to date";
    let found = version(&pool).await.doing(DOING)?;
    refuse_newer(found, place).doing(DOING)?;
    if found == known() {
        return Ok(pool);
    }
    match migrator(backend).run(&pool).await {
        // Another process was faster with a newer program.
        Err(MigrateError::VersionMissing(found)) => refuse_newer(found, place).doing(DOING)?,
        other => other.doing(DOING)?,
    }
    let (options, address) = (pool.options().clone(), (*pool.connect_options()).clone());
    pool.close().await;
    options.connect_with(address).await.doing(DOING)
}

/// Gives an empty database its schema, on the connection that there is.
pub(super) async fn fill(pool: &AnyPool, backend: Backend) -> Result<(), StoreError> {
    migrator(backend).run(pool).await.doing("bring the database up to date")
}

/// Refuses any schema but this program's own.
pub(super) async fn same(pool: &AnyPool, place: &str) -> Result<(), StoreError> {
    const DOING: &str = "read the database";
    let found = version(pool).await.doing(DOING)?;
    refuse_newer(found, place).doing(DOING)?;
    if found < known() {
        return Err(StoreErrorKind::OlderSchema { place: place.to_owned(), found, known: known() }).doing(DOING);
    }
    Ok(())
}

fn refuse_newer(found: i64, place: &str) -> Result<(), StoreErrorKind> {
    if found > known() {
        Err(StoreErrorKind::NewerSchema { place: place.to_owned(), found, known: known() })
    } else {
        Ok(())
    }
}

fn known() -> i64 {
    MIGRATIONS.iter().map(|(version, ..)| *version).max().unwrap_or(0)
}

/// The newest version that was applied; 0 for an empty database.
async fn version(pool: &AnyPool) -> Result<i64, StoreErrorKind> {
    let mut connection = pool.acquire().await?;
    match connection.list_applied_migrations(TABLE).await {
        Ok(applied) => Ok(applied.iter().map(|one| one.version).max().unwrap_or(0)),
        // The table is not there before the first migration.
        Err(MigrateError::Execute(sqlx::Error::Database(_))) => Ok(0),
        Err(other) => Err(other.into()),
    }
}

fn migrator(backend: Backend) -> Migrator {
    let one = |(version, name, sqlite, postgres): (i64, &'static str, &'static str, &'static str)| {
        let sql = match backend {
            Backend::Sqlite => sqlite,
            Backend::Postgres => postgres,
        };
        Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(MIGRATIONS.into_iter().map(one).collect())
}
