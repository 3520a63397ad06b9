# SPDX-License-Identifier: Apache-2.0
"""An MXNet symbol file, built from the description of the format."""

import json


def mxnet_symbol():
    N, q = [], json.dumps

    def add(op, name, attrs=None, *inp):
        N.append((op, name, attrs or {}, inp))
        return len(N) - 1

    def var(n, shape):
        return add("null", n, {"__dtype__": "0", "__shape__": str(shape)})

    cnt = {}

    def auto(h):
        c = cnt.get(h, 0)
        cnt[h] = c + 2
        return f"{h}{c + 1}"  # every operator is built twice (train, then predict); the second is exported

    x = var("/conv2d_1_input1", (0, 1, 28, 28))
    for l, o, i in (("conv2d_1", 32, 1), ("conv2d_2", 64, 32)):
        c = add(
            "Convolution",
            f"{l}/conv2d2",
            {
                "dilate": "(1, 1)",
                "kernel": "(3, 3)",
                "no_bias": "True",
                "num_filter": str(o),
                "pad": "(0, 0)",
                "stride": "(1, 1)",
            },
            x,
            var(f"{l}/kernel1", (o, i, 3, 3)),
        )
        r = add("Reshape", auto("reshape"), {"shape": f"(1, {o}, 1, 1)"}, var(f"{l}/bias1", (o,)))
        x = add(
            "LeakyReLU",
            auto("leakyrelu"),
            {"act_type": "leaky", "slope": "0.0"},
            add("broadcast_add", auto("broadcast_add"), None, c, r),
        )
    x = add(
        "Pooling",
        "max_pooling2d_1/pool2d2",
        {
            "kernel": "(2, 2)",
            "pad": "(0, 0)",
            "pool_type": "max",
            "pooling_convention": "valid",
            "stride": "(2, 2)",
        },
        x,
    )
    x = add("Dropout", "dropout_1/dropout2", {"p": "0.25"}, x)
    x = add("Flatten", auto("flatten"), None, x)
    for l, i, o in (("dense_1", 9216, 128), ("dense_2", 128, 10)):
        x = add("dot", auto("dot"), None, x, var(f"{l}/kernel1", (i, o)))
        x = add("broadcast_add", auto("broadcast_add"), None, x, var(f"{l}/bias1", (o,)))
        x = (
            add(
                "Dropout",
                "dropout_2/dropout2",
                {"p": "0.5"},
                add("LeakyReLU", auto("leakyrelu"), {"act_type": "leaky", "slope": "0.0"}, x),
            )
            if o == 128
            else add("softmax", auto("softmax"), None, x)
        )
    # depth-first, inputs before users
    order, seen = [], {}

    def visit(i):
        if i in seen:
            return
        for j in N[i][3]:
            visit(j)
        seen[i] = len(order)
        order.append(i)

    visit(x)

    def obj(d, ind):
        return (
            "{"
            + ", ".join(
                ("\n" + " " * (ind + 2) if len(d) > 1 else "") + f"{q(k)}: {q(v)}"
                for k, v in sorted(d.items())
            )
            + ("\n" + " " * ind if len(d) > 1 else "")
            + "}"
        )

    def arr(v, ind, f=str):
        b = len(v) > 10
        return (
            "["
            + ", ".join(("\n" + " " * (ind + 2) if b else "") + f(a) for a in v)
            + ("\n" + " " * ind if b else "")
            + "]"
        )

    nodes = []
    for i in order:
        op, name, at, inp = N[i]
        nodes.append(
            f'\n    {{\n      "op": {q(op)}, \n      "name": {q(name)}'
            + (', \n      "attrs": ' + obj(at, 6) if at else "")
            + ', \n      "inputs": '
            + arr([seen[j] for j in inp], 6, lambda j: f"[{j}, 0, 0]")
            + "\n    }"
        )
    args = [k for k, i in enumerate(order) if N[i][0] == "null"]
    return (
        '{\n  "nodes": ['
        + ", ".join(nodes)
        + '\n  ], \n  "arg_nodes": '
        + arr(args, 2)
        + ', \n  "node_row_ptr": '
        + arr(list(range(len(order) + 1)), 2)
        + f', \n  "heads": [[{seen[x]}, 0, 0]], \n  "attrs": {{"mxnet_version": ["int", 10200]}}\n}}'
    )
