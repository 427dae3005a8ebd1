//! Another rig's show comes in: RFC 4571 frames over WebSocket, subprotocol `rtp4571.rigcast.v1`.
//!
//! The sender offers its tracks as SDP in a text message and gets the answer as one; then binary messages bring RTP and RTCP
//! in RFC 4571 frames, in any number per message and cut anywhere. Once a second goes back what has arrived (RTCP RR).

mod session;
mod timeline;

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tungstenite::Message;
use tungstenite::protocol::frame::coding::CloseCode;

use super::connection::Connection;
use super::hub::Hub;
use super::websocket::ServerSocket;
use crate::wire::rtp::NtpTime;
use crate::wire::rtp::framing::push_frame;
use session::{Breach, Session};

/// What both sides name in the handshake.
pub(super) const SUBPROTOCOL: &str = "rtp4571.rigcast.v1";

/// The longest message: a large IDR in one piece.
const MAX_MESSAGE: usize = 1024 * 1024;

/// A sender that says nothing for so many seconds is given up.
const SILENT_SECONDS: u32 = 15;

/// For the goodbye to be answered.
const GOODBYE: Duration = Duration::from_millis(500);

/// Serves a sender until it or its stream ends.
pub(super) async fn run(mut connection: Connection, early: &[u8], hub: Arc<Hub>, name: String) {
    let mut socket = ServerSocket::new(MAX_MESSAGE, early);
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let ssrc = session::any_ssrc(NtpTime::from_unix(since_1970.unwrap_or_default()));
    let mut session = Session::new(Arc::clone(&hub), name, ssrc);
    if serve(&mut connection, &mut socket, &mut session, &hub).await.is_ok() {
        // The stream ends with its session, and not after the goodbye.
        drop(session);
        let _ = timeout(GOODBYE, part(&mut connection, &mut socket)).await;
    }
}

async fn serve(
    connection: &mut Connection,
    socket: &mut ServerSocket,
    session: &mut Session,
    hub: &Hub,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    let mut seconds = interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut silent = 0;
    let mut stopped = hub.stopped.clone();
    loop {
        while let Some(message) = socket.next() {
            if let Err(breach) = obey(message, socket, session, hub) {
                refuse(socket, breach);
            }
            if session.has_ended() {
                socket.close(CloseCode::Normal, "goodbye");
            }
        }
        while let Some(mut bytes) = socket.take_output() {
            connection.write_all_buf(&mut bytes).await?;
            connection.flush().await?;
        }
        if socket.is_over() {
            return Ok(());
        }
        tokio::select! {
            read = connection.read(&mut buffer) => {
                let len = read?;
                if len == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                silent = 0;
                socket.receive(&buffer[..len]);
            }
            _ = seconds.tick() => {
                silent += 1;
                if silent > SILENT_SECONDS {
                    socket.close(CloseCode::Policy, "nothing came for 15 seconds");
                }
                if let Some(report) = session.report(hub.clock.now()) {
                    let mut message = Vec::with_capacity(report.len() + 2);
                    push_frame(&mut message, |out| out.extend_from_slice(&report));
                    socket.send_binary(message);
                }
            }
            () = super::server::told_to_stop(&mut stopped) => socket.close(CloseCode::Away, "the relay ends"),
        }
    }
}

fn obey(message: Message, socket: &mut ServerSocket, session: &mut Session, hub: &Hub) -> Result<(), Breach> {
    match message {
        Message::Text(offer) => {
            let answer = session.describe(&offer, hub.clock.now())?;
            socket.send_text(&answer);
            Ok(())
        }
        Message::Binary(bytes) => session.receive(&bytes, hub.clock.now()),
        _ => Ok(()),
    }
}

fn refuse(socket: &mut ServerSocket, breach: Breach) {
    let (code, reason) = match breach {
        Breach::Description => (CloseCode::Invalid, "no session description that can be used"),
        Breach::Nothing => (
            CloseCode::Unsupported,
            "H.264, AAC and Opus can be received, nothing else",
        ),
        Breach::Order => (CloseCode::Protocol, "one session description first, then media"),
        Breach::Taken => (CloseCode::Policy, "a stream of that name is being shown already"),
        Breach::Ended => (CloseCode::Policy, "another sender has taken the stream over"),
    };
    socket.close(code, reason);
}

async fn part(connection: &mut Connection, socket: &mut ServerSocket) -> io::Result<()> {
    while let Some(mut bytes) = socket.take_output() {
        connection.write_all_buf(&mut bytes).await?;
    }
    connection.shutdown().await?;
    let mut rest = [0; 4096];
    while connection.read(&mut rest).await? > 0 {}
    Ok(())
}
