-- contract-after: 5e1c309dae7f45e0f39b1bf3ac3cd9db12e7d689
ALTER TABLE sale_order DROP COLUMN note;
