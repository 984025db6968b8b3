//! An asker who leaves ends the request at the gateway.

use std::time::Duration;

use futures::StreamExt;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::{QUESTION, home};
use crate::support::Server;

const SOON: Duration = Duration::from_secs(10);

/// A gateway that sends `begin` and then says nothing for ever; tells when it was asked and when its client has left.
async fn silent_gateway(begin: &'static str) -> (String, mpsc::UnboundedReceiver<&'static str>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
    let (telling, told) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let telling = telling.clone();
            tokio::spawn(async move {
                let mut piece = vec![0; 256 * 1024];
                let _ = socket.read(&mut piece).await;
                let _ = telling.send("asked");
                let _ = socket.write_all(begin.as_bytes()).await;
                while socket.read(&mut piece).await.is_ok_and(|read| read > 0) {}
                let _ = telling.send("left");
            });
        }
    });
    (url, told)
}

#[tokio::test]
async fn leaving_before_or_after_the_first_piece_ends_the_request_upstream() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
    let begun = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n\
        data: {\"choices\":[{\"delta\":{\"content\":\"It is refreshed at 03:00 [1]. And \"}}]}\n\n";
    let (home, _repository) = home();
    for begin in ["", head, begun] {
        for accept in ["text/event-stream", "application/json"] {
            let (url, mut told) = silent_gateway(begin).await;
            let environment = [
                ("VIRGIL_GATEWAY__URL", url.as_str()),
                ("VIRGIL_GATEWAY__MODEL", "small"),
            ];
            let server = Server::start_with(&home, &environment);
            let address = format!("{}/api/v1/ask", server.address);
            let asking = server
                .client
                .post(address)
                .header("accept", accept)
                .json(&json!({ "question": QUESTION }))
                .send();
            let asking = tokio::spawn(async move {
                let mut events = asking.await.expect("it begins").bytes_stream();
                while events.next().await.is_some() {}
            });
            let next = tokio::time::timeout(SOON, told.recv()).await;
            assert_eq!(next.expect("soon"), Some("asked"));
            asking.abort();
            let next = tokio::time::timeout(SOON, told.recv()).await;
            assert_eq!(
                next.expect("soon"),
                Some("left"),
                "{accept} after {begin:?}"
            );
        }
    }
}
