//! Wordings of the bank asked, and turned into what they do not ask.

use virgil_graph::{Graph, Known, Query, Stated, Systems};
use virgil_index::{Embedder, HashingEmbedder, Turn};
use virgil_model::{
    AssetId, Attributes, Key, Kind, LabelId, LineSpan, Predicate, Says, SourceId, Statement,
    Target, Value,
};

use super::Asker;
use super::bank::built_in;
use super::near::Examples;
use crate::plan::weigh::{Signal, Signals};
use crate::plan::weighed::{Way, weighed};
use crate::plan::{Context, Lexicon, Names};

/// What stands for the slots of the wordings: two things of each kind, values of attributes, a number.
const NAMES: &[(&str, Kind, [&str; 2])] = &[
    ("model", Kind::Model, ["spam-filter", "price-guesser"]),
    (
        "model_version",
        Kind::ModelVersion,
        ["spam-filter v3", "price-guesser v2"],
    ),
    ("dataset", Kind::Dataset, ["dim_mails", "fct_prices"]),
    (
        "column",
        Kind::Column,
        ["dim_mails.sender_id", "fct_prices.amount_eur"],
    ),
    (
        "feature_view",
        Kind::FeatureView,
        ["mail_features", "price_features"],
    ),
    (
        "pipeline",
        Kind::Pipeline,
        ["mail-loader-job", "price-loader-job"],
    ),
    ("task", Kind::Task, ["clean-mails", "clean-prices"]),
    (
        "inference_service",
        Kind::InferenceService,
        ["spam-filter-live", "price-guesser-live"],
    ),
    (
        "component",
        Kind::Component,
        ["mail-gateway", "price-gateway"],
    ),
    (
        "dashboard",
        Kind::Dashboard,
        ["mail-volume", "price-volume"],
    ),
    ("alert", Kind::Alert, ["MailsLate", "PricesLate"]),
    (
        "image",
        Kind::Image,
        ["base/mail-trainer", "base/price-trainer"],
    ),
    ("team", Kind::Team, ["mail-crew", "price-crew"]),
    ("api", Kind::Api, ["mail-api", "price-api"]),
    ("user", Kind::User, ["ada.kern", "bob.lind"]),
    ("system", Kind::System, ["mail-platform", "price-platform"]),
    (
        "template",
        Kind::Template,
        ["mail-skeleton", "price-skeleton"],
    ),
];

const VALUES: &[(&str, [&str; 2])] = &[
    ("cluster", ["east-1", "west-1"]),
    ("aliases", ["blue_one", "red_one"]),
    ("severity", ["sev-1", "sev-2"]),
    ("runtime", ["fast-server", "slow-server"]),
    ("lifecycle", ["phase-two", "phase-one"]),
    ("tag_sensitivity", ["class-c", "class-d"]),
    ("tags", ["topic-x", "topic-y"]),
    ("type", ["Secret-1", "Secret-2"]),
    ("timezone", ["Europe/Rome", "Europe/Oslo"]),
    ("image", ["base/lab:2031.04", "base/lab:2031.05"]),
];

fn world() -> Graph {
    let mut says = Vec::new();
    for (slot, kind, names) in NAMES {
        for (number, name) in names.iter().enumerate() {
            let key = Key::scoped("thing", "test", &format!("{slot}/{name}"));
            says.push(Says::Mention {
                kind: *kind,
                keys: vec![key.clone()],
                name: (*name).to_owned(),
            });
            for (attribute, values) in VALUES {
                says.push(Says::Attribute {
                    of: key.clone(),
                    name: (*attribute).to_owned(),
                    value: Value::Text(values[number].to_owned()),
                });
            }
        }
    }
    // A place that tables lie in.
    let table = Key::scoped("table", "wh", "lake.deep.some_table");
    says.push(Says::Mention {
        kind: Kind::Dataset,
        keys: vec![table.clone()],
        name: "some_table".to_owned(),
    });
    says.push(Says::Relation {
        subject: table,
        predicate: Predicate::OwnedBy,
        object: Target::Key(Key::scoped("thing", "test", "team/mail-crew")),
        attributes: Attributes::new(),
    });
    let stated = says.into_iter().map(|says| Stated {
        asset: AssetId(1),
        label: LabelId(1),
        source: SourceId(1),
        path: "a.yaml".into(),
        statement: Statement {
            lines: LineSpan::new(1, 1),
            says,
        },
    });
    let mut graph = Graph::new(Systems::default());
    graph.replace(AssetId(1), stated.collect());
    graph
}

/// A wording as a question about the world.
fn question(wording: &str) -> String {
    let mut text = wording.to_owned();
    let mut put = |marker: String, name: &str| text = text.replace(&marker, name);
    for (slot, _, [one, other]) in NAMES {
        put(format!("{{{slot}}}"), one);
        put(format!("{{{slot}2}}"), other);
    }
    let groups = [
        ("lineage", ["dim_mails", "fct_prices"]),
        ("owned", ["spam-filter", "price-guesser"]),
        ("watched", ["spam-filter", "price-guesser"]),
        ("end", ["dim_mails", "price-guesser"]),
        ("table", ["dim_mails", "fct_prices"]),
        ("job", ["mail-loader-job", "price-loader-job"]),
        ("reader", ["mail-loader-job", "price-loader-job"]),
        ("workload", ["clean-mails", "clean-prices"]),
        ("documented", ["mail-gateway", "price-gateway"]),
        ("part", ["mail-gateway", "price-gateway"]),
        ("thing", ["spam-filter", "price-guesser"]),
    ];
    for (slot, [one, other]) in groups {
        put(format!("{{{slot}}}"), one);
        put(format!("{{{slot}2}}"), other);
    }
    for (slot, [one, other]) in VALUES {
        put(format!("{{={slot}}}"), one);
        put(format!("{{={slot}2}}"), other);
    }
    put("{=reference}".to_owned(), "lake.deep");
    put("{n}".to_owned(), "7");
    text
}

/// The kinds that stand for `{kinds}`.
fn noun(kinds: &[Kind]) -> &'static str {
    match kinds.first() {
        None => "models",
        Some(Kind::Dataset) => "tables",
        Some(Kind::Model) => "models",
        Some(Kind::Alert) => "alerts",
        Some(Kind::Component) => "components",
        Some(Kind::Notebook) => "notebooks",
        Some(Kind::Pipeline) => "pipelines",
        Some(Kind::InferenceService) => "inference services",
        Some(Kind::FeatureView) => "feature views",
        Some(Kind::TrainingJob) => "training jobs",
        Some(Kind::Api) => "APIs",
        Some(other) => panic!("no noun for {other:?}"),
    }
}

/// What is asked for instead, where a wording is turned into its opposite.
fn turned(text: &str) -> Vec<String> {
    let words = [
        ("upstream", "downstream"),
        ("downstream", "upstream"),
        ("without", "with"),
        (" with ", " without "),
        (" no ", " some "),
        (" not ", " "),
        ("n't ", " "),
        (" are ", " are not "),
        (" is ", " is not "),
        (" have ", " have no "),
        (" has ", " has no "),
        (" never ", " always "),
        ("nobody", "somebody"),
        ("nothing", "something"),
        ("How many", "Which"),
        ("how many", "which"),
        ("Number of", "List of"),
        ("above", "below"),
        ("more than", "less than"),
        ("over {n}", "under {n}"),
        (" per ", " with "),
        ("Unowned", "Owned"),
        ("unowned", "owned"),
        ("Which ", "Which old "),
        ("Which ", "Which newest "),
        ("Which ", "How many "),
        ("Which ", "Since last week, which "),
    ];
    // What stands before the question may say what it likes.
    let start = [". ", "? ", ": "]
        .iter()
        .filter_map(|end| text.rfind(end))
        .max();
    let (before, last) = text.split_at(start.map_or(0, |start| start + 2));
    // A number of days or replicas is a value, and whoever asks for one does not count.
    let is_amount = ["days", "replicas", "how many?"]
        .iter()
        .any(|amount| last.contains(amount));
    let all = words
        .into_iter()
        .filter(|(from, _)| last.contains(from) && !(is_amount && from.contains("ow many")));
    all.map(|(from, to)| format!("{before}{}", last.replacen(from, to, 1)))
        .collect()
}

struct Bench {
    graph: Graph,
    lexicon: Lexicon,
    examples: Examples,
    embedder: HashingEmbedder,
}

impl Bench {
    fn new() -> Bench {
        let lexicon = Lexicon::load(None).unwrap();
        Bench {
            graph: world(),
            examples: Examples::load(&[], &lexicon).unwrap(),
            embedder: HashingEmbedder::new(256),
            lexicon,
        }
    }

    /// Calls `see` with a way to ask questions: it says what proposes the likeliest answer, its query, and how likely it
    /// is.
    fn ask(&self, see: impl FnOnce(&dyn Fn(&str) -> Option<(Vec<String>, Query, f32)>)) {
        let view = self.graph.view(&[LabelId(1)].into_iter().collect());
        let names = Names::of(&view);
        let known = Known::default();
        let asker = Asker {
            lexicon: &self.lexicon,
            names: &names,
            view: &view,
            known: &known,
        };
        see(&|text| {
            let embed = |texts: &[String]| self.embedder.embed(texts, Turn::Question).ok();
            let context = Context::default();
            let read = self
                .lexicon
                .read_twice(text, &context, &names, &view, &known);
            let proposals = self
                .examples
                .propose(text, &read.tokens, &context, asker, &embed)?;
            let answers = weighed(&read, &proposals, asker);
            // Nothing is related in this world, so that whether something is found says nothing.
            let signals: Vec<Vec<Signals>> = answers
                .iter()
                .map(|answer| answer.signals.iter().map(without_empty).collect())
                .collect();
            let probabilities = self.examples.weights.probabilities(&signals);
            let (best, probability) = probabilities
                .into_iter()
                .enumerate()
                .max_by(|left, right| left.1.total_cmp(&right.1))?;
            let example = |way: &Way| match way {
                Way::Example(number) => proposals[*number].example.clone(),
                Way::Chart | Way::Pieces => "reading".to_owned(),
            };
            let (_, query) = answers[best].shown(&proposals)?;
            let by = answers[best].ways.iter().map(|(way, _)| example(way));
            Some((by.collect(), query.clone(), probability))
        });
    }
}

fn without_empty(signals: &Signals) -> Signals {
    let kept = signals
        .iter()
        .filter(|(signal, _)| *signal != Signal::Empty);
    kept.copied().collect()
}

/// Which wordings of each example are asked: one in so many, so that the test stays short.
const ASKED_IN: usize = 25;

/// A wording asks for its own example, and what it is turned into asks for something else.
#[test]
fn wordings_ask_for_their_examples_and_turned_ones_do_not() {
    let bench = Bench::new();
    let least = bench.examples.weights.least;
    bench.ask(|ask| {
        let (mut own, mut other, mut none) = (0, Vec::new(), Vec::new());
        let (mut tried, mut same) = (0, Vec::new());
        for example in built_in().unwrap() {
            for wording in example.wordings.iter().step_by(ASKED_IN) {
                let asked =
                    |wording: &str| question(&wording.replace("{kinds}", noun(&example.kinds)));
                let text = asked(wording);
                let Some((by, query, _)) = ask(&text) else {
                    none.push(format!("{}: {text}", example.id));
                    continue;
                };
                if by.contains(&example.id) {
                    own += 1;
                } else if by.iter().any(|by| by == "reading") {
                    // What the readings come to is tested with them; nothing is related here that would show that it is the same.
                    continue;
                } else {
                    other.push(format!("{} -> {by:?}: {text}", example.id));
                }
                for turned in turned(wording) {
                    tried += 1;
                    let turned = asked(&turned);
                    if ask(&turned)
                        .is_some_and(|(_, other, likely)| likely >= least && other == query)
                    {
                        same.push(format!("{}: {text} -> {turned}", example.id));
                    }
                }
            }
        }
        let all = own + other.len() + none.len();
        let said = format!(
            "{own} of {all}\n{}\n\n{}",
            other.join("\n"),
            none.join("\n")
        );
        assert!(own * 100 >= all * 92, "{said}");
        assert!(tried > 200, "{tried}");
        assert!(
            same.len() * 100 <= tried * 15,
            "{} of {tried}\n{}",
            same.len(),
            same.join("\n")
        );
    });
}
