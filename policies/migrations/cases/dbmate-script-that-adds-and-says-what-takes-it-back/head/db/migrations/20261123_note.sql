-- migrate:up
ALTER TABLE shop_flag ADD note text;
-- migrate:down
ALTER TABLE shop_flag DROP COLUMN note;
