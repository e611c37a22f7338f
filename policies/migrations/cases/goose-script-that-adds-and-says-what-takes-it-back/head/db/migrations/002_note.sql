-- +goose Up
ALTER TABLE sale_order ADD note text;
-- +goose Down
ALTER TABLE sale_order DROP COLUMN note;
