//! A forger at the audit trail.

use std::process::Command;

use firstserve::store::AuditError;

use super::{Kept, at, ready};

/// SQL run by another program, with the triggers out of the way when it is told so.
fn forge(kept: &Kept, sql: &str) -> Result<(), String> {
    let script = "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1])\nc.executescript(sys.argv[2])\nc.commit()";
    let run =
        Command::new("python3").args(["-c", script]).arg(kept.file()).arg(sql).output().expect("python3 is there");
    if run.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&run.stderr).into_owned()) }
}

const NO_TRIGGERS: &str = "DROP TRIGGER audit_keeps_rows; DROP TRIGGER audit_loses_no_row;";

async fn a_trail() -> Kept {
    let kept = Kept::new();
    let store = kept.open().await;
    for day in 1..=5 {
        ready(&store, &format!("day {day}"), day).await;
    }
    store
        .audit(None, "started", serde_json::json!({ "b": 1, "a": { "d": 2, "c": 3 } }), at(9))
        .await
        .expect("appended");
    assert_eq!(store.verify_audit().await.expect("control: whole as it is"), 16);
    assert_eq!(store.audit_rows(15, 10).await.expect("read")[0].data, r#"{"a":{"c":3,"d":2},"b":1}"#);
    store.close().await;
    kept
}

#[tokio::test]
async fn rows_cannot_be_changed_or_deleted() {
    let kept = a_trail().await;
    for sql in ["UPDATE audit SET actor = 'x' WHERE seq = 3", "DELETE FROM audit WHERE seq = 3"] {
        let refused = forge(&kept, sql).expect_err("the trigger refuses");
        assert!(refused.contains("append-only"), "{refused}");
    }
    forge(&kept, "UPDATE attempt SET note = 'x'").expect("control: other tables can be changed");
}

#[tokio::test]
async fn whatever_a_forger_does_is_found_where_he_did_it() {
    let forgeries = [
        ("UPDATE audit SET actor = 'x' WHERE seq = 3", 3),
        ("UPDATE audit SET at = at + 1 WHERE seq = 1", 1),
        ("UPDATE audit SET data = data || ' ' WHERE seq = 7", 7),
        ("UPDATE audit SET attempt = NULL WHERE seq = 16 OR seq = 15", 15),
        ("UPDATE audit SET hash = prev_hash WHERE seq = 4", 4),
        ("DELETE FROM audit WHERE seq = 10", 10),
        ("DELETE FROM audit WHERE seq > 12", 13),
        ("DELETE FROM audit", 1),
        ("UPDATE audit_head SET hash = 'x'", 16),
        ("DELETE FROM audit WHERE seq = 16; UPDATE audit_head SET seq = 15", 15),
        ("INSERT INTO audit SELECT 17, at, actor, attempt, event, data, hash, hash FROM audit WHERE seq = 16", 17),
        (
            "INSERT OR REPLACE INTO audit SELECT seq, at, 'x', attempt, event, data, prev_hash, hash FROM audit WHERE seq = 2",
            2,
        ),
    ];
    for (sql, at) in forgeries {
        let kept = a_trail().await;
        forge(&kept, &format!("{NO_TRIGGERS}{sql}")).expect("the forger has the file");
        match kept.open().await.verify_audit().await {
            Err(AuditError::Broken { seq, .. }) => assert_eq!(seq, at, "{sql}"),
            other => panic!("{sql}: {other:?}"),
        }
    }
}
