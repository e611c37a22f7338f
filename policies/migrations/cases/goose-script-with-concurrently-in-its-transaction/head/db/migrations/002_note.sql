-- +goose Up
CREATE INDEX CONCURRENTLY i ON shop_flag (note);
-- +goose Down
DROP INDEX i;
