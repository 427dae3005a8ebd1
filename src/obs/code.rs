//! The numbers of the protocol: op codes, close codes, request statuses, event subscriptions (protocol.md, "Enums").

/// Which message it is: the field `op` (`WebSocketOpCode`).
pub mod op {
    /// The first message of the server.
    pub const HELLO: u64 = 0;
    /// The first message of a client.
    pub const IDENTIFY: u64 = 1;
    /// The client is known now.
    pub const IDENTIFIED: u64 = 2;
    /// The client wants other events.
    pub const REIDENTIFY: u64 = 3;
    /// Something happened.
    pub const EVENT: u64 = 5;
    /// The client wants something.
    pub const REQUEST: u64 = 6;
    /// What came of it.
    pub const REQUEST_RESPONSE: u64 = 7;
    /// The client wants several things, one after the other.
    pub const REQUEST_BATCH: u64 = 8;
    /// What came of them.
    pub const REQUEST_BATCH_RESPONSE: u64 = 9;
}

/// Why the server closes a connection (`WebSocketCloseCode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum CloseCode {
    /// The message is neither JSON nor MessagePack, whichever was agreed upon.
    MessageDecodeError = 4002,
    /// A field is missing.
    MissingDataField = 4003,
    /// A field is of another type.
    InvalidDataFieldType = 4004,
    /// A field has a value that it cannot have.
    InvalidDataFieldValue = 4005,
    /// There is no such message.
    UnknownOpCode = 4006,
    /// Something was wanted before `Identify`.
    NotIdentified = 4007,
    /// `Identify` came twice.
    AlreadyIdentified = 4008,
    /// The password is wrong.
    AuthenticationFailed = 4009,
    /// The client speaks another version.
    UnsupportedRpcVersion = 4010,
    /// The server wants to be rid of the client.
    SessionInvalidated = 4011,
    /// There is no such thing here.
    UnsupportedFeature = 4012,
}

/// What came of a request (`RequestStatus`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Status {
    /// It was done.
    Success = 100,
    /// It does not say what it wants.
    MissingRequestType = 203,
    /// Nobody here knows it.
    UnknownRequestType = 204,
    /// It makes sense in another kind of batch only.
    UnsupportedRequestBatchExecutionType = 206,
    /// The studio is ending.
    NotReady = 207,
    /// A field is missing.
    MissingRequestField = 300,
    /// All of them are.
    MissingRequestData = 301,
    /// A field makes no sense.
    InvalidRequestField = 400,
    /// A field is of another type.
    InvalidRequestFieldType = 401,
    /// A number is too small or too large.
    RequestFieldOutOfRange = 402,
    /// A text is empty.
    RequestFieldEmpty = 403,
    /// Two fields say the same.
    TooManyRequestFields = 404,
    /// It runs already.
    OutputRunning = 500,
    /// It does not run.
    OutputNotRunning = 501,
    /// That is for studio mode only.
    StudioModeNotActive = 506,
    /// There is nothing of that name.
    ResourceNotFound = 600,
    /// It is of another type.
    InvalidResourceType = 602,
    /// It cannot be had in its state, or not by controllers.
    InvalidResourceState = 604,
    /// It has no settings.
    ResourceNotConfigurable = 606,
    /// It was tried in vain.
    ResourceActionFailed = 701,
    /// The studio refused.
    RequestProcessingFailed = 702,
    /// These fields together make no sense, or not here.
    CannotAct = 703,
}

impl CloseCode {
    /// On the wire.
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }
}

impl Status {
    /// On the wire.
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }
}

/// Which events a client gets: bits of `eventSubscriptions` (`EventSubscription`).
pub mod intent {
    /// The end of the show, vendors' and clients' own events.
    pub const GENERAL: u64 = 1;
    /// Scenes.
    pub const SCENES: u64 = 1 << 2;
    /// Inputs.
    pub const INPUTS: u64 = 1 << 3;
    /// Transitions.
    pub const TRANSITIONS: u64 = 1 << 4;
    /// Stream and recording.
    pub const OUTPUTS: u64 = 1 << 6;
    /// Items of scenes.
    pub const SCENE_ITEMS: u64 = 1 << 7;
    /// Events of vendors.
    pub const VENDORS: u64 = 1 << 9;
    /// Studio mode.
    pub const UI: u64 = 1 << 10;
    /// What a client gets that says nothing: all but the four below, which are many.
    pub const ALL: u64 = (1 << 12) - 1;
    /// Meters, every 50 ms.
    pub const INPUT_VOLUME_METERS: u64 = 1 << 16;
    /// Inputs that come on program or leave it.
    pub const INPUT_ACTIVE_STATE_CHANGED: u64 = 1 << 17;
    /// Inputs that come into sight or leave it.
    pub const INPUT_SHOW_STATE_CHANGED: u64 = 1 << 18;
    /// Items that are moved.
    pub const SCENE_ITEM_TRANSFORM_CHANGED: u64 = 1 << 19;
}
