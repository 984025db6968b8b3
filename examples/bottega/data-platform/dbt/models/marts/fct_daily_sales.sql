select
    cast(orders.placed_at as date) as sales_date,
    products.category,
    sum(items.quantity) as units_sold,
    sum(items.line_total) as revenue
from {{ ref('stg_order_items') }} as items
inner join {{ ref('stg_orders') }} as orders using (order_id)
inner join {{ ref('stg_products') }} as products using (product_id)
where orders.status <> 'cancelled'
group by 1, 2
