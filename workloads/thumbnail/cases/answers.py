# Works out every case's answer with Pillow: NAME.reference.ppm is the photograph scaled down, without loss, and
# NAME.answer.json what Pillow's own JPEG of it is like. A thumbnail is judged by both.
import io
import json
import math

from PIL import Image, ImageChops, ImageOps, ImageStat

CASES = {  # name of the photograph: longest side of the thumbnail, quality
    "boats": (256, 80),
    "launch": (200, 80),
    "retina": (256, 90),
}


def psnr(one, other):
    """Peak signal-to-noise ratio in decibels, over all samples of all channels."""
    squares = ImageStat.Stat(ImageChops.difference(one, other)).sum2
    mean = sum(squares) / (one.width * one.height * len(squares))
    return 10 * math.log10(255**2 / mean)


for name, (longest_side, quality) in CASES.items():
    photo = Image.open(f"{name}.jpg").convert("RGB")
    reference = ImageOps.contain(photo, (longest_side, longest_side), Image.Resampling.LANCZOS)
    reference.save(f"{name}.reference.ppm")
    jpeg = io.BytesIO()
    reference.save(jpeg, "JPEG", quality=quality, subsampling="4:4:4")
    answer = {
        "width": reference.width,
        "height": reference.height,
        "jpeg_psnr_db": round(psnr(reference, Image.open(jpeg)), 2),
        "jpeg_bytes": len(jpeg.getvalue()),
    }
    with open(f"{name}.answer.json", "w") as file:
        file.write(json.dumps(answer, indent=2) + "\n")
    print(name, photo.size, answer)
