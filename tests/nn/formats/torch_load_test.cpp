// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/pytorch.h"
#include "smtrain/tests/temporary_directory.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>

namespace smtrain::nn {
namespace {

constexpr int kNoTorch = 77;

/// The state of torch_load.py's Net: element k of tensor i is k + 0.5 + 100 i.
StateDict net_state() {
  const std::vector<std::pair<std::string, Shape>> tensors = {{"conv1.weight", {3, 2, 3, 3}},
                                                              {"conv1.bias", {3}},
                                                              {"bn.weight", {3}},
                                                              {"bn.bias", {3}},
                                                              {"bn.running_mean", {3}},
                                                              {"bn.running_var", {3}},
                                                              {"bn.num_batches_tracked", {}},
                                                              {"fc.weight", {2, 4}},
                                                              {"fc.bias", {2}}};
  StateDict state;
  for (const auto& [name, shape] : tensors) {
    std::vector<double> values(shape.numel());
    for (size_t k = 0; k < values.size(); ++k) values[k] = k + 0.5 + 100.0 * state.size();
    const DType dtype = name.ends_with("tracked") ? DType::i64 : DType::f32;
    // Channels last, as the engine keeps convolution weights: files hold the logical order.
    const auto format = shape.ndim() == 4 ? MemoryFormat::channels_last : MemoryFormat::contiguous;
    const Tensor tensor = empty(shape, {.dtype = dtype, .format = format});
    copy_into(from_vector<double>(values, shape), tensor);
    state.add(name, tensor);
  }
  return state;
}

StateDict every_dtype() {
  StateDict state;
  for (const DType dtype : {DType::f32, DType::f64, DType::bf16, DType::f16, DType::i64, DType::i32,
                            DType::u8, DType::boolean}) {
    const Tensor tensor = empty({2}, {.dtype = dtype});
    copy_into(from_vector<double>({0, 1}, {2}), tensor);
    state.add(name_of(dtype), tensor);
  }
  const Tensor rows = from_vector<float>({1, 2, 3, 4, 5, 6}, {2, 3});
  state.add("transposed", rows.view_of_storage({3, 2}, {1, 3}, 0));
  state.add("scalar", full({}, 3));
  state.add("empty", empty({0, 3}));
  return state;
}

TEST(TorchLoad, AcceptsOurFiles) {
  const test::TemporaryDirectory directory;
  for (const auto& [name, format] : {std::pair{std::string("zip"), PytorchFormat::zip},
                                     std::pair{std::string("legacy"), PytorchFormat::legacy}}) {
    write_pytorch(directory / (name + ".pth"), net_state(), {.format = format});
    write_pytorch(directory / (name + "_module.pth"), net_state(),
                  {.format = format, .module_prefix = true});
    write_pytorch(directory / (name + "_dtypes.pth"), every_dtype(), {.format = format});
  }
  const std::string command = "/usr/bin/python3 " SMTRAIN_SOURCE_DIR
                              "/tests/nn/formats/torch_load.py " +
                              directory.path().string();
  const int status = std::system(command.c_str());
  if (status == -1 || WEXITSTATUS(status) == kNoTorch || WEXITSTATUS(status) == 127) {
    GTEST_SKIP() << "/usr/bin/python3 has no torch";
  }
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace smtrain::nn
