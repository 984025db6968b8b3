//! What principals may spend on language models, whatever the gateway allows.
//!
//! Before a call its most is reserved: the prompt at one token for two bytes, which is more than the tokenizers of common
//! models make of text, and the longest answer that the model may give. Afterwards what was spent takes its place: the tokens
//! that the gateway reports, at the configured prices where there are any. What it does not report counts as the most.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use virgil_gateway::{ChatRequest, Usage};
use virgil_store::{Overspent, Period, Reservation, Spending, SpendingLimits, Store};

use crate::guide::AskError;
use crate::models::{ModelChoice, Prices};

/// The fewest bytes of text that a token stands for.
const BYTES_PER_TOKEN: u64 = 2;

/// Who may spend how much.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Budgets {
    /// For everyone who is not named otherwise.
    pub default: SpendingLimits,
    /// By group. Whoever is in several may spend the most that one of them allows, limit by limit.
    pub groups: BTreeMap<String, SpendingLimits>,
    /// By principal; these go before those of groups.
    pub principals: BTreeMap<String, SpendingLimits>,
}

impl Budgets {
    /// How much `principal`, who is in `groups`, may spend.
    pub fn limits(&self, principal: &str, groups: &[String]) -> SpendingLimits {
        if let Some(limits) = self.principals.get(principal) {
            return *limits;
        }
        let of_groups = groups.iter().filter_map(|group| self.groups.get(group));
        of_groups.copied().reduce(wider).unwrap_or(self.default)
    }

    fn is_empty(&self) -> bool {
        self.default.is_unlimited() && self.groups.is_empty() && self.principals.is_empty()
    }

    /// How much `principal` may spend, by its groups in the store.
    pub(crate) async fn of(
        &self,
        store: &Store,
        principal: &str,
    ) -> anyhow::Result<SpendingLimits> {
        if self.is_empty() {
            return Ok(SpendingLimits::default());
        }
        let groups = store
            .groups_of(principal)
            .await
            .context("the groups cannot be read")?;
        Ok(self.limits(principal, &groups))
    }
}

fn wider(one: SpendingLimits, other: SpendingLimits) -> SpendingLimits {
    let wider = |one: Option<u64>, other: Option<u64>| Some(one?.max(other?));
    SpendingLimits {
        tokens_per_day: wider(one.tokens_per_day, other.tokens_per_day),
        tokens_per_month: wider(one.tokens_per_month, other.tokens_per_month),
        nano_usd_per_day: wider(one.nano_usd_per_day, other.nano_usd_per_day),
        nano_usd_per_month: wider(one.nano_usd_per_month, other.nano_usd_per_month),
    }
}

/// Why nothing more may be spent now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct BudgetError {
    detail: String,
    /// When asking is of use again.
    pub retry_after: Duration,
}

/// The purse of one principal.
pub(crate) struct Purse<'a> {
    pub(crate) store: &'a Store,
    pub(crate) principal: &'a str,
    pub(crate) limits: SpendingLimits,
}

impl Purse<'_> {
    /// Reserves the most that a call may cost.
    pub(crate) async fn reserve(
        &self,
        model: &ModelChoice,
        request: &ChatRequest,
    ) -> Result<Reservation, AskError> {
        let now = Timestamp::now();
        if self.limits.is_unlimited() {
            // Nothing is written before the question is on its way.
            let nothing = Reservation::of_nothing(self.principal, now);
            return Ok(nothing.context("the budget cannot be read")?);
        }
        let most = cost(
            model.prices,
            prompt_tokens(request),
            u64::from(request.max_tokens),
        );
        let reserved = self
            .store
            .reserve(self.principal, most, &self.limits, now)
            .await
            .context("the budget cannot be read")?;
        reserved.map_err(|over| AskError::Budget(refusal(self.principal, &over, &self.limits, now)))
    }

    /// Puts what was spent in the place of what was reserved.
    pub(crate) async fn settle(
        &self,
        reservation: &Reservation,
        spent: Spending,
    ) -> Result<(), AskError> {
        let settled = self.store.settle(reservation, spent).await;
        Ok(settled.context("the budget cannot be written")?)
    }
}

/// The most tokens that the prompt of a request may have.
fn prompt_tokens(request: &ChatRequest) -> u64 {
    let messages = request.messages.iter().map(|message| message.content.len());
    let rounds = request.rounds.iter().map(|round| {
        let calls = round.calls.iter().map(|(call, result)| {
            call.id.len() + call.name.len() + call.arguments.len() + result.len()
        });
        round.text.len() + calls.sum::<usize>()
    });
    let tools = request
        .tools
        .iter()
        .map(|tool| tool.name.len() + tool.description.len() + tool.parameters.to_string().len());
    let bytes: usize = messages.chain(rounds).chain(tools).sum();
    tokens_of(bytes)
}

/// The most tokens of so many bytes of text.
fn tokens_of(bytes: usize) -> u64 {
    (bytes as u64).div_ceil(BYTES_PER_TOKEN)
}

fn cost(prices: Option<Prices>, prompt: u64, completion: u64) -> Spending {
    let usd = prices.map_or(0.0, |prices| {
        (prompt as f64 * prices.prompt_usd + completion as f64 * prices.completion_usd) / 1e6
    });
    Spending {
        tokens: prompt.saturating_add(completion),
        nano_usd: nano(usd),
    }
}

/// US dollars in billionths, rounded up; what is no amount is none.
fn nano(usd: f64) -> u64 {
    // The cast saturates.
    (usd * 1e9).ceil().max(0.0) as u64
}

/// The usage with its cost: as the gateway reports it, or by the configured prices. LiteLLM, for one, reports the cost of a
/// streamed answer only if it is told to (`include_cost_in_streaming_usage`).
pub(crate) fn priced(model: &ModelChoice, mut usage: Usage) -> Usage {
    if let (None, Some(prices), Some(prompt), Some(completion)) = (
        usage.cost_usd,
        model.prices,
        usage.prompt_tokens,
        usage.completion_tokens,
    ) {
        let nano_usd = cost(Some(prices), prompt, completion).nano_usd;
        usage.cost_usd = Some(nano_usd as f64 / 1e9);
    }
    usage
}

/// What an answer with that usage cost, of which `text_bytes` came.
pub(crate) fn spent(
    model: &ModelChoice,
    request: &ChatRequest,
    usage: &Usage,
    text_bytes: usize,
) -> Spending {
    let prompt = usage
        .prompt_tokens
        .unwrap_or_else(|| prompt_tokens(request));
    let completion = usage
        .completion_tokens
        .unwrap_or_else(|| tokens_of(text_bytes));
    let mut spending = cost(model.prices, prompt, completion);
    if model.prices.is_none() {
        spending.nano_usd = nano(usage.cost_usd.unwrap_or_default());
    }
    spending
}

fn refusal(
    principal: &str,
    over: &Overspent,
    limits: &SpendingLimits,
    now: Timestamp,
) -> BudgetError {
    let (period, tokens, nano_usd) = match over.period {
        Period::Day => ("today", limits.tokens_per_day, limits.nano_usd_per_day),
        Period::Month => (
            "this month",
            limits.tokens_per_month,
            limits.nano_usd_per_month,
        ),
    };
    let usd = |nano: u64| nano as f64 / 1e9;
    let mut of = Vec::new();
    if let Some(limit) = tokens {
        of.push(format!("{} of {limit} tokens", over.spent.tokens));
    }
    if let Some(limit) = nano_usd {
        of.push(format!(
            "{:.4} of {:.2} US dollars",
            usd(over.spent.nano_usd),
            usd(limit)
        ));
    }
    let wait = over.renewed_at.duration_since(now);
    BudgetError {
        detail: format!(
            "the budget of `{principal}` does not allow this question: {} are spent or reserved {period}. Search works without; ask again after {}, or ask who runs Virgil for more",
            of.join(" and "),
            over.renewed_at.strftime("%Y-%m-%d %H:%M UTC"),
        ),
        retry_after: Duration::try_from(wait)
            .unwrap_or_default()
            .max(Duration::from_secs(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(tokens_per_day: Option<u64>, nano_usd_per_day: Option<u64>) -> SpendingLimits {
        SpendingLimits {
            tokens_per_day,
            nano_usd_per_day,
            ..SpendingLimits::default()
        }
    }

    #[test]
    fn the_nearest_budget_counts() {
        let budgets = Budgets {
            default: limits(Some(10), None),
            groups: BTreeMap::from([
                ("risk".to_owned(), limits(Some(20), Some(1))),
                ("growth".to_owned(), limits(Some(30), None)),
            ]),
            principals: BTreeMap::from([("ada".to_owned(), limits(Some(5), None))]),
        };
        let of = |principal: &str, groups: &[&str]| {
            let groups: Vec<String> = groups.iter().map(|group| (*group).to_owned()).collect();
            budgets.limits(principal, &groups)
        };
        assert_eq!(of("ada", &["risk"]), limits(Some(5), None));
        assert_eq!(of("bob", &["risk"]), limits(Some(20), Some(1)));
        assert_eq!(of("bob", &["risk", "growth", "x"]), limits(Some(30), None));
        assert_eq!(of("bob", &["x"]), limits(Some(10), None));
    }

    #[test]
    fn what_a_gateway_does_not_report_counts_as_the_most() {
        let model = |prices| ModelChoice {
            name: "small".into(),
            gateway_names: vec!["small".into()],
            max_tokens: 100,
            tools: false,
            prices,
        };
        let request = ChatRequest {
            models: Vec::new(),
            messages: vec![virgil_gateway::Message {
                role: virgil_gateway::Role::User,
                content: "x".repeat(1_000),
            }],
            rounds: Vec::new(),
            tools: Vec::new(),
            tool_choice: virgil_gateway::ToolChoice::Auto,
            max_tokens: 100,
            principal: "ada".into(),
        };
        let prices = Some(Prices {
            prompt_usd: 1.0,
            completion_usd: 2.0,
        });
        let silent = spent(&model(prices), &request, &Usage::default(), 40);
        assert_eq!((silent.tokens, silent.nano_usd), (520, 540_000));
        let usage = Usage {
            prompt_tokens: Some(300),
            completion_tokens: Some(10),
            cost_usd: Some(0.0),
            ..Usage::default()
        };
        let told = spent(&model(prices), &request, &usage, 40);
        assert_eq!(
            (told.tokens, told.nano_usd),
            (310, 320_000),
            "own prices go before a report"
        );
        let usage = Usage {
            cost_usd: Some(0.25),
            ..usage
        };
        assert_eq!(
            spent(&model(None), &request, &usage, 40).nano_usd,
            250_000_000
        );
    }
}
