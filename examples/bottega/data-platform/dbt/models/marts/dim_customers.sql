select
    customers.customer_id,
    md5(customers.email) as email_hash,
    countries.country_name,
    case
        when customers.birth_date is null then 'unknown'
        when customers.birth_date > current_date - interval 30 year then 'under 30'
        when customers.birth_date > current_date - interval 50 year then '30 to 49'
        else '50 and over'
    end as age_band,
    customers.marketing_opt_in,
    customers.created_at as customer_since
from {{ ref('stg_customers') }} as customers
left join {{ ref('country_codes') }} as countries using (country_code)
