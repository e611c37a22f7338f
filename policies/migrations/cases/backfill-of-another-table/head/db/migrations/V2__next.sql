ALTER TABLE sale_order ADD COLUMN state text;
UPDATE flag SET id = 2 WHERE id = 1;
