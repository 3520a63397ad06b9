# SPDX-License-Identifier: Apache-2.0
"""Resized, decoded and transformed pictures."""

import os

import numpy as np
from PIL import Image

from sections.output import f32, path, save_npz
from sections.stream import Stream


def make_images(cfg):
    st = Stream(cfg["image_seed"])
    out = []
    for i, (w, h) in enumerate(cfg["resize_sizes"]):
        if i == 0:
            a = st.ints(0, 256, h, w, 3).astype(np.uint8)  # noise
        elif i == 1:
            yy, xx = np.mgrid[0:h, 0:w]
            a = np.stack(
                [(xx * 255 // (w - 1)), (yy * 255 // (h - 1)), ((xx * yy) % 256)], -1
            ).astype(
                np.uint8
            )  # gradients
        else:
            a = (
                ((np.add.outer(np.arange(h) // 3, np.arange(w) // 4) % 2) * 255)
                .astype(np.uint8)[:, :, None]
                .repeat(3, 2)
            )
            a[:, :, 1] = st.ints(0, 256, h, w)  # checker + noise
        out.append(a)
    return out


def make(cfg):
    imgs = make_images(cfg)
    d = {}
    for i, a in enumerate(imgs):
        d[f"img{i}"] = a
        p = Image.fromarray(a)
        for ow, oh in cfg["resize_out"] if i < 2 else cfg["resize_out"][:2]:
            d[f"img{i}/bilinear_{ow}x{oh}"] = (
                np.asarray(p.resize((ow, oh), Image.BILINEAR))
                if (ow, oh) != (224, 224) or i == 0
                else np.asarray(p.convert("L").resize((ow, oh), Image.BILINEAR))
            )
        ow, oh = cfg["resize_out"][1]
        for nm, f in (
            ("nearest", Image.NEAREST),
            ("bicubic", Image.BICUBIC),
            ("lanczos", Image.LANCZOS),
            ("box", Image.BOX),
        ):
            d[f"img{i}/{nm}_{ow}x{oh}"] = np.asarray(p.resize((ow, oh), f))
    save_npz("image/resize.npz", d)
    import torchvision.transforms as TT

    v = np.arange(256, dtype=np.uint8).reshape(16, 16)
    t = TT.functional.to_tensor(v)
    p = Image.fromarray(imgs[1])
    q = TT.Compose([TT.Resize((96, 96)), TT.ToTensor(), TT.Normalize((0.5,) * 3, (0.5,) * 3)])(p)
    alb = (v / 255.0).astype(np.float32)
    save_npz(
        "image/transforms.npz",
        dict(
            to_tensor_0_255=f32(t).ravel(),
            normalize_half=f32(TT.functional.normalize(t, (0.5,), (0.5,))).ravel(),
            normalize_mnist=f32(TT.functional.normalize(t, (0.1307,), (0.3081,))).ravel(),
            normalize_imagenet=np.stack(
                [
                    f32(TT.functional.normalize(t, (m,), (s,))).ravel()
                    for m, s in zip((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
                ]
            ),
            uint8_over_255_in_double_then_f32=alb.ravel(),
            script_pipeline_img1=f32(q),
        ),
    )
    dec = {}
    os.makedirs(path("image/files/x"), exist_ok=True)
    os.rmdir(path("image/files/x"))
    base = Image.fromarray(imgs[1])
    noise = Image.fromarray(imgs[0])

    def put(name, im, **kw):
        im.save(path("image/files/" + name), **kw)
        r = Image.open(path("image/files/" + name))
        dec[name] = np.asarray(r.convert("RGB"))

    for ss, nm in ((0, "444"), (1, "422"), (2, "420")):
        put(f"base_q90_{nm}.jpg", base, quality=90, subsampling=ss)
        put(f"noise_q60_{nm}.jpg", noise, quality=60, subsampling=ss)
        put(f"prog_q75_{nm}.jpg", noise, quality=75, subsampling=ss, progressive=True)
    put("gray_q80.jpg", base.convert("L"), quality=80)
    put("rgb.png", noise)
    put("gray.png", noise.convert("L"))
    put("palette.png", base.quantize(16))
    a = np.dstack([imgs[0], imgs[0][:, :, 0]])
    put("rgba.png", Image.fromarray(a))
    put("bilevel.png", noise.convert("1"))
    put("rgb.bmp", noise)
    put("rgb.ppm", noise)
    put("la.png", Image.fromarray(imgs[0][:, :, :2].copy(), "LA"))
    save_npz("image/decoded_rgb.npz", dec)
