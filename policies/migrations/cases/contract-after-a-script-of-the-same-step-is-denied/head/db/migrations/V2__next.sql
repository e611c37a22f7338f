-- contract-after: db/migrations/V2__next.sql
ALTER TABLE sale_order DROP COLUMN note;
