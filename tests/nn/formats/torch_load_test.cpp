// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/pytorch.h"
#include "smtrain/tests/nn/formats/every_dtype.h"
#include "smtrain/tests/run_python.h"
#include "smtrain/tests/temporary_directory.h"

#include <gtest/gtest.h>

namespace smtrain::nn {
namespace {

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

TEST(TorchLoad, AcceptsOurFiles) {
  const test::TemporaryDirectory directory;
  for (const auto& [name, format] : {std::pair{std::string("zip"), PytorchFormat::zip},
                                     std::pair{std::string("legacy"), PytorchFormat::legacy}}) {
    write_pytorch(directory / (name + ".pth"), net_state(), {.format = format});
    write_pytorch(directory / (name + "_module.pth"), net_state(),
                  {.format = format, .module_prefix = true});
    write_pytorch(directory / (name + "_dtypes.pth"), test::every_dtype(), {.format = format});
  }
  if (!test::run_python("nn/formats/torch_load.py", directory.path()))
    GTEST_SKIP() << "/usr/bin/python3 has no torch";
}

}  // namespace
}  // namespace smtrain::nn
