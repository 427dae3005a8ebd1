//! What a connection has agreed to, and what each of its messages is (protocol.md, "Connection steps", "Message Types").
//!
//! Pure: a message in, one step out. A message that is not as it should be closes the connection with the code that says so;
//! a request that is not gets a response that says so.

use serde_json::{Map, Value, json};

use super::auth::Challenge;
use super::code::{CloseCode, Status, intent, op};
use super::request::Refusal;

/// The version of the protocol that is spoken here.
pub const RPC_VERSION: u64 = 1;

/// What obs-websocket calls the set of requests and events that this one is made after.
pub const LIKE_WEBSOCKET: &str = "5.5.2";

/// The OBS that comes with it: clients look whether it is new enough for them.
pub const LIKE_OBS: &str = "30.2.2";

/// The most requests in one batch.
pub const MAX_BATCH: usize = 1000;

/// A connection's standing.
#[derive(Debug, Default)]
pub struct Session {
    challenge: Option<Challenge>,
    is_identified: bool,
    subscriptions: u64,
}

/// What is to be done about a message.
#[derive(Debug, PartialEq)]
pub enum Step {
    /// This is to be sent.
    Send(Value),
    /// The client is known now, and this is to be sent.
    Identified(Value),
    /// Something is wanted.
    Request(Request),
    /// Several things are.
    Batch(Batch),
    /// The connection is to be closed, for that reason.
    Close(CloseCode, String),
}

/// Something that a client wants.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// What: `GetSceneList`.
    pub kind: String,
    /// What it is called in the response; in a batch it may have no name.
    pub id: Value,
    /// With what.
    pub data: Value,
}

/// Several requests, one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// What it is called in the response.
    pub id: Value,
    /// In their order.
    pub requests: Vec<Request>,
    /// Whether what follows a failure is left out.
    pub is_halted: bool,
}

type Refused = (CloseCode, String);

impl Session {
    /// One that asks for the password of `challenge`, if there is one.
    #[must_use]
    pub fn new(challenge: Option<Challenge>) -> Self {
        Self {
            challenge,
            is_identified: false,
            subscriptions: intent::ALL,
        }
    }

    /// The first message.
    #[must_use]
    pub fn hello(&self) -> Value {
        let mut data = json!({
            "obsStudioVersion": LIKE_OBS,
            "obsWebSocketVersion": LIKE_WEBSOCKET,
            "rpcVersion": RPC_VERSION,
        });
        if let Some(challenge) = &self.challenge {
            data["authentication"] = json!({ "challenge": challenge.challenge(), "salt": challenge.salt() });
        }
        json!({ "op": op::HELLO, "d": data })
    }

    /// Whether the client has said who it is.
    #[must_use]
    pub const fn is_identified(&self) -> bool {
        self.is_identified
    }

    /// Whether the client wants events of that kind.
    #[must_use]
    pub const fn wants(&self, intent: u64) -> bool {
        self.is_identified && self.subscriptions & intent != 0
    }

    /// What is to be done about `message`.
    pub fn take(&mut self, message: Value) -> Step {
        self.step(message)
            .unwrap_or_else(|(code, reason)| Step::Close(code, reason))
    }

    fn step(&mut self, message: Value) -> Result<Step, Refused> {
        let Value::Object(mut message) = message else {
            return Err((CloseCode::MessageDecodeError, "a message is an object".into()));
        };
        let Some(kind) = message.get("op").and_then(unsigned) else {
            return Err((CloseCode::UnknownOpCode, "the message has no number \"op\"".into()));
        };
        let data = match message.remove("d") {
            Some(Value::Object(data)) => data,
            None | Some(Value::Null) => return Err(missing("d")),
            Some(_) => return Err(mistyped("d", "an object")),
        };
        match kind {
            op::IDENTIFY if self.is_identified => Err((CloseCode::AlreadyIdentified, "you are known already".into())),
            op::IDENTIFY => self.identify(&data),
            _ if !self.is_identified => Err((CloseCode::NotIdentified, "say \"Identify\" first".into())),
            op::REIDENTIFY => self.subscribe(&data).map(|()| Step::Send(identified())),
            op::REQUEST => request(data).map(Step::Request),
            op::REQUEST_BATCH => batch(data).map(Step::Batch),
            other => Err((CloseCode::UnknownOpCode, format!("there is no op {other} for clients"))),
        }
    }

    fn identify(&mut self, data: &Map<String, Value>) -> Result<Step, Refused> {
        if let Some(challenge) = &self.challenge {
            let given = data.get("authentication").and_then(Value::as_str);
            let reason = match given {
                None => "a password is needed",
                Some(given) if challenge.is_met_by(given) => "",
                Some(_) => "the password is wrong",
            };
            if !reason.is_empty() {
                return Err((CloseCode::AuthenticationFailed, reason.into()));
            }
        }
        let version = data.get("rpcVersion").ok_or_else(|| missing("rpcVersion"))?;
        let version = unsigned(version).ok_or_else(|| mistyped("rpcVersion", "a number"))?;
        if version != RPC_VERSION {
            let reason = format!("RPC version {RPC_VERSION} is spoken here, not {version}");
            return Err((CloseCode::UnsupportedRpcVersion, reason));
        }
        self.subscribe(data)?;
        self.is_identified = true;
        Ok(Step::Identified(identified()))
    }

    fn subscribe(&mut self, data: &Map<String, Value>) -> Result<(), Refused> {
        self.subscriptions = match data.get("eventSubscriptions") {
            None | Some(Value::Null) => self.subscriptions,
            Some(value) => unsigned(value).ok_or_else(|| mistyped("eventSubscriptions", "a number"))?,
        };
        Ok(())
    }
}

fn identified() -> Value {
    json!({ "op": op::IDENTIFIED, "d": { "negotiatedRpcVersion": RPC_VERSION } })
}

/// JavaScript has one kind of number, and writes some whole ones as 1.0.
fn unsigned(value: &Value) -> Option<u64> {
    let whole = |number: &f64| number.fract() == 0.0 && (0.0..=u32::MAX.into()).contains(number);
    value
        .as_u64()
        .or_else(|| value.as_f64().filter(whole).map(|number| number as u64))
}

fn missing(field: &str) -> Refused {
    (CloseCode::MissingDataField, format!("the field \"{field}\" is missing"))
}

fn mistyped(field: &str, expected: &str) -> Refused {
    let reason = format!("the field \"{field}\" is not {expected}");
    (CloseCode::InvalidDataFieldType, reason)
}

fn request(mut data: Map<String, Value>) -> Result<Request, Refused> {
    let id = data.remove("requestId").filter(|id| !id.is_null());
    let id = id.ok_or_else(|| missing("requestId"))?;
    let kind = match data.remove("requestType") {
        Some(Value::String(kind)) => kind,
        None | Some(Value::Null) => return Err(missing("requestType")),
        Some(_) => return Err(mistyped("requestType", "a text")),
    };
    let data = data.remove("requestData").unwrap_or_default();
    Ok(Request { kind, id, data })
}

fn batch(mut data: Map<String, Value>) -> Result<Batch, Refused> {
    let id = data.remove("requestId").filter(|id| !id.is_null());
    let id = id.ok_or_else(|| missing("requestId"))?;
    match data.get("executionType") {
        None | Some(Value::Null) => {}
        Some(value) => match unsigned(value) {
            // In order, as fast as it goes; in order, with pauses in frames.
            Some(0 | 1) => {}
            Some(2) => {
                let reason = "requests are carried out in their order here: executionType 0 or 1";
                return Err((CloseCode::UnsupportedFeature, reason.into()));
            }
            Some(_) => {
                return Err((
                    CloseCode::InvalidDataFieldValue,
                    "there is no such executionType".into(),
                ));
            }
            None => return Err(mistyped("executionType", "a number")),
        },
    }
    for field in ["variables"] {
        let is_used = data.get(field).is_some_and(|value| !value.is_null());
        if is_used {
            let reason = format!("there are no \"{field}\" in batches here");
            return Err((CloseCode::UnsupportedFeature, reason));
        }
    }
    let is_halted = match data.get("haltOnFailure") {
        None | Some(Value::Null) => false,
        Some(value) => value
            .as_bool()
            .ok_or_else(|| mistyped("haltOnFailure", "true or false"))?,
    };
    let requests = match data.remove("requests") {
        Some(Value::Array(requests)) => requests,
        None | Some(Value::Null) => return Err(missing("requests")),
        Some(_) => return Err(mistyped("requests", "an array")),
    };
    if requests.len() > MAX_BATCH {
        let reason = format!("{} requests; {MAX_BATCH} at most in one batch", requests.len());
        return Err((CloseCode::InvalidDataFieldValue, reason));
    }
    let requests = requests.into_iter().map(|request| {
        let Value::Object(mut request) = request else {
            return Request::default();
        };
        let kind = request.remove("requestType");
        Request {
            // One without a type gets a response that says so.
            kind: kind.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned(),
            id: request.remove("requestId").unwrap_or_default(),
            data: request.remove("requestData").unwrap_or_default(),
        }
    });
    Ok(Batch {
        id,
        requests: requests.collect(),
        is_halted,
    })
}

/// What came of a request, for its response and for that of its batch.
#[must_use]
pub fn result(kind: &str, id: &Value, came: Result<Option<Value>, Refusal>) -> Value {
    let (status, comment, data) = match came {
        Ok(data) => (Status::Success, None, data),
        Err(refusal) => (refusal.status, Some(refusal.comment), None),
    };
    let mut said = json!({ "result": status == Status::Success, "code": status.number() });
    if let Some(comment) = comment {
        said["comment"] = comment.into();
    }
    let mut result = json!({ "requestType": kind, "requestStatus": said });
    if !id.is_null() {
        result["requestId"] = id.clone();
    }
    if let Some(data) = data {
        result["responseData"] = data;
    }
    result
}

/// A response as it is sent.
#[must_use]
pub fn response(result: Value) -> Value {
    json!({ "op": op::REQUEST_RESPONSE, "d": result })
}

/// That of a batch.
#[must_use]
pub fn batch_response(id: &Value, results: Vec<Value>) -> Value {
    json!({ "op": op::REQUEST_BATCH_RESPONSE, "d": { "requestId": id, "results": results } })
}

/// An event as it is sent.
#[must_use]
pub fn event(kind: &str, intent: u64, data: Option<Value>) -> Value {
    let mut event = json!({ "eventType": kind, "eventIntent": intent });
    if let Some(data) = data {
        event["eventData"] = data;
    }
    json!({ "op": op::EVENT, "d": event })
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
