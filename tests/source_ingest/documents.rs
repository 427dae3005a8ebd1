//! The examples of `docs/ingest.md` are scene files.

#[test]
fn the_examples_are_good() {
    let page = include_str!("../../docs/ingest.md");
    let examples = page
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap());
    let mut count = 0;
    for example in examples {
        let loaded = rigcast::scene::from_text("show.toml", example, &[], &|_: &str| None);
        match loaded {
            Ok(_) => count += 1,
            Err(errors) => {
                let is_built_out = example.contains("\"rtmp\"") && !cfg!(feature = "rtmp-ingest");
                assert!(
                    is_built_out && errors.to_string().contains("--features rtmp-ingest"),
                    "{errors}"
                );
            }
        }
    }
    assert!(count >= 1, "{count}");
}
