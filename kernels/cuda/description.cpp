// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/description.h"

#include <fstream>

namespace smtrain::cuda {
namespace {

std::string three_parts(int version) {
  return std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100) + "." +
         std::to_string(version % 100);
}

}  // namespace

std::string cuda_version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

std::string text_of(const Description& d) {
  const std::string driver =
      d.driver.empty() ? "for CUDA " + cuda_version_text(d.driver_cuda) : d.driver;
  return d.gpu + ", driver " + driver + ", CUDA " + cuda_version_text(d.cuda) + ", cuDNN " +
         three_parts(d.cudnn) + ", " + (d.nccl == 0 ? "no NCCL" : "NCCL " + three_parts(d.nccl));
}

std::string driver_version() {
  std::string version;
  std::ifstream("/sys/module/nvidia/version") >> version;
  return version;
}

}  // namespace smtrain::cuda
