select
    return_id,
    order_id,
    reason,
    refunded_cents / 100.0 as refunded,
    returned_at
from {{ source('shop', 'returns') }}
