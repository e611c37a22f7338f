DO $$ BEGIN EXECUTE 'DROP TABLE sale_order'; END $$;
