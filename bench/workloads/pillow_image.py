"""Pillow: scale, blur and encode a picture."""

import io

from PIL import Image, ImageFilter

import harness


def work(n):
    picture = Image.effect_mandelbrot((800, 600), (-2, -1.2, 1, 1.2), 60)
    picture = picture.convert("RGB")
    for _ in range(n):
        small = picture.resize((400, 300), Image.LANCZOS)
        small = small.filter(ImageFilter.GaussianBlur(2)).rotate(30)
        out = io.BytesIO()
        small.save(out, "PNG")
        Image.open(io.BytesIO(out.getvalue())).load()


harness.run(work, 30)
