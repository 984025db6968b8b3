//! The token formats of providers and services, as their own documentation describes them.
//!
//! A row says: rule name, provider, what the token is, its prefixes, and the parts after the prefix. Lengths are
//! ranges where a provider gives none or has changed it: a prefix that nobody else uses needs little more than a
//! plausible length, and a missed secret is worse than a replaced word. Further properties of a row:
//!
//! - `keep`: the prefix is a name or an address and stays;
//! - `lead`: characters before the anchor belong to the token too (the anchor stands in its middle);
//! - `weak`: the prefix is short or a common word, so the body must look random and have a digit;
//! - `crc`: the last six characters are the CRC-32 of the rest in base62. Right, it convinces even where the body looks like a
//!   placeholder; wrong, the body decides by its look alone, because a new variant of a token is likelier than luck;
//! - `near`: no prefix at all; the token counts only right behind one of these words, and a word such as `key`.

use crate::Rule;
use crate::shape::*;

/// One token format.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) rule: Rule,
    pub(crate) prefixes: &'static [&'static str],
    pub(crate) parts: &'static [Part],
    pub(crate) keep: bool,
    pub(crate) lead: Option<Lead>,
    pub(crate) weak: bool,
    pub(crate) crc: bool,
    pub(crate) near: &'static [&'static str],
}

/// The characters of a token that stand before its anchor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lead {
    pub(crate) of: Alphabet,
    pub(crate) least: usize,
    pub(crate) most: usize,
}

impl Row {
    const fn keep(mut self) -> Row {
        self.keep = true;
        self
    }

    const fn lead(mut self, of: Alphabet, least: usize, most: usize) -> Row {
        self.lead = Some(Lead { of, least, most });
        self
    }

    const fn weak(mut self) -> Row {
        self.weak = true;
        self
    }

    const fn crc(mut self) -> Row {
        self.crc = true;
        self
    }

    const fn near(mut self, words: &'static [&'static str]) -> Row {
        self.near = words;
        self
    }
}

macro_rules! table {
    ($($name:ident $provider:literal $what:literal [$($prefix:literal),*] $parts:expr $(, $more:ident ($($arg:expr),*))*;)*) => {
        /// Every row.
        pub(crate) static ROWS: &[Row] = &[$(Row {
            rule: Rule { name: stringify!($name), provider: $provider, what: $what },
            prefixes: &[$($prefix),*],
            parts: &$parts,
            keep: false,
            lead: None,
            weak: false,
            crc: false,
            near: &[],
        }$(.$more($($arg),*))*,)*];
    };
}

table! {
    // Clouds and their keys.
    aws_access_key_id "AWS" "access key id, long-lived or temporary" ["AKIA", "ASIA", "ABIA", "ACCA"] [Alphabet::of("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567").n(16)];
    aws_secret_access_key "AWS" "secret access key" [] [BASE64.n(40)], near(&["aws_secret", "secret_access_key", "secretaccesskey", "aws_sk", "secret_key", "secretkey", "secret key", "secret access key", "aws secret", "aws_access_key_secret"]);
    aws_session_token "AWS" "session token" [] [PADDED64.to(100, 2000)], near(&["session_token", "sessiontoken", "security_token", "security-token"]);
    aws_bedrock_key "AWS" "Bedrock API key" ["ABSK", "bedrock-api-key-"] [PADDED64.to(60, 400)];
    google_api_key "Google" "API key" ["AIza"] [URL64.n(35)];
    google_oauth_secret "Google" "OAuth client secret" ["GOCSPX-"] [URL64.to(24, 40)];
    google_oauth_token "Google" "OAuth access token" ["ya29."] [URL64.and(Alphabet::of(".")).to(30, 1200)];
    google_refresh_token "Google" "OAuth refresh token" ["1//0"] [URL64.to(40, 200)];
    google_signature "Google Cloud" "signature of a signed URL" ["X-Goog-Signature="] [HEX.to(64, 1024)], keep();
    firebase_server_key "Firebase" "Cloud Messaging server key" ["AAAA"] [URL64.n(7), text(":"), URL64.to(100, 200)];
    azure_storage_key "Azure" "storage account key" ["AccountKey="] [PADDED64.to(40, 100)], keep();
    azure_shared_access_key "Azure" "Service Bus, Event Hubs or IoT shared access key" ["SharedAccessKey="] [PADDED64.to(40, 100)], keep();
    azure_identifiable_key "Azure" "key with a service signature inside" ["+ASt", "+AEh", "+ASb", "+ABa", "+AMC", "+ACR", "AIoT", "ACDb"] [BASE64.to(4, 8), text("=")], lead(BASE64, 30, 80);
    azure_search_key "Azure" "AI Search key" ["AzSe"] [ALNUM.n(6)], lead(ALNUM, 42, 42);
    azure_function_key "Azure" "Functions key" ["AzFu"] [URL64.to(5, 8), text("==")], lead(URL64, 44, 44);
    azure_client_secret "Azure" "Entra ID client secret" ["Q~"] [ALNUM.and(Alphabet::of("_.~-")).to(31, 34)], lead(ALNUM.and(Alphabet::of("_.~-")), 3, 4);
    azure_sas_signature "Azure" "signature of a shared access signature" ["sig="] [QUERY.to(40, 120)], keep();
    azure_devops_token "Azure DevOps" "personal access token" ["AZDO"] [ALNUM.to(4, 8)], lead(ALNUM, 70, 80);
    azure_devops_legacy_token "Azure DevOps" "personal access token, older form" [] [BASE32.n(52)], near(&["azure_devops", "azuredevops", "azdo", "vsts", "system_accesstoken", "azure devops"]);
    azure_openai_key "Azure" "OpenAI or AI services key" [] [HEX.n(32)], near(&["azure_openai", "ocp-apim-subscription-key", "cognitive", "azureopenai", "azure openai"]);
    alibaba_access_key "Alibaba Cloud" "access key id" ["LTAI"] [ALNUM.to(12, 26)];
    tencent_secret_id "Tencent Cloud" "secret id" ["AKID"] [ALNUM.to(32, 40)];
    yandex_api_key "Yandex Cloud" "API key" ["AQVN"] [URL64.to(35, 40)];
    yandex_iam_token "Yandex Cloud" "IAM token" ["t1."] [URL64.to(20, 400), text("."), URL64.n(86)];
    yandex_oauth_token "Yandex" "OAuth token" ["y0_"] [URL64.to(30, 200)];
    ibm_cloud_key "IBM Cloud" "API key" [] [URL64.n(44)], near(&["ibm_cloud", "ibmcloud", "ibm cloud", "watson", "bluemix", "ic_api_key"]);
    digitalocean_token "DigitalOcean" "personal, OAuth or refresh token" ["dop_v1_", "doo_v1_", "dor_v1_"] [HEX.n(64)];
    linode_token "Linode" "personal access token" [] [HEX.n(64)], near(&["linode"]);
    hetzner_token "Hetzner Cloud" "API token" [] [ALNUM.n(64)], near(&["hcloud", "hetzner"]);
    vultr_key "Vultr" "API key" [] [UPPER36.n(36)], near(&["vultr"]);
    scaleway_access_key "Scaleway" "access key" ["SCW"] [UPPER36.n(17)], weak();
    upcloud_token "UpCloud" "API token" ["ucat_"] [ALNUM.to(20, 60)];
    cloudflare_token "Cloudflare" "user token, account token or global key" ["cfut_", "cfat_", "cfk_"] [ALNUM.to(40, 60)];
    cloudflare_origin_ca_key "Cloudflare" "origin CA key" ["v1.0-"] [HEX.n(24), text("-"), HEX.n(146)];
    cloudflare_legacy_key "Cloudflare" "token or global key without prefix" [] [URL64.to(37, 40)], near(&["cloudflare", "cf_api", "x-auth-key"]);
    fastly_token "Fastly" "API token" [] [URL64.n(32)], near(&["fastly"]);
    akamai_token "Akamai" "EdgeGrid client or access token" ["akab-"] [LOWER36.n(16), text("-"), LOWER36.n(16)];
    heroku_key "Heroku" "API key" ["HRKU-"] [URL64.to(36, 80)];
    heroku_legacy_key "Heroku" "API key without prefix" [] UUID, near(&["heroku"]);
    netlify_token "Netlify" "personal access token" ["nfp_"] [ALNUM.to(30, 60)];
    vercel_token "Vercel" "personal, integration, app or gateway token" ["vcp_", "vci_", "vca_", "vcr_", "vck_"] [ALNUM.to(20, 80)];
    fly_token "Fly.io" "access token" ["fm1r_", "fm2_", "fo1_"] [ANY64.to(40, 2000)];
    render_key "Render" "API key" ["rnd_"] [ALNUM.to(24, 40)];
    scalingo_token "Scalingo" "API token" ["tk-us-"] [URL64.to(40, 60)];
    deno_token "Deno Deploy" "personal or organisation token" ["ddp_", "ddo_", "ddw_"] [ALNUM.to(36, 40)];

    // Code hosts, builds and registries.
    github_token "GitHub" "personal, OAuth, user-to-server or refresh token" ["ghp_", "gho_", "ghu_", "ghr_"] [ALNUM.to(36, 255)], crc();
    github_app_token "GitHub" "installation token" ["ghs_"] [DOTTED.to(36, 2000)], crc();
    github_fine_grained_token "GitHub" "fine-grained personal access token" ["github_pat_"] [WORD.to(40, 255)];
    gitlab_token "GitLab" "personal, project or group access token" ["glpat-", "gloas-", "gldt-", "glrt-", "glrtr-", "glcbt-", "glptt-", "glft-", "glsoat-", "glffct-", "glwt-", "glimt-", "glagent-", "GR1348941"] [DOTTED.to(20, 320)];
    gitlab_session_cookie "GitLab" "session cookie" ["_gitlab_session="] [HEX.n(32)], keep();
    gitea_token "Gitea" "access token" [] [HEX.n(40)], near(&["gitea", "forgejo", "codeberg"]);
    bitbucket_token "Bitbucket" "app password" ["ATBB"] [ALNUM.to(28, 40)];
    atlassian_token "Atlassian" "API, access or Bitbucket token" ["ATATT3", "ATCTT3", "ATSTT3", "ATOTT3"] [ANY64.to(60, 300)];
    buildkite_token "Buildkite" "API or agent token" ["bkua_", "bkaj_", "bkct_"] [ALNUM.to(40, 60)];
    circleci_token "CircleCI" "personal or project token" ["CCIPAT_", "CCIPRJ_"] [BASE58.to(20, 24), text("_"), HEX.n(40)];
    travis_token "Travis CI" "access token" [] [URL64.to(20, 22)], near(&["travis_token", "travis_api", "travis token", "travis-token"]);
    drone_token "Drone" "access token" [] [ALNUM.n(32)], near(&["drone_token", "drone_rpc_secret", "drone token"]);
    harness_token "Harness" "personal or service account token" ["pat.", "sat."] [URL64.n(22), text("."), HEX.n(24), text("."), ALNUM.n(20)];
    octopus_key "Octopus Deploy" "API key" ["API-"] [UPPER36.to(25, 34)], weak();
    npm_token "npm" "access token" ["npm_"] [ALNUM.n(36)], crc();
    npmrc_auth "npm" "`_authToken`, `_auth` or `_password` of an `.npmrc`" ["_authToken=", "_auth=", "_password="] [ANY64.and(Alphabet::of(".")).to(10, 500)], keep();
    pypi_token "PyPI" "upload token" ["pypi-AgEIcHlwaS5vcmc", "pypi-AgENdGVzdC5weXBpLm9yZw"] [URL64.to(50, 1000)];
    cargo_registry_token "Cargo registry" "API token" ["cio"] [ALNUM.n(32)], weak();
    rubygems_key "RubyGems" "API key" ["rubygems_"] [HEX.n(48)];
    nuget_key "NuGet" "API key" ["oy2"] [LOWER36.n(43)];
    clojars_token "Clojars" "deploy token" ["CLOJARS_"] [HEX.n(60)];
    hex_pm_key "Hex.pm" "API key" [] [HEX.n(32)], near(&["hex_api_key", "hex_api_write"]);
    docker_hub_token "Docker Hub" "personal or organisation access token" ["dckr_pat_", "dckr_oat_"] [URL64.to(24, 40)];
    artifactory_token "JFrog" "API key, reference or identity token" ["AKCp", "cmVmdGtu"] [ALNUM.to(50, 80)];
    sourcegraph_token "Sourcegraph" "access token" ["sgp_", "sgd_", "sgs_"] [WORD.to(40, 90)];
    sonar_token "SonarQube" "user, project or global analysis token" ["sqp_", "squ_", "sqa_"] [HEX.n(40)];
    codecov_token "Codecov" "upload token" [] UUID, near(&["codecov"]);
    snyk_token "Snyk" "API token" [] UUID, near(&["snyk"]);
    snyk_access_token "Snyk" "personal or service access token" ["snyk_uat.", "snyk_sat."] [DOTTED.to(40, 300)];
    semgrep_token "Semgrep" "app token" [] [HEX.n(64)], near(&["semgrep"]);
    stackhawk_key "StackHawk" "API key" ["hawk."] [URL64.n(20), text("."), URL64.n(20)];
    codeclimate_token "Code Climate" "reporter id" [] [HEX.n(64)], near(&["cc_test_reporter", "codeclimate"]);
    postman_key "Postman" "API key" ["PMAK-"] [HEX.n(24), text("-"), HEX.n(34)];
    readme_key "ReadMe" "API key" ["rdme_"] [LOWER36.to(60, 80)];

    // Chat, office and webhooks.
    slack_token "Slack" "bot, user, app, workflow or legacy token" ["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxo-", "xoxc-", "xoxd-", "xwfp-", "xoxe-", "xoxe."] [ALNUM.and(Alphabet::of("-.%")).to(20, 500)];
    slack_app_token "Slack" "app-level token" ["xapp-"] [DIGIT.to(1, 2), text("-"), UPPER36.to(6, 20), text("-"), DIGIT.to(6, 20), text("-"), ALNUM.to(30, 100)];
    slack_webhook "Slack" "incoming webhook" ["hooks.slack.com/services/", "hooks.slack.com/workflows/", "hooks.slack.com/triggers/"] [UPPER36.to(6, 16), text("/"), ALNUM.to(6, 24), text("/"), ALNUM.and(Alphabet::of("/")).to(20, 80)], keep();
    discord_webhook "Discord" "webhook" ["discord.com/api/webhooks/", "discordapp.com/api/webhooks/"] [DIGIT.to(15, 22), text("/"), URL64.to(50, 100)], keep();
    discord_bot_token "Discord" "bot token" [] [URL64.to(23, 28), text("."), URL64.n(6), text("."), URL64.to(27, 45)], near(&["discord", "bot_token", "bot token"]);
    teams_webhook "Microsoft Teams" "incoming webhook" [".webhook.office.com/webhookb2/"] [HEX.and(Alphabet::of("-@")).to(36, 80), text("/IncomingWebhook/"), ALNUM.and(Alphabet::of("-/")).to(32, 160)], keep();
    google_chat_webhook "Google Chat" "webhook" ["chat.googleapis.com/v1/spaces/"] [URL64.to(6, 20), text("/messages?key="), QUERY.and(Alphabet::of("&")).to(30, 300)], keep();
    zapier_webhook "Zapier" "catch hook" ["hooks.zapier.com/hooks/catch/"] [DIGIT.to(4, 12), text("/"), LOWER36.to(5, 12)], keep();
    ifttt_webhook "IFTTT" "webhook key" ["maker.ifttt.com/use/"] [URL64.to(20, 50)], keep();
    telegram_bot_token "Telegram" "bot token" [":AA"] [URL64.n(33)], lead(DIGIT, 8, 10);
    notion_token "Notion" "integration token" ["ntn_"] [ALNUM.n(46)];
    notion_legacy_token "Notion" "integration token, older form" ["secret_"] [ALNUM.n(43)], weak();
    airtable_token "Airtable" "personal access token" ["pat"] [ALNUM.n(14), text("."), HEX.n(64)];
    airtable_legacy_key "Airtable" "API key" ["key"] [ALNUM.n(14)], weak(), near(&["airtable"]);
    asana_token "Asana" "personal access token" ["1/", "2/"] [DIGIT.to(10, 20), Part::Run { of: Alphabet::of("/0123456789"), least: 0, most: 24 }, text(":"), HEX.n(32)];
    linear_key "Linear" "API key or OAuth token" ["lin_api_", "lin_oauth_"] [ALNUM.to(32, 80)];
    figma_token "Figma" "personal access or OAuth token" ["figd_", "figu_", "figo_", "figor_"] [URL64.to(36, 60)];
    trello_token "Trello" "API token" ["ATTA"] [HEX_ANY.n(72)];
    clickup_token "ClickUp" "personal token" ["pk_"] [DIGIT.to(5, 10), text("_"), UPPER36.n(32)];
    typeform_token "Typeform" "personal access token" ["tfp_"] [DOTTED.to(40, 80)];
    contentful_token "Contentful" "personal access token" ["CFPAT-"] [URL64.to(40, 60)];
    dropbox_token "Dropbox" "access token" ["sl.u.", "sl.B", "sl.A"] [URL64.to(100, 2000)];
    box_token "Box" "developer token" [] [ALNUM.n(32)], near(&["box_developer", "box_client_secret", "box_token", "box token"]);
    frameio_token "Frame.io" "API token" ["fio-u-"] [URL64.to(60, 80)];
    miro_token "Miro" "access token" ["eyJtaXJv"] [DOTTED.to(30, 200)];
    intercom_token "Intercom" "access token" ["dG9rO"] [PADDED64.to(50, 80)];
    zendesk_token "Zendesk" "API token" [] [ALNUM.n(40)], near(&["zendesk"]);
    hubspot_token "HubSpot" "private app token" ["pat-na1-", "pat-na2-", "pat-eu1-", "pat-ap1-"] UUID;
    salesforce_token "Salesforce" "session or access token" ["00D"] [ALNUM.to(12, 15), text("!"), ALNUM.and(Alphabet::of("._")).to(60, 140)];
    docusign_token "DocuSign" "integration secret" [] UUID, near(&["docusign"]);

    // Language models and machine learning.
    anthropic_key "Anthropic" "API, admin or OAuth key" ["sk-ant-"] [URL64.to(40, 140)];
    openai_key "OpenAI" "project, service account or admin key" ["sk-proj-", "sk-svcacct-", "sk-admin-", "sk-None-"] [URL64.to(40, 220)];
    openai_legacy_key "OpenAI and compatible" "user key" ["sk-"] [ALNUM.to(32, 64)], weak();
    openrouter_key "OpenRouter" "API key" ["sk-or-v1-"] [HEX.n(64)];
    langfuse_key "Langfuse" "secret or public key" ["sk-lf-", "pk-lf-"] UUID;
    litellm_key "LiteLLM" "virtual key" ["sk-"] [URL64.n(22)], weak();
    hugging_face_token "Hugging Face" "user or organisation token" ["hf_", "api_org_"] [ALNUM.to(34, 40)];
    replicate_token "Replicate" "API token" ["r8_"] [ALNUM.to(37, 40)];
    groq_key "Groq" "API key" ["gsk_"] [ALNUM.to(48, 56)];
    perplexity_key "Perplexity" "API key" ["pplx-"] [ALNUM.to(40, 56)];
    xai_key "xAI" "API key" ["xai-"] [ALNUM.to(70, 90)];
    together_key "Together AI" "API key" ["tgp_v1_"] [URL64.to(40, 60)];
    fireworks_key "Fireworks AI" "API key" ["fw_"] [ALNUM.to(22, 28)], weak();
    nvidia_key "NVIDIA" "NIM or NGC API key" ["nvapi-"] [URL64.to(50, 90)];
    cerebras_key "Cerebras" "API key" ["csk-"] [LOWER36.to(40, 60)];
    cohere_key "Cohere" "API key" [] [ALNUM.n(40)], near(&["cohere", "co_api_key"]);
    mistral_key "Mistral AI" "API key" [] [ALNUM.n(32)], near(&["mistral"]);
    deepgram_key "Deepgram" "API key" [] [HEX.n(40)], near(&["deepgram"]);
    assemblyai_key "AssemblyAI" "API key" [] [HEX.n(32)], near(&["assemblyai", "assembly_ai"]);
    elevenlabs_key "ElevenLabs" "API key" ["sk_"] [HEX.n(48)];
    voyage_key "Voyage AI" "API key" ["pa-"] [URL64.n(43)], weak();
    jina_key "Jina AI" "API key" ["jina_"] [URL64.to(50, 70)];
    tavily_key "Tavily" "API key" ["tvly-"] [URL64.to(28, 60)];
    firecrawl_key "Firecrawl" "API key" ["fc-"] [HEX.n(32)];
    e2b_key "E2B" "API key" ["e2b_"] [HEX.n(40)];
    runpod_key "RunPod" "API key" ["rpa_"] [UPPER36.and(LOWER).to(40, 60)];
    modal_token "Modal" "token id or secret" ["ak-", "as-"] [ALNUM.n(22)], weak();
    anyscale_key "Anyscale" "endpoint key" ["esecret_"] [ALNUM.to(24, 40)];
    apify_token "Apify" "API token" ["apify_api_"] [ALNUM.to(34, 40)];
    kaggle_token "Kaggle" "API token" ["KGAT_"] [HEX.n(32)];
    kaggle_legacy_key "Kaggle" "API key" [] [HEX.n(32)], near(&["kaggle"]);
    langsmith_key "LangSmith" "personal or service key" ["lsv2_pt_", "lsv2_sk_"] [HEX.n(32), text("_"), HEX.n(10)];
    pinecone_key "Pinecone" "API key" ["pcsk_", "pckey_"] [WORD.to(40, 100)];
    wandb_key "Weights & Biases" "API key" ["wandb_v1_"] [URL64.to(60, 90)];
    wandb_legacy_key "Weights & Biases" "API key, older form" [] [HEX.n(40)], near(&["wandb", "weights_and_biases", "weights & biases"]);
    comet_key "Comet" "API key" [] [ALNUM.to(25, 32)], near(&["comet_api", "comet_ml", "comet api"]);
    neptune_token "Neptune" "API token" ["eyJhcGlfYWRkcmVzcyI6"] [PADDED64.to(60, 300)];
    clearml_key "ClearML" "API secret" [] [ALNUM.to(40, 80)], near(&["clearml_api", "trains_api", "clearml api"]);
    prefect_key "Prefect" "user or service account key" ["pnu_", "pnb_"] [ALNUM.n(36)];
    databricks_token "Databricks" "personal access token" ["dapi"] [HEX.n(32), Part::Run { of: Alphabet::of("-0123456789"), least: 0, most: 3 }];
    databricks_oauth_secret "Databricks" "service principal secret" ["dose"] [HEX.n(32)];
    qdrant_key "Qdrant Cloud" "API key" [] [URL64.to(30, 80), text("|"), URL64.to(40, 120)], near(&["qdrant"]);
    unstructured_key "Unstructured" "API key" [] [ALNUM.n(30)], near(&["unstructured_api"]);
    roboflow_key "Roboflow" "API key" ["rf_"] [ALNUM.to(20, 32)], weak();

    // Money and shops.
    stripe_key "Stripe" "secret or restricted key" ["sk_live_", "rk_live_", "sk_test_", "rk_test_", "sk_prod_"] [ALNUM.to(16, 250)];
    stripe_webhook_secret "Stripe and Svix" "webhook signing secret" ["whsec_"] [PADDED64.to(24, 80)];
    square_token "Square" "access token or application secret" ["sq0atp-", "sq0csp-", "sq0idp-"] [URL64.to(22, 50)];
    square_production_token "Square" "production access token" ["EAAA"] [URL64.n(60)];
    paypal_token "PayPal and Braintree" "access token" ["access_token$production$", "access_token$sandbox$"] [LOWER36.n(16), text("$"), HEX.n(32)];
    shopify_token "Shopify" "admin, custom app, partner or shared secret token" ["shpat_", "shpca_", "shppa_", "shpss_", "shptka_"] [HEX_ANY.n(32)];
    plaid_token "Plaid" "access token" ["access-production-", "access-sandbox-", "access-development-"] UUID;
    easypost_key "EasyPost" "production or test key" ["EZAK", "EZTK"] [ALNUM.n(54)];
    flutterwave_key "Flutterwave" "secret key" ["FLWSECK-", "FLWSECK_TEST-"] [ALNUM.to(32, 40), text("-X")];
    razorpay_key "Razorpay" "key id" ["rzp_live_", "rzp_test_"] [ALNUM.n(14)];
    adyen_key "Adyen" "API key" ["AQE"] [Part::Run { of: LOWER, least: 1, most: 1 }, text("hm"), PADDED64.and(Alphabet::of("-")).to(60, 300)];
    shippo_token "Shippo" "live or test token" ["shippo_live_", "shippo_test_"] [HEX.n(40)];
    duffel_token "Duffel" "live or test token" ["duffel_live_", "duffel_test_"] [URL64.to(40, 50)];
    woocommerce_key "WooCommerce" "consumer key or secret" ["ck_", "cs_"] [HEX.n(40)];
    gocardless_token "GoCardless" "live token" ["live_"] [URL64.n(40)], weak();
    lob_key "Lob" "live or test key" ["live_", "test_"] [HEX.n(35)];

    // Mail, telephony and marketing.
    twilio_key "Twilio" "API key" ["SK"] [HEX.n(32)];
    twilio_auth_token "Twilio" "auth token" [] [HEX.n(32)], near(&["twilio", "auth_token", "authtoken"]);
    sendgrid_key "SendGrid" "API key" ["SG."] [URL64.to(20, 24), text("."), URL64.to(39, 50)];
    mailgun_key "Mailgun" "private key" ["key-"] [HEX.n(32)];
    mailgun_new_key "Mailgun" "sending or private key" [] [HEX.n(32), text("-"), HEX.n(8), text("-"), HEX.n(8)], near(&["mailgun", "api_key", "apikey", "api-key", "api:"]);
    mailchimp_key "Mailchimp" "API key" ["-us"] [DIGIT.to(1, 2)], lead(HEX, 32, 32);
    mandrill_key "Mandrill" "API key" ["md-"] [URL64.n(22)], weak();
    postmark_token "Postmark" "server or account token" [] UUID, near(&["postmark"]);
    brevo_key "Brevo" "API or SMTP key" ["xkeysib-", "xsmtpsib-"] [HEX.n(64), text("-"), ALNUM.n(16)];
    resend_key "Resend" "API key" ["re_"] [ALNUM.n(8), text("_"), ALNUM.to(20, 28)];
    klaviyo_key "Klaviyo" "private key" ["pk_"] [HEX.n(34)];
    vonage_secret "Vonage" "API secret" [] [ALNUM.n(16)], near(&["vonage_api_secret", "nexmo_api_secret", "nexmo_secret"]);
    messagebird_key "MessageBird" "access key" [] [ALNUM.n(25)], near(&["messagebird"]);

    // Watching and alerting.
    datadog_key "Datadog" "API key" [] [HEX.n(32)], near(&["datadog", "dd_api", "dd-api", "dd_api_key"]);
    datadog_app_key "Datadog" "application key" [] [HEX.n(40)], near(&["datadog", "dd_app", "dd-application", "dd_application"]);
    datadog_prefixed_token "Datadog" "access token" ["ddpat_", "ddsat_"] [WORD.to(30, 100)];
    new_relic_key "New Relic" "user, insights or admin key" ["NRAK-", "NRIQ-", "NRII-", "NRRA-", "NRAA-"] [URL64.to(27, 42)];
    new_relic_browser_key "New Relic" "browser key" ["NRJS-"] [HEX.n(19)];
    new_relic_license_key "New Relic" "licence key" ["NRAL"] [], lead(HEX_ANY, 36, 36);
    sentry_token "Sentry" "user, integration or application token" ["sntryu_", "sntrya_", "sntryi_", "sntryr_"] [HEX.n(64)];
    sentry_org_token "Sentry" "organisation token" ["sntrys_"] [ANY64.to(60, 400)];
    grafana_token "Grafana" "cloud access policy token" ["glc_"] [PADDED64.to(32, 400)];
    grafana_service_account_token "Grafana" "service account token" ["glsa_"] [ALNUM.n(32), text("_"), HEX_ANY.n(8)];
    grafana_api_key "Grafana" "API key" ["eyJrIjoi"] [PADDED64.to(60, 400)];
    honeycomb_key "Honeycomb" "ingest or management key" ["hcaik_", "hcbik_", "hcxik_", "hcamk_"] [LOWER36.to(50, 64)];
    dynatrace_token "Dynatrace" "API token" ["dt0c01.", "dt0s01.", "dt0s08.", "dt0s16."] [UPPER36.n(24), text("."), UPPER36.n(64)];
    pagerduty_key "PagerDuty" "REST API key" [] [ALNUM.and(Alphabet::of("_+-")).n(20)], near(&["pagerduty", "pager_duty", "pd_api"]);
    pagerduty_routing_key "PagerDuty" "events integration key" [] [LOWER36.n(32)], near(&["pagerduty", "pager_duty", "routing_key", "integration_key"]);
    opsgenie_key "Opsgenie" "API key" [] UUID, near(&["opsgenie"]);
    rollbar_token "Rollbar" "access token" [] [HEX.n(32)], near(&["rollbar"]);
    sumologic_key "Sumo Logic" "access key" [] [ALNUM.n(64)], near(&["sumo_", "sumologic", "sumo logic"]);
    splunk_token "Splunk" "HTTP event collector token" [] UUID, near(&["splunk"]);
    logzio_token "Logz.io" "shipping token" [] [ALNUM.n(32)], near(&["logzio", "logz.io", "logz_io"]);
    posthog_key "PostHog" "personal API key" ["phx_"] [ALNUM.to(40, 60)];
    segment_key "Segment" "write key or token" ["sgp_"] [ALNUM.n(64)];
    amplitude_key "Amplitude" "API or secret key" [] [HEX.n(32)], near(&["amplitude"]);
    launchdarkly_key "LaunchDarkly" "SDK, API or mobile key" ["sdk-", "api-", "mob-", "rel-"] UUID;
    checkly_key "Checkly" "API key" ["cu_"] [HEX.n(32)];
    elastic_key "Elastic Cloud" "API key" ["essu_"] [ANY64.to(40, 200)];
    algolia_key "Algolia" "admin key" [] [HEX.n(32)], near(&["algolia"]);

    // Secrets managers, infrastructure and identity.
    vault_token "HashiCorp Vault" "service, batch or recovery token" ["hvs.", "hvb.", "hvr."] [URL64.to(24, 400)];
    vault_legacy_token "HashiCorp Vault" "service, batch or recovery token, older form" ["s.", "b.", "r."] [ALNUM.n(24)], weak(), near(&["vault"]);
    terraform_cloud_token "HCP Terraform" "API token" [".atlasv1."] [URL64.to(50, 80)], lead(ALNUM, 14, 14);
    pulumi_token "Pulumi" "access token" ["pul-"] [HEX.n(40)];
    doppler_token "Doppler" "personal, service, CLI, SCIM or audit token" ["dp.pt.", "dp.st.", "dp.ct.", "dp.sa.", "dp.said.", "dp.scim.", "dp.audit."] [URL64.and(Alphabet::of(".")).to(40, 80)];
    infisical_token "Infisical" "service token" ["st."] [HEX.n(24), text("."), HEX.n(32), text("."), HEX.n(32)];
    one_password_token "1Password" "service account token" ["ops_"] [ANY64.to(100, 2000)];
    one_password_secret_key "1Password" "secret key" ["A3-"] [UPPER36.n(6), text("-"), UPPER36.to(5, 11), text("-"), UPPER36.and(Alphabet::of("-")).to(17, 24)];
    akeyless_key "Akeyless" "access id" ["p-"] [LOWER36.n(14)], weak(), near(&["akeyless"]);
    age_secret_key "age" "identity" ["AGE-SECRET-KEY-1"] [BECH32.n(58)];
    age_plugin_key "age" "post-quantum identity" ["AGE-SECRET-KEY-PQ-1"] [BECH32.to(58, 80)];
    tailscale_key "Tailscale" "auth, API, client or SCIM key" ["tskey-"] [LOWER.to(3, 10), text("-"), URL64.to(16, 80)];
    infracost_key "Infracost" "API key" ["ico-"] [ALNUM.n(32)];
    spacelift_key "Spacelift" "API key secret" [] [HEX.n(64)], near(&["spacelift"]);
    okta_token "Okta" "API token" ["00"] [URL64.n(40)], weak(), near(&["okta", "ssws"]);
    auth0_secret "Auth0" "client secret" [] [URL64.to(48, 64)], near(&["auth0"]);
    duo_key "Duo" "secret key" [] [ALNUM.n(40)], near(&["duo_skey", "duo_secret", "duo_akey"]);
    facebook_token "Facebook" "access token" ["EAA"] [ALNUM.to(90, 400)];
    facebook_app_token "Facebook" "app token" ["|"] [URL64.n(27)], lead(DIGIT, 13, 17);
    twitter_bearer_token "X (Twitter)" "bearer token" ["AAAAAAAAAAAAAAAAAAAAA"] [ALNUM.and(Alphabet::of("%")).to(60, 140)];
    twitter_secret "X (Twitter)" "API or access token secret" [] [ALNUM.to(45, 50)], near(&["twitter", "x_api_secret", "x_access_token"]);
    linkedin_secret "LinkedIn" "client secret" ["WPL_AP1."] [ANY64.and(Alphabet::of(".")).to(16, 60)];
    linkedin_legacy_secret "LinkedIn" "client secret, older form" [] [ALNUM.n(16)], near(&["linkedin_secret", "linkedin_client_secret", "linkedin client secret", "li_client_secret"]);
    mapbox_token "Mapbox" "secret token" ["sk.eyJ"] [URL64.to(40, 140), text("."), URL64.n(22)];
    adafruit_key "Adafruit IO" "key" ["aio_"] [ALNUM.n(28)];
    canva_secret "Canva" "client secret" ["cnvca"] [URL64.to(40, 80)];

    // Data stores.
    planetscale_token "PlanetScale" "password, service or OAuth token" ["pscale_tkn_", "pscale_pw_", "pscale_oauth_"] [ALNUM.and(Alphabet::of("_.=-")).to(32, 64)];
    supabase_token "Supabase" "access token" ["sbp_"] [HEX.n(40)];
    supabase_secret_key "Supabase" "secret key" ["sb_secret_"] [URL64.to(24, 60)];
    neon_key "Neon" "API key" ["napi_"] [LOWER36.to(60, 70)];
    aiven_password "Aiven" "service password" ["AVNS_"] [URL64.to(16, 40)];
    mongodb_atlas_secret "MongoDB Atlas" "service account secret" ["mdb_sa_sk_"] [URL64.to(36, 60)];
    mongodb_atlas_key "MongoDB Atlas" "private API key" [] UUID, near(&["atlas_private", "mongodb_atlas", "mongo_atlas", "mcli_private"]);
    confluent_secret "Confluent Cloud" "API secret" ["cflt"] [BASE64.n(60)];
    cockroach_key "CockroachDB Cloud" "API key" ["CCDB1_"] [ALNUM.n(22), text("_"), ALNUM.n(40)];
    databento_key "Databento" "API key" ["db-"] [ALNUM.n(29)], weak();
    tinybird_token "Tinybird" "token" ["p.eyJ"] [URL64.to(40, 200), text("."), URL64.to(30, 60)];

    // Signatures and hashes that stand for a password.
    aws_signature "AWS" "signature of a presigned URL" ["X-Amz-Signature="] [HEX.n(64)], keep();
    aws_url_token "AWS" "session token of a presigned URL" ["X-Amz-Security-Token="] [QUERY.to(60, 2000)], keep();
    url_key "HTTP" "`key` parameter of a URL" ["?key=", "&key="] [URL64.to(24, 80)], keep(), weak();
    bcrypt_hash "bcrypt" "password hash" ["$2a$", "$2b$", "$2y$"] [DIGIT.n(2), text("$"), ALNUM.and(Alphabet::of("./")).n(53)];
    sha_crypt_hash "crypt(3)" "password hash" ["$5$", "$6$", "$y$", "$apr1$", "$1$"] [ALNUM.and(Alphabet::of("./=$")).to(24, 160)];
    argon2_hash "Argon2" "password hash" ["$argon2id$", "$argon2i$", "$argon2d$"] [BASE64.and(Alphabet::of("=,$")).to(40, 200)];
}
