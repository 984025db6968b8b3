//! How the values of attributes compare.

use std::cmp::Ordering;

use virgil_model::Value;

use crate::query::Op;

/// Whether a value compares so. A list compares if one of its elements does.
pub(crate) fn holds(value: &Value, op: Op, wanted: &Value) -> bool {
    if let Value::List(items) = value
        && !matches!(wanted, Value::List(_))
    {
        let op = if op == Op::Contains { Op::Eq } else { op };
        return items.iter().any(|item| holds(item, op, wanted));
    }
    let order = || compare(value, wanted);
    match op {
        Op::Eq => order() == Some(Ordering::Equal),
        Op::Ne => order() != Some(Ordering::Equal),
        Op::Lt => order() == Some(Ordering::Less),
        Op::Le => matches!(order(), Some(Ordering::Less | Ordering::Equal)),
        Op::Gt => order() == Some(Ordering::Greater),
        Op::Ge => matches!(order(), Some(Ordering::Greater | Ordering::Equal)),
        Op::Contains => texts(value, wanted).is_some_and(|(value, part)| value.contains(&part)),
        Op::StartsWith => {
            texts(value, wanted).is_some_and(|(value, part)| value.starts_with(&part))
        }
        Op::Exists => true,
    }
}

/// The order of two values of one type; integers and numbers are one.
pub(crate) fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::Integer(left), Value::Integer(right)) => Some(left.cmp(right)),
        (Value::Text(left), Value::Text(right)) => {
            Some(left.to_lowercase().cmp(&right.to_lowercase()))
        }
        (Value::List(left), Value::List(right)) => (left == right).then_some(Ordering::Equal),
        (left, right) => number(left)?.partial_cmp(&number(right)?),
    }
}

/// A total order for showing: numbers by size, then all else by its text.
pub(crate) fn rank(left: &Value, right: &Value) -> Ordering {
    let text = |value: &Value| serde_json::to_string(value).unwrap_or_default();
    compare(left, right)
        .unwrap_or(Ordering::Equal)
        .then_with(|| text(left).cmp(&text(right)))
}

fn texts(value: &Value, part: &Value) -> Option<(String, String)> {
    match (value, part) {
        (Value::Text(value), Value::Text(part)) => {
            Some((value.to_lowercase(), part.to_lowercase()))
        }
        _ => None,
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "only to compare with a number that is imprecise itself"
)]
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(value) => Some(*value as f64),
        Value::Number(value) => Some(*value),
        Value::Bool(_) | Value::Text(_) | Value::List(_) => None,
    }
}
