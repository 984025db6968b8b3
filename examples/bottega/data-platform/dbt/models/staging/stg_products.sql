select
    product_id,
    sku,
    title,
    category,
    unit_cost_cents / 100.0 as unit_cost,
    active as is_active
from {{ source('shop', 'products') }}
