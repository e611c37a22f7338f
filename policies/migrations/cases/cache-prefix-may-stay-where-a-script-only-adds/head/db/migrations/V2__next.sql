ALTER TABLE sale_order ADD COLUMN memo text;
