//! Tables and files that a script reads and writes: pandas and its kin, Spark, SQL in texts.

use std::collections::HashSet;

use virgil_model::{LineSpan, Predicate};

use crate::sql::effects::{Effects, effects};
use crate::sql::file::{Known, says_something, without_template};
use crate::sql::name::{HOLE, Name, Place, uri};
use crate::sql::parse::parse;
use crate::sql::state::{Setting, state};
use crate::sql::system;
use crate::statements::Said;

use super::Context;
use super::connection::{of_chain, of_value};
use super::value::{Call, Value};

/// A script that holds none of these says nothing here.
pub(super) const WORDS: &[&str] = &[
    "read_",
    "to_parquet",
    "to_csv",
    "to_json",
    "to_sql",
    "to_gbq",
    "to_delta",
    "to_iceberg",
    "write_",
    "sink_parquet",
    "scan_",
    ".table(",
    "saveAsTable",
    "insertInto",
    "writeTo(",
    ".load(",
    ".save(",
    ".parquet(",
    ".csv(",
    ".orc(",
    ".execute",
    ".sql(",
    ".query(",
    "forName(",
    "forPath(",
    "%%sql",
    "get_pandas_df",
    "get_records",
    "DeltaTable(",
];

/// What the SQL of a script has said so far.
pub(super) struct Tables<'c> {
    context: &'c Context<'c>,
    known: Known,
    /// Tables and views that only the session has.
    temporary: Vec<Name>,
    /// Names of variables, which `DuckDB` and its kin read as tables.
    variables: HashSet<String>,
    unread: Option<(usize, u32, String)>,
}

impl<'c> Tables<'c> {
    /// Nothing was said yet.
    pub(super) fn new(context: &'c Context<'c>, variables: HashSet<String>) -> Tables<'c> {
        Tables {
            variables,
            context,
            known: Known::default(),
            temporary: Vec::new(),
            unread: None,
        }
    }

    /// States what a call reads or writes.
    pub(super) fn call(&mut self, call: &Call, said: &mut Said) {
        match call.function() {
            "execute" | "executemany" | "sql" | "query" | "run" | "read_sql" | "read_sql_query"
            | "read_sql_table" | "read_gbq" | "get_pandas_df" | "get_records" | "get_first"
            | "read_database" | "read_database_uri" | "fetch" | "fetchrow" | "fetchval" => {
                self.sql(call, said);
            }
            "createOrReplaceTempView"
            | "createTempView"
            | "registerTempTable"
            | "createOrReplaceGlobalTempView"
            | "createGlobalTempView" => {
                self.temporary
                    .extend(call.text("name", 0).and_then(Name::dotted));
            }
            "register" if call.arguments().len() == 2 => {
                self.temporary
                    .extend(call.text("view_name", 0).and_then(Name::dotted));
            }
            "to_sql" | "to_gbq" => self.written_table(call, said),
            "table" | "saveAsTable" | "insertInto" | "writeTo" | "forName" | "toTable" => {
                self.spark_table(call, said);
            }
            "load" | "save" | "parquet" | "csv" | "json" | "orc" | "text" | "forPath" | "start" => {
                self.spark_path(call, said);
            }
            "DeltaTable" => {
                let name = call.name();
                if name.starts_with("deltalake") {
                    self.path(call, Predicate::Reads, call.argument("table_uri", 0), said);
                }
            }
            function => {
                if let Some((predicate, argument)) = of_frames(function) {
                    self.path(call, predicate, call.argument(argument, 0), said);
                }
            }
        }
    }

    /// States the first statement that was not understood.
    pub(super) fn problems(self, said: &mut Said) {
        if let Some((count, line, message)) = self.unread {
            let what = format!("SQL in {count} texts is not understood, the first");
            said.problems
                .push(crate::lines::problem(Some(line), &what, &message));
        }
    }

    /// States what the statements of a text do.
    pub(super) fn query(
        &mut self,
        text: &str,
        setting: &Setting,
        lines: LineSpan,
        said: &mut Said,
    ) {
        let filled = without_template(&parameters(text));
        for piece in crate::sql::pieces(&filled) {
            if !says_something(piece) {
                continue;
            }
            match parse(piece, setting.platform()) {
                Ok(statements) => {
                    for statement in &statements {
                        let effects = effects(statement, &self.known);
                        self.effects(&effects, setting, lines, said);
                    }
                }
                // With holes in it the text is not the whole statement.
                Err(failure) if !filled.contains(HOLE) => {
                    let message = failure.message;
                    self.unread.get_or_insert((0, lines.start, message)).0 += 1;
                }
                Err(_) => {}
            }
        }
    }

    fn effects(&mut self, effects: &Effects, setting: &Setting, lines: LineSpan, said: &mut Said) {
        self.temporary.extend(effects.temporary.iter().cloned());
        let is_variable = |place: &&Place| match place {
            Place::Table(name) => {
                name.0.len() == 1
                    && self.variables.contains(name.table())
                    && matches!(setting.platform(), Some("duckdb") | None)
            }
            Place::Uri(_) => false,
        };
        for place in effects.reads.iter().filter(is_variable) {
            if let Place::Table(name) = place {
                self.temporary.push(name.clone());
            }
        }
        state(
            effects,
            &self.context.subject,
            setting,
            &self.temporary,
            lines,
            said,
        );
        self.known.take(effects);
    }

    /// A text of SQL, or for some functions the name of a table.
    fn sql(&mut self, call: &Call, said: &mut Said) {
        let function = call.function();
        let parameter = match function {
            "read_sql_table" => "table_name",
            "read_gbq" => "query_or_table",
            "query" | "read_database" | "read_database_uri" | "fetch" => "query",
            _ => "sql",
        };
        let Some(Value::Text(text)) = call.argument(parameter, 0) else {
            return;
        };
        let connection = call
            .named("con")
            .or_else(|| call.named("connection"))
            .or_else(|| call.named("engine"))
            .or_else(|| {
                call.argument("con", 1)
                    .filter(|_| function.starts_with("read_"))
            });
        let setting = match connection.and_then(of_value).or_else(|| of_chain(call)) {
            Some(setting) => setting,
            None if function == "read_gbq" => Setting::of("bigquery"),
            None => self.context.usual.clone(),
        };
        let is_table = matches!(function, "read_sql_table" | "read_gbq")
            || function == "read_sql" && !text.trim().contains(char::is_whitespace);
        if is_table && !says_something(text) {
            let name = qualified(call.text("schema", usize::MAX), text);
            self.table(call, Predicate::Reads, name, &setting, said);
        } else {
            self.query(text, &setting, call.lines, said);
        }
    }

    fn written_table(&mut self, call: &Call, said: &mut Said) {
        let is_gbq = call.function() == "to_gbq";
        let parameter = if is_gbq { "destination_table" } else { "name" };
        let Some(name) = call.text(parameter, 0) else {
            return;
        };
        let front = if is_gbq { "project_id" } else { "schema" };
        let name = qualified(call.text(front, usize::MAX), name);
        let setting = if is_gbq {
            Setting::of("bigquery")
        } else {
            let connection = call.argument("con", 1).and_then(of_value);
            connection.unwrap_or_else(|| self.context.usual.clone())
        };
        self.table(call, Predicate::Writes, name, &setting, said);
    }

    fn spark_table(&mut self, call: &Call, said: &mut Said) {
        let name = call.name();
        let function = call.function();
        let is_spark = of_chain(call).is_some_and(|setting| setting.system == "spark");
        let (predicate, argument) = match function {
            "table" if is_spark || name.contains(".read.") || name.contains(".readStream.") => {
                (Predicate::Reads, call.text("tableName", 0))
            }
            "saveAsTable" | "insertInto" if writes(call) => (
                Predicate::Writes,
                call.text("name", 0).or_else(|| call.text("tableName", 0)),
            ),
            "toTable" if name.contains("writeStream") => {
                (Predicate::Writes, call.text("tableName", 0))
            }
            "writeTo" => (Predicate::Writes, call.text("table", 0)),
            "forName" if name.contains("DeltaTable") => {
                (Predicate::Reads, call.text("tableOrViewName", 1))
            }
            _ => return,
        };
        if let Some(argument) = argument {
            let setting = Setting::of("spark");
            self.table(call, predicate, Name::dotted(argument), &setting, said);
        }
    }

    /// `spark.read….load(path)` and `….write….save(path)`, with the table of JDBC and `BigQuery` in an option.
    fn spark_path(&mut self, call: &Call, said: &mut Said) {
        let predicate = match call.function() {
            "forPath" if call.name().contains("DeltaTable") => {
                self.path(call, Predicate::Reads, call.argument("path", 1), said);
                return;
            }
            _ if writes(call) => Predicate::Writes,
            _ if has_link(call, &["read", "readStream"]) => Predicate::Reads,
            _ => return,
        };
        let format = option(call, "format").unwrap_or_default();
        let table = ["dbtable", "table", "query"]
            .iter()
            .find_map(|name| option(call, name));
        if let Some(table) = table {
            let setting = match option(call, "url").map(|url| system::of_address(&url)) {
                Some(Some(setting)) => setting,
                _ if format.contains("bigquery") => Setting::of("bigquery"),
                _ if format.contains("snowflake") => Setting::of("snowflake"),
                _ => Setting::local(),
            };
            if says_something(&table) {
                let inner = table.trim().trim_start_matches('(');
                let inner = inner.rsplit_once(')').map_or(inner, |(query, _)| query);
                self.query(inner, &setting, call.lines, said);
            } else {
                self.table(call, predicate, Name::dotted(&table), &setting, said);
            }
            return;
        }
        let is_table = matches!(format.as_str(), "delta" | "iceberg" | "hudi");
        let path = call.argument("path", 0);
        let own = option(call, "path").map(Value::Text);
        match path.or(own.as_ref()) {
            Some(Value::Text(text)) if is_table && !text.contains("://") && format == "iceberg" => {
                let setting = Setting::of("spark");
                self.table(call, predicate, Name::dotted(text), &setting, said);
            }
            None => {}
            Some(first) => {
                self.path(call, predicate, Some(first), said);
                // Readers take several paths.
                let more = call.arguments().iter().filter(|(name, _)| name.is_none());
                for (_, path) in more.skip(1).filter(|_| predicate == Predicate::Reads) {
                    self.path(call, predicate, Some(path), said);
                }
            }
        }
    }

    fn table(
        &self,
        call: &Call,
        predicate: Predicate,
        name: Option<Name>,
        setting: &Setting,
        said: &mut Said,
    ) {
        let is_temporary = |name: &Name| self.temporary.iter().any(|other| name.is(other));
        if let Some(name) = name.filter(|name| !is_temporary(name)) {
            let key = setting.key(&Place::Table(name));
            said.relation(call.lines, &self.context.subject, predicate, &key);
        }
    }

    fn path(&self, call: &Call, predicate: Predicate, path: Option<&Value>, said: &mut Said) {
        for path in path.map(Value::one_or_many).unwrap_or_default() {
            let Value::Text(path) = path else {
                continue;
            };
            if let Some(uri) = uri(path) {
                let key = crate::keys::uri(&uri);
                said.relation(call.lines, &self.context.subject, predicate, &key);
            }
        }
    }
}

/// Functions of data frames that read or write a file, with the name of their first parameter.
fn of_frames(function: &str) -> Option<(Predicate, &'static str)> {
    Some(match function {
        "read_parquet" | "read_json" | "read_orc" | "read_feather" | "read_excel"
        | "read_pickle" | "read_hdf" | "read_avro" | "read_delta" | "read_ipc" | "read_ndjson"
        | "scan_parquet" | "scan_csv" | "scan_delta" | "scan_ipc" | "scan_ndjson" | "read_text"
        | "read_zarr" => (Predicate::Reads, "path"),
        "read_csv" | "read_table" | "read_fwf" => (Predicate::Reads, "filepath_or_buffer"),
        "to_parquet" | "to_json" | "to_orc" | "to_feather" | "to_pickle" | "to_csv"
        | "to_excel" | "to_hdf" | "to_delta" | "to_zarr" => (Predicate::Writes, "path_or_buf"),
        "write_parquet" | "write_csv" | "write_json" | "write_delta" | "write_ipc"
        | "write_ndjson" | "sink_parquet" | "sink_csv" => (Predicate::Writes, "file"),
        _ => return None,
    })
}

fn qualified(schema: Option<&str>, name: &str) -> Option<Name> {
    match schema {
        Some(schema) => Name::dotted(&format!("{schema}.{name}")),
        None => Name::dotted(name),
    }
}

fn has_link(call: &Call, names: &[&str]) -> bool {
    call.chain()
        .iter()
        .flat_map(|call| &call.links)
        .any(|link| names.contains(&link.name.as_str()))
}

fn writes(call: &Call) -> bool {
    has_link(call, &["write", "writeStream"])
}

/// The value of an option that the chain of a call sets: `.option("a", …)`, `.options(a=…)`, `.format(…)`.
fn option(call: &Call, wanted: &str) -> Option<String> {
    for call in call.chain() {
        let found = match call.function() {
            "format" if wanted == "format" => call.text("source", 0),
            "option" if call.text("key", 0) == Some(wanted) => call.text("value", 1),
            _ => call.named(wanted).and_then(Value::text),
        };
        if let Some(found) = found {
            return Some(found.to_owned());
        }
    }
    None
}

/// The text with a hole for each parameter of Python's database interface: `%s`, `%(name)s`.
fn parameters(text: &str) -> String {
    if !text.contains("%s") && !text.contains("%(") {
        return text.to_owned();
    }
    let mut filled = text.replace("%s", HOLE);
    while let Some(at) = filled.find("%(") {
        let Some(end) = filled[at..].find(")s").map(|end| at + end + 2) else {
            break;
        };
        filled.replace_range(at..end, HOLE);
    }
    filled
}
