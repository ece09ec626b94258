-- version: 5
-- Made from migrations/tenant by `make snapshot`; do not edit.
CREATE TABLE event (
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    actor uuid,
    assisted_by uuid,
    organisation uuid,
    kind text NOT NULL,
    subject uuid,
    data jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT event_pkey PRIMARY KEY (id)
);
CREATE TABLE fold_state (
    fold text NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT fold_state_pkey PRIMARY KEY (fold)
);
CREATE TABLE organisation (
    id uuid NOT NULL,
    code text NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    name_sort text NOT NULL COLLATE pg_catalog."C",
    name_folded text NOT NULL,
    parent uuid,
    path text NOT NULL COLLATE pg_catalog."C",
    founded_on date NOT NULL,
    dissolved_on date,
    CONSTRAINT organisation_check CHECK ((dissolved_on >= founded_on)),
    CONSTRAINT organisation_kind_check CHECK ((kind = ANY (ARRAY['trung_uong'::text, 'dang_bo_truc_thuoc_trung_uong'::text, 'dang_bo_cap_tren_truc_tiep'::text, 'dang_bo_co_so'::text, 'dang_bo_bo_phan'::text, 'chi_bo_co_so'::text, 'chi_bo_truc_thuoc'::text, 'to_dang'::text]))),
    CONSTRAINT organisation_code_key UNIQUE (code),
    CONSTRAINT organisation_path_key UNIQUE (path),
    CONSTRAINT organisation_pkey PRIMARY KEY (id),
    CONSTRAINT organisation_parent_fkey FOREIGN KEY (parent) REFERENCES organisation(id)
);
CREATE TABLE adoption_day (
    organisation uuid NOT NULL,
    measure text NOT NULL,
    day date NOT NULL,
    amount bigint NOT NULL,
    CONSTRAINT adoption_day_measure_check CHECK ((measure = ANY (ARRAY['members'::text, 'smartphones'::text, 'activated'::text, 'acknowledged'::text, 'checked_in'::text, 'meetings_held'::text]))),
    CONSTRAINT adoption_day_pkey PRIMARY KEY (organisation, measure, day),
    CONSTRAINT adoption_day_organisation_fkey FOREIGN KEY (organisation) REFERENCES organisation(id)
);
CREATE TABLE adoption_exclusion (
    id uuid NOT NULL,
    organisation uuid NOT NULL,
    reason text NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    excluded_from date NOT NULL,
    excluded_to date,
    approved_by text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid,
    CONSTRAINT adoption_exclusion_check CHECK ((excluded_to > excluded_from)),
    CONSTRAINT adoption_exclusion_reason_check CHECK ((reason = ANY (ARRAY['armed_forces'::text, 'other'::text]))),
    CONSTRAINT adoption_exclusion_pkey PRIMARY KEY (id),
    CONSTRAINT adoption_exclusion_organisation_fkey FOREIGN KEY (organisation) REFERENCES organisation(id)
);
CREATE TABLE document (
    id uuid NOT NULL,
    organisation uuid NOT NULL,
    kind text NOT NULL,
    number text NOT NULL,
    title text NOT NULL,
    title_folded text NOT NULL,
    summary text NOT NULL,
    issuer text NOT NULL,
    issued_on date NOT NULL,
    must_read_by date,
    file_name text NOT NULL,
    file_size bigint NOT NULL,
    sha256 bytea NOT NULL,
    pages integer NOT NULL,
    published_at timestamp with time zone NOT NULL,
    published_by uuid NOT NULL,
    attested_by text NOT NULL,
    withdrawn_at timestamp with time zone,
    CONSTRAINT document_pkey PRIMARY KEY (id),
    CONSTRAINT document_organisation_fkey FOREIGN KEY (organisation) REFERENCES organisation(id)
);
CREATE TABLE meeting (
    id uuid NOT NULL,
    organisation uuid NOT NULL,
    kind text NOT NULL,
    title text NOT NULL,
    place text NOT NULL,
    agenda text DEFAULT ''::text NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    state text NOT NULL,
    code text,
    spent_code text,
    created_at timestamp with time zone NOT NULL,
    created_by uuid NOT NULL,
    announced_at timestamp with time zone,
    opened_at timestamp with time zone,
    closed_at timestamp with time zone,
    minute text,
    CONSTRAINT meeting_check CHECK (((state = 'opened'::text) = (code IS NOT NULL))),
    CONSTRAINT meeting_check1 CHECK (((state <> 'closed'::text) OR (minute IS NOT NULL))),
    CONSTRAINT meeting_kind_check CHECK ((kind = ANY (ARRAY['regular'::text, 'topical'::text, 'extraordinary'::text, 'committee'::text]))),
    CONSTRAINT meeting_state_check CHECK ((state = ANY (ARRAY['draft'::text, 'announced'::text, 'opened'::text, 'closed'::text, 'cancelled'::text]))),
    CONSTRAINT meeting_pkey PRIMARY KEY (id),
    CONSTRAINT meeting_organisation_fkey FOREIGN KEY (organisation) REFERENCES organisation(id)
);
CREATE TABLE member (
    id uuid NOT NULL,
    organisation uuid NOT NULL,
    full_name text NOT NULL,
    name_sort text NOT NULL COLLATE pg_catalog."C",
    name_folded text NOT NULL,
    birth_date date,
    sex text,
    admitted_on date,
    official_on date,
    card_number text,
    file_number text,
    phone text,
    standing text NOT NULL,
    status text NOT NULL,
    has_smartphone boolean NOT NULL,
    import uuid,
    import_row bigint,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT member_sex_check CHECK ((sex = ANY (ARRAY['male'::text, 'female'::text]))),
    CONSTRAINT member_standing_check CHECK ((standing = ANY (ARRAY['probationary'::text, 'official'::text]))),
    CONSTRAINT member_status_check CHECK ((status = ANY (ARRAY['active'::text, 'temporary'::text, 'transferring'::text, 'exempt'::text, 'suspended'::text, 'transferred_out'::text, 'left'::text, 'removed'::text, 'deceased'::text]))),
    CONSTRAINT member_card_number_key UNIQUE (card_number),
    CONSTRAINT member_file_number_key UNIQUE (file_number),
    CONSTRAINT member_pkey PRIMARY KEY (id),
    CONSTRAINT member_organisation_fkey FOREIGN KEY (organisation) REFERENCES organisation(id)
);
CREATE TABLE account (
    id uuid NOT NULL,
    member uuid NOT NULL,
    password text,
    state text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    activated_at timestamp with time zone,
    withdrawn_at timestamp with time zone,
    CONSTRAINT account_check CHECK (((state <> 'active'::text) OR ((password IS NOT NULL) AND (activated_at IS NOT NULL)))),
    CONSTRAINT account_state_check CHECK ((state = ANY (ARRAY['invited'::text, 'active'::text, 'withdrawn'::text]))),
    CONSTRAINT account_member_key UNIQUE (member),
    CONSTRAINT account_pkey PRIMARY KEY (id),
    CONSTRAINT account_member_fkey FOREIGN KEY (member) REFERENCES member(id)
);
CREATE TABLE account_code (
    id uuid NOT NULL,
    account uuid NOT NULL,
    code_hash bytea NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    issued_by uuid,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT account_code_code_hash_key UNIQUE (code_hash),
    CONSTRAINT account_code_pkey PRIMARY KEY (id),
    CONSTRAINT account_code_account_fkey FOREIGN KEY (account) REFERENCES account(id)
);
CREATE TABLE attendance (
    meeting uuid NOT NULL,
    member uuid NOT NULL,
    state text NOT NULL,
    via text NOT NULL,
    at timestamp with time zone NOT NULL,
    assisted_by uuid,
    reason text DEFAULT ''::text NOT NULL,
    CONSTRAINT attendance_check CHECK (((via = 'assisted'::text) <= (assisted_by IS NOT NULL))),
    CONSTRAINT attendance_state_check CHECK ((state = ANY (ARRAY['present'::text, 'excused'::text, 'absent'::text, 'exempt'::text]))),
    CONSTRAINT attendance_via_check CHECK ((via = ANY (ARRAY['qr'::text, 'code'::text, 'assisted'::text, 'roll_call'::text]))),
    CONSTRAINT attendance_pkey PRIMARY KEY (meeting, member),
    CONSTRAINT attendance_meeting_fkey FOREIGN KEY (meeting) REFERENCES meeting(id),
    CONSTRAINT attendance_member_fkey FOREIGN KEY (member) REFERENCES member(id)
);
CREATE TABLE document_receipt (
    document uuid NOT NULL,
    member uuid NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    acknowledged_at timestamp with time zone,
    CONSTRAINT document_receipt_pkey PRIMARY KEY (document, member),
    CONSTRAINT document_receipt_document_fkey FOREIGN KEY (document) REFERENCES document(id),
    CONSTRAINT document_receipt_member_fkey FOREIGN KEY (member) REFERENCES member(id)
);
CREATE TABLE member_position (
    id uuid NOT NULL,
    member uuid NOT NULL,
    organisation uuid NOT NULL,
    title text NOT NULL,
    held_from date NOT NULL,
    held_to date,
    CONSTRAINT member_position_check CHECK ((held_to >= held_from)),
    CONSTRAINT member_position_pkey PRIMARY KEY (id),
    CONSTRAINT member_position_member_fkey FOREIGN KEY (member) REFERENCES member(id),
    CONSTRAINT member_position_organisation_fkey FOREIGN KEY (organisation) REFERENCES organisation(id)
);
CREATE TABLE organisation_period (
    organisation uuid NOT NULL,
    valid_from date NOT NULL,
    valid_to date,
    name text NOT NULL,
    parent uuid,
    path text NOT NULL COLLATE pg_catalog."C",
    CONSTRAINT organisation_period_check CHECK ((valid_to > valid_from)),
    CONSTRAINT organisation_period_pkey PRIMARY KEY (organisation, valid_from),
    CONSTRAINT organisation_period_organisation_fkey FOREIGN KEY (organisation) REFERENCES organisation(id),
    CONSTRAINT organisation_period_parent_fkey FOREIGN KEY (parent) REFERENCES organisation(id)
);
CREATE TABLE organisation_succession (
    predecessor uuid NOT NULL,
    successor uuid NOT NULL,
    on_date date NOT NULL,
    CONSTRAINT organisation_succession_pkey PRIMARY KEY (predecessor, successor),
    CONSTRAINT organisation_succession_predecessor_fkey FOREIGN KEY (predecessor) REFERENCES organisation(id),
    CONSTRAINT organisation_succession_successor_fkey FOREIGN KEY (successor) REFERENCES organisation(id)
);
CREATE TABLE outbox (
    event uuid NOT NULL,
    CONSTRAINT outbox_pkey PRIMARY KEY (event)
);
CREATE TABLE role_grant (
    id uuid NOT NULL,
    member uuid NOT NULL,
    organisation uuid NOT NULL,
    role text NOT NULL,
    granted_at timestamp with time zone NOT NULL,
    granted_by uuid,
    revoked_at timestamp with time zone,
    revoked_by uuid,
    CONSTRAINT role_grant_role_check CHECK ((role = ANY (ARRAY['secretary'::text, 'committee'::text, 'editor'::text, 'tenant_admin'::text, 'auditor'::text, 'reviewer'::text]))),
    CONSTRAINT role_grant_pkey PRIMARY KEY (id),
    CONSTRAINT role_grant_member_fkey FOREIGN KEY (member) REFERENCES member(id),
    CONSTRAINT role_grant_organisation_fkey FOREIGN KEY (organisation) REFERENCES organisation(id)
);
CREATE TABLE roster_import (
    id uuid NOT NULL,
    file_name text NOT NULL,
    file_size bigint NOT NULL,
    state text NOT NULL,
    progress double precision DEFAULT 0 NOT NULL,
    rows bigint DEFAULT 0 NOT NULL,
    added bigint DEFAULT 0 NOT NULL,
    changed bigint DEFAULT 0 NOT NULL,
    unchanged bigint DEFAULT 0 NOT NULL,
    bad bigint DEFAULT 0 NOT NULL,
    failure text,
    kept boolean DEFAULT false NOT NULL,
    attempt bigint DEFAULT 0 NOT NULL,
    beat_at timestamp with time zone,
    checked_at timestamp with time zone,
    uploaded_at timestamp with time zone NOT NULL,
    uploaded_by uuid,
    finished_at timestamp with time zone,
    CONSTRAINT roster_import_state_check CHECK ((state = ANY (ARRAY['uploaded'::text, 'checking'::text, 'checked'::text, 'running'::text, 'done'::text, 'failed'::text]))),
    CONSTRAINT roster_import_pkey PRIMARY KEY (id)
);
CREATE TABLE roster_preview (
    import uuid NOT NULL,
    "row" bigint NOT NULL,
    full_name text NOT NULL,
    organisation text NOT NULL,
    outcome text NOT NULL,
    CONSTRAINT roster_preview_outcome_check CHECK ((outcome = ANY (ARRAY['added'::text, 'changed'::text, 'unchanged'::text]))),
    CONSTRAINT roster_preview_pkey PRIMARY KEY (import, "row"),
    CONSTRAINT roster_preview_import_fkey FOREIGN KEY (import) REFERENCES roster_import(id) ON DELETE CASCADE
);
CREATE TABLE roster_problem (
    import uuid NOT NULL,
    "row" bigint NOT NULL,
    column_title text NOT NULL,
    value text NOT NULL,
    reason text NOT NULL,
    mend text NOT NULL,
    CONSTRAINT roster_problem_pkey PRIMARY KEY (import, "row", column_title),
    CONSTRAINT roster_problem_import_fkey FOREIGN KEY (import) REFERENCES roster_import(id) ON DELETE CASCADE
);
CREATE TABLE session (
    id uuid NOT NULL,
    token_hash bytea NOT NULL,
    account uuid NOT NULL,
    device text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT session_pkey PRIMARY KEY (id),
    CONSTRAINT session_token_hash_key UNIQUE (token_hash),
    CONSTRAINT session_account_fkey FOREIGN KEY (account) REFERENCES account(id)
);
COMMENT ON TABLE account_code IS 'One-time codes: the first activates an account, a later one lets its owner choose a new password.';
COMMENT ON COLUMN document.attested_by IS 'The officer who attests that the document holds no state secret.';
COMMENT ON COLUMN event.actor IS 'The account that acted; null when the platform''s operator did, from the command line.';
COMMENT ON COLUMN fold_state.version IS 'Events folded so far; what leaves the tenant carries it as its version.';
COMMENT ON COLUMN meeting.code IS 'The short code that members type or scan; it lives as long as the meeting is open.';
COMMENT ON COLUMN meeting.spent_code IS 'What the code was, so that who comes too late is told so.';
COMMENT ON COLUMN member.import IS 'The import that last wrote the row, and the row of its file.';
COMMENT ON TABLE organisation IS 'The tree as it stands; organisation_period keeps how it stood.';
COMMENT ON COLUMN organisation.path IS 'Labels from the root down, each closed by a dot: 1.4.27.';
CREATE SEQUENCE organisation_label
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
COMMENT ON COLUMN organisation_period.valid_to IS 'The first day on which it no longer holds; null while it holds.';
COMMENT ON COLUMN roster_import.kept IS 'Whether the file still lies in the blob store, under the import''s id.';
COMMENT ON COLUMN roster_import.attempt IS 'Counts the passes that were begun; only the latest may write.';
COMMENT ON COLUMN roster_import.beat_at IS 'When a pass last gave a sign of life; a silent one may be begun again.';
CREATE INDEX account_code_account ON account_code USING btree (account) WHERE (used_at IS NULL);
CREATE INDEX adoption_exclusion_organisation ON adoption_exclusion USING btree (organisation);
CREATE INDEX attendance_member ON attendance USING btree (member);
CREATE INDEX document_published ON document USING btree (published_at DESC, id DESC) WHERE (withdrawn_at IS NULL);
CREATE INDEX document_receipt_member ON document_receipt USING btree (member);
CREATE UNIQUE INDEX document_same_file ON document USING btree (organisation, number, sha256) WHERE (withdrawn_at IS NULL);
CREATE INDEX event_at ON event USING btree (at DESC, id DESC);
CREATE UNIQUE INDEX meeting_code ON meeting USING btree (code) WHERE (code IS NOT NULL);
CREATE INDEX meeting_organisation ON meeting USING btree (organisation, starts_at DESC);
CREATE INDEX meeting_spent_code ON meeting USING btree (spent_code) WHERE (spent_code IS NOT NULL);
CREATE INDEX member_organisation ON member USING btree (organisation, name_sort);
CREATE INDEX member_phone ON member USING btree (phone);
CREATE INDEX member_position_member ON member_position USING btree (member);
CREATE INDEX organisation_parent ON organisation USING btree (parent, name_sort);
CREATE INDEX organisation_period_path ON organisation_period USING btree (path);
CREATE UNIQUE INDEX role_grant_current ON role_grant USING btree (member, organisation, role) WHERE (revoked_at IS NULL);
CREATE INDEX role_grant_organisation ON role_grant USING btree (organisation) WHERE (revoked_at IS NULL);
CREATE INDEX roster_import_uploaded ON roster_import USING btree (uploaded_at DESC);
CREATE INDEX session_account ON session USING btree (account) WHERE (revoked_at IS NULL);
ALTER TABLE ONLY document
    ADD CONSTRAINT document_kind_fkey FOREIGN KEY (kind) REFERENCES platform.document_kind(kind);
REVOKE ALL ON TABLE event FROM CURRENT_USER;
GRANT SELECT,INSERT,REFERENCES,TRIGGER,MAINTAIN ON TABLE event TO CURRENT_USER;
