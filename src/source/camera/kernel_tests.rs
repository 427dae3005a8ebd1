//! The structures and the numbers of the border, held against the kernel's own header.

use std::fmt::Write as _;
use std::process::Command;

use super::super::tests::is_here;
use super::*;

/// Names in C of what is called otherwise here; `""` for what is nothing there.
const OTHERWISE: &[(&str, &str, &str)] = &[
    ("RawFormat", "pix", "fmt.pix"),
    ("RawFormat", "align", ""),
    ("RawFormat", "rest", ""),
    ("RawParameters", "capability", "parm.capture.capability"),
    ("RawParameters", "capturemode", "parm.capture.capturemode"),
    ("RawParameters", "numerator", "parm.capture.timeperframe.numerator"),
    ("RawParameters", "denominator", "parm.capture.timeperframe.denominator"),
    ("RawParameters", "extendedmode", "parm.capture.extendedmode"),
    ("RawParameters", "readbuffers", "parm.capture.readbuffers"),
    ("RawParameters", "rest", "parm.capture.reserved"),
    ("RawBuffer", "seconds", "timestamp.tv_sec"),
    ("RawBuffer", "microseconds", "timestamp.tv_usec"),
    ("RawBuffer", "offset", "m.offset"),
    ("RawSizes", "sizes", "discrete"),
    ("RawIntervals", "intervals", "discrete"),
];

fn names() -> [(Names, &'static str); 15] {
    [
        (RawCapability::layout(), "v4l2_capability"),
        (RawFormatDescription::layout(), "v4l2_fmtdesc"),
        (RawPicture::layout(), "v4l2_pix_format"),
        (RawFormat::layout(), "v4l2_format"),
        (RawParameters::layout(), "v4l2_streamparm"),
        (RawRequest::layout(), "v4l2_requestbuffers"),
        (RawBuffer::layout(), "v4l2_buffer"),
        (RawQuery::layout(), "v4l2_queryctrl"),
        (RawMenu::layout(), "v4l2_querymenu"),
        (RawControl::layout(), "v4l2_control"),
        (RawSizes::layout(), "v4l2_frmsizeenum"),
        (RawIntervals::layout(), "v4l2_frmivalenum"),
        (RawSubscription::layout(), "v4l2_event_subscription"),
        (RawEvent::layout(), "v4l2_event"),
        (RawRequest::layout(), "v4l2_requestbuffers"),
    ]
}

type Names = (&'static str, usize, Vec<(&'static str, usize)>);

/// What is here, and how C says it.
fn claims() -> Vec<(String, u64)> {
    let mut claims = Vec::new();
    for ((ours, size, fields), theirs) in names() {
        claims.push((format!("sizeof(struct {theirs})"), size as u64));
        for (field, at) in fields {
            let same = field.trim_start_matches("r#");
            let known = OTHERWISE.iter().find(|(of, name, _)| (*of, *name) == (ours, field));
            let name = known.map_or(same, |(_, _, name)| name);
            if !name.is_empty() {
                claims.push((format!("offsetof(struct {theirs}, {name})"), at as u64));
            }
        }
    }
    let numbers = [
        ("VIDIOC_QUERYCAP", QUERYCAP.number),
        ("VIDIOC_ENUM_FMT", ENUM_FMT.number),
        ("VIDIOC_S_FMT", S_FMT.number),
        ("VIDIOC_REQBUFS", REQBUFS.number),
        ("VIDIOC_QUERYBUF", QUERYBUF.number),
        ("VIDIOC_QBUF", QBUF.number),
        ("VIDIOC_DQBUF", DQBUF.number),
        ("VIDIOC_STREAMON", STREAMON.number),
        ("VIDIOC_STREAMOFF", STREAMOFF.number),
        ("VIDIOC_S_PARM", S_PARM.number),
        ("VIDIOC_G_CTRL", G_CTRL.number),
        ("VIDIOC_S_CTRL", S_CTRL.number),
        ("VIDIOC_QUERYCTRL", QUERYCTRL.number),
        ("VIDIOC_QUERYMENU", QUERYMENU.number),
        ("VIDIOC_ENUM_FRAMESIZES", ENUM_FRAMESIZES.number),
        ("VIDIOC_ENUM_FRAMEINTERVALS", ENUM_FRAMEINTERVALS.number),
        ("VIDIOC_DQEVENT", DQEVENT.number),
        ("VIDIOC_SUBSCRIBE_EVENT", SUBSCRIBE_EVENT.number),
        ("V4L2_BUF_TYPE_VIDEO_CAPTURE", CAPTURE.into()),
        ("V4L2_MEMORY_MMAP", MMAP.into()),
        ("V4L2_FIELD_ANY", FIELD_ANY.into()),
        ("V4L2_CAP_VIDEO_CAPTURE", CAP[0].into()),
        ("V4L2_CAP_VIDEO_CAPTURE_MPLANE", CAP[1].into()),
        ("V4L2_CAP_STREAMING", CAP[2].into()),
        ("V4L2_CAP_DEVICE_CAPS", CAP[3].into()),
        ("V4L2_CTRL_FLAG_NEXT_CTRL", NEXT_CONTROL.into()),
        ("V4L2_BUF_FLAG_ERROR", DAMAGED.into()),
        ("V4L2_BUF_FLAG_TIMESTAMP_MASK", CLOCK.0.into()),
        ("V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC", CLOCK.1.into()),
        ("V4L2_FRMSIZE_TYPE_DISCRETE", DISCRETE.into()),
        ("V4L2_FRMIVAL_TYPE_DISCRETE", DISCRETE.into()),
        ("V4L2_EVENT_CTRL", CONTROL_EVENT.into()),
        ("V4L2_CTRL_TYPE_INTEGER", 1),
        ("V4L2_CTRL_TYPE_BOOLEAN", 2),
        ("V4L2_CTRL_TYPE_MENU", 3),
        ("V4L2_CTRL_TYPE_INTEGER_MENU", 9),
        ("V4L2_CTRL_FLAG_DISABLED", 0x1),
        ("V4L2_CTRL_FLAG_READ_ONLY", 0x4),
        ("V4L2_CTRL_FLAG_INACTIVE", 0x10),
        ("V4L2_CTRL_FLAG_WRITE_ONLY", 0x40),
        ("V4L2_COLORSPACE_SMPTE240M", 2),
        ("V4L2_COLORSPACE_REC709", 3),
        ("V4L2_COLORSPACE_JPEG", 7),
        ("V4L2_COLORSPACE_BT2020", 10),
        ("V4L2_COLORSPACE_DCI_P3", 12),
        ("V4L2_YCBCR_ENC_601", 1),
        ("V4L2_YCBCR_ENC_709", 2),
        ("V4L2_YCBCR_ENC_XV709", 4),
        ("V4L2_YCBCR_ENC_BT2020", 6),
        ("V4L2_YCBCR_ENC_BT2020_CONST_LUM", 7),
        ("V4L2_YCBCR_ENC_SMPTE240M", 8),
        ("V4L2_QUANTIZATION_FULL_RANGE", 1),
        ("V4L2_QUANTIZATION_LIM_RANGE", 2),
    ];
    claims.extend(numbers.map(|(name, number)| (name.to_owned(), number)));
    let letters = ["NV12", "YUV420", "YUYV", "UYVY", "MJPEG", "JPEG", "H264"];
    let codes = [b"NV12", b"YU12", b"YUYV", b"UYVY", b"MJPG", b"JPEG", b"H264"];
    claims.extend(letters.iter().zip(codes).map(|(name, code)| {
        let code = FourCc(*code).to_u32();
        (format!("V4L2_PIX_FMT_{name}"), code.into())
    }));
    claims
}

#[test]
fn the_kernels_header_says_the_same() {
    let header = Path::new("/usr/include/linux/videodev2.h");
    if !is_here("cc") || (!header.exists() && !is_here("the kernel's header; apt-get install linux-libc-dev")) {
        return;
    }
    let claims = claims();
    let mut program = String::from(
        "#include <stddef.h>\n#include <stdio.h>\n#include <sys/time.h>\n#include <linux/videodev2.h>\nint main(void) {\n",
    );
    for (said, _) in &claims {
        // Enumerations of the kernel are signed.
        writeln!(program, "printf(\"%llu\\n\", (unsigned long long)(unsigned)({said}));").unwrap();
    }
    program.push_str("return 0; }\n");
    let folder = tempfile::tempdir().unwrap();
    let (source, binary) = (folder.path().join("layout.c"), folder.path().join("layout"));
    std::fs::write(&source, program).unwrap();
    let status = Command::new("cc").arg(&source).arg("-o").arg(&binary).status().unwrap();
    assert!(status.success(), "the program does not compile");
    let output = Command::new(&binary).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let said: Vec<u64> = said.lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(said.len(), claims.len());
    for ((claim, ours), theirs) in claims.iter().zip(said) {
        assert_eq!(*ours, theirs, "{claim}: {ours} here, {theirs} in the header");
    }
}

#[test]
fn texts_of_the_kernel_end_at_their_zero() {
    assert_eq!(text(b"HD Webcam\0\0garbage"), "HD Webcam");
    assert_eq!(text(b"uvcvideo"), "uvcvideo", "one that fills its field");
    assert_eq!(text(b"\xff\xfe\0"), "\u{fffd}\u{fffd}");
}

#[test]
fn what_is_no_camera_says_so() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut device = Kernel::open(file.path()).unwrap();
    let error = device.capability().unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::ENOTTY));
    let nothing = Kernel::open(&file.path().with_extension("none")).err().unwrap();
    assert_eq!(nothing.kind(), io::ErrorKind::NotFound);
}
