-- Units, seats, people, and who holds which seat when.

CREATE TABLE staff.unit (
    id           uuid        PRIMARY KEY,
    version      bigint      NOT NULL CHECK (version > 0),
    code         text        COLLATE "C" NOT NULL CONSTRAINT unit_code_key UNIQUE CHECK (code ~ '^[a-z0-9.-]{1,64}$'),
    kind         text        NOT NULL
        CHECK (kind IN ('PROVINCE', 'CITY', 'DISTRICT', 'SUBDISTRICT', 'AGENCY', 'EXTERNAL')),
    display_name text        NOT NULL CHECK (char_length(display_name) BETWEEN 1 AND 200),
    parent       uuid        CONSTRAINT unit_parent_fkey REFERENCES staff.unit,
    area_codes   text[]      NOT NULL,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL
);
CREATE INDEX unit_by_parent ON staff.unit (parent);

-- These units and all below them.
CREATE FUNCTION staff.subtree(roots uuid[]) RETURNS SETOF uuid LANGUAGE sql STABLE AS $$
    WITH RECURSIVE down AS (
        SELECT id FROM staff.unit WHERE id = ANY (roots)
        UNION
        SELECT below.id FROM down JOIN staff.unit below ON below.parent = down.id
    )
    SELECT id FROM down
$$;

-- One tree: at most one unit has none above it.
CREATE UNIQUE INDEX unit_one_root ON staff.unit ((parent IS NULL)) WHERE parent IS NULL;

REVOKE DELETE ON staff.unit FROM staff_app;

-- A year's holidays, side by side: the n-th day is of the n-th kind and has the n-th name.
CREATE TABLE staff.calendar (
    id         uuid        PRIMARY KEY,
    version    bigint      NOT NULL CHECK (version > 0),
    year       smallint    NOT NULL CONSTRAINT calendar_year_key UNIQUE CHECK (year BETWEEN 1945 AND 9998),
    days       date[]      NOT NULL,
    kinds      text[]      NOT NULL CHECK (kinds <@ ARRAY['NATIONAL', 'JOINT_LEAVE']),
    names      text[]      NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK (cardinality(days) = cardinality(kinds) AND cardinality(days) = cardinality(names))
);

REVOKE DELETE ON staff.calendar FROM staff_app;

CREATE TABLE staff.seat (
    id           uuid        PRIMARY KEY,
    version      bigint      NOT NULL CHECK (version > 0),
    unit         uuid        NOT NULL CONSTRAINT seat_unit_fkey REFERENCES staff.unit,
    code         text        COLLATE "C" CONSTRAINT seat_code_key UNIQUE CHECK (code ~ '^[a-z0-9.-]{1,64}$'),
    display_name text        COLLATE "C" NOT NULL CHECK (char_length(display_name) BETWEEN 1 AND 200),
    seat_class   text        NOT NULL CHECK (seat_class IN ('GOVERNOR', 'MAYOR', 'REGENT', 'DISTRICT_HEAD',
        'SUBDISTRICT_HEAD', 'AGENCY_HEAD', 'SECRETARY', 'SECTION_HEAD', 'STAFF')),
    is_head      boolean     NOT NULL,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL
);
CREATE INDEX seat_by_name ON staff.seat (display_name, id);
CREATE INDEX seat_by_unit ON staff.seat (unit, is_head DESC, display_name, id);
CREATE UNIQUE INDEX seat_one_head ON staff.seat (unit) WHERE is_head;

CREATE TABLE staff.person (
    id              uuid        PRIMARY KEY,
    version         bigint      NOT NULL CHECK (version > 0),
    nip             text        NOT NULL CONSTRAINT person_nip_key UNIQUE CHECK (nip ~ '^[0-9]{18}$'),
    display_name    text        NOT NULL CHECK (char_length(display_name) BETWEEN 1 AND 200),
    employment_type text        NOT NULL CHECK (employment_type IN ('PNS', 'PPPK', 'CPNS')),
    rank_class      text        NOT NULL,
    education_level text        NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL
);
CREATE INDEX person_by_taking_in ON staff.person (created_at, id);

-- Bitemporal, one row a version: `valid` is on which days (Asia/Jakarta) it holds, `sys` is when that was known. A change
-- closes the open row's `sys` and adds a row from that moment on; nothing else of a row ever changes, and none goes.
CREATE TABLE staff.assignment (
    id            uuid        NOT NULL,
    version       bigint      NOT NULL CHECK (version > 0),
    seat          uuid        NOT NULL CONSTRAINT assignment_seat_fkey REFERENCES staff.seat,
    person        uuid        NOT NULL CONSTRAINT assignment_person_fkey REFERENCES staff.person,
    kind          text        NOT NULL CHECK (kind IN ('DEFINITIVE', 'PLT', 'PLH')),
    valid         daterange   NOT NULL CHECK (NOT isempty(valid) AND NOT lower_inf(valid)),
    sys           tstzrange   NOT NULL CHECK (NOT isempty(sys) AND NOT lower_inf(sys)),
    decree_number text        NOT NULL CHECK (char_length(decree_number) BETWEEN 1 AND 128),
    decree_date   date        NOT NULL,
    reason        text        NOT NULL CHECK (char_length(reason) <= 1000),
    -- As the caller's token says; empty for a system.
    recorded_by   uuid,
    approved_by   uuid        CONSTRAINT assignment_approved_by_fkey REFERENCES staff.person,
    created_at    timestamptz NOT NULL,
    PRIMARY KEY (id, version),
    CONSTRAINT assignment_four_eyes CHECK (approved_by <> person AND approved_by IS DISTINCT FROM recorded_by
        OR approved_by IS NULL),
    CONSTRAINT assignment_seat_definitive EXCLUDE USING gist
        (seat extensions.gist_uuid_ops WITH =, valid WITH &&, sys WITH &&) WHERE (kind = 'DEFINITIVE'),
    CONSTRAINT assignment_person_definitive EXCLUDE USING gist
        (person extensions.gist_uuid_ops WITH =, valid WITH &&, sys WITH &&) WHERE (kind = 'DEFINITIVE'),
    CONSTRAINT assignment_seat_acting EXCLUDE USING gist
        (seat extensions.gist_uuid_ops WITH =, valid WITH &&, sys WITH &&) WHERE (kind <> 'DEFINITIVE')
);
CREATE UNIQUE INDEX assignment_one_newest ON staff.assignment (id) WHERE upper_inf(sys);
CREATE INDEX assignment_by_seat ON staff.assignment (seat);
CREATE INDEX assignment_by_person ON staff.assignment (person);
CREATE INDEX assignment_by_first_day ON staff.assignment ((lower(valid)), id, version);
CREATE INDEX assignment_by_recording ON staff.assignment ((lower(sys)));

CREATE FUNCTION staff.assignment_only_closes() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF upper_inf(OLD.sys) AND NOT upper_inf(NEW.sys) AND lower(NEW.sys) = lower(OLD.sys)
        AND to_jsonb(NEW) - 'sys' = to_jsonb(OLD) - 'sys'
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the only change of an assignment''s row is that its sys is closed'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'assignment_only_closes';
END
$body$;
CREATE TRIGGER assignment_only_closes BEFORE UPDATE ON staff.assignment
    FOR EACH ROW EXECUTE FUNCTION staff.assignment_only_closes();

-- What others were last told of an assignment, and the day on which they must be told again: it takes effect or ends.
CREATE TABLE staff.announcement (
    assignment uuid   PRIMARY KEY,
    -- The version of the last event; an assignment has more events than versions.
    version    bigint NOT NULL CHECK (version > 0),
    state      text   NOT NULL CHECK (state IN ('PENDING', 'IN_EFFECT', 'ENDED')),
    due_on     date
);
CREATE INDEX announcement_due ON staff.announcement (due_on, assignment) WHERE due_on IS NOT NULL;

REVOKE DELETE ON staff.seat, staff.person, staff.announcement FROM staff_app;
REVOKE UPDATE, DELETE ON staff.assignment FROM staff_app;
GRANT UPDATE (sys) ON staff.assignment TO staff_app;
