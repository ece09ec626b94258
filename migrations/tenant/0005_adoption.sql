-- Adoption figures, folded from events: how much each measure moved in an
-- organisation on a day, so that any past day can be summed.

CREATE TABLE adoption_day (
    organisation uuid NOT NULL REFERENCES organisation,
    measure      text NOT NULL CHECK (measure IN (
                     'members', 'smartphones', 'activated', 'acknowledged', 'checked_in', 'meetings_held')),
    day          date NOT NULL,
    amount       bigint NOT NULL,
    PRIMARY KEY (organisation, measure, day)
);

CREATE TABLE adoption_exclusion (
    id           uuid PRIMARY KEY,
    organisation uuid NOT NULL REFERENCES organisation,
    reason       text NOT NULL CHECK (reason IN ('armed_forces', 'other')),
    note         text NOT NULL DEFAULT '',
    excluded_from date NOT NULL,
    excluded_to   date CHECK (excluded_to > excluded_from),
    approved_by  text NOT NULL,
    recorded_at  timestamptz NOT NULL,
    recorded_by  uuid
);
CREATE INDEX adoption_exclusion_organisation ON adoption_exclusion (organisation);
