-- What this service knows of staff's units, and the facts that figures are counted from.

-- A projection of staff's unit.changed.
CREATE TABLE evaluation.unit (
    id      uuid   PRIMARY KEY,
    epoch   bigint NOT NULL,
    version bigint NOT NULL,
    parent  uuid
);
CREATE INDEX unit_parent ON evaluation.unit (parent);

-- One row per event that was used, never changed. Each holds the report's cumulative snapshot, so the newest of a report
-- says all; a figure's current value is a pure function of these rows.
CREATE TABLE evaluation.fact (
    event_id          uuid        PRIMARY KEY,
    complaint         uuid        NOT NULL,
    epoch             bigint      NOT NULL,
    version           bigint      NOT NULL,
    event_type        text        NOT NULL,
    unit              uuid        NOT NULL,
    category          text        NOT NULL,
    filed_at          timestamptz NOT NULL,
    first_accepted_at timestamptz,
    resolved_at       timestamptz,
    reopened_times    integer     NOT NULL,
    reopened_at       timestamptz,
    closed_at         timestamptz,
    confirmed         boolean     NOT NULL,
    rating            smallint    CHECK (rating BETWEEN 1 AND 5),
    verified          boolean     NOT NULL
);
CREATE INDEX fact_newest ON evaluation.fact (complaint, epoch DESC, version DESC);
CREATE INDEX fact_filed_at ON evaluation.fact (filed_at);

REVOKE UPDATE, DELETE ON evaluation.fact FROM evaluation_app;
