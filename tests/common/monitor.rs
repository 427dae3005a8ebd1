//! A monitor of a studio, as a screen has it: picture by picture.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use rigcast::control::protocol::PictureHeader;

use super::PATIENCE;

/// The line on which its pictures come.
pub struct Monitor(UnixStream);

impl Monitor {
    /// That of `what`, so large, of the studio whose runtime folder that is.
    pub fn of(folder: &Path, what: &str, (width, height): (usize, usize)) -> Self {
        let mut tap = UnixStream::connect(folder.join("rigcast/studio.sock")).unwrap();
        tap.set_read_timeout(Some(PATIENCE)).unwrap();
        let wanted = format!(r#"{{"what":{what},"width":{width},"height":{height},"per_second":30}}"#);
        writeln!(
            tap,
            r#"{{"jsonrpc":"2.0","id":1,"method":"tap","params":{{"monitors":[{wanted}]}}}}"#
        )
        .unwrap();
        Self(tap)
    }

    /// The next picture: its width and height, and its pixels in RGB.
    pub fn next(&mut self) -> ((usize, usize), Vec<u8>) {
        let mut header = [0; PictureHeader::LEN];
        self.0.read_exact(&mut header).unwrap();
        let header = PictureHeader::decode(header).unwrap();
        let (width, height) = (usize::from(header.width), usize::from(header.height));
        let mut rgb = vec![0; width * height * 3];
        self.0.read_exact(&mut rgb).unwrap();
        ((width, height), rgb)
    }
}
