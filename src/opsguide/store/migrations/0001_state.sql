-- docs/design/state.md describes every table. No STRICT and no RETURNING: SQLite 3.24 must do.

CREATE TABLE evidence (
    number INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    claim TEXT NOT NULL,
    subject TEXT NOT NULL,
    says TEXT NOT NULL,
    ok INTEGER NOT NULL,
    topic TEXT NOT NULL,
    "by" TEXT NOT NULL,
    salt BLOB,
    row_hash BLOB,
    body_hash BLOB NOT NULL,
    link BLOB NOT NULL
);
-- Each index ends in the row's number, so "newest first" of one claim or topic needs no sort.
CREATE INDEX evidence_of_claim ON evidence (claim);
CREATE INDEX evidence_of_topic ON evidence (topic) WHERE topic <> '';

CREATE TABLE bodies (
    number INTEGER PRIMARY KEY,
    salt BLOB NOT NULL,
    body BLOB NOT NULL
);

CREATE TABLE seals (
    day TEXT PRIMARY KEY,
    number INTEGER NOT NULL,
    link BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE verdicts (
    claim TEXT NOT NULL,
    subject TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    body BLOB NOT NULL,
    look_again_at REAL,
    PRIMARY KEY (claim, subject)
);

CREATE TABLE flips (
    number INTEGER PRIMARY KEY,
    claim TEXT NOT NULL,
    subject TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    at REAL NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    body BLOB NOT NULL,
    closed INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX flips_of_claim ON flips (claim);
-- A subject that was deleted and comes back counts from 1 again: only the flips of its present life are unique.
CREATE UNIQUE INDEX flips_of_life ON flips (claim, subject, sequence) WHERE closed = 0;

CREATE TABLE machines (
    machine TEXT NOT NULL,
    key TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    state BLOB NOT NULL,
    wake_at REAL,
    PRIMARY KEY (machine, key)
);

CREATE TABLE notices (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    at REAL NOT NULL,
    receiver TEXT NOT NULL,
    integration TEXT NOT NULL,
    machine TEXT NOT NULL,
    key TEXT NOT NULL,
    body BLOB NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending',
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at REAL NOT NULL,
    reply TEXT NOT NULL DEFAULT '',
    settled_at REAL
);
CREATE INDEX notices_of_state ON notices (state);

CREATE TABLE records (
    bucket TEXT NOT NULL,
    key TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (bucket, key)
);
