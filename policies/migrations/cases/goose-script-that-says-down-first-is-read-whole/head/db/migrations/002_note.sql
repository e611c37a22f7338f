-- +goose Down
DROP TABLE shop_flag;
-- +goose Up
ALTER TABLE sale_order ADD note text;
