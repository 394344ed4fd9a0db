-- Evidence, what speaks against it, and the ledger, which shows whether anything was changed behind the service's back.

ALTER TABLE complaints.category ADD COLUMN evidence_required boolean NOT NULL DEFAULT false;

-- The salt of what the ledger holds of a step (and of the report, for its first).
ALTER TABLE complaints.timeline_entry ADD COLUMN salt bytea NOT NULL CHECK (octet_length(salt) = 16);

-- A chain for each report. It holds commitments, never content; the salts stand beside the content.
CREATE TABLE complaints.ledger_entry (
    complaint   uuid        NOT NULL,
    sequence    bigint      NOT NULL CHECK (sequence > 0),
    kind        text        NOT NULL CHECK (kind IN ('REPORT', 'STEP', 'EVIDENCE', 'FINDING', 'ANSWER', 'ERASURE')),
    subject     text        NOT NULL,
    occurred_at timestamptz NOT NULL,
    commitment  bytea       NOT NULL CHECK (octet_length(commitment) = 32),
    -- To what an erasure takes away.
    erasable    bytea       CHECK (octet_length(erasable) = 32),
    hash        bytea       NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (complaint, sequence)
);
-- What grew since the last root. Rows come in the order of their times, so blocks of them do.
CREATE INDEX ledger_entry_by_time ON complaints.ledger_entry USING brin (occurred_at);

-- A day's signed root over the heads of all reports whose ledger grew.
CREATE TABLE complaints.ledger_root (
    day        date        PRIMARY KEY,
    id         uuid        NOT NULL UNIQUE,
    tree_size  bigint      NOT NULL,
    root_hash  bytea       NOT NULL CHECK (octet_length(root_hash) = 32),
    previous   bytea       CHECK (octet_length(previous) = 32),
    key_id     text        NOT NULL,
    signature  bytea       NOT NULL CHECK (octet_length(signature) = 64),
    created_at timestamptz NOT NULL,
    -- In the store of files, out of reach of who can write here.
    stored_at  timestamptz
);
CREATE INDEX ledger_root_to_store ON complaints.ledger_root (day) WHERE stored_at IS NULL;

CREATE TABLE complaints.ledger_leaf (
    day       date   NOT NULL,
    complaint uuid   NOT NULL,
    sequence  bigint NOT NULL,
    hash      bytea  NOT NULL,
    PRIMARY KEY (day, complaint)
);
CREATE INDEX ledger_leaf_by_complaint ON complaints.ledger_leaf (complaint, sequence);

CREATE TABLE complaints.evidence (
    id            uuid        PRIMARY KEY,
    complaint     uuid        NOT NULL REFERENCES complaints.complaint,
    role          text        NOT NULL CHECK (role IN ('BEFORE', 'AFTER')),
    content_type  text        NOT NULL,
    size_bytes    bigint      NOT NULL,
    -- SHA-256 of what is stored, by which it is found in the store of files.
    object        bytea       NOT NULL CHECK (octet_length(object) = 32),
    -- The copy without metadata.
    public_object bytea       CHECK (octet_length(public_object) = 32),
    public_type   text,
    subject       text        NOT NULL,
    person        uuid,
    uploaded_at   timestamptz NOT NULL,
    salt          bytea       NOT NULL CHECK (octet_length(salt) = 16),
    CONSTRAINT evidence_public_type_with_object CHECK ((public_object IS NULL) = (public_type IS NULL))
);
CREATE INDEX evidence_by_complaint ON complaints.evidence (complaint, uploaded_at, id);
CREATE INDEX evidence_by_object ON complaints.evidence (object);
CREATE INDEX evidence_by_public_object ON complaints.evidence (public_object) WHERE public_object IS NOT NULL;

-- What a file says of itself; apart, since of a reporter's it may have to go. Where it was taken is not kept, only how far
-- from the report that is.
CREATE TABLE complaints.capture (
    evidence        uuid    PRIMARY KEY REFERENCES complaints.evidence,
    sha256          bytea   NOT NULL CHECK (octet_length(sha256) = 32),
    captured_at     timestamptz,
    distance_metres integer,
    software        text
);
CREATE INDEX capture_by_sha256 ON complaints.capture (sha256);

-- By what a picture is found again. Six hashes, the parts of them that the index knows, and the larger descriptor.
CREATE TABLE complaints.fingerprint (
    evidence   uuid      PRIMARY KEY REFERENCES complaints.evidence,
    hashes     bigint[]  NOT NULL,
    bands      integer[] NOT NULL,
    descriptor bytea     NOT NULL
);
CREATE INDEX fingerprint_by_band ON complaints.fingerprint USING gin (bands) WITH (fastupdate = off);

CREATE TABLE complaints.finding (
    evidence       uuid     NOT NULL REFERENCES complaints.evidence,
    number         smallint NOT NULL CHECK (number > 0),
    kind           text     NOT NULL,
    other_evidence uuid,
    measure        bigint   NOT NULL,
    salt           bytea    NOT NULL CHECK (octet_length(salt) = 16),
    PRIMARY KEY (evidence, number)
);

CREATE TABLE complaints.finding_answer (
    evidence    uuid        NOT NULL,
    number      smallint    NOT NULL,
    reason      text        NOT NULL CHECK (char_length(reason) BETWEEN 1 AND 1000),
    subject     text        NOT NULL,
    person      uuid        NOT NULL,
    answered_at timestamptz NOT NULL,
    salt        bytea       NOT NULL CHECK (octet_length(salt) = 16),
    CONSTRAINT finding_answer_pkey PRIMARY KEY (evidence, number),
    FOREIGN KEY (evidence, number) REFERENCES complaints.finding
);

-- The files in the store: named here before they are written, so that one whose upload was cut is found and taken away.
CREATE TABLE complaints.stored_object (
    object      bytea       PRIMARY KEY CHECK (octet_length(object) = 32),
    state       text        NOT NULL CHECK (state IN ('WRITING', 'KEPT', 'SWEEPING')),
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX stored_object_to_sweep ON complaints.stored_object (recorded_at) WHERE state <> 'KEPT';

REVOKE UPDATE, DELETE ON complaints.ledger_entry, complaints.ledger_leaf, complaints.evidence, complaints.finding,
    complaints.finding_answer FROM complaints_app;
REVOKE UPDATE, DELETE ON complaints.ledger_root FROM complaints_app;
GRANT UPDATE (stored_at) ON complaints.ledger_root TO complaints_app;
