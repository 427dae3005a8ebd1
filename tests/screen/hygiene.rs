//! A program that panics gives the terminal back. (However else it ends: `tests/tui_terminal.rs`.)

use rigcast::tui::terminal::Taken;

use crate::common::tmux::Tmux;

/// What the panic says.
const SAID: &str = "nobody saw this coming";

#[test]
#[ignore = "takes the terminal that it runs in: the test below runs it in one"]
fn takes_the_terminal_and_panics() {
    let _taken = Taken::take().unwrap();
    let panicked = std::thread::spawn(|| panic!("{SAID}")).join();
    assert!(panicked.is_err());
    // Nothing is dropped: what gives the terminal back is the panic alone.
    std::process::exit(7);
}

#[test]
fn a_panic_on_any_thread_gives_the_terminal_back() {
    let Some(tmux) = Tmux::start(100, 24, &[("COLORTERM", "truecolor")]) else {
        return;
    };
    let before = tmux.stty();
    let program = std::env::current_exe().unwrap();
    let name = "hygiene::takes_the_terminal_and_panics";
    tmux.run(&format!(
        "{} --ignored --exact {name} --nocapture; echo left=$?",
        program.display()
    ));
    tmux.wait_for("left=7");
    // The message stands on the main screen, below what was there.
    assert!(tmux.text().contains(SAID), "{}", tmux.text());
    assert!(tmux.is_given_back(), "{}", tmux.text());
    assert_eq!(tmux.stty(), before);
    tmux.type_text("echo key''s work");
    tmux.keys(&["Enter"]);
    tmux.wait_for("keys work");
}
