-- Servers read from the registry how far each tenant's schema has come,
-- wherever the tenant lives; its placement's ledger stays the truth, and the
-- provisioner copies it here. Placements other than the first are copied by
-- the next `sotay migrate`; until then their tenants wait.

ALTER TABLE platform.tenant ADD COLUMN schema_version integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN platform.tenant.schema_version IS
    'The newest migration applied; written after it, so it may lag behind but never runs ahead.';

UPDATE platform.tenant t
SET schema_version = m.version, revision = nextval('platform.registry_revision')
FROM (SELECT tenant, max(version) AS version FROM platform.tenant_migration
      WHERE state = 'applied' GROUP BY tenant) m
WHERE m.tenant = t.slug;

-- Servers poll for what changed since they last looked.
CREATE INDEX tenant_revision ON platform.tenant (revision);
