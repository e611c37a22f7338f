COMMENT ON COLUMN sale_order.id IS '; DROP TABLE sale_order; --';
/* DROP TABLE sale_order; */
