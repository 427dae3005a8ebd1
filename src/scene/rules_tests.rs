//! Files of rules, right and wrong.

use super::*;
use crate::scene::{Show, from_text};

const SHOP: &str = "default = \"host\"\n\
    [[rule]]\nname = \"in stock\"\nwhen = \"product.stock > 0\"\nuntil = 'product.stock == 0'\nfor = \"2s\"\nhold = \"1.5m\"\npriority = 3\n\
    scene = \"product\"\nwith = { price = \"{product.price:.2} €\", title = \"{product.title}\" }\n\
    [[rule]]\nname = \"gone\"\nwhen = \"room == 'gone'\"\nscene = \"product\"\nwith = { title = \"gone\" }\n";

fn parameters() -> Vec<(String, String)> {
    [("title", "nothing"), ("price", "0 {x}"), ("note", "")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}

fn settled(text: &str) -> Result<RuleSet, String> {
    let parameters = parameters();
    let scenes = [("host", &[] as &[_]), ("product", parameters.as_slice())];
    let read = read_rules("shop.rules.toml", text).and_then(|file| file.settle(scenes));
    read.map_err(|errors| errors.to_string())
}

#[test]
fn a_file_says_what_is_meant() {
    let set = settled(SHOP).unwrap();
    let [stock, gone] = &set.rules[..] else { panic!() };
    assert_eq!((stock.name.as_str(), stock.priority), ("in stock", 3));
    assert_eq!(stock.until.as_ref().map(Expression::text), Some("product.stock == 0"));
    assert_eq!(stock.lasts, TimeDelta::from_millis(2000));
    assert_eq!(stock.hold, TimeDelta::from_millis(90_000));
    assert_eq!(gone.hold, TimeDelta::from_millis(5000));
    assert_eq!(set.default.as_ref().map(|target| target.scene.as_str()), Some("host"));
    // What the first one sets is as in the scene file for the second; what no rule sets is left alone.
    let with = |rule: &Rule| {
        let with = rule.target.with.iter();
        with.map(|(name, filling)| (name.clone(), filling.fill(&serde_json::Map::new())))
            .collect::<Vec<_>>()
    };
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(with(stock), [pair("price", " €"), pair("title", "")]);
    assert_eq!(with(gone), [pair("title", "gone"), pair("price", "0 {x}")]);
}

#[test]
fn every_mistake_has_its_place_and_its_remedy() {
    let rule = "[[rule]]\nname = \"a\"\nscene = \"product\"\n";
    for (text, expected) in [
        (
            format!("{rule}when = \"a = 1\""),
            "shop.rules.toml:4:11: rule[0].when: \"=\" is written \"==\" to compare",
        ),
        (
            format!("{rule}when = \"a == \\\"x\\\" && b\""),
            "shop.rules.toml:4:20: rule[0].when: \"&&\" is written \"and\"",
        ),
        (
            format!("{rule}when = '''\na == 1\nor = 2'''"),
            "shop.rules.toml:6:4: rule[0].when: \"=\" is written",
        ),
        (
            format!("{rule}when = \"a\"\nuntil = \"grün !\""),
            "shop.rules.toml:5:15: rule[0].until: \"!\" is written \"not\"",
        ),
        (
            format!("{rule}when = \"a\"\nwith = {{ price = \"x {{b\" }}"),
            "shop.rules.toml:5:21: rule[0].with.price: this { is never closed",
        ),
        (
            format!("{rule}when = \"a\"\nwith = {{ prise = \"1\" }}"),
            "shop.rules.toml:5:18: rule[0].with.prise: scene \"product\" has no parameter \"prise\"; did you mean \"price\"?",
        ),
        (
            "[[rule]]\nname = \"a\"\nwhen = \"a\"\nscene = \"prodct\"".to_owned(),
            "shop.rules.toml:4:9: rule[0].scene: no scene \"prodct\"; did you mean \"product\"?",
        ),
        (
            "default = \"hots\"".to_owned(),
            "shop.rules.toml:1:11: default: no scene \"hots\"; did you mean \"host\"?",
        ),
        (
            "default_hold = \"3s\"".to_owned(),
            "shop.rules.toml:1:16: default_hold: goes with a default scene",
        ),
        (
            format!("{rule}when = \"a\"\nfor = \"2 seconds\""),
            "shop.rules.toml:5:7: rule[0].for: expected a duration up to 24h, as in \"500ms\"",
        ),
        (
            "stale_after = \"1ms\"".to_owned(),
            "shop.rules.toml:1:15: stale_after: expected a duration from 1s",
        ),
        (
            "[[rule]]\nscene = \"host\"".to_owned(),
            "shop.rules.toml:1:1: rule[0]: needs the key \"name\"\nshop.rules.toml:1:1: rule[0]: needs the key \"when\"",
        ),
        (
            format!("{rule}when = \"a\"\n{rule}when = \"b\""),
            "shop.rules.toml:6:8: rule[1].name: there is a rule \"a\" already",
        ),
        (
            format!("{rule}whn = \"a\""),
            "shop.rules.toml:4:1: rule[0].whn: unknown key; did you mean \"when\"?",
        ),
        (
            format!("{rule}when = 3"),
            "shop.rules.toml:4:8: rule[0].when: expected text, found a whole number",
        ),
        ("[[rule]\n".to_owned(), "shop.rules.toml:1:"),
    ] {
        let found = settled(&text).map(drop).unwrap_err();
        assert!(found.starts_with(expected), "{text}\n{found}");
    }
}

fn show(text: &str) -> Result<Show, String> {
    let text = format!("{text}\n[source.cam]\nkind = \"pattern\"\n[scene.host]\nitems = [{{ source = \"cam\" }}]\n");
    let token = |name: &str| (name == "TOKEN").then(|| "t0ken".to_owned());
    from_text("show.toml", &text, &[], &token).map_err(|errors| errors.to_string())
}

#[test]
fn a_scene_file_names_its_rules_and_where_data_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.rules.toml");
    std::fs::write(&file, "default = \"host\"").unwrap();
    let named = show(&format!(
        "[rules]\nfile = \"{}\"\n[data]\nfile = \"room.json\"",
        file.display()
    ))
    .unwrap();
    assert!(named.rules.is_on && named.rules.set.is_some() && named.files == [file.clone()]);
    std::fs::write(&file, "default = \"hots\"").unwrap();
    let error = show(&format!("[rules]\nfile = \"{}\"", file.display()))
        .map(drop)
        .unwrap_err();
    assert_eq!(
        error,
        format!(
            "{}:1:11: default: no scene \"hots\"; did you mean \"host\"?",
            file.display()
        )
    );

    let listening = show("[data]\nlisten = \"0.0.0.0:8470\"\ntoken = { env = \"TOKEN\" }").unwrap();
    assert_eq!(listening.data.token.as_ref().map(Secret::expose), Some("t0ken"));
    assert!(!format!("{:?} {}", listening, serde_json::to_string(&listening).unwrap()).contains("t0ken"));
    assert!(show("[data]\nlisten = \"127.0.0.1:0\"").is_ok() && show("[data]\nlisten = \"[::1]:0\"").is_ok());
    for (text, expected) in [
        (
            "[data]\nlisten = \"0.0.0.0:8470\"",
            "show.toml:2:10: data.listen: everybody who reaches",
        ),
        (
            "[data]\nlisten = \"8470\"",
            "show.toml:2:10: data.listen: expected an address and a port",
        ),
        ("[data]\ntoken = \"\"", "show.toml:2:9: data.token: the text is empty"),
        ("[rules]\non = true", "show.toml:1:2: rules: needs the key \"file\""),
        ("[rules]\nfile = \"nowhere.rules.toml\"", "show.toml:2:8: rules.file: "),
    ] {
        let found = show(text).map(drop).unwrap_err();
        assert!(found.starts_with(expected), "{text}\n{found}");
    }
}

#[test]
fn the_reference_of_rules_is_up_to_date() {
    const BEGIN: &str = "<!-- made from the schema: UPDATE=1 ./test --lib scene::rules -->\n";
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, _) = page.split_once(BEGIN).unwrap();
    let fresh = format!("{before}{BEGIN}\n{}", crate::scene::rules_markdown());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    assert!(
        page == fresh || std::env::var_os("UPDATE").is_some(),
        "docs/rules.md is stale: UPDATE=1"
    );
}

#[test]
fn the_shipped_example_and_that_of_the_page_are_good() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let shipped = std::fs::read_to_string(root.join("scenes/shop.rules.toml")).unwrap();
    assert!(read_rules("shop", &shipped).is_ok());
    let page = std::fs::read_to_string(root.join("docs/rules.md")).unwrap();
    let example = page
        .split("```toml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    assert!(read_rules("page", example).is_ok(), "{:?}", read_rules("page", example));
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,80}", inner in "[ a-z\\\\\"'=<>{}&|!.\n]{0,30}") {
        let _ = read_rules("x", &text);
        let _ = read_rules("x", &format!("[[rule]]\nname = \"a\"\nscene = \"b\"\nwhen = \"{inner}\""));
        let _ = read_rules("x", &format!("[[rule]]\nname = \"a\"\nscene = \"b\"\nwhen = '''{inner}'''\nwith = {{ x = '{inner}' }}"));
    }
}
