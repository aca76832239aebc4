-- When sites themselves say that a slot opens; the last reading of each.
CREATE TABLE announced (
    site       TEXT    NOT NULL,
    court      TEXT    NOT NULL,
    slot_start TEXT    NOT NULL,
    opening    INTEGER NOT NULL,
    -- What the court's rule said then; 0: it is always open.
    rule       INTEGER NOT NULL,
    read_at    INTEGER NOT NULL,
    -- The site's own words.
    said       TEXT    NOT NULL,
    -- The hash of the selector files that read it.
    files      TEXT    NOT NULL,
    PRIMARY KEY (site, court, slot_start)
) STRICT;
