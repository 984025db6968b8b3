//! `virgil eval`: questions with known answers, what is reported of them, and runs that are compared.

use serde_json::Value;

use crate::support::{Home, Repository};

/// A team with two components, and how to ask for a notebook.
fn platform() -> (Home, Repository) {
    let repository = Repository::with(&[
        (
            "catalog-info.yaml",
            "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: fraud-gateway\nspec:\n  type: service\n  \
             lifecycle: production\n  owner: group:default/ml-risk\n---\napiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  \
             name: ml-risk\nspec:\n  type: team\n  children: []\n",
        ),
        (
            "docs/notebooks.md",
            "# Notebooks\n\nA notebook with a GPU is granted for a week. Ask in the channel `#data-platform`.\n",
        ),
        (
            "docs/rotation.md",
            "# Rotating credentials\n\nRotate first, then look for who used the database password.\n",
        ),
        (
            "secret/pay.md",
            "# Thresholds\n\nA payment above the score 0.85 is rejected.\n",
        ),
    ]);
    let home = Home::new();
    home.configure(
        "access.yaml",
        "access:\n  labels:\n    open: [everyone]\n    closed: [risk]\n",
    );
    let place = repository.place();
    home.configure(
        "sources.yaml",
        &format!(
            "sources:\n- name: platform\n  kind: git\n  url: {place}\n  access: open\n  rules: [{{path: 'secret/**', access: closed}}]\n"
        ),
    );
    home.ok(&["ingest"]);
    (home, repository)
}

const QUESTIONS: &str = r#"
- id: notebook
  question: How do I get a notebook with a GPU?
  expect: [{source: platform, path: docs/notebooks.md, contains: "Ask in the channel"}]
- id: threshold-of-risk
  as: [risk]
  question: Above which score is a payment rejected?
  expect: [{path: secret/pay.md, contains: "0.85"}]
- id: threshold-of-others
  as: [shop]
  question: Above which score is a payment rejected?
  expect: abstain
- id: owner
  query: {set: {step: {from: {refs: ["component:fraud-gateway"]}, along: owner}}}
  expect: {rows: [team:ml-risk], completeness: exact}
  phrasings:
    tune: ["Who owns the component fraud-gateway?"]
    held_out: ["How do I get a notebook with a GPU, pray?"]
"#;

impl Home {
    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).expect("a file");
    }
}

fn outcomes(evaluated: &Value) -> Vec<&str> {
    let items = evaluated["run"]["items"].as_array().expect("items");
    items
        .iter()
        .map(|item| item["outcome"].as_str().expect("an outcome"))
        .collect()
}

fn mean(evaluated: &Value, measure: &str) -> f64 {
    let measures = evaluated["summary"]["measures"].as_array();
    let measures = measures.expect("measures").iter();
    let mut found = measures.filter(|mean| mean["measure"] == measure);
    found.next().expect(measure)["mean"]
        .as_f64()
        .expect("a number")
}

#[test]
fn answers_are_judged_and_what_is_held_out_is_not_shown() {
    let (home, _repository) = platform();
    home.write("questions.yaml", QUESTIONS);
    let evaluated = home.json(&["eval", "questions.yaml"]);
    let expect = [
        "cited",
        "cited",
        "abstained",
        "exact",
        "exact",
        "left_to_passages",
    ];
    assert_eq!(outcomes(&evaluated), expect, "{evaluated:#}");
    for (measure, expect) in [
        ("recall_at5", 1.0),
        ("ndcg_at10", 1.0),
        ("abstained", 1.0),
        ("typed", 1.0),
        ("exact", 0.5),
        ("not_wrong", 1.0),
    ] {
        assert_eq!(mean(&evaluated, measure), expect, "{measure}");
    }
    let shown = home.ok(&["eval", "questions.yaml"]);
    assert!(shown.contains("5 of 6 as they should be"), "{shown}");
    assert!(shown.contains("1 more that are held out"), "{shown}");
    assert!(!shown.contains("pray"), "{shown}");
    let tuned = home.json(&["eval", "questions.yaml", "--split", "tune"]);
    assert_eq!(tuned["summary"]["asked"], 5);
    let narrowed = home.ok(&["eval", "questions.yaml", "--as", "shop"]);
    assert!(
        narrowed.contains("threshold-of-risk: not asked"),
        "{narrowed}"
    );
}

#[test]
fn the_page_shows_the_run_and_needs_nothing() {
    let (home, _repository) = platform();
    home.write("questions.yaml", QUESTIONS);
    home.ok(&["eval", "questions.yaml", "--html", "run.html"]);
    let page = std::fs::read_to_string(home.path().join("run.html")).expect("the page");
    assert!(page.contains("5 of 6 as they should be"), "{page}");
    assert!(page.contains("default-src 'none'"), "{page}");
    assert_eq!(page.matches("<svg").count(), 3, "recall, latency, prompt");
    assert!(
        !page.contains("pray") && !page.contains("<script"),
        "{page}"
    );
}

#[test]
fn questions_are_made_from_what_the_asker_sees() {
    let (home, _repository) = platform();
    let made = home.ok(&["eval", "--generate", "5"]);
    assert!(
        made.contains("Who owns the component fraud-gateway?"),
        "{made}"
    );
    assert_eq!(made, home.ok(&["eval", "--generate", "5"]));
    home.write("made.yaml", &made);
    let evaluated = home.json(&["eval", "made.yaml"]);
    assert_eq!(mean(&evaluated, "typed"), 1.0, "{evaluated:#}");
    assert_eq!(mean(&evaluated, "not_wrong"), 1.0, "{evaluated:#}");
}

#[test]
fn a_broken_question_is_named_and_the_rest_is_asked() {
    let (home, _repository) = platform();
    let text = "- {question: \"How do I get a notebook with a GPU?\", expect: [{path: docs/notebooks.md}]}\n\
                - {question: \"Who?\", expect: maybe}\n\
                - {id: gone, question: \"Who owns it?\", expect: {rows: [\"team:nobody\"]}}\n";
    home.write("questions.yaml", text);
    let output = home.run(&["eval", "questions.yaml"]);
    assert!(!output.status.success());
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(
        shown.contains("questions.yaml:2: expect: `maybe`"),
        "{shown}"
    );
    assert!(
        shown.contains("questions.yaml:3: `gone` expects `team:nobody`"),
        "{shown}"
    );
    assert!(shown.contains("evidence: 1 (1 evidence cited)"), "{shown}");
    assert!(
        home.refused(&["eval", "nowhere.yaml"])
            .contains("nowhere.yaml")
    );
}

#[test]
fn a_later_run_that_dropped_fails_and_one_that_did_not_passes() {
    let (home, _repository) = platform();
    // The same question in many words, so that a drop is more than chance.
    let questions = |path: &str| -> String {
        let question = |number: usize| {
            format!(
                "- {{id: n{number}, question: 'How do I get a notebook with a GPU{}', expect: [{{path: {path}}}]}}\n",
                "?".repeat(number + 1)
            )
        };
        (0..8).map(question).collect()
    };
    home.write("questions.yaml", &questions("docs/notebooks.md"));
    home.ok(&["eval", "questions.yaml", "--save", "before.json"]);
    let same = home.ok(&["eval", "questions.yaml", "--compare", "before.json"]);
    assert!(same.contains("8 questions in both"), "{same}");
    assert!(!same.contains("DROPPED"), "{same}");
    home.write("questions.yaml", &questions("docs/nothing.md"));
    let output = home.run(&["eval", "questions.yaml", "--compare", "before.json"]);
    assert!(!output.status.success());
    let (shown, said) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        shown.contains("DROPPED") && shown.contains("no more right"),
        "{shown}"
    );
    assert!(said.contains("recall@5"), "{said}");
    home.ok(&[
        "eval",
        "questions.yaml",
        "--compare",
        "before.json",
        "--allowed-drop",
        "100",
    ]);
    home.write("before.json", "{}");
    let said = home.refused(&["eval", "questions.yaml", "--compare", "before.json"]);
    assert!(said.contains("before.json"), "{said}");
}
