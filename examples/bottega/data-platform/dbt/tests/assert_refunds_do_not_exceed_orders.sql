-- A refund larger than its order has twice been the first sign of a double import (see the postmortem of August 2026).
select order_id, order_total, refunded
from {{ ref('fct_orders') }}
where refunded > order_total
