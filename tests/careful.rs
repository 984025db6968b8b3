//! What a careful colleague adds: who may know, where Virgil does not; what a source was worth when it was read.

use serde_json::Value;

use crate::support::{Home, Repository};

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

fn platform() -> (Home, Repository) {
    let repository = Repository::with(&[
        (
            "CODEOWNERS",
            "* @bottega/data\n/docs/ ana@bottega.example\n",
        ),
        (
            "docs/orders.md",
            "# Orders\n\nThe table `orders` is refreshed at 03:00 by the warehouse build.\n",
        ),
        (
            "catalog-info.yaml",
            "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: fraud-gateway\nspec:\n  type: service\n  \
             lifecycle: production\n  owner: group:default/ml-risk\n---\napiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  \
             name: ml-risk\nspec:\n  type: team\n  children: []\n",
        ),
    ]);
    let home = Home::new();
    let place = repository.place();
    home.configure(
        "sources.yaml",
        &format!("sources:\n- {{name: docs, kind: git, url: {place}}}\n"),
    );
    home.ok(&["ingest"]);
    (home, repository)
}

#[test]
fn where_the_evidence_is_too_weak_owners_are_named_with_what_makes_them_so() {
    let (home, _repository) = platform();
    for (question, owner, of, path, line) in [
        (
            "What is the vacation policy for the fraud-gateway crew in Portugal?",
            "team **ml-risk**, which owns component fraud-gateway",
            "owner: group:default/ml-risk",
            "catalog-info.yaml",
            8,
        ),
        (
            "What is the parental leave policy in Portugal?",
            "ana@bottega.example",
            "/docs/ ana@bottega.example",
            "CODEOWNERS",
            2,
        ),
    ] {
        let answer = home.json(&["ask", question]);
        assert_eq!(answer["abstained"], true, "{answer}");
        let (_, knowers) = text(&answer["text"])
            .split_once("Who may know:")
            .unwrap_or_else(|| panic!("{answer}"));
        assert!(knowers.contains(owner), "{knowers}");
        let citations = answer["citations"].as_array().expect("citations");
        let cited = citations
            .iter()
            .find(|citation| citation["path"] == path && citation["start_line"] == line)
            .unwrap_or_else(|| panic!("{path}:{line}: {answer}"));
        assert!(text(&cited["quote"]).contains(of), "{cited}");
        assert!(
            knowers.contains(&format!("[{}]", cited["number"])),
            "{knowers}"
        );
    }
}

#[test]
fn an_answer_says_when_a_source_that_it_cites_is_stale_or_failed() {
    let (home, repository) = platform();
    let question = ["ask", "When is the orders table refreshed?"];
    let notice = || text(&home.json(&question)["notice"]).to_owned();
    assert!(!notice().contains("sync"), "{}", notice());
    home.configure("server.yaml", "server: {stale_after_hours: 0}\n");
    assert!(
        notice().contains("docs was last synced 0 hours ago"),
        "{}",
        notice()
    );
    home.configure("server.yaml", "server: {}\n");
    let gone = home.path().join("moved");
    std::fs::rename(repository.place(), &gone).expect("it moves");
    assert!(!home.run(&["ingest"]).status.success());
    assert!(
        notice().contains("The last sync of docs failed: what is cited of it is as of "),
        "{}",
        notice()
    );
}
