ALTER TABLE shop_flag DROP COLUMN note;
