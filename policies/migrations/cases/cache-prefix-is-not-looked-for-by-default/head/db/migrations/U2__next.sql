ALTER TABLE sale_order ADD note text;
