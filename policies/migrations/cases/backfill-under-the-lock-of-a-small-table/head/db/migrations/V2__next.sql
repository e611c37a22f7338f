ALTER TABLE flag ADD COLUMN state text;
UPDATE flag SET state = 'done';
