#!/usr/bin/env python3
"""What each database role may not do: nobody updates, deletes or truncates the ledger, readers write nothing, and each sees no more than
its work needs."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hub import BIN  # noqa: E402
from postgres import ROOT, Postgres, SqlError  # noqa: E402

TABLES = ("ledger", "content", "checkpoint", "subtree", "person", "cosignature", "rules_text")
VIEWS = tuple(f"{t}_view" for t in TABLES) + ("event_view", "lease_view")
KEY = {"ledger": "seq", "content": "seq", "checkpoint": "size", "subtree": "index", "person": "seq", "cosignature": "size",
       "rules_text": "seq"}
CHANGED = {"ledger": "kind = 22", "content": "sealed = ''", "checkpoint": "note = ''", "subtree": "hash = ''",
           "person": "seq = 1", "cosignature": "line = ''", "rules_text": "text = ''"}
DENIED = ("permission denied", "only grows", "must be owner", "cannot insert into view", "must be superuser", "must be a member",
          "must have privileges", "must be able to SET ROLE", "must have admin option")
HUB_ROLES = ("nav_core", "nav_desk", "nav_auditor")
NOBODY = "nav_nobody"  # may log in, and has been granted nothing
READER = "SELECT"

# Who may what: {object: {role: privileges}}. What is not named here nobody has but its owner; an object of the schema nav that has no
# row fails the test. Parts (content_…) are as content, which only its owner can reach but through it.
MAY = {
    "lease": {"nav_core": "SELECT INSERT"},  # and UPDATE of all columns but the log's id, below
    "ledger": {"nav_core": "SELECT INSERT"},
    "content": {"nav_core": "SELECT INSERT"},
    "checkpoint": {"nav_core": "SELECT INSERT"},
    "subtree": {"nav_core": "SELECT INSERT"},
    "person": {"nav_core": "SELECT INSERT"},
    "mention": {"nav_core": "SELECT INSERT"},
    "cosignature": {"nav_core": "SELECT INSERT"},
    "rules_text": {"nav_core": "SELECT INSERT"},
    "ledger_view": {"nav_desk": READER, "nav_auditor": READER},
    "event_view": {"nav_core": READER, "nav_desk": READER, "nav_auditor": READER},
    "content_view": {"nav_desk": READER},
    "checkpoint_view": {"nav_desk": READER, "nav_auditor": READER},
    "lease_view": {"nav_desk": READER, "nav_auditor": READER},
    "subtree_view": {"nav_desk": READER, "nav_auditor": READER},
    "person_view": {"nav_desk": READER},
    "mention_view": {"nav_desk": READER, "nav_auditor": READER},
    "cosignature_view": {"nav_desk": READER, "nav_auditor": READER},
    "rules_text_view": {"nav_desk": READER, "nav_auditor": READER},
    "advance": {"nav_core": "EXECUTE"},
    "begin_log": {"nav_core": "EXECUTE"},
    "look_at_lease": {"nav_core": "EXECUTE"},
    "take_lease": {"nav_core": "EXECUTE"},
    "renew_lease": {"nav_core": "EXECUTE"},
    "release_lease": {"nav_core": "EXECUTE"},
    "ensure_part": {"nav_core": "EXECUTE"},
    "last_before": {"nav_core": "EXECUTE", "nav_desk": "EXECUTE", "nav_auditor": "EXECUTE"},
    "make_part_ahead": {"nav_core": "EXECUTE"},
    "untimely": {"nav_core": "EXECUTE", "nav_desk": "EXECUTE"},
    "misdated": {"nav_core": "EXECUTE", "nav_desk": "EXECUTE"},
    "drop_part": {"nav_core": "EXECUTE"},
    "refuse_change": {},
    "refuse_lease": {},
    "keep_once": {},
}
COLUMNS = {("nav_core", "lease", "UPDATE"): {"epoch", "last_seq", "node", "node_name", "session_pid", "session_start", "lease_ms", "beat",
                                             "taken", "renewed"}}
PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")


def forbidden():
    """(role, statement) that must be refused."""
    for role in ("nav_owner", "nav_core", "nav_desk", "nav_auditor"):
        for table in TABLES:
            yield role, f"UPDATE nav.{table} SET {CHANGED[table]}"
            yield role, f"DELETE FROM nav.{table}"
            yield role, f"DELETE FROM nav.{table} WHERE {KEY[table]} = (SELECT min({KEY[table]}) FROM nav.{table})"
            yield role, f"TRUNCATE nav.{table}"
            yield role, f"TRUNCATE nav.{table} CASCADE"
        yield role, "DELETE FROM nav.lease"
        yield role, "TRUNCATE nav.lease"
        yield role, f"UPDATE nav.content_{PART} SET sealed = ''"
        yield role, f"DELETE FROM nav.content_{PART}"
        yield role, f"TRUNCATE nav.content_{PART}"
    for role in ("nav_core", "nav_desk", "nav_auditor"):
        for table in TABLES:
            yield role, f"DROP TABLE nav.{table} CASCADE"
            yield role, f"ALTER TABLE nav.{table} DISABLE TRIGGER ALL"
        yield role, "CREATE TABLE nav.mine (x int)"
        yield role, "CREATE TABLE public.mine (x int)"
        yield role, "CREATE OR REPLACE FUNCTION nav.refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'"
        yield role, "SET session_replication_role = replica"
        yield role, "SET ROLE nav_owner"
    for role in ("nav_desk", "nav_auditor"):
        for table in TABLES:
            yield role, f"SELECT * FROM nav.{table}"
            yield role, f"INSERT INTO nav.{table} SELECT * FROM nav.{table}"
        for view in VIEWS:
            yield role, f"INSERT INTO nav.{view} SELECT * FROM nav.{view}"
            yield role, f"DELETE FROM nav.{view}"
        yield role, "UPDATE nav.ledger_view SET kind = 22"
        yield role, "UPDATE nav.lease_view SET last_seq = 0"
        yield role, "UPDATE nav.lease SET last_seq = 0"
        yield role, "SELECT nav.advance(3, 1, 2)"
        yield role, f"SELECT nav.ensure_part({PART})"
    yield "nav_auditor", "SELECT * FROM nav.content_view"
    yield "nav_core", "UPDATE nav.lease SET log_id = decode(repeat('00', 16), 'hex')"


def forbidden_outside():
    """What reaches past the tables: (role, statement) that must be refused to every role of the hub and to one with no grant at all."""
    for role in HUB_ROLES + (NOBODY,):
        yield role, "CREATE SCHEMA mine"
        yield role, "CREATE TABLE public.mine (x int)"
        yield role, "CREATE TABLE nav.mine (x int)"
        yield role, "CREATE TEMPORARY TABLE ledger (x int)"  # would stand before ours in every search_path
        yield role, "CREATE FUNCTION public.format(text, integer) RETURNS text LANGUAGE sql AS 'SELECT $1'"
        yield role, "CREATE FUNCTION nav.format(text, integer) RETURNS text LANGUAGE sql AS 'SELECT $1'"
        yield role, "CREATE OPERATOR public.@@@ (FUNCTION = int4pl, LEFTARG = int, RIGHTARG = int)"
        yield role, "CREATE EXTENSION dblink SCHEMA nav"
        yield role, "CREATE ROLE mine"
        for other in ("postgres", "nav_owner") + tuple(r for r in HUB_ROLES if r != role):
            yield role, f"SET ROLE {other}"
            yield role, f"SET SESSION AUTHORIZATION {other}"
            yield role, f"GRANT {other} TO {role}"
        yield role, f"ALTER ROLE {role} SUPERUSER"
        yield role, "SELECT * FROM pg_authid"
        yield role, "SELECT pg_read_file('/etc/hostname')"
        yield role, "SELECT pg_ls_dir('/')"
        yield role, "SELECT lo_import('/etc/hostname')"
        yield role, "SELECT lo_export(1, '/tmp/mine')"
        yield role, "COPY nav.ledger FROM '/etc/hostname'"
        yield role, "COPY (SELECT 1) TO '/tmp/mine'"
        yield role, "COPY (SELECT 1) TO PROGRAM 'cat'"
        yield role, "SELECT pg_switch_wal()"
        yield role, "SELECT pg_create_restore_point('x')"
        yield role, "CREATE PUBLICATION mine FOR ALL TABLES"
        yield role, "CREATE EVENT TRIGGER mine ON ddl_command_start EXECUTE FUNCTION nav.refuse_change()"
        yield role, "SET session_replication_role = replica"
        yield role, "SET lo_compat_privileges = on"
        for table in TABLES + ("lease",):
            yield role, f"DROP TABLE nav.{table} CASCADE"
            yield role, f"ALTER TABLE nav.{table} DISABLE TRIGGER ALL"
            yield role, f"ALTER TABLE nav.{table} ADD COLUMN mine int"
            yield role, f"ALTER TABLE nav.{table} OWNER TO {role}"
            # A grant without the right to it is a warning alone where the role has something of the table.
            yield role, (f"DO $$ BEGIN GRANT ALL ON nav.{table} TO {role}; IF NOT has_table_privilege('{role}', 'nav.{table}', 'DELETE') "
                         "THEN RAISE EXCEPTION 'permission denied: nothing was granted'; END IF; END $$")
            yield role, f"CREATE TRIGGER mine BEFORE INSERT ON nav.{table} FOR EACH ROW EXECUTE FUNCTION nav.refuse_change()"
            yield role, f"CREATE RULE mine AS ON INSERT TO nav.{table} DO INSTEAD NOTHING"
            yield role, f"CREATE POLICY mine ON nav.{table} USING (false)"
            yield role, f"CREATE INDEX ON nav.{table} (xmin)"
        for view in VIEWS:
            yield role, f"CREATE OR REPLACE VIEW nav.{view} AS SELECT 1 AS seq"
            yield role, f"DROP VIEW nav.{view} CASCADE"
        yield role, "DROP FUNCTION nav.refuse_change() CASCADE"
        yield role, "ALTER FUNCTION nav.ensure_part(integer) RESET search_path"
    for view in VIEWS:
        yield NOBODY, f"SELECT * FROM nav.{view}"
    for table in TABLES:
        yield NOBODY, f"SELECT * FROM nav.{table}"
        yield NOBODY, f"INSERT INTO nav.{table} DEFAULT VALUES"
        yield "nav_desk", f"LOCK TABLE nav.{table} IN ACCESS EXCLUSIVE MODE"
        yield "nav_auditor", f"LOCK TABLE nav.{table} IN ACCESS EXCLUSIVE MODE"
        yield NOBODY, f"LOCK TABLE nav.{table} IN ACCESS SHARE MODE"
    yield NOBODY, "SELECT nav.advance(3, 1, 2)"
    yield NOBODY, "SELECT nav.ensure_part(9202611)"
    yield "nav_auditor", "SELECT * FROM nav.person_view"


def catalog(pg):
    """What the catalog says: {object: {role: privileges}} of every table, view and function of the schema nav."""
    found = {}
    roles = HUB_ROLES + (NOBODY, "public")
    relations = pg.sql("postgres", "SELECT c.oid, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                       "WHERE n.nspname = 'nav' AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')")
    functions = pg.sql("postgres", "SELECT p.oid, p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
                       "WHERE n.nspname = 'nav'")
    for kind, rows, names in (("table", relations, PRIVILEGES), ("function", functions, ("EXECUTE",))):
        for oid, name in rows:
            asked = ", ".join(f"has_{kind}_privilege('{role}', {oid}, '{p}')" for role in roles for p in names)
            answers = iter(pg.sql("postgres", "SELECT " + asked)[0])
            found[name] = {}
            for role in roles:
                has = " ".join([p for p in names if next(answers) == "t"])
                if has:
                    found[name][role] = has
    return found


def check_catalog(pg):
    failures = []
    found = catalog(pg)
    for name, rights in sorted(found.items()):
        expected = {} if name.startswith("content_") and name != "content_view" else MAY.get(name)
        if expected is None:
            failures.append(f"nav.{name} is not in MAY: decide who may what, and add its row")
        elif rights != expected:
            failures.append(f"nav.{name}: {rights}, expected {expected}")
    failures += [f"nav.{name} is in MAY and not in the database" for name in sorted(set(MAY) - set(found))]
    columns = {}
    for role, table, column, privilege in pg.sql(
            "postgres", "SELECT grantee, table_name, column_name, privilege_type FROM information_schema.column_privileges c WHERE "
            "table_schema = 'nav' AND grantee <> 'nav_owner' AND NOT EXISTS (SELECT FROM information_schema.table_privileges t WHERE "
            "t.table_schema = 'nav' AND t.table_name = c.table_name AND t.grantee = c.grantee AND t.privilege_type = c.privilege_type)"):
        columns.setdefault((role, table, privilege), set()).add(column)
    if columns != COLUMNS:
        failures.append(f"rights on single columns: {columns}, expected {COLUMNS}")
    # nav.advance has none (020_fence): what runs with its caller's rights alone, and is a role's that may create nothing (above), lends a
    # shadow nothing.
    for (name,) in pg.sql("postgres", "SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = "
                          "'nav' AND NOT (p.proname = 'advance' AND NOT p.prosecdef) AND p.prosqlbody IS NULL AND NOT "
                          "coalesce('search_path=pg_catalog' = ANY(p.proconfig), false)"):
        failures.append(f"nav.{name} has no search_path of its own: a caller's could shadow what it calls")
    for (table,) in pg.sql("postgres", "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = "
                           "'nav' AND c.relkind IN ('r', 'p') AND (SELECT count(*) FROM pg_trigger t WHERE t.tgrelid = c.oid AND "
                           "t.tgenabled = 'O') < 2"):
        failures.append(f"nav.{table} lacks a trigger against change or truncation")
    for role in HUB_ROLES + (NOBODY,):
        row = pg.sql("postgres", "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, (SELECT count(*) FROM "
                     f"pg_auth_members WHERE member = r.oid) FROM pg_roles r WHERE rolname = '{role}'")[0]
        if row != ["f", "f", "f", "f", "f", "0"]:
            failures.append(f"{role} has more than its grants: {row}")
    return len(found), failures


def check_key_file():
    """The checkpoint key is a file that its owner alone may read, in a folder that nobody else may enter: the database's system user
    (postgres) is neither. The units' users and folders are checked in the files that make them."""
    import stat
    import tempfile
    failures = []
    with tempfile.TemporaryDirectory() as home:
        with open(os.path.join(ROOT, "config", "nav.yaml"), encoding="utf-8") as file:
            text = file.read()
        with open(os.path.join(home, "nav.yaml"), "w", encoding="utf-8") as file:
            file.write(text)
        os.makedirs(os.path.join(home, "config"))
        subprocess.run([os.path.join(BIN, "navctl"), "--home", home, "keys", "new", "hub"], check=True, capture_output=True)
        keys = os.path.join(home, "keys")
        for path in [keys] + [os.path.join(keys, name) for name in os.listdir(keys)]:
            mode = stat.S_IMODE(os.stat(path).st_mode)
            if mode & 0o077:
                failures.append(f"{path} may be read by others: mode {mode:04o}")
        if not os.path.exists(os.path.join(keys, "checkpoint.key")):
            failures.append("navctl keys new hub made no checkpoint.key")
    for name in ("nav.sysusers", "nav.tmpfiles"):
        with open(os.path.join(ROOT, "deploy/systemd", name), encoding="utf-8") as file:
            for line in file:
                words = line.split()
                if not line.startswith("#") and "postgres" in words[1:2] + words[3:5]:
                    failures.append(f"{name} gives postgres a part in the hub's groups or folders: {line.strip()}")
    return failures


ALLOWED = [("nav_core", "SELECT nav.ensure_part(9202611)"), ("nav_core", "SELECT count(*) FROM nav.ledger"),
           ("nav_core", "BEGIN; SELECT nav.advance(3, (SELECT last_seq + 1 FROM nav.lease), (SELECT last_seq + 1 FROM nav.lease)); ROLLBACK")]
ALLOWED += [("nav_desk", f"SELECT count(*) FROM nav.{view}") for view in VIEWS]
ALLOWED += [("nav_auditor", f"SELECT count(*) FROM nav.{view}") for view in VIEWS if view not in ("content_view", "person_view")]
PART = "0"


def check(pg):
    failures = []
    before = pg.sql("postgres", "SELECT count(*), sum(hashtext(encode(record, 'hex'))) FROM nav.ledger")
    count = 0
    by_role = {}
    for role, statement in list(forbidden()) + list(forbidden_outside()):
        by_role.setdefault(role, []).append(statement)
    for role, statements in by_role.items():
        count += len(statements)
        for statement, error in zip(statements, pg.try_each(role, statements)):
            if error is None:
                failures.append(f"{role} may: {statement}")
            elif not any(text in error for text in DENIED):
                failures.append(f"{role}: {statement}: refused for another reason: {error}")
    for role, statement in ALLOWED:
        count += 1
        try:
            pg.sql(role, statement)
        except SqlError as error:
            failures.append(f"{role} may not: {statement}: {error}")
    if pg.sql("postgres", "SELECT count(*), sum(hashtext(encode(record, 'hex'))) FROM nav.ledger") != before:
        failures.append("the ledger is not what it was")
    return count, failures


def main():
    global PART
    with Postgres() as pg:
        pg.apply_schema()
        made = subprocess.run([os.path.join(BIN, "make_ledger"), "10", "8", "nav.example.se"], check=True, capture_output=True,
                              text=True).stdout
        pg.script("postgres", made)
        # make_ledger leaves these two to nav-core; a trigger of rows says nothing of an empty table.
        pg.sql("postgres", "INSERT INTO nav.subtree VALUES (8, 0, sha256('')); INSERT INTO nav.person VALUES (decode(repeat('01', 16), 'hex'), 1)")
        PART = pg.sql("postgres", "SELECT part FROM nav.content LIMIT 1")[0][0]
        pg.sql("postgres", f"CREATE ROLE {NOBODY} LOGIN")
        pg.allow(NOBODY)
        count, failures = check(pg)
        more, faults = check_catalog(pg)
    faults += check_key_file()
    count += more + len(faults)
    failures += faults
    for failure in failures:
        print("FAILED", failure)
    print(f"{count - len(failures)} passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
