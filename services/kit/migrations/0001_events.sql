-- The tables that every service has in its own schema: history and outbox, inbox and dead letters, request ids. No
-- schema is named here: the owner role's search_path says whose these are.

-- Which life of the database an event was written in: a fail-over or a restore begins a new one, so that a version that
-- is given twice is told apart by its epoch.
CREATE TABLE history_epoch (
    epoch             bigint PRIMARY KEY,
    system_identifier bigint NOT NULL,
    timeline          text   NOT NULL,
    recorded_at       timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The epochs in which what was told under a subject, and must not be undone, was done again.
CREATE TABLE recalled_epoch (
    epoch   bigint NOT NULL,
    subject text   NOT NULL,
    PRIMARY KEY (epoch, subject)
);

-- Everything this service ever told: kept, partitioned by day, and immutable but for redact_event(), which leaves an
-- empty payload and the header ce-primaredacted.
CREATE SEQUENCE event_log_id_seq;
CREATE TABLE event_log (
    id             bigint      NOT NULL DEFAULT nextval('event_log_id_seq'),
    recorded_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    event_id       uuid        NOT NULL,
    shard          smallint    NOT NULL CHECK (shard BETWEEN 0 AND 15),
    aggregate_type text        NOT NULL,
    aggregate_id   uuid        NOT NULL,
    epoch          bigint      NOT NULL,
    version        bigint      NOT NULL CHECK (version > 0),
    event_type     text        NOT NULL,
    subject        text        NOT NULL,
    headers        jsonb       NOT NULL,
    payload        bytea       NOT NULL CHECK (octet_length(payload) <= 524288),
    PRIMARY KEY (recorded_at, id)
) PARTITION BY RANGE (recorded_at);

-- What the stream has not acknowledged yet: the only hot table.
CREATE TABLE outbox_pending (
    shard       smallint    NOT NULL,
    id          bigint      NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (shard, id)
) WITH (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0,
    autovacuum_vacuum_insert_threshold = 1000, autovacuum_vacuum_insert_scale_factor = 0
);

-- The last event of each shard that the stream acknowledged, written in the transaction that takes it off the outbox: what
-- the stream must still hold.
CREATE TABLE stream_watermark (
    shard    smallint PRIMARY KEY CHECK (shard BETWEEN 0 AND 15),
    sequence bigint   NOT NULL,
    event_id uuid     NOT NULL
) WITH (fillfactor = 20);

-- Where the stream was seen to hold what it had acknowledged. Whatever is published later was recorded after
-- published_later, so from there on it can be published again.
CREATE TABLE stream_check (
    checked_at      timestamptz NOT NULL PRIMARY KEY,
    stream_created  timestamptz NOT NULL,
    -- Null where nothing had been acknowledged yet.
    sequence        bigint,
    event_id        uuid,
    published_later timestamptz NOT NULL,
    CHECK ((sequence IS NULL) = (event_id IS NULL))
);

-- Until when the history was compared with the stream, event by event, and how many messages the stream said then that it
-- had lost in its middle.
CREATE TABLE stream_audit (
    audited_until timestamptz NOT NULL PRIMARY KEY,
    deleted       bigint      NOT NULL
);

-- Which events were applied, by which consumer; partitioned by the day in the event's UUIDv7, kept 30 days. The key's
-- order finds a consumer's newest event at once.
CREATE TABLE inbox (
    consumer   text        NOT NULL,
    event_id   uuid        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (consumer, event_id)
) PARTITION BY RANGE (event_id);

-- How often an event was tried alone; written before its handler is called. Once it has a dead letter, that counts.
CREATE TABLE delivery_attempt (
    event_id uuid   NOT NULL,
    consumer text   NOT NULL,
    attempts bigint NOT NULL,
    PRIMARY KEY (event_id, consumer)
);

-- What could not be applied, whole. WAITING is tried again by itself at retry_at; PARKED waits for a person. As long as
-- it is not RESOLVED, another delivery of the event changes nothing.
CREATE TABLE dead_letter (
    event_id    uuid        NOT NULL,
    consumer    text        NOT NULL,
    stream      text        NOT NULL,
    subject     text        NOT NULL,
    event_type  text        NOT NULL,
    resource    text        NOT NULL,
    headers     jsonb       NOT NULL,
    payload     bytea       NOT NULL,
    reason      text        NOT NULL CHECK (reason IN ('UNREADABLE', 'PERMANENT', 'ATTEMPTS_EXHAUSTED', 'TRANSIENT', 'OLDER_THAN_INBOX', 'UNKNOWN_TYPE')),
    error       text        NOT NULL,
    attempts    bigint      NOT NULL,
    state       text        NOT NULL CHECK (state IN ('WAITING', 'PARKED', 'RESOLVED', 'DROPPED')),
    retry_at    timestamptz CHECK ((retry_at IS NOT NULL) = (state = 'WAITING')),
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (event_id, consumer)
);
CREATE INDEX dead_letter_due ON dead_letter (retry_at) WHERE state = 'WAITING';
CREATE INDEX dead_letter_listed ON dead_letter (recorded_at, event_id, consumer);

-- Which request ids were used, for what content, with which outcome: no free text, no secret.
CREATE TABLE request_reply (
    caller       text        NOT NULL,
    rpc          text        NOT NULL,
    request_id   uuid        NOT NULL,
    content_hash bytea       NOT NULL CHECK (octet_length(content_hash) = 32),
    resource     text        NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (caller, rpc, request_id)
);
CREATE INDEX request_reply_recorded_at ON request_reply (recorded_at);

-- What operators did, and why; written in the transaction of the act. For adding and reading.
CREATE TABLE operator_act (
    id          uuid        PRIMARY KEY,
    act         text        NOT NULL,
    subject     text        NOT NULL,
    actor       text        NOT NULL,
    reason      text        NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The functions below run with the owner's rights, on the schema they were made in, whoever calls them.
DO $functions$
DECLARE
    schema_name text := current_schema();
BEGIN
    -- Makes the partitions of 30 days ahead where they are missing, and for the inbox those of 31 days back: a service
    -- that is new still finds events of that age in the streams.
    EXECUTE format($body$
        CREATE FUNCTION make_partitions() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = %1$I, pg_temp AS $f$
        DECLARE
            day date;
            name text;
            app text := %1$L || '_app';
        BEGIN
            PERFORM pg_advisory_xact_lock(hashtext('make_partitions'), hashtext(%1$L));
            FOR offset_days IN -31..30 LOOP
                day := (clock_timestamp() AT TIME ZONE 'UTC')::date + offset_days;
                name := 'event_log_' || to_char(day, 'YYYYMMDD');
                IF offset_days >= -1 AND to_regclass(%1$L || '.' || name) IS NULL THEN
                    EXECUTE format('CREATE TABLE %%I PARTITION OF event_log FOR VALUES FROM (%%L) TO (%%L)',
                        name, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
                    EXECUTE format('REVOKE ALL ON %%I FROM %%I', name, app);
                END IF;
                name := 'inbox_' || to_char(day, 'YYYYMMDD');
                IF to_regclass(%1$L || '.' || name) IS NULL THEN
                    EXECUTE format('CREATE TABLE %%I PARTITION OF inbox FOR VALUES FROM (%%L) TO (%%L)',
                        name, uuid_of_day(day), uuid_of_day(day + 1));
                    EXECUTE format('REVOKE ALL ON %%I FROM %%I', name, app);
                END IF;
            END LOOP;
        END
        $f$
    $body$, schema_name);

    -- Drops the oldest day of the inbox, if it is one that make_partitions() would not make; says whether it did. One at a
    -- time and with little patience: consumers wait meanwhile.
    EXECUTE format($body$
        CREATE FUNCTION drop_oldest_inbox() RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = %1$I, pg_temp SET lock_timeout = '1s' AS $f$
        DECLARE
            oldest text := (SELECT min(relname::text) FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
                            WHERE inhparent = 'inbox'::regclass);
            kept_from date := (clock_timestamp() AT TIME ZONE 'UTC')::date - 31;
        BEGIN
            IF oldest IS NULL OR oldest >= 'inbox_' || to_char(kept_from, 'YYYYMMDD') THEN
                RETURN false;
            END IF;
            EXECUTE format('DROP TABLE %%I', oldest);
            RETURN true;
        END
        $f$
    $body$, schema_name);

    -- Takes a day out of history, for an operator; its table stays, as the owner's alone. Refused for the last 30 days and
    -- for a day that has events pending; false where the day is not there.
    EXECUTE format($body$
        CREATE FUNCTION detach_history(day date) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = %1$I, pg_temp SET lock_timeout = '2s' AS $f$
        DECLARE
            name text := 'event_log_' || to_char(day, 'YYYYMMDD');
        BEGIN
            IF day > (clock_timestamp() AT TIME ZONE 'UTC')::date - 30 THEN
                RAISE EXCEPTION 'the history of %% is less than 30 days old', day;
            END IF;
            IF NOT EXISTS (SELECT FROM pg_inherits WHERE inhparent = 'event_log'::regclass AND inhrelid = to_regclass(name)) THEN
                RETURN false;
            END IF;
            -- Nobody puts an event of the day on the outbox after the look. Writers take the two in this order too.
            LOCK TABLE event_log IN ACCESS EXCLUSIVE MODE;
            LOCK TABLE outbox_pending IN SHARE ROW EXCLUSIVE MODE;
            IF EXISTS (SELECT FROM outbox_pending WHERE recorded_at >= day::timestamp AT TIME ZONE 'UTC'
                                                    AND recorded_at < (day + 1)::timestamp AT TIME ZONE 'UTC') THEN
                RAISE EXCEPTION 'the history of %% has events pending', day;
            END IF;
            EXECUTE format('ALTER TABLE event_log DETACH PARTITION %%I', name);
            RETURN true;
        END
        $f$
    $body$, schema_name);

    -- Makes away with the content of an event. recorded_from and recorded_until say where it is looked for.
    EXECUTE format($body$
        CREATE FUNCTION redact_event(event uuid, recorded_from timestamptz, recorded_until timestamptz) RETURNS void
        LANGUAGE sql SECURITY DEFINER SET search_path = %1$I, pg_temp AS $f$
            UPDATE event_log SET payload = '', headers = headers || '{"ce-primaredacted": "true"}'
            WHERE event_id = event AND recorded_at BETWEEN recorded_from AND recorded_until
        $f$
    $body$, schema_name);

    -- The smallest UUIDv7 of a UTC day.
    EXECUTE format($body$
        CREATE FUNCTION uuid_of_day(day date) RETURNS uuid LANGUAGE sql STABLE SET search_path = %1$I, pg_temp AS $f$
            SELECT (rpad(lpad(to_hex((extract(epoch FROM day::timestamp AT TIME ZONE 'UTC') * 1000)::bigint), 12, '0'), 32, '0'))::uuid
        $f$
    $body$, schema_name);

    -- Compares where this connection is with the last epoch; begins a new one where they differ; answers the epoch.
    EXECUTE format($body$
        CREATE FUNCTION current_epoch() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = %1$I, pg_temp AS $f$
        DECLARE
            here_system bigint := (SELECT system_identifier FROM pg_control_system());
            here_timeline text := left(pg_walfile_name(pg_current_wal_lsn()), 8);
            last history_epoch;
        BEGIN
            SELECT * INTO last FROM history_epoch ORDER BY epoch DESC LIMIT 1;
            IF last.system_identifier = here_system AND last.timeline = here_timeline THEN
                RETURN last.epoch;
            END IF;
            PERFORM pg_advisory_xact_lock(hashtext('history_epoch'), hashtext(%1$L));
            SELECT * INTO last FROM history_epoch ORDER BY epoch DESC LIMIT 1;
            IF last.system_identifier = here_system AND last.timeline = here_timeline THEN
                RETURN last.epoch;
            END IF;
            INSERT INTO history_epoch (epoch, system_identifier, timeline)
            VALUES (greatest(coalesce(last.epoch, 0) + 1, extract(epoch FROM clock_timestamp())::bigint), here_system, here_timeline)
            RETURNING * INTO last;
            RETURN last.epoch;
        END
        $f$
    $body$, schema_name);

    -- History is for adding and reading.
    EXECUTE format('REVOKE UPDATE, DELETE ON event_log FROM %I', schema_name || '_app');
    EXECUTE format('REVOKE UPDATE, DELETE ON operator_act FROM %I', schema_name || '_app');
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON history_epoch FROM %I', schema_name || '_app');
    EXECUTE format('GRANT SELECT ON event_log, history_epoch TO %I', schema_name || '_relay');
    EXECUTE format('GRANT SELECT, INSERT, DELETE ON outbox_pending TO %I', schema_name || '_relay');
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON stream_watermark, stream_check, stream_audit TO %I', schema_name || '_relay');
    EXECUTE format('GRANT EXECUTE ON FUNCTION make_partitions(), current_epoch() TO %I, %I', schema_name || '_app', schema_name || '_relay');
    EXECUTE format('GRANT EXECUTE ON FUNCTION drop_oldest_inbox(), detach_history(date), redact_event(uuid, timestamptz, timestamptz) TO %I', schema_name || '_app');
END
$functions$;

REVOKE EXECUTE ON FUNCTION make_partitions(), current_epoch(), drop_oldest_inbox(), detach_history(date),
    redact_event(uuid, timestamptz, timestamptz) FROM PUBLIC;
SELECT make_partitions();
