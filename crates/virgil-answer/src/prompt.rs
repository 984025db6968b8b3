//! Prompts: Tera templates from files, checked when they are loaded.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;
use tera::{Context, Tera};
use virgil_gateway::{Message, Role};

use crate::guide::Earlier;
use crate::retrieve::ScoredPassage;
use crate::select::{Shown, whole};

const SYSTEM: &str = "system.txt.tera";
const QUESTION: &str = "question.txt.tera";
const RESULT: &str = "result.txt.tera";
const REWRITE: &str = "rewrite.txt.tera";

/// A template and the variables that it is given. A template that leaves out one that it needs would send a prompt
/// without a question, or passages without a fence.
struct Declared {
    name: &'static str,
    built_in: &'static str,
    needs: &'static [&'static str],
    may_use: &'static [&'static str],
}

/// `turns` is a list with `question` and `answer` of each, `passages` one with `number`, `source`, `path`, `start_line`, `end_line`, `breadcrumb` and `text` of each.
const DECLARED: [Declared; 4] = [
    Declared {
        name: SYSTEM,
        built_in: include_str!("../../../prompts/system.txt.tera"),
        needs: &[],
        may_use: &[],
    },
    Declared {
        name: QUESTION,
        built_in: include_str!("../../../prompts/question.txt.tera"),
        needs: &["fence", "question", "passages"],
        may_use: &[],
    },
    Declared {
        name: RESULT,
        built_in: include_str!("../../../prompts/result.txt.tera"),
        needs: &["fence", "passages"],
        may_use: &["summary"],
    },
    Declared {
        name: REWRITE,
        built_in: include_str!("../../../prompts/rewrite.txt.tera"),
        needs: &["fence", "question", "turns"],
        may_use: &[],
    },
];

/// The prompt templates: `system.txt.tera` (the rules), `question.txt.tera` (a question with its passages),
/// `result.txt.tera` (what a tool brought) and `rewrite.txt.tera` (a question that goes on with a conversation).
#[derive(Debug, Clone)]
pub struct Prompts {
    tera: Tera,
    hash: String,
}

/// Why prompt templates cannot be used. `Display` names the file and what is wrong with it.
#[derive(Debug, thiserror::Error)]
pub enum PromptsError {
    /// A file could not be read.
    #[error("the prompt `{0}` cannot be read")]
    Unreadable(String, #[source] std::io::Error),
    /// A template is wrong.
    #[error("the prompt templates are not valid: {0}")]
    Invalid(String),
}

#[derive(Serialize)]
struct PassageContext<'a> {
    number: usize,
    source: &'a str,
    path: String,
    start_line: u32,
    end_line: u32,
    breadcrumb: String,
    text: &'a str,
}

impl Prompts {
    /// The templates that are built into the program, with those files of `folder` that carry the same name in
    /// their place, checked so that a mistake shows at start and not at the first question.
    pub fn load(folder: Option<&Path>) -> Result<Prompts, PromptsError> {
        Prompts::parse(&read(folder)?)
    }

    /// The templates of these texts, in the order of [`DECLARED`].
    pub(crate) fn parse(texts: &[String]) -> Result<Prompts, PromptsError> {
        let mut tera = Tera::default();
        let mut hasher = blake3::Hasher::new();
        for (declared, text) in DECLARED.iter().zip(texts) {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
            tera.add_raw_template(declared.name, text)
                .map_err(|error| PromptsError::Invalid(chain(&error)))?;
            declared.check(&tera)?;
        }
        let prompts = Prompts {
            tera,
            hash: hasher.finalize().to_hex()[..16].to_owned(),
        };
        let sample = [PassageContext {
            number: 1,
            source: "source",
            path: "path".to_owned(),
            start_line: 1,
            end_line: 1,
            breadcrumb: "heading".to_owned(),
            text: "text",
        }];
        for passages in [&sample[..], &[]] {
            prompts.messages("a question", passages, "=== fence ===")?;
            prompts.result_text("a summary", passages, "=== fence ===")?;
        }
        let turn = Earlier {
            question: "a question".to_owned(),
            answer: "an answer".to_owned(),
            ..Earlier::default()
        };
        prompts.render_rewrite("another", &[turn], "=== fence ===")?;
        Ok(prompts)
    }

    /// A short hash of the templates, recorded with each answer.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The messages for a question, with what is `shown` of `passages`. `fence` is a line that no passage can hold: it is made
    /// anew for each request.
    pub(crate) fn render(
        &self,
        question: &str,
        passages: &[ScoredPassage],
        shown: &[Shown],
        fence: &str,
    ) -> Result<Vec<Message>, PromptsError> {
        self.messages(question, &contexts(passages, shown, 0), fence)
    }

    /// What a tool brought: passages, the first of which is the one with the number `before` + 1.
    pub(crate) fn render_result(
        &self,
        summary: &str,
        passages: &[ScoredPassage],
        before: usize,
        fence: &str,
    ) -> Result<String, PromptsError> {
        let shown = whole(passages);
        self.result_text(
            &visible(summary),
            &contexts(passages, &shown, before),
            fence,
        )
    }

    /// The message that has a question rewritten by the turns before it.
    pub(crate) fn render_rewrite(
        &self,
        question: &str,
        turns: &[Earlier],
        fence: &str,
    ) -> Result<Vec<Message>, PromptsError> {
        let mut context = Context::new();
        context.insert("fence", fence);
        context.insert("question", question);
        context.insert("turns", turns);
        Ok(vec![Message {
            role: Role::User,
            content: self.text(REWRITE, &context)?,
        }])
    }

    fn messages(
        &self,
        question: &str,
        passages: &[PassageContext<'_>],
        fence: &str,
    ) -> Result<Vec<Message>, PromptsError> {
        let mut context = Context::new();
        context.insert("fence", fence);
        context.insert("question", question);
        context.insert("passages", passages);
        // The system message is the same for every question, byte for byte: nothing that was read can change it.
        Ok(vec![
            Message {
                role: Role::System,
                content: self.text(SYSTEM, &Context::new())?,
            },
            Message {
                role: Role::User,
                content: self.text(QUESTION, &context)?,
            },
        ])
    }

    fn result_text(
        &self,
        summary: &str,
        passages: &[PassageContext<'_>],
        fence: &str,
    ) -> Result<String, PromptsError> {
        let mut context = Context::new();
        context.insert("fence", fence);
        context.insert("summary", summary);
        context.insert("passages", passages);
        self.text(RESULT, &context)
    }

    fn text(&self, name: &str, context: &Context) -> Result<String, PromptsError> {
        let text = self.tera.render(name, context);
        text.map_err(|error| PromptsError::Invalid(chain(&error)))
    }
}

impl Declared {
    /// Fails on variables that nobody sets, and on those that are missing.
    fn check(&self, tera: &Tera) -> Result<(), PromptsError> {
        let used: BTreeSet<&str> = tera
            .get_template_variables(self.name)
            .map_err(|error| PromptsError::Invalid(chain(&error)))?
            .into_iter()
            .collect();
        let declared: BTreeSet<&str> = self.needs.iter().chain(self.may_use).copied().collect();
        if let Some(unknown) = used.difference(&declared).next() {
            let declared: Vec<&str> = declared.iter().copied().collect();
            let there_are = match declared.as_slice() {
                [] => "it is given none".to_owned(),
                names => format!("there are `{}`", names.join("`, `")),
            };
            return Err(PromptsError::Invalid(format!(
                "`{}` uses the variable `{unknown}`: {there_are}",
                self.name
            )));
        }
        match self.needs.iter().find(|name| !used.contains(*name)) {
            None => Ok(()),
            Some(missing) => Err(PromptsError::Invalid(format!(
                "`{}` does not use the variable `{missing}`, without which it asks nothing sensible",
                self.name
            ))),
        }
    }
}

/// The texts of the templates, in the order of [`DECLARED`].
pub(crate) fn read(folder: Option<&Path>) -> Result<Vec<String>, PromptsError> {
    let text = |declared: &Declared| {
        let file = folder
            .map(|folder| folder.join(declared.name))
            .filter(|file| file.is_file());
        match file {
            Some(file) => std::fs::read_to_string(&file)
                .map_err(|error| PromptsError::Unreadable(file.display().to_string(), error)),
            None => Ok(declared.built_in.to_owned()),
        }
    };
    DECLARED.iter().map(text).collect()
}

fn contexts<'a>(
    passages: &'a [ScoredPassage],
    shown: &'a [Shown],
    before: usize,
) -> Vec<PassageContext<'a>> {
    let of = |shown: &'a Shown| {
        let passage = &passages[shown.index].passage;
        PassageContext {
            number: before + shown.index + 1,
            source: &passage.evidence.source,
            path: in_one_line(&passage.evidence.path),
            start_line: shown.lines.start,
            end_line: shown.lines.end,
            breadcrumb: in_one_line(&passage.breadcrumb.join(" > ")),
            text: &shown.text,
        }
    };
    shown.iter().map(of).collect()
}

/// What stands on the fence line itself: without line ends and other control characters, which a path may have.
fn in_one_line(text: &str) -> String {
    let plain = |c: char| {
        if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
            ' '
        } else {
            c
        }
    };
    visible(text).chars().map(plain).collect()
}

/// The text without characters that a person does not see and a model does: zero-width characters, direction marks,
/// tag characters, soft hyphens, variation selectors.
pub(crate) fn visible(text: &str) -> String {
    text.chars()
        .filter(|c| {
            !matches!(
                u32::from(*c),
                0x00AD | 0x180E | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x2064 | 0x2066..=0x206F
                    | 0xFE00..=0xFE0F | 0xFEFF | 0xE0000..=0xE01EF
            )
        })
        .collect()
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_prompts_render() {
        let prompts = Prompts::load(None).expect("the built-in prompts are valid");
        let messages = prompts
            .render("who owns it?", &[], &[], "=== 1f ===")
            .expect("they render");
        assert_eq!(messages[0].role, Role::System);
        assert!(
            messages[1]
                .content
                .starts_with("The fence line is: === 1f ===")
        );
        assert!(messages[1].content.ends_with("Question: who owns it?\n"));
    }

    #[test]
    fn a_prompt_with_an_unknown_variable_is_refused_at_start() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join(QUESTION), "{{ quesion }}").expect("a file");
        let error = Prompts::load(Some(folder.path())).expect_err("the template is refused");
        assert!(error.to_string().contains("quesion"), "{error}");
    }

    #[test]
    fn a_prompt_uses_what_is_declared_and_leaves_out_nothing_that_it_needs() {
        let all = "{{ fence }}{{ question }}{% for p in passages %}{{ p.text }}{% endfor %}";
        for (name, text, expect) in [
            (QUESTION, all.to_owned(), ""),
            (
                QUESTION,
                all.replace("{{ question }}", ""),
                "does not use the variable `question`",
            ),
            (QUESTION, all.replace("{{ fence }}", ""), "`fence`"),
            (
                QUESTION,
                format!("{all}{{% if false %}}{{{{ person }}}}{{% endif %}}"),
                "`person`",
            ),
            (QUESTION, all.replace("p.text", "p.txt"), "txt"),
            (QUESTION, all.replace("endfor", "endfr"), "endfr"),
            (SYSTEM, "{{ question }}".to_owned(), "it is given none"),
            (RESULT, "{{ fence }}".to_owned(), "`passages`"),
        ] {
            let folder = tempfile::tempdir().expect("a temporary folder");
            std::fs::write(folder.path().join(name), &text).expect("a file");
            match Prompts::load(Some(folder.path())) {
                Ok(_) => assert!(expect.is_empty(), "{text} is accepted"),
                Err(error) => {
                    let error = error.to_string();
                    assert!(
                        !expect.is_empty() && error.contains(expect),
                        "{text}: {error}"
                    );
                }
            }
        }
    }

    #[test]
    fn invisible_characters_go() {
        assert_eq!(visible("a\u{200B}b\u{E0041}c\u{202E}d"), "abcd");
    }
}
