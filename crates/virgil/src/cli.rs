//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// A guide to a company's platform: reads its repositories and documents, answers questions with citations.
#[derive(Debug, Parser)]
#[command(name = "virgil", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where Virgil keeps what it knows, and where its configuration is.
#[derive(Debug, Clone, Args)]
pub(crate) struct Place {
    /// The folder that holds everything Virgil knows
    #[arg(long, global = true, env = "VIRGIL_DATA_DIR", default_value = "data")]
    pub(crate) data_dir: PathBuf,
    /// The folder that holds the configuration [default: ingest-config, if it is there]
    #[arg(long, global = true, env = "VIRGIL_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Print JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Act with the access of these groups only, separated by commas
    #[arg(
        long = "as",
        global = true,
        value_delimiter = ',',
        value_name = "GROUPS"
    )]
    pub(crate) groups: Option<Vec<String>>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write an ingest-config/ to grow from
    Init(Init),
    /// Bring sources up to date: a path, a git URL, the name of a configured source, or all of them
    Ingest(Ingest),
    /// Ask a question
    Ask(Ask),
    /// Look up, export and delete conversations
    Conversations(Conversations),
    /// List the language models that may be chosen, and what is left to spend
    Models,
    /// Search the passages
    Search(Search),
    /// List what the platform states: models, datasets, pipelines, services, owners
    List(List),
    /// Follow the flow of data to or from one thing
    Lineage(Lineage),
    /// Answer a typed query exactly
    Query(Query),
    /// Measure how well questions with known answers are answered
    Eval(Eval),
    /// Run the server: chat page, HTTP API
    Serve(Serve),
    /// List the sources and how fresh they are
    Sources(Sources),
    /// Compare the vector index with the store
    Verify,
    /// Fill a new vector index from the store
    Rebuild,
    /// Say what is missing, and the command that brings it
    Doctor,
    /// Make an API key
    Keys,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The folder to write it in
    #[arg(default_value = ".")]
    pub(crate) folder: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Ingest {
    /// Paths, git URLs or names of configured sources; none means every source
    pub(crate) what: Vec<String>,
    /// The name to give to a path or URL [default: its last part]
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The environment variable that holds the token for a git URL
    #[arg(long, value_name = "VARIABLE")]
    pub(crate) token_env: Option<String>,
    /// The branch of a git repository
    #[arg(long)]
    pub(crate) branch: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Ask {
    /// The question
    #[arg(required = true)]
    pub(crate) question: Vec<String>,
    /// The language model that should answer (`virgil models` lists them)
    #[arg(long)]
    pub(crate) model: Option<String>,
    /// Keep the answer in a conversation, where a question may build on the one before: `new`, `last`, or an id
    #[arg(long, value_name = "ID")]
    pub(crate) conversation: Option<String>,
    /// Say how the question was read: names, readings, query, passages with scores
    #[arg(long)]
    pub(crate) explain: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Conversations {
    #[command(subcommand)]
    pub(crate) command: ConversationsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConversationsCommand {
    /// List them, the one that was used last first
    List {
        /// How many
        #[arg(long, short = 'n', default_value_t = 20)]
        limit: usize,
    },
    /// Show one: an id, or `last`
    Show {
        /// Its id, or `last`
        id: String,
    },
    /// Give one another title
    Rename {
        /// Its id, or `last`
        id: String,
        /// The title
        #[arg(required = true)]
        title: Vec<String>,
    },
    /// Delete for good
    Delete {
        /// Their ids, or `last`
        #[arg(required_unless_present = "all")]
        ids: Vec<String>,
        /// Every conversation
        #[arg(long, conflicts_with = "ids")]
        all: bool,
    },
    /// Write one to standard output, with its citations
    Export {
        /// Its id, or `last`
        id: String,
        /// As what
        #[arg(long, value_enum, default_value_t = ExportFormat::Markdown)]
        format: ExportFormat,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ExportFormat {
    Markdown,
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Search {
    /// What to look for
    #[arg(required = true)]
    pub(crate) query: Vec<String>,
    /// How many passages
    #[arg(long, short = 'n', default_value_t = 10)]
    pub(crate) limit: usize,
    /// Only passages of these sources
    #[arg(long, value_delimiter = ',')]
    pub(crate) source: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only of this kind, such as `model` or `dataset`
    pub(crate) kind: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Lineage {
    /// A name, a reference, or `kind:name`
    pub(crate) of: String,
    /// Where its data goes, instead of where it comes from
    #[arg(long)]
    pub(crate) downstream: bool,
    /// How many hops
    #[arg(long, default_value_t = 20)]
    pub(crate) depth: u32,
    /// `text`, `mermaid` or `dot`
    #[arg(long, default_value = "text")]
    pub(crate) format: String,
}

#[derive(Debug, Args)]
pub(crate) struct Query {
    /// The query as JSON, such as '{"set": {"all": ["dataset"]}}'
    pub(crate) query: String,
}

#[derive(Debug, Args)]
pub(crate) struct Eval {
    /// Files of questions with what is right (docs/evaluation.md says how they are written)
    #[arg(required_unless_present = "generate", conflicts_with = "generate")]
    pub(crate) files: Vec<PathBuf>,
    /// Ask only this half of questions that are split: `tune` or `held_out`
    #[arg(long, value_parser = split)]
    pub(crate) split: Option<virgil_eval::Split>,
    /// The language model that should answer (`virgil models` lists them)
    #[arg(long)]
    pub(crate) model: Option<String>,
    /// How many questions to ask at a time
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) concurrency: u16,
    /// Write the run to this file, to compare later ones with
    #[arg(long, value_name = "RUN.json")]
    pub(crate) save: Option<PathBuf>,
    /// Compare with a saved run; fails on a drop that is greater than allowed and not by chance
    #[arg(long, value_name = "RUN.json")]
    pub(crate) compare: Option<PathBuf>,
    /// How many points of a hundred a measure may drop against the saved run
    #[arg(
        long,
        value_name = "POINTS",
        default_value_t = 1.0,
        requires = "compare"
    )]
    pub(crate) allowed_drop: f64,
    /// Write a page with plots and everything to look at to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Ask nothing: print so many questions with known answers, made from what the platform states
    #[arg(long, value_name = "N", conflicts_with_all = ["split", "model", "save", "compare", "html"])]
    pub(crate) generate: Option<usize>,
    /// Which questions to make: the same number makes the same of the same platform
    #[arg(long, default_value_t = 1, requires = "generate")]
    pub(crate) seed: u64,
}

fn split(name: &str) -> Result<virgil_eval::Split, String> {
    virgil_eval::Split::from_name(name).ok_or_else(|| "there are `tune` and `held_out`".to_owned())
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The address to listen on; port 0 picks a free one [default: 127.0.0.1:8642]
    #[arg(long)]
    pub(crate) listen: Option<std::net::SocketAddr>,
}

#[derive(Debug, Args)]
pub(crate) struct Sources {
    /// Forget this source and everything that was read from it
    #[arg(long, value_name = "NAME")]
    pub(crate) remove: Option<String>,
    /// List what could not be read of this source, and why
    #[arg(long, value_name = "NAME")]
    pub(crate) problems: Option<String>,
}
