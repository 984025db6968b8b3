//! Answers that a language model writes, through a gateway that speaks the OpenAI protocol.

mod answers;
mod budgets;
mod cancel;
mod follow_ups;
mod hostile;
mod litellm;
mod proposals;
mod tools;

use crate::support::{Home, Repository};

const QUESTION: &str = "when is the orders table refreshed?";

/// A home that has read one document.
fn home() -> (Home, Repository) {
    let repository = Repository::with(&[(
        "docs/orders.md",
        "# Orders\n\nThe table `orders` is refreshed at 03:00 and owned by the shop team.\n",
    )]);
    let home = Home::new();
    home.ok(&["ingest", repository.place()]);
    (home, repository)
}
