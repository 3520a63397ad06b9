// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/conv2d.h"

#include <oneapi/dnnl/dnnl.hpp>

#include <optional>

namespace smtrain::cpu {

/// One direction of a float32 convolution as a oneDNN primitive, built for the current number of
/// compute threads. oneDNN chooses the weight's layout; each run reorders the small row-major
/// weight in the workspace.
class DnnlConv2d {
 public:
  // Each is empty where oneDNN has only its reference code, which is slower than plain loops.
  static std::optional<DnnlConv2d> forward(const Conv2dShape& shape);
  static std::optional<DnnlConv2d> backward_input(const Conv2dShape& shape);
  static std::optional<DnnlConv2d> backward_weight(const Conv2dShape& shape);

  size_t workspace_bytes() const;

  /// bias may be null.
  void run_forward(const float* x, const float* weight, const float* bias, float* y,
                   void* workspace) const;
  void run_backward_input(const float* dy, const float* weight, float* dx, void* workspace) const;

  /// dw is row-major; added to what is there with `accumulate`.
  void run_backward_weight(const float* x, const float* dy, float* dw, bool accumulate,
                           void* workspace) const;

 private:
  DnnlConv2d(const dnnl::primitive_desc_base& description, dnnl::primitive convolution,
             const dnnl::memory::desc& x, const dnnl::memory::desc& packed_weight,
             const dnnl::memory::desc& weight, const dnnl::memory::desc& y);

  dnnl::memory scratchpad_in(void* workspace) const;

  // A workspace holds the packed weight, the scratchpad and, when there is no bias, zeros in its
  // place.
  dnnl::memory::desc x_, packed_weight_, weight_, y_, bias_, scratchpad_;
  dnnl::primitive convolution_;
  dnnl::reorder pack_, unpack_, unpack_and_add_;
};

}  // namespace smtrain::cpu
