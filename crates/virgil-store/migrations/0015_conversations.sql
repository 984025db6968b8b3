-- What principals asked and were answered, kept so that they can go on. Times are microseconds since 1970.
CREATE TABLE conversations (
    id BLOB PRIMARY KEY,
    principal TEXT NOT NULL,
    title TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    turn_count INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL
);
CREATE INDEX conversations_by_principal ON conversations (principal, updated_at, id);
CREATE INDEX conversations_by_age ON conversations (updated_at);

CREATE TABLE turns (
    conversation BLOB NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    -- From 1.
    ordinal INTEGER NOT NULL,
    asked_at INTEGER NOT NULL,
    question TEXT NOT NULL,
    answer TEXT NOT NULL,
    -- The exact query that the answer was computed by, if it was.
    last_query TEXT,
    -- What the answer rests on: the labels that whoever reads it must still be allowed, as a JSON array of numbers, and
    -- the files that must still be there and visible, as a JSON array of [source, path].
    labels TEXT NOT NULL,
    places TEXT NOT NULL,
    -- Under which key the answer is kept in memory for others who ask the same.
    cache_key BLOB,
    PRIMARY KEY (conversation, ordinal)
);
