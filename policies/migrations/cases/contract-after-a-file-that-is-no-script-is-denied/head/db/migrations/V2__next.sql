-- contract-after: odoo.yaml
ALTER TABLE sale_order DROP COLUMN note;
