//! xiu's RTMP server on a loopback port: `xiu-peer PORT`.

use rtmp::rtmp::RtmpServer;
use streamhub::StreamsHub;
use tokio::sync::mpsc::unbounded_channel;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port: u16 = std::env::args().nth(1).ok_or("usage: xiu-peer PORT")?.parse()?;
    let (sender, receiver) = unbounded_channel();
    let mut hub = StreamsHub::new(None, sender, receiver);
    let events = hub.get_hub_event_sender();
    tokio::spawn(async move { hub.run().await });
    RtmpServer::new(format!("127.0.0.1:{port}"), events, 1, None, None).run().await?;
    Ok(())
}
