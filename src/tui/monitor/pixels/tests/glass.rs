//! What a terminal shows: pixels that sixels are painted on, by a reader that shares nothing with the writer.

/// Pixels of a terminal that knows sixels.
pub struct Glass {
    pub width: usize,
    pub height: usize,
    pub rgb: Vec<u8>,
    /// Which pixels were painted at all.
    pub is_painted: Vec<bool>,
    /// The registers of this picture only: what an update uses it must define.
    registers: [Option<[u8; 3]>; 256],
    /// How often each pixel was painted by the last picture.
    pub lowest: usize,
}

impl Glass {
    pub fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            rgb: vec![0; width * height * 3],
            is_painted: vec![false; width * height],
            registers: [None; 256],
            lowest: 0,
        }
    }

    /// Paints a picture whose upper left is the pixel row `top`.
    pub fn write(&mut self, bytes: &[u8], top: usize) {
        let text = std::str::from_utf8(bytes).unwrap();
        let body = text
            .strip_prefix("\x1bP0;1q")
            .expect("transparent sixels")
            .strip_suffix("\x1b\\")
            .expect("an end");
        let raster = body.strip_prefix("\"1;1;").expect("a raster");
        let digits = raster
            .find(|c: char| !c.is_ascii_digit() && c != ';')
            .unwrap_or(raster.len());
        let (size, mut rest) = raster.split_at(digits);
        let (width, height) = size.split_once(';').unwrap();
        let (width, height): (usize, usize) = (width.parse().unwrap(), height.parse().unwrap());
        assert!(
            width == self.width && top + height <= self.height,
            "{width}×{height} at {top}"
        );
        self.registers = [None; 256];
        let (mut x, mut y, mut color) = (0, 0, None);
        while let Some(command) = rest.chars().next() {
            rest = &rest[1..];
            match command {
                '$' => x = 0,
                '-' => (x, y) = (0, y + 6),
                '#' => {
                    let numbers = numbers(&mut rest);
                    if let [register, kind, r, g, b] = numbers[..] {
                        assert_eq!(kind, 2);
                        let value = |percent: usize| (percent as f64 * 2.55).round() as u8;
                        assert!(r <= 100 && g <= 100 && b <= 100);
                        self.registers[register] = Some([value(r), value(g), value(b)]);
                    } else {
                        color = Some(self.registers[numbers[0]].expect("a colour that is defined"));
                    }
                }
                '!' => {
                    let count = numbers(&mut rest)[0];
                    let sixel = rest.chars().next().unwrap();
                    rest = &rest[1..];
                    self.paint(sixel, count, (x, top + y), color, top + height);
                    x += count;
                }
                sixel => {
                    self.paint(sixel, 1, (x, top + y), color, top + height);
                    x += 1;
                }
            }
        }
    }

    fn paint(&mut self, sixel: char, count: usize, (x, y): (usize, usize), color: Option<[u8; 3]>, bottom: usize) {
        let bits = sixel as u32 - '?' as u32;
        assert!(bits < 64, "{sixel:?}");
        for column in x..x + count {
            for bit in (0..6).filter(|bit| bits >> bit & 1 == 1) {
                let row = y + bit;
                assert!(
                    column < self.width && row < bottom,
                    "painted outside, at {column},{row}"
                );
                self.lowest = self.lowest.max(row);
                self.is_painted[row * self.width + column] = true;
                self.rgb[(row * self.width + column) * 3..][..3].copy_from_slice(&color.expect("a colour"));
            }
        }
    }
}

fn numbers(rest: &mut &str) -> Vec<usize> {
    let end = rest
        .find(|c: char| !c.is_ascii_digit() && c != ';')
        .unwrap_or(rest.len());
    let (digits, after) = rest.split_at(end);
    *rest = after;
    digits.split(';').map(|number| number.parse().unwrap()).collect()
}
