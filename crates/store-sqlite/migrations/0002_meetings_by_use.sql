-- Expired meetings are found without reading the others.
CREATE INDEX meeting_by_use ON meeting (used);

PRAGMA user_version = 2;
