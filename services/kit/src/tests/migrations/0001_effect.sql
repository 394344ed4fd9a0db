-- What the tests' handler leaves behind: one row each time that an event was applied.
CREATE TABLE effect (
    event_id uuid NOT NULL
);
