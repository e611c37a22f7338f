ALTER TABLE shop_flag ADD COLUMN note text;
