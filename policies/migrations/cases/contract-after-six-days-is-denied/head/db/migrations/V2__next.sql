-- contract-after: db/migrations/V1__init.sql
ALTER TABLE sale_order DROP COLUMN note;
