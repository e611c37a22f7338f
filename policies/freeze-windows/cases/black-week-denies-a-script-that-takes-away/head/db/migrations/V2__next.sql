DROP TABLE sale_order;
