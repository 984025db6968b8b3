-- What principals spent on language models, reservations included.
CREATE TABLE spending (
    principal TEXT NOT NULL,
    -- A day (`2026-11-25`) or a month (`2026-11`) in UTC.
    period TEXT NOT NULL,
    tokens INTEGER NOT NULL,
    -- Billionths of a US dollar.
    nano_usd INTEGER NOT NULL,
    PRIMARY KEY (principal, period)
);
