//! Questions about a small world, and what they are taken to mean.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use virgil_graph::{Graph, Known, Output, Query, Stated, Systems, View};
use virgil_model::{
    AssetId, Attributes, Key, Kind, LabelId, LineSpan, Predicate, Says, SourceId, Statement,
    Target, Value,
};

use crate::plan::{Asker, Context, Lexicon, LexiconFile, Names, Outcome, Planned, about, offers};

fn key(text: &str) -> Key {
    let (scheme, value) = text.split_once(':').expect("a test's input is valid");
    match (scheme, value.rsplit_once('/')) {
        ("email" | "team" | "uri", _) | (_, None) => Key::global(scheme, value),
        (_, Some((system, name))) => Key::scoped(scheme, system, name),
    }
}

fn mention(kind: Kind, name: &str, of: &str) -> Says {
    Says::Mention {
        kind,
        keys: vec![key(of)],
        name: name.to_owned(),
    }
}

fn relation(subject: &str, predicate: Predicate, object: &str) -> Says {
    Says::Relation {
        subject: key(subject),
        predicate,
        object: Target::Key(key(object)),
        attributes: Attributes::new(),
    }
}

fn attribute(of: &str, name: &str, value: Value) -> Says {
    Says::Attribute {
        of: key(of),
        name: name.to_owned(),
        value,
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// A shop: three tables, a pipeline that a schedule starts, two models, services of one name on two clusters, two teams.
pub(super) fn world() -> Graph {
    use Predicate::{
        DerivedFrom, MemberOf, Monitors, OwnedBy, PartOf, Reads, RunsImage, Serves, StoredAt,
        TrainedOn, VersionOf, Writes,
    };
    let services = ["prod", "staging"].map(|cluster| {
        format!("kubernetes:{cluster}/serving/InferenceService/risk/fraud-detector")
    });
    let mut says = vec![
        mention(Kind::Team, "ml-risk", "team:ml-risk"),
        mention(Kind::Team, "data-platform", "team:data-platform"),
        mention(Kind::User, "Ada Kern", "email:ada@shop.example"),
        relation("email:ada@shop.example", MemberOf, "team:ml-risk"),
        mention(Kind::Dataset, "orders", "table:pg/shop.public.orders"),
        mention(
            Kind::Dataset,
            "fct_orders",
            "table:wh/marts.core.fct_orders",
        ),
        mention(Kind::Dataset, "signups", "table:pg/shop.public.signups"),
        mention(Kind::Column, "email", "column:pg/shop.public.orders#email"),
        attribute(
            "column:pg/shop.public.orders#email",
            "tag_sensitivity",
            text("pii"),
        ),
        attribute(
            "table:pg/shop.public.signups",
            "tag_sensitivity",
            text("pii"),
        ),
        relation(
            "column:pg/shop.public.orders#email",
            PartOf,
            "table:pg/shop.public.orders",
        ),
        mention(Kind::Pipeline, "nightly", "job:argo/nightly"),
        attribute("job:argo/nightly", "schedule", text("0 2 * * *")),
        relation("job:argo/nightly", Reads, "table:pg/shop.public.orders"),
        relation("job:argo/nightly", Writes, "table:wh/marts.core.fct_orders"),
        relation(
            "table:wh/marts.core.fct_orders",
            DerivedFrom,
            "table:pg/shop.public.orders",
        ),
        mention(Kind::Model, "fraud-detector", "model:mlflow/fraud-detector"),
        mention(
            Kind::Model,
            "churn-predictor",
            "model:mlflow/churn-predictor",
        ),
        mention(
            Kind::ModelVersion,
            "fraud-detector 3",
            "model_version:mlflow/fraud-detector/3",
        ),
        relation(
            "model_version:mlflow/fraud-detector/3",
            VersionOf,
            "model:mlflow/fraud-detector",
        ),
        relation(
            "model_version:mlflow/fraud-detector/3",
            TrainedOn,
            "table:wh/marts.core.fct_orders",
        ),
        relation(
            "model_version:mlflow/fraud-detector/3",
            StoredAt,
            "uri:s3://models/fraud/3",
        ),
        relation("model:mlflow/fraud-detector", OwnedBy, "team:ml-risk"),
        relation("table:pg/shop.public.orders", OwnedBy, "team:data-platform"),
        mention(Kind::Image, "train", "image:registry/train"),
        relation("job:argo/nightly", RunsImage, "image:registry/train"),
        mention(Kind::Alert, "FraudSlow", "alert:prod/FraudSlow"),
        attribute("alert:prod/FraudSlow", "severity", text("page")),
        relation("alert:prod/FraudSlow", Monitors, &services[0]),
    ];
    for (service, cluster) in services.iter().zip(["prod", "staging"]) {
        says.push(mention(Kind::InferenceService, "fraud-detector", service));
        says.push(attribute(service, "cluster", text(cluster)));
        says.push(relation(service, Serves, "uri:s3://models/fraud/3"));
    }
    let path: Arc<str> = "world.yaml".into();
    let stated = (1..).zip(says).map(|(line, says)| Stated {
        asset: AssetId(1),
        label: LabelId(1),
        source: SourceId(1),
        path: Arc::clone(&path),
        statement: Statement {
            lines: LineSpan::line(line),
            says,
        },
    });
    let mut graph = Graph::new(Systems::default());
    graph.replace(AssetId(1), stated.collect());
    graph
}

pub(super) fn view(graph: &Graph) -> View<'_> {
    graph.view(&[LabelId(1)].into_iter().collect())
}

/// The built-in lexicon, loaded once.
pub(super) fn lexicon() -> &'static Lexicon {
    static LEXICON: LazyLock<Lexicon> =
        LazyLock::new(|| Lexicon::load(None).expect("the built-in lexicon is valid"));
    &LEXICON
}

fn plan(view: &View<'_>, lexicon: &Lexicon, question: &str, context: &Context) -> Planned {
    lexicon.plan(question, context, &Names::of(view), view, &Known::default())
}

/// What a question answers: the names of its rows, a count, groups or the ends of paths; or `which …?`, or `-` for nothing.
fn answered(view: &View<'_>, lexicon: &Lexicon, question: &str) -> String {
    let planned = plan(view, lexicon, question, &Context::default());
    match planned.outcome {
        Outcome::Query(plan) => shown(view, &plan.query),
        Outcome::Choices(choices) => {
            let kinds: Vec<&str> = choices
                .things
                .iter()
                .map(|thing| thing.kind.name())
                .collect();
            format!("which {}?", kinds.join(" "))
        }
        Outcome::Nothing => "-".to_owned(),
    }
}

fn shown(view: &View<'_>, query: &Query) -> String {
    let answer = view
        .query(query, &Known::default())
        .expect("what was planned can be computed");
    if query.by.is_some() {
        let groups: BTreeMap<String, usize> = answer
            .groups
            .iter()
            .map(|group| (group.value.clone().unwrap_or_default(), group.count))
            .collect();
        return format!("{groups:?}");
    }
    match &query.output {
        Output::Count => answer.total.to_string(),
        Output::Paths { .. } => answer
            .paths
            .iter()
            .map(|path| format!("{} to {}", path.from.name, path.to.name))
            .collect::<Vec<_>>()
            .join(" "),
        Output::Rows => {
            let mut names: Vec<String> = answer
                .rows
                .iter()
                .map(|row| {
                    let cells = row.columns.iter().flat_map(|cell| &cell.values);
                    let cells: Vec<String> = cells
                        .map(|shown| match shown {
                            virgil_graph::Shown::Value {
                                value: Value::Text(text),
                                ..
                            } => text.clone(),
                            virgil_graph::Shown::Value { value, .. } => format!("{value:?}"),
                            virgil_graph::Shown::Entity { entity, .. } => entity.name.clone(),
                        })
                        .collect();
                    let name = &row.entity.name;
                    if cells.is_empty() {
                        name.clone()
                    } else {
                        format!("{name}={}", cells.join("+"))
                    }
                })
                .collect();
            names.sort();
            names.join(" ")
        }
    }
}

#[test]
fn questions_are_answered_exactly() {
    let (graph, lexicon) = (world(), lexicon());
    let view = view(&graph);
    let mut wrong = Vec::new();
    for (question, expect) in [
        // lineage, active and passive, with names in any spelling
        ("Which tables is fraud-detector trained on?", "fct_orders"),
        ("What is the fraud detector model trained on?", "fct_orders"),
        ("Which models are trained on fct_orders?", "fraud-detector"),
        (
            "Which tables are upstream of FraudDetector?",
            "fct_orders orders",
        ),
        ("fraud-detector's upstream tables", "fct_orders orders"),
        ("What pipeline writes fct_orders?", "nightly"),
        ("Which tables are written by nightly?", "fct_orders"),
        ("What does the pipeline nightly read?", "orders"),
        // impact
        (
            "Which models break if I drop the table orders?",
            "fraud-detector",
        ),
        (
            "If the table orders is gone, which models break?",
            "fraud-detector",
        ),
        // ownership
        ("Who owns the model fraud-detector?", "ml-risk"),
        ("Which models does ml-risk own?", "fraud-detector"),
        ("Which models have no owner?", "churn-predictor"),
        ("models without an owner", "churn-predictor"),
        ("Who is in ml-risk?", "Ada Kern"),
        // negation and filters
        ("Which tables does nothing read?", "signups"),
        ("Which datasets are tagged pii?", "signups"),
        (
            "Which models are not served by any inference service?",
            "churn-predictor",
        ),
        (
            "Which services are in the cluster staging?",
            "fraud-detector",
        ),
        ("Which alerts have the severity page?", "FraudSlow"),
        // counts, groups, values
        ("How many models are there?", "2"),
        (
            "How many inference services are there per cluster?",
            r#"{"prod": 1, "staging": 1}"#,
        ),
        ("When does nightly run?", "nightly=0 2 * * *"),
        (
            "What is the schedule of the pipeline nightly?",
            "nightly=0 2 * * *",
        ),
        ("Which image does the pipeline nightly use?", "train"),
        (
            "Which models are there, and who owns them?",
            "churn-predictor fraud-detector=ml-risk",
        ),
        // paths
        (
            "How does the table orders get to fct_orders?",
            "orders to fct_orders",
        ),
        // yes and no
        ("Is the model churn-predictor trained on fct_orders?", ""),
        (
            "Does the pipeline nightly read the table orders?",
            "nightly",
        ),
        // a name behind an auxiliary verb is not what the noun before it describes
        (
            "Which tables does the model fraud-detector come from?",
            "fct_orders orders",
        ),
        // several sentences
        (
            "We want to get rid of the table orders. Which models suffer?",
            "fraud-detector",
        ),
        (
            "The table fct_orders is late - which models depend on it?",
            "fraud-detector",
        ),
        (
            "What is upstream of the model fraud-detector? Tables only.",
            "fct_orders orders",
        ),
        // other words for the same
        (
            "Whom do I turn to about the model fraud-detector?",
            "ml-risk",
        ),
        (
            "Which squad is responsible for the model fraud-detector?",
            "ml-risk",
        ),
        ("Which models lack a responsible team?", "churn-predictor"),
        (
            "Are there any models nobody looks after?",
            "churn-predictor",
        ),
        (
            "Which models would be hit by removing the table orders?",
            "fraud-detector",
        ),
        (
            "Which tables ultimately feed the model fraud-detector?",
            "fct_orders orders",
        ),
        ("Which workflow populates fct_orders?", "nightly"),
        ("Which datasets are GDPR relevant?", "signups"),
        ("Which models are not deployed anywhere?", "churn-predictor"),
        ("Count of models, please", "2"),
        (
            "I am new here. Which models have no owner?",
            "churn-predictor",
        ),
    ] {
        let answer = answered(&view, lexicon, question);
        if answer != expect {
            wrong.push(format!(
                "{question}\n  is      {answer}\n  expected {expect}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_not_understood_in_full_is_not_answered() {
    let (graph, lexicon) = (world(), lexicon());
    let view = view(&graph);
    for question in [
        // a word that means nothing here
        "Which tables is fraud-detector seasoned with?",
        "Which models have a carbon footprint?",
        // names that do not exist, or nearly do
        "Who owns fraud-detektor?",
        "Which tables are upstream of the model upsell?",
        // a sentence that narrows, or says more, than what is understood
        "Which models are there? Nothing but the flimsy ones.",
        "Where do we keep personal data? Name the tables.",
        // not about the platform
        "What is the capital of Slovenia?",
        "Why was fct_orders designed like this?",
        // a name alone says nothing
        "churn-predictor",
        "",
        "???",
    ] {
        assert_eq!(answered(&view, lexicon, question), "-", "{question}");
    }
}

#[test]
fn names_of_several_things_are_asked_back_unless_the_question_tells() {
    let (graph, lexicon) = (world(), lexicon());
    let view = view(&graph);
    for (question, expect) in [
        (
            "What is upstream of the inference service fraud-detector?",
            "which inference_service inference_service?",
        ),
        (
            "Which model versions does the inference service fraud-detector in prod serve?",
            "fraud-detector 3",
        ),
        (
            "Show me fraud-detector.",
            "which model inference_service inference_service?",
        ),
    ] {
        assert_eq!(answered(&view, lexicon, question), expect, "{question}");
    }
}

#[test]
fn a_misspelt_name_is_offered_and_not_taken() {
    let (graph, lexicon) = (world(), lexicon());
    let view = view(&graph);
    let planned = plan(
        &view,
        lexicon,
        "Who owns fraud-detektor?",
        &Context::default(),
    );
    assert_eq!(planned.outcome, Outcome::Nothing);
    let near = &planned.explanation.unused[0].near;
    assert!(near.contains(&"fraud-detector".to_owned()), "{near:?}");
}

#[test]
fn what_is_asked_of_one_thing_only_is_about_it() {
    let (graph, lexicon) = (world(), lexicon());
    let names = Names::of(&view(&graph));
    let told = |question: &str| match about(question, &names, lexicon) {
        None => "-".to_owned(),
        Some(about) => {
            let things: Vec<String> = about
                .things
                .iter()
                .map(|thing| format!("{} {}", thing.kind.name(), thing.name))
                .collect();
            let only = if about.only { "" } else { " and more" };
            format!("{}{only}", things.join(", "))
        }
    };
    for (question, expect) in [
        ("what is fct_orders?", "dataset fct_orders"),
        ("Tell me about fraud-detector", "model fraud-detector"),
        (
            "where is the service fraud-detector in prod defined",
            "inference_service fraud-detector and more",
        ),
        (
            "Which index does fct_orders have?",
            "dataset fct_orders and more",
        ),
        // An idea, a way, two things, a word of the language, a thing of another kind.
        ("What is an orders?", "-"),
        ("How do I drop fct_orders?", "-"),
        ("What have fct_orders and fraud-detector in common?", "-"),
        ("What is a model?", "-"),
        ("What is the pipeline fct_orders?", "-"),
    ] {
        assert_eq!(told(question), expect, "{question}");
    }
}

#[test]
fn what_is_near_to_a_name_is_offered_where_it_answers() {
    let (graph, lexicon) = (world(), lexicon());
    let (view, known) = (view(&graph), Known::default());
    let names = Names::of(&view);
    let asker = Asker {
        lexicon,
        names: &names,
        view: &view,
        known: &known,
    };
    let told = |question: &str| match offers(question, &asker) {
        None => "-".to_owned(),
        Some(choices) => {
            let things = choices.things.iter().map(|thing| thing.name.as_str());
            format!("{}: {}", choices.name, things.collect::<Vec<_>>().join(" "))
        }
    };
    for (question, expect) in [
        (
            "Who owns the model fraud-detektor?",
            "fraud-detektor: fraud-detector",
        ),
        ("Who owns the model fraud?", "fraud: fraud-detector"),
        ("Who owns the model orders?", "-"),
        (
            "Which image does fraud-detektor run?",
            "fraud-detektor: fraud-detector fraud-detector fraud-detector",
        ),
        ("Who owns fct_refunds?", "-"),
        ("How do I train fraud-detektor?", "-"),
        ("Who owns the glorious zebra?", "-"),
    ] {
        assert_eq!(told(question), expect, "{question}");
    }
}

#[test]
fn follow_ups_edit_the_last_query() {
    let (graph, lexicon) = (world(), lexicon());
    let view = view(&graph);
    let ask = |first: &str, then: &str| {
        let planned = plan(&view, lexicon, first, &Context::default());
        let Outcome::Query(plan) = planned.outcome else {
            panic!("`{first}` is planned: {:?}", planned.explanation);
        };
        let context = Context {
            last_query: Some(plan.query),
        };
        match self::plan(&view, lexicon, then, &context).outcome {
            Outcome::Query(plan) => shown(&view, &plan.query),
            other => format!("{other:?}"),
        }
    };
    let upstream = "What is upstream of the model fraud-detector?";
    assert_eq!(
        ask(upstream, "And downstream?"),
        "FraudSlow fraud-detector fraud-detector s3://models/fraud/3"
    );
    assert_eq!(ask(upstream, "Only the tables."), "fct_orders orders");
    assert_eq!(
        ask(
            "Which tables are upstream of the model fraud-detector?",
            "Who owns those?"
        ),
        "fct_orders orders=data-platform"
    );
    assert_eq!(ask("Which models are there?", "How many?"), "2");
    assert_eq!(
        ask("Which models are there?", "only the ones without an owner"),
        "churn-predictor"
    );
    assert_eq!(
        ask(
            "Who owns the table orders?",
            "And the model fraud-detector?"
        ),
        "ml-risk"
    );
}

#[test]
fn a_platform_has_words_of_its_own() {
    let graph = world();
    let view = view(&graph);
    let own: LexiconFile =
        serde_saphyr::from_str("nouns:\n- {kinds: [team], words: [posse]}\nskip: [forsooth]\n")
            .expect("a lexicon");
    let question = "Which posse owns the model fraud-detector, forsooth?";
    assert_eq!(answered(&view, lexicon(), question), "-");
    let lexicon = Lexicon::load(Some(own)).expect("a valid lexicon");
    assert_eq!(answered(&view, &lexicon, question), "ml-risk");
}

#[test]
fn the_reading_says_what_was_understood() {
    let (graph, lexicon) = (world(), lexicon());
    let view = view(&graph);
    for (question, expect) in [
        (
            "Which datasets are upstream of fraud-detector?",
            "datasets upstream of model fraud-detector",
        ),
        ("Which models have no owner?", "models without an owner"),
        ("How many models are there?", "number of models"),
        (
            "Who owns the model fraud-detector?",
            "teams and users of model fraud-detector",
        ),
    ] {
        match plan(&view, lexicon, question, &Context::default()).outcome {
            Outcome::Query(plan) => assert_eq!(plan.reading, expect, "{question}"),
            other => panic!("{question}: {other:?}"),
        }
    }
}
