# SPDX-License-Identifier: Apache-2.0
"""Outputs, losses and gradients of whole networks."""

import torch
import torch.nn.functional as F

from sections.networks import build
from sections.output import f32, l2, save_json, save_npz
from sections.stream import Stream


def make(cfg):
    s = cfg["init_seed"]
    st0 = cfg["model_seed"]
    for i, (kind, shape, k) in enumerate(
        (
            ("net", (3, 96, 96), 3),
            ("mnist", (1, 28, 28), 10),
            ("resnet101", (3, cfg["resnet_hw"], cfg["resnet_hw"]), 1000),
            ("resnet18_186", (3, *cfg["bengali_hw"]), 186),
        )
    ):
        st = Stream(st0 + i)
        x = st.sym(2, *shape)
        y = st.label(2, k)
        info = dict(
            kind=kind,
            init_seed=s,
            input_seed=st0 + i,
            input_shape=[2, *shape],
            targets=y.tolist(),
            note="x = stream.sym(2,...), then targets = stream.label(2,classes); *_grad_f64: name -> [L2 norm, sum]",
        )
        arr, keep = {}, {}
        lossf = (
            (lambda o: F.nll_loss(o, torch.tensor(y)))
            if kind in ("net", "mnist")
            else (lambda o: F.cross_entropy(o, torch.tensor(y)))
        )
        for nm, dt in (("f64", torch.float64), ("f32", torch.float32)):
            m = build(kind, s).to(dt)
            X = torch.tensor(x).to(dt)

            def go(tag, grads=True):
                m.zero_grad()
                o = m(X)
                L = lossf(o)
                arr[f"{tag}_out_{nm}"] = f32(o)
                info[f"{tag}_loss_{nm}"] = L.item()
                if grads:
                    L.backward()
                    if nm == "f64":
                        info[f"{tag}_grad_f64"] = {
                            n: [l2(p.grad), float(p.grad.double().sum())]
                            for n, p in m.named_parameters()
                        }
                        keep[tag] = {n: p.grad.clone() for n, p in m.named_parameters()}
                    else:
                        e = sorted(
                            (p.grad.double() - keep[tag][n]).norm().item()
                            / keep[tag][n].norm().item()
                            for n, p in m.named_parameters()
                        )
                        q = sorted(
                            abs(l2(p.grad) / l2(keep[tag][n]) - 1) for n, p in m.named_parameters()
                        )
                        info[f"{tag}_f32_against_f64"] = dict(
                            grad_vector_rel_error=dict(median=e[len(e) // 2], max=e[-1]),
                            grad_norm_rel_error=dict(median=q[len(q) // 2], max=q[-1]),
                        )

            m.eval()
            go("eval")
            if kind in ("net",):
                pass
            elif kind == "mnist":
                if (
                    nm == "f32"
                ):  # dropout active; masks drawn from the default generator right after seeding
                    m.train()
                    torch.manual_seed(cfg["init_seed"] + 7)
                    arr["train_dropout_out_f32"] = f32(m(X))
                    info["train_dropout_note"] = (
                        "torch.manual_seed(init_seed+7) immediately before the forward; build without MKL"
                    )
            else:
                m.train()
                go("train")
                if nm == "f64":
                    info["running_after_1_train_f64"] = (
                        {
                            n: [l2(b), float(b.double().sum())]
                            for n, b in m.named_buffers()
                            if "num_batches" not in n
                        }
                        if kind != "resnet101"
                        else {
                            n: [l2(b), float(b.double().sum())]
                            for n, b in m.named_buffers()
                            if "num_batches" not in n
                            and ("layer" not in n or ".0." in n or "layer3.22" in n)
                        }
                    )
                m.eval()
                go("eval_after_1_train", grads=False)
        if kind == "net":
            info["note_modes"] = (
                "train and eval are identical: the declared dropout is never applied in forward"
            )
        save_npz(f"model/{kind}.npz", arr)
        save_json(f"model/{kind}.json", info)
