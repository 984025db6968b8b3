-- Footer form of the spring campaign. The campaign was called off in April; the form is gone, the table is still here.
create table newsletter_signups (
    email         text primary key,
    signed_up_at  timestamptz not null default now(),
    source        text
);
