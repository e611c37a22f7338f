CREATE TABLE sale_order (id bigint PRIMARY KEY);
