SELECT count(*) FROM sale_order;
