-- ip_address and user_agent are dropped on purpose: the legal basis covers fraud checks on payments, not browsing
select
    event_id,
    session_id,
    customer_id,
    product_id,
    event_type,
    occurred_at
from {{ source('shop', 'page_events') }}
where event_type <> 'heartbeat'
