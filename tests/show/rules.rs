//! A shopping show whose scenes are chosen by business data: posted, from a file, by command.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::common::PATIENCE;
use crate::common::studio::{Studio, rigcast};

const TOKEN: &str = "t0ken-of-the-shop";

/// Scenes of the names and parameters that the shipped rules are for.
const SCENES: &[(&str, &[&str])] = &[
    ("host", &[]),
    ("product", &["title", "price", "note"]),
    ("lottery", &["prize", "entries"]),
    ("countdown", &["title", "until"]),
    ("thanks", &["name", "amount"]),
    ("break", &["title"]),
];

fn rules() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes/shop.rules.toml")
}

fn scene_file(folder: &Path, data: &str) -> std::path::PathBuf {
    use std::fmt::Write as _;
    let mut text = String::from(
        "[video]\nwidth = 320\nheight = 180\nframe_rate = 15\nbitrate_kbps = 300\n[analysis]\nblack = 0\nfrozen = 0\nsilence = 0\n",
    );
    let _ = writeln!(text, "[rules]\nfile = \"{}\"\n{data}", rules().display());
    for (at, (name, parameters)) in SCENES.iter().enumerate() {
        let style = ["bars", "grid"][at % 2];
        let _ = writeln!(
            text,
            "[source.{name}]\nkind = \"pattern\"\nstyle = \"{style}\"\nlabel = \"{name}\""
        );
        let texts = parameters.iter().enumerate().map(|(row, parameter)| {
            format!(
                "{{ text = \"{{{parameter}}}\", position = [10, {}], size = [200, 30] }}",
                20 + row * 40
            )
        });
        let items: Vec<String> = std::iter::once(format!("{{ source = \"{name}\" }}"))
            .chain(texts)
            .collect();
        let _ = writeln!(text, "[scene.{name}]\nitems = [{}]", items.join(", "));
        if !parameters.is_empty() {
            let values: Vec<String> = parameters.iter().map(|name| format!("{name} = \"—\"")).collect();
            let _ = writeln!(text, "parameters = {{ {} }}", values.join(", "));
        }
    }
    let file = folder.join("shop.toml");
    std::fs::write(&file, text).unwrap();
    file
}

/// Asks the studio's door for data; the status and the body of its answer.
fn ask(address: SocketAddr, method: &str, headers: &str, body: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = format!(
        "{method} /data HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n",
        body.len()
    );
    // What is refused by its head may be closed before its body has been read.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status, body.to_owned())
}

fn with_token() -> String {
    format!("Authorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n")
}

/// What `rigcast rules explain` says of a datum.
fn explained(folder: &Path, datum: &Value) -> Value {
    let file = folder.join("datum.json");
    std::fs::write(&file, datum.to_string()).unwrap();
    let output = Command::new(rigcast())
        .args(["rules", "explain", file.to_str().unwrap(), "--json", "--rules"])
        .arg(rules())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The values of a scene's parameters.
fn parameters(status: &Value, scene: &str) -> Value {
    let scenes = status["scenes"].as_array().unwrap();
    let found = scenes.iter().find(|known| known["name"] == scene).unwrap();
    let pairs = found["parameters"].as_array().unwrap().iter();
    pairs
        .map(|pair| (pair[0].as_str().unwrap().to_owned(), pair[1].clone()))
        .collect()
}

#[test]
fn a_feed_of_a_shop_drives_six_templates_and_explain_agrees() {
    let folder = tempfile::tempdir().unwrap();
    let data = "[data]\nlisten = \"127.0.0.1:0\"\ntoken = { env = \"SHOP_TOKEN\" }\n";
    let scene = scene_file(folder.path(), data);
    let mut studio = Studio::start_in(&[scene.to_str().unwrap()], |command| {
        command.env("SHOP_TOKEN", TOKEN);
    });
    let status = studio.wait_until("the door for data", PATIENCE, |status| {
        status["data"]["listens"].is_string()
    });
    let address: SocketAddr = status["data"]["listens"].as_str().unwrap().parse().unwrap();

    // A wrong token, or none, changes nothing.
    let before = studio.wait_until("the default", PATIENCE, |status| status["program"] == "host");
    let bad = b"{\"room\": \"break\"}";
    for headers in [
        "Content-Type: application/json\r\n",
        "Authorization: Bearer wrong\r\nContent-Type: application/json\r\n",
        &format!("Authorization: Bearer {TOKEN}x\r\nContent-Type: application/json\r\n"),
        &format!("Authorization: Basic {TOKEN}\r\nContent-Type: application/json\r\n"),
    ] {
        for method in ["POST", "PUT", "PATCH", "GET"] {
            let (code, body) = ask(address, method, headers, bad);
            assert_eq!(code, 401, "{method} {headers}: {body}");
            assert!(!body.contains(TOKEN));
        }
    }
    assert_eq!(studio.status()["data"]["values"], before["data"]["values"]);

    let feed = [
        json!({"product": {"title": "Tea", "price": 9.9, "stock": 12}}),
        json!({"product": {"title": "Tea", "price": 8.5, "stock": 2}}),
        json!({"room": "break", "break": {"title": "A cup of tea"}, "product": {"stock": 2}}),
        json!({"sale": {"until": "21:00", "title": "Half price at nine"}}),
        json!({"sale": {"until": "21:00", "open": true}, "lottery": {"prize": "a {price} pot", "entries": 12}}),
        json!({"order": {"name": "Ada {title}", "total": 19.8}, "product": {"stock": 4, "title": "Tea", "price": 8.5}}),
        json!({"product": {"title": "Tea", "price": 8.5, "stock": 0}}),
    ];
    let mut seen = Vec::new();
    for datum in &feed {
        let told = explained(folder.path(), datum);
        let (code, body) = ask(address, "POST", &with_token(), datum.to_string().as_bytes());
        assert_eq!(code, 200, "{body}");
        let wanted = told["scene"].as_str().unwrap().to_owned();
        let status = studio.wait_until(&format!("scene {wanted} by {datum}"), PATIENCE, |status| {
            // Not only that scene, but by that rule: two show the same one.
            status["program"] == wanted.as_str() && status["rules"]["standing"]["chosen"]["rule"] == told["rule"]
        });
        let values = parameters(&status, &wanted);
        for pair in told["with"].as_array().unwrap() {
            assert_eq!(values[pair[0].as_str().unwrap()], pair[1], "{datum}");
        }
        seen.push((wanted, told["rule"].clone()));
        // Values are data: what looks like a placeholder is shown as it is.
        if let Some(prize) = datum["lottery"]["prize"].as_str() {
            assert_eq!(values["prize"], prize);
        }
    }
    let scenes: Vec<&str> = seen.iter().map(|(scene, _)| scene.as_str()).collect();
    assert_eq!(
        scenes,
        ["product", "product", "break", "countdown", "lottery", "thanks", "host"]
    );

    // The log of what was on program is what was explained: the default first, and no change of scene where two rules show the same.
    let events = studio.status()["events"].as_array().unwrap().clone();
    let chosen = events.iter().filter(|event| event["subject"] == "rules");
    let chosen: Vec<&str> = chosen
        .filter_map(|event| event["text"].as_str().filter(|text| text.contains(" chooses scene ")))
        .collect();
    let expected = seen.iter().map(|(scene, rule)| match rule.as_str() {
        Some(rule) => format!("rule {rule} chooses scene {scene}"),
        None => format!("the default chooses scene {scene}"),
    });
    let expected: Vec<String> = std::iter::once("the default chooses scene host".to_owned())
        .chain(expected)
        .collect();
    assert_eq!(chosen, expected);
    let taken = events.iter().filter(|event| event["subject"] == "program");
    let taken: Vec<&str> = taken.map(|event| event["text"].as_str().unwrap()).collect();
    let on_program = ["product", "break", "countdown", "lottery", "thanks", "host"];
    assert_eq!(taken, on_program.map(|scene| format!("scene {scene} is on program")));

    what_is_wrong_is_answered(&studio, address);
    an_operator_holds_until_released(&studio, address);
    let log = {
        studio.order("end");
        studio.wait_end(PATIENCE);
        studio.whole_log()
    };
    assert!(!log.contains(TOKEN), "{log}");
}

/// Bad requests have their own answers, and the data stays as it was.
fn what_is_wrong_is_answered(studio: &Studio, address: SocketAddr) {
    let values = studio.status()["data"]["values"].clone();
    let many = json!({ "list": vec![0; 600] }).to_string();
    let deep = format!("{}1{}", "{\"a\":".repeat(20), "}".repeat(20));
    let long = format!("{{\"a\": \"{}\"}}", "x".repeat(70_000));
    let plain = format!("Authorization: Bearer {TOKEN}\r\nContent-Type: text/plain\r\n");
    for (method, headers, body, expected) in [
        ("POST", with_token(), "", 400),
        ("POST", with_token(), "{\"room\": }", 400),
        ("POST", with_token(), "[1, 2]", 422),
        ("POST", with_token(), many.as_str(), 422),
        ("PUT", with_token(), deep.as_str(), 422),
        ("POST", with_token(), long.as_str(), 413),
        ("POST", plain, "{}", 415),
        ("PATCH", with_token(), "3", 422),
        ("DELETE", with_token(), "", 405),
    ] {
        let (code, answer) = ask(address, method, &headers, body.as_bytes());
        assert_eq!(code, expected, "{method} {}: {answer}", &body[..body.len().min(40)]);
    }
    // Bytes of every kind where JSON should be: an answer, and nothing changes.
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..50 {
        let mut noise = || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed
        };
        let body: Vec<u8> = (0..noise() % 200).map(|_| noise() as u8).collect();
        let (code, _) = ask(address, "POST", &with_token(), &body);
        assert!((400..500).contains(&code), "{code}: {body:?}");
    }
    assert_eq!(studio.status()["data"]["values"], values);
    // What holds is returned; a patch changes what it names.
    let (code, body) = ask(
        address,
        "PATCH",
        &with_token(),
        b"{\"product\": {\"stock\": null}, \"room\": \"open\"}",
    );
    assert_eq!(code, 200, "{body}");
    let (code, body) = ask(address, "GET", &with_token(), b"");
    let held: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (code, &held["room"], held["product"].get("stock")),
        (200, &json!("open"), None)
    );
    assert_eq!(held["product"]["title"], "Tea");
}

/// Whoever takes by hand has program until the rules are released.
fn an_operator_holds_until_released(studio: &Studio, address: SocketAddr) {
    studio.order("cut thanks");
    let status = studio.status();
    assert_eq!(status["rules"]["overridden"]["scene"], "thanks");
    let (code, _) = ask(address, "POST", &with_token(), b"{\"room\": \"break\"}");
    assert_eq!(code, 200);
    let status = studio.wait_until("what they would choose", PATIENCE, |status| {
        status["rules"]["standing"]["wish"] == "rule break"
    });
    assert_eq!(status["program"], "thanks");
    let output = studio.ctl(&["rules", "explain"]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        answer["text"].as_str().unwrap().contains("the rules look on"),
        "{answer}"
    );
    studio.order("rules release");
    assert_eq!(studio.status()["program"], "break", "at once");
    studio.order("rules off");
    let refused = studio.ctl(&["rules", "release"]);
    assert_eq!(refused.status.code(), Some(1));
    studio.order("cut host");
    assert!(
        studio.status()["rules"]["overridden"].is_null(),
        "nobody holds against rules that are off"
    );
}

#[test]
fn a_file_is_read_whenever_it_changes_and_commands_bring_data_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let room = folder.path().join("room.json");
    let scene = scene_file(folder.path(), &format!("[data]\nfile = \"{}\"\n", room.display()));
    std::fs::write(&room, "{\"room\": \"break\"}").unwrap();
    let studio = Studio::start(&[scene.to_str().unwrap()]);
    studio.wait_until("the file's scene", PATIENCE, |status| status["program"] == "break");
    // As editors and feeds do it: a new file in the place of the old one.
    let fresh = folder.path().join("room.json.new");
    std::fs::write(&fresh, "{\"order\": {\"total\": 3}}").unwrap();
    std::fs::rename(&fresh, &room).unwrap();
    let status = studio.wait_until("the new file's scene", PATIENCE, |status| status["program"] == "thanks");
    assert_eq!(status["data"]["from"], "file room.json");
    assert_eq!(
        parameters(&status, "thanks"),
        json!({"name": "You", "amount": "3.00 €"})
    );
    // What is no data changes nothing, and is told.
    std::fs::write(&room, "{\"order\": ").unwrap();
    let status = studio.wait_until("the trouble", PATIENCE, |status| status["data"]["trouble"].is_string());
    assert!(
        status["data"]["trouble"]
            .as_str()
            .unwrap()
            .ends_with("it ends in the middle"),
        "{status}"
    );
    assert_eq!(
        (&status["program"], &status["data"]["values"]["order"]["total"]),
        (&json!("thanks"), &json!(3))
    );

    for (args, code) in [
        (["data", "set", "{\"room\": \"break\"}"], Some(0)),
        (
            ["data", "merge", "{\"room\": null, \"sale\": {\"until\": \"9\"}}"],
            Some(0),
        ),
        (["data", "set", "room"], Some(2)),
        (["data", "merge", "[]"], Some(2)),
    ] {
        assert_eq!(studio.ctl(&args).status.code(), code, "{args:?}");
    }
    let status = studio.wait_until("the countdown", PATIENCE, |status| status["program"] == "countdown");
    assert_eq!(status["data"]["from"], "script");
    studio.order("data clear");
    studio.wait_until("the default", PATIENCE, |status| status["program"] == "host");

    // Other rules, and such as name what is not there.
    let own = folder.path().join("own.rules.toml");
    std::fs::write(&own, "[[rule]]\nname = \"a\"\nwhen = \"a\"\nscene = \"hots\"\n").unwrap();
    let refused = studio.ctl(&["rules", "load", own.to_str().unwrap()]);
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        told.contains("own.rules.toml:4:9: rule[0].scene: no scene \"hots\"; did you mean \"host\"?"),
        "{told}"
    );
    std::fs::write(&own, "[[rule]]\nname = \"a\"\nwhen = \"a\"\nscene = \"lottery\"\n").unwrap();
    studio.order(&format!("rules load {}", own.display()));
    assert!(studio.ctl(&["data", "set", "{\"a\": 1}"]).status.success());
    studio.wait_until("the new rule's scene", PATIENCE, |status| {
        status["program"] == "lottery"
    });
}

#[test]
fn rules_are_asked_without_a_studio() {
    let explain = |data: &str, more: &[&str]| {
        let mut child = Command::new(rigcast())
            .args(["rules", "explain", "-", "--rules"])
            .arg(rules())
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(data.as_bytes()).unwrap();
        let output = crate::common::studio::output_within(child, Duration::from_secs(20));
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (code, text, _) = explain("{\"product\": {\"stock\": 9}}", &["--in-state", "0.2"]);
    assert_eq!(code, Some(0));
    assert!(text.starts_with("scene host: the default is chosen\n"), "{text}");
    assert!(
        text.contains("rule in stock → product (priority 10): holds; must do so for 0.3 s more"),
        "{text}"
    );
    assert!(text.contains("false: room == 'break'   with no room"), "{text}");
    let (_, text, _) = explain("{\"product\": {\"stock\": 9, \"price\": 2}}", &[]);
    assert!(
        text.starts_with("scene product: rule in stock is chosen\n") && text.contains("price = \"2.00 €\""),
        "{text}"
    );
    let (code, _, error) = explain("{", &[]);
    assert_eq!(code, Some(1));
    assert!(error.contains("it ends in the middle"), "{error}");
    let checked = Command::new(rigcast())
        .args(["rules", "check"])
        .arg(rules())
        .output()
        .unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}
