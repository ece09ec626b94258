-- The platform's own schema. It exists on every placement, so that a tenant's
-- migration and its ledger row share one transaction and tenants can refer to
-- reference data; the registry and the national roll-ups are used on the first
-- placement only. The owner of this schema cannot read a tenant.

CREATE TABLE platform.tenant (
    slug             text PRIMARY KEY CHECK (slug ~ '^[a-z][a-z0-9]*(-[a-z0-9]+)*$'),
    kind             text NOT NULL CHECK (kind IN ('province', 'central_bloc', 'national')),
    name             text NOT NULL,
    short_name       text NOT NULL,
    accent           text NOT NULL CHECK (accent ~ '^#[0-9a-f]{6}$'),
    hosts            text[] NOT NULL DEFAULT '{}',
    placement        text NOT NULL,
    state            text NOT NULL CHECK (state IN ('provisioning', 'active', 'suspended', 'retired')),
    password_version integer NOT NULL DEFAULT 1,
    config           jsonb NOT NULL DEFAULT '{}',
    revision         bigint NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    changed_at       timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE platform.tenant IS
    'The registry. A row is never deleted, so that a slug is never given out twice.';

-- Raised by every change of the registry: servers poll its value and read the
-- table again only when it moved.
CREATE SEQUENCE platform.registry_revision;

CREATE TABLE platform.tenant_migration (
    tenant   text NOT NULL,
    version  integer NOT NULL,
    checksum text NOT NULL,
    state    text NOT NULL CHECK (state IN ('applied', 'failed')),
    error    text,
    at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, version)
);
COMMENT ON TABLE platform.tenant_migration IS
    'Which migration each tenant of this placement has; written in the migration''s own transaction.';

CREATE TABLE platform.adoption_rollup (
    tenant     text PRIMARY KEY,
    version    bigint NOT NULL,
    at         timestamptz NOT NULL,
    figures    jsonb NOT NULL,
    signature  bytea NOT NULL
);
COMMENT ON TABLE platform.adoption_rollup IS
    'One row of signed aggregates a tenant; a lower version never overwrites a higher one.';

CREATE TABLE platform.document_kind (
    kind         text PRIMARY KEY,
    name         text NOT NULL,
    abbreviation text NOT NULL,
    position     integer NOT NULL
);
COMMENT ON TABLE platform.document_kind IS
    'The 25 kinds of Party documents; reference data that every tenant may read.';

INSERT INTO platform.document_kind (position, kind, name, abbreviation) VALUES
    (1, 'cuong_linh', 'Cương lĩnh chính trị', 'CL'),
    (2, 'dieu_le', 'Điều lệ', 'ĐL'),
    (3, 'chien_luoc', 'Chiến lược', 'CLc'),
    (4, 'nghi_quyet', 'Nghị quyết', 'NQ'),
    (5, 'quyet_dinh', 'Quyết định', 'QĐ'),
    (6, 'chi_thi', 'Chỉ thị', 'CT'),
    (7, 'ket_luan', 'Kết luận', 'KL'),
    (8, 'quy_che', 'Quy chế', 'QC'),
    (9, 'quy_dinh', 'Quy định', 'QĐ'),
    (10, 'thong_tri', 'Thông tri', 'TT'),
    (11, 'huong_dan', 'Hướng dẫn', 'HD'),
    (12, 'thong_bao', 'Thông báo', 'TB'),
    (13, 'thong_cao', 'Thông cáo', 'TC'),
    (14, 'tuyen_bo', 'Tuyên bố', 'TuB'),
    (15, 'loi_keu_goi', 'Lời kêu gọi', 'LKG'),
    (16, 'bao_cao', 'Báo cáo', 'BC'),
    (17, 'ke_hoach', 'Kế hoạch', 'KH'),
    (18, 'quy_hoach', 'Quy hoạch', 'QH'),
    (19, 'chuong_trinh', 'Chương trình', 'CTr'),
    (20, 'de_an', 'Đề án', 'ĐA'),
    (21, 'phuong_an', 'Phương án', 'PA'),
    (22, 'du_an', 'Dự án', 'DA'),
    (23, 'to_trinh', 'Tờ trình', 'TTr'),
    (24, 'cong_van', 'Công văn', 'CV'),
    (25, 'bien_ban', 'Biên bản', 'BB');

GRANT SELECT, REFERENCES ON platform.document_kind TO sotay_tenant;
GRANT SELECT ON platform.adoption_rollup TO sotay_national;
