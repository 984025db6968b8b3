//! What the operators of a DAG read, write, run and start.

use virgil_model::{Key, Predicate};

use crate::ci::{self, shell_step};
use crate::cluster::state_image;
use crate::keys;
use crate::python::connection;
use crate::python::value::{Call, Value};
use crate::sql::effects::effects;
use crate::sql::file::{Known, says_something, without_template};
use crate::sql::name::{Name, Place, uri};
use crate::sql::parse::parse;
use crate::sql::state::{Setting, state};
use crate::statements::Said;

use super::{Dags, Maker, dag_key};

impl Dags<'_> {
    /// A task that an operator is.
    pub(super) fn operator(&mut self, call: &Call, dag: &Key, group: &str, said: &mut Said) {
        let Some(id) = call.text("task_id", usize::MAX) else {
            return;
        };
        let lines = call.lines;
        let key = ci::task(dag, &format!("{group}{id}"), lines, said);
        let function = call.function();
        said.text(lines, &key, "operator", function);
        self.tasks
            .entry(Maker::Call(call.offset))
            .or_default()
            .push(key.clone());
        for (parameter, predicate) in [("inlets", Predicate::Reads), ("outlets", Predicate::Writes)]
        {
            let values = call.named(parameter).map(Value::one_or_many);
            for asset in values.unwrap_or_default().iter().filter_map(asset) {
                said.relation(lines, &key, predicate, &asset);
            }
        }
        if let Some(image) = call.text("image", usize::MAX) {
            state_image(image, &key, lines, said);
        }
        if let Some(command) = call.text("bash_command", usize::MAX) {
            shell_step(command, lines, &key, self.context.path, said);
        }
        if let Some(Value::Name(callee)) = call.named("python_callable")
            && !callee.contains('.')
        {
            said.text(lines, &key, "callable", callee);
            said.relation(lines, &key, Predicate::DependsOn, &self.context.subject);
        }
        match function {
            "TriggerDagRunOperator" => {
                if let Some(other) = call.text("trigger_dag_id", usize::MAX) {
                    said.relation(lines, &key, Predicate::Triggers, &dag_key(other));
                }
            }
            "ExternalTaskSensor" | "ExternalTaskMarker" => {
                if let Some(other) = call.text("external_dag_id", usize::MAX) {
                    let other = dag_key(other);
                    let task = call.text("external_task_id", usize::MAX);
                    let other = task.map_or(other.clone(), |task| ci::task_key(&other, task));
                    if function == "ExternalTaskSensor" {
                        said.relation(lines, &key, Predicate::DependsOn, &other);
                    } else {
                        said.relation(lines, &other, Predicate::DependsOn, &key);
                    }
                }
            }
            _ => {
                self.transfer(call, &key, said);
                self.sql(call, &key, said);
            }
        }
    }

    /// Operators that copy between stores: whatever their parameters name that is a place.
    fn transfer(&self, call: &Call, key: &Key, said: &mut Said) {
        for (parameter, predicate) in [
            ("source_bucket_key", Predicate::Reads),
            ("dest_bucket_key", Predicate::Writes),
            ("source_object", Predicate::Reads),
            ("source_path", Predicate::Reads),
            ("destination_path", Predicate::Writes),
            ("s3_key", Predicate::Reads),
            ("bucket_key", Predicate::Reads),
        ] {
            if let Some(uri) = call.text(parameter, usize::MAX).and_then(uri) {
                said.relation(call.lines, key, predicate, &keys::uri(&uri));
            }
        }
        for (parameter, predicate) in [
            ("source_project_dataset_table", Predicate::Reads),
            ("source_project_dataset_tables", Predicate::Reads),
            ("destination_project_dataset_table", Predicate::Writes),
        ] {
            let values = call.named(parameter).map(Value::one_or_many);
            for table in values.unwrap_or_default().iter().filter_map(Value::text) {
                if let Some(name) = Name::dotted(&table.replacen(':', ".", 1)) {
                    let place = Place::Table(name);
                    said.relation(
                        call.lines,
                        key,
                        predicate,
                        &Setting::of("bigquery").key(&place),
                    );
                }
            }
        }
    }

    fn sql(&self, call: &Call, key: &Key, said: &mut Said) {
        let texts = ["sql", "query"]
            .into_iter()
            .filter_map(|name| call.named(name));
        let setting = match call.function() {
            name if name.starts_with("Postgres") => Setting::of("postgres"),
            name if name.starts_with("Snowflake") => Setting::of("snowflake"),
            name if name.starts_with("BigQuery") => Setting::of("bigquery"),
            name if name.starts_with("MySql") => Setting::of("mysql"),
            name if name.starts_with("Redshift") => Setting::of("redshift"),
            name if name.starts_with("Trino") => Setting::of("trino"),
            name if name.starts_with("Athena") => Setting::of("athena"),
            name if name.starts_with("Databricks") => Setting::of("databricks"),
            name if name.starts_with("SparkSql") => Setting::of("spark"),
            _ => connection::of_chain(call).unwrap_or_else(Setting::local),
        };
        for text in texts.flat_map(Value::one_or_many) {
            let Value::Text(text) = text else {
                continue;
            };
            // A file of SQL, beside the DAG.
            if text.ends_with(".sql") && !text.contains(char::is_whitespace) && text.len() < 300 {
                let path = keys::beside(self.context.path, text);
                if self.context.files.read(&path).is_some() {
                    said.relation(call.lines, key, Predicate::DependsOn, &keys::file(&path));
                }
                continue;
            }
            let filled = without_template(text);
            let mut known = Known::default();
            let mut temporary = Vec::new();
            for piece in crate::sql::pieces(&filled).filter(|piece| says_something(piece)) {
                let Ok(statements) = parse(piece, setting.platform()) else {
                    continue;
                };
                for statement in &statements {
                    let effects = effects(statement, &known);
                    temporary.extend(effects.temporary.iter().cloned());
                    state(&effects, key, &setting, &temporary, call.lines, said);
                    known.take(&effects);
                }
            }
        }
    }
}

/// The place that an asset (a data set before Airflow 3) names.
pub(super) fn asset(value: &Value) -> Option<Key> {
    let Value::Call(call) = value else {
        return None;
    };
    if !matches!(call.function(), "Asset" | "Dataset") || !call.name().contains("airflow") {
        return None;
    }
    let first = call.text("uri", usize::MAX);
    let written = first
        .or_else(|| call.text("uri", 1))
        .or_else(|| call.text("name", 0))?;
    Some(match uri(written) {
        Some(uri) => keys::uri(&uri),
        None => Key::scoped("airflow_asset", "airflow", written),
    })
}
