-- By what duplicates and recurrences are found, what inboxes are read in the order of, and what statistics count.

ALTER TABLE complaints.complaint
    -- The report found fixed before at the same place.
    ADD COLUMN recurrence_of uuid CONSTRAINT complaint_recurrence_of_fkey REFERENCES complaints.complaint;

-- What a report is found again by; none of a report about officials. Goes when its reporter is erased.
CREATE TABLE complaints.complaint_spot (
    complaint      uuid        PRIMARY KEY REFERENCES complaints.complaint,
    category       text        NOT NULL,
    kelurahan_code text        NOT NULL,
    -- The cell of the grid that its point is in.
    cell           bigint,
    filed_at       timestamptz NOT NULL,
    -- When it was last found fixed, if it is.
    fixed_at       timestamptz,
    -- The reporter's words, lower case, without superfluous spaces, cut.
    search_text    text        NOT NULL CHECK (char_length(search_text) <= 500)
);
CREATE INDEX complaint_spot_by_cell ON complaints.complaint_spot (category, cell, filed_at DESC) WHERE cell IS NOT NULL;
CREATE INDEX complaint_spot_by_kelurahan ON complaints.complaint_spot (category, kelurahan_code, filed_at DESC);
CREATE INDEX complaint_spot_fixed ON complaints.complaint_spot (category, kelurahan_code, fixed_at DESC)
    WHERE fixed_at IS NOT NULL;

-- What statistics count of a report: a narrow row, kept in the transaction of each step.
CREATE TABLE complaints.report_fact (
    complaint          uuid        PRIMARY KEY REFERENCES complaints.complaint,
    filed_at           timestamptz NOT NULL,
    kelurahan_code     text        NOT NULL,
    category           text        NOT NULL,
    unit               uuid        NOT NULL,
    unit_complained_of uuid,
    state              text        NOT NULL,
    accepted_at        timestamptz,
    -- The resolution that stands.
    resolved_at        timestamptz,
    due_at             timestamptz,
    is_reopened        boolean     NOT NULL DEFAULT false,
    is_rejected        boolean     NOT NULL DEFAULT false,
    is_recurring       boolean     NOT NULL,
    rating             smallint
) WITH (fillfactor = 80);
CREATE INDEX report_fact_by_filing ON complaints.report_fact (filed_at);
CREATE INDEX report_fact_by_unit ON complaints.report_fact (unit, filed_at);

INSERT INTO complaints.report_fact
SELECT id, filed_at, kelurahan_code, category, responsible_unit, unit_complained_of, state, first_accepted_at,
       CASE WHEN cardinality(resolved_times) > cardinality(reopened_times)
            THEN resolved_times[cardinality(resolved_times)] END,
       finish_due_at, cardinality(reopened_times) > 0, reject_reason IS NOT NULL, false, rating
FROM complaints.complaint;

-- The transaction of a step: steps of transactions that ended before the oldest one running are never joined by others, so
-- they can be read once, in this order, none missing.
ALTER TABLE complaints.timeline_entry
    ADD COLUMN written_in bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint;
CREATE INDEX timeline_entry_by_writing ON complaints.timeline_entry (written_in, complaint, version);

-- ListComplaints by the time that is left: where the clock runs, and where it stands while the reporter is asked.
CREATE INDEX complaint_by_unit_due ON complaints.complaint (responsible_unit, finish_due_at, id)
    WHERE state IN ('SUBMITTED', 'COORDINATING', 'DISPOSED', 'IN_PROGRESS', 'AWAITING_VALIDATION')
       OR (state = 'NEEDS_REPORTER' AND questions > 2);
CREATE INDEX complaint_by_unit_standing ON complaints.complaint (responsible_unit, (finish_due_at - asked_at), id)
    WHERE state = 'NEEDS_REPORTER' AND questions <= 2;
