//! Carries requests out: orders to the desk, pictures, pauses; what comes of them goes into the response.

use std::sync::Arc;

use serde_json::{Value, json};

use super::code::{Status, intent};
use super::events::Event;
use super::permit;
use super::request::{Outcome, Refusal, View, look};
use super::screenshot;
use super::server::Shared;
use super::session::{Batch, Request, batch_response, response, result};
use crate::control::desk::{Order, Reply};
use crate::studio::command::{Answer, told};
use crate::studio::model::Cause;

/// Who asks.
#[derive(Clone, Debug)]
pub struct Asker {
    /// `controller 2`.
    pub name: String,
    /// Messages from and to it so far.
    pub messages: (u64, u64),
}

type Came = Result<Option<Value>, Refusal>;

/// Carries `request` out and gives the response to it.
pub async fn one(shared: Arc<Shared>, asker: Asker, request: Request) -> Value {
    let came = carry(&shared, &asker, &request, false).await;
    response(&result(&request.kind, &request.id, came))
}

/// Carries the requests of `batch` out, one after the other, and gives the response to them.
pub async fn many(shared: Arc<Shared>, asker: Asker, batch: Batch) -> Value {
    let mut results = Vec::new();
    for request in batch.requests {
        let came = carry(&shared, &asker, &request, true).await;
        let has_failed = came.is_err();
        results.push(result(&request.kind, &request.id, came));
        if has_failed && batch.is_halted {
            break;
        }
    }
    batch_response(&batch.id, &results)
}

async fn carry(shared: &Shared, asker: &Asker, request: &Request, is_in_batch: bool) -> Came {
    let outcome = {
        let studio = Arc::clone(&shared.desk.state.borrow());
        let view = View {
            studio: &studio,
            now: shared.desk.clock.now(),
            is_studio_mode: *shared.studio_mode.borrow(),
            live_since: *shared.live_since.borrow(),
            messages: asker.messages,
        };
        look(view, request)?
    };
    match outcome {
        Outcome::Done(data) => Ok(data),
        Outcome::Order(lines, data) => {
            for words in lines {
                order(shared, asker, &words).await?;
            }
            Ok(data)
        }
        Outcome::Vendor(words) => {
            let answer = order(shared, asker, &words).await?;
            Ok(Some(json!({
                "vendorName": "rigcast",
                "requestType": "command",
                "responseData": answer.into_json(),
            })))
        }
        Outcome::Screenshot(shot) => {
            // Never closed.
            let _turn = shared.shots.acquire().await;
            let picture = screenshot::take(&shared.desk.taps, shot).await?;
            Ok(Some(json!({ "imageData": picture })))
        }
        Outcome::Sleep(length) if is_in_batch => {
            tokio::time::sleep(length.to_duration()).await;
            Ok(None)
        }
        Outcome::Sleep(_) => Err(Refusal::new(
            Status::UnsupportedRequestBatchExecutionType,
            "there is nothing to wait for outside of a batch",
        )),
        Outcome::Broadcast(data) => {
            // Whoever asks hears it as well.
            let _ = shared.told.send(Event {
                kind: "CustomEvent",
                intent: intent::GENERAL,
                data: Some(data),
            });
            Ok(None)
        }
        Outcome::StudioMode(is_on) => {
            if shared.studio_mode.send_replace(is_on) != is_on {
                let _ = shared.told.send(Event {
                    kind: "StudioModeStateChanged",
                    intent: intent::UI,
                    data: Some(json!({ "studioModeEnabled": is_on })),
                });
            }
            Ok(None)
        }
    }
}

/// Has the desk carry a line out.
async fn order(shared: &Shared, asker: &Asker, words: &[String]) -> Result<Answer, Refusal> {
    let ending = || Refusal::new(Status::NotReady, "the studio is ending");
    let permitted = permit::command(words, shared.settings.allow, &shared.desk.state.borrow())?;
    let (reply, answer) = Reply::new(Cause {
        by: asker.name.clone(),
        command: told(words),
    });
    let order = Order {
        command: permitted.command,
        is_unasked: permitted.is_unasked,
        reply,
    };
    shared.desk.orders.send(order).await.map_err(|_| ending())?;
    match answer.await {
        Ok(answer) => answer.map_err(|reason| Refusal::new(Status::RequestProcessingFailed, reason)),
        Err(_) => Err(ending()),
    }
}
