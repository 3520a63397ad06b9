# SPDX-License-Identifier: Apache-2.0
"""Loads the files that torch_load_test.cpp wrote with PyTorch itself. Exit status 77: no torch."""
import sys

try:
    import torch
except ImportError as error:
    print(error)
    sys.exit(77)

folder = sys.argv[1]


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(2, 3, 3)
        self.bn = torch.nn.BatchNorm2d(3)
        self.fc = torch.nn.Linear(4, 2)


def check(state_dict, prefix=''):
    assert list(state_dict) == [prefix + key for key in Net().state_dict()], list(state_dict)
    for index, tensor in enumerate(state_dict.values()):
        assert tensor.is_contiguous()
        expected = torch.arange(tensor.numel(), dtype=torch.float64) + 0.5 + 100 * index
        assert torch.equal(tensor, expected.to(tensor.dtype).reshape(tensor.shape)), index


for name in ('zip', 'legacy'):
    bare = torch.load(f'{folder}/{name}.pth', weights_only=True)
    check(bare)
    Net().load_state_dict(bare)
    check(torch.load(f'{folder}/{name}.pth'))

    wrapped = torch.load(f'{folder}/{name}_module.pth', weights_only=True)
    check(wrapped, 'module.')
    torch.nn.DataParallel(Net()).load_state_dict(wrapped)

    dtypes = torch.load(f'{folder}/{name}_dtypes.pth', weights_only=True)
    for key, dtype in dict(f32='float32', f64='float64', bf16='bfloat16', f16='float16', i64='int64',
                           i32='int32', u8='uint8', bool='bool').items():
        assert dtypes[key].dtype == getattr(torch, dtype)
        assert dtypes[key].tolist() == [0, 1], key
    assert dtypes['transposed'].tolist() == [[1, 4], [2, 5], [3, 6]]
    assert dtypes['scalar'].shape == () and dtypes['scalar'].item() == 3
    assert dtypes['empty'].shape == (0, 3)
