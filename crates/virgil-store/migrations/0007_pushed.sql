-- What others pushed, before a sync reads it into assets. An event that comes twice is stored once.
CREATE TABLE pushed_events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    source INTEGER NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
    -- The asset that it belongs to, and what the asset is one of: the runs of a job.
    path TEXT NOT NULL,
    folder TEXT NOT NULL,
    -- UTC with six digits of the second, so that texts order as times do.
    at TEXT NOT NULL,
    event BLOB NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (source, path, event)
);
CREATE INDEX pushed_events_by_folder ON pushed_events (source, folder, path, at);
