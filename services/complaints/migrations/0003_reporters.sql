-- Who reports: apart from the reports, and sealed under a key for each report, which the city's master key wraps.

CREATE TABLE complaints.reporter (
    complaint         uuid  PRIMARY KEY REFERENCES complaints.complaint,
    -- The master key, and the report's key under it; both null once that key was destroyed, and all that it sealed with it.
    key_id            text,
    wrapped_key       bytea,
    -- Name and contacts; null where none were said.
    identity          bytea CHECK (octet_length(identity) <= 4000),
    -- The channel's own reference; null where none was given.
    channel_reference bytea CHECK (octet_length(channel_reference) <= 1000),
    CONSTRAINT reporter_key_whole CHECK ((key_id IS NULL) = (wrapped_key IS NULL))
);
-- Which keys are to be wrapped anew after the master key changed.
CREATE INDEX reporter_by_key ON complaints.reporter (key_id, complaint) WHERE key_id IS NOT NULL;

-- Who was shown who a reporter is, and what for; the reporter may read it. For adding and reading.
CREATE TABLE complaints.reveal (
    id          uuid        PRIMARY KEY,
    complaint   uuid        NOT NULL REFERENCES complaints.complaint,
    person      uuid        NOT NULL,
    purpose     text        NOT NULL CHECK (char_length(purpose) BETWEEN 1 AND 500),
    revealed_at timestamptz NOT NULL
);
CREATE INDEX reveal_by_complaint ON complaints.reveal (complaint, id);

-- Which erasures were done, apart from what they erase. For adding and reading.
CREATE TABLE complaints.erasure (
    complaint uuid        NOT NULL,
    version   bigint      NOT NULL,
    erased_at timestamptz NOT NULL,
    PRIMARY KEY (complaint, version)
);

-- The reports that a discipline case uses: meanwhile their reporters' data is restricted instead of erased.
CREATE TABLE complaints.erasure_hold (
    complaint   uuid        PRIMARY KEY REFERENCES complaints.complaint,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX complaint_restricted ON complaints.complaint (id) WHERE reporter_restricted_at IS NOT NULL;

REVOKE UPDATE, DELETE ON complaints.reveal, complaints.erasure FROM complaints_app;
