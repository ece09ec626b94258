-- What happened, and what still has to be folded. An event is written in the
-- transaction of the change it tells of; the relay deletes the outbox row in
-- the transaction of the folds.

CREATE TABLE event (
    id           uuid PRIMARY KEY,
    at           timestamptz NOT NULL,
    actor        uuid,
    assisted_by  uuid,
    organisation uuid,
    kind         text NOT NULL,
    subject      uuid,
    data         jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX event_at ON event (at DESC, id DESC);
COMMENT ON COLUMN event.actor IS 'The account that acted; null when the platform''s operator did, from the command line.';

-- No foreign key to event: its check would need the right to lock, and so to
-- update, a table that nobody may update.
CREATE TABLE outbox (
    event uuid PRIMARY KEY
);

CREATE TABLE fold_state (
    fold    text PRIMARY KEY,
    version bigint NOT NULL
);
COMMENT ON COLUMN fold_state.version IS 'Events folded so far; what leaves the tenant carries it as its version.';

REVOKE UPDATE, DELETE, TRUNCATE ON event FROM CURRENT_USER;
