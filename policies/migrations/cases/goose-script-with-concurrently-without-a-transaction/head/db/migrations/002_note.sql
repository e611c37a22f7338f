-- +goose Up
-- +goose NO TRANSACTION
CREATE INDEX CONCURRENTLY i ON shop_flag (note);
-- +goose Down
DROP INDEX i;
