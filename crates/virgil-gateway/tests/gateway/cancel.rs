//! An asker who leaves costs nothing more.

use std::time::Duration;

use futures::StreamExt;
use virgil_gateway::{ChatEvent, ChatModel};

use crate::peer::{Act, EVENTS, Peer, gateway, request, text};

const SOON: Duration = Duration::from_secs(2);

#[tokio::test]
async fn dropping_an_answer_ends_the_connection_upstream() {
    let begun = (EVENTS.to_owned() + &text("a")).into();
    let mut peer = Peer::play(vec![vec![Act::Send(begun), Act::Hang]]).await;
    let gateway = gateway(&peer.url, |settings| settings.idle_timeout = SOON * 10);
    let mut answer = gateway.chat(request(&["small"])).await.expect("it begins");
    let first = answer.next().await.expect("a piece");
    assert_eq!(first.expect("text"), ChatEvent::Text("a".into()));
    drop(answer);
    tokio::time::timeout(SOON, peer.client_left())
        .await
        .expect("the client ends the connection");
}

#[tokio::test]
async fn giving_up_before_the_first_piece_does_too() {
    let mut peer = Peer::play(vec![vec![Act::Hang]]).await;
    let gateway = gateway(&peer.url, |settings| {
        settings.first_token_timeout = SOON * 10
    });
    let asking = gateway.chat(request(&["small"]));
    assert!(
        tokio::time::timeout(Duration::from_millis(100), asking)
            .await
            .is_err()
    );
    tokio::time::timeout(SOON, peer.client_left())
        .await
        .expect("the client ends the connection");
}
