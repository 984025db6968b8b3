select
    order_id,
    line_no,
    product_id,
    quantity,
    quantity * unit_price_cents / 100.0 as line_total
from {{ source('shop', 'order_items') }}
