-- Reports, their steps, what can be reported, and what this service knows of staff's units.

CREATE TABLE complaints.category (
    id      text PRIMARY KEY CHECK (id ~ '^[a-z0-9-]{1,64}$'),
    name_id text NOT NULL,
    name_en text NOT NULL,
    about_officials boolean NOT NULL DEFAULT false
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

-- A projection of staff's calendar.published.
CREATE TABLE complaints.calendar (
    year     smallint PRIMARY KEY,
    id       uuid     NOT NULL UNIQUE,
    epoch    bigint   NOT NULL,
    version  bigint   NOT NULL,
    holidays date[]   NOT NULL
);

CREATE TABLE complaints.complaint (
    id                  uuid        PRIMARY KEY,
    number              text        NOT NULL CONSTRAINT complaint_number_key UNIQUE,
    version             bigint      NOT NULL CHECK (version > 0),
    category            text        NOT NULL CONSTRAINT complaint_category_fkey REFERENCES complaints.category,
    kind                text        NOT NULL CHECK (kind IN ('REPORT', 'SUGGESTION', 'PRAISE')),
    text                text        NOT NULL CHECK (char_length(text) BETWEEN 1 AND 4000),
    kelurahan_code      text        NOT NULL,
    channel             text        NOT NULL,
    -- HMAC-SHA-256 of the channel's own reference; the reference itself is not kept.
    channel_reference   bytea,
    code_generation     integer     NOT NULL DEFAULT 1,
    -- A report about officials is kept from this unit and all below it.
    unit_complained_of  uuid,
    -- Each unit so far with its time, oldest first; the last one again by itself, for the index.
    units               uuid[]        NOT NULL,
    units_from          timestamptz[] NOT NULL,
    responsible_unit    uuid          NOT NULL,
    state               text        NOT NULL CHECK (state IN ('SUBMITTED', 'COORDINATING', 'DISPOSED', 'IN_PROGRESS',
                                        'NEEDS_REPORTER', 'AWAITING_VALIDATION', 'RESOLVED', 'REJECTED', 'MERGED', 'CLOSED')),
    proposed_outcome    text        CHECK (proposed_outcome IN ('FIXED', 'NO_ACTION_NEEDED', 'NOT_FIXABLE', 'INVALID',
                                        'DUPLICATE', 'WITHDRAWN')),
    outcome             text        CHECK (outcome IN ('FIXED', 'NO_ACTION_NEEDED', 'NOT_FIXABLE', 'INVALID', 'DUPLICATE',
                                        'WITHDRAWN')),
    confirmation        text        CHECK (confirmation IN ('CONFIRMED', 'UNCONFIRMED', 'NOT_ASKED')),
    rating              smallint    CHECK (rating BETWEEN 1 AND 5),
    comment             text        CHECK (char_length(comment) <= 4000),
    question            text        CHECK (char_length(question) <= 4000),
    asked_at            timestamptz,
    reject_reason       text        CHECK (reject_reason IN ('NO_MATTER', 'TOO_VAGUE', 'OUTSIDE_AUTHORITY', 'UNDER_PROCEDURE',
                                        'ABUSE')),
    rejected_at         timestamptz,
    -- Stays once it was closed with the report it was handled under.
    merged_into         uuid        CONSTRAINT complaint_merged_into_fkey REFERENCES complaints.complaint,
    state_before_merge  text,
    filed_at            timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    first_accepted_at   timestamptz,
    resolved_times      timestamptz[] NOT NULL DEFAULT '{}',
    reopened_times      timestamptz[] NOT NULL DEFAULT '{}',
    closed_at           timestamptz,
    verified            boolean     NOT NULL DEFAULT false,
    estimated_finish    date,
    hops                integer     NOT NULL DEFAULT 0,
    rejected_follow_ups integer     NOT NULL DEFAULT 0,
    questions           integer     NOT NULL DEFAULT 0,
    supporters          integer     NOT NULL DEFAULT 0,
    ping_pong           boolean     NOT NULL DEFAULT false,
    CONSTRAINT complaint_units_have_times CHECK (cardinality(units) > 0 AND cardinality(units) = cardinality(units_from)
                                                 AND units[cardinality(units)] = responsible_unit),
    CONSTRAINT complaint_merged_into_when_merged CHECK (state <> 'MERGED' OR (merged_into IS NOT NULL
                                                                              AND state_before_merge IS NOT NULL)),
    CONSTRAINT complaint_not_merged_into_itself CHECK (merged_into <> id),
    CONSTRAINT complaint_outcome_when_closed CHECK ((state = 'CLOSED') = (outcome IS NOT NULL)),
    CONSTRAINT complaint_confirmation_when_closed CHECK ((state = 'CLOSED') = (confirmation IS NOT NULL)),
    CONSTRAINT complaint_closed_at_when_closed CHECK ((state = 'CLOSED') = (closed_at IS NOT NULL))
);
-- ListComplaints: newest first, within a unit's subtree.
CREATE INDEX complaint_by_unit ON complaints.complaint (responsible_unit, filed_at DESC, id DESC);
CREATE INDEX complaint_by_channel ON complaints.complaint (channel, filed_at DESC, id DESC);
CREATE INDEX complaint_by_target ON complaints.complaint (merged_into, id) WHERE merged_into IS NOT NULL;

-- One row per step; never changed.
CREATE TABLE complaints.timeline_entry (
    complaint        uuid        NOT NULL REFERENCES complaints.complaint,
    version          bigint      NOT NULL,
    command          text        NOT NULL,
    state            text        NOT NULL,
    subject          text        NOT NULL,
    person           uuid,
    responsible_unit uuid        NOT NULL,
    occurred_at      timestamptz NOT NULL,
    transfer_reason  text,
    public_text      text        NOT NULL DEFAULT '',
    internal_note    text        NOT NULL DEFAULT '',
    PRIMARY KEY (complaint, version)
);

-- What the reporter wrote in a step; apart, since it may have to go while the step stays.
CREATE TABLE complaints.reporter_text (
    complaint uuid   NOT NULL,
    version   bigint NOT NULL,
    text      text   NOT NULL CHECK (char_length(text) BETWEEN 1 AND 4000),
    PRIMARY KEY (complaint, version),
    FOREIGN KEY (complaint, version) REFERENCES complaints.timeline_entry
);

-- Citizens who support a report instead of filing another.
CREATE TABLE complaints.supporter (
    complaint         uuid  NOT NULL REFERENCES complaints.complaint,
    channel           text  NOT NULL,
    -- As a report's.
    channel_reference bytea NOT NULL,
    PRIMARY KEY (complaint, channel, channel_reference)
);

REVOKE UPDATE, DELETE ON complaints.timeline_entry FROM complaints_app;
