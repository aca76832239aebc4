-- Instants are whole nanoseconds since 1970 UTC; dates and local times are ISO 8601 texts that sort as they are.

CREATE TABLE attempt (
    id         TEXT    NOT NULL PRIMARY KEY,
    member     TEXT    NOT NULL,
    booking    TEXT    NOT NULL,
    site       TEXT    NOT NULL,
    date       TEXT    NOT NULL,
    opening    BIGINT  NOT NULL,
    state      TEXT    NOT NULL,
    submits    BIGINT  NOT NULL DEFAULT 0 CHECK (submits >= 0),
    -- The slot that was last spent on, or won.
    slot_court TEXT,
    slot_start TEXT,
    slot_end   TEXT,
    -- 1: cancelled because the plan no longer held it; planned again when it comes back.
    vanished   BIGINT  NOT NULL DEFAULT 0,
    -- The restore epoch of the last change.
    epoch      BIGINT  NOT NULL,
    note       TEXT,
    created_at BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL,
    ended_at   BIGINT,
    UNIQUE (member, booking, date)
);

CREATE INDEX attempt_due ON attempt (opening) WHERE ended_at IS NULL;
CREATE INDEX attempt_slot ON attempt (member, site, slot_start) WHERE slot_court IS NOT NULL;

CREATE TABLE permit (
    id            TEXT    NOT NULL PRIMARY KEY,
    attempt       TEXT    NOT NULL REFERENCES attempt (id),
    seq           BIGINT  NOT NULL,
    court         TEXT    NOT NULL,
    court_site_id TEXT    NOT NULL,
    slot_start    TEXT    NOT NULL,
    slot_end      TEXT    NOT NULL,
    spent_at      BIGINT  NOT NULL,
    answer        TEXT,
    answered_at   BIGINT,
    -- won, refused, absent, not-sent; none while nobody knows whether the submit counted.
    result        TEXT,
    settled_at    BIGINT,
    UNIQUE (attempt, seq),
    CHECK ((result IS NULL) = (settled_at IS NULL))
);

CREATE UNIQUE INDEX permit_open ON permit (attempt) WHERE settled_at IS NULL;

CREATE TABLE ledger (
    attempt TEXT    NOT NULL REFERENCES attempt (id),
    mark    TEXT    NOT NULL,
    at      BIGINT  NOT NULL
);

CREATE INDEX ledger_attempt ON ledger (attempt, at);

CREATE TABLE audit (
    seq       BIGINT  NOT NULL PRIMARY KEY,
    at        BIGINT  NOT NULL,
    actor     TEXT    NOT NULL,
    attempt   TEXT,
    event     TEXT    NOT NULL,
    data      TEXT    NOT NULL,
    prev_hash TEXT    NOT NULL,
    hash      TEXT    NOT NULL
);

CREATE INDEX audit_attempt ON audit (attempt, seq);

CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only';
END;
$$;

CREATE TRIGGER audit_keeps_rows BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();

CREATE TRIGGER audit_loses_no_row BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();

-- The end of the chain: every write takes this row first, so that numbers have no gaps.
CREATE TABLE audit_head (
    id   BIGINT  NOT NULL PRIMARY KEY CHECK (id = 1),
    seq  BIGINT  NOT NULL,
    hash TEXT    NOT NULL
);

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
    created_at BIGINT  NOT NULL,
    next_try   BIGINT  NOT NULL,
    tries      BIGINT  NOT NULL DEFAULT 0,
    last_error TEXT,
    -- sent, swallowed, given-up; none while it waits.
    result     TEXT,
    done_at    BIGINT,
    CHECK ((result IS NULL) = (done_at IS NULL))
);

CREATE INDEX outbox_due ON outbox (next_try) WHERE done_at IS NULL;

CREATE TABLE config_history (
    seq  BIGINT  NOT NULL PRIMARY KEY,
    at   BIGINT  NOT NULL,
    hash TEXT    NOT NULL,
    text TEXT    NOT NULL
);

CREATE TABLE setting (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- One row for each time that this database came back from a backup; the newest is the epoch in force.
CREATE TABLE restore_epoch (
    epoch BIGINT  NOT NULL PRIMARY KEY,
    at    BIGINT  NOT NULL
);

-- Written before a browser is used, so that a crash leaves no orphan that nobody knows of.
CREATE TABLE session (
    id           TEXT    NOT NULL PRIMARY KEY,
    attempt      TEXT,
    driver_pid   BIGINT,
    driver_start TEXT,
    driver_url   TEXT,
    session_id   TEXT,
    opened_at    BIGINT  NOT NULL,
    closed_at    BIGINT 
);

CREATE INDEX session_open ON session (opened_at) WHERE closed_at IS NULL;
