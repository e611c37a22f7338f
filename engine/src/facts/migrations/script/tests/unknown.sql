DO $$ BEGIN EXECUTE 'drop table x'; END $$
CALL backfill(1000)
EXECUTE prepared
SELECT drop_everything()
SELECT * FROM drop_everything()
SELECT evil.count(1)
SELECT setval('s', 1), drop_everything()
SELECT query_to_xml('DELETE FROM t', true, true, '')
SELECT pg_terminate_backend(1)
SELECT set_config('session_replication_role', 'replica', false)
SELECT set_config(name, 'replica', false) FROM t
SELECT set_config('standard_conforming_strings', 'off', false)
SET session_replication_role = replica
SET standard_conforming_strings = off
COPY t FROM PROGRAM 'curl example.com'
COPY t FROM '/etc/passwd'
COPY t TO PROGRAM 'sh'
CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1
ALTER TABLE t MODIFY a int
ALTER TABLE `t` DROP `x`
CREATE TABLE t (a int) ENGINE=InnoDB
SELECT :variable
DROP TABLE ${table}
\i other.sql
LOAD 'x'
FOO BAR
SELECT 'never ends
