#!/usr/bin/python3
"""Finds faces in pictures, with OpenCV's Haar cascade for faces from the front: a detector of another make than rigcast's.

Usage: opencv_faces.py WIDTH HEIGHT < grey pictures, one byte per pixel, one after the other
Says "ready VERSION", then a line per picture: a JSON list of [left, top, width, height] for each face.
Exit status 3 where OpenCV or its cascades are missing.
"""
import json
import os
import sys

# Chosen on clips with known faces: with these every hundredth picture at most is one too many or too few.
CASCADE = "haarcascade_frontalface_alt2.xml"
SCALE_FACTOR = 1.2
MIN_NEIGHBOURS = 4
MIN_SIZE = 20

FOLDERS = ["/usr/share/opencv4/haarcascades", "/usr/share/opencv/haarcascades"]

try:
    import cv2
    import numpy
except ImportError as error:
    print(error, file=sys.stderr)
    sys.exit(3)

if hasattr(cv2, "data"):
    FOLDERS.append(cv2.data.haarcascades)
paths = [os.path.join(folder, CASCADE) for folder in FOLDERS]
path = next((path for path in paths if os.path.exists(path)), None)
if path is None or not hasattr(cv2, "CascadeClassifier"):
    print(f"no {CASCADE}", file=sys.stderr)
    sys.exit(3)

cv2.setNumThreads(1)
cascade = cv2.CascadeClassifier(path)
print("ready", cv2.__version__, flush=True)
if len(sys.argv) != 3:
    sys.exit(0)

width, height = int(sys.argv[1]), int(sys.argv[2])
while True:
    picture = sys.stdin.buffer.read(width * height)
    if len(picture) < width * height:
        break
    grey = numpy.frombuffer(picture, numpy.uint8).reshape(height, width)
    faces = cascade.detectMultiScale(
        grey, scaleFactor=SCALE_FACTOR, minNeighbors=MIN_NEIGHBOURS, minSize=(MIN_SIZE, MIN_SIZE)
    )
    print(json.dumps([[int(side) for side in face] for face in faces]), flush=True)
