//! The studio's side of the control socket: one task per connection, none of which the studio ever waits for.

use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt as _};
use futures::stream::{FuturesUnordered, StreamExt as _};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{broadcast, oneshot, watch};

use super::desk::{Desk, Order, Reply, Seat};
use super::lines::LineReader;
use super::marks;
use super::protocol::{CommandParams, Notification, Request, Response, RpcError, TapParams, WatchParams};
use crate::media::Timestamp;
use crate::studio::command::{self, Answer, Command};
use crate::studio::model::{Cause, Event, EventLevel, History, Meters, Studio};

/// Accepts clients until the task is dropped.
pub async fn serve(listener: UnixListener, desk: Desk) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let desk = desk.clone();
                tokio::spawn(async move {
                    // A client that goes away in mid-sentence is no news.
                    if let Err(error) = Connection::new(stream, desk).run().await {
                        tracing::debug!(%error, "client gone");
                    }
                });
            }
            // Out of descriptors or the like: the show goes on, clients must wait.
            Err(error) => {
                tracing::warn!(%error, "control socket");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    }
}

struct Connection {
    lines: LineReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    desk: Desk,
    /// Commands that have not been answered: a recording takes its time, and nothing else waits for it.
    asked: FuturesUnordered<Asked>,
}

/// A command under way: the request's number, if it has one, and its answer.
type Asked = BoxFuture<'static, (Option<Value>, Result<Value, RpcError>)>;

/// What a watching connection listens to.
#[derive(Default)]
struct Watching {
    seat: Option<Seat>,
    state: Option<watch::Receiver<Arc<Studio>>>,
    events: Option<broadcast::Receiver<Event>>,
    meters: Option<watch::Receiver<Arc<Meters>>>,
    wants: WatchParams,
    /// The newest sample that was sent.
    sampled: Option<Timestamp>,
}

impl Watching {
    /// Who is at the other end.
    fn who(&self) -> String {
        match &self.seat {
            Some(seat) => format!("screen {}", seat.number()),
            None => "script".to_owned(),
        }
    }
}

impl Connection {
    fn new(stream: UnixStream, desk: Desk) -> Self {
        let (reader, writer) = stream.into_split();
        Self {
            lines: LineReader::new(reader),
            writer,
            desk,
            asked: FuturesUnordered::new(),
        }
    }

    async fn run(mut self) -> std::io::Result<()> {
        let mut watching = Watching::default();
        let mut ended = self.desk.ended.clone();
        loop {
            tokio::select! {
                reason = end_of(&mut ended) => return self.say_goodbye(reason, watching).await,
                line = self.lines.next() => {
                    let Some(line) = line? else { return Ok(()) };
                    if line.trim().is_empty() {
                        continue;
                    }
                    match serde_json::from_str::<Request>(&line) {
                        Ok(request) if request.method == "tap" => return self.tap(request).await,
                        Ok(request) => self.answer(request, &mut watching).await?,
                        Err(error) => {
                            let error = RpcError { code: RpcError::PARSE, message: format!("no JSON-RPC request: {error}") };
                            respond(&mut self.writer, Value::Null, Err(error)).await?;
                        }
                    }
                }
                Some((id, result)) = self.asked.next() => {
                    if let Some(id) = id {
                        respond(&mut self.writer, id, result).await?;
                    }
                }
                event = next_event(&mut watching.events) => notify(&mut self.writer, &Notification::Event(event)).await?,
                state = next_change(&mut watching.state) => self.tell_state(&state, &mut watching).await?,
                meters = next_change(&mut watching.meters) => {
                    notify(&mut self.writer, &Notification::Meters(Meters::clone(&meters))).await?;
                }
            }
        }
    }

    /// What is new in the state, as far as it is wanted.
    async fn tell_state(&mut self, state: &Studio, watching: &mut Watching) -> std::io::Result<()> {
        let newest = state.history.newest().map(|newest| newest.at);
        let is_known = |at| watching.sampled.is_some_and(|sampled| at <= sampled);
        if watching.wants.samples {
            for sample in state.history.iter().filter(|sample| !is_known(sample.at)) {
                notify(&mut self.writer, &Notification::Sample(sample.clone())).await?;
            }
        }
        if watching.wants.state {
            let mut state = state.clone();
            // Clients have them from the first state and from the events since.
            state.events.clear();
            if let Some(sampled) = watching.sampled {
                state.history.forget_until(sampled);
            }
            notify(&mut self.writer, &Notification::State(Box::new(state))).await?;
        }
        watching.sampled = newest;
        Ok(())
    }

    /// The last events, and that there are no more.
    async fn say_goodbye(mut self, reason: String, mut watching: Watching) -> std::io::Result<()> {
        while let Some(Ok(event)) = watching.events.as_mut().map(broadcast::Receiver::try_recv) {
            notify(&mut self.writer, &Notification::Event(event)).await?;
        }
        notify(&mut self.writer, &Notification::Ended { reason }).await
    }

    async fn answer(&mut self, request: Request, watching: &mut Watching) -> std::io::Result<()> {
        let result = match request.method.as_str() {
            "command" => match self.command(request.params, watching.who()).await {
                Ok(answer) => {
                    let id = request.id;
                    self.asked.push(async move { (id, answered(answer.await)) }.boxed());
                    return Ok(());
                }
                Err(error) => Err(error),
            },
            "status" => {
                let mut state = Studio::clone(&self.desk.state.borrow());
                // The state is as old as its last change; the clock a script reads from it is not.
                state.now = self.desk.clock.now();
                // For eyes. A script that wants figures watches the samples.
                state.history = History::default();
                serde_json::to_value(&state).map_err(|error| internal(&error))
            }
            "watch" => match params::<WatchParams>(request.params) {
                Ok(wanted) => {
                    watching.events = Some(self.desk.events.subscribe());
                    watching.seat = (wanted.state || wanted.meters).then(|| self.desk.audience.join());
                    watching.state = (wanted.state || wanted.samples).then(|| self.desk.state.clone());
                    watching.wants = wanted;
                    watching.sampled = self.desk.state.borrow().history.newest().map(|newest| newest.at);
                    watching.meters = wanted.meters.then(|| self.desk.meters.clone());
                    if wanted.state {
                        let state = Studio::clone(&self.desk.state.borrow());
                        watching.sampled = state.history.newest().map(|newest| newest.at);
                        respond(
                            &mut self.writer,
                            request.id.unwrap_or_default(),
                            Ok(json!({ "watching": true })),
                        )
                        .await?;
                        return notify(&mut self.writer, &Notification::State(Box::new(state))).await;
                    }
                    Ok(json!({ "watching": true }))
                }
                Err(error) => Err(error),
            },
            other => Err(RpcError {
                code: RpcError::METHOD,
                message: format!("there is no method '{other}'; there are command, status, watch, tap"),
            }),
        };
        match request.id {
            Some(id) => respond(&mut self.writer, id, result).await,
            None => Ok(()),
        }
    }

    /// Passes a command on to the studio; its answer will come.
    async fn command(
        &mut self,
        given: Value,
        who: String,
    ) -> Result<oneshot::Receiver<Result<Answer, String>>, RpcError> {
        let given = params::<CommandParams>(given)?;
        let mut words = command::split_words(&given.name);
        words.extend(given.args);
        let wrong = |error: command::UsageError| RpcError {
            code: RpcError::PARAMS,
            message: error.to_string(),
        };
        let (spec, _) = command::find(&words).map_err(wrong)?;
        let is_unasked = spec.is_confirmed && given.asked == Some(false);
        let command = command::parse(&words).map_err(wrong)?;
        if matches!(command, Command::Client(_)) {
            let message = format!(
                "'{}' concerns the screen where it is typed; a script has none",
                given.name
            );
            return Err(RpcError {
                code: RpcError::REFUSED,
                message,
            });
        }
        let (reply, answer) = Reply::new(Cause {
            by: who,
            command: command::told(&words),
        });
        let order = Order {
            command,
            is_unasked,
            reply,
        };
        self.desk.orders.send(order).await.map_err(|_| ending())?;
        Ok(answer)
    }

    /// Turns the connection into a stream of pictures.
    async fn tap(mut self, request: Request) -> std::io::Result<()> {
        let guard = self.desk.taps.join();
        let mut ended = self.desk.ended.clone();
        match params::<TapParams>(request.params) {
            Ok(wanted) => guard.client.want(wanted.monitors),
            Err(error) => return respond(&mut self.writer, request.id.unwrap_or_default(), Err(error)).await,
        }
        loop {
            tokio::select! {
                _ = end_of(&mut ended) => return Ok(()),
                line = self.lines.next() => {
                    let Some(line) = line? else { return Ok(()) };
                    let wanted = serde_json::from_str::<Request>(&line).ok().filter(|request| request.method == "tap");
                    // The stream is binary now: there is no way to say what is wrong but to end it.
                    let Some(wanted) = wanted.and_then(|request| params::<TapParams>(request.params).ok()) else {
                        return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "no tap request"));
                    };
                    guard.client.want(wanted.monitors);
                }
                picture = guard.client.next() => {
                    self.writer.write_all(&picture.header.encode()).await?;
                    self.writer.write_all(&marks::encode(&picture.marks)).await?;
                    self.writer.write_all(&picture.rgb).await?;
                }
            }
        }
    }
}

/// What the studio said to a command.
fn answered(answer: Result<Result<Answer, String>, oneshot::error::RecvError>) -> Result<Value, RpcError> {
    match answer {
        Ok(Ok(answer)) => Ok(answer.into_json()),
        Ok(Err(message)) => Err(RpcError {
            code: RpcError::REFUSED,
            message,
        }),
        Err(_) => Err(ending()),
    }
}

fn ending() -> RpcError {
    RpcError {
        code: RpcError::REFUSED,
        message: "the studio is ending".to_owned(),
    }
}

fn params<T: serde::de::DeserializeOwned>(given: Value) -> Result<T, RpcError> {
    let given = if given.is_null() { json!({}) } else { given };
    serde_json::from_value(given).map_err(|error| RpcError {
        code: RpcError::PARAMS,
        message: error.to_string(),
    })
}

fn internal(error: &serde_json::Error) -> RpcError {
    RpcError {
        code: RpcError::REFUSED,
        message: error.to_string(),
    }
}

async fn send(writer: &mut (impl AsyncWrite + Unpin), value: &impl Serialize) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    writer.write_all(&line).await
}

async fn respond(
    writer: &mut (impl AsyncWrite + Unpin),
    id: Value,
    result: Result<Value, RpcError>,
) -> std::io::Result<()> {
    let (result, error) = match result {
        Ok(result) => (Some(result), None),
        Err(error) => (None, Some(error)),
    };
    send(
        writer,
        &Response {
            jsonrpc: "2.0".to_owned(),
            id,
            result,
            error,
        },
    )
    .await
}

async fn notify(writer: &mut (impl AsyncWrite + Unpin), notification: &Notification) -> std::io::Result<()> {
    #[derive(Serialize)]
    struct Line<'a> {
        jsonrpc: &'static str,
        #[serde(flatten)]
        notification: &'a Notification,
    }
    send(
        writer,
        &Line {
            jsonrpc: "2.0",
            notification,
        },
    )
    .await
}

/// Why the show has ended, when it has; never, where the studio goes away without a word.
async fn end_of(ended: &mut watch::Receiver<Option<String>>) -> String {
    let reason = match ended.wait_for(Option::is_some).await {
        Ok(reason) => reason.clone(),
        Err(_) => None,
    };
    match reason {
        Some(reason) => reason,
        None => std::future::pending().await,
    }
}

/// The next event; never, where none are watched. A client that lags behind is told how many it missed.
async fn next_event(events: &mut Option<broadcast::Receiver<Event>>) -> Event {
    let Some(receiver) = events else {
        return std::future::pending().await;
    };
    match receiver.recv().await {
        Ok(event) => event,
        Err(broadcast::error::RecvError::Lagged(missed)) => Event::new(
            Timestamp::ZERO,
            EventLevel::Warning,
            "client",
            format!("{missed} events were missed: this client reads too slowly"),
        ),
        Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
    }
}

/// The next value; never, where it is not watched.
async fn next_change<T>(receiver: &mut Option<watch::Receiver<Arc<T>>>) -> Arc<T> {
    let Some(receiver) = receiver else {
        return std::future::pending().await;
    };
    if receiver.changed().await.is_err() {
        return std::future::pending().await;
    }
    Arc::clone(&receiver.borrow_and_update())
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
