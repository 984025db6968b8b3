//! Which language models may be asked, and under which names.

use std::fmt;
use std::sync::Arc;

use virgil_gateway::ChatModel;

/// The language models that askers may choose among.
#[derive(Clone)]
pub struct Models {
    pub(crate) gateway: Arc<dyn ChatModel>,
    choices: Vec<ModelChoice>,
    default: usize,
}

/// A model that may be chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelChoice {
    /// What askers call it.
    pub name: String,
    /// What the gateway calls it, then what the gateway calls its fall-backs, in order.
    pub gateway_names: Vec<String>,
    /// The most tokens that an answer may have.
    pub max_tokens: u32,
    /// Whether it can call tools.
    pub tools: bool,
    /// What it costs, if that is known here.
    pub prices: Option<Prices>,
}

/// What a model costs, in US dollars for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prices {
    /// Of the prompt.
    pub prompt_usd: f64,
    /// Of the answer.
    pub completion_usd: f64,
}

/// A model that is not among those that may be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownModel {
    name: String,
    known: Vec<String>,
}

impl fmt::Display for UnknownModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.known.is_empty() {
            return write!(
                f,
                "the model `{}` cannot be chosen: no language model is configured",
                self.name
            );
        }
        write!(
            f,
            "the model `{}` is not among those that may be chosen: there are `{}`",
            self.name,
            self.known.join("`, `")
        )
    }
}

impl std::error::Error for UnknownModel {}

impl Models {
    /// The models behind `gateway`. Asked without a choice, the one called `default` answers; fails if there is none.
    pub fn new(
        gateway: Arc<dyn ChatModel>,
        choices: Vec<ModelChoice>,
        default: &str,
    ) -> Result<Models, UnknownModel> {
        let position = choices.iter().position(|choice| choice.name == default);
        let Some(position) = position else {
            return Err(unknown(default, &choices));
        };
        Ok(Models {
            gateway,
            choices,
            default: position,
        })
    }

    /// The models that may be chosen.
    pub fn choices(&self) -> &[ModelChoice] {
        &self.choices
    }

    /// The model that answers when none is chosen.
    pub fn default_choice(&self) -> &ModelChoice {
        &self.choices[self.default]
    }

    /// The model of that name, or the default one.
    pub(crate) fn choose(&self, name: Option<&str>) -> Result<&ModelChoice, UnknownModel> {
        let Some(name) = name else {
            return Ok(self.default_choice());
        };
        let found = self.choices.iter().find(|choice| choice.name == name);
        found.ok_or_else(|| unknown(name, &self.choices))
    }
}

/// The refusal of `name` where only `choices` may be chosen.
pub(crate) fn unknown(name: &str, choices: &[ModelChoice]) -> UnknownModel {
    UnknownModel {
        name: name.to_owned(),
        known: choices.iter().map(|choice| choice.name.clone()).collect(),
    }
}
