-- What a database administrator runs once per database, before the services' migrations: extensions, and for each
-- service a schema with its roles. Repeatable. Passwords are the operator's to set (ALTER ROLE … PASSWORD).
--
--   <service>_owner   owns the schema, runs the migrations
--   <service>_app     what the running service connects as: DML, but history is for INSERT and SELECT only
--   <service>_relay   what the service's relay connects as: carries committed events to the stream
--   <service>_read    reads; for people who look after the service
--
-- No role of one service may read another's schema.

CREATE SCHEMA IF NOT EXISTS extensions;
CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA extensions;
CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA extensions;
GRANT USAGE ON SCHEMA extensions TO PUBLIC;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

DO $bootstrap$
DECLARE
    service text;
    role_name text;
BEGIN
    FOREACH service IN ARRAY ARRAY['complaints', 'staff', 'training', 'evaluation'] LOOP
        FOREACH role_name IN ARRAY ARRAY[service || '_owner', service || '_app', service || '_relay', service || '_read'] LOOP
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
                EXECUTE format('CREATE ROLE %I LOGIN', role_name);
            END IF;
            EXECUTE format('ALTER ROLE %I SET search_path = %I, extensions', role_name, service);
            EXECUTE format('ALTER ROLE %I SET timezone = ''UTC''', role_name);
        END LOOP;

        EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION %I', service, service || '_owner');
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I, %I, %I', service, service || '_app', service || '_relay', service || '_read');
        EXECUTE format(
            'ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I',
            service || '_owner', service, service || '_app');
        EXECUTE format(
            'ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I GRANT USAGE ON SEQUENCES TO %I',
            service || '_owner', service, service || '_app');
        EXECUTE format(
            'ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I GRANT SELECT ON TABLES TO %I',
            service || '_owner', service, service || '_read');

        -- A statement or a forgotten transaction of the running service is bounded even where the process is not.
        EXECUTE format('ALTER ROLE %I SET statement_timeout = ''10s''', service || '_app');
        EXECUTE format('ALTER ROLE %I SET lock_timeout = ''5s''', service || '_app');
        EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = ''30s''', service || '_app');
        EXECUTE format('ALTER ROLE %I SET statement_timeout = ''10s''', service || '_relay');
        EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = ''15s''', service || '_relay');
        EXECUTE format('ALTER ROLE %I SET lock_timeout = ''10s''', service || '_owner');
        EXECUTE format('ALTER ROLE %I SET statement_timeout = ''60s''', service || '_read');
    END LOOP;
END
$bootstrap$;
