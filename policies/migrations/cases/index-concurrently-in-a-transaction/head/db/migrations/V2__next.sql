CREATE INDEX CONCURRENTLY stock_move_date ON public.stock_move (date);
ALTER TABLE stock_move ADD note text;
