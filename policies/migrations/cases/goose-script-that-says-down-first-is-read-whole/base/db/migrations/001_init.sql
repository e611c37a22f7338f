-- +goose Up
CREATE TABLE sale_order (id bigint PRIMARY KEY);
-- +goose Down
DROP TABLE sale_order;
