//! The metric selectors of a `PromQL` expression (<https://prometheus.io/docs/prometheus/latest/querying/basics/>).
//!
//! Dashboards hold variables, which are put in before an expression is parsed: a metric with a variable in its name
//! is no selector, and a matcher whose value is a variable is left out, which makes the selector wider, never wrong.

use std::collections::BTreeSet;

use promql_parser::label::{MatchOp, Matcher, Matchers as Parsed};
use promql_parser::parser::{Expr, VectorSelector, parse};

/// More selectors than this in one expression are not looked at.
const MAX_SELECTORS: usize = 200;
/// Longer expressions are not parsed; people write a hundredth of it.
const MAX_BYTES: usize = 16 << 10;
/// How deep an expression may nest, and how many operators it may have: the tree is walked and dropped recursively.
const MAX_DEPTH: usize = 50;
const MAX_OPERATORS: usize = 800;
/// What stands for a variable where a name stands.
const NAME: &str = "virgil_variable_";
/// What stands for a variable where a duration or a number stands.
const DURATION: &str = "5m";

/// Label matchers: name, operator and value.
pub(crate) type Matchers = Vec<(String, String, String)>;

/// The selectors of an expression, each once, in order; or why it is no `PromQL`.
pub(crate) fn selectors(expression: &str) -> Result<Vec<(String, Matchers)>, String> {
    if !is_flat(expression) {
        return Err("the expression is too large".to_owned());
    }
    let parsed = parse(&filled(expression, NAME))
        // A variable may also stand for a number: `topk($n, x)`.
        .or_else(|error| parse(&filled(expression, "1")).map_err(|_| error))?;
    let mut found = Vec::new();
    collect(&parsed, &mut found);
    let mut seen = BTreeSet::new();
    found.retain(|selector| seen.insert(selector.clone()));
    found.truncate(MAX_SELECTORS);
    Ok(found)
}

/// Whether the tree of an expression is shallow enough.
fn is_flat(expression: &str) -> bool {
    let (mut depth, mut operators) = (0_usize, 0_usize);
    for c in expression.chars() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '+' | '-' | '*' | '/' | '%' | '^' | '<' | '>' | '=' | '!' => operators += 1,
            _ => {}
        }
        if depth > MAX_DEPTH {
            return false;
        }
    }
    let words = expression.split_whitespace();
    operators += words
        .filter(|word| matches!(*word, "and" | "or" | "unless" | "atan2"))
        .count();
    operators <= MAX_OPERATORS && expression.len() <= MAX_BYTES
}

fn collect(expression: &Expr, found: &mut Vec<(String, Matchers)>) {
    match expression {
        Expr::Aggregate(aggregate) => {
            collect(&aggregate.expr, found);
            if let Some(parameter) = &aggregate.param {
                collect(parameter, found);
            }
        }
        Expr::Unary(unary) => collect(&unary.expr, found),
        Expr::Binary(binary) => {
            collect(&binary.lhs, found);
            collect(&binary.rhs, found);
        }
        Expr::Paren(inner) => collect(&inner.expr, found),
        Expr::Subquery(inner) => collect(&inner.expr, found),
        Expr::VectorSelector(selector) => found.extend(selected(selector)),
        Expr::MatrixSelector(selector) => found.extend(selected(&selector.vs)),
        Expr::Call(call) => call
            .args
            .args
            .iter()
            .for_each(|argument| collect(argument, found)),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {}
    }
}

/// A selector with its metric; `None` for one that names none, or a variable.
fn selected(selector: &VectorSelector) -> Option<(String, Matchers)> {
    let Parsed { matchers, .. } = &selector.matchers;
    let of_label =
        |matcher: &&Matcher| matcher.name == "__name__" && matches!(matcher.op, MatchOp::Equal);
    let name = match &selector.name {
        Some(name) => name,
        None => &matchers.iter().find(of_label)?.value,
    };
    if name.contains(NAME) || name.contains('$') || name.contains("[[") {
        return None;
    }
    let kept = matchers.iter().filter(|matcher| {
        matcher.name != "__name__"
            && !matcher.name.contains(NAME)
            && !matcher.value.contains('$')
            && !matcher.value.contains("[[")
            && !matcher.value.contains("{{")
    });
    let kept = kept.map(|matcher| {
        let operator = matcher.op.to_string();
        (matcher.name.clone(), operator, matcher.value.clone())
    });
    Some((name.clone(), kept.collect()))
}

/// An expression with something in the place of each variable: `$job`, `${job:regex}`, `[[job]]`, `{{ .Values.x }}`.
/// What stands in quotes stays as it is.
fn filled(expression: &str, variable: &str) -> String {
    let mut filled = String::with_capacity(expression.len());
    let mut rest = expression;
    let mut brackets = 0_usize;
    while let Some(first) = rest.chars().next() {
        let stands_for = if brackets > 0 || follows_offset(&filled) {
            DURATION
        } else {
            variable
        };
        let length = match first {
            '"' | '\'' | '`' => {
                let length = quoted(rest, first);
                filled.push_str(&rest[..length]);
                length
            }
            '$' => {
                filled.push_str(stands_for);
                variable_length(rest)
            }
            '[' if rest.starts_with("[[") && rest.contains("]]") => {
                filled.push_str(stands_for);
                rest.find("]]").map_or(rest.len(), |end| end + 2)
            }
            '{' if rest.starts_with("{{") && rest.contains("}}") => {
                filled.push_str(stands_for);
                rest.find("}}").map_or(rest.len(), |end| end + 2)
            }
            c => {
                match c {
                    '[' => brackets += 1,
                    ']' => brackets = brackets.saturating_sub(1),
                    _ => {}
                }
                filled.push(c);
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    filled
}

fn follows_offset(text: &str) -> bool {
    text.trim_end_matches([' ', '-']).ends_with("offset")
}

/// The length of a variable that begins with `$`.
fn variable_length(text: &str) -> usize {
    let after = &text[1..];
    if after.starts_with('{') {
        return after.find('}').map_or(text.len(), |end| end + 2);
    }
    let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    end.map_or(text.len(), |end| end + 1)
}

/// The length of what a quote begins; what never ends takes the rest.
fn quoted(text: &str, quote: char) -> usize {
    let mut characters = text.char_indices().skip(1);
    while let Some((at, c)) = characters.next() {
        if c == quote {
            return at + 1;
        }
        if c == '\\' && quote != '`' {
            characters.next();
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expression: &str, expect: &[&str]) {
        let found: Vec<String> = selectors(expression)
            .expect(expression)
            .into_iter()
            .map(|(name, matchers)| {
                let matchers: Vec<String> = matchers
                    .iter()
                    .map(|(label, operator, value)| format!("{label}{operator}{value}"))
                    .collect();
                format!("{name}{{{}}}", matchers.join(","))
            })
            .collect();
        assert_eq!(found, expect, "{expression}");
    }

    #[test]
    fn names_are_told_from_everything_else() {
        check(
            "histogram_quantile(0.99, sum by (le) (\n rate(request_seconds_bucket{namespace=\"ml\", model=~\"a|b\"}[5m])))",
            &["request_seconds_bucket{namespace=ml,model=~a|b}"],
        );
        check(
            "fraud_detector:latency_seconds:p99 > 0.25",
            &["fraud_detector:latency_seconds:p99{}"],
        );
        check(
            "sum without(job) (rate(a_total[10m] offset 5m)) / ignoring(x) group_left(y) b_total > bool 1e3",
            &["a_total{}", "b_total{}"],
        );
        check(
            "time() - max(x{}) > 8 * 86400 and on(a) y unless z",
            &["x{}", "y{}", "z{}"],
        );
        check(
            "sum(a) by (b, c) + min_over_time(d[1h:5m] @ start())",
            &["a{}", "d{}"],
        );
        check(
            "count({__name__=\"up\", job!=\"x\"}) or {\"http.requests\", a='b'}",
            &["up{job!=x}", "http.requests{a=b}"],
        );
        check(
            "label_replace(up, \"a\", \"$1\", \"b\", \"(.*)\") # rate(no)",
            &["up{}"],
        );
        check(
            "absent(up{job=\"a\"} == 1) or absent(up{job=\"a\"})",
            &["up{job=a}"],
        );
    }

    #[test]
    fn variables_of_dashboards_make_selectors_wider() {
        check(
            "rate(a{job=\"$job\", x=\"1\"}[$__rate_interval])",
            &["a{x=1}"],
        );
        check(
            "${metric}_total{a=\"b\"} + a_$metric{c=\"d\"} + c",
            &["c{}"],
        );
        check("topk(5, sum by ($group) (a))", &["a{}"]);
    }

    #[test]
    fn variables_stand_for_numbers_and_durations_too() {
        check(
            "topk($n, rate(a[$__rate_interval] offset $shift))",
            &["a{}"],
        );
        check(
            "max_over_time(a{x!~\"[[y]]\"}[5m:$step]) > {{ .Values.limit }}",
            &["a{}"],
        );
    }

    #[test]
    fn damage_is_told() {
        for expression in [
            "a{b=\"c",
            "a{b=",
            "{{{{",
            "rate(a[5m)",
            "é",
            "",
            "sum(rate({app=\"x\"} |= \"error\" [5m]))",
        ] {
            assert!(selectors(expression).is_err(), "{expression}");
        }
        for unit in ["a{", "(", "-", "a+", "sum(", "a[", "{{", "a and "] {
            assert!(selectors(&unit.repeat(5000)).is_err(), "{unit}");
        }
    }
}
