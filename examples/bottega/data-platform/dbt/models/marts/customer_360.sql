-- One row per customer, as the churn model sees it. `churned` looks 60 days ahead of the order history.
with orders as (
    select
        customer_id,
        count(*) filter (where placed_at > current_date - interval 90 day) as orders_90d,
        sum(order_total) filter (where placed_at > current_date - interval 90 day) as spend_90d,
        max(placed_at) as last_order_at,
        avg(case when refunded > 0 then 1 else 0 end) as return_rate
    from {{ ref('fct_orders') }}
    where status <> 'cancelled'
    group by customer_id
),

sessions as (
    select customer_id, count(session_id) as sessions_30d
    from {{ ref('int_sessions') }}
    where started_at > current_date - interval 30 day
    group by customer_id
)

select
    customers.customer_id,
    year(people.birth_date) as birth_year,
    left(people.postcode, 3) as postcode_area,
    customers.age_band,
    customers.marketing_opt_in,
    coalesce(orders.orders_90d, 0) as orders_90d,
    coalesce(orders.spend_90d, 0) as spend_90d,
    date_diff('day', orders.last_order_at, current_timestamp) as days_since_last_order,
    coalesce(orders.return_rate, 0) as return_rate,
    coalesce(sessions.sessions_30d, 0) as sessions_30d,
    coalesce(orders.last_order_at < current_date - interval 60 day, true) as churned
from {{ ref('dim_customers') }} as customers
inner join {{ ref('stg_customers') }} as people using (customer_id)
left join orders using (customer_id)
left join sessions using (customer_id)
