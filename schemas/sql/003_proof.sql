-- What makes proofs and questions about a person quick. Both are derived from the records; `audit verify` compares.

-- Perfect subtrees of the ledger's Merkle tree, of every eighth level: 256 leaves, 65,536, and so on. The indexth of its level, from 0.
-- Leaves are the ledger's own rows, so that a proof in a tree of 2^32 records takes at most 256 rows of each of four levels.
CREATE TABLE nav.subtree (
  level  smallint NOT NULL CHECK (level > 0 AND level % 8 = 0),
  index  bigint   NOT NULL CHECK (index >= 0),
  hash   bytea    NOT NULL CHECK (octet_length(hash) = 32),
  PRIMARY KEY (level, index)
);

-- Whom an accepted event is about: Accepted.persons. A token is keyed outside the database and says nothing without the key.
CREATE TABLE nav.person (
  token  bytea  NOT NULL CHECK (octet_length(token) = 16),
  seq    bigint NOT NULL,
  PRIMARY KEY (token, seq)
);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['subtree', 'person'] LOOP
    EXECUTE format('CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON nav.%I FOR EACH ROW EXECUTE FUNCTION nav.refuse_change()', t);
    EXECUTE format('CREATE TRIGGER never_truncated BEFORE TRUNCATE ON nav.%I FOR EACH STATEMENT EXECUTE FUNCTION nav.refuse_change()', t);
  END LOOP;
END $$;

CREATE VIEW nav.subtree_view AS SELECT level, index, hash FROM nav.subtree;
CREATE VIEW nav.person_view AS SELECT token, seq FROM nav.person;

GRANT SELECT, INSERT ON nav.subtree, nav.person TO nav_core;
GRANT SELECT ON nav.subtree_view, nav.person_view TO nav_desk;
GRANT SELECT ON nav.subtree_view TO nav_auditor;
