//! A running server.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use reqwest::Client;
use serde_json::{Value, json};

use super::Home;

/// `virgil serve` on a free port; stopped when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    pub(crate) client: Client,
}

impl Server {
    pub(crate) fn start(home: &Home) -> Server {
        Server::start_with(home, &[])
    }

    /// Starts it with further variables of the environment.
    pub(crate) fn start_with(home: &Home, environment: &[(&str, &str)]) -> Server {
        let mut child = home
            .virgil(&["serve", "--listen", "127.0.0.1:0"])
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let line = lines
            .next()
            .expect("the server says where it listens")
            .expect("UTF-8");
        let address = line
            .split_whitespace()
            .last()
            .expect("an address")
            .to_owned();
        let client = Client::builder().no_proxy().build().expect("a client");
        Server {
            child,
            address,
            client,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> reqwest::Response {
        self.client
            .get(format!("{}{path}", self.address))
            .send()
            .await
            .expect("the server answers")
    }

    /// Posts JSON; `key` is an API key.
    pub(crate) async fn post(
        &self,
        path: &str,
        key: Option<&str>,
        body: &Value,
    ) -> reqwest::Response {
        let mut request = self
            .client
            .post(format!("{}{path}", self.address))
            .json(body);
        if let Some(key) = key {
            request = request.bearer_auth(key);
        }
        request.send().await.expect("the server answers")
    }

    /// Asks and returns the whole answer object.
    pub(crate) async fn ask(&self, key: Option<&str>, question: &str) -> Value {
        let response = self
            .post("/api/v1/ask", key, &json!({ "question": question }))
            .await;
        assert!(response.status().is_success(), "{}", response.status());
        response.json().await.expect("JSON")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already, which the test will have noticed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
