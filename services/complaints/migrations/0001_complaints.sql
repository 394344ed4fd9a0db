-- Reports, their steps, what can be reported, and what this service knows of staff's units.

CREATE TABLE complaints.category (
    id      text PRIMARY KEY CHECK (id ~ '^[a-z0-9-]{1,64}$'),
    name_id text NOT NULL,
    name_en text NOT NULL
);

-- A projection of staff's unit.changed.
CREATE TABLE complaints.unit (
    id         uuid   PRIMARY KEY,
    epoch      bigint NOT NULL,
    version    bigint NOT NULL,
    code       text   NOT NULL,
    parent     uuid,
    area_codes text[] NOT NULL
);
CREATE INDEX unit_area_codes ON complaints.unit USING gin (area_codes);

CREATE TABLE complaints.complaint (
    id                uuid        PRIMARY KEY,
    number            text        NOT NULL CONSTRAINT complaint_number_key UNIQUE,
    version           bigint      NOT NULL CHECK (version > 0),
    category          text        NOT NULL CONSTRAINT complaint_category_fkey REFERENCES complaints.category,
    kind              text        NOT NULL CHECK (kind IN ('REPORT', 'SUGGESTION', 'PRAISE')),
    text              text        NOT NULL CHECK (char_length(text) BETWEEN 1 AND 4000),
    kelurahan_code    text        NOT NULL,
    channel           text        NOT NULL,
    -- HMAC-SHA-256 of the channel's own reference; the reference itself is not kept.
    channel_reference bytea,
    code_generation   integer     NOT NULL DEFAULT 1,
    responsible_unit  uuid        NOT NULL,
    state             text        NOT NULL CHECK (state IN ('SUBMITTED', 'IN_PROGRESS', 'AWAITING_VALIDATION', 'RESOLVED', 'CLOSED')),
    proposed_outcome  text        CHECK (proposed_outcome IN ('FIXED', 'NO_ACTION_NEEDED', 'NOT_FIXABLE', 'INVALID')),
    outcome           text        CHECK (outcome IN ('FIXED', 'NO_ACTION_NEEDED', 'NOT_FIXABLE', 'INVALID')),
    confirmation      text        CHECK (confirmation IN ('CONFIRMED')),
    rating            smallint    CHECK (rating BETWEEN 1 AND 5),
    comment           text        CHECK (char_length(comment) <= 4000),
    filed_at          timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    first_accepted_at timestamptz,
    resolved_times    timestamptz[] NOT NULL DEFAULT '{}',
    closed_at         timestamptz,
    verified          boolean     NOT NULL DEFAULT false,
    CONSTRAINT complaint_outcome_when_closed CHECK ((state = 'CLOSED') = (outcome IS NOT NULL)),
    CONSTRAINT complaint_confirmation_when_closed CHECK ((state = 'CLOSED') = (confirmation IS NOT NULL)),
    CONSTRAINT complaint_closed_at_when_closed CHECK ((state = 'CLOSED') = (closed_at IS NOT NULL))
);
-- ListComplaints: newest first, within a unit's subtree.
CREATE INDEX complaint_by_unit ON complaints.complaint (responsible_unit, filed_at DESC, id DESC);
CREATE INDEX complaint_by_channel ON complaints.complaint (channel, filed_at DESC, id DESC);

-- One row per transition; never changed.
CREATE TABLE complaints.timeline_entry (
    complaint        uuid        NOT NULL REFERENCES complaints.complaint,
    version          bigint      NOT NULL,
    command          text        NOT NULL,
    state            text        NOT NULL,
    subject          text        NOT NULL,
    person           uuid,
    responsible_unit uuid        NOT NULL,
    occurred_at      timestamptz NOT NULL,
    public_text      text        NOT NULL DEFAULT '',
    PRIMARY KEY (complaint, version)
);

REVOKE UPDATE, DELETE ON complaints.timeline_entry FROM complaints_app;
