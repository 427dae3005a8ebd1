//! The terminal client: keys in, screen out.
pub mod app;
pub mod keymap;
pub mod monitor;
pub mod terminal;
pub mod view;
/// stub
pub enum Leave {
    /// x
    Detached,
    /// x
    StudioEnded(String),
}
/// stub
pub struct Options;
impl Options {
    /// x
    pub fn new(_: &str, _: Option<&std::path::Path>) -> Result<Self, String> {
        Ok(Self)
    }
}
/// stub
pub async fn run(_: crate::control::client::Live, _: Options) -> std::io::Result<Leave> {
    Ok(Leave::Detached)
}
/// stub
pub fn describe_terminal() -> String {
    String::new()
}
