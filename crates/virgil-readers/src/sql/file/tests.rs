use crate::statements::shown::{check, check_with};
use insta::assert_snapshot;
use virgil_model::Files;

/// Files by their path.
struct Beside(&'static [(&'static str, &'static str)]);

impl Files for Beside {
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        let mut files = self.0.iter();
        let found = files.find(|(other, _)| *other == path);
        found.map(|(_, text)| text.as_bytes().to_vec())
    }

    fn list(&self, folder: &str) -> Vec<String> {
        let below = self.0.iter().filter(|(path, _)| path.starts_with(folder));
        below.map(|(path, _)| (*path).to_owned()).collect()
    }
}

#[test]
fn a_migration_declares_tables_and_their_columns() {
    let files = Beside(&[("db/migration_lock.toml", "provider = \"postgresql\"\n")]);
    assert_snapshot!(check_with("db/1/migration.sql", "-- comment; with a semicolon
CREATE TABLE IF NOT EXISTS shop.orders (
  id BIGSERIAL PRIMARY KEY,
  \"customerId\" uuid NOT NULL REFERENCES shop.customers (id)
);
CREATE INDEX x ON shop.orders (id);
ALTER TABLE shop.orders ADD COLUMN note text, DROP COLUMN old;
COMMENT ON COLUMN shop.orders.note IS 'free text';
INSERT INTO shop.countries (code) VALUES ('IT'), ('AT');
this is no sql;
select from where;
", &files), @r####"
        [2-5] dataset "orders" table:./shop.orders
        [2-5] table:./shop.orders .table_type = "table"
        [2-5] table:./shop.orders defined_in file:./db/1/migration.sql
        [2-5] column "id" column:./shop.orders#id
        [2-5] column:./shop.orders#id part_of table:./shop.orders
        [2-5] column:./shop.orders#id .type = "BIGSERIAL"
        [2-5] column "customerId" column:./shop.orders#customerId
        [2-5] column:./shop.orders#customerId part_of table:./shop.orders
        [2-5] column:./shop.orders#customerId .type = "UUID"
        [7] column "note" column:./shop.orders#note
        [7] column:./shop.orders#note part_of table:./shop.orders
        [7] column:./shop.orders#note .type = "TEXT"
        [7] column:./shop.orders#old .dropped = true
        [8] column:./shop.orders#note .description = "free text"
        [9] file:./db/1/migration.sql writes table:./shop.countries
        [1] resource "db/1/migration.sql" file:./db/1/migration.sql
        [1] file:./db/1/migration.sql .type = "sql_script"
        [11] problem: 1 of 5 statements are not understood, the first: Expected: table name, found: where
        "####);
}

#[test]
fn what_is_made_of_queries_has_its_origins() {
    assert_snapshot!(check("load.sql", "create temp table fresh as select id, total from raw.orders;
create table mart.sums as select o.id, sum(o.total) as total, c.email from fresh o join raw.customers c on c.id = o.id group by all;
create view mart.top as select * from mart.sums;
insert into mart.log (at, id) select now(), id from mart.sums;
merge into mart.dim d using stage.src s on d.id = s.id when matched then update set name = upper(s.name) when not matched then insert (id, name) values (s.id, s.name);
copy (select id from mart.sums) to 's3://lake/out/sums.parquet' (format parquet);
update mart.dim set x = 1 where id in (select id from stage.bad);
delete from mart.dim where false;
"), @r####"
        [1] file:./load.sql reads table:./raw.orders
        [2] file:./load.sql reads table:./raw.customers
        [2] file:./load.sql writes table:./mart.sums
        [2] dataset "sums" table:./mart.sums
        [2] table:./mart.sums .table_type = "table"
        [2] table:./mart.sums defined_in file:./load.sql
        [2] column "id" column:./mart.sums#id
        [2] column:./mart.sums#id part_of table:./mart.sums
        [2] column "total" column:./mart.sums#total
        [2] column:./mart.sums#total part_of table:./mart.sums
        [2] column "email" column:./mart.sums#email
        [2] column:./mart.sums#email part_of table:./mart.sums
        [2] table:./mart.sums derived_from table:./raw.customers
        [2] column:./mart.sums#email derived_from column:./raw.customers#email {subtype="identity", transformation="direct"}
        [3] dataset "top" table:./mart.top
        [3] table:./mart.top .table_type = "view"
        [3] table:./mart.top defined_in file:./load.sql
        [3] column "id" column:./mart.top#id
        [3] column:./mart.top#id part_of table:./mart.top
        [3] column "total" column:./mart.top#total
        [3] column:./mart.top#total part_of table:./mart.top
        [3] column "email" column:./mart.top#email
        [3] column:./mart.top#email part_of table:./mart.top
        [3] table:./mart.top derived_from table:./mart.sums
        [3] column:./mart.top#id derived_from column:./mart.sums#id {subtype="identity", transformation="direct"}
        [3] column:./mart.top#total derived_from column:./mart.sums#total {subtype="identity", transformation="direct"}
        [3] column:./mart.top#email derived_from column:./mart.sums#email {subtype="identity", transformation="direct"}
        [4] file:./load.sql reads table:./mart.sums
        [4] file:./load.sql writes table:./mart.log
        [4] table:./mart.log derived_from table:./mart.sums
        [4] column "id" column:./mart.log#id
        [4] column:./mart.log#id part_of table:./mart.log
        [4] column:./mart.log#id derived_from column:./mart.sums#id {subtype="identity", transformation="direct"}
        [5] file:./load.sql reads table:./stage.src
        [5] file:./load.sql writes table:./mart.dim
        [5] table:./mart.dim derived_from table:./stage.src
        [5] column "name" column:./mart.dim#name
        [5] column:./mart.dim#name part_of table:./mart.dim
        [5] column:./mart.dim#name derived_from column:./stage.src#name {subtype="identity", transformation="direct"}
        [5] column "id" column:./mart.dim#id
        [5] column:./mart.dim#id part_of table:./mart.dim
        [5] column:./mart.dim#id derived_from column:./stage.src#id {subtype="identity", transformation="direct"}
        [6] file:./load.sql writes uri:s3://lake/out/sums.parquet
        [6] uri:s3://lake/out/sums.parquet derived_from table:./mart.sums
        [6] column "id" column:s3://lake/out/sums.parquet#id
        [6] column:s3://lake/out/sums.parquet#id part_of uri:s3://lake/out/sums.parquet
        [6] column:s3://lake/out/sums.parquet#id derived_from column:./mart.sums#id {subtype="identity", transformation="direct"}
        [7] file:./load.sql reads table:./stage.bad
        [1] resource "load.sql" file:./load.sql
        [1] file:./load.sql .type = "sql_script"
        "####);
}

#[test]
fn dialects_are_read() {
    assert_snapshot!(check("warehouse.sql", "CREATE OR REPLACE TABLE `proj.ds.t` PARTITION BY d AS SELECT SAFE_CAST(a AS INT64) AS a, d FROM `proj.ds.s`, UNNEST(xs) AS x;
CREATE EXTERNAL TABLE lake.events (id string) PARTITIONED BY (d string) STORED AS PARQUET LOCATION 's3a://lake/events/';
COPY INTO raw.t FROM 's3://lake/in/' FILE_FORMAT = (TYPE = CSV);
SELECT [a] INTO dbo.copy FROM [dbo].[src];
INSERT OVERWRITE TABLE a.b PARTITION (d='1') SELECT x FROM c.d LATERAL VIEW explode(xs) t AS x;
CREATE TABLE t (id INT AUTO_INCREMENT, `n` VARCHAR(9)) ENGINE=InnoDB;
"), @r####"
        [1] file:./warehouse.sql reads table:./proj.ds.s
        [1] file:./warehouse.sql writes table:./proj.ds.t
        [1] dataset "t" table:./proj.ds.t
        [1] table:./proj.ds.t .table_type = "table"
        [1] table:./proj.ds.t defined_in file:./warehouse.sql
        [1] column "a" column:./proj.ds.t#a
        [1] column:./proj.ds.t#a part_of table:./proj.ds.t
        [1] column "d" column:./proj.ds.t#d
        [1] column:./proj.ds.t#d part_of table:./proj.ds.t
        [1] table:./proj.ds.t derived_from table:./proj.ds.s
        [2] dataset "events" table:./lake.events
        [2] table:./lake.events .table_type = "external table"
        [2] table:./lake.events defined_in file:./warehouse.sql
        [2] table:./lake.events stored_at uri:s3://lake/events
        [2] column "id" column:./lake.events#id
        [2] column:./lake.events#id part_of table:./lake.events
        [2] column:./lake.events#id .type = "STRING"
        [2] column "d" column:./lake.events#d
        [2] column:./lake.events#d part_of table:./lake.events
        [2] column:./lake.events#d .type = "STRING"
        [3] file:./warehouse.sql reads uri:s3://lake/in
        [3] file:./warehouse.sql writes table:./raw.t
        [3] table:./raw.t derived_from uri:s3://lake/in
        [4] file:./warehouse.sql reads table:./dbo.src
        [4] file:./warehouse.sql writes table:./dbo.copy
        [4] table:./dbo.copy derived_from table:./dbo.src
        [4] column "a" column:./dbo.copy#a
        [4] column:./dbo.copy#a part_of table:./dbo.copy
        [4] column:./dbo.copy#a derived_from column:./dbo.src#a {subtype="identity", transformation="direct"}
        [5] file:./warehouse.sql reads table:./c.d
        [5] file:./warehouse.sql writes table:./a.b
        [5] table:./a.b derived_from table:./c.d
        [6] dataset "t" table:./t
        [6] table:./t .table_type = "table"
        [6] table:./t defined_in file:./warehouse.sql
        [6] column "id" column:./t#id
        [6] column:./t#id part_of table:./t
        [6] column:./t#id .type = "INT"
        [6] column "n" column:./t#n
        [6] column:./t#n part_of table:./t
        [6] column:./t#n .type = "VARCHAR(9)"
        [1] resource "warehouse.sql" file:./warehouse.sql
        [1] file:./warehouse.sql .type = "sql_script"
        "####);
}

#[test]
fn models_of_dbt_refer_to_one_another() {
    let files = Beside(&[
        ("dbt/dbt_project.yml", "name: shop\nprofile: p\n"),
        (
            "dbt/profiles.yml",
            "p:\n  outputs:\n    a: {type: duckdb}\n    b: {type: duckdb}\n",
        ),
        ("dbt/seeds/codes.csv", ""),
    ]);
    assert_snapshot!(check_with("dbt/models/marts/orders.sql", "{{ config(materialized='table') }}
-- {{ ref('no') }}
select * from {{ ref('stg_orders') }} join {{ source('raw', \"orders\") }}
join {{ ref('codes') }} join {{ ref('other', 'x') }} join {{ ref(var('y')) }} {# ref('z') #}
", &files), @r####"
        [1-4] dataset "orders" dbt:shop/model.shop.orders
        [1-4] dbt:shop/model.shop.orders .type = "model"
        [1-4] dbt:shop/model.shop.orders defined_in file:./dbt/models/marts/orders.sql
        [3] dbt:shop/model.shop.orders derived_from dbt:shop/model.shop.stg_orders
        [3] dbt:shop/model.shop.orders derived_from dbt:shop/source.shop.raw.orders
        [4] dataset "codes" dbt:shop/seed.shop.codes
        [4] dbt:shop/seed.shop.codes .type = "seed"
        [4] dbt:shop/seed.shop.codes defined_in file:./dbt/seeds/codes.csv
        [4] dbt:shop/model.shop.orders derived_from dbt:shop/seed.shop.codes
        [4] dbt:shop/model.shop.orders derived_from dbt:other/model.other.x
        "####);
    assert_snapshot!(check_with("dbt/ci/load.sql", "create table raw.a as select 1 as b;", &files), @r####"
        [1] file:./dbt/ci/load.sql writes table:./raw.a
        [1] dataset "a" table:./raw.a
        [1] table:./raw.a .table_type = "table"
        [1] table:./raw.a defined_in file:./dbt/ci/load.sql
        [1] column "b" column:./raw.a#b
        [1] column:./raw.a#b part_of table:./raw.a
        [1] resource "dbt/ci/load.sql" file:./dbt/ci/load.sql
        [1] file:./dbt/ci/load.sql .type = "sql_script"
        "####);
}

#[test]
fn templates_and_undoing_are_left_alone() {
    assert_snapshot!(check("q.sql", "{% set d = 1 %}select a from {{ table }} join s.t where d = '{{ ds }}';\n-- migrate:down\ndrop table x; delete from y;"), @r####"
        [1] file:./q.sql reads table:./s.t
        [1] resource "q.sql" file:./q.sql
        [1] file:./q.sql .type = "sql_script"
        "####);
    assert_eq!(check("1.down.sql", "delete from x"), "");
}
