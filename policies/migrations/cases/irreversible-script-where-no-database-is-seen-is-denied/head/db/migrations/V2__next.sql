DROP ROLE reporting;
