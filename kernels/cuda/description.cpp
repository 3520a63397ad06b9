// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/description.h"

#include <fstream>

namespace smtrain::cuda {

std::string cuda_version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

std::string library_version_text(int version) {
  return std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100) + "." +
         std::to_string(version % 100);
}

std::string text_of(const Description& d) {
  const std::string driver =
      d.driver.empty() ? "for CUDA " + cuda_version_text(d.driver_cuda) : d.driver;
  return d.gpu + ", driver " + driver + ", CUDA " + cuda_version_text(d.cuda) + ", cuDNN " +
         library_version_text(d.cudnn) + ", " +
         (d.nccl == 0 ? "no NCCL" : "NCCL " + library_version_text(d.nccl));
}

std::string driver_version() {
  std::string version;
  std::ifstream("/sys/module/nvidia/version") >> version;
  return version;
}

}  // namespace smtrain::cuda
