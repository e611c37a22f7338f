CREATE INDEX sale_order_id ON sale_order (id);
