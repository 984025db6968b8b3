//! Parses one statement of SQL in the dialect of its platform, or in the first dialect that takes it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use sqlparser::ast::Statement;
use sqlparser::dialect::{
    BigQueryDialect, ClickHouseDialect, DatabricksDialect, Dialect, DuckDbDialect, GenericDialect,
    HiveDialect, MsSqlDialect, MySqlDialect, OracleDialect, PostgreSqlDialect, RedshiftSqlDialect,
    SQLiteDialect, SnowflakeDialect, SparkSqlDialect,
};
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

/// Longer statements are not parsed.
const STATEMENT_BYTES: usize = 512 << 10;
/// Statements of more tokens are not parsed; rows of values do not count.
const STATEMENT_TOKENS: usize = 40_000;
/// How many tokens may follow one another without a comma, a parenthesis or a clause, and how many queries a set
/// operation may join: trees of such chains are as deep as the chains are long, and are walked and dropped
/// recursively.
const CHAIN: usize = 600;
/// How deep parentheses may nest: twenty is far more than people write, and the parser tries some twice.
const PARENTHESES: usize = 20;

/// Why a statement was not parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The line inside the statement, counted from 0.
    pub(crate) line: usize,
    /// What the parser says.
    pub(crate) message: String,
}

/// Parses a statement; `platform` is the platform that runs it, such as `snowflake`, where it is known.
///
/// Without a platform, or where its dialect does not take the statement, the others are tried in a fixed order. The
/// failure is that of the first.
pub(crate) fn parse(text: &str, platform: Option<&str>) -> Result<Vec<Statement>, Failure> {
    let own = platform.and_then(dialect);
    let others: [&dyn Dialect; 10] = [
        &GenericDialect {},
        &PostgreSqlDialect {},
        &DuckDbDialect {},
        &SnowflakeDialect {},
        &BigQueryDialect {},
        &MySqlDialect {},
        &MsSqlDialect {},
        &DatabricksDialect {},
        &SparkSqlDialect {},
        &HiveDialect {},
    ];
    let mut first = None;
    for dialect in own.as_deref().into_iter().chain(others) {
        match attempt(text, dialect) {
            Ok(statements) => return Ok(statements),
            Err(Attempt::Limit(failure)) => return Err(failure),
            Err(Attempt::Syntax(failure)) => {
                first.get_or_insert(failure);
            }
        }
    }
    Err(first.unwrap_or(Failure {
        line: 0,
        message: "the statement is not understood".to_owned(),
    }))
}

/// The dialect of a platform, by the names that OpenLineage, dbt and `SQLAlchemy` give it.
fn dialect(platform: &str) -> Option<Box<dyn Dialect>> {
    Some(match platform {
        "postgres" | "postgresql" | "cockroachdb" | "greenplum" | "materialize" => {
            Box::new(PostgreSqlDialect {})
        }
        "duckdb" => Box::new(DuckDbDialect {}),
        "snowflake" => Box::new(SnowflakeDialect {}),
        "bigquery" => Box::new(BigQueryDialect {}),
        "redshift" => Box::new(RedshiftSqlDialect {}),
        "mysql" | "mariadb" => Box::new(MySqlDialect {}),
        "mssql" | "sqlserver" | "synapse" | "fabric" => Box::new(MsSqlDialect {}),
        "databricks" => Box::new(DatabricksDialect {}),
        "spark" => Box::new(SparkSqlDialect {}),
        "hive" => Box::new(HiveDialect {}),
        "sqlite" => Box::new(SQLiteDialect {}),
        "clickhouse" => Box::new(ClickHouseDialect {}),
        "oracle" => Box::new(OracleDialect {}),
        _ => return None,
    })
}

enum Attempt {
    /// The statement is too large for any dialect.
    Limit(Failure),
    Syntax(Failure),
}

fn attempt(text: &str, dialect: &dyn Dialect) -> Result<Vec<Statement>, Attempt> {
    let limit = |message: &str| {
        Attempt::Limit(Failure {
            line: 0,
            message: message.to_owned(),
        })
    };
    if text.len() > STATEMENT_BYTES {
        let head = &text.as_bytes()[..64];
        if !head[..6].eq_ignore_ascii_case(b"insert") {
            return Err(limit("the statement is too long"));
        }
    }
    let syntax = |message: String| {
        let said = message.trim_start_matches("sql parser error: ");
        let said = said.split(" at Line: ").next().unwrap_or_default();
        Attempt::Syntax(Failure {
            line: line_of(&message),
            message: said.to_owned(),
        })
    };
    // A third party's parser on hostile text: a panic in it is one statement that is not understood.
    let parsed = catch_unwind(AssertUnwindSafe(|| {
        let tokens = Tokenizer::new(dialect, text).tokenize_with_location();
        let mut tokens = tokens.map_err(|error| syntax(error.to_string()))?;
        drop_rows(&mut tokens);
        check(&tokens).map_err(limit)?;
        let mut parser = Parser::new(dialect).with_tokens_with_locations(tokens);
        parser
            .parse_statements()
            .map_err(|error| syntax(error.to_string()))
    }));
    parsed.unwrap_or_else(|_| Err(syntax("the parser gave up".to_owned())))
}

/// Leaves one row of the values of an `INSERT`: rows are data, not statements about the platform.
fn drop_rows(tokens: &mut Vec<TokenWithSpan>) {
    let word = |token: &TokenWithSpan| match &token.token {
        Token::Word(word) => Some(word.keyword),
        _ => None,
    };
    let is_insert = tokens
        .iter()
        .find_map(word)
        .is_some_and(|first| matches!(first, Keyword::INSERT | Keyword::REPLACE));
    let Some(values) = tokens
        .iter()
        .position(|token| word(token) == Some(Keyword::VALUES))
        .filter(|_| is_insert)
    else {
        return;
    };
    let mut depth = 0_usize;
    let mut end_of_first = None;
    let mut end = tokens.len();
    for (at, token) in tokens.iter().enumerate().skip(values + 1) {
        match &token.token {
            Token::LParen => depth += 1,
            Token::RParen => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    end_of_first.get_or_insert(at + 1);
                }
            }
            Token::Word(_) if depth == 0 => {
                end = at;
                break;
            }
            _ => {}
        }
    }
    if let Some(first) = end_of_first.filter(|first| *first < end) {
        tokens.drain(first..end);
    }
}

/// Whether the tree of these tokens is shallow enough.
fn check(tokens: &[TokenWithSpan]) -> Result<(), &'static str> {
    if tokens.len() > STATEMENT_TOKENS {
        return Err("the statement has too many tokens");
    }
    let (mut chain, mut depth, mut set_operations) = (0, 0_usize, 0);
    for token in tokens {
        match &token.token {
            Token::Whitespace(_) => continue,
            Token::LParen => {
                depth += 1;
                chain = 0;
            }
            Token::RParen => {
                depth = depth.saturating_sub(1);
                chain += 1;
            }
            Token::Comma => chain = 0,
            Token::Word(word) => match word.keyword {
                Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT | Keyword::MINUS => {
                    set_operations += 1;
                    chain = 0;
                }
                Keyword::SELECT
                | Keyword::FROM
                | Keyword::WHERE
                | Keyword::WHEN
                | Keyword::THEN
                | Keyword::ELSE
                | Keyword::JOIN
                | Keyword::ON => chain = 0,
                _ => chain += 1,
            },
            _ => chain += 1,
        }
        if depth > PARENTHESES {
            return Err("the parentheses of the statement nest too deep");
        }
        if chain > CHAIN || set_operations > CHAIN {
            return Err("the statement is one too long chain");
        }
    }
    Ok(())
}

/// The line that a message of the parser names (`… at Line: 3, Column: 9`), counted from 0.
fn line_of(message: &str) -> usize {
    let number = message.rsplit_once("Line: ").and_then(|(_, rest)| {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        rest[..end].parse::<usize>().ok()
    });
    number.unwrap_or(1).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn each_dialect_is_found() {
        for (text, platform) in [
            ("select a::int from t", None),
            ("select `a.b`.c from `p.d.t`", None),
            ("select $1:a::string from @stage", None),
            ("select top 3 [a] from [dbo].[t]", None),
            ("from t select a", Some("duckdb")),
            ("create table t (a int) using delta", None),
        ] {
            assert!(parse(text, platform).is_ok(), "{text}");
        }
        let failure = parse("select a\nfrom from x y z", Some("postgres")).unwrap_err();
        assert_eq!(failure.line, 1, "{failure:?}");
    }

    #[test]
    fn rows_are_no_statements() {
        let rows = "(1, 'a; (b'), ".repeat(50_000);
        let text = format!("insert into t (a, b) values {rows}(2, 'c') on conflict do nothing");
        assert!(text.len() > STATEMENT_BYTES);
        assert_eq!(parse(&text, None).map(|parsed| parsed.len()), Ok(1));
    }

    #[test]
    fn hostile_shapes_take_no_time_and_no_stack() {
        for (head, unit, tail) in [
            ("select ", "(", "1"),
            ("select ", "(select ", "1"),
            ("select ", "((a),", "1"),
            ("select 1", "+1", ""),
            ("select a", "||a", ""),
            ("select a ", "and a ", ""),
            ("select a", "::int", ""),
            ("select a", "[1]", ""),
            ("select a", ".b", ""),
            ("select ", "not ", "a"),
            ("select ", "- ", "a"),
            ("select ", "case when a then ", "b"),
            ("select ", "f(", "a"),
            ("select 1 ", "union select 1 ", ""),
            ("select * from a ", "join a on ", "b"),
            ("select * from ", "(a join ", "b"),
            ("with ", "a as (select 1), ", "b as (select 1) select 1"),
            ("with a as (", "with a as (", "select 1"),
            ("create table t (", "a struct<", "b"),
            ("create table t (a ", "array<", "int"),
            ("select a ", "between b and ", "c"),
            ("select a ", "is null ", ""),
            ("select ", "interval ", "a"),
            ("select ", "x -> ", "a"),
            ("select ", "{'a': ", "1"),
            ("select ", "[", "1"),
        ] {
            for times in [10, 18, 45, 2_000, 60_000] {
                let text = format!("{head}{}{tail}", unit.repeat(times));
                let closed = format!("{text}{}", ")".repeat(unit.matches('(').count() * times));
                let started = Instant::now();
                for text in [text, closed] {
                    for statement in &parse(&text, None).unwrap_or_default() {
                        let known = crate::sql::file::Known::default();
                        crate::sql::effects::effects(statement, &known);
                    }
                }
                let took = started.elapsed();
                assert!(
                    took < Duration::from_secs(5),
                    "{unit} {times} times: {took:?}"
                );
            }
        }
    }
}
