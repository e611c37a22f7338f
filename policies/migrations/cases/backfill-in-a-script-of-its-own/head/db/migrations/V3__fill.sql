UPDATE sale_order SET state = 'done' WHERE id BETWEEN 1 AND 10000;
