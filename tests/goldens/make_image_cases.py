#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Small picture files of every kind that decode() reads, and the pixels that Pillow finds in them.

Writes image/cases/* and image/digests.txt beside this script; the latter also lists image/files/*
and, with --data FOLDER, sample pictures of the test data that is not in the repository. A line is
path, height, width and the SHA-256 of the pixels as RGB, as L (grey) and as RGB turned upright.
Made with Pillow 9.4.
"""
import argparse
import glob
import hashlib
import io
import os
import struct
import warnings
import zlib

import numpy as np
from PIL import Image, ImageOps

HERE = os.path.dirname(os.path.abspath(__file__))
rng = np.random.RandomState(1)
warnings.simplefilter('ignore')


def pixels(height, width, channels=3):
    return rng.randint(0, 256, (height, width, channels)).astype(np.uint8)[..., 0 if channels == 1 else slice(None)]


def saved(image, format, **options):
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def chunk(kind, data):
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))


def png(width, height, bits, color_type, chunks=b''):
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color_type]
    row = (width * bits * channels + 7) // 8
    rows = b''.join(bytes([y % 5]) + rng.bytes(row) for y in range(height))
    header = struct.pack('>IIBBBBB', width, height, bits, color_type, 0, 0, 0)
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + chunks +
            chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b''))


def interlaced_png():
    """8x8 grey: seven passes of filter byte and values, in the order of Adam7."""
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = b''.join(b'\0' + rng.bytes(len(range(x, 8, dx)))
                    for x, y, dx, dy in passes for _ in range(y, 8, dy))
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', 8, 8, 8, 0, 0, 0, 1)) +
            chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b''))


def cases():
    color = lambda h=9, w=7: Image.fromarray(pixels(h, w))
    gray = lambda: Image.fromarray(pixels(9, 7, 1))
    alpha = lambda: Image.fromarray(pixels(9, 7, 4))
    palette = lambda: color().quantize(20)

    for subsampling, name in enumerate(('444', '422', '420')):
        yield f'{name}.jpg', saved(color(19, 37), 'JPEG', subsampling=subsampling)
        yield f'{name}_progressive.jpg', saved(color(19, 37), 'JPEG', subsampling=subsampling, progressive=True)
    yield 'one_pixel_420.jpg', saved(color(1, 1), 'JPEG')
    yield 'narrow_420.jpg', saved(color(9, 2), 'JPEG')
    yield 'gray.jpg', saved(gray(), 'JPEG')
    yield 'cmyk.jpg', saved(Image.fromarray(pixels(9, 7, 4), 'CMYK'), 'JPEG')
    for orientation in range(1, 9):
        yield f'orientation_{orientation}.jpg', saved(color(), 'JPEG', exif=exif_of(orientation))
    yield 'orientation_6.png', saved(color(), 'PNG', exif=exif_of(6))
    yield 'orientation_6.webp', saved(color(), 'WEBP', exif=exif_of(6), lossless=True)

    for color_type, kinds in {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}.items():
        name = {0: 'gray', 2: 'rgb', 3: 'palette', 4: 'gray_alpha', 6: 'rgba'}[color_type]
        for bits in kinds:
            colors = chunk(b'PLTE', rng.bytes(3 << bits)) if color_type == 3 else b''
            yield f'{name}_{bits}.png', png(13, 5, bits, color_type, colors)
            transparent = {0: b'\0\1', 2: b'\0\1\0\2\0\3', 3: b'\0\x80'}.get(color_type)
            if transparent:
                yield f'{name}_{bits}_trns.png', png(13, 5, bits, color_type, colors + chunk(b'tRNS', transparent))
    yield 'gamma.png', png(5, 5, 8, 2, chunk(b'gAMA', struct.pack('>I', 100000)))
    yield 'interlaced.png', interlaced_png()

    for name, image in (('rgb', color), ('rgba', alpha)):
        yield f'{name}_lossy.webp', saved(image(), 'WEBP')
        yield f'{name}_lossless.webp', saved(image(), 'WEBP', lossless=True)
    for name, image in (('1', lambda: gray().convert('1')), ('8', gray), ('palette', palette), ('24', color), ('32', alpha)):
        yield f'{name}.bmp', saved(image(), 'BMP')
    yield 'palette.gif', saved(palette(), 'GIF')
    yield 'transparent.gif', saved(palette(), 'GIF', transparency=3)
    yield 'interlaced.gif', saved(palette(), 'GIF', interlace=1)
    yield 'animated.gif', saved(palette(), 'GIF', save_all=True, append_images=[palette()])
    for name, image in (('gray', gray), ('gray_alpha', lambda: alpha().convert('LA')), ('rgb', color), ('rgba', alpha), ('palette', palette)):
        yield f'{name}.tga', saved(image(), 'TGA')
        yield f'{name}_rle.tga', saved(image(), 'TGA', compression='tga_rle')

    for maximum in (1, 100, 255, 1000, 65535):
        for kind, name, channels in ((2, 'pgm', 1), (3, 'ppm', 3)):
            values = rng.randint(0, maximum + 1, 7 * 3 * channels)
            head = f'\n# a comment 1 2\n7 3 # another\n{maximum}\n'.encode()
            yield f'plain_{maximum}.{name}', b'P%d' % kind + head + b' '.join(b'%d' % v for v in values) + b'\n'
            yield f'raw_{maximum}.{name}', (b'P%d' % (kind + 3) + head +
                                            values.astype('>u2' if maximum > 255 else np.uint8).tobytes())
    yield 'raw.pbm', b'P4 13 3\n' + rng.bytes(6)
    yield 'plain.pbm', b'P1\n# bits\n7 3\n' + bytes(rng.randint(48, 50, 21).astype(np.uint8))


def exif_of(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def line(name, path):
    image = Image.open(path)
    upright = ImageOps.exif_transpose(image)
    digest = lambda im: hashlib.sha256(np.asarray(im).tobytes()).hexdigest()
    return ' '.join([name, str(image.height), str(image.width), digest(image.convert('RGB')),
                     digest(image.convert('L')), digest(upright.convert('RGB'))])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data', help='folder of the test data that is not in the repository')
    data = parser.parse_args().data

    os.makedirs(f'{HERE}/image/cases', exist_ok=True)
    for name, content in cases():
        with open(f'{HERE}/image/cases/{name}', 'wb') as file:
            file.write(content)

    lines = [line(os.path.relpath(path, HERE), path)
             for path in sorted(glob.glob(f'{HERE}/image/files/*') + glob.glob(f'{HERE}/image/cases/*'))]
    if data:
        samples = [p for folder in ('jpeg', 'png', 'other') for p in sorted(glob.glob(f'{data}/images/{folder}/*'))]
        samples += [f'{data}/images/broken/truncated_app14.jpg']
        samples += sorted(glob.glob(f'{data}/cats/*/*/*.jpg'))[::50]
        lines += [line('data/' + os.path.relpath(path, data), path) for path in samples]
    with open(f'{HERE}/image/digests.txt', 'w') as file:
        file.write('\n'.join(lines) + '\n')


if __name__ == '__main__':
    main()
