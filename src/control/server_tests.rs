//! A studio's end of the socket without a studio: what clients are told, and what the studio hears of them.

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::net::unix::OwnedReadHalf;
use tokio::sync::mpsc;

use super::*;
use crate::clock::Clock;
use crate::control::desk::{Audience, EVENTS_BEHIND};
use crate::control::taps::Taps;
use crate::media::TimeDelta;
use crate::studio::model::Sample;

struct Table {
    orders: mpsc::Receiver<Order>,
    state: watch::Sender<Arc<Studio>>,
    studio: Studio,
    _meters: watch::Sender<Arc<Meters>>,
    _ended: watch::Sender<Option<String>>,
    desk: Desk,
}

impl Table {
    fn set() -> Self {
        let show = crate::scene::demo(&[], &|_| None).unwrap();
        let mut studio = crate::studio::opening::studio("test", &show);
        studio.history.push(sample(1));
        studio.history.push(sample(2));
        let (orders_in, orders) = mpsc::channel(4);
        let (state, state_out) = watch::channel(Arc::new(studio.clone()));
        let (meters, meters_out) = watch::channel(Arc::new(Meters::default()));
        let (ended, ended_out) = watch::channel(None);
        let desk = Desk {
            orders: orders_in,
            state: state_out,
            events: broadcast::channel(EVENTS_BEHIND).0,
            meters: meters_out,
            taps: Taps::default(),
            audience: Audience::default(),
            ended: ended_out,
            clock: Clock::start(),
        };
        Self {
            orders,
            state,
            studio,
            _meters: meters,
            _ended: ended,
            desk,
        }
    }

    fn seat(&self) -> Guest {
        let (here, there) = UnixStream::pair().unwrap();
        tokio::spawn(Connection::new(there, self.desk.clone()).run());
        let (reader, writer) = here.into_split();
        Guest {
            lines: BufReader::new(reader).lines(),
            writer,
        }
    }

    /// A second passes.
    fn measure(&mut self, second: i64) {
        self.studio.history.push(sample(second));
        self.state.send_replace(Arc::new(self.studio.clone()));
    }
}

fn sample(second: i64) -> Sample {
    Sample {
        at: Timestamp::ZERO + TimeDelta::from_millis(second * 1000),
        ..Sample::default()
    }
}

struct Guest {
    lines: Lines<BufReader<OwnedReadHalf>>,
    writer: OwnedWriteHalf,
}

impl Guest {
    async fn ask(&mut self, method: &str, params: Value) {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        send(&mut self.writer, &request).await.unwrap();
    }

    async fn hear(&mut self) -> Value {
        let line = self.lines.next_line().await.unwrap().unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// The times of the samples in the next state.
    async fn history(&mut self) -> Vec<i64> {
        let state = self.hear().await;
        assert_eq!(state["method"], "state");
        let rows = state["params"]["history"].as_array().cloned().unwrap_or_default();
        rows.iter().map(|row| row[0].as_i64().unwrap() / 1000).collect()
    }
}

#[tokio::test]
async fn the_first_state_has_all_samples_and_later_ones_what_is_new() {
    let mut table = Table::set();
    let mut guest = table.seat();
    guest.ask("watch", json!({ "state": true })).await;
    assert_eq!(guest.hear().await["result"]["watching"], true);
    assert_eq!(guest.history().await, [1, 2]);
    table.measure(3);
    assert_eq!(guest.history().await, [3]);
    // One that changes nothing of it has none.
    table.state.send_replace(Arc::new(table.studio.clone()));
    assert_eq!(guest.history().await, [0; 0]);
    table.measure(4);
    assert_eq!(guest.history().await, [4]);
}

#[tokio::test]
async fn samples_go_by_themselves_to_those_who_ask() {
    let mut table = Table::set();
    let mut guest = table.seat();
    guest.ask("watch", json!({ "samples": true })).await;
    assert_eq!(guest.hear().await["result"]["watching"], true);
    table.measure(3);
    let told = guest.hear().await;
    assert_eq!(
        (&told["method"], &told["params"]["at"]),
        (&json!("sample"), &json!(3000))
    );
    assert_eq!(table.desk.audience.count(), 0, "a script is no screen");
    guest.ask("status", Value::Null).await;
    let status = guest.hear().await;
    assert_eq!(status["result"]["history"], Value::Null, "that is for eyes");
    assert_eq!(status["result"]["alarms"], json!([]));
}

#[tokio::test]
async fn what_a_screen_did_not_ask_about_is_marked_and_only_where_it_would_have_asked() {
    let mut table = Table::set();
    let mut guest = table.seat();
    for (name, args, asked, is_unasked) in [
        ("occlusion level", vec!["5"], json!(false), true),
        ("occlusion level", vec!["5"], json!(true), false),
        // A script has nobody to ask.
        ("occlusion level", vec!["5"], Value::Null, false),
        ("hold", vec!["1"], json!(false), true),
        ("take", vec![], json!(false), false),
    ] {
        let params = json!({ "name": name, "args": args, "asked": asked });
        guest.ask("command", params.clone()).await;
        assert_eq!(table.orders.recv().await.unwrap().is_unasked, is_unasked, "{params}");
    }
}

#[tokio::test]
async fn an_order_says_who_gave_it_and_how_but_no_secret() {
    let mut table = Table::set();
    let mut script = table.seat();
    let mut screens = [table.seat(), table.seat()];
    for screen in &mut screens {
        screen.ask("watch", json!({ "state": true })).await;
        screen.hear().await;
        screen.hear().await;
    }
    let mut heard = Vec::new();
    let take = json!({ "name": "take", "args": ["two shot"] });
    let add = json!({ "name": "destination add", "args": ["live", "rtmp://host/app/sk-secret"] });
    for (guest, params) in [(0, &take), (1, &take), (2, &add)] {
        let guest = if guest == 0 {
            &mut script
        } else {
            &mut screens[guest - 1]
        };
        guest.ask("command", params.clone()).await;
        let order = table.orders.recv().await.unwrap();
        let cause = order.reply.cause();
        heard.push(format!("{}: {}", cause.by, cause.command));
    }
    assert_eq!(
        heard,
        [
            "script: take \"two shot\"",
            "screen 1: take \"two shot\"",
            "screen 2: destination add live rtmp://host/app/••••"
        ]
    );
}
