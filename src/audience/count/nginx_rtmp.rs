//! The page of `rtmp_stat` (nginx-rtmp-module, ngx_rtmp_stat.c), with or without the list of clients:
//!
//! ```text
//! rtmp > server > application > name, live > stream > name, client*, nclients, publishing?
//! ```
//! `nclients` counts everybody, the publisher too; a stream with `publishing` in it has one. Where clients are listed, those that
//! are the server's own hand-over to another one (`push`) are known by their `flashver`.
//!
//! Each worker process of nginx knows its own clients only, and any of them may answer: docs/audience.md.

use roxmltree::{Document, Node, ParsingOptions};

use super::CountError;

/// What the server's own connections call themselves.
const HAND_OVER: &str = "ngx-local-relay";

/// As many as the largest page that is read can have.
const MOST_NODES: u32 = 1_000_000;

/// The names of applications that an error lists.
const MOST_NAMES: usize = 8;

pub(super) fn viewers(answer: &[u8], application: Option<&str>, stream: Option<&str>) -> Result<u64, CountError> {
    let text = String::from_utf8_lossy(answer);
    let options = ParsingOptions {
        nodes_limit: MOST_NODES,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(&text, options).map_err(|error| CountError::Xml {
        line: error.pos().row,
        column: error.pos().col,
    })?;
    let root = document.root_element();
    if !root.has_tag_name("rtmp") {
        return Err(CountError::NoStatPage);
    }
    let applications = || {
        let servers = root.children().filter(|node| node.has_tag_name("server"));
        servers.flat_map(|server| server.children().filter(|node| node.has_tag_name("application")))
    };
    let is_wanted = |node: &Node<'_, '_>, wanted: Option<&str>| wanted.is_none_or(|wanted| name(*node) == wanted);
    if let Some(wanted) = application
        && !applications().any(|node| name(node) == wanted)
    {
        let known = applications().take(MOST_NAMES).map(|node| name(node).to_owned());
        return Err(CountError::NoApplication {
            wanted: wanted.to_owned(),
            known: known.collect(),
        });
    }
    let lives = applications()
        .filter(|node| is_wanted(node, application))
        .flat_map(|node| node.children().filter(|node| node.has_tag_name("live")));
    let streams = lives.flat_map(|live| live.children().filter(|node| node.has_tag_name("stream")));
    Ok(streams
        .filter(|node| is_wanted(node, stream))
        .fold(0_u64, |sum, node| sum.saturating_add(of_stream(node))))
}

fn of_stream(stream: Node<'_, '_>) -> u64 {
    let clients = || stream.children().filter(|node| node.has_tag_name("client"));
    let everybody = child(stream, "nclients")
        .and_then(|text| text.trim().parse::<u64>().ok())
        .unwrap_or_else(|| clients().count() as u64);
    let is_published = publishes(stream);
    let is_handed_over = |client: &Node<'_, '_>| child(*client, "flashver") == Some(HAND_OVER) && !publishes(*client);
    let handed_over = clients().filter(is_handed_over).count();
    everybody.saturating_sub(u64::from(is_published) + handed_over as u64)
}

/// Said of a stream that has a publisher, and of the client who is it: with `pull`, the server itself.
fn publishes(node: Node<'_, '_>) -> bool {
    node.children().any(|node| node.has_tag_name("publishing"))
}

fn name<'a>(node: Node<'a, '_>) -> &'a str {
    child(node, "name").unwrap_or_default()
}

/// The text of the child of that name.
fn child<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.children().find(|node| node.has_tag_name(name))?.text()
}
