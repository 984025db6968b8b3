select
    product_id,
    sku,
    title,
    category,
    is_active
from {{ ref('stg_products') }}
