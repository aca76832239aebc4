-- Which fire a mark belongs to: the number of its permit; 0: none.
ALTER TABLE ledger ADD COLUMN fire INTEGER NOT NULL DEFAULT 0;

-- How a fire was done, beside the marks that say when.
CREATE TABLE fire (
    attempt TEXT    NOT NULL REFERENCES attempt (id),
    -- The number of its permit.
    seq     INTEGER NOT NULL,
    mode    TEXT    NOT NULL,
    -- How its opening steps were done (page, fetch, http); none where there were none.
    way     TEXT,
    browser TEXT,
    -- The opening of its choice.
    opening INTEGER NOT NULL,
    -- Nanoseconds by which it was allowed to leave before the opening.
    lead    INTEGER NOT NULL,
    answer  TEXT,
    PRIMARY KEY (attempt, seq)
) STRICT;

-- Harmless requests of the kinds that shots are of, timed; the newest of each kind are kept.
CREATE TABLE sample (
    site     TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    -- Nanoseconds from the instant at which it was meant to leave to the one at which it had left.
    dispatch INTEGER NOT NULL,
    -- The least that the way to the site takes, in nanoseconds.
    one_way  INTEGER NOT NULL
) STRICT;

CREATE INDEX sample_kind ON sample (site, kind, at);

-- What openings have taught about a site.
CREATE TABLE lesson (
    site         TEXT    NOT NULL PRIMARY KEY,
    -- Since when, and why, no lead is used; none: it may be.
    lead_off_at  INTEGER,
    lead_off_why TEXT,
    -- How long after the announced instant it opened the last time, in nanoseconds; none: at once.
    opens_late   INTEGER,
    learned_at   INTEGER NOT NULL,
    CHECK ((lead_off_at IS NULL) = (lead_off_why IS NULL))
) STRICT;

-- The ways to fire that a rehearsal has shown to work up to the commit.
CREATE TABLE proof (
    site     TEXT    NOT NULL,
    browser  TEXT    NOT NULL,
    mode     TEXT    NOT NULL,
    -- How the opening steps are done; empty where there are none.
    way      TEXT    NOT NULL,
    -- The hash of the site's address and selector files.
    flow     TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    evidence TEXT    NOT NULL,
    PRIMARY KEY (site, browser, mode, way)
) STRICT;

-- The entry of the vault whose account was logged in; none: spent before this was kept.
ALTER TABLE permit ADD COLUMN account TEXT;
