DROP TABLE shop_flag;
