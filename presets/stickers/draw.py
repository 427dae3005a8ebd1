#!/usr/bin/env python3
"""Draws the stickers of this folder with Pillow: `python3 draw.py`. The PNGs are what is shipped; this is how to change them.

Each is drawn four times as large as it is kept, in thousandths of its longer side, so that edges come out smooth.
"""

import math
from pathlib import Path

from PIL import Image, ImageDraw

INK = (34, 40, 49)
FINE = 4


class Sheet:
    """A transparent sheet of `width` × `height` pixels, `unit` units across its longer side."""

    def __init__(self, width, height, unit=1000):
        self.size = (width, height)
        self.scale = max(width, height) * FINE / unit
        self.picture = Image.new("RGBA", (width * FINE, height * FINE))
        self.draw = ImageDraw.Draw(self.picture)

    def at(self, points):
        return [(x * self.scale, y * self.scale) for x, y in points]

    def shape(self, points, fill, ink=INK, line=22):
        """A closed curve through `points`, with an outline that is round at the corners."""
        self.draw.polygon(self.at(points), fill=fill)
        if line:
            self.stroke(list(points) + list(points[:1]), ink, line)

    def stroke(self, points, ink=INK, line=22):
        points, wide = self.at(points), line * self.scale
        self.draw.line(points, fill=ink, width=round(wide))
        for x, y in points:
            self.draw.ellipse((x - wide / 2, y - wide / 2, x + wide / 2, y + wide / 2), fill=ink)

    def oval(self, x, y, rx, ry, fill, ink=INK, line=22, turn=0.0):
        self.shape(oval(x, y, rx, ry, turn=turn), fill, ink, line)

    def save(self, name):
        small = self.picture.resize(self.size, Image.Resampling.LANCZOS)
        # Flat colours and soft edges: a palette holds them in a third of the bytes.
        small = small.quantize(128, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        small.save(Path(__file__).with_name(name), optimize=True)


def oval(x, y, rx, ry, start=0.0, end=360.0, turn=0.0, steps=96):
    """Points of an ellipse or an arc of it; degrees clockwise from the right."""
    turn = math.radians(turn)
    points = []
    for step in range(steps):
        angle = math.radians(start + (end - start) * step / (steps if end - start == 360 else steps - 1))
        u, v = rx * math.cos(angle), ry * math.sin(angle)
        points.append((x + u * math.cos(turn) - v * math.sin(turn), y + u * math.sin(turn) + v * math.cos(turn)))
    return points


def block(left, top, right, bottom, radius):
    """Points of a rectangle with round corners."""
    corners = [(right, top, -90), (right, bottom, 0), (left, bottom, 90), (left, top, 180)]
    points = []
    for x, y, start in corners:
        x, y = x - math.copysign(radius, x - left - 1), y - math.copysign(radius, y - top - 1)
        points += oval(x, y, radius, radius, start, start + 90, steps=12)
    return points


def curve(points, steps=24):
    """A smooth closed curve through `points` (Catmull-Rom)."""
    smooth, count = [], len(points)
    for i in range(count):
        a, b, c, d = (points[(i + k) % count] for k in (-1, 0, 1, 2))
        for step in range(steps):
            t = step / steps
            smooth.append(tuple(
                0.5 * (2 * b[k] + (c[k] - a[k]) * t + (2 * a[k] - 5 * b[k] + 4 * c[k] - d[k]) * t**2
                       + (3 * b[k] - a[k] - 3 * c[k] + d[k]) * t**3)
                for k in (0, 1)
            ))
    return smooth


def mirrored(points, middle=500):
    return [(2 * middle - x, y) for x, y in reversed(points)]


def smile():
    s = Sheet(400, 400)
    s.oval(500, 500, 476, 476, (255, 205, 60))
    s.draw.polygon(s.at(oval(500, 470, 400, 390, 200, 340)), fill=(255, 222, 115))
    # Eyes that laugh: with open ones, detectors of faces take it for one.
    for x in (335, 665):
        s.stroke(oval(x, 440, 85, 95, 190, 350), INK, 38)
        s.oval(x + (x - 500) * 0.95, 590, 75, 50, (255, 160, 90), line=0)
    mouth = oval(500, 560, 270, 260, 8, 172)
    s.shape(mouth, (150, 35, 50))
    s.draw.polygon(s.at(oval(500, 560, 250, 240, 60, 120)), fill=(235, 95, 105))
    s.save("smile.png")


def robot():
    s = Sheet(400, 480)
    steel, light, dark = (150, 172, 190), (190, 208, 221), (104, 124, 142)
    s.stroke([(417, 130), (417, 60)], dark, 30)
    s.oval(417, 52, 40, 40, (240, 80, 70))
    for left, right in ((20, 120), (713, 813)):
        s.shape(block(left, 430, right, 660, 30), dark)
    s.shape(block(80, 120, 753, 970, 110), steel)
    s.draw.polygon(s.at(block(125, 160, 708, 250, 45)), fill=light)
    s.shape(block(150, 300, 683, 560, 120), (38, 52, 68))
    for x in (285, 548):
        s.oval(x, 430, 88, 88, (80, 225, 240), line=0)
        s.oval(x, 430, 46, 46, (220, 252, 255), line=0)
    s.shape([(417, 600), (455, 675), (379, 675)], dark, line=16)
    s.shape(block(205, 730, 628, 880, 40), (38, 52, 68))
    for x in range(262, 600, 78):
        s.stroke([(x, 765), (x, 845)], (255, 190, 70), 30)
    for x, y in ((140, 640), (693, 640), (140, 915), (693, 915)):
        s.oval(x, y, 20, 20, light, line=10)
    s.save("robot.png")


def cat():
    s = Sheet(480, 460)
    fur, pale, pink = (240, 155, 75), (255, 226, 190), (245, 140, 150)
    for side in (lambda p: p, mirrored):
        s.shape(side([(120, 470), (95, 40), (420, 200)]), fur)
        s.shape(side([(165, 330), (150, 130), (315, 215)]), pink, line=0)
    s.shape(curve([(500, 150), (790, 230), (925, 520), (800, 800), (500, 930), (200, 800), (75, 520), (210, 230)]), fur)
    for x, y, length in ((500, 180, 150), (400, 195, 100), (600, 195, 100)):
        s.stroke([(x, y), (500 + (x - 500) * 0.7, y + length)], (190, 100, 40), 34)
    for x in (330, 670):
        s.oval(x, 470, 100, 105, (190, 230, 110))
        s.oval(x, 470, 34, 90, INK, line=0)
        s.oval(x + 18, 425, 16, 24, (255, 255, 255), line=0)
    s.oval(390, 715, 150, 120, pale, line=0)
    s.oval(610, 715, 150, 120, pale, line=0)
    s.oval(500, 820, 90, 70, pale, line=0)
    s.shape(curve([(430, 610), (570, 610), (500, 690)]), pink, line=18)
    s.stroke([(500, 690), (500, 740)], INK, 18)
    s.stroke(oval(430, 735, 70, 60, 0, 150), INK, 18)
    s.stroke(oval(570, 735, 70, 60, 30, 180), INK, 18)
    for side in (lambda p: p, mirrored):
        for y, end in ((680, 620), (715, 725), (750, 830)):
            s.stroke(side([(330, y), (20, end)]), (90, 60, 45), 12)
    s.save("cat.png")


def sunglasses():
    s = Sheet(400, 150)
    for side in (lambda p: p, mirrored):
        lens = side(curve([(40, 70), (250, 45), (455, 75), (440, 240), (300, 330), (130, 310), (55, 210)]))
        s.shape(lens, (28, 32, 44), line=34)
        s.draw.polygon(s.at(side([(120, 110), (210, 100), (140, 250), (95, 200)])), fill=(70, 80, 108))
        s.stroke(side([(45, 80), (12, 70)]), INK, 34)
    s.stroke(oval(500, 130, 70, 45, 190, 350), INK, 40)
    s.save("sunglasses.png")


def moustache():
    s = Sheet(400, 150)
    half = [(500, 90), (400, 40), (270, 90), (160, 190), (30, 170), (70, 270), (200, 335), (370, 300), (500, 200)]
    whole = half + mirrored(half)[1:-1]
    s.shape(curve(whole, 12), (74, 44, 26), (40, 22, 12), 20)
    for side in (lambda p: p, mirrored):
        for bend in (0, 50, 100):
            s.stroke(side([(460 - bend, 115 + bend * 0.8), (330 - bend, 200 + bend * 0.5), (210 - bend * 0.6, 265)]),
                     (104, 66, 40), 10)
    s.save("moustache.png")


def clown_nose():
    s = Sheet(256, 256)
    s.oval(500, 500, 470, 470, (226, 30, 45), (130, 10, 25), 36)
    s.oval(560, 560, 380, 380, (205, 20, 38), line=0)
    s.oval(470, 470, 400, 400, (236, 48, 60), line=0)
    s.oval(345, 320, 130, 90, (255, 175, 175), line=0, turn=-35)
    s.save("clown-nose.png")


def cap():
    s = Sheet(420, 270)
    blue, dark = (48, 104, 190), (32, 72, 140)
    s.shape(curve([(110, 430), (150, 210), (320, 70), (500, 40), (680, 70), (850, 210), (890, 430), (500, 400)]), blue)
    for bend in (-210, 210):
        s.stroke([(500, 50), (500 + bend * 0.75, 160), (500 + bend, 400)], dark, 14)
    s.oval(500, 45, 42, 26, dark, line=14)
    s.shape(curve([(110, 420), (500, 370), (890, 420), (985, 540), (800, 590), (500, 560), (200, 590), (15, 540)]), dark)
    s.shape(curve([(500, 170), (560, 250), (500, 330), (440, 250)]), (255, 205, 60), line=14)
    s.save("cap.png")


def beard():
    s = Sheet(360, 300)
    hair, light = (110, 66, 34), (150, 98, 56)
    edge = [(40, 60), (130, 130), (260, 110), (500, 160), (740, 110), (870, 130), (960, 60), (940, 330), (850, 560),
            (760, 600), (700, 740), (600, 700), (500, 810), (400, 700), (300, 740), (240, 600), (150, 560), (60, 330)]
    s.shape(curve(edge, 12), hair, (60, 34, 16), 22)
    for x in range(140, 900, 90):
        depth = 620 - abs(x - 500) * 0.75
        s.stroke([(x, 230), (x + (500 - x) * 0.08, 230 + depth * 0.35), (x + (500 - x) * 0.12, 200 + depth * 0.75)], light, 14)
    s.save("beard.png")


def brows():
    s = Sheet(400, 120)
    for side in (lambda p: p, mirrored):
        s.shape(side(curve([(25, 220), (130, 90), (290, 40), (440, 110), (450, 215), (300, 165), (150, 200), (45, 270)], 12)),
                (52, 34, 24), (26, 16, 10), 16)
        for x in range(90, 420, 55):
            s.stroke(side([(x, 190 - x * 0.15), (x + 40, 110 - x * 0.02)]), (92, 64, 46), 9)
    s.save("brows.png")


def cheeks():
    s = Sheet(420, 180)
    for x in (190, 810):
        s.oval(x, 214, 170, 190, (250, 120, 140), (205, 70, 100), 20)
        heart = [(x, 340), (x - 100, 220), (x - 85, 140), (x - 30, 135), (x, 180), (x + 30, 135), (x + 85, 140), (x + 100, 220)]
        s.shape(curve(heart, 12), (255, 226, 232), line=0)
    s.save("cheeks.png")


def ear_muffs():
    s = Sheet(440, 400)
    s.stroke(oval(500, 560, 375, 520, 183, 357), (70, 76, 92), 60)
    s.stroke(oval(500, 560, 375, 520, 186, 354), (120, 128, 148), 20)
    for x in (150, 850):
        fluff = [(x + (118 + 14 * (k % 2)) * math.cos(k * math.pi / 12), 620 + (235 + 20 * (k % 2)) * math.sin(k * math.pi / 12))
                 for k in range(24)]
        s.shape(curve(fluff, 8), (235, 96, 120), (160, 45, 75), 18)
        s.oval(x, 620, 62, 140, (248, 150, 168), line=0)
    s.save("ear-muffs.png")


def scarf():
    s = Sheet(420, 300)
    red, dark, cream = (196, 44, 54), (140, 24, 36), (248, 232, 206)
    tail = [(610, 240), (760, 250), (800, 690), (600, 700)]
    s.shape(tail, dark)
    for y in (430, 560):
        s.stroke([(612, y), (774, y - 4)], cream, 44)
    for x in range(612, 800, 36):
        s.stroke([(x, 690), (x + 2, 712)], dark, 14)
    wrap = curve([(45, 90), (260, 150), (500, 165), (740, 150), (955, 90), (955, 290), (760, 390), (500, 415), (240, 390), (45, 290)], 12)
    s.shape(wrap, red)
    for x in (150, 330, 500, 670, 850):
        lean = (500 - x) * 0.12
        top, bottom = 192 - abs(x - 500) * 0.1, 385 - abs(x - 500) * 0.15
        s.stroke([(x, top), (x + lean, bottom)], cream, 46)
    s.stroke(wrap + wrap[:1], INK, 22)
    s.shape(block(590, 180, 760, 420, 50), red)
    s.save("scarf.png")


for art in (smile, robot, cat, sunglasses, moustache, clown_nose, cap, beard, brows, cheeks, ear_muffs, scarf):
    art()
