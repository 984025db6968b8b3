with items as (
    select order_id, sum(quantity) as item_count
    from {{ ref('stg_order_items') }}
    group by order_id
)

select
    orders.order_id,
    orders.customer_id,
    orders.status,
    orders.placed_at,
    orders.order_total,
    orders.used_coupon,
    coalesce(items.item_count, 0) as item_count,
    coalesce(returns.refunded, 0) as refunded
from {{ ref('stg_orders') }} as orders
left join items using (order_id)
left join {{ ref('stg_returns') }} as returns using (order_id)
