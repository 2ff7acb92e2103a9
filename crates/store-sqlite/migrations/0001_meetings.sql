-- What is kept of a meeting. Every value is opaque here: signed statements, sealed blobs and
-- encrypted messages; no name, title or address is among them.
CREATE TABLE meeting (
    id    BLOB PRIMARY KEY CHECK (length(id) = 16),
    -- The meeting key HK, public half.
    key   BLOB NOT NULL CHECK (length(key) = 32),
    -- Last use, in milliseconds since 1970.
    used  INTEGER NOT NULL,
    -- The signed statement that ended it.
    ended BLOB
) STRICT, WITHOUT ROWID;

CREATE TABLE record (
    meeting BLOB NOT NULL REFERENCES meeting (id) ON DELETE CASCADE,
    kind    INTEGER NOT NULL,
    -- A 64-bit unsigned number, kept as the signed one of the same bits.
    number  INTEGER NOT NULL,
    value   BLOB NOT NULL,
    PRIMARY KEY (meeting, kind, number)
) STRICT;

PRAGMA user_version = 1;
