-- Roles and separation: nobody has by default what no line grants. What each role may is in tests/flow/roles_test.py as a table, which
-- fails where a table, view or function of ours stands in no row of it.

-- Whoever may log in at all could else fill the database's public schema, or put functions where a careless search_path finds them; and
-- make temporary tables that stand before others in every search_path.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON SCHEMA nav FROM PUBLIC;
DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY, CREATE ON DATABASE %I FROM PUBLIC', current_database()); END $$;

-- Functions are PUBLIC's to call unless they are revoked: those that are here, and those to come.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA nav FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON FUNCTIONS FROM PUBLIC;

-- Names in it are looked for in PostgreSQL's own schema, whatever the caller's search_path.
ALTER FUNCTION nav.refuse_change() SET search_path = pg_catalog;
