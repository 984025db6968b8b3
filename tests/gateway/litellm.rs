//! The program against a real LiteLLM proxy, which `make test-gateway` installs. Refusals that need its database (its own keys and
//! budgets) are replayed from what it answers, in `virgil-gateway`'s tests.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::tools::{number, results};
use super::{QUESTION, home};
use crate::support::{Gateway, Home, Sample, Server, calls, stream};

const KEY: &str = "sk-master-of-the-test";

/// A running proxy; stopped when dropped.
struct Proxy {
    child: Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl Proxy {
    /// Starts the proxy, or prints why it is not there.
    async fn start() -> Option<Proxy> {
        Proxy::before("http://127.0.0.1:9/v1").await
    }

    /// The same with the model `scripted` at `peer`.
    async fn before(peer: &str) -> Option<Proxy> {
        let Some(program) = std::env::var_os("LITELLM") else {
            println!(
                "skipped: LITELLM does not name a LiteLLM proxy; `make test-gateway` installs one and runs this"
            );
            return None;
        };
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .port();
        let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/gateway/litellm.yaml");
        let child = Command::new(program)
            .args([
                "--host",
                "127.0.0.1",
                "--port",
                &port.to_string(),
                "--config",
            ])
            .arg(config)
            .env("LITELLM_MASTER_KEY", KEY)
            .env("LITELLM_LOCAL_MODEL_COST_MAP", "True")
            .env("LITELLM_TELEMETRY", "False")
            .env("SCRIPTED_MODEL_URL", peer)
            .env("NO_PROXY", "127.0.0.1")
            .env("HOME", folder.path())
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the proxy starts");
        let proxy = Proxy {
            child,
            url: format!("http://127.0.0.1:{port}"),
            _folder: folder,
        };
        let client = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("a client");
        let until = Instant::now() + Duration::from_secs(180);
        loop {
            let alive = client
                .get(format!("{}/health/liveliness", proxy.url))
                .send()
                .await;
            if alive.is_ok_and(|response| response.status().is_success()) {
                return Some(proxy);
            }
            assert!(Instant::now() < until, "the proxy does not come up");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    fn server(&self, home: &Home, key: &str) -> Server {
        let (url, key) = self.environment(key);
        Server::start_with(home, &[(url.0, url.1.as_str()), (key.0, key.1.as_str())])
    }

    /// The variables by which the program finds it.
    fn environment(&self, key: &str) -> ((&'static str, String), (&'static str, String)) {
        (
            ("VIRGIL_GATEWAY__URL", format!("{}/v1", self.url)),
            ("VIRGIL_GATEWAY__KEY", key.to_owned()),
        )
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // It may have ended already, which the test will have noticed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn ask(server: &Server, model: &str) -> Value {
    let body = json!({ "question": QUESTION, "model": model });
    let response = server.post("/api/v1/ask", None, &body).await;
    response.json().await.expect("JSON")
}

#[tokio::test]
async fn a_real_proxy_answers_falls_back_caches_and_refuses() {
    let Some(proxy) = Proxy::start().await else {
        return;
    };
    let (home, _repository) = home();
    home.configure(
        "virgil.yaml",
        "answer_cache: {max_entries: 0}\n\
         gateway:\n  principal: pseudonym\n  tags: [virgil, test]\n  retries: 1\n  models:\n\
         \x20 - {name: quick, gateway_name: small}\n\
         \x20 - {name: broken}\n\
         \x20 - {name: limited}\n\
         \x20 - {name: patient, gateway_name: limited, fall_backs: [narrow, quick]}\n\
         \x20 - {name: narrow}\n\
         \x20 - {name: strict}\n\
         \x20 - {name: nowhere}\n",
    );
    let server = proxy.server(&home, KEY);

    let answer = ask(&server, "quick").await;
    let usage = &answer["usage"];
    assert_eq!(
        answer["text"], "The table orders is refreshed at 03:00 [1].",
        "{answer}"
    );
    assert_eq!(answer["citations"][0]["path"], "docs/orders.md");
    assert_eq!(usage["model"], "small");
    assert_eq!(
        (&usage["attempts"], &usage["fall_backs"]),
        (&json!(1), &json!(0))
    );
    assert!(usage["prompt_tokens"].as_u64() > Some(100), "{usage}");
    assert!(usage["completion_tokens"].as_u64() > Some(5), "{usage}");
    assert!(usage["cost_usd"].as_f64() > Some(0.0), "{usage}");
    assert_eq!(usage["cache"], Value::Null);

    let again = ask(&server, "quick").await;
    assert_eq!(again["usage"]["cache"], "gateway", "{}", again["usage"]);
    assert_eq!(again["text"], answer["text"]);

    let fallen = ask(&server, "broken").await;
    assert_eq!(
        fallen["usage"]["fall_backs"], 1,
        "the gateway's own: {fallen}"
    );
    let fallen = ask(&server, "patient").await;
    assert_eq!(fallen["usage"]["fall_backs"], 2, "ours: {fallen}");
    assert_eq!(fallen["text"], answer["text"]);

    for (model, code, word) in [
        ("limited", "gateway_busy", "too many requests"),
        (
            "narrow",
            "gateway_context_too_long",
            "ask something shorter",
        ),
        ("strict", "gateway_filtered", "in other words"),
        ("nowhere", "gateway_model_not_found", "no model `nowhere`"),
    ] {
        let problem = ask(&server, model).await;
        assert_eq!(problem["code"], code, "{model}: {problem}");
        let detail = problem["detail"].as_str().expect("a detail");
        assert!(
            detail.contains(word) && !detail.contains(KEY),
            "{model}: {detail}"
        );
    }

    // As it is written, piece by piece.
    let body = json!({ "question": QUESTION, "model": "quick" });
    let response = server
        .client
        .post(format!("{}/api/v1/ask", server.address))
        .header("accept", "text/event-stream")
        .json(&body)
        .send()
        .await
        .expect("it answers");
    let events = response.text().await.expect("text");
    assert_eq!(events.matches("event: answer\n").count(), 1, "{events}");
    assert_eq!(events.matches("event: error\n").count(), 0, "{events}");
    assert!(events.find("event: text\n") < events.find("event: answer\n"));
    drop(server);

    let server = proxy.server(&home, "sk-wrong");
    let problem = ask(&server, "quick").await;
    assert_eq!(problem["code"], "gateway_unauthorized", "{problem}");
    assert!(!problem.to_string().contains("sk-wrong"), "{problem}");
}

/// The budget of a prompt is kept by an estimate; the proxy counts with the model's tokenizer.
#[tokio::test]
async fn prompts_keep_to_their_budget_as_a_real_tokenizer_counts() {
    let Some(proxy) = Proxy::start().await else {
        return;
    };
    let home = Sample::copy();
    home.configure(
        "virgil.yaml",
        "answer_cache: {max_entries: 0}\ngateway: {models: [{name: small}, {name: searching, gateway_name: small, tools: true}]}\n",
    );
    home.ok(&["ingest"]);
    let server = proxy.server(&home, KEY);
    let mut counts = Vec::new();
    for question in [
        "What should I do when the fraud detector gets slow?",
        "How do I get a GPU notebook?",
        "Why were orders counted twice in August 2026?",
        "Is a hashed e-mail address personal data?",
        "What happens at checkout when the fraud service does not answer?",
        "How is churn defined?",
        "Which alerts are there?",
        "Which columns of customers are derived from personal data, and who owns the tables?",
    ] {
        for model in ["small", "searching"] {
            let body = json!({ "question": question, "model": model, "explain": true });
            let response = server.post("/api/v1/ask", None, &body).await;
            let answer: Value = response.json().await.expect("JSON");
            let Some(counted) = answer["usage"]["prompt_tokens"].as_u64() else {
                continue;
            };
            let estimated = answer["prompt"]["tokens"].as_u64().expect("an estimate");
            println!("{model}: {counted} counted, {estimated} estimated: {question}");
            assert!(counted <= 3_000, "{counted}: {question}");
            counts.push((model, counted));
        }
    }
    assert!(counts.len() >= 10, "{counts:?}");
    // The proxy's count leaves the definitions of tools out.
    let alone = counts.iter().filter(|(model, _)| *model == "small");
    let mut unused = alone.filter(|(_, counted)| *counted < 2_400);
    assert!(unused.next().is_none(), "room is left unused: {counts:?}");
}

/// What a model calls and what it is told travel through the proxy in its own form.
#[tokio::test]
async fn a_query_is_proposed_through_a_real_proxy() {
    let (home, _repository) = super::tools::home();
    home.configure(
        "virgil.yaml",
        "gateway: {models: [{name: scripted, tools: true}]}\n",
    );
    let model = Gateway::start(|sent| match results(sent).as_slice() {
        [] => calls(&[(
            "query",
            r#"{"query": {"set": {"all": ["scorer"]}}, "answers": true}"#,
        )]),
        [wrong] if wrong.contains("not valid") => calls(&[(
            "query",
            r#"{"query": {"set": {"step": {"from": {"refs": ["scorer"]}, "along": "owner"}}}, "answers": true}"#,
        )]),
        [.., result] => stream(&["It is ", &format!("group:risk-team [{}].", number(result))]),
    })
    .await;
    let Some(proxy) = Proxy::before(&model.url).await else {
        return;
    };
    let server = proxy.server(&home, KEY);
    let body = json!({ "question": "Who should sign off changes to the scorer?", "explain": true });
    let response = server.post("/api/v1/ask", None, &body).await;
    let answer: Value = response.json().await.expect("JSON");
    assert_eq!(answer["facts"]["proposed"], true, "{answer}");
    assert_eq!(answer["facts"]["rows"][0]["name"], "risk-team");
    let text = answer["text"].as_str().expect("text");
    assert!(
        text.find("(only referred to)") < text.find("It is group:risk-team"),
        "{text}"
    );
    assert_eq!(answer["usage"]["attempts"], 3, "{answer}");
    let proposals = answer["explanation"]["proposals"]
        .as_array()
        .expect("proposals");
    assert_eq!(proposals.len(), 2, "{proposals:?}");
    let sent = model.requests();
    let description = &sent[0]["tools"][4]["function"]["description"];
    assert!(
        description
            .as_str()
            .is_some_and(|text| text.contains("and their queries:")),
        "{description}"
    );
}

#[test]
fn an_evaluation_says_what_each_kind_of_question_cost() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let Some(proxy) = runtime.block_on(Proxy::start()) else {
        return;
    };
    let (home, _repository) = home();
    home.configure("virgil.yaml", "gateway: {models: [{name: priced}]}\n");
    let questions = home.path().join("questions.yaml");
    std::fs::write(
        &questions,
        "- {question: \"when is the orders table refreshed?\", expect: [{path: docs/orders.md, contains: \"03:00\"}]}\n\
         - {question: \"who owns the orders table?\", expect: [{path: docs/orders.md, contains: \"shop team\"}]}\n\
         - {question: \"what does a xylophone weigh?\", expect: abstain}\n",
    )
    .expect("a file");
    let (url, key) = proxy.environment(KEY);
    let evaluate = |arguments: &[&str]| {
        let output = home
            .virgil(&["eval", "questions.yaml"])
            .args(arguments)
            .envs([url.clone(), key.clone()])
            .output()
            .expect("the program starts");
        String::from_utf8(output.stdout).expect("text")
    };
    let evaluated: Value =
        serde_json::from_str(&evaluate(&["--json", "--html", "run.html"])).expect("JSON");
    let summary = &evaluated["summary"];
    let kinds = summary["kinds"].as_array().expect("kinds");
    let kind = |asked: &str| {
        let mut kinds = kinds.iter();
        kinds.find(|kind| kind["asked"] == asked).expect("a kind")
    };
    let usage = &kind("evidence")["usage"];
    let tokens = |name: &str| usage[name].as_u64().expect("tokens") as f64;
    assert!(
        tokens("prompt_tokens") > 200.0 && tokens("completion_tokens") > 10.0,
        "{usage}"
    );
    let cost = usage["cost_usd"].as_f64().expect("a cost");
    let expected = tokens("prompt_tokens") * 0.000_01 + tokens("completion_tokens") * 0.000_1;
    assert!((cost - expected).abs() < 1e-9, "{cost} is not {expected}");
    assert_eq!(kind("abstain")["usage"], Value::Null, "{kinds:?}");
    assert_eq!(summary["usage"]["cost_usd"], usage["cost_usd"]);

    let said = evaluate(&[]);
    let line = said
        .lines()
        .find(|line| line.trim_start().starts_with("evidence  ") && line.contains("US dollars"));
    assert!(line.is_some(), "{said}");
    let page = std::fs::read_to_string(home.path().join("run.html")).expect("a page");
    assert!(
        page.contains("<th>Language model</tr>") && page.contains("US dollars</tr>"),
        "{page}"
    );
}
