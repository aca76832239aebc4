-- When sites themselves say that a slot opens; the last reading of each.
CREATE TABLE announced (
    site       TEXT    NOT NULL,
    court      TEXT    NOT NULL,
    slot_start TEXT    NOT NULL,
    opening    BIGINT  NOT NULL,
    -- What the court's rule said then; 0: it is always open.
    rule       BIGINT  NOT NULL,
    read_at    BIGINT  NOT NULL,
    -- The site's own words.
    said       TEXT    NOT NULL,
    -- The hash of the selector files that read it.
    files      TEXT    NOT NULL,
    PRIMARY KEY (site, court, slot_start)
);
