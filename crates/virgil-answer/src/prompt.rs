//! Prompts: Tera templates from files, checked when they are loaded.

use std::path::Path;

use serde::Serialize;
use tera::{Context, Tera};
use virgil_gateway::{Message, Role};

use crate::retrieve::ScoredPassage;

const SYSTEM: &str = "system.txt.tera";
const QUESTION: &str = "question.txt.tera";
const BUILT_IN: [(&str, &str); 2] = [
    (SYSTEM, include_str!("../../../prompts/system.txt.tera")),
    (QUESTION, include_str!("../../../prompts/question.txt.tera")),
];

/// The prompt templates. `system.txt.tera` may use nothing; `question.txt.tera` may use `fence`, `question` and `passages` (each with `number`, `source`, `path`, `start_line`, `end_line`, `breadcrumb`, `text`).
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
    path: &'a str,
    start_line: u32,
    end_line: u32,
    breadcrumb: String,
    text: String,
}

impl Prompts {
    /// The templates that are built into the program, with those files of `folder` that carry the same name in
    /// their place. Renders each once, so that a mistake shows at start and not at the first question.
    pub fn load(folder: Option<&Path>) -> Result<Prompts, PromptsError> {
        let mut tera = Tera::default();
        let mut hasher = blake3::Hasher::new();
        for (name, built_in) in BUILT_IN {
            let file = folder
                .map(|folder| folder.join(name))
                .filter(|file| file.is_file());
            let text = match file {
                Some(file) => std::fs::read_to_string(&file)
                    .map_err(|error| PromptsError::Unreadable(file.display().to_string(), error))?,
                None => built_in.to_owned(),
            };
            hasher.update(text.as_bytes());
            tera.add_raw_template(name, &text)
                .map_err(|error| PromptsError::Invalid(chain(&error)))?;
        }
        let prompts = Prompts {
            tera,
            hash: hasher.finalize().to_hex()[..16].to_owned(),
        };
        prompts.render("a question", &[], "=== fence ===")?;
        Ok(prompts)
    }

    /// A short hash of the templates, recorded with each answer.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The messages for a question. `fence` is a line that no passage can hold: it is made anew for each request.
    pub(crate) fn render(
        &self,
        question: &str,
        passages: &[ScoredPassage],
        fence: &str,
    ) -> Result<Vec<Message>, PromptsError> {
        let passages: Vec<PassageContext<'_>> = passages
            .iter()
            .enumerate()
            .map(|(index, scored)| {
                let passage = &scored.passage;
                PassageContext {
                    number: index + 1,
                    source: &passage.evidence.source,
                    path: &passage.evidence.path,
                    start_line: passage.evidence.lines.start,
                    end_line: passage.evidence.lines.end,
                    breadcrumb: visible(&passage.breadcrumb.join(" > ")),
                    text: visible(&passage.text),
                }
            })
            .collect();
        let mut context = Context::new();
        context.insert("fence", fence);
        context.insert("question", question);
        context.insert("passages", &passages);
        let render = |name: &str, context: &Context| {
            self.tera
                .render(name, context)
                .map_err(|error| PromptsError::Invalid(chain(&error)))
        };
        // The system message is the same for every question, byte for byte: nothing that was read can change it.
        Ok(vec![
            Message {
                role: Role::System,
                content: render(SYSTEM, &Context::new())?,
            },
            Message {
                role: Role::User,
                content: render(QUESTION, &context)?,
            },
        ])
    }
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
            .render("who owns it?", &[], "=== 1f ===")
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
    fn invisible_characters_go() {
        assert_eq!(visible("a\u{200B}b\u{E0041}c\u{202E}d"), "abcd");
    }
}
