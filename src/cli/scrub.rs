//! Takes secrets out of what other programs can read of this process: `/proc/PID/cmdline`, which `ps` shows to everybody, and
//! `/proc/PID/environ`.
//!
//! Both are windows on the memory where the kernel put arguments and environment when the program was started (proc(5)).
//! What has been read from there by then is overwritten in place, byte by byte through `/proc/self/mem`; nothing moves.
//! `std::env` reads the same memory: a variable that was wiped has stars for a value from then on.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

/// What is written over a secret.
const STAR: u8 = b'*';

/// Wipes what may be secret in the arguments: every address behind its `://`, every value of `--set`.
///
/// # Errors
/// This process may not write its own memory, or the system has no `/proc`.
pub fn arguments() -> io::Result<()> {
    let bytes = fs::read("/proc/self/cmdline")?;
    wipe(48, &secret_arguments(&bytes))
}

/// Variables that say where a person's files are: no secrets, and what this process saves later is put there. A scene that
/// names a preset has been read with them.
const PLACES: [&str; 3] = ["HOME", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS"];

/// Wipes the values of these variables, but for those that say where files are.
///
/// # Errors
/// As [`arguments`].
pub fn variables(names: &BTreeSet<String>) -> io::Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    let bytes = fs::read("/proc/self/environ")?;
    wipe(50, &values_of(&bytes, names))
}

/// Where secrets may be among arguments that NULs separate.
fn secret_arguments(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut is_setting = false;
    for part in parts(bytes) {
        let text = &bytes[part.clone()];
        let is_value = std::mem::replace(&mut is_setting, text == b"--set");
        // `--set KEY=VALUE` or `--set=KEY=VALUE`.
        let pair = if is_value {
            Some(0)
        } else {
            text.starts_with(b"--set=").then_some(b"--set=".len())
        };
        let value = pair.and_then(|from| Some(from + text[from..].iter().position(|byte| *byte == b'=')? + 1));
        let address = text.windows(3).position(|three| three == b"://").map(|at| at + 3);
        if let Some(from) = value.or(address) {
            found.push(part.start + from..part.end);
        }
    }
    found
}

/// Where the values of the variables `names` are in an environment block.
fn values_of(bytes: &[u8], names: &BTreeSet<String>) -> Vec<Range<usize>> {
    let value = |part: Range<usize>| {
        let equals = bytes[part.clone()].iter().position(|byte| *byte == b'=')?;
        let name = std::str::from_utf8(&bytes[part.start..part.start + equals]).ok()?;
        let is_meant = names.contains(name) && !PLACES.contains(&name);
        is_meant.then_some(part.start + equals + 1..part.end)
    };
    parts(bytes).filter_map(value).collect()
}

fn parts(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    bytes.split(|byte| *byte == 0).scan(0, |start, part| {
        let range = *start..*start + part.len();
        *start = range.end + 1;
        Some(range)
    })
}

/// Overwrites ranges of the memory that begins where field number `field` of `/proc/self/stat` says.
fn wipe(field: usize, ranges: &[Range<usize>]) -> io::Result<()> {
    if ranges.is_empty() {
        return Ok(());
    }
    let stat = fs::read_to_string("/proc/self/stat")?;
    let start = address(&stat, field).ok_or(io::ErrorKind::Unsupported)?;
    let memory = OpenOptions::new().write(true).open("/proc/self/mem")?;
    for range in ranges {
        memory.write_all_at(&vec![STAR; range.len()], start + range.start as u64)?;
    }
    Ok(())
}

/// The address in a field of a `stat` line, counted from 1; `None` where the kernel does not tell (it says 0 or 1).
fn address(stat: &str, field: usize) -> Option<u64> {
    // The second field is the program's name in parentheses and may hold anything: count from behind it.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    fields.nth(field - 3)?.parse().ok().filter(|address| *address > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starred(bytes: &[u8], ranges: &[Range<usize>]) -> String {
        let mut bytes = bytes.to_vec();
        for range in ranges {
            bytes[range.clone()].fill(STAR);
        }
        String::from_utf8(bytes)
            .unwrap()
            .replace('\0', " ")
            .trim_end()
            .to_owned()
    }

    #[test]
    fn addresses_and_settings_are_found() {
        for (given, left) in [
            ("rigcast\0studio\0a.toml\0", "rigcast studio a.toml"),
            (
                "rigcast\0--publish\0rtmp://h/a/k\0--for\0",
                "rigcast --publish rtmp://***** --for",
            ),
            ("rigcast\0--publish=rtmps://h/k\0", "rigcast --publish=rtmps://***"),
            ("rigcast\0--set\0a.key=k\0b=c\0", "rigcast --set a.key=* b=c"),
            ("rigcast\0--set=a.key=k=k\0", "rigcast --set=a.key=***"),
            ("rigcast\0--set\0nothing\0--set\0", "rigcast --set nothing --set"),
            (
                "rigcast\0ctl\0destination\0add\0a\0rtmp://h/k\0",
                "rigcast ctl destination add a rtmp://***",
            ),
            ("", ""),
            ("://", "://"),
        ] {
            assert_eq!(starred(given.as_bytes(), &secret_arguments(given.as_bytes())), left);
        }
    }

    #[test]
    fn only_the_named_variables_are_found() {
        let names = BTreeSet::from(["KEY".to_owned(), "EMPTY".to_owned(), "HOME".to_owned()]);
        let block = b"PATH=/live\0HOME=/me\0KEY=live=1\0MYKEY=live\0EMPTY=\0KEY\0";
        assert_eq!(
            starred(block, &values_of(block, &names)),
            "PATH=/live HOME=/me KEY=****** MYKEY=live EMPTY= KEY"
        );
    }

    #[test]
    fn addresses_are_read_behind_any_name() {
        let fields: Vec<_> = (4..=52).map(|field| (field * 1000).to_string()).collect();
        let stat = format!("7 (a) b (c) S {}", fields.join(" "));
        assert_eq!(address(&stat, 48), Some(48_000));
        assert_eq!(address(&stat, 50), Some(50_000));
        assert_eq!(address("7 (a) S 0 0", 48), None);
        assert_eq!(address(&stat.replace("48000", "0"), 48), None);
    }
}
