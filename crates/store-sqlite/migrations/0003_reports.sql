-- What people have written to those who run this server, in clear, and nothing beside it: no name,
-- no device, no address. Kept apart from meetings, so that it outlives them.
CREATE TABLE report (
    number   INTEGER PRIMARY KEY,
    meeting  BLOB NOT NULL CHECK (length(meeting) = 16),
    -- By the server's clock, in milliseconds since 1970.
    at       INTEGER NOT NULL,
    category TEXT NOT NULL,
    text     TEXT NOT NULL
) STRICT;

CREATE INDEX report_by_meeting ON report (meeting);

PRAGMA user_version = 3;
