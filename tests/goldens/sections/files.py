# SPDX-License-Identifier: Apache-2.0
"""Files in the formats that weights and arrays travel in."""

import gzip
import json
import struct

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from sections.mxnet_symbol import mxnet_symbol
from sections.output import f32, path
from sections.stream import Stream


def make(cfg):
    s = cfg["init_seed"]
    torch.manual_seed(s)
    m = nn.DataParallel(
        nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(12, 4))
    )
    o = torch.optim.SGD(m.parameters(), lr=0.1, momentum=0.9)
    st = Stream(cfg["model_seed"] + 50)
    F.cross_entropy(m(torch.tensor(st.sym(2, 2, 4, 4))), torch.tensor(st.label(2, 4))).backward()
    o.step()
    sd = m.state_dict()
    torch.save(sd, path("files/state_dict_zip.pth"))
    torch.save(sd, path("files/state_dict_legacy.pth"), _use_new_zipfile_serialization=False)
    ex = {"sd/" + k: v.numpy() for k, v in sd.items()}
    torch.save(
        {
            "epoch": 3,
            "model_name": "tiny",
            "state_dict": sd,
            "best_acc1": 12.5,
            "optimizer": o.state_dict(),
        },
        path("files/checkpoint_zip.pth"),
    )
    torch.save(
        {
            "epoch": 3,
            "model_name": "tiny",
            "state_dict": sd,
            "best_acc1": 12.5,
            "optimizer": o.state_dict(),
        },
        path("files/checkpoint_legacy.pth"),
        _use_new_zipfile_serialization=False,
    )
    for i, p in enumerate(m.parameters()):
        ex[f"momentum/{i}"] = f32(o.state[p]["momentum_buffer"])
    base = torch.arange(24.0).reshape(2, 3, 4)
    odd = dict(
        f16=torch.tensor([1.5, -2.25, 65504.0]).half(),
        bf16=torch.tensor([1.5, -2.25, 3e38]).bfloat16(),
        f64=torch.tensor([1 / 3], dtype=torch.float64),
        i64=torch.tensor([2**40, -1]),
        i32=torch.tensor([7, -8], dtype=torch.int32),
        i16=torch.tensor([7, -8], dtype=torch.int16),
        i8=torch.tensor([7, -8], dtype=torch.int8),
        u8=torch.tensor([0, 255], dtype=torch.uint8),
        b=torch.tensor([True, False, True]),
        scalar=torch.tensor(3.25),
        empty=torch.zeros(0, 3),
        transposed=base.permute(2, 0, 1),
        sliced=base[1, 1:, ::2],
        shared_a=base,
        shared_b=base.view(-1)[4:8],
        channels_last=torch.arange(48.0)
        .reshape(2, 3, 2, 4)
        .contiguous(memory_format=torch.channels_last),
        param=nn.Parameter(torch.tensor([1.0, 2.0])),
    )
    torch.save(odd, path("files/odd_tensors_zip.pth"))
    torch.save(odd, path("files/odd_tensors_legacy.pth"), _use_new_zipfile_serialization=False)
    for k, v in odd.items():
        ex["odd/" + k] = (v.float() if v.dtype == torch.bfloat16 else v).detach().numpy()
    np.savez(path("files/expected.npz"), **ex)
    # npy / npz variants
    np.save(path("files/f_order.npy"), np.asfortranarray(np.arange(6, dtype="<f4").reshape(2, 3)))
    np.save(path("files/big_endian.npy"), np.arange(5, dtype=">i4"))
    np.savez_compressed(
        path("files/deflated.npz"),
        a=np.arange(100, dtype="<i8"),
        b=np.zeros((3, 4), "<f4"),
        c=np.float64(2.5),
        d=np.array([True, False]),
    )
    with open(path("files/v2.npy"), "wb") as f:
        np.lib.format.write_array(f, np.arange(3, dtype="<u2"), version=(2, 0))
    # safetensors (written from the format description)
    T = {
        "a.weight": np.arange(6, dtype="<f4").reshape(2, 3),
        "n": np.array(7, "<i8"),
        "h": np.array([1.5], "<f2"),
        "e": np.zeros((0, 2), "<f4"),
    }
    nm = {"<f4": "F32", "<i8": "I64", "<f2": "F16"}
    off = 0
    H = {"__metadata__": {"format": "pt"}}
    body = b""
    for k in ("n", "a.weight", "e", "h"):
        b = T[k].tobytes()
        H[k] = dict(
            dtype=nm[T[k].dtype.str], shape=list(T[k].shape), data_offsets=[off, off + len(b)]
        )
        off += len(b)
        body += b
    h = json.dumps(H, separators=(",", ":")).encode()
    h += b" " * (-len(h) % 8)
    open(path("files/tiny.safetensors"), "wb").write(len(h).to_bytes(8, "little") + h + body)
    # MXNet NDArray list (written from the format description) and the symbol graph of the MNIST CNN as Keras-MXNet 2.1.6 exports it

    def nd(a):
        a = np.ascontiguousarray(a)
        return (
            struct.pack("<IiI", 0xF993FAC9, 0, a.ndim)
            + struct.pack(f"<{a.ndim}q", *a.shape)
            + struct.pack(
                "<iii",
                1,
                0,
                {"<f4": 0, "<f8": 1, "<f2": 2, "|u1": 3, "<i4": 4, "|i1": 5, "<i8": 6}[a.dtype.str],
            )
            + a.tobytes()
        )

    A = {
        "arg:conv2d_1/kernel1": np.arange(2 * 1 * 3 * 3, dtype="<f4").reshape(2, 1, 3, 3),
        "arg:conv2d_1/bias1": np.array([0.5, -1], "<f4"),
        "aux:bn_moving_mean": np.array([3.0, 4.0], "<f4"),
        "arg:i8": np.array([[1, -2]], "|i1"),
    }
    open(path("files/tiny.params"), "wb").write(
        struct.pack("<QQQ", 0x112, 0, len(A))
        + b"".join(nd(a) for a in A.values())
        + struct.pack("<Q", len(A))
        + b"".join(struct.pack("<Q", len(k)) + k.encode() for k in A)
    )
    open(path("files/mnist-cnn-symbol.json"), "w").write(mxnet_symbol())

    # TensorBoard event file (TFRecord framing)
    def vi(n):
        return bytes([n]) if n < 128 else bytes([n & 127 | 128]) + vi(n >> 7)

    def fb(f, b):
        return vi(f << 3 | 2) + vi(len(b)) + b

    tab = []
    for i in range(256):
        c_ = i
        for _ in range(8):
            c_ = c_ >> 1 ^ (0x82F63B78 if c_ & 1 else 0)
        tab.append(c_)

    def mcrc(b):
        c_ = 0xFFFFFFFF
        for v in b:
            c_ = tab[(c_ ^ v) & 255] ^ c_ >> 8
        c_ ^= 0xFFFFFFFF
        return struct.pack("<I", ((c_ >> 15 | c_ << 17 & 0xFFFFFFFF) + 0xA282EAD8) & 0xFFFFFFFF)

    def rec(b):
        l = struct.pack("<Q", len(b))
        return l + mcrc(l) + b + mcrc(b)

    ev = [b"\x09" + struct.pack("<d", 1.6e9) + fb(3, b"brain.Event:2")] + [
        b"\x09"
        + struct.pack("<d", 1.6e9 + i)
        + b"\x10"
        + vi(i)
        + fb(5, fb(1, fb(1, b"train/loss") + b"\x15" + struct.pack("<f", 1 / i)))
        for i in (1, 2, 300)
    ]
    open(path("files/events.out.tfevents.1600000000.host"), "wb").write(
        b"".join(rec(e) for e in ev)
    )
    # IDX


    st = Stream(cfg["image_seed"] + 9)
    im = st.ints(0, 256, 5, 28, 28).astype(np.uint8)
    lb = st.label(5, 10).astype(np.uint8)
    for n_, raw in (
        ("images-idx3-ubyte", struct.pack(">IIII", 0x803, 5, 28, 28) + im.tobytes()),
        ("labels-idx1-ubyte", struct.pack(">II", 0x801, 5) + lb.tobytes()),
    ):
        open(path("files/tiny-" + n_), "wb").write(raw)
        with open(path("files/tiny-" + n_ + ".gz"), "wb") as f, gzip.GzipFile(
            "", "wb", 9, f, 0
        ) as z:
            z.write(raw)
    # Keras-style HDF5 (h5py), two attribute flavours, weights = torch MnistNet-like tiny model
    try:
        import h5py
    except ImportError:
        return
    torch.manual_seed(s)
    c1 = nn.Conv2d(1, 4, 3)
    d1 = nn.Linear(4 * 3 * 3, 5)
    x = torch.tensor(Stream(cfg["model_seed"] + 60).unit(2, 1, 8, 8))
    y = F.softmax(d1(F.max_pool2d(F.relu(c1(x)), 2).flatten(1)), 1)
    L = lambda c, **k: dict(class_name=c, config=k)
    com = dict(
        use_bias=True,
        kernel_initializer=L(
            "VarianceScaling", scale=1.0, mode="fan_avg", distribution="uniform", seed=None
        ),
        bias_initializer=L("Zeros"),
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
    )

    def layers(fmt):
        return [
            L(
                "InputLayer",
                batch_input_shape=[None, 8, 8, 1] if fmt == "channels_last" else [None, 1, 8, 8],
                dtype="float32",
                sparse=False,
                name="conv2d_1_input",
            ),
            L(
                "Conv2D",
                name="conv2d_1",
                trainable=True,
                filters=4,
                kernel_size=[3, 3],
                strides=[1, 1],
                padding="valid",
                data_format=fmt,
                dilation_rate=[1, 1],
                activation="relu",
                **com,
            ),
            L(
                "MaxPooling2D",
                name="max_pooling2d_1",
                trainable=True,
                pool_size=[2, 2],
                padding="valid",
                strides=[2, 2],
                data_format=fmt,
            ),
            L("Dropout", name="dropout_1", trainable=True, rate=0.25, noise_shape=None, seed=None),
            L("Flatten", name="flatten_1", trainable=True, data_format=fmt),
            L("Dense", name="dense_1", trainable=True, units=5, activation="softmax", **com),
        ]

    W = {
        "conv2d_1": (c1.weight.detach().numpy().transpose(2, 3, 1, 0), c1.bias.detach().numpy()),
        "dense_1": (
            d1.weight.detach().numpy().reshape(5, 4, 3, 3).transpose(2, 3, 1, 0).reshape(36, 5),
            d1.bias.detach().numpy(),
        ),
    }
    for fmt in ("channels_last", "channels_first"):
        for fl in ("fixed", "vlen"):
            S = (lambda b: np.array(b, dtype=f"S{len(b)}")) if fl == "fixed" else (lambda b: b)
            ls = layers(fmt)
            tc = dict(
                optimizer_config=L("SGD", lr=0.01, momentum=0.9, decay=0.0, nesterov=False),
                loss="categorical_crossentropy",
                metrics=["accuracy"],
                sample_weight_mode=None,
                loss_weights=None,
            )
            with h5py.File(path(f"files/keras2_{fmt}_{fl}.h5"), "w") as f:
                f.attrs["keras_version"] = S(b"2.2.4")
                f.attrs["backend"] = S(b"tensorflow")
                f.attrs["model_config"] = S(
                    json.dumps(
                        dict(class_name="Sequential", config=dict(name="sequential_1", layers=ls))
                    ).encode()
                )
                g = f.create_group("model_weights")
                names = [l["config"]["name"] for l in ls[1:]]
                g.attrs["layer_names"] = np.array([n_.encode() for n_ in names])
                g.attrs["backend"] = S(b"tensorflow")
                g.attrs["keras_version"] = S(b"2.2.4")
                for n_ in names:
                    q = g.create_group(n_)
                    wn = [f"{n_}/kernel:0".encode(), f"{n_}/bias:0".encode()] if n_ in W else []
                    q.attrs["weight_names"] = np.array(wn) if wn else np.array([])
                    for k, a in zip(wn, W.get(n_, ())):
                        q.create_dataset(k, data=np.ascontiguousarray(a))
                f.attrs["training_config"] = S(json.dumps(tc).encode())
    np.savez(
        path("files/keras2_expected.npz"),
        x_nchw=x.numpy(),
        probabilities=f32(y),
        conv_weight_oihw=f32(c1.weight),
        conv_bias=f32(c1.bias),
        dense_weight_out_in_chw=f32(d1.weight),
        dense_bias=f32(d1.bias),
    )
