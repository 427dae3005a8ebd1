#!/usr/bin/python3
"""An RTSP server for tests: GStreamer's, with a moving picture and a tone, made as it is asked for.

usage: rtsp_server.py [--sound aac|pcmu|opus|none] [--video h264|none] [--port N] [--user U --password P]
       rtsp_server.py --file MOVIE.mp4 [--port N]          its H.264 and AAC as they are, once from start to end
Prints "port N" once it listens. Serves rtsp://127.0.0.1:N/test until it is killed.
"""
import argparse
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

VIDEO = (
    "videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=180,framerate=30/1 "
    "! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=30 bitrate=500 "
    "! rtph264pay name=pay{n} pt={pt} config-interval=1"
)
TONE = "audiotestsrc is-live=true freq=440 volume=0.5 "
SOUND = {
    "aac": TONE + "! audio/x-raw,rate=44100,channels=2 ! avenc_aac ! rtpmp4gpay name=pay{n} pt={pt}",
    "pcmu": TONE + "! audio/x-raw,rate=8000,channels=1 ! mulawenc ! rtppcmupay name=pay{n} pt={pt}",
    "opus": TONE + "! audio/x-raw,rate=48000,channels=2 ! opusenc ! rtpopuspay name=pay{n} pt={pt}",
}
# Without bounds: where a file's sound begins later than a second into its pictures, or the other way round, one queue is full
# before the other has its first buffer, and the pipeline waits for ever, and with it the client's PLAY.
QUEUE = "queue max-size-buffers=0 max-size-bytes=0 max-size-time=0"
FILE = (
    "filesrc location={file} ! qtdemux name=demux "
    f"demux.video_0 ! {QUEUE} ! h264parse ! rtph264pay name=pay0 pt=96 config-interval=-1 "
    f"demux.audio_0 ! {QUEUE} ! aacparse ! rtpmp4gpay name=pay1 pt=97"
)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sound", default="aac")
    parser.add_argument("--video", default="h264")
    parser.add_argument("--port", default="0")
    parser.add_argument("--file")
    parser.add_argument("--user")
    parser.add_argument("--password")
    arguments = parser.parse_args()
    Gst.init(None)

    parts = [FILE.format(file=arguments.file)] if arguments.file else []
    if not arguments.file and arguments.video != "none":
        parts.append(VIDEO.format(n=len(parts), pt=96))
    if not arguments.file and arguments.sound != "none":
        pt = 0 if arguments.sound == "pcmu" else 97
        parts.append(SOUND[arguments.sound].format(n=len(parts), pt=pt))

    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(arguments.port)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch("( " + " ".join(parts) + " )")
    # A pipeline per client. One that is shared hangs for good, and the server with it, when a client comes while the one
    # before is being taken down (GStreamer 1.22).
    factory.set_shared(False)
    if arguments.user:
        auth = GstRtspServer.RTSPAuth()
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "viewer")
        auth.add_digest(arguments.user, arguments.password, token)
        server.set_auth(auth)
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role("viewer", "media.factory.access", True)
        permissions.add_permission_for_role("viewer", "media.factory.construct", True)
        factory.set_permissions(permissions)
    server.get_mount_points().add_factory("/test", factory)
    if server.attach(None) == 0:
        sys.exit("cannot listen")
    print("port", server.get_bound_port(), flush=True)
    GLib.MainLoop().run()


main()
