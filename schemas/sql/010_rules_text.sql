-- The texts of the rule files, areas, law register and agencies that were in force: what RulesChanged.files name by hash, so that a
-- decision can be judged years later. A text stands once, however many records name it. `audit verify` compares.

CREATE TABLE nav.rules_text (
  sha256 bytea  PRIMARY KEY,
  seq    bigint NOT NULL,  -- of the first RulesChanged that names it, in whose transaction it came
  text   bytea  NOT NULL CHECK (octet_length(text) <= 262144),
  CONSTRAINT rules_text_is_of_its_hash CHECK (sha256 = sha256(text))
);
-- By record: `audit verify` and `audit export` go through it beside the ledger.
CREATE INDEX rules_text_record ON nav.rules_text (seq, sha256);

-- nav-core gives every text of the rules it brings into force and need not know which are here: that there is one writer (nav.lease)
-- makes looking first enough.
CREATE FUNCTION nav.keep_once() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF EXISTS (SELECT FROM nav.rules_text WHERE sha256 = NEW.sha256) THEN
    RETURN NULL;
  END IF;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION nav.keep_once() FROM PUBLIC;

CREATE TRIGGER kept_once BEFORE INSERT ON nav.rules_text FOR EACH ROW EXECUTE FUNCTION nav.keep_once();
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON nav.rules_text FOR EACH ROW EXECUTE FUNCTION nav.refuse_change();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON nav.rules_text FOR EACH STATEMENT EXECUTE FUNCTION nav.refuse_change();

CREATE VIEW nav.rules_text_view AS SELECT sha256, seq, text FROM nav.rules_text;
GRANT SELECT, INSERT ON nav.rules_text TO nav_core;
GRANT SELECT ON nav.rules_text_view TO nav_desk, nav_auditor;
