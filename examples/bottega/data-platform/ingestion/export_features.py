"""Writes the three feature files that Feast reads, from the marts, to the lake.

A file per feature view, overwritten every night; the lake keeps thirty versions. The columns are chosen here by hand
so that a new column of a mart does not end up in the online store by itself. In particular `birth_year` and
`postcode_area` of customer_360 stay in the warehouse: churn training may use them (ADR-0007), serving may not.
Gaps are filled here and nowhere else after the mart: guests have no account, so their age is -1.
"""

import duckdb

LAKE = "s3://bottega-lake/features"

EXPORTS = {
    "payment_risk": """
        select payment_id, customer_id, amount, coalesce(billing_name_matches, false) as billing_name_matches,
               email_is_disposable, customers_on_ip, coalesce(account_age_days, -1) as account_age_days,
               attempted_at as event_timestamp
        from warehouse.marts.fct_payment_risk
    """,
    "customer_activity": """
        select customer_id, orders_90d, spend_90d, days_since_last_order, return_rate, sessions_30d,
               now() as event_timestamp
        from warehouse.marts.customer_360
    """,
    "product_popularity": """
        select product_id, sum(weight) as popularity_7d, count(distinct customer_id) as viewers_7d,
               max(occurred_at) as event_timestamp
        from warehouse.marts.fct_product_interactions
        where occurred_at > now() - interval 7 day
        group by product_id
    """,
}


def main():
    with duckdb.connect("/srv/warehouse/warehouse.duckdb", read_only=True) as connection:
        connection.execute("install httpfs; load httpfs; create secret (type s3, provider credential_chain);")
        for name, query in EXPORTS.items():
            connection.execute(f"copy ({query}) to '{LAKE}/{name}.parquet' (format parquet)")


if __name__ == "__main__":
    main()
