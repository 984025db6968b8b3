//! A conversation as a Markdown file, each answer with its citations.

use std::fmt::Write as _;

use serde::Deserialize;

use crate::wire_conversations::{ConversationResponse, WireTurn};

/// What a reader of the file is told of an answer. An answer of an earlier version may have less.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    text: String,
    standalone_question: Option<String>,
    notice: Option<String>,
    citations: Vec<Cited>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Cited {
    number: u64,
    title: String,
    source: String,
    path: String,
    commit: Option<String>,
    start_line: u32,
    end_line: u32,
    url: Option<String>,
    quote: String,
    state: String,
}

/// The whole conversation as Markdown.
pub(crate) fn as_markdown(conversation: &ConversationResponse) -> String {
    let about = &conversation.conversation;
    let mut text = format!(
        "# {}\n\nBegun {}, last asked {}.\n",
        in_a_line(&about.title),
        about.created_at,
        about.updated_at
    );
    for turn in &conversation.history {
        write_turn(turn, &mut text);
    }
    text
}

fn write_turn(turn: &WireTurn, text: &mut String) {
    let _ = write!(
        text,
        "\n## {}. {}\n\n*{}*\n\n",
        turn.turn,
        in_a_line(&turn.question),
        turn.asked_at
    );
    let Some(answer) = &turn.answer else {
        text.push_str(
            "(The answer rests on files that are gone or that you may not see now: ask again.)\n",
        );
        return;
    };
    let told = Told::deserialize(answer).unwrap_or_default();
    if let Some(standalone) = told.standalone_question {
        let _ = writeln!(text, "> Understood as: {}\n", in_a_line(&standalone));
    }
    if let Some(notice) = told.notice {
        let _ = writeln!(text, "> {}\n", in_a_line(&notice));
    }
    text.push_str(told.text.trim());
    text.push('\n');
    if !told.citations.is_empty() {
        text.push('\n');
    }
    for cited in told.citations {
        let _ = write!(
            text,
            "- [{}] {}: {}/{}:{}-{}",
            cited.number,
            in_a_line(&cited.title),
            cited.source,
            in_a_line(&cited.path),
            cited.start_line,
            cited.end_line
        );
        if let Some(commit) = cited.commit {
            let _ = write!(text, " @ {commit}");
        }
        if let Some(url) = cited.url {
            let _ = write!(text, " <{url}>");
        }
        if cited.state == "not_verified" {
            text.push_str(" (not verified)");
        }
        text.push('\n');
        if !cited.quote.is_empty() {
            text.push('\n');
            for line in cited.quote.lines() {
                // Four more spaces make it code, in which nothing means anything.
                let _ = writeln!(text, "      {line}");
            }
            text.push('\n');
        }
    }
}

/// Text that stays in its line and starts no markup of its own.
fn in_a_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words
        .join(" ")
        .replace('\\', "\\\\")
        .replace('[', "\\[")
        .replace(']', "\\]")
        .replace('<', "&lt;")
        .replace('`', "\\`")
        .replace('*', "\\*")
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::wire_conversations::WireConversation;

    #[test]
    fn a_file_holds_questions_answers_and_citations() {
        let turn = |number, answer: Option<serde_json::Value>| WireTurn {
            turn: number,
            asked_at: "2026-11-25T10:00:00Z".into(),
            question: "Who owns\n[it](https://evil.example)?".into(),
            withheld: answer.is_none(),
            answer,
        };
        let answer = json!({
            "text": "The team risk [1].\n",
            "citations": [{
                "number": 1, "title": "Owners", "source": "docs", "path": "OWNERS.md", "commit": "12ab", "start_line": 3,
                "end_line": 4, "url": "https://git.example/x", "quote": "owner: risk\n# no heading", "state": "quoted"
            }]
        });
        let conversation = ConversationResponse {
            conversation: WireConversation {
                id: Uuid::nil(),
                title: "Owners".into(),
                created_at: "2026-11-25T10:00:00Z".into(),
                updated_at: "2026-11-25T11:00:00Z".into(),
                turns: 2,
            },
            history: vec![turn(1, Some(answer)), turn(2, None)],
            before: None,
        };
        assert_eq!(
            as_markdown(&conversation),
            "# Owners

Begun 2026-11-25T10:00:00Z, last asked 2026-11-25T11:00:00Z.

## 1. Who owns \\[it\\](https://evil.example)?

*2026-11-25T10:00:00Z*

The team risk [1].

- [1] Owners: docs/OWNERS.md:3-4 @ 12ab <https://git.example/x>

      owner: risk
      # no heading


## 2. Who owns \\[it\\](https://evil.example)?

*2026-11-25T10:00:00Z*

(The answer rests on files that are gone or that you may not see now: ask again.)
"
        );
    }
}
