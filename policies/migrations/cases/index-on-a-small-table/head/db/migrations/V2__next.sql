CREATE INDEX shop_flag_date ON public.shop_flag (date);
