-- migrate:up transaction:false
DROP TABLE shop_flag;
-- migrate:down
-- nothing
