// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/description.h"

#include <gtest/gtest.h>

namespace smtrain::cuda {
namespace {

const Description kH200 = {.gpu = "NVIDIA H200",
                           .driver = "580.159.04",
                           .driver_cuda = 13000,
                           .cuda = 13020,
                           .cudnn = 91900,
                           .nccl = 22809};

TEST(CudaDescription, NamesGpuDriverAndLibraries) {
  EXPECT_EQ(text_of(kH200), "NVIDIA H200, driver 580.159.04, CUDA 13.2, cuDNN 9.19.0, NCCL 2.28.9");
}

TEST(CudaDescription, SaysWhatIsNotThere) {
  Description description = kH200;
  description.driver = "";
  description.nccl = 0;
  EXPECT_EQ(text_of(description),
            "NVIDIA H200, driver for CUDA 13.0, CUDA 13.2, cuDNN 9.19.0, no NCCL");
}

}  // namespace
}  // namespace smtrain::cuda
