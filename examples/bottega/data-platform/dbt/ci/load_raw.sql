-- Invented rows in the layout of the nightly copy, for the `ci` target and for trying things on a laptop:
--   duckdb warehouse.duckdb < ci/load_raw.sql && dbt build
-- No row comes from production, and none may (data-classification.md, rule 5).
create schema if not exists raw;
create or replace temp macro padded(number, width) as lpad(number::varchar, width, '0');

create or replace table raw.customers as
select
    'c' || padded(n, 4) as customer_id,
    'customer' || n || '@' || (case when n % 41 = 0 then 'mailinator.example' else 'mail.example' end) as email,
    (['Ada', 'Bruno', 'Carla', 'Dario', 'Elsa'])[n % 5 + 1] || ' ' || (['Kern', 'Rossi', 'Novak', 'Huber'])[n % 4 + 1] as full_name,
    '+39 055 0100' || padded(n, 3) as phone,
    case when n % 7 = 0 then null else date '1955-01-01' + (n * 97 % 18000)::integer end as birth_date,
    padded(50000 + n * 13 % 900, 5) as postcode,
    (['IT', 'IT', 'IT', 'AT', 'DE', 'FR', 'CH', 'SI'])[n % 8 + 1] as country_code,
    n % 3 = 0 as marketing_opt_in,
    now()::timestamp - interval 1 day * (30 + n * 11 % 900) as created_at,
    now()::timestamp - interval 5 hour as _loaded_at
from range(1, 301) as t(n);

create or replace table raw.products as
select
    'p' || padded(n, 3) as product_id,
    'SKU-' || padded((n * 37), 5) as sku,
    (['Olive oil', 'Linen towel', 'Espresso cup', 'Wine', 'Soap'])[n % 5 + 1] || ' no. ' || n as title,
    (['pantry', 'home', 'kitchen', 'cellar', 'bath'])[n % 5 + 1] as category,
    300 + n * 71 % 2500 as unit_cost_cents,
    n % 11 <> 0 as active,
    now()::timestamp - interval 5 hour as _loaded_at
from range(1, 61) as t(n);

create or replace table raw.orders as
select
    'o' || padded(n, 5) as order_id,
    case when n % 9 = 0 then null else 'c' || padded((n * 17 % 300 + 1), 4) end as customer_id,
    'customer' || (n * 17 % 300 + 1) || '@' || (case when n % 53 = 0 then 'tempmail.example' else 'mail.example' end) as email,
    'Via Roma ' || (n % 90 + 1) || ', Firenze ' || (50000 + n * 13 % 900) as shipping_address,
    (['delivered', 'delivered', 'shipped', 'paid', 'placed', 'cancelled'])[n % 6 + 1] as status,
    now()::timestamp - interval 1 hour * (n * 5) as placed_at,
    2000 + n * 137 % 18000 as total_cents,
    'EUR' as currency,
    case when n % 13 = 0 then 'WELCOME10' end as coupon_code,
    now()::timestamp - interval 5 hour as _loaded_at
from range(1, 1201) as t(n);

create or replace table raw.order_items as
select
    'o' || padded(n, 5) as order_id,
    line as line_no,
    'p' || padded((n * 7 + line * 11) % 60 + 1, 3) as product_id,
    n % 3 + 1 as quantity,
    900 + n * 71 % 4000 as unit_price_cents,
    now()::timestamp - interval 5 hour as _loaded_at
from range(1, 1201) as t(n), range(1, 3) as l(line);

create or replace table raw.payments as
select
    'pay' || padded(n, 5) as payment_id,
    'o' || padded((n % 1200 + 1), 5) as order_id,
    (['card', 'card', 'paypal', 'transfer'])[n % 4 + 1] as method,
    2000 + n * 137 % 18000 as amount_cents,
    padded(n * 7919 % 10000, 4) as card_last4,
    (['Ada', 'Bruno', 'Carla', 'Dario', 'Elsa'])[n % 5 + 1] || ' ' || (['Kern', 'Rossi', 'Novak', 'Huber'])[n % 4 + 1] as billing_name,
    '192.0.2.' || (n % 200) as ip_address,
    now()::timestamp - interval 1 hour * (n * 4) as attempted_at,
    case when n % 12 = 0 then 'failed' else 'settled' end as status,
    case when n % 37 = 0 then now()::timestamp - interval 10 day end as chargeback_at,
    now()::timestamp - interval 5 hour as _loaded_at
from range(1, 1401) as t(n);

create or replace table raw.page_events as
select
    'e' || n as event_id,
    's' || (n / 6)::integer as session_id,
    case when n % 4 = 0 then null else 'c' || padded(((n / 6)::integer * 17 % 300 + 1), 4) end as customer_id,
    case when n % 5 = 0 then null else 'p' || padded((n * 7 % 60 + 1), 3) end as product_id,
    (['page_view', 'page_view', 'add_to_cart', 'page_view', 'heartbeat'])[n % 5 + 1] as event_type,
    now()::timestamp - interval 1 minute * (n * 13) as occurred_at,
    '198.51.100.' || (n % 250) as ip_address,
    'Mozilla/5.0' as user_agent,
    now()::timestamp - interval 5 hour as _loaded_at
from range(1, 3001) as t(n);

create or replace table raw.returns as
select
    'r' || n as return_id,
    'o' || padded((n * 29), 5) as order_id,
    (['damaged', 'wrong size', 'changed my mind'])[n % 3 + 1] as reason,
    1500 as refunded_cents,
    now()::timestamp - interval 1 day * (n * 2) as returned_at,
    now()::timestamp - interval 5 hour as _loaded_at
from range(1, 41) as t(n);

create or replace table raw.newsletter_signups as
select
    'reader' || n || '@mail.example' as email,
    now()::timestamp - interval 1 day * n as signed_up_at,
    'footer' as source,
    now()::timestamp - interval 5 hour as _loaded_at
from range(1, 21) as t(n);
