-- Reports, their steps, what can be reported, and what this service knows of staff's units.

CREATE TABLE complaints.policy (
    id text COLLATE "C" PRIMARY KEY CHECK (id ~ '^[a-z0-9-]{1,64}$')
);

-- How long the steps of a report may take, from a day on until later terms count. Never changed: what counted, counted.
CREATE TABLE complaints.service_policy (
    policy     text NOT NULL REFERENCES complaints.policy,
    priority   text NOT NULL CHECK (priority IN ('NORMAL', 'HIGH')),
    valid_from date NOT NULL,
    accept     text NOT NULL,
    answer     text NOT NULL,
    finish     text NOT NULL,
    red_flag   text NOT NULL,
    cap        text NOT NULL,
    question   text NOT NULL,
    auto_close text NOT NULL,
    PRIMARY KEY (policy, priority, valid_from)
);

REVOKE UPDATE, DELETE ON complaints.service_policy FROM complaints_app;

-- Jakarta's rules: accept or hand on within 6 hours, answer within 24, finish within 7 days, red flag after 6, statute's
-- cap 60. LAPOR's (SP4N): verify within 3 working days, plan within 5. Both close after 10 working days of silence.
INSERT INTO complaints.policy VALUES ('jakarta'), ('lapor');
INSERT INTO complaints.service_policy VALUES
    ('jakarta', 'NORMAL', '2020-01-01', '6 HOURS', '24 HOURS', '7 CALENDAR_DAYS', '6 CALENDAR_DAYS', '60 CALENDAR_DAYS',
     '5 WORKING_DAYS', '10 WORKING_DAYS'),
    ('lapor', 'NORMAL', '2020-01-01', '3 WORKING_DAYS', '5 WORKING_DAYS', '60 CALENDAR_DAYS', '6 CALENDAR_DAYS',
     '60 CALENDAR_DAYS', '5 WORKING_DAYS', '10 WORKING_DAYS');

CREATE TABLE complaints.category (
    id      text PRIMARY KEY CHECK (id ~ '^[a-z0-9-]{1,64}$'),
    name_id text NOT NULL,
    name_en text NOT NULL,
    about_officials boolean NOT NULL DEFAULT false,
    policy  text NOT NULL CONSTRAINT category_policy_fkey REFERENCES complaints.policy
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
    -- The reporter's words under the report's own key, as all that is sealed; null once erased.
    text                bytea       CHECK (octet_length(text) <= 17000),
    kelurahan_code      text        NOT NULL,
    channel             text        NOT NULL,
    -- HMAC-SHA-256 of the channel's own reference, which is kept sealed elsewhere; null once erased.
    channel_reference   bytea,
    -- Which access code is valid, and which key it is derived with.
    code_generation     integer     NOT NULL DEFAULT 1,
    code_key            text        NOT NULL,
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
    priority            text        NOT NULL DEFAULT 'NORMAL' CHECK (priority IN ('NORMAL', 'HIGH')),
    -- The deadlines side by side: the n-th is of the n-th kind, began and ends at the n-th times, has come that far.
    dues                text[]      NOT NULL,
    dues_from           timestamptz[] NOT NULL,
    dues_at             timestamptz[] NOT NULL,
    dues_stage          text[]      NOT NULL,
    -- What the clock looks for.
    next_due_at         timestamptz,
    finish_due_at       timestamptz,
    stopped_seconds     bigint      NOT NULL DEFAULT 0,
    red_flagged_at      timestamptz,
    state_since         timestamptz NOT NULL,
    breaches            integer     NOT NULL DEFAULT 0,
    escalations         integer     NOT NULL DEFAULT 0,
    -- The reporter's words up to this version were released to everybody.
    words_released      bigint      NOT NULL DEFAULT 0,
    reporter_erased_at  timestamptz,
    -- Asked to be erased, while a case uses the report.
    reporter_restricted_at timestamptz,
    CONSTRAINT complaint_dues_have_times CHECK (cardinality(dues) = cardinality(dues_at)
        AND cardinality(dues) = cardinality(dues_from) AND cardinality(dues) = cardinality(dues_stage)),
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
CREATE INDEX complaint_by_due ON complaints.complaint (next_due_at) WHERE next_due_at IS NOT NULL;
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
    due              text,
    escalated_to     uuid,
    public_text      text        NOT NULL DEFAULT '',
    internal_note    text        NOT NULL DEFAULT '',
    -- Drawn while the report's row is held: a report's steps come in their own order.
    position         bigserial   NOT NULL,
    -- The channel that filed the report, where the step is for citizens.
    public_channel   text,
    PRIMARY KEY (complaint, version)
);
-- WatchUpdates: what a channel's reports came to.
CREATE INDEX timeline_entry_by_channel ON complaints.timeline_entry (public_channel, position)
    WHERE public_channel IS NOT NULL;
GRANT SELECT ON SEQUENCE complaints.timeline_entry_position_seq TO complaints_app;

-- The time that a step ended, and on whose account it was.
CREATE TABLE complaints.booked_time (
    complaint  uuid        NOT NULL,
    version    bigint      NOT NULL,
    account    text        NOT NULL CHECK (account IN ('HANDLING', 'RETURNED', 'VALIDATION', 'REPORTER')),
    unit       uuid        NOT NULL,
    from_at    timestamptz NOT NULL,
    until_at   timestamptz NOT NULL,
    PRIMARY KEY (complaint, version),
    FOREIGN KEY (complaint, version) REFERENCES complaints.timeline_entry
);
CREATE INDEX booked_time_by_unit ON complaints.booked_time (unit, until_at);

REVOKE UPDATE, DELETE ON complaints.booked_time FROM complaints_app;

-- What the reporter wrote in a step, sealed; apart, since it may have to go while the step stays.
CREATE TABLE complaints.reporter_text (
    complaint uuid   NOT NULL,
    version   bigint NOT NULL,
    text      bytea  NOT NULL CHECK (octet_length(text) <= 17000),
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
