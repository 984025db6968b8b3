//! The metric selectors of a `PromQL` expression (<https://prometheus.io/docs/prometheus/latest/querying/basics/>).
//!
//! Not a parser: a scan that tells metric names from functions, aggregations, grouping labels, strings, numbers and
//! durations. It takes expressions of Grafana too: a name with a variable in it is no selector, and a matcher whose
//! value is a variable is left out, which makes the selector wider, never wrong.

use std::collections::BTreeSet;

/// More selectors than this in one expression are not looked at.
const MAX_SELECTORS: usize = 200;

/// Label matchers: name, operator and value.
pub(crate) type Matchers = Vec<(String, String, String)>;

/// The selectors of an expression, each once, in order.
pub(crate) fn selectors(expression: &str) -> Vec<(String, Matchers)> {
    let mut scan = Scan {
        rest: expression,
        found: Vec::new(),
    };
    scan.expression();
    let mut seen = BTreeSet::new();
    scan.found.retain(|selector| seen.insert(selector.clone()));
    scan.found
}

struct Scan<'a> {
    rest: &'a str,
    found: Vec<(String, Matchers)>,
}

impl<'a> Scan<'a> {
    fn expression(&mut self) {
        while let Some(first) = self.rest.chars().next() {
            if self.found.len() >= MAX_SELECTORS {
                return;
            }
            match first {
                '"' | '\'' | '`' => {
                    self.string();
                }
                '#' => self.skip_past('\n'),
                '[' => self.skip_past(']'),
                '{' => {
                    if let Some((Some(name), matchers)) = self.matchers() {
                        self.found.push((name, matchers));
                    }
                }
                '0'..='9' => {
                    self.take(is_in_name);
                }
                '$' => self.variable(),
                c if is_in_name(c) => self.word(),
                c => self.rest = &self.rest[c.len_utf8()..],
            }
        }
    }

    /// A function, an aggregation, an operator's word or a metric's name.
    fn word(&mut self) {
        let word = self.take(is_in_name);
        if self.rest.starts_with('$') {
            self.variable();
            return;
        }
        let next = self.rest.trim_start();
        match word.to_ascii_lowercase().as_str() {
            "by" | "without" | "on" | "ignoring" | "group_left" | "group_right"
                if next.starts_with('(') =>
            {
                self.skip_past(')');
                return;
            }
            "group_left" | "group_right" | "and" | "or" | "unless" | "bool" | "offset"
            | "atan2" | "inf" | "nan" => return,
            _ => {}
        }
        if next.starts_with('(') || is_grouping(next) {
            return;
        }
        let matchers = if next.starts_with('{') {
            self.rest = next;
            self.matchers().map(|(_, matchers)| matchers)
        } else {
            Some(Vec::new())
        };
        if let Some(matchers) = matchers {
            self.found.push((word.to_owned(), matchers));
        }
    }

    /// A variable such as `$job`, `${job:regex}` or `[[job]]`, with what follows it and the matchers behind it.
    fn variable(&mut self) {
        while self.rest.starts_with('$') {
            self.rest = &self.rest[1..];
            if self.rest.starts_with('{') {
                self.skip_past('}');
            }
            self.take(is_in_name);
        }
        if self.rest.starts_with('{') {
            self.matchers();
        }
    }

    /// `{a="b", "metric.name"}`: the name that stands inside, if one does, and the matchers.
    fn matchers(&mut self) -> Option<(Option<String>, Matchers)> {
        self.rest = self.rest.strip_prefix('{')?;
        let mut name = None;
        let mut matchers = Vec::new();
        loop {
            self.rest = self
                .rest
                .trim_start_matches(|c: char| c.is_whitespace() || c == ',');
            let first = self.rest.chars().next()?;
            let label = match first {
                '}' => {
                    self.rest = &self.rest[1..];
                    return Some((name, matchers));
                }
                '"' | '\'' | '`' => self.string()?,
                c if is_in_name(c) => self.take(is_in_name).to_owned(),
                c => {
                    self.rest = &self.rest[c.len_utf8()..];
                    continue;
                }
            };
            self.rest = self.rest.trim_start();
            let operator = ["!=", "=~", "!~", "="]
                .into_iter()
                .find(|operator| self.rest.starts_with(operator));
            let Some(operator) = operator else {
                // A quoted name of a metric, as in `{"http.requests"}`.
                name.get_or_insert(label);
                continue;
            };
            self.rest = self.rest[operator.len()..].trim_start();
            let Some(value) = self.string() else {
                continue;
            };
            if label == "__name__" && operator == "=" {
                name = Some(value);
            } else if !value.contains('$') && !value.contains("[[") && label != "__name__" {
                matchers.push((label, operator.to_owned(), value));
            }
        }
    }

    /// A string in quotes, without its escapes; what never ends takes the rest.
    fn string(&mut self) -> Option<String> {
        let quote = self
            .rest
            .chars()
            .next()
            .filter(|c| matches!(c, '"' | '\'' | '`'))?;
        let mut text = String::new();
        let mut characters = self.rest.char_indices().skip(1);
        while let Some((at, character)) = characters.next() {
            if character == quote {
                self.rest = &self.rest[at + 1..];
                return Some(text);
            }
            if character == '\\' && quote != '`' {
                match characters.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, escaped)) => text.push(escaped),
                    None => break,
                }
            } else {
                text.push(character);
            }
        }
        self.rest = "";
        None
    }

    fn take(&mut self, wanted: fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn skip_past(&mut self, end: char) {
        self.rest = self
            .rest
            .find(end)
            .map_or("", |at| &self.rest[at + end.len_utf8()..]);
    }
}

fn is_in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '.')
}

/// Whether a grouping such as `by (le)` begins, which only an aggregation has in front of its arguments.
fn is_grouping(text: &str) -> bool {
    ["by", "without"].iter().any(|word| {
        text.get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
            && text[word.len()..].trim_start().starts_with('(')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expression: &str, expect: &[&str]) {
        let found: Vec<String> = selectors(expression)
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
    fn damage_ends_the_scan() {
        check("a{b=\"c", &[]);
        check("a{b=", &[]);
        check("rate(a{é=\"ü\"}[5m", &["a{}"]);
        check("{{{{", &[]);
        check("$${$", &[]);
        check(&"a{".repeat(5000), &[]);
    }
}
