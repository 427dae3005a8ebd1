//! An X server without a screen, and a program that draws on it what can be told apart: a number in black and white cells, as the
//! test pattern has it, on a ground of its own colour.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use rigcast::source::pattern::number;
use x11rb::connection::Connection;
use x11rb::protocol::randr::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{
    AtomEnum, ChangeGCAux, ConfigureWindowAux, ConnectionExt as _, CreateGCAux, CreateWindowAux, Gcontext, PropMode,
    Rectangle, StackMode, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

/// Xvfb on a display of its own. Killed when dropped.
pub struct Server {
    child: Child,
    arguments: Vec<String>,
    /// `:7`
    pub display: String,
}

impl Server {
    /// With a screen as `-screen 0` takes it, and more arguments.
    pub fn start(program: &std::path::Path, screen: &str, more: &[&str]) -> Self {
        let mut arguments = vec![program.to_str().unwrap().to_owned()];
        arguments.extend(["-screen", "0", screen, "-nolisten", "tcp", "-noreset"].map(str::to_owned));
        arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
        let (child, display) = run(&arguments, None);
        Self {
            child,
            arguments,
            display,
        }
    }

    /// SIGKILL, and waits for the end.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again on the same display.
    pub fn resume(&mut self) {
        let (child, display) = run(&self.arguments, Some(&self.display));
        assert_eq!(display, self.display);
        self.child = child;
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            // It takes its socket away, which a kill does not let it. Tests stop it as well.
            let pid = rustix::process::Pid::from_child(&self.child);
            for signal in [rustix::process::Signal::TERM, rustix::process::Signal::CONT] {
                let _ = rustix::process::kill_process(pid, signal);
            }
        }
        let _ = self.child.wait();
    }
}

/// Starts it and waits until it says which display it has, which is when it takes connections.
fn run(arguments: &[String], display: Option<&str>) -> (Child, String) {
    let mut child = Command::new(&arguments[0])
        .args(display)
        .args(["-displayfd", "1"])
        .args(&arguments[1..])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let number = line.trim();
    assert!(!number.is_empty(), "Xvfb did not start");
    (child, format!(":{number}"))
}

/// A program on an X server.
pub struct Painter {
    connection: RustConnection,
    pub root: Window,
    /// What is drawn on.
    pub window: Window,
    pen: Gcontext,
    pub size: (u16, u16),
}

impl Painter {
    /// One that draws on all of the screen.
    pub fn on_screen(display: &str) -> Self {
        let (connection, screen) = x11rb::connect(Some(display)).unwrap();
        let screen = &connection.setup().roots[screen];
        let (root, size) = (screen.root, (screen.width_in_pixels, screen.height_in_pixels));
        Self::with(connection, root, root, size)
    }

    /// One that draws in a window of that title at that place.
    pub fn in_window(display: &str, title: &str, place: (i16, i16), size: (u16, u16)) -> Self {
        let (connection, screen) = x11rb::connect(Some(display)).unwrap();
        let root = connection.setup().roots[screen].root;
        let window = connection.generate_id().unwrap();
        let colours = CreateWindowAux::new()
            .background_pixel(0x0020_4060)
            .border_pixel(0x00ff_ffff);
        connection
            .create_window(
                x11rb::COPY_DEPTH_FROM_PARENT,
                window,
                root,
                place.0,
                place.1,
                size.0,
                size.1,
                3,
                WindowClass::INPUT_OUTPUT,
                x11rb::COPY_FROM_PARENT,
                &colours,
            )
            .unwrap();
        let painter = Self::with(connection, root, window, size);
        painter.set_title(title);
        painter.show(true);
        painter
    }

    fn with(connection: RustConnection, root: Window, window: Window, size: (u16, u16)) -> Self {
        let pen = connection.generate_id().unwrap();
        // What windows lie over is drawn on all the same: the server cuts it off.
        connection
            .create_gc(pen, window, &CreateGCAux::new().graphics_exposures(0))
            .unwrap();
        Self {
            connection,
            root,
            window,
            pen,
            size,
        }
    }

    pub fn set_title(&self, title: &str) {
        let kind = AtomEnum::STRING;
        let name = AtomEnum::WM_NAME;
        self.connection
            .change_property8(PropMode::REPLACE, self.window, name, kind, title.as_bytes())
            .unwrap();
        self.settle();
    }

    pub fn show(&self, is_shown: bool) {
        if is_shown {
            self.connection.map_window(self.window).unwrap();
        } else {
            self.connection.unmap_window(self.window).unwrap();
        }
        self.settle();
    }

    /// Puts the window elsewhere, in another size, on top of all.
    pub fn place(&mut self, (x, y): (i16, i16), size: (u16, u16)) {
        let change = ConfigureWindowAux::new()
            .x(i32::from(x))
            .y(i32::from(y))
            .width(u32::from(size.0))
            .height(u32::from(size.1))
            .stack_mode(StackMode::ABOVE);
        self.connection.configure_window(self.window, &change).unwrap();
        self.size = size;
        self.settle();
    }

    /// Draws number `index` over everything, and returns when the server has done so.
    pub fn draw(&self, index: u32) {
        self.try_draw(index).unwrap();
    }

    /// The same on a server that may have gone.
    pub fn try_draw(&self, index: u32) -> Result<(), Box<dyn Error>> {
        let (width, height) = (usize::from(self.size.0), u32::from(self.size.1));
        let rows = number::row_height(height);
        let cells = (0..number::CELLS).map(|cell| {
            let (left, right) = (cell * width / number::CELLS, (cell + 1) * width / number::CELLS);
            let is_set = index >> (number::CELLS - 1 - cell) & 1 == 1;
            let cell = rectangle(left as i16, (height - rows) as i16, (right - left) as u16, rows as u16);
            (is_set, cell)
        });
        let (white, black): (Vec<_>, Vec<_>) = cells.partition(|(is_set, _)| *is_set);
        // In one go: nobody must see the ground of one number under the cells of another.
        self.connection.grab_server()?;
        self.try_fill(colour_of(index), &[rectangle(0, 0, self.size.0, self.size.1)])?;
        for (colour, cells) in [(0x00ff_ffff, white), (0, black)] {
            let cells = cells.into_iter().map(|(_, cell)| cell).collect::<Vec<_>>();
            self.try_fill(colour, &cells)?;
        }
        self.connection.ungrab_server()?;
        self.connection.sync()?;
        Ok(())
    }

    /// Fills all in one colour.
    pub fn ground(&self, colour: u32) {
        self.fill(colour, &[rectangle(0, 0, self.size.0, self.size.1)]);
    }

    pub fn fill(&self, colour: u32, rectangles: &[Rectangle]) {
        self.try_fill(colour, rectangles).unwrap();
    }

    fn try_fill(&self, colour: u32, rectangles: &[Rectangle]) -> Result<(), Box<dyn Error>> {
        self.connection
            .change_gc(self.pen, &ChangeGCAux::new().foreground(colour))?;
        self.connection.poly_fill_rectangle(self.window, self.pen, rectangles)?;
        Ok(())
    }

    /// Waits until the server has done all that it was asked.
    pub fn settle(&self) {
        self.connection.sync().unwrap();
    }

    /// Moves the pointer.
    pub fn point(&self, x: i16, y: i16) {
        self.connection
            .warp_pointer(x11rb::NONE, self.root, 0, 0, 0, 0, x, y)
            .unwrap();
        self.settle();
    }

    /// Gives the screen another resolution, as xrandr does: a new mode for the only output.
    pub fn set_resolution(&mut self, width: u16, height: u16) {
        let connection = &self.connection;
        let resources = connection
            .randr_get_screen_resources_current(self.root)
            .unwrap()
            .reply()
            .unwrap();
        let (output, crtc) = (resources.outputs[0], resources.crtcs[0]);
        let name = format!("{width}x{height}");
        let known = resources
            .modes
            .iter()
            .find(|mode| (mode.width, mode.height) == (width, height));
        let mode = known.map_or_else(
            || {
                let info = randr::ModeInfo {
                    width,
                    height,
                    htotal: width,
                    vtotal: height,
                    hsync_end: width,
                    vsync_end: height,
                    name_len: name.len() as u16,
                    ..randr::ModeInfo::default()
                };
                let mode = connection.randr_create_mode(self.root, info, name.as_bytes()).unwrap();
                let mode = mode.reply().unwrap().mode;
                connection.randr_add_output_mode(output, mode).unwrap();
                mode
            },
            |mode| mode.id,
        );
        let turn = randr::Rotation::ROTATE0;
        let off = connection
            .randr_set_crtc_config(crtc, 0, 0, 0, 0, 0, turn, &[])
            .unwrap();
        off.reply().unwrap();
        connection
            .randr_set_screen_size(self.root, width, height, 200, 100)
            .unwrap()
            .check()
            .unwrap();
        let set = connection
            .randr_set_crtc_config(crtc, 0, 0, 0, 0, mode, turn, &[output])
            .unwrap();
        set.reply().unwrap();
        if self.window == self.root {
            self.size = (width, height);
        }
        self.settle();
    }
}

pub fn rectangle(x: i16, y: i16, width: u16, height: u16) -> Rectangle {
    Rectangle { x, y, width, height }
}

/// The ground that belongs to a number, as red, green and blue: one of 27, far from each other.
pub fn colour_of(index: u32) -> u32 {
    let part = |share: u32| 40 + (index / share % 3) * 80;
    part(1) << 16 | part(3) << 8 | part(9)
}
