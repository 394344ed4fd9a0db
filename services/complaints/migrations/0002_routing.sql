-- Where reports are, whose ground that is, and which unit it concerns.

-- One row: what the replicas compare theirs with, and the lock of who changes it.
CREATE TABLE complaints.routing_state (
    only_row           boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    rules_version      bigint  NOT NULL DEFAULT 0,
    boundaries_version bigint  NOT NULL DEFAULT 0
);
INSERT INTO complaints.routing_state DEFAULT VALUES;

-- Every set of rules that ever was in force, with who set it and when.
CREATE TABLE complaints.routing_rule_set (
    version     bigint      PRIMARY KEY,
    subject     text        NOT NULL,
    person      uuid,
    replaced_at timestamptz NOT NULL
);

CREATE TABLE complaints.routing_rule (
    version    bigint     NOT NULL REFERENCES complaints.routing_rule_set,
    position   integer    NOT NULL CHECK (position > 0),
    note       text       NOT NULL,
    categories text[]     NOT NULL,
    area_codes text[]     NOT NULL,
    assets     text[]     NOT NULL,
    from_date  date,
    until_date date,
    weekdays   smallint[] NOT NULL,
    -- Minutes of the WIB day.
    from_minute  smallint CHECK (from_minute BETWEEN 0 AND 1439),
    until_minute smallint CHECK (until_minute BETWEEN 0 AND 1439),
    unit       uuid       NOT NULL,
    PRIMARY KEY (version, position),
    CONSTRAINT routing_rule_hours_whole CHECK ((from_minute IS NULL) = (until_minute IS NULL))
);

-- Every set of boundaries that ever was in force, with who imported it and when.
CREATE TABLE complaints.boundary_set (
    version     bigint      PRIMARY KEY,
    subject     text        NOT NULL,
    person      uuid,
    imported_at timestamptz NOT NULL,
    sha256      bytea       NOT NULL,
    positions   integer     NOT NULL
);

CREATE TABLE complaints.boundary (
    version        bigint NOT NULL REFERENCES complaints.boundary_set,
    kelurahan_code text   NOT NULL,
    -- As the coordinates of a GeoJSON MultiPolygon.
    polygons       jsonb  NOT NULL,
    PRIMARY KEY (version, kelurahan_code)
);

-- Where a report is, apart from the report: the point is the citizen's.
CREATE TABLE complaints.complaint_place (
    complaint uuid PRIMARY KEY REFERENCES complaints.complaint,
    latitude  double precision CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision CHECK (longitude BETWEEN -180 AND 180),
    asset     text NOT NULL CHECK (asset ~ '^[a-z0-9-]{0,64}$'),
    CONSTRAINT complaint_place_point_whole CHECK ((latitude IS NULL) = (longitude IS NULL))
);

-- SimulateRoutingRules: the newest first.
CREATE INDEX complaint_by_filing ON complaints.complaint (filed_at DESC, id DESC);

-- A projection of staff's unit.changed: who took over from a unit that a reorganisation ended.
CREATE TABLE complaints.unit_succession (
    unit       uuid   PRIMARY KEY,
    epoch      bigint NOT NULL,
    version    bigint NOT NULL,
    successors uuid[] NOT NULL
);

REVOKE UPDATE, DELETE ON complaints.routing_rule_set, complaints.routing_rule, complaints.boundary_set,
    complaints.boundary FROM complaints_app;
REVOKE INSERT, DELETE ON complaints.routing_state FROM complaints_app;
