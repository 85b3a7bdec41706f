-- The agencies' confirmations of the checkpoints that the hub showed them (c2sp.org/tlog-cosignature): a line as the agency's adapter
-- signed it, under its own witness key. `audit verify` checks each under the key that the ledger's KeyChanged records name, and names a
-- wrong one by its size.
CREATE TABLE nav.cosignature (
  size   bigint NOT NULL CHECK (size > 0),  -- of nav.checkpoint; no foreign key: what stands alone is a fault that verify names
  agency text   NOT NULL,
  line   text   NOT NULL,                   -- with its newline
  PRIMARY KEY (size, agency)
);

CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON nav.cosignature FOR EACH ROW EXECUTE FUNCTION nav.refuse_change();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON nav.cosignature FOR EACH STATEMENT EXECUTE FUNCTION nav.refuse_change();

CREATE VIEW nav.cosignature_view AS SELECT size, agency, line FROM nav.cosignature;
GRANT SELECT, INSERT ON nav.cosignature TO nav_core;
GRANT SELECT ON nav.cosignature_view TO nav_desk, nav_auditor;
