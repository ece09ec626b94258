-- Documents published to an organisation and all below it, and who has opened
-- and acknowledged them. The bytes are in the blob store under the document's id.

CREATE TABLE document (
    id           uuid PRIMARY KEY,
    organisation uuid NOT NULL REFERENCES organisation,
    kind         text NOT NULL REFERENCES platform.document_kind,
    number       text NOT NULL,
    title        text NOT NULL,
    title_folded text NOT NULL,
    summary      text NOT NULL,
    issuer       text NOT NULL,
    issued_on    date NOT NULL,
    must_read_by date,
    file_name    text NOT NULL,
    file_size    bigint NOT NULL,
    sha256       bytea NOT NULL,
    pages        integer NOT NULL,
    published_at timestamptz NOT NULL,
    published_by uuid NOT NULL,
    attested_by  text NOT NULL,
    withdrawn_at timestamptz
);
CREATE INDEX document_published ON document (published_at DESC, id DESC) WHERE withdrawn_at IS NULL;
CREATE UNIQUE INDEX document_same_file ON document (organisation, number, sha256) WHERE withdrawn_at IS NULL;
COMMENT ON COLUMN document.attested_by IS 'The officer who attests that the document holds no state secret.';

CREATE TABLE document_receipt (
    document        uuid NOT NULL REFERENCES document,
    member          uuid NOT NULL REFERENCES member,
    opened_at       timestamptz NOT NULL,
    acknowledged_at timestamptz,
    PRIMARY KEY (document, member)
);
CREATE INDEX document_receipt_member ON document_receipt (member);
