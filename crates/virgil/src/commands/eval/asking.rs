//! Asking one question and judging what came.

use std::path::Path;
use std::sync::Mutex;
use std::time::Instant;

use serde_json::{Value, json};
use virgil_eval::{
    Asked, Citations, Expect, ExpectedSet, Item, Link, Names, Note, Outcome, Place, Question, Said,
    Split, Usage, agrees, cited, differences, place_ranks,
};

use crate::client::Client;

/// How many passages are looked through for the expected places.
const PASSAGES: usize = 20;
/// How many things a note lists.
const LISTED: usize = 12;

/// Whoever asks: a way to the API with some groups' access.
pub(super) struct Asker {
    client: Client,
    model: Option<String>,
    /// How references are shown to this asker, as far as they were looked up.
    names: Mutex<Names>,
}

/// One wording of a question, or its typed query.
pub(super) struct Task<'q> {
    pub(super) question: &'q Question,
    /// The number of the wording; the query, if absent.
    pub(super) wording: Option<usize>,
    /// What the references of the expected answer mean.
    pub(super) names: Names,
}

/// What came of a task, before it is written down.
struct Came {
    item: Item,
    expected: Vec<String>,
    got: Vec<String>,
    links: Vec<Link>,
}

impl Asker {
    /// Whoever is in `groups`; the owner, if none are given.
    pub(super) fn new(client: &Client, groups: Option<&[String]>, model: Option<String>) -> Asker {
        Asker {
            client: match groups {
                Some(groups) => client.acting_as(groups),
                None => client.clone(),
            },
            model,
            names: Mutex::default(),
        }
    }

    /// What the references of an expected answer mean to this asker.
    pub(super) async fn names(&self, expect: &Expect) -> anyhow::Result<Names> {
        let mut names = Names::default();
        let references = expect.references().into_iter();
        for reference in references.chain(expect.perhaps_references()) {
            if let Some(shown) = self.shown(reference).await {
                names.insert(reference.to_owned(), shown);
            }
        }
        Ok(names)
    }

    async fn shown(&self, reference: &str) -> Option<String> {
        if let Ok(names) = self.names.lock()
            && names.knows(reference)
        {
            return Some(names.shown(reference).to_owned());
        }
        let query = json!({ "set": { "refs": [reference] } });
        let found = self.query(&query).await.ok()?;
        let shown = found["rows"][0]["reference"].as_str()?.to_owned();
        if let Ok(mut names) = self.names.lock() {
            names.insert(reference.to_owned(), shown.clone());
        }
        Some(shown)
    }

    async fn query(&self, query: &Value) -> anyhow::Result<Value> {
        self.client.json("POST", "/api/v1/query", Some(query)).await
    }

    /// Asks, and says what came of it. A request that fails is an outcome too.
    pub(super) async fn item(&self, task: &Task<'_>) -> Item {
        let question = task.question;
        let wording = task.wording.map(|number| &question.wordings[number]);
        let split = wording.and_then(|wording| wording.split);
        let file = Path::new(&question.file).file_name();
        let file = file.unwrap_or_default().to_string_lossy();
        let number = task
            .wording
            .map_or("query".to_owned(), |number| number.to_string());
        let item = Item {
            key: format!("{file} {} {number}", question.id),
            about: question.about.clone(),
            split,
            asked: asked(task),
            outcome: Outcome::Failed,
            place_ranks: Vec::new(),
            evidence_in_prompt: None,
            prompt_tokens: None,
            citations: Citations::default(),
            first_text_ms: None,
            answer_ms: None,
            usage: None,
            note: None,
        };
        let mut came = Came {
            item,
            expected: expected(&question.expect, &task.names),
            got: Vec::new(),
            links: Vec::new(),
        };
        let done = match wording {
            None => self.typed(task, &mut came).await,
            Some(wording) => self.in_words(task, &wording.text, &mut came).await,
        };
        if let Err(error) = done {
            came.item.outcome = Outcome::Failed;
            came.got.push(format!("{error:#}"));
        }
        let Came {
            mut item,
            expected,
            got,
            links,
        } = came;
        // What is held out is counted, and nobody looks at it.
        if !item.is_right() && split != Some(Split::HeldOut) {
            let query = || question.query.as_ref().map(Value::to_string);
            let text = wording.map(|wording| wording.text.clone()).or_else(query);
            item.note = Some(Note {
                question: text.unwrap_or_default(),
                place: format!("{}:{}", question.file, question.line),
                expected,
                got,
                links,
            });
        }
        item
    }

    async fn typed(&self, task: &Task<'_>, came: &mut Came) -> anyhow::Result<()> {
        let (Some(query), Expect::Set(set)) = (&task.question.query, &task.question.expect) else {
            anyhow::bail!("there is no query");
        };
        let found = self.query(query).await?;
        let differences = differences(set, &task.names, &found);
        came.item.outcome = if differences.is_empty() {
            Outcome::Exact
        } else {
            Outcome::Wrong
        };
        came.got = differences;
        Ok(())
    }

    async fn in_words(&self, task: &Task<'_>, text: &str, came: &mut Came) -> anyhow::Result<()> {
        let answer = self.ask(text, &mut came.item).await?;
        came.item.citations = citations(&answer);
        came.item.usage = usage(&answer["usage"]);
        came.item.prompt_tokens = answer["prompt"]["tokens"].as_u64();
        came.got = got(&answer);
        came.item.outcome = match &task.question.expect {
            Expect::Evidence(places) => self.evidence(places, text, &answer, came).await?,
            Expect::Set(set) => self.set(set, &task.names, &answer).await?,
            Expect::Choices(choices) => offered(choices, &task.names, &answer),
            Expect::Abstain if !answer["facts"].is_null() => Outcome::Computed,
            Expect::Abstain => no_facts(&answer),
        };
        Ok(())
    }

    /// The whole answer, with the times at which its first words and its end came.
    async fn ask(&self, text: &str, item: &mut Item) -> anyhow::Result<Value> {
        let body = json!({ "question": text, "model": self.model, "explain": true });
        let started = Instant::now();
        let since = || 1e3 * started.elapsed().as_secs_f64();
        let (mut first, mut finished, mut failure) = (None, None, None);
        self.client
            .events("POST", "/api/v1/ask", Some(&body), |name, data| {
                match name {
                    "text" if first.is_none() => first = Some(since()),
                    "answer" => finished = Some((since(), data)),
                    "error" => failure = data["detail"].as_str().map(str::to_owned),
                    _ => {}
                }
                Ok(())
            })
            .await?;
        if let Some(failure) = failure {
            anyhow::bail!("{failure}");
        }
        let Some((took, answer)) = finished else {
            anyhow::bail!("the answer broke off")
        };
        item.first_text_ms = first;
        item.answer_ms = Some(took);
        Ok(answer)
    }

    async fn evidence(
        &self,
        places: &[Place],
        text: &str,
        answer: &Value,
        came: &mut Came,
    ) -> anyhow::Result<Outcome> {
        let body = json!({ "query": text, "limit": PASSAGES });
        let found: Value = self
            .client
            .json("POST", "/api/v1/search", Some(&body))
            .await?;
        came.item.place_ranks = place_ranks(places, &found["passages"]);
        let in_prompt = |passages| place_ranks(places, passages).iter().any(Option::is_some);
        came.item.evidence_in_prompt = answer["prompt"]["passages"]
            .is_array()
            .then(|| in_prompt(&answer["prompt"]["passages"]));
        let cites = answer["citations"].as_array().into_iter().flatten();
        came.links = cites.map(link).collect();
        Ok(match no_facts(answer) {
            _ if cited(places, answer) && answer["abstained"] != true => Outcome::Cited,
            Outcome::LeftToPassages => Outcome::NotCited,
            other => other,
        })
    }

    async fn set(
        &self,
        set: &ExpectedSet,
        names: &Names,
        answer: &Value,
    ) -> anyhow::Result<Outcome> {
        let planned = &answer["facts"]["query"];
        if planned.is_null() || !answer["choices"].is_null() {
            return Ok(no_facts(answer));
        }
        // The answer shows some rows; the query that it shows gives them all.
        let found = self.query(planned).await?;
        let wanted = Said::of_expected(set, names);
        Ok(if agrees(&wanted, &Said::of_result(&found)) {
            Outcome::Exact
        } else {
            Outcome::Wrong
        })
    }
}

fn asked(task: &Task<'_>) -> Asked {
    match (&task.question.expect, task.wording) {
        (_, None) => Asked::Typed,
        (Expect::Evidence(_), _) => Asked::Evidence,
        (Expect::Set(_), _) => Asked::Set,
        (Expect::Choices(_), _) => Asked::Choices,
        (Expect::Abstain, _) => Asked::Abstain,
    }
}

/// What an answer without facts is.
fn no_facts(answer: &Value) -> Outcome {
    if !answer["choices"].is_null() {
        Outcome::AskedBack
    } else if answer["abstained"] == true {
        Outcome::Abstained
    } else {
        Outcome::LeftToPassages
    }
}

fn offered(choices: &[String], names: &Names, answer: &Value) -> Outcome {
    if !answer["facts"].is_null() {
        return Outcome::Computed;
    }
    let things = answer["choices"]["things"].as_array().into_iter().flatten();
    let things: Vec<&str> = things
        .filter_map(|thing| thing["reference"].as_str())
        .collect();
    if choices
        .iter()
        .all(|choice| things.contains(&names.shown(choice)))
    {
        Outcome::Offered
    } else {
        no_facts(answer)
    }
}

fn citations(answer: &Value) -> Citations {
    let mut citations = Citations::default();
    for citation in answer["citations"].as_array().into_iter().flatten() {
        match citation["state"].as_str() {
            Some("quoted") => citations.quoted += 1,
            Some("matched") => citations.matched += 1,
            _ => citations.not_verified += 1,
        }
    }
    citations
}

fn usage(usage: &Value) -> Option<Usage> {
    let tokens = |name: &str| usage[name].as_u64().unwrap_or_default();
    (!usage.is_null()).then(|| Usage {
        prompt_tokens: tokens("prompt_tokens"),
        completion_tokens: tokens("completion_tokens"),
        cost_usd: usage["cost_usd"].as_f64(),
        cached: usage["cache"].is_string(),
    })
}

/// What is right, in lines.
fn expected(expect: &Expect, names: &Names) -> Vec<String> {
    let cut = |lines: Vec<String>| {
        let more = lines.len().saturating_sub(LISTED);
        let mut shown: Vec<String> = lines.into_iter().take(LISTED).collect();
        if more > 0 {
            shown.push(format!("… and {more} more"));
        }
        shown
    };
    match expect {
        Expect::Abstain => vec!["nothing says it".to_owned()],
        Expect::Choices(choices) => cut(choices
            .iter()
            .map(|choice| format!("asks back, with {}", names.shown(choice)))
            .collect()),
        Expect::Evidence(places) => cut(places.iter().map(place_line).collect()),
        Expect::Set(set) => {
            let rows = set.rows.iter().flatten();
            let rows = rows.map(|row| names.shown(row.reference()).to_owned());
            let count = set.count.iter().map(|count| format!("{count} in all"));
            let groups = set.groups.iter().flatten();
            let groups = groups.map(|(value, count)| format!("{value}: {count}"));
            let paths = set.paths.iter().flatten().map(|path| path.join(" → "));
            cut(rows.chain(count).chain(groups).chain(paths).collect())
        }
    }
}

fn place_line(place: &Place) -> String {
    let source = place
        .source
        .as_ref()
        .map_or(String::new(), |s| format!("{s}/"));
    let lines = place
        .lines
        .map_or(String::new(), |(a, b)| format!(":{a}-{b}"));
    let words = place
        .contains
        .as_ref()
        .map_or(String::new(), |words| format!(" “{words}”"));
    format!("{source}{}{lines}{words}", place.path)
}

/// What came, in lines: the reading, the choices, or what is cited.
fn got(answer: &Value) -> Vec<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut lines = Vec::new();
    if !answer["facts"].is_null() {
        lines.push(format!("read as: {}", text(&answer["facts"]["reading"])));
        let rows = list(&answer["facts"]["rows"]);
        let rows = rows.iter().map(|row| text(&row["reference"]));
        lines.extend(rows.take(LISTED));
        return lines;
    }
    if !answer["choices"].is_null() {
        let things = list(&answer["choices"]["things"]);
        lines.extend(
            things
                .iter()
                .map(|thing| format!("asks back: {}", text(&thing["reference"]))),
        );
        return lines;
    }
    if answer["abstained"] == true {
        lines.push("abstained".to_owned());
    }
    lines.extend(
        list(&answer["citations"])
            .iter()
            .take(LISTED)
            .map(|citation| link(citation).text),
    );
    lines
}

fn link(citation: &Value) -> Link {
    let text = |name: &str| citation[name].as_str().unwrap_or_default();
    Link {
        text: format!(
            "[{}] {}/{}:{}-{}",
            citation["number"],
            text("source"),
            text("path"),
            citation["start_line"],
            citation["end_line"]
        ),
        url: citation["url"].as_str().map(str::to_owned),
    }
}
