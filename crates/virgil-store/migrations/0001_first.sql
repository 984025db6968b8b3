-- What is known. Live = born <= the source's live generation and (died is null or died > that generation).

CREATE TABLE labels (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE label_groups (
    label INTEGER NOT NULL REFERENCES labels (id),
    group_name TEXT NOT NULL,
    PRIMARY KEY (label, group_name)
);

CREATE TABLE principals (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    key_sha256 BLOB UNIQUE
);

CREATE TABLE principal_groups (
    principal INTEGER NOT NULL REFERENCES principals (id),
    group_name TEXT NOT NULL,
    PRIMARY KEY (principal, group_name)
);

CREATE TABLE sources (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    location TEXT NOT NULL,
    -- The parameters of a source that was added by hand; null for one of the configuration.
    parameters TEXT,
    permalink TEXT,
    label INTEGER NOT NULL REFERENCES labels (id),
    live_generation INTEGER NOT NULL DEFAULT 0,
    -- The generation that an unfinished sync writes; null when none is under way.
    pending_generation INTEGER,
    live_commit TEXT,
    checkpoint TEXT,
    synced_at TEXT,
    -- A first sync goes live batch by batch and is partial until its end.
    partial INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    holder TEXT,
    token INTEGER NOT NULL DEFAULT 0,
    -- Milliseconds since 1970.
    lease_until INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE batches (
    id INTEGER PRIMARY KEY,
    source INTEGER NOT NULL REFERENCES sources (id),
    generation INTEGER NOT NULL,
    done INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE assets (
    id INTEGER PRIMARY KEY,
    source INTEGER NOT NULL REFERENCES sources (id),
    path TEXT NOT NULL,
    content_id TEXT NOT NULL,
    label INTEGER NOT NULL REFERENCES labels (id),
    title TEXT NOT NULL,
    content TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    reader TEXT NOT NULL,
    reader_version INTEGER NOT NULL,
    redactor_version INTEGER NOT NULL,
    chunker_version INTEGER NOT NULL,
    -- The other files that the reader looked at, as a JSON array of paths.
    looked_at TEXT NOT NULL,
    redacted INTEGER NOT NULL,
    chunk_count INTEGER NOT NULL,
    born INTEGER NOT NULL,
    died INTEGER,
    batch INTEGER NOT NULL
);
CREATE INDEX assets_by_path ON assets (source, path);
CREATE INDEX assets_by_death ON assets (source, died);
CREATE INDEX assets_by_batch ON assets (batch);

CREATE TABLE chunks (
    id INTEGER PRIMARY KEY,
    asset INTEGER NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
    chunk BLOB NOT NULL,
    point BLOB NOT NULL,
    ordinal INTEGER NOT NULL,
    start_line INTEGER NOT NULL,
    end_line INTEGER NOT NULL,
    -- A JSON array, outermost first.
    breadcrumb TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX chunks_by_point ON chunks (point);
CREATE INDEX chunks_by_asset ON chunks (asset, ordinal);

CREATE TABLE statements (
    id INTEGER PRIMARY KEY,
    asset INTEGER NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
    start_line INTEGER NOT NULL,
    end_line INTEGER NOT NULL,
    says TEXT NOT NULL
);
CREATE INDEX statements_by_asset ON statements (asset);

CREATE TABLE problems (
    id INTEGER PRIMARY KEY,
    source INTEGER NOT NULL REFERENCES sources (id),
    -- The asset that the reader had a problem with; null for what was skipped or failed before any reader.
    asset INTEGER REFERENCES assets (id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    line INTEGER,
    kind TEXT NOT NULL,
    message TEXT NOT NULL,
    label INTEGER NOT NULL REFERENCES labels (id)
);
CREATE INDEX problems_by_source ON problems (source, path);
CREATE INDEX problems_by_asset ON problems (asset);

-- Points that the index may still hold and that no row needs.
CREATE TABLE deletions (
    point BLOB PRIMARY KEY
);

-- Little-endian 32-bit floats by the hash of embedder and embedded text.
CREATE TABLE vectors (
    vector_key BLOB PRIMARY KEY,
    vector BLOB NOT NULL
);

CREATE TABLE index_shards (
    number INTEGER PRIMARY KEY,
    directory TEXT NOT NULL UNIQUE,
    embedder TEXT NOT NULL,
    state TEXT NOT NULL
);
