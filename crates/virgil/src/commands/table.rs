//! Facts as text for a terminal: a table of rows with their columns and places, counts, paths, and how complete it is.

use serde_json::Value;

/// Wider cells are cut.
const WIDEST: usize = 60;

/// The answer to a query; `columns` are the titles of the columns that it asked for.
pub(super) fn answer(found: &Value, columns: &[String]) -> String {
    let mut lines = rows(found, columns);
    for group in list(found, "groups") {
        let value = group["value"].as_str().unwrap_or("(none)");
        let count = group["count"].to_string();
        lines.push(format!("{count:>6}  {value}"));
    }
    for path in list(found, "paths") {
        lines.extend(path_lines(path));
    }
    lines.push(summary(found));
    lines.join("\n")
}

fn rows(found: &Value, columns: &[String]) -> Vec<String> {
    let rows = list(found, "rows");
    if rows.is_empty() {
        return Vec::new();
    }
    let mut table: Vec<Vec<String>> = Vec::with_capacity(rows.len() + 1);
    let titles = columns.iter().map(|title| title.to_uppercase());
    let head = ["KIND".to_owned(), "NAME".to_owned()];
    table.push(
        head.into_iter()
            .chain(titles)
            .chain(["STATED IN".to_owned()])
            .collect(),
    );
    for row in rows {
        let mut cells = vec![text(row, "kind"), name_among(row, rows)];
        let values = row["columns"].as_array().into_iter().flatten();
        cells.extend(values.map(cell));
        cells.push(place(row));
        table.push(cells);
    }
    aligned(&table)
}

/// The name of a row; its reference where another row of its kind has the same name.
fn name_among(row: &Value, rows: &[Value]) -> String {
    let same = |other: &&Value| other["kind"] == row["kind"] && other["name"] == row["name"];
    let is_alone = rows.iter().filter(same).count() == 1;
    let name = text(row, if is_alone { "name" } else { "reference" });
    if row["possibly"] == true {
        format!("{name} (possibly)")
    } else {
        name
    }
}

fn cell(cell: &Value) -> String {
    let values = cell["values"].as_array().into_iter().flatten();
    let shown: Vec<String> = values
        .map(|value| match value.get("entity") {
            Some(entity) => text(&entity["entity"], "name"),
            None => plain(&value["value"]["value"]),
        })
        .collect();
    if shown.is_empty() {
        "-".to_owned()
    } else {
        shown.join(", ")
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        value => value.to_string(),
    }
}

/// Where a row is declared.
fn place(row: &Value) -> String {
    let mentions = row["mentions"].as_array().map_or(&[][..], Vec::as_slice);
    let Some(first) = mentions.first() else {
        return "(only referred to)".to_owned();
    };
    let place = format!(
        "{}/{}:{}",
        text(first, "source"),
        text(first, "path"),
        first["start_line"]
    );
    match mentions.len() {
        1 => place,
        count => format!("{place} and {} more", count - 1),
    }
}

/// Cells under each other. The last column is never cut, so that a place can be opened.
fn aligned(table: &[Vec<String>]) -> Vec<String> {
    let count = table.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let cells = table.iter().filter_map(|row| row.get(column));
        cells
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
            .min(WIDEST)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let line = |row: &Vec<String>| {
        let mut line = String::new();
        for (index, cell) in row.iter().enumerate() {
            if index + 1 == row.len() {
                line.push_str(cell);
            } else {
                let width = widths[index];
                line.push_str(&format!("{:<width$}  ", cut(cell)));
            }
        }
        line.trim_end().to_owned()
    };
    table.iter().map(line).collect()
}

/// What is too long loses its middle: the ends of references tell them apart.
fn cut(cell: &str) -> String {
    let characters: Vec<char> = cell.chars().collect();
    if characters.len() <= WIDEST {
        return cell.to_owned();
    }
    let head = (WIDEST - 1) / 3;
    let tail = WIDEST - 1 - head;
    let mut cut: String = characters[..head].iter().collect();
    cut.push('…');
    cut.extend(&characters[characters.len() - tail..]);
    cut
}

/// A path, one relation a line, each with the place that states it.
fn path_lines(path: &Value) -> Vec<String> {
    let mut lines = vec![format!("{} to {}", end(&path["from"]), end(&path["to"]))];
    for edge in path["edges"].as_array().into_iter().flatten() {
        let stated = edge["evidence"]
            .as_array()
            .and_then(|places| places.first());
        let stated = stated.map_or(String::new(), |place| {
            format!(
                "  ({}/{}:{})",
                text(place, "source"),
                text(place, "path"),
                place["start_line"]
            )
        });
        let predicate = text(edge, "predicate").replace('_', " ");
        lines.push(format!(
            "  {} {predicate} {}{stated}",
            end(&edge["subject"]),
            end(&edge["object"])
        ));
    }
    lines
}

fn end(entity: &Value) -> String {
    format!(
        "{} {}",
        text(entity, "kind").replace('_', " "),
        text(entity, "name")
    )
}

/// How many there are, and whether that is all.
fn summary(found: &Value) -> String {
    let shown = ["rows", "paths"]
        .iter()
        .map(|field| list(found, field).len())
        .sum::<usize>();
    let total = found["total"].as_u64().unwrap_or_default();
    let count = match (shown, total) {
        (0, total) => total.to_string(),
        (shown, total) if shown as u64 == total => total.to_string(),
        (shown, total) => format!("{shown} of {total}"),
    };
    let completeness = &found["completeness"];
    let how = match completeness["completeness"].as_str() {
        Some("at_least") => "there may be more",
        Some("unknown") => "it may be more or fewer",
        _ => return format!("{count}, which is all."),
    };
    let why: Vec<String> = list(completeness, "why").iter().map(why).collect();
    format!("{count}; {how}: {}.", why.join("; "))
}

fn why(why: &Value) -> String {
    match why["reason"].as_str() {
        Some("depth") => format!("paths are followed for {} hops only", why["hops"]),
        Some("fan_out") => format!("only {} things are looked at", why["entities"]),
        Some("unresolved") => {
            let examples = list(why, "examples").iter().map(plain).collect::<Vec<_>>();
            format!(
                "nothing declares {} ({})",
                why["count"],
                examples.join(", ")
            )
        }
        Some("partial") => {
            let source = plain(&why["source"]);
            format!("source {source} is not whole: {}", text(why, "why"))
        }
        _ => why.to_string(),
    }
}

fn list<'v>(value: &'v Value, field: &str) -> &'v [Value] {
    value[field].as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mention(line: u32) -> Value {
        json!({ "source": "gitops", "path": "a.yaml", "start_line": line })
    }

    #[test]
    fn rows_stand_under_each_other_with_their_columns() {
        let cluster =
            |name: &str| json!({ "values": [{ "value": { "value": name, "evidence": [] } }] });
        let versions = json!({ "values": [
            { "entity": { "entity": { "name": "fraud 3" }, "evidence": [] } },
            { "entity": { "entity": { "name": "fraud 4" }, "evidence": [] } },
        ] });
        let found = json!({
            "total": 3,
            "rows": [
                { "kind": "inference_service", "name": "fraud", "reference": "k8s:prod/fraud",
                  "columns": [cluster("prod"), versions], "mentions": [mention(4)] },
                { "kind": "inference_service", "name": "fraud", "reference": "k8s:staging/fraud",
                  "columns": [cluster("staging"), { "values": [] }], "mentions": [mention(4), mention(9)] },
                { "kind": "model", "name": "fraud", "reference": "model:fraud", "possibly": true,
                  "columns": [{ "values": [] }, { "values": [] }], "mentions": [] },
            ],
            "completeness": { "completeness": "at_least", "why": [
                { "reason": "unresolved", "count": 1, "examples": ["uri:s3://models/fraud/1"] } ] },
        });
        let shown = answer(&found, &["cluster".to_owned(), "serves".to_owned()]);
        assert_eq!(
            shown,
            "\
KIND               NAME               CLUSTER  SERVES            STATED IN
inference_service  k8s:prod/fraud     prod     fraud 3, fraud 4  gitops/a.yaml:4
inference_service  k8s:staging/fraud  staging  -                 gitops/a.yaml:4 and 1 more
model              fraud (possibly)   -        -                 (only referred to)
3; there may be more: nothing declares 1 (uri:s3://models/fraud/1)."
        );
    }

    #[test]
    fn counts_and_paths_are_sentences() {
        let counted = json!({ "total": 5, "groups": [{ "value": "prod", "count": 3 }, { "value": null, "count": 2 }],
            "completeness": { "completeness": "exact" } });
        assert_eq!(
            answer(&counted, &[]),
            "     3  prod\n     2  (none)\n5, which is all."
        );
        let [orders, job] = [("dataset", "orders"), ("pipeline", "copy")]
            .map(|(kind, name)| json!({ "kind": kind, "name": name }));
        let walked = json!({ "total": 1, "paths": [{ "from": orders, "to": job, "edges": [
            { "subject": job, "predicate": "reads", "object": orders, "evidence": [mention(7)] } ] }],
            "completeness": { "completeness": "exact" } });
        assert_eq!(
            answer(&walked, &[]),
            "dataset orders to pipeline copy\n  pipeline copy reads dataset orders  (gitops/a.yaml:7)\n1, which is all."
        );
    }

    #[test]
    fn a_long_cell_keeps_its_ends() {
        let cell = format!("{}#email", "x".repeat(100));
        let cut = cut(&cell);
        assert_eq!(cut.chars().count(), WIDEST);
        assert!(cut.starts_with("xxx") && cut.ends_with("#email"), "{cut}");
    }
}
