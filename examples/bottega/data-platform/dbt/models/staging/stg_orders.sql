select
    order_id,
    customer_id,
    lower(trim(email)) as contact_email,
    -- the last word of the address line is the postcode in every country we ship to
    split_part(shipping_address, ' ', -1) as shipping_postcode,
    status,
    placed_at,
    total_cents / 100.0 as order_total,
    currency,
    coupon_code is not null as used_coupon
from {{ source('shop', 'orders') }}
