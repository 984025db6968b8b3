"""Copies the shop's tables into warehouse.raw, whole, every night.

Whole copies are boring and that is why we like them: the largest table (page_events) is two million rows, a copy takes
four minutes, and there is no change-data capture to break. The tables land under the same name with one more column,
`_loaded_at`. Run by workflows/nightly-warehouse.yaml; `--table orders --since 2026-08-01` reloads one table and is what
the backfill runbook uses.
"""

import argparse
import os

import duckdb

WAREHOUSE = "/srv/warehouse/warehouse.duckdb"
TABLES = [
    "customers",
    "orders",
    "order_items",
    "payments",
    "products",
    "page_events",
    "returns",
    "newsletter_signups",
]


# Only these can be reloaded in part; the others are small enough to copy whole.
CHANGED = {"orders": "placed_at", "payments": "attempted_at", "page_events": "occurred_at"}


def copy(connection, table, since=None):
    if since:
        where = f"where {CHANGED[table]} >= timestamp '{since}'"
        connection.execute(f"delete from warehouse.raw.{table} {where}")
        connection.execute(f"insert into warehouse.raw.{table} select *, now() from shop.public.{table} {where}")
    else:
        connection.execute(
            f"create or replace table warehouse.raw.{table} as "
            f"select *, now() as _loaded_at from shop.public.{table}"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", choices=TABLES)
    parser.add_argument("--since", help="reload only rows changed since this day")
    options = parser.parse_args()

    with duckdb.connect(WAREHOUSE) as connection:
        connection.execute("install postgres; load postgres;")
        # host, user and password come from the secret shop-db-readonly, mounted as PG* variables
        connection.execute(f"attach 'dbname=shop host={os.environ['PGHOST']}' as shop (type postgres, read_only)")
        for table in [options.table] if options.table else TABLES:
            copy(connection, table, options.since)


if __name__ == "__main__":
    main()
