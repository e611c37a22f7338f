ALTER TABLE sale_order ADD COLUMN state text;
