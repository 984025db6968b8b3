//! A gateway that sends exactly what a script says, and a client that listens to the end.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use virgil_gateway::{
    ChatEvent, ChatModel, ChatRequest, GatewayError, Message, OpenAiGateway, Role, Settings,
    ToolCall, ToolChoice, Usage,
};

/// The head of an answer that begins well and ends with its connection.
pub(crate) const EVENTS: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";

/// What the peer does with one request.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Waits.
    Pause(Duration),
    /// Sends these bytes one by one, with that wait between them.
    Drip(Vec<u8>, Duration),
    /// Sends this again and again until nobody listens.
    Flood(Vec<u8>),
    /// Says nothing more and keeps the connection.
    Hang,
}

/// A gateway that plays one script for each request, the last one for all further ones.
pub(crate) struct Peer {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<serde_json::Value>>>,
    heads: Arc<Mutex<Vec<String>>>,
    gone: mpsc::UnboundedReceiver<()>,
}

impl Peer {
    pub(crate) async fn play(scripts: Vec<Vec<Act>>) -> Peer {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let requests: Arc<Mutex<Vec<_>>> = Arc::default();
        let heads: Arc<Mutex<Vec<_>>> = Arc::default();
        let (kept, kept_heads) = (requests.clone(), heads.clone());
        let (going, gone) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut number = 0;
            while let Ok((mut socket, _)) = listener.accept().await {
                let script = scripts[number.min(scripts.len() - 1)].clone();
                number += 1;
                let (kept, kept_heads, going) = (kept.clone(), kept_heads.clone(), going.clone());
                tokio::spawn(async move {
                    let (head, body) = read_request(&mut socket).await;
                    kept_heads.lock().expect("unbroken").push(head);
                    kept.lock().expect("unbroken").push(body);
                    let (mut reading, mut writing) = socket.into_split();
                    let acting = async {
                        for act in script {
                            if perform(&mut writing, act).await.is_err() {
                                break;
                            }
                        }
                        let _ = writing.shutdown().await;
                    };
                    let leaving = async {
                        let mut rest = [0; 64];
                        while reading.read(&mut rest).await.is_ok_and(|read| read > 0) {}
                    };
                    tokio::select! {
                        () = acting => {}
                        () = leaving => { let _ = going.send(()); }
                    }
                });
            }
        });
        Peer {
            url,
            requests,
            heads,
            gone,
        }
    }

    /// A peer that answers every request with these bytes and closes.
    pub(crate) async fn say(bytes: impl Into<Vec<u8>>) -> Peer {
        Peer::play(vec![vec![Act::Send(bytes.into())]]).await
    }

    /// The bodies of the requests so far.
    pub(crate) fn requests(&self) -> Vec<serde_json::Value> {
        self.requests.lock().expect("unbroken").clone()
    }

    /// The heads of the requests so far.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().expect("unbroken").clone()
    }

    /// Waits until a client ends its connection before the script is over.
    pub(crate) async fn client_left(&mut self) {
        self.gone.recv().await.expect("the peer listens");
    }

    pub(crate) fn gateway(&self) -> OpenAiGateway {
        gateway(&self.url, |_| {})
    }
}

async fn read_request(socket: &mut TcpStream) -> (String, serde_json::Value) {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let read = socket.read(&mut piece).await.unwrap_or(0);
        bytes.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && let Ok(body) = serde_json::from_str(body)
        {
            return (head.to_lowercase(), body);
        }
        if read == 0 {
            return (text.into_owned(), serde_json::Value::Null);
        }
    }
}

async fn perform(socket: &mut (impl AsyncWriteExt + Unpin), act: Act) -> std::io::Result<()> {
    match act {
        Act::Send(bytes) => {
            socket.write_all(&bytes).await?;
            socket.flush().await
        }
        Act::Pause(wait) => {
            tokio::time::sleep(wait).await;
            Ok(())
        }
        Act::Drip(bytes, wait) => {
            for byte in bytes {
                socket.write_all(&[byte]).await?;
                tokio::time::sleep(wait).await;
            }
            Ok(())
        }
        Act::Flood(bytes) => loop {
            socket.write_all(&bytes).await?;
            tokio::task::yield_now().await;
        },
        Act::Hang => std::future::pending().await,
    }
}

/// A client with limits short enough for a test.
pub(crate) fn gateway(url: &str, change: impl FnOnce(&mut Settings)) -> OpenAiGateway {
    let mut settings = Settings::new(format!("{url}/v1"), Some("sk-test-key".to_owned().into()));
    settings.first_token_timeout = Duration::from_millis(400);
    settings.idle_timeout = Duration::from_millis(400);
    settings.total_timeout = Duration::from_secs(3);
    settings.retries = 0;
    change(&mut settings);
    OpenAiGateway::new(settings).expect("valid settings")
}

pub(crate) fn request(models: &[&str]) -> ChatRequest {
    ChatRequest {
        models: models.iter().map(|model| (*model).to_owned()).collect(),
        messages: vec![Message {
            role: Role::User,
            content: "why?".into(),
        }],
        rounds: Vec::new(),
        tools: Vec::new(),
        tool_choice: ToolChoice::Auto,
        max_tokens: 50,
        principal: "ada".into(),
    }
}

/// An answer as a client saw it.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) text: String,
    pub(crate) end: Result<(Usage, Vec<ToolCall>), GatewayError>,
}

impl Heard {
    pub(crate) fn usage(self) -> Usage {
        self.end.expect("a proper end").0
    }

    pub(crate) fn error(self) -> GatewayError {
        self.end.expect_err("an error")
    }
}

/// Listens to the end. Panics if the answer ends twice, not at all, or not within ten seconds.
pub(crate) async fn hear(gateway: &OpenAiGateway, request: ChatRequest) -> Heard {
    let hearing = async {
        let mut text = String::new();
        let mut stream = match gateway.chat(request).await {
            Ok(stream) => stream,
            Err(error) => {
                return Heard {
                    text,
                    end: Err(error),
                };
            }
        };
        let mut end = None;
        while let Some(event) = stream.next().await {
            assert!(end.is_none(), "something came after the end: {event:?}");
            match event {
                Ok(ChatEvent::Text(piece)) => {
                    assert!(!piece.is_empty(), "an empty piece");
                    text.push_str(&piece);
                }
                Ok(ChatEvent::Done { usage, calls }) => end = Some(Ok((usage, calls))),
                Err(error) => end = Some(Err(error)),
            }
        }
        Heard {
            text,
            end: end.expect("the answer has an end"),
        }
    };
    tokio::time::timeout(Duration::from_secs(10), hearing)
        .await
        .expect("the answer ends in time")
}

/// The same, with one model.
pub(crate) async fn ask(gateway: &OpenAiGateway) -> Heard {
    hear(gateway, request(&["small"])).await
}

/// A chunk with a piece of text.
pub(crate) fn text(content: &str) -> String {
    let chunk = serde_json::json!({ "choices": [{ "delta": { "content": content } }] });
    format!("data: {chunk}\n\n")
}

/// A whole response with that status and body.
pub(crate) fn refuse(status: u16, headers: &str, body: &str) -> Vec<Act> {
    let head = format!(
        "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{headers}connection: close\r\n\r\n",
        body.len()
    );
    vec![Act::Send((head + body).into_bytes())]
}

/// A whole answer with that text.
pub(crate) fn answer(content: &str) -> Vec<Act> {
    vec![Act::Send(
        format!("{EVENTS}{}data: [DONE]\n\n", text(content)).into_bytes(),
    )]
}
