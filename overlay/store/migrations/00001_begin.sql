-- +goose Up
-- Times are microseconds since 1970; media times and durations are as in Go.
CREATE TABLE shelves (
    channel  TEXT PRIMARY KEY,
    shelf    TEXT NOT NULL,
    saved_at INTEGER NOT NULL
) STRICT;

CREATE TABLE announcements (
    channel   TEXT PRIMARY KEY,
    title     TEXT NOT NULL,
    poster    TEXT NOT NULL,
    starts_at INTEGER
) STRICT;

CREATE TABLE shows (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    channel    TEXT NOT NULL,
    id         TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER,
    UNIQUE (channel, id)
) STRICT;

CREATE TABLE cues (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    show         INTEGER NOT NULL REFERENCES shows (seq),
    id           TEXT NOT NULL,
    type         TEXT NOT NULL,
    at           INTEGER NOT NULL,
    product      TEXT NOT NULL,
    media        INTEGER NOT NULL,
    late         INTEGER NOT NULL,
    clock        TEXT NOT NULL,
    clock_error  INTEGER NOT NULL,
    UNIQUE (show, id)
) STRICT;

CREATE TABLE secrets (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE counters (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT;

-- +goose Down
DROP TABLE counters;
DROP TABLE secrets;
DROP TABLE cues;
DROP TABLE shows;
DROP TABLE announcements;
DROP TABLE shelves;
