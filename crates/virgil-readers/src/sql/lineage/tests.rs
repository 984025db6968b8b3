use super::*;
use crate::sql::parse::parse;

/// Knows two tables.
struct Shop;

impl Catalog for Shop {
    fn columns(&self, table: &Name) -> Option<Vec<String>> {
        let names: &[&str] = match table.table() {
            "orders" => &["id", "customer_id", "total", "placed_at"],
            "customers" => &["customer_id", "email", "name"],
            _ => return None,
        };
        Some(names.iter().map(|name| (*name).to_owned()).collect())
    }
}

/// What the columns of a query come from: `name: table.column kind, …`.
fn check(query: &str, expect: &[&str]) {
    let statements = parse(query, None).expect(query);
    let [sqlparser::ast::Statement::Query(parsed)] = statements.as_slice() else {
        panic!("{query}");
    };
    let columns = trace(parsed, &Shop);
    let mut found: Vec<String> = columns
        .known
        .iter()
        .map(|output| {
            let origins: Vec<String> = output
                .origins
                .iter()
                .map(|((place, column), step)| {
                    let place = match place {
                        Place::Table(name) => name.text(),
                        Place::Uri(uri) => uri.clone(),
                    };
                    let mark = match step {
                        Step::Identity => "",
                        Step::Transformation => " f",
                        Step::Aggregation => " agg",
                        Step::Condition => " if",
                    };
                    format!("{place}.{column}{mark}")
                })
                .collect();
            let name = output.name.as_deref().unwrap_or("?");
            format!("{name}: {}", origins.join(", "))
        })
        .collect();
    match columns.rest {
        Rest::Nothing => {}
        Rest::Of(place) => found.push(format!("* {place:?}")),
        Rest::Unknown => found.push("* ?".to_owned()),
    }
    assert_eq!(found, expect, "{query}");
}

#[test]
fn aliases_subqueries_and_common_tables_are_followed() {
    check(
        "select o.id, o.total * 2 as double, 1 as one from shop.orders as o",
        &["id: shop.orders.id", "double: shop.orders.total f", "one: "],
    );
    check(
        "with big as (select id as order_id, total from orders where total > 9), \
         sums as (select order_id, sum(total) as s from big group by 1) select * from sums",
        &["order_id: orders.id", "s: orders.total agg"],
    );
    check(
        "select x.n from (select upper(name) as n from customers) x",
        &["n: customers.name f"],
    );
    check(
        "with orders as (select * from raw.orders) select id from orders",
        &["id: raw.orders.id"],
    );
    check(
        "with recursive up as (select id, boss from staff union all select s.id, up.boss from staff s join up on s.boss = up.id) select id, boss from up",
        &["id: staff.id", "boss: staff.boss"],
    );
}

#[test]
fn a_star_is_spread_only_over_known_columns() {
    check(
        "select * from customers",
        &[
            "customer_id: customers.customer_id",
            "email: customers.email",
            "name: customers.name",
        ],
    );
    check(
        "with a as (select * from unknown) select x from a",
        &["x: unknown.x"],
    );
    check(
        "select u.*, o.id from unknown u, orders o",
        &[
            "id: orders.id",
            "* Table(Name([Part { text: \"unknown\", is_quoted: false }]))",
        ],
    );
    check("select * from unknown, other", &["* ?"]);
    check(
        "select * exclude (email) replace (lower(name) as name) from customers",
        &[
            "customer_id: customers.customer_id",
            "name: customers.name f",
        ],
    );
    check(
        "select c.* except (email, name) from customers c",
        &["customer_id: customers.customer_id"],
    );
    check(
        "with a as (select * except (x) from unknown) select y from a",
        &["y: "],
    );
}

#[test]
fn joins_tell_whose_column_it_is_or_nothing() {
    check(
        "select email, total, customer_id from orders left join customers using (customer_id)",
        &[
            "email: customers.email",
            "total: orders.total",
            "customer_id: orders.customer_id",
        ],
    );
    check(
        "select customer_id from orders right join customers using (customer_id)",
        &["customer_id: customers.customer_id"],
    );
    check(
        "select customer_id from orders full join customers using (customer_id)",
        &["customer_id: customers.customer_id, orders.customer_id"],
    );
    check(
        "select customer_id from orders, customers",
        &["customer_id: "],
    );
    check(
        "select a, b.c from one join b on one.x = b.x",
        &["a: ", "c: b.c"],
    );
    check(
        "select email, q from customers join unknown on true",
        &["email: customers.email", "q: unknown.q"],
    );
    check(
        "select id from orders semi join customers using (customer_id)",
        &["id: orders.id"],
    );
    check(
        "select * from orders join customers using (customer_id)",
        &[
            "id: orders.id",
            "customer_id: orders.customer_id",
            "total: orders.total",
            "placed_at: orders.placed_at",
            "email: customers.email",
            "name: customers.name",
        ],
    );
}

#[test]
fn what_only_decides_is_told_from_what_becomes_the_value() {
    check(
        "select case when email is null then name else 'x' end as n, \
         count(*) filter (where total > 1) as c, \
         row_number() over (partition by customer_id order by placed_at) as r, \
         current_date as d, date_trunc(month, placed_at) as m from orders join customers using (customer_id)",
        &[
            "n: customers.email if, customers.name f",
            "c: orders.total if",
            "r: orders.customer_id if, orders.placed_at if",
            "d: ",
            "m: orders.placed_at f",
        ],
    );
    check(
        "select id + 1 as a, a * 2 as b, (select max(total) from orders) as m, \
         exists (select 1 from customers where customers.customer_id = orders.customer_id) as e from orders",
        &[
            "a: orders.id f",
            "b: orders.id f",
            "m: orders.total agg",
            "e: ",
        ],
    );
    check(
        "select (select email from customers c where c.customer_id = o.customer_id) as e, list_transform(x, y -> y + id) as t from orders o",
        &["e: customers.email f", "t: orders.id f"],
    );
}

#[test]
fn set_operations_join_by_position() {
    check(
        "select id as a from orders union all select email from customers",
        &["a: customers.email, orders.id"],
    );
    check("select * from unknown union select 1", &["* ?"]);
    check(
        "select id from orders except select email from customers",
        &["id: orders.id"],
    );
}

#[test]
fn files_and_structures_have_columns() {
    check(
        "select amount from read_parquet('s3://lake/a/*.parquet')",
        &["amount: s3://lake/a.amount"],
    );
    check(
        "select t.payload.user.id as u from events t",
        &["u: events.payload f"],
    );
    check("select n from range(1, 3) as t(n)", &["n: "]);
}
