-- Instants are whole nanoseconds since 1970 UTC; dates and local times are ISO 8601 texts that sort as they are.

CREATE TABLE attempt (
    id         TEXT    NOT NULL PRIMARY KEY,
    member     TEXT    NOT NULL,
    booking    TEXT    NOT NULL,
    site       TEXT    NOT NULL,
    date       TEXT    NOT NULL,
    opening    INTEGER NOT NULL,
    state      TEXT    NOT NULL,
    submits    INTEGER NOT NULL DEFAULT 0 CHECK (submits >= 0),
    -- The slot that was last spent on, or won.
    slot_court TEXT,
    slot_start TEXT,
    slot_end   TEXT,
    -- 1: cancelled because the plan no longer held it; planned again when it comes back.
    vanished   INTEGER NOT NULL DEFAULT 0,
    -- The restore epoch of the last change.
    epoch      INTEGER NOT NULL,
    note       TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    ended_at   INTEGER,
    UNIQUE (member, booking, date)
) STRICT;

CREATE INDEX attempt_due ON attempt (opening) WHERE ended_at IS NULL;
CREATE INDEX attempt_slot ON attempt (member, site, slot_start) WHERE slot_court IS NOT NULL;

CREATE TABLE permit (
    id            TEXT    NOT NULL PRIMARY KEY,
    attempt       TEXT    NOT NULL REFERENCES attempt (id),
    seq           INTEGER NOT NULL,
    court         TEXT    NOT NULL,
    court_site_id TEXT    NOT NULL,
    slot_start    TEXT    NOT NULL,
    slot_end      TEXT    NOT NULL,
    spent_at      INTEGER NOT NULL,
    answer        TEXT,
    answered_at   INTEGER,
    -- won, refused, absent, not-sent; none while nobody knows whether the submit counted.
    result        TEXT,
    settled_at    INTEGER,
    UNIQUE (attempt, seq),
    CHECK ((result IS NULL) = (settled_at IS NULL))
) STRICT;

CREATE UNIQUE INDEX permit_open ON permit (attempt) WHERE settled_at IS NULL;

CREATE TABLE ledger (
    attempt TEXT    NOT NULL REFERENCES attempt (id),
    mark    TEXT    NOT NULL,
    at      INTEGER NOT NULL
) STRICT;

CREATE INDEX ledger_attempt ON ledger (attempt, at);

CREATE TABLE audit (
    seq       INTEGER NOT NULL PRIMARY KEY,
    at        INTEGER NOT NULL,
    actor     TEXT    NOT NULL,
    attempt   TEXT,
    event     TEXT    NOT NULL,
    data      TEXT    NOT NULL,
    prev_hash TEXT    NOT NULL,
    hash      TEXT    NOT NULL
) STRICT;

CREATE INDEX audit_attempt ON audit (attempt, seq);

CREATE TRIGGER audit_keeps_rows BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;

CREATE TRIGGER audit_loses_no_row BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;

-- The end of the chain: every write takes this row first, so that numbers have no gaps.
CREATE TABLE audit_head (
    id   INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    seq  INTEGER NOT NULL,
    hash TEXT    NOT NULL
) STRICT;

INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '');

CREATE TABLE outbox (
    id         TEXT    NOT NULL PRIMARY KEY,
    attempt    TEXT,
    kind       TEXT    NOT NULL,
    recipient  TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    text       TEXT    NOT NULL,
    html       TEXT    NOT NULL,
    message_id TEXT    NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    next_try   INTEGER NOT NULL,
    tries      INTEGER NOT NULL DEFAULT 0,
    last_error TEXT,
    -- sent, swallowed, given-up; none while it waits.
    result     TEXT,
    done_at    INTEGER,
    CHECK ((result IS NULL) = (done_at IS NULL))
) STRICT;

CREATE INDEX outbox_due ON outbox (next_try) WHERE done_at IS NULL;

CREATE TABLE config_history (
    seq  INTEGER NOT NULL PRIMARY KEY,
    at   INTEGER NOT NULL,
    hash TEXT    NOT NULL,
    text TEXT    NOT NULL
) STRICT;

CREATE TABLE setting (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- One row for each time that this database came back from a backup; the newest is the epoch in force.
CREATE TABLE restore_epoch (
    epoch INTEGER NOT NULL PRIMARY KEY,
    at    INTEGER NOT NULL
) STRICT;

-- Written before a browser is used, so that a crash leaves no orphan that nobody knows of.
CREATE TABLE session (
    id           TEXT    NOT NULL PRIMARY KEY,
    attempt      TEXT,
    driver_pid   INTEGER,
    driver_start TEXT,
    driver_url   TEXT,
    session_id   TEXT,
    opened_at    INTEGER NOT NULL,
    closed_at    INTEGER
) STRICT;

CREATE INDEX session_open ON session (opened_at) WHERE closed_at IS NULL;
