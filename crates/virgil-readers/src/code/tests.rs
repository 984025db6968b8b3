use super::*;
use crate::shown::check;
use insta::assert_snapshot;

const READER: &dyn Reader = &CodeReader;

#[test]
fn python_symbols_keep_their_decorators() {
    assert_snapshot!(check(READER, "train.py", r####""""Trains."""
import os

LIMIT = 3  # at most


# Loads the data.
# From disk.
@task(retries=2)
def load(path):
    return open(path)

class Trainer(Base):
    def fit(self):
        pass

RATE = 1

async def main(): pass

if __name__ == "__main__":
    main()
"####), @r####"
        title: train.py

        []
          1 """Trains."""
          2 import os
          3
          4 LIMIT = 3  # at most
          5
          6

        [load]
          7 # Loads the data.
          8 # From disk.
          9 @task(retries=2)
         10 def load(path):
         11     return open(path)
         12

        [Trainer]
         13 class Trainer(Base):
         14     def fit(self):
         15         pass
         16

        []
         17 RATE = 1
         18

        [main]
         19 async def main(): pass
         20

        []
         21 if __name__ == "__main__":
         22     main()
        "####);
}

#[test]
fn a_large_class_is_split_into_its_methods() {
    let methods: String = (0..3)
            .map(|index| {
                let body = format!("        self.loss += {index} * 0.125\n").repeat(20);
                format!("    # Step {index}.\n    @timed\n    def step_{index}(self):\n{body}\n    x = 1\n\n")
            })
            .collect();
    let text = format!(
        "class Trainer:\n    \"\"\"Trains.\"\"\"\n    rate = 1\n\n{methods}\ndef after(): pass\n"
    );
    let reading = CodeReader.read(
        Raw {
            path: "a.py",
            text: &text,
        },
        &virgil_model::NoFiles,
    );
    let found: Vec<_> = reading
        .document
        .sections
        .iter()
        .map(|section| (section.breadcrumb.join(" > "), section.lines[0]))
        .collect();
    assert_snapshot!(format!("{found:#?}"), @r####"
        [
            (
                "Trainer",
                1,
            ),
            (
                "Trainer > step_0",
                5,
            ),
            (
                "Trainer",
                29,
            ),
            (
                "Trainer > step_1",
                31,
            ),
            (
                "Trainer",
                55,
            ),
            (
                "Trainer > step_2",
                57,
            ),
            (
                "Trainer",
                81,
            ),
            (
                "after",
                84,
            ),
        ]
        "####);
}

#[test]
fn go_methods_belong_to_their_receiver() {
    assert_snapshot!(check(READER, "server.go", r####"package server

import "net/http"

// Server serves.
type Server struct {
	port int
}

// Run runs.
func (s *Server) Run(stop chan bool) error {
	return nil
}

const x = 1

func New[T any]() *Server { return nil }
"####), @r####"
        title: server.go

        []
          1 package server
          2
          3 import "net/http"
          4

        [Server]
          5 // Server serves.
          6 type Server struct {
          7 	port int
          8 }
          9

        [Server.Run]
         10 // Run runs.
         11 func (s *Server) Run(stop chan bool) error {
         12 	return nil
         13 }
         14

        []
         15 const x = 1
         16

        [New]
         17 func New[T any]() *Server { return nil }
        "####);
}

#[test]
fn rust_items_keep_their_attributes() {
    assert_snapshot!(check(READER, "lib.rs", r####"//! Crate.
use std::fmt;

/// A point.
#[derive(Debug)]
pub struct Point { x: i32 }

impl<T> fmt::Display for Point {
    fn fmt(&self) {}
}

pub const N: u32 = 1;

mod tests;
macro_rules! m { () => {} }
"####), @r####"
        title: lib.rs

        []
          1 //! Crate.
          2 use std::fmt;
          3

        [Point]
          4 /// A point.
          5 #[derive(Debug)]
          6 pub struct Point { x: i32 }
          7

        [impl fmt::Display for Point]
          8 impl<T> fmt::Display for Point {
          9     fn fmt(&self) {}
         10 }
         11

        []
         12 pub const N: u32 = 1;
         13

        [tests]
         14 mod tests;

        [m]
         15 macro_rules! m { () => {} }
        "####);
}

#[test]
fn java_types() {
    assert_snapshot!(check(READER, "A.java", r####"package a;

import b.C;

/** Doc. */
@Component
public class A<T> extends B {
  void run() {}
}

interface I {}
enum E { X }
record R(int x) {}
"####), @r####"
        title: A.java

        []
          1 package a;
          2
          3 import b.C;
          4

        [A]
          5 /** Doc. */
          6 @Component
          7 public class A<T> extends B {
          8   void run() {}
          9 }
         10

        [I]
         11 interface I {}

        [E]
         12 enum E { X }

        [R]
         13 record R(int x) {}
        "####);
}

#[test]
fn typescript_exports() {
    assert_snapshot!(check(READER, "app.tsx", r####"import React from "react";

/** The app. */
export default function App(props: Props) {
  return <div/>;
}

export const useThing = (a: number) => {
  return a;
};

const x = 1;
export interface Props { a: string }
type T = string;
export abstract class Store { }
declare module "m" { }
"####), @r####"
        title: app.tsx

        []
          1 import React from "react";
          2

        [App]
          3 /** The app. */
          4 export default function App(props: Props) {
          5   return <div/>;
          6 }
          7

        [useThing]
          8 export const useThing = (a: number) => {
          9   return a;
         10 };
         11

        []
         12 const x = 1;

        [Props]
         13 export interface Props { a: string }

        [T]
         14 type T = string;

        [Store]
         15 export abstract class Store { }

        [m]
         16 declare module "m" { }
        "####);
}

#[test]
fn sql_statements() {
    assert_snapshot!(check(READER, "model.sql", r####"-- Orders per day.
create or replace table analytics.orders_daily as
with orders as (
  select * from raw.orders
),
days as (select 1)
select * from orders join days;

INSERT INTO audit (a, b) VALUES (1, 2);

select 1;
CREATE VIEW v AS SELECT 2;
"####), @r####"
        title: model.sql

        [create or replace table analytics.orders_daily]
          1 -- Orders per day.
          2 create or replace table analytics.orders_daily as
          3 with orders as (
          4   select * from raw.orders
          5 ),
          6 days as (select 1)
          7 select * from orders join days;
          8

        [INSERT INTO audit]
          9 INSERT INTO audit (a, b) VALUES (1, 2);
         10

        []
         11 select 1;

        [CREATE VIEW v]
         12 CREATE VIEW v AS SELECT 2;
        "####);
}

#[test]
fn shell_functions() {
    assert_snapshot!(check(READER, "run", r####"#!/usr/bin/env bash
set -e

# Builds.
build() {
  docker build .
}

function push { docker push x; }

build && push
"####), @r####"
        title: run

        []
          1 #!/usr/bin/env bash
          2 set -e
          3

        [build]
          4 # Builds.
          5 build() {
          6   docker build .
          7 }
          8

        [push]
          9 function push { docker push x; }
         10

        []
         11 build && push
        "####);
}

#[test]
fn damaged_code_keeps_what_was_recognised() {
    assert_snapshot!(check(READER, "a.py", r####"def a():
    return (1

class B:
    def c(self):
        pass

def d(:
    pass
"####), @r####"
        title: a.py

        [a]
          1 def a():
          2     return (1
          3
          4 class B:
          5     def c(self):
          6         pass
          7

        [d]
          8 def d(:
          9     pass
        "####);
}

#[test]
fn a_dbt_model_is_read_in_spite_of_its_template() {
    assert_snapshot!(check(READER, "m.sql", "{{ config(materialized='table') }}\n\nselect * from {{ ref('a') }}\nwhere x = 1\n"), @r####"
        title: m.sql

        []
          1 {{ config(materialized='table') }}
          2
          3 select * from {{ ref('a') }}
          4 where x = 1
        "####);
}
