-- What others told (units, reports, interventions), surveys and their answers, and what was made of them.

-- A projection of staff's unit.changed.
CREATE TABLE evaluation.unit (
    id      uuid   PRIMARY KEY,
    epoch   bigint NOT NULL,
    version bigint NOT NULL,
    parent  uuid
);
CREATE INDEX unit_parent ON evaluation.unit (parent);

-- These units and all below them, as far as they are known.
CREATE FUNCTION evaluation.subtree(roots uuid[]) RETURNS SETOF uuid LANGUAGE sql STABLE AS $$
    WITH RECURSIVE down AS (
        SELECT id FROM evaluation.unit WHERE id = ANY (roots)
        UNION
        SELECT below.id FROM down JOIN evaluation.unit below ON below.parent = down.id
    )
    SELECT id FROM down
$$;

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

-- A projection of training's intervention.recorded.
CREATE TABLE evaluation.intervention (
    id           uuid    PRIMARY KEY,
    epoch        bigint  NOT NULL,
    version      bigint  NOT NULL,
    unit         uuid    NOT NULL,
    programme    uuid    NOT NULL,
    batch        uuid    NOT NULL,
    from_date    date    NOT NULL,
    to_date      date    NOT NULL,
    dose_jp      bigint  NOT NULL,
    participants bigint  NOT NULL,
    by_lot       boolean NOT NULL,
    lottery      uuid
);
CREATE INDEX intervention_by_programme ON evaluation.intervention (programme, unit);

-- Norms of surveys, shipped with the service and never changed.
CREATE TABLE evaluation.norm (
    id         text    PRIMARY KEY CHECK (id ~ '^[a-z0-9-]{1,64}$'),
    version    integer NOT NULL CHECK (version > 0),
    name_id    text    NOT NULL,
    name_en    text    NOT NULL,
    regulation text    NOT NULL
);
CREATE TABLE evaluation.norm_element (
    norm               text    NOT NULL REFERENCES evaluation.norm,
    code               text    NOT NULL CHECK (code ~ '^U[1-9][0-9]?$'),
    position           integer NOT NULL,
    name_id            text    NOT NULL,
    name_en            text    NOT NULL,
    weight_numerator   bigint  NOT NULL CHECK (weight_numerator > 0),
    weight_denominator bigint  NOT NULL CHECK (weight_denominator > 0),
    PRIMARY KEY (norm, code),
    UNIQUE (norm, position)
);
INSERT INTO evaluation.norm VALUES
    ('skm-2017', 1, 'Survei Kepuasan Masyarakat 2017', 'Citizen satisfaction survey 2017', 'PermenPANRB 14/2017');
INSERT INTO evaluation.norm_element
SELECT 'skm-2017', 'U' || position, position, name_id, name_en, 1, 9
FROM (VALUES
    (1, 'Persyaratan', 'Requirements'),
    (2, 'Sistem, mekanisme, dan prosedur', 'System, mechanism and procedure'),
    (3, 'Waktu penyelesaian', 'Time to completion'),
    (4, 'Biaya/tarif', 'Cost'),
    (5, 'Produk spesifikasi jenis pelayanan', 'Product of the service'),
    (6, 'Kompetensi pelaksana', 'Competence of staff'),
    (7, 'Perilaku pelaksana', 'Conduct of staff'),
    (8, 'Penanganan pengaduan, saran, dan masukan', 'Handling of complaints, suggestions and comments'),
    (9, 'Sarana dan prasarana', 'Facilities and equipment')
) AS element (position, name_id, name_en);
REVOKE INSERT, UPDATE, DELETE ON evaluation.norm, evaluation.norm_element FROM evaluation_app;

CREATE TABLE evaluation.survey (
    id         uuid        PRIMARY KEY,
    version    bigint      NOT NULL CHECK (version > 0),
    norm       text        NOT NULL CONSTRAINT survey_norm_fkey REFERENCES evaluation.norm,
    title      text        NOT NULL CHECK (char_length(title) BETWEEN 1 AND 200),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX survey_newest ON evaluation.survey (created_at DESC, id DESC);

CREATE TABLE evaluation.round (
    id                uuid        PRIMARY KEY,
    version           bigint      NOT NULL CHECK (version > 0),
    survey            uuid        NOT NULL REFERENCES evaluation.survey,
    period            text        NOT NULL,
    -- The day after the period's last, of Asia/Jakarta.
    period_end        date        NOT NULL,
    target_hundredths integer     CHECK (target_hundredths BETWEEN 2500 AND 10000),
    state             text        NOT NULL CHECK (state IN ('OPEN', 'CLOSED')),
    closed_at         timestamptz,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    CONSTRAINT round_survey_period_key UNIQUE (survey, period),
    CONSTRAINT round_closed_at_when_closed CHECK ((state = 'CLOSED') = (closed_at IS NOT NULL))
);
CREATE INDEX round_latest ON evaluation.round (survey, period_end DESC, id DESC);
CREATE INDEX round_by_period ON evaluation.round (period);

-- The units of a round, with the running sums of the answers about each: what an index and its interval are made of, and
-- nothing about a person. The elements' codes stand beside the sums, in the order the sums were written in.
CREATE TABLE evaluation.round_unit (
    round      uuid     NOT NULL REFERENCES evaluation.round,
    unit       uuid     NOT NULL,
    position   integer  NOT NULL,
    -- How many were served; 0 where not known.
    population bigint   NOT NULL CHECK (population >= 0),
    elements   text[]   NOT NULL,
    sums       bigint[] NOT NULL,
    PRIMARY KEY (round, unit)
) WITH (fillfactor = 50);

-- A token is worth one answer, and is deleted when it is used. Nothing says for whom, when or in what order it was made.
CREATE TABLE evaluation.survey_token (
    hash  bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    round uuid  NOT NULL,
    unit  uuid  NOT NULL
);

-- Answers that may still be sent again, by the hash of their token; soon mixed with others and moved on.
CREATE TABLE evaluation.answer_intake (
    token_hash bytea      PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    round      uuid       NOT NULL,
    unit       uuid       NOT NULL,
    day        date       NOT NULL,
    elements   text[]     NOT NULL,
    scores     smallint[] NOT NULL
);
CREATE INDEX answer_intake_by_unit ON evaluation.answer_intake (round, unit);

-- Answers that nothing leads back from: a random id, the day, the scores.
CREATE TABLE evaluation.answer (
    id       uuid       PRIMARY KEY,
    round    uuid       NOT NULL,
    unit     uuid       NOT NULL,
    day      date       NOT NULL,
    elements text[]     NOT NULL,
    scores   smallint[] NOT NULL
);
CREATE INDEX answer_by_unit ON evaluation.answer (round, unit);
REVOKE UPDATE, DELETE ON evaluation.answer FROM evaluation_app;

-- Published indices; never changed. Elements are in the norm's order, with bounds in ten-thousandths of which none is
-- there where nobody scored the element. A suppressed index has no number at all.
CREATE TABLE evaluation.unit_index (
    round              uuid             NOT NULL REFERENCES evaluation.round,
    unit               uuid             NOT NULL,
    id                 uuid             NOT NULL UNIQUE,
    survey             uuid             NOT NULL,
    norm               text             NOT NULL,
    period             text             NOT NULL,
    period_end         date             NOT NULL,
    target_hundredths  integer,
    outcome            text             NOT NULL CHECK (outcome IN ('INDEX', 'SUPPRESSED', 'ELEMENT_UNANSWERED')),
    respondents        bigint           NOT NULL,
    ikm_hundredths     integer,
    numerator          text,
    denominator        text,
    standard_error     double precision,
    ci_low_hundredths  bigint,
    ci_high_hundredths bigint,
    elements           text[]           NOT NULL,
    element_answers    bigint[]         NOT NULL,
    element_sums       bigint[]         NOT NULL,
    element_ci_lows    bigint[]         NOT NULL,
    element_ci_highs   bigint[]         NOT NULL,
    published_at       timestamptz      NOT NULL,
    PRIMARY KEY (round, unit),
    CONSTRAINT unit_index_values_where_there_is_one CHECK (
        (outcome = 'INDEX') = (ikm_hundredths IS NOT NULL)
        AND (outcome = 'INDEX') = (numerator IS NOT NULL AND denominator IS NOT NULL)
        AND (outcome = 'INDEX') = (standard_error IS NOT NULL)
        AND (outcome = 'INDEX') = (ci_low_hundredths IS NOT NULL AND ci_high_hundredths IS NOT NULL)
    ),
    CONSTRAINT unit_index_suppressed_shows_nothing
        CHECK (outcome <> 'SUPPRESSED' OR (respondents = 0 AND elements = '{}'))
);
CREATE INDEX unit_index_latest ON evaluation.unit_index (period_end DESC, survey, round, unit);
CREATE INDEX unit_index_by_unit ON evaluation.unit_index (unit, period_end DESC);
CREATE INDEX unit_index_by_period ON evaluation.unit_index (period);
REVOKE UPDATE, DELETE ON evaluation.unit_index FROM evaluation_app;

CREATE TABLE evaluation.signal (
    id          uuid        PRIMARY KEY,
    version     bigint      NOT NULL CHECK (version > 0),
    kind        text        NOT NULL CHECK (kind IN ('TRAINING_NEED')),
    unit        uuid        NOT NULL,
    norm        text        NOT NULL,
    element     text        NOT NULL,
    state       text        NOT NULL CHECK (state IN ('OPEN', 'ANSWERED')),
    as_known_at timestamptz NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL
);
-- While a signal is open, there is no second one for the same unit and element.
CREATE UNIQUE INDEX signal_open ON evaluation.signal (unit, norm, element) WHERE state = 'OPEN';
CREATE INDEX signal_newest ON evaluation.signal (created_at DESC, id DESC);

-- What a signal rests on; never changed.
CREATE TABLE evaluation.signal_period (
    signal             uuid             NOT NULL REFERENCES evaluation.signal,
    position           integer          NOT NULL,
    period             text             NOT NULL,
    survey             uuid             NOT NULL,
    round              uuid             NOT NULL,
    respondents        bigint           NOT NULL,
    ikm_hundredths     integer          NOT NULL,
    ci_low_hundredths  bigint           NOT NULL,
    ci_high_hundredths bigint           NOT NULL,
    target_hundredths  integer          NOT NULL,
    p                  double precision NOT NULL,
    element_answers    bigint           NOT NULL,
    element_sum        bigint           NOT NULL,
    PRIMARY KEY (signal, position)
);
REVOKE UPDATE, DELETE ON evaluation.signal_period FROM evaluation_app;

CREATE TABLE evaluation.study (
    id               uuid        PRIMARY KEY,
    version          bigint      NOT NULL CHECK (version > 0),
    title            text        NOT NULL CHECK (char_length(title) BETWEEN 1 AND 200),
    intervention     uuid,
    outcome          text        NOT NULL CHECK (outcome IN ('IKM', 'GIVEN')),
    treated_units    text[]      NOT NULL,
    comparison_units text[]      NOT NULL,
    pre_periods      text[]      NOT NULL,
    post_periods     text[]      NOT NULL,
    seed             bigint      NOT NULL CHECK (seed >= 0),
    -- By unit, treated ones first, then by period; as written, empty where there is no value; nothing until known.
    data_values      text[]      NOT NULL,
    registered_by    uuid,
    state            text        NOT NULL CHECK (state IN ('REGISTERED', 'CONCLUDED')),
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL
);
CREATE INDEX study_newest ON evaluation.study (created_at DESC, id DESC);

-- What came out of a study; never changed.
CREATE TABLE evaluation.study_result (
    study                 uuid               PRIMARY KEY REFERENCES evaluation.study,
    verdict               text               NOT NULL CHECK (verdict IN ('IMPROVED', 'WORSENED', 'INCONCLUSIVE', 'NOT_ESTIMABLE')),
    reason                text,
    effect                double precision,
    standard_error        double precision,
    degrees_of_freedom    double precision,
    ci_low                double precision,
    ci_high               double precision,
    p_numerator           bigint,
    p_denominator         bigint,
    placebo_effect        double precision,
    placebo_p_numerator   bigint,
    placebo_p_denominator bigint,
    placebo_rejects       boolean,
    method                text               NOT NULL,
    data_sha256           text               NOT NULL CHECK (data_sha256 ~ '^[0-9a-f]{64}$'),
    treated_means         double precision[] NOT NULL,
    comparison_means      double precision[] NOT NULL,
    run_at                timestamptz        NOT NULL
);
REVOKE UPDATE, DELETE ON evaluation.study_result FROM evaluation_app;
