-- card_last4 stops here: nothing downstream has a use for it (data-classification.md, rule 3)
select
    payment_id,
    order_id,
    method,
    amount_cents / 100.0 as amount,
    billing_name,
    ip_address,
    attempted_at,
    status = 'failed' as is_failed,
    chargeback_at is not null as is_chargeback
from {{ source('shop', 'payments') }}
