-- When the attempt was last planned: at first, or when it was moved, came back or was asked for again.
ALTER TABLE attempt ADD COLUMN planned_at BIGINT NOT NULL DEFAULT 0;

UPDATE attempt SET planned_at = created_at;

-- Choices that an attempt does not try again, though no submit of them was refused.
CREATE TABLE lost (
    attempt    TEXT    NOT NULL REFERENCES attempt (id),
    court      TEXT    NOT NULL,
    slot_start TEXT    NOT NULL,
    at         BIGINT  NOT NULL,
    PRIMARY KEY (attempt, court, slot_start)
);
