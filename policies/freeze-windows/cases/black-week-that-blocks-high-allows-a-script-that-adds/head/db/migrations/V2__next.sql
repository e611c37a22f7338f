ALTER TABLE sale_order ADD COLUMN note text;
