ALTER TABLE sale_order ADD COLUMN state text;
UPDATE sale_order SET state = 'done';
