//! What a newcomer asks of a platform that nobody tuned anything to: what something is, half a name, a misspelt one, and what follows.

use serde_json::Value;

use crate::support::{Home, Repository};

/// A catalogue, workflows of which one runs on a schedule, models of dbt over a seed, and an alert on one of the components.
fn platform() -> (Home, Repository) {
    let repository = Repository::with(&[
        (
            "catalog-info.yaml",
            "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: parcel-router\n  description: Finds the next depot \
             of a parcel.\nspec:\n  type: service\n  lifecycle: production\n  owner: logistics/crew\n  consumesApis: [depot-lookup]\n---\n\
             apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata:\n  name: depot-lookup\n  description: Depots by postcode.\nspec:\n  \
             type: openapi\n  lifecycle: production\n  owner: logistics/crew\n  definition: none\n",
        ),
        (
            "workflows/rebuild.yaml",
            "apiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\nmetadata:\n  name: rebuild-routes\nspec:\n  schedules: [\"0 2 * * *\"]\n  \
             workflowSpec:\n    entrypoint: main\n    templates:\n    - name: main\n      container: {image: \"busybox:1.36\"}\n---\n\
             apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata:\n  name: replay-routes\nspec:\n  entrypoint: main\n  \
             templates:\n  - name: main\n    container: {image: \"busybox:1.36\"}\n",
        ),
        ("dbt/dbt_project.yml", "name: parcels\nprofile: parcels\n"),
        ("dbt/seeds/raw_depots.csv", "id,postcode\n1,1000\n"),
        (
            "dbt/models/stg_depots.sql",
            "select id, postcode from {{ ref('raw_depots') }}\n",
        ),
        (
            "dbt/models/depots.sql",
            "select id, postcode from {{ ref('stg_depots') }}\n",
        ),
    ]);
    let home = Home::new();
    home.ok(&["ingest", repository.place(), "--name", "parcels"]);
    (home, repository)
}

fn text(answer: &Value) -> &str {
    answer["text"].as_str().expect("an answer has a text")
}

fn offered(answer: &Value) -> Vec<&str> {
    let things = answer["choices"]["things"].as_array();
    let things = things.into_iter().flatten();
    things.filter_map(|thing| thing["name"].as_str()).collect()
}

#[test]
fn what_something_is_begins_with_what_is_stated_about_it() {
    let (home, _repository) = platform();
    let answer = home.json(&["ask", "what is depot-lookup?"]);
    let said = text(&answer);
    for part in [
        "**api depot-lookup**: Depots by postcode.",
        "- stated in: parcels/catalog-info.yaml:12",
        "- owner: team logistics/crew",
        "- lifecycle: production",
        "- consumed by: component parcel-router",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(answer["abstained"], false);
    let cited = answer["citations"][0].clone();
    assert_eq!(cited["path"], "catalog-info.yaml", "{cited}");
    assert!(said.contains("[1]"), "{said}");

    // What cannot be read exactly still gets what is known of the thing that it names, and says so.
    let answer = home.json(&["ask", "Which postcode does depot-lookup prefer?"]);
    let said = text(&answer);
    assert!(said.starts_with("I have no exact answer."), "{said}");
    assert!(said.contains("**api depot-lookup**"), "{said}");
}

#[test]
fn a_name_that_is_near_is_offered_and_never_taken() {
    let (home, _repository) = platform();
    for (question, name) in [
        ("who owns parcel-ruoter?", "parcel-router"),
        ("who owns the component router?", "parcel-router"),
        ("who owns parcel?", "parcel-router"),
    ] {
        let answer = home.json(&["ask", question]);
        assert!(answer["facts"].is_null(), "{question}: {answer}");
        assert_eq!(offered(&answer), [name], "{question}: {answer}");
        let said = text(&answer);
        assert!(
            said.starts_with("Nothing that you may see is called"),
            "{said}"
        );
    }
    let answer = home.json(&["ask", "who owns the component unicorn?"]);
    assert!(answer["choices"].is_null(), "{answer}");
}

#[test]
fn what_follows_about_it_is_about_the_thing_that_was_named() {
    let (home, _repository) = platform();
    let first = home.json(&[
        "ask",
        "--conversation",
        "new",
        "What is downstream of raw_depots?",
    ]);
    assert_eq!(first["facts"]["total"], 2, "{first}");
    let next = home.json(&["ask", "--conversation", "last", "What is it derived from?"]);
    let standalone = next["standalone_question"].as_str().unwrap_or_default();
    assert!(standalone.contains("raw_depots"), "{next}");
}

#[test]
fn only_what_has_a_schedule_is_a_scheduled_workflow() {
    let (home, _repository) = platform();
    let answer = home.json(&["ask", "How many cron workflows are there?"]);
    assert_eq!(answer["facts"]["total"], 1, "{answer}");
}
