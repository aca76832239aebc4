//! A database of an earlier version keeps what is in it.

use std::borrow::Cow;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{Connection, SqlSafeStr, SqliteConnection};

use super::{Kept, at};

const FIRST: &str = include_str!("../../migrations/sqlite/0001_attempts.sql");

#[tokio::test]
async fn an_attempt_of_the_first_schema_was_planned_when_it_was_made() {
    let kept = Kept::new();
    std::fs::create_dir_all(kept.data()).expect("a folder");
    let url = format!("{}?mode=rwc", kept.url());
    let mut old = SqliteConnection::connect(&url).await.expect("a database");
    let first = Migration::new(1, Cow::Borrowed("attempts"), MigrationType::Simple, FIRST.into_sql_str(), false);
    Migrator::with_migrations(vec![first]).run(&mut old).await.expect("the first schema");
    let made = at(0).as_nanosecond();
    sqlx::query(
        "INSERT INTO attempt (id, member, booking, site, date, opening, state, epoch, created_at, updated_at) \
         VALUES ('one', 'ana', 'doubles', 'las-palmas', '2027-07-18', 0, 'planned', 0, $1, 0)",
    )
    .bind(i64::try_from(made).expect("in range"))
    .execute(&mut old)
    .await
    .expect("an old attempt");
    old.close().await.expect("closed");
    let store = kept.open().await;
    let attempt = store.attempt(&"one".into()).await.expect("read").expect("there");
    assert_eq!((attempt.created_at, attempt.planned_at), (at(0), at(0)));
    assert_eq!(store.lost(&attempt.id).await.expect("read"), []);
}
