// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/cuda_check.h"
#include "smtrain/kernels/cuda/description.h"
#include "smtrain/kernels/cuda/device_memory.h"
#include "smtrain/kernels/cuda/plan_choices.h"

#include <cudnn.h>

#include <string>

namespace smtrain::cuda {
namespace {

const char* valid_for() {
  static const std::string text = [] {
    cudaDeviceProp properties{};
    cudaGetDeviceProperties(&properties, chosen_gpu());
    return std::string(properties.name) + ", cuDNN " +
           library_version_text(static_cast<int>(cudnnGetVersion()));
  }();
  return text.c_str();
}

}  // namespace

const PlanTable& plan_table() {
  static constexpr PlanTable table = {
      .valid_for = valid_for,
      .set_timing = [](bool timing) { plan_choices().set_timing(timing); },
      .tell = [](const PlanChoice& choice) { plan_choices().tell(choice); },
      .visit = [](void (*seen)(const PlanChoice&, void*),
                  void* context) { plan_choices().visit(seen, context); },
  };
  return table;
}

}  // namespace smtrain::cuda
