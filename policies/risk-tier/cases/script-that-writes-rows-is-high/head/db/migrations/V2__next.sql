UPDATE sale_order SET id = id + 1 WHERE id > 7;
