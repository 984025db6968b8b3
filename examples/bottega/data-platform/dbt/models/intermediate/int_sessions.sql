select
    session_id,
    max(customer_id) as customer_id,
    min(occurred_at) as started_at,
    count(*) filter (where event_type = 'page_view') as page_views,
    count(*) filter (where event_type = 'add_to_cart') as adds_to_cart
from {{ ref('stg_page_events') }}
group by session_id
