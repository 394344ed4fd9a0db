-- Needs, programmes and their batches, who takes part, what that exposed units to, lots drawn, and what this service
-- knows of staff's units, seats and people.

-- A projection of staff's unit.changed.
CREATE TABLE training.unit (
    id      uuid   PRIMARY KEY,
    epoch   bigint NOT NULL,
    version bigint NOT NULL,
    parent  uuid
);
CREATE INDEX unit_by_parent ON training.unit (parent);

-- These units and all below them, as far as they are known.
CREATE FUNCTION training.subtree(roots uuid[]) RETURNS SETOF uuid LANGUAGE sql STABLE AS $$
    WITH RECURSIVE down AS (
        SELECT id FROM training.unit WHERE id = ANY (roots)
        UNION
        SELECT below.id FROM down JOIN training.unit below ON below.parent = down.id
    )
    SELECT id FROM down
$$;

-- A projection of staff's seat.changed.
CREATE TABLE training.seat (
    id      uuid   PRIMARY KEY,
    epoch   bigint NOT NULL,
    version bigint NOT NULL,
    unit    uuid   NOT NULL
);
CREATE INDEX seat_by_unit ON training.seat (unit);

-- A projection of staff's person.changed.
CREATE TABLE training.person (
    id      uuid   PRIMARY KEY,
    epoch   bigint NOT NULL,
    version bigint NOT NULL
);

-- A projection of staff's assignment.changed. valid_until is the first day that it no longer holds.
CREATE TABLE training.assignment (
    id          uuid    PRIMARY KEY,
    epoch       bigint  NOT NULL,
    version     bigint  NOT NULL,
    seat        uuid    NOT NULL,
    unit        uuid    NOT NULL,
    person      uuid    NOT NULL,
    definitive  boolean NOT NULL,
    valid_from  date    NOT NULL,
    valid_until date
);
CREATE INDEX assignment_by_seat ON training.assignment (seat);
CREATE INDEX assignment_by_unit ON training.assignment (unit);
CREATE INDEX assignment_by_person ON training.assignment (person);

-- Who sits in which unit on which days. The seat says which unit, once it has arrived; until then the assignment does.
CREATE VIEW training.seating AS
    SELECT assignment.id AS assignment, assignment.person, seat.unit, assignment.definitive, assignment.valid_from,
           assignment.valid_until
    FROM training.assignment JOIN training.seat ON seat.id = assignment.seat
    UNION ALL
    SELECT assignment.id, assignment.person, assignment.unit, assignment.definitive, assignment.valid_from,
           assignment.valid_until
    FROM training.assignment
    WHERE NOT EXISTS (SELECT FROM training.seat WHERE seat.id = assignment.seat);

CREATE TABLE training.need (
    id             uuid        PRIMARY KEY,
    version        bigint      NOT NULL CHECK (version > 0),
    signal_epoch   bigint      NOT NULL,
    signal_version bigint      NOT NULL,
    unit           uuid        NOT NULL,
    element        text        NOT NULL CHECK (element ~ '^U[1-9][0-9]?$'),
    -- Evaluation's event as it came: the need's evidence is read from it.
    identified     bytea       NOT NULL,
    state          text        NOT NULL CHECK (state IN ('OPEN', 'NOMINATED', 'ANSWERED')),
    answer         text        CHECK (answer IN ('TRAINED', 'OTHER_MEASURE', 'DECLINED')),
    answer_reason  text        CHECK (char_length(answer_reason) BETWEEN 1 AND 1000),
    answered_by    uuid,
    answered_at    timestamptz,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    CONSTRAINT need_answer_when_answered CHECK (
        num_nonnulls(answer, answer_reason, answered_by, answered_at) = CASE state WHEN 'ANSWERED' THEN 4 ELSE 0 END)
);
CREATE INDEX need_by_time ON training.need (created_at DESC, id DESC);
CREATE INDEX need_unanswered ON training.need (created_at, id) WHERE state <> 'ANSWERED';

CREATE TABLE training.programme (
    id         uuid        PRIMARY KEY,
    version    bigint      NOT NULL CHECK (version > 0),
    title      text        NOT NULL CHECK (char_length(title) BETWEEN 1 AND 200),
    elements   text[]      NOT NULL CHECK (cardinality(elements) BETWEEN 1 AND 14),
    hours_jp   integer     NOT NULL CHECK (hours_jp BETWEEN 1 AND 1000),
    form       text        NOT NULL CHECK (form IN ('CLASSICAL', 'E_LEARNING', 'COACHING', 'BLENDED')),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX programme_by_time ON training.programme (created_at DESC, id DESC);
CREATE INDEX programme_elements ON training.programme USING gin (elements);

-- ends_on is the day after the last.
CREATE TABLE training.batch (
    id              uuid        PRIMARY KEY,
    programme       uuid        NOT NULL CONSTRAINT batch_programme_fkey REFERENCES training.programme,
    version         bigint      NOT NULL CHECK (version > 0),
    starts_on       date        NOT NULL,
    ends_on         date        NOT NULL,
    capacity        integer     NOT NULL CHECK (capacity BETWEEN 1 AND 1000),
    enrolled        integer     NOT NULL,
    waitlisted      integer     NOT NULL CHECK (waitlisted >= 0),
    -- The number that the last one put on the waiting list got.
    waitlist_number bigint      NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    CONSTRAINT batch_days CHECK (ends_on > starts_on),
    CONSTRAINT batch_capacity CHECK (enrolled BETWEEN 0 AND capacity)
);
CREATE INDEX batch_by_programme ON training.batch (programme, starts_on, id);

CREATE TABLE training.enrolment (
    id              uuid        PRIMARY KEY,
    version         bigint      NOT NULL CHECK (version > 0),
    person          uuid        NOT NULL,
    unit            uuid        NOT NULL,
    programme       uuid        NOT NULL REFERENCES training.programme,
    need            uuid        REFERENCES training.need,
    -- Absent where the service itself nominated, for a need.
    nominated_by    uuid,
    state           text        NOT NULL CHECK (state IN ('NOMINATED', 'ENROLLED', 'WAITLISTED', 'COMPLETED', 'DECLINED')),
    batch           uuid        REFERENCES training.batch,
    waitlist_number bigint,
    hours_jp        integer     CHECK (hours_jp > 0),
    decline_reason  text        CHECK (char_length(decline_reason) BETWEEN 1 AND 1000),
    decided_by      uuid,
    decided_at      timestamptz,
    completed_at    timestamptz,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    CONSTRAINT enrolment_nominator CHECK (nominated_by IS NOT NULL OR need IS NOT NULL),
    CONSTRAINT enrolment_batch_by_state CHECK (
        batch IS NOT NULL OR state IN ('NOMINATED', 'DECLINED')),
    CONSTRAINT enrolment_number_when_waitlisted CHECK ((waitlist_number IS NOT NULL) = (state = 'WAITLISTED')),
    CONSTRAINT enrolment_hours_when_completed CHECK (
        num_nonnulls(hours_jp, completed_at) = CASE state WHEN 'COMPLETED' THEN 2 ELSE 0 END),
    CONSTRAINT enrolment_reason_when_declined CHECK ((decline_reason IS NOT NULL) = (state = 'DECLINED')),
    CONSTRAINT enrolment_decision CHECK (
        num_nonnulls(decided_by, decided_at) = CASE state WHEN 'NOMINATED' THEN 0 ELSE 2 END)
);
-- A person is in a programme once at a time; and the service nominates for a need each of the unit's people once.
CREATE UNIQUE INDEX enrolment_once_in_programme ON training.enrolment (person, programme)
    WHERE state IN ('NOMINATED', 'ENROLLED', 'WAITLISTED');
CREATE UNIQUE INDEX enrolment_once_for_need ON training.enrolment (need, person) WHERE nominated_by IS NULL;
CREATE INDEX enrolment_by_need ON training.enrolment (need, person);
CREATE INDEX enrolment_by_person ON training.enrolment (person, programme);
CREATE INDEX enrolment_by_batch ON training.enrolment (batch, unit);
CREATE INDEX enrolment_by_unit ON training.enrolment (unit, created_at DESC, id DESC);
CREATE INDEX enrolment_by_time ON training.enrolment (created_at DESC, id DESC);

-- A unit's exposure to a batch. Dose and participants are summed from its completed enrolments.
CREATE TABLE training.intervention (
    id      uuid   PRIMARY KEY,
    version bigint NOT NULL CHECK (version > 0),
    batch   uuid   NOT NULL REFERENCES training.batch,
    unit    uuid   NOT NULL,
    CONSTRAINT intervention_batch_unit_key UNIQUE (batch, unit)
);

CREATE TABLE training.lottery (
    id         uuid        PRIMARY KEY,
    version    bigint      NOT NULL CHECK (version > 0),
    programme  uuid        NOT NULL REFERENCES training.programme,
    seed       text        NOT NULL CHECK (seed ~ '^[0-9A-Za-z._-]{8,128}$'),
    first_wave integer     NOT NULL CHECK (first_wave > 0),
    state      text        NOT NULL CHECK (state IN ('PUBLISHED', 'DRAWN')),
    drawn_at   timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT lottery_drawn_at_when_drawn CHECK ((state = 'DRAWN') = (drawn_at IS NOT NULL)),
    UNIQUE (id, programme)
);

-- The units of a lottery; in a programme a unit is in one lottery. place, from 1, is the one drawn.
CREATE TABLE training.lottery_unit (
    lottery   uuid    NOT NULL,
    programme uuid    NOT NULL,
    unit      uuid    NOT NULL,
    place     integer CHECK (place > 0),
    PRIMARY KEY (lottery, unit),
    FOREIGN KEY (lottery, programme) REFERENCES training.lottery (id, programme),
    CONSTRAINT lottery_unit_once_in_programme UNIQUE (programme, unit)
);
