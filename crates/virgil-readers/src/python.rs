//! What Python scripts and notebooks state by the literals of their calls: tables and files read and written, models
//! logged and loaded, features used; pipelines of Kubeflow and DAGs of Airflow that are written in Python.
//!
//! Nothing is run ([`fn@walk`]). A script is `file:./{path}`, the key by which pipelines call it, so that what runs it
//! reaches what it reads. Where a name is only known when the script runs, nothing is said.

mod airflow;
mod connection;
mod evaluate;
mod features;
mod kubeflow;
mod models;
mod names;
pub(crate) mod syntax;
mod tables;
mod texts;
pub(crate) mod value;
pub(crate) mod walk;

use virgil_model::{Files, Key, Kind, LineSpan};

use crate::keys;
use crate::statements::{Asset, Format, Said};

use walk::{Event, walk};

/// The format.
pub(crate) static FORMATS: &[Format] = &[Format {
    name: "python",
    accepts,
    state,
}];

fn accepts(asset: &Asset<'_>) -> bool {
    matches!(asset.extension().as_str(), "py" | "ipynb")
        && [
            tables::WORDS,
            models::WORDS,
            features::WORDS,
            kubeflow::WORDS,
            airflow::WORDS,
        ]
        .iter()
        .any(|words| asset.mentions(words))
}

/// What is stated of one script.
struct Context<'c> {
    path: &'c str,
    /// The script.
    subject: Key,
    files: &'c dyn Files,
    /// Where tables are that no connection says more of.
    usual: crate::sql::state::Setting,
}

fn state(asset: &Asset<'_>, files: &dyn Files, said: &mut Said) {
    let Some(script) = syntax::script(asset) else {
        said.problem(
            1,
            "the script takes too long to parse, so its calls are not read",
        );
        return;
    };
    let path = asset.raw.path;
    let subject = keys::file(path);
    let context = Context {
        path,
        usual: connection::usual(asset),
        subject,
        files,
    };
    let before = said.statements.len();
    let mut tables = tables::Tables::new(&context, names::variables(&script));
    for (query, line) in &script.queries {
        tables.query(query, &context.usual, LineSpan::line(*line), said);
    }
    let mut kubeflow = kubeflow::Pipelines::new(&context);
    let mut airflow = airflow::Dags::new(&context);
    let is_whole = walk(&script, &mut |event, around| {
        if let Event::Call(call) = &event {
            tables.call(call, said);
            models::call(call, &context, said);
            features::call(call, &context, said);
        }
        kubeflow.event(&event, around, said);
        airflow.event(&event, around, said);
    });
    if !is_whole {
        said.problem(1, "the script is too large to be followed to its end");
    }
    tables.problems(said);
    kubeflow.finish(said);
    airflow.finish(said);
    let is_subject = said.statements[before..]
        .iter()
        .any(|statement| match &statement.says {
            virgil_model::Says::Relation { subject, .. } => *subject == context.subject,
            _ => false,
        });
    if is_subject {
        let (kind, name) = if asset.extension() == "ipynb" {
            (Kind::Notebook, "")
        } else {
            (Kind::Resource, "python_script")
        };
        let lines = LineSpan::line(1);
        said.mention(lines, kind, &[&context.subject], path);
        said.text(lines, &context.subject, "type", name);
    }
}

#[cfg(test)]
mod tests;
