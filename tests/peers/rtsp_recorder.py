#!/usr/bin/python3
"""An RTSP server for tests that takes a stream: GStreamer's, in its RECORD mode.

usage: rtsp_recorder.py FOLDER
Prints "port N" once it listens. What is announced to rtsp://127.0.0.1:N/test as H.264 and AAC, in this order, goes to
FOLDER/video.h264 (Annex B) and FOLDER/audio.aac (ADTS) until it is killed.
"""
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

PIPELINE = (
    "rtph264depay name=depay0 ! h264parse ! video/x-h264,stream-format=byte-stream "
    "! filesink location={0}/video.h264 sync=false async=false buffer-mode=unbuffered "
    "rtpmp4gdepay name=depay1 ! aacparse ! audio/mpeg,stream-format=adts "
    "! filesink location={0}/audio.aac sync=false async=false buffer-mode=unbuffered"
)


def main():
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch("( " + PIPELINE.format(sys.argv[1]) + " )")
    factory.set_transport_mode(GstRtspServer.RTSPTransportMode.RECORD)
    server.get_mount_points().add_factory("/test", factory)
    if server.attach(None) == 0:
        sys.exit("cannot listen")
    print("port", server.get_bound_port(), flush=True)
    GLib.MainLoop().run()


main()
