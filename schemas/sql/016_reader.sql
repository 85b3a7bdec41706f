-- Who read: the person of a Read, BriefingCompiled or AuditRead record, so that `audit search --reader` is one index. Derived from the
-- record like the other columns, and null of all other kinds, so that events bring no row to the index; `audit verify` compares.

ALTER TABLE nav.ledger ADD COLUMN reader text;

-- For the readings that are there: the bytes of a protobuf message's field (of wire type 2); null: it has none. Only here.
CREATE FUNCTION nav.field_of(message bytea, wanted bigint) RETURNS bytea LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$
DECLARE
  at     integer := 0;
  number bigint;  -- a varint
  shift  integer;
  tag    bigint := NULL;  -- of the field whose varint is read next
  byte   integer;
BEGIN
  WHILE at < length(message) LOOP
    number := 0;
    shift := 0;
    LOOP
      byte := get_byte(message, at);
      at := at + 1;
      IF shift < 63 THEN number := number | ((byte & 127)::bigint << shift); END IF;
      shift := shift + 7;
      EXIT WHEN byte < 128;
    END LOOP;
    IF tag IS NULL THEN
      tag := number;
      IF tag & 7 NOT IN (0, 2) THEN RETURN NULL; END IF;  -- our records have no others
    ELSIF tag & 7 = 0 THEN
      tag := NULL;
    ELSIF tag >> 3 = wanted THEN
      RETURN substr(message, at + 1, number::integer);
    ELSE
      at := at + number::integer;
      tag := NULL;
    END IF;
  END LOOP;
  RETURN NULL;
END $$;

-- By the tables' owner, here alone, in the transaction that adds the column.
ALTER TABLE nav.ledger DISABLE TRIGGER only_grows;
UPDATE nav.ledger SET reader = nullif(convert_from(nav.field_of(nav.field_of(record, kind), CASE kind WHEN 41 THEN 5 ELSE 1 END), 'UTF8'), '')
  WHERE kind NOT IN (20, 21, 30) AND kind IN (40, 41, 42);
ALTER TABLE nav.ledger ENABLE TRIGGER only_grows;
DROP FUNCTION nav.field_of(bytea, bigint);

CREATE INDEX ledger_reader ON nav.ledger (reader, seq) WHERE reader IS NOT NULL;
ANALYZE nav.ledger (reader);  -- how few have one

CREATE OR REPLACE VIEW nav.ledger_view AS SELECT seq, at, kind, lane, record, leaf, about, reader FROM nav.ledger;
