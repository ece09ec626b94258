-- Who: organisations, members, accounts, roles, sessions. Written by the
-- directory alone; every service may read organisation and member.

CREATE SEQUENCE organisation_label;

CREATE TABLE organisation (
    id           uuid PRIMARY KEY,
    code         text NOT NULL UNIQUE,
    kind         text NOT NULL CHECK (kind IN (
                     'trung_uong', 'dang_bo_truc_thuoc_trung_uong', 'dang_bo_cap_tren_truc_tiep',
                     'dang_bo_co_so', 'dang_bo_bo_phan', 'chi_bo_co_so', 'chi_bo_truc_thuoc', 'to_dang')),
    name         text NOT NULL,
    name_sort    text COLLATE "C" NOT NULL,
    name_folded  text NOT NULL,
    parent       uuid REFERENCES organisation,
    path         text COLLATE "C" NOT NULL UNIQUE,
    founded_on   date NOT NULL,
    dissolved_on date CHECK (dissolved_on >= founded_on)
);
CREATE INDEX organisation_parent ON organisation (parent, name_sort);
COMMENT ON TABLE organisation IS 'The tree as it stands; organisation_period keeps how it stood.';
COMMENT ON COLUMN organisation.path IS 'Labels from the root down, each closed by a dot: 1.4.27.';

CREATE TABLE organisation_period (
    organisation uuid NOT NULL REFERENCES organisation,
    valid_from   date NOT NULL,
    valid_to     date,
    name         text NOT NULL,
    parent       uuid REFERENCES organisation,
    path         text COLLATE "C" NOT NULL,
    PRIMARY KEY (organisation, valid_from),
    CHECK (valid_to > valid_from)
);
CREATE INDEX organisation_period_path ON organisation_period (path);
COMMENT ON COLUMN organisation_period.valid_to IS 'The first day on which it no longer holds; null while it holds.';

CREATE TABLE organisation_succession (
    predecessor uuid NOT NULL REFERENCES organisation,
    successor   uuid NOT NULL REFERENCES organisation,
    on_date     date NOT NULL,
    PRIMARY KEY (predecessor, successor)
);

CREATE TABLE member (
    id             uuid PRIMARY KEY,
    organisation   uuid NOT NULL REFERENCES organisation,
    full_name      text NOT NULL,
    name_sort      text COLLATE "C" NOT NULL,
    name_folded    text NOT NULL,
    birth_date     date,
    sex            text CHECK (sex IN ('male', 'female')),
    admitted_on    date,
    official_on    date,
    card_number    text UNIQUE,
    file_number    text UNIQUE,
    phone          text,
    standing       text NOT NULL CHECK (standing IN ('probationary', 'official')),
    status         text NOT NULL CHECK (status IN (
                       'active', 'temporary', 'transferring', 'exempt', 'suspended',
                       'transferred_out', 'left', 'removed', 'deceased')),
    has_smartphone boolean NOT NULL,
    import         uuid,
    import_row     bigint,
    created_at     timestamptz NOT NULL,
    changed_at     timestamptz NOT NULL
);
CREATE INDEX member_organisation ON member (organisation, name_sort);
CREATE INDEX member_phone ON member (phone);
COMMENT ON COLUMN member.import IS 'The import that last wrote the row, and the row of its file.';

CREATE TABLE member_position (
    id           uuid PRIMARY KEY,
    member       uuid NOT NULL REFERENCES member,
    organisation uuid NOT NULL REFERENCES organisation,
    title        text NOT NULL,
    held_from    date NOT NULL,
    held_to      date CHECK (held_to >= held_from)
);
CREATE INDEX member_position_member ON member_position (member);

CREATE TABLE role_grant (
    id           uuid PRIMARY KEY,
    member       uuid NOT NULL REFERENCES member,
    organisation uuid NOT NULL REFERENCES organisation,
    role         text NOT NULL CHECK (role IN (
                     'secretary', 'committee', 'editor', 'tenant_admin', 'auditor', 'reviewer')),
    granted_at   timestamptz NOT NULL,
    granted_by   uuid,
    revoked_at   timestamptz,
    revoked_by   uuid
);
CREATE UNIQUE INDEX role_grant_current ON role_grant (member, organisation, role) WHERE revoked_at IS NULL;
CREATE INDEX role_grant_organisation ON role_grant (organisation) WHERE revoked_at IS NULL;

CREATE TABLE account (
    id           uuid PRIMARY KEY,
    member       uuid NOT NULL UNIQUE REFERENCES member,
    password     text,
    state        text NOT NULL CHECK (state IN ('invited', 'active', 'withdrawn')),
    created_at   timestamptz NOT NULL,
    activated_at timestamptz,
    withdrawn_at timestamptz,
    CHECK (state <> 'active' OR (password IS NOT NULL AND activated_at IS NOT NULL))
);

CREATE TABLE account_code (
    id         uuid PRIMARY KEY,
    account    uuid NOT NULL REFERENCES account,
    code_hash  bytea NOT NULL UNIQUE,
    issued_at  timestamptz NOT NULL,
    issued_by  uuid,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX account_code_account ON account_code (account) WHERE used_at IS NULL;
COMMENT ON TABLE account_code IS 'One-time codes: the first activates an account, a later one lets its owner choose a new password.';

CREATE TABLE session (
    id           uuid PRIMARY KEY,
    token_hash   bytea NOT NULL UNIQUE,
    account      uuid NOT NULL REFERENCES account,
    device       text NOT NULL,
    created_at   timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    revoked_at   timestamptz
);
CREATE INDEX session_account ON session (account) WHERE revoked_at IS NULL;

CREATE TABLE roster_import (
    id          uuid PRIMARY KEY,
    file_name   text NOT NULL,
    file_size   bigint NOT NULL,
    state       text NOT NULL CHECK (state IN ('uploaded', 'checking', 'checked', 'running', 'done', 'failed')),
    progress    double precision NOT NULL DEFAULT 0,
    rows        bigint NOT NULL DEFAULT 0,
    added       bigint NOT NULL DEFAULT 0,
    changed     bigint NOT NULL DEFAULT 0,
    unchanged   bigint NOT NULL DEFAULT 0,
    bad         bigint NOT NULL DEFAULT 0,
    failure     text,
    kept        boolean NOT NULL DEFAULT false,
    attempt     bigint NOT NULL DEFAULT 0,
    beat_at     timestamptz,
    checked_at  timestamptz,
    uploaded_at timestamptz NOT NULL,
    uploaded_by uuid,
    finished_at timestamptz
);
CREATE INDEX roster_import_uploaded ON roster_import (uploaded_at DESC);
COMMENT ON COLUMN roster_import.kept IS 'Whether the file still lies in the blob store, under the import''s id.';
COMMENT ON COLUMN roster_import.attempt IS 'Counts the passes that were begun; only the latest may write.';
COMMENT ON COLUMN roster_import.beat_at IS 'When a pass last gave a sign of life; a silent one may be begun again.';

CREATE TABLE roster_preview (
    import       uuid NOT NULL REFERENCES roster_import ON DELETE CASCADE,
    row          bigint NOT NULL,
    full_name    text NOT NULL,
    organisation text NOT NULL,
    outcome      text NOT NULL CHECK (outcome IN ('added', 'changed', 'unchanged')),
    PRIMARY KEY (import, row)
);

CREATE TABLE roster_problem (
    import uuid NOT NULL REFERENCES roster_import ON DELETE CASCADE,
    row    bigint NOT NULL,
    column_title text NOT NULL,
    value  text NOT NULL,
    reason text NOT NULL,
    mend   text NOT NULL,
    PRIMARY KEY (import, row, column_title)
);
