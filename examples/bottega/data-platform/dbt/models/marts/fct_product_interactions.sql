select
    customer_id,
    product_id,
    event_type as interaction,
    case event_type when 'add_to_cart' then 3 when 'page_view' then 1 else 0 end as weight,
    occurred_at
from {{ ref('stg_page_events') }}
where customer_id is not null
  and product_id is not null
