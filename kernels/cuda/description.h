// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace smtrain::cuda {

/// A GPU and what computes on it. Versions are numbers as the libraries count them.
struct Description {
  std::string gpu;
  std::string driver;   // "580.159.04"; empty: unknown
  int driver_cuda = 0;  // the newest CUDA that the driver can run; 13020 is 13.2
  int cuda = 0;         // likewise
  int cudnn = 0;        // 91900 is 9.19.0
  int nccl = 0;         // 22809 is 2.28.9; 0: there is none
};

/// "NVIDIA H200, driver 580.159.04, CUDA 13.0, cuDNN 9.19.0, NCCL 2.28.9".
std::string text_of(const Description& description);

/// "13.2" for 13020.
std::string cuda_version_text(int version);

/// "9.19.0" for 91900, as cuDNN and NCCL count.
std::string library_version_text(int version);

/// What the kernel's module of the driver says it is; empty where it does not say.
std::string driver_version();

}  // namespace smtrain::cuda
