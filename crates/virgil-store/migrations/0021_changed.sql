-- The last generation that holds something else than the one before it: a sync that finds nothing new leaves it as it is.
ALTER TABLE sources ADD COLUMN changed_generation INTEGER NOT NULL DEFAULT 0;
UPDATE sources SET changed_generation = live_generation;
