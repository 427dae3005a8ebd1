//! Images from files, and what is said of those that cannot be shown.

use super::*;
use crate::media::Plane;

#[test]
fn images_are_read_with_their_transparent_parts_and_looked_at_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("half.png");
    let picture =
        |alpha: u8| image::RgbaImage::from_fn(4, 2, |x, _| image::Rgba([255, 0, 0, if x < 2 { 255 } else { alpha }]));
    picture(0).save(&path).unwrap();
    let mut artist = Artist::new();
    let first = artist.image(&path);
    let drawn = artist.draw(&Subject::Image(first.clone())).unwrap().graphic.unwrap();
    assert_eq!(drawn.plane(Plane::Y).1.unwrap()[..4], [255, 255, 0, 0]);
    std::fs::remove_file(&path).unwrap();
    // Until there is another plan nobody looks.
    assert_eq!(artist.image(&path), first);
    artist.forget_files();
    let gone = artist.image(&path);
    assert_ne!(gone, first);
    let reason = artist.draw(&Subject::Image(gone)).err().unwrap();
    assert!(
        reason.contains("half.png") && reason.ends_with("it is not shown"),
        "{reason}"
    );
}

#[test]
fn what_is_no_image_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.png");
    for bytes in [&b"not a picture"[..], b"\x89PNG\r\n\x1a\nrest", b""] {
        std::fs::write(&path, bytes).unwrap();
        let mut artist = Artist::new();
        let image = artist.image(&path);
        assert!(artist.draw(&Subject::Image(image)).is_err());
    }
}

#[test]
fn a_board_knows_what_is_drawn_and_in_which_version() {
    let board = Board::new(vec![(9, 1, None), (3, 4, None)]);
    assert!(board.has(3, 4) && board.has(9, 1) && !board.has(3, 1) && !board.has(4, 4));
    assert!(board.graphic(3).is_none());
}
