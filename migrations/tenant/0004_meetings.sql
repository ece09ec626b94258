-- Branch meetings and who came.

CREATE TABLE meeting (
    id           uuid PRIMARY KEY,
    organisation uuid NOT NULL REFERENCES organisation,
    kind         text NOT NULL CHECK (kind IN ('regular', 'topical', 'extraordinary', 'committee')),
    title        text NOT NULL,
    place        text NOT NULL,
    agenda       text NOT NULL DEFAULT '',
    starts_at    timestamptz NOT NULL,
    state        text NOT NULL CHECK (state IN ('draft', 'announced', 'opened', 'closed', 'cancelled')),
    code         text,
    spent_code   text,
    created_at   timestamptz NOT NULL,
    created_by   uuid NOT NULL,
    announced_at timestamptz,
    opened_at    timestamptz,
    closed_at    timestamptz,
    minute       text,
    CHECK ((state = 'opened') = (code IS NOT NULL)),
    CHECK (state <> 'closed' OR minute IS NOT NULL)
);
CREATE INDEX meeting_organisation ON meeting (organisation, starts_at DESC);
CREATE UNIQUE INDEX meeting_code ON meeting (code) WHERE code IS NOT NULL;
CREATE INDEX meeting_spent_code ON meeting (spent_code) WHERE spent_code IS NOT NULL;
COMMENT ON COLUMN meeting.code IS 'The short code that members type or scan; it lives as long as the meeting is open.';
COMMENT ON COLUMN meeting.spent_code IS 'What the code was, so that who comes too late is told so.';

CREATE TABLE attendance (
    meeting     uuid NOT NULL REFERENCES meeting,
    member      uuid NOT NULL REFERENCES member,
    state       text NOT NULL CHECK (state IN ('present', 'excused', 'absent', 'exempt')),
    via         text NOT NULL CHECK (via IN ('qr', 'code', 'assisted', 'roll_call')),
    at          timestamptz NOT NULL,
    assisted_by uuid,
    reason      text NOT NULL DEFAULT '',
    PRIMARY KEY (meeting, member),
    CHECK ((via = 'assisted') <= (assisted_by IS NOT NULL))
);
CREATE INDEX attendance_member ON attendance (member);
