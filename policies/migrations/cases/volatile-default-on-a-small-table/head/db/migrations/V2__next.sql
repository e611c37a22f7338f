ALTER TABLE shop_flag ADD COLUMN token uuid DEFAULT gen_random_uuid();
