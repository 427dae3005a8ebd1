//! Answers of real servers, answers as their authors document them, and nonsense.

use proptest::prelude::*;

use super::*;

macro_rules! nginx {
    ($name:literal) => {
        include_bytes!(concat!("../../../tests/data/audience/nginx-1.22-stat-", $name, ".xml"))
    };
}

fn nginx(application: Option<&str>, stream: Option<&str>) -> StatsKind {
    StatsKind::NginxRtmp {
        application: application.map(str::to_owned),
        stream: stream.map(str::to_owned),
    }
}

fn srs(stream: Option<&str>) -> StatsKind {
    StatsKind::Srs {
        stream: stream.map(str::to_owned),
    }
}

fn mtx(path: Option<&str>) -> StatsKind {
    StatsKind::MediaMtx {
        path: path.map(str::to_owned),
    }
}

fn json(pointer: &str) -> StatsKind {
    StatsKind::Json {
        pointer: pointer.to_owned(),
    }
}

fn said(kind: &StatsKind, answer: &str) -> String {
    match viewers(kind, answer.as_bytes()) {
        Ok(viewers) => viewers.to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_real_nginx_counts_readers_and_not_publishers() {
    let captures: [(&str, &[u8], u64); 6] = [
        ("0 readers", nginx!("0-readers"), 0),
        ("1 reader", nginx!("1-reader"), 1),
        ("2 readers", nginx!("2-readers"), 2),
        ("2 readers, the publisher gone", nginx!("2-readers-no-publisher"), 2),
        (
            "1 reader, and a push to the other application",
            nginx!("1-reader-1-push"),
            1,
        ),
        // The page without its clients cannot tell the push from a reader.
        ("the same without clients", nginx!("live-only"), 2),
    ];
    for (what, page, expected) in captures {
        assert_eq!(viewers(&nginx(None, None), page), Ok(expected), "{what}");
        assert_eq!(
            viewers(&nginx(Some("live"), Some("golden")), page),
            Ok(expected),
            "{what}"
        );
        // There is always a publisher and never a reader.
        assert_eq!(viewers(&nginx(Some("other"), None), page), Ok(0), "{what}");
        assert_eq!(viewers(&nginx(None, Some("not on air")), page), Ok(0), "{what}");
    }
    let error = viewers(&nginx(Some("lvie"), None), nginx!("1-reader")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the stat page has no application \"lvie\"; it has live, other"
    );
}

#[test]
fn of_nginx_each_server_and_each_stream_counts() {
    let stream = |name: &str, rest: &str| format!("<stream><name>{name}</name>{rest}</stream>");
    let server = |app: &str, streams: &str| {
        format!(
            "<server><application><name>{app}</name><live>{streams}<nclients>99</nclients></live></application></server>"
        )
    };
    let page = [
        "<rtmp>".to_owned(),
        server("live", &stream("a", "<nclients>5000</nclients><publishing/>")),
        server("live", &stream("b", "<nclients>2</nclients>")),
        server(
            "vod",
            &stream("a", "<client><publishing/></client><client/><client/><publishing/>"),
        ),
        "</rtmp>".to_owned(),
    ]
    .concat();
    for (application, name, expected) in [
        (None, None, "5003"),
        (Some("live"), None, "5001"),
        (None, Some("a"), "5001"),
        (Some("live"), Some("a"), "4999"),
        (Some("vod"), Some("b"), "0"),
    ] {
        assert_eq!(
            said(&nginx(application, name), &page),
            expected,
            "{application:?} {name:?}"
        );
    }
    for (page, expected) in [
        ("", "the answer is no XML: line 1, column 1"),
        ("<rtmp>\n<server>", "the answer is no XML: line 1, column 1"),
        ("<html></html>", "the answer is no stat page of nginx-rtmp"),
        (
            "<!DOCTYPE a [<!ENTITY b \"c\">]><rtmp/>",
            "the answer is no XML: line 1, column 1",
        ),
        ("<rtmp/>", "0"),
    ] {
        assert_eq!(said(&nginx(None, None), page), expected, "{page}");
    }
    assert_eq!(
        said(&nginx(Some("live"), None), "<rtmp/>"),
        "the stat page has no application \"live\""
    );
}

#[test]
fn a_large_audience_on_a_long_page_is_counted() {
    const VIEWERS: usize = 15_000;
    let client = "<client><id>7</id><address>203.0.113.7</address><time>2936</time><flashver>LNX 9,0,124,2</flashver><dropped>0</dropped>\
                  <avsync>-18</avsync><timestamp>8423</timestamp><active/></client>\r\n";
    let page = format!(
        "<rtmp><server><application><name>live</name><live><stream><name>show</name>{}<nclients>{VIEWERS}</nclients></stream></live>\
         </application></server></rtmp>",
        client.repeat(VIEWERS)
    );
    assert!(page.len() > 2 << 20 && page.len() < super::super::fetch::MAX_ANSWER);
    let start = std::time::Instant::now();
    assert_eq!(
        viewers(&nginx(Some("live"), Some("show")), page.as_bytes()),
        Ok(VIEWERS as u64)
    );
    eprintln!("{} bytes are counted in {} ms", page.len(), start.elapsed().as_millis());
}

/// After SRS's "HTTP API" page and srs_app_statistic.cpp of version 6.
const SRS_STREAMS: &str = r#"{"code":0,"server":"vid-0xk989d","service":"382k456r","pid":"1","streams":[
    {"id":"vid-q8z0s2p","name":"livestream","vhost":"vid-4vd5l4m","app":"live","tcUrl":"rtmp://h/live","url":"/live/livestream",
     "live_ms":1718000000000,"clients":4,"frames":9,"send_bytes":1,"recv_bytes":2,"kbps":{"recv_30s":1,"send_30s":3},
     "publish":{"active":true,"cid":"8p23c1x7"},"video":{"codec":"H264","profile":"High","level":"3.2","width":768,"height":320},
     "audio":{"codec":"AAC","sample_rate":44100,"channel":2,"profile":"LC"}},
    {"id":"vid-l0z1s2p","name":"waiting","vhost":"vid-4vd5l4m","app":"live","clients":2,"publish":{"active":false},
     "video":null,"audio":null}]}"#;

/// Likewise; the second as older versions have it, without `name`.
const SRS_CLIENTS: &str = r#"{"code":0,"server":"vid-0xk989d","clients":[
    {"id":"a","vhost":"v","stream":"s","ip":"10.0.0.1","tcUrl":"rtmp://h/live","url":"/live/livestream","name":"livestream",
     "type":"fmle-publish","publish":true,"alive":12.5},
    {"id":"b","vhost":"v","stream":"s","ip":"10.0.0.2","url":"rtmp://h/live/livestream","type":"Play","publish":false},
    {"id":"c","vhost":"v","stream":"s","url":"/live/other","name":"other","type":"hls-play","publish":false}]}"#;

#[test]
fn srs_counts_its_clients() {
    for (stream, streams, clients) in [
        (None, "5", "2"),
        (Some("livestream"), "3", "1"),
        (Some("none"), "0", "0"),
    ] {
        assert_eq!(said(&srs(stream), SRS_STREAMS), streams, "{stream:?}");
        assert_eq!(said(&srs(stream), SRS_CLIENTS), clients, "{stream:?}");
    }
    for (answer, expected) in [
        (r#"{"code":100}"#, "SRS answers with the error code 100"),
        (r#"{"code":0}"#, "nothing at /streams in the answer"),
        (
            r#"{"streams":[]}"#,
            "the answer is not what SRS sends: line 1, column 14",
        ),
        (
            r#"{"code":0,"streams":[{"name":"secret"}]}"#,
            "the answer is not what SRS sends: line 1, column 38",
        ),
        ("<html>", "the answer is no JSON: line 1, column 1"),
        ("", "the answer is no JSON: line 1, column 0"),
    ] {
        assert_eq!(said(&srs(None), answer), expected, "{answer}");
    }
}

/// After MediaMTX's API reference and internal/defs/api_path.go of version 1.
const MTX_LIST: &str = r#"{"itemCount":2,"pageCount":1,"items":[
    {"name":"show","confName":"all_others","source":{"type":"rtmpConn","id":"d5a8"},"ready":true,
     "readyTime":"2026-01-02T03:04:05Z","tracks":["H264","MPEG-4 Audio"],"bytesReceived":7,"bytesSent":8,
     "readers":[{"type":"hlsMuxer","id":""},{"type":"webRTCSession","id":"e1"},{"type":"rtspSession","id":"e2"}]},
    {"name":"spare","confName":"all_others","source":null,"ready":false,"readyTime":null,"tracks":[],"bytesReceived":0,
     "bytesSent":0,"readers":[]}]}"#;

#[test]
fn mediamtx_lists_its_readers() {
    for (path, expected) in [
        (None, "3"),
        (Some("show"), "3"),
        (Some("spare"), "0"),
        (Some("none"), "0"),
    ] {
        assert_eq!(said(&mtx(path), MTX_LIST), expected, "{path:?}");
    }
    for (answer, expected) in [
        (r#"{"name":"show","readers":[{"type":"srtConn","id":"1"}]}"#, "1"),
        (r#"{"items":[{"name":"show","readers":null}]}"#, "0"),
        (
            r#"{"itemCount":250,"pageCount":3,"items":[]}"#,
            "the list has 3 pages, of which one was sent; ask for one path: …/v3/paths/get/NAME",
        ),
        (r#"{"error":"authentication error"}"#, "nothing at /items in the answer"),
        (
            r#"{"items":3}"#,
            "the answer is not what MediaMTX sends: line 1, column 10",
        ),
    ] {
        assert_eq!(said(&mtx(None), answer), expected, "{answer}");
    }
}

#[test]
fn any_json_is_read_by_its_pointer() {
    let answer = r#"{"a":{"b/c":[7,"12",2.9,-1,true,null,{}," x "]},"e":[1,2,3],"big":18446744073709551615}"#;
    for (pointer, expected) in [
        ("/a/b~1c/0", "7"),
        ("/a/b~1c/1", "12"),
        ("/a/b~1c/2", "2"),
        ("/e", "3"),
        ("/big", "18446744073709551615"),
        (
            "/a/b~1c/3",
            "/a/b~1c/3 in the answer is a number that counts nothing, not a count",
        ),
        ("/a/b~1c/4", "/a/b~1c/4 in the answer is true or false, not a count"),
        ("/a/b~1c/5", "/a/b~1c/5 in the answer is null, not a count"),
        ("/a/b~1c/6", "/a/b~1c/6 in the answer is an object, not a count"),
        ("/a/b~1c/7", "/a/b~1c/7 in the answer is a text, not a count"),
        ("/a/b~1c/8", "nothing at /a/b~1c/8 in the answer"),
        ("/A", "nothing at /A in the answer"),
    ] {
        assert_eq!(said(&json(pointer), answer), expected, "{pointer}");
    }
    assert_eq!(said(&json(""), "42"), "42");
    assert_eq!(
        said(&json("/e"), &"[".repeat(100_000)),
        "the answer is no JSON: line 1, column 128"
    );
}

/// Any kind of question.
fn kinds() -> impl Strategy<Value = StatsKind> {
    prop_oneof![
        Just(nginx(None, None)),
        Just(nginx(Some("live"), Some("golden"))),
        Just(srs(None)),
        Just(srs(Some("livestream"))),
        Just(mtx(None)),
        Just(mtx(Some("show"))),
        "[/a-z0-9~]{0,12}".prop_map(|pointer| json(&pointer)),
    ]
}

proptest! {
    #[test]
    fn no_bytes_panic(kind in kinds(), answer in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = viewers(&kind, &answer);
    }

    #[test]
    fn no_damage_to_an_answer_panics(
        kind in kinds(),
        pick in 0usize..5,
        at in 0usize..2400,
        length in 0usize..40,
        with in prop::collection::vec(any::<u8>(), 0..12),
    ) {
        let answers: [&[u8]; 5] =
            [nginx!("2-readers"), nginx!("1-reader-1-push"), SRS_STREAMS.as_bytes(), SRS_CLIENTS.as_bytes(), MTX_LIST.as_bytes()];
        let mut answer = answers[pick].to_vec();
        let at = at.min(answer.len());
        let end = (at + length).min(answer.len());
        answer.splice(at..end, with);
        let _ = viewers(&kind, &answer);
    }

    #[test]
    fn nested_elements_panic_nowhere(depth in 0usize..3000, name in "[a-z]{1,9}") {
        let page = format!("<rtmp>{}{}</rtmp>", format!("<{name}>").repeat(depth), format!("</{name}>").repeat(depth));
        prop_assert_eq!(viewers(&nginx(None, None), page.as_bytes()), Ok(0));
    }
}
