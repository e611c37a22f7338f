-- +goose Up
DROP TABLE shop_flag;
