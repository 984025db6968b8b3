-- Features and label of the fraud model, one row per payment attempt.
-- Nothing in here identifies a person, but three columns are computed from things that do; see the yml.
with attempts as (
    select
        payments.payment_id,
        payments.order_id,
        payments.attempted_at,
        payments.method,
        payments.amount,
        payments.billing_name,
        payments.ip_address,
        payments.is_failed,
        payments.is_chargeback,
        orders.customer_id,
        orders.contact_email
    from {{ ref('stg_payments') }} as payments
    inner join {{ ref('stg_orders') }} as orders using (order_id)
),

shared_ip as (
    select ip_address, count(distinct customer_id) as customers_on_ip
    from attempts
    group by ip_address
)

select
    attempts.payment_id,
    attempts.order_id,
    attempts.customer_id,
    attempts.attempted_at,
    attempts.method,
    attempts.amount,
    lower(attempts.billing_name) = lower(customers.full_name) as billing_name_matches,
    split_part(attempts.contact_email, '@', 2) in ('mailinator.example', 'tempmail.example') as email_is_disposable,
    shared_ip.customers_on_ip,
    date_diff('day', customers.created_at, attempts.attempted_at) as account_age_days,
    attempts.is_failed,
    attempts.is_chargeback
from attempts
left join {{ ref('stg_customers') }} as customers using (customer_id)
left join shared_ip using (ip_address)
