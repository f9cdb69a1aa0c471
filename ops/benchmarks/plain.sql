-- What plain.pgbench works on: tables, constraints and indexes of the service, without its trigger, rights and order.
CREATE SCHEMA plain;
CREATE TABLE plain.movements (LIKE stock.movements INCLUDING ALL);
CREATE TABLE plain.balances (LIKE stock.balances INCLUDING ALL) WITH (fillfactor = 70);
CREATE SEQUENCE plain.positions;
INSERT INTO plain.balances (on_hand, reserved, ledger, lot, place, last_good_day, product_id)
  SELECT 1000000, 0, 1, lot, place * 10 + 1, '2030-01-01', '00000000-0000-4000-8000-000000000001'
    FROM generate_series(1, 1000) lot, generate_series(1, 4) place;
