DO $$ BEGIN EXECUTE format($q$DROP TABLE %I$q$, current_user); END $$;
