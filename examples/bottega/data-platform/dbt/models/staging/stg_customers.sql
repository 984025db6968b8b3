select
    customer_id,
    lower(trim(email)) as email,
    full_name,
    phone,
    birth_date,
    upper(replace(postcode, ' ', '')) as postcode,
    country_code,
    coalesce(marketing_opt_in, false) as marketing_opt_in,
    created_at
from {{ source('shop', 'customers') }}
