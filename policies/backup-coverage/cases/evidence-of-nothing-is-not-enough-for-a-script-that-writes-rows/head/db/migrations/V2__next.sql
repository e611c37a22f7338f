UPDATE sale_order SET id = 7 WHERE id = 8;
