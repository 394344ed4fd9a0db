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
