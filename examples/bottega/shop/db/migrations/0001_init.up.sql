-- The tables as they are since the move to PostgreSQL. Amounts in cents, times in UTC.
create table customers (
    customer_id       text primary key,
    email             text not null unique,
    full_name         text not null,
    phone             text,
    birth_date        date,
    postcode          text,
    country_code      char(2) not null,
    marketing_opt_in  boolean,
    created_at        timestamptz not null default now()
);

create table products (
    product_id       text primary key,
    sku              text not null unique,
    title            text not null,
    category         text not null,
    unit_cost_cents  integer not null,
    active           boolean not null default true
);

create table orders (
    order_id          text primary key,
    customer_id       text references customers,
    email             text not null,
    shipping_address  text not null,
    status            text not null default 'placed',
    placed_at         timestamptz not null default now(),
    total_cents       integer not null,
    currency          char(3) not null default 'EUR',
    coupon_code       text
);
create index orders_placed_at on orders (placed_at);

create table order_items (
    order_id          text not null references orders,
    line_no           integer not null,
    product_id        text not null references products,
    quantity          integer not null check (quantity > 0),
    unit_price_cents  integer not null,
    primary key (order_id, line_no)
);

create table payments (
    payment_id     text primary key,
    order_id       text not null references orders,
    method         text not null,
    amount_cents   integer not null,
    card_last4     char(4),
    billing_name   text,
    ip_address     inet,
    attempted_at   timestamptz not null default now(),
    status         text not null,
    chargeback_at  timestamptz
);

create table page_events (
    event_id     text primary key,
    session_id   text not null,
    customer_id  text,
    product_id   text,
    event_type   text not null,
    occurred_at  timestamptz not null,
    ip_address   inet,
    user_agent   text
);

create table returns (
    return_id       text primary key,
    order_id        text not null references orders,
    reason          text not null,
    refunded_cents  integer not null,
    returned_at     timestamptz not null default now()
);
