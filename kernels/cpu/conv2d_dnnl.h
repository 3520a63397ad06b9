// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/conv2d.h"

#include <oneapi/dnnl/dnnl.hpp>

#include <optional>

namespace smtrain::cpu {

/// One direction of a convolution as a oneDNN primitive, built for the current number of compute
/// threads, of f32 or bf16 whatever the shape's own dtype. oneDNN chooses the weight's layout; each
/// run reorders the small row-major weight in the workspace.
class DnnlConv2d {
 public:
  // Each is empty where oneDNN has only its reference code, which is slower than plain loops, or
  // none.
  static std::optional<DnnlConv2d> forward(const Conv2dShape& shape, DType dtype);
  static std::optional<DnnlConv2d> backward_input(const Conv2dShape& shape, DType dtype);
  static std::optional<DnnlConv2d> backward_weight(const Conv2dShape& shape, DType dtype);

  /// Of x, weight, bias and y. The weight's gradient is f32 for f32, else the shape's
  /// gradient_dtype.
  DType dtype() const { return dtype_; }

  size_t workspace_bytes() const;

  /// bias may be null.
  void run_forward(const void* x, const void* weight, const void* bias, void* y,
                   void* workspace) const;
  void run_backward_input(const void* dy, const void* weight, void* dx, void* workspace) const;

  /// dw is row-major; added to what is there with `accumulate`.
  void run_backward_weight(const void* x, const void* dy, void* dw, bool accumulate,
                           void* workspace) const;

 private:
  DnnlConv2d(DType dtype, const dnnl::primitive_desc_base& description, dnnl::primitive convolution,
             const dnnl::memory::desc& x, const dnnl::memory::desc& packed_weight,
             const dnnl::memory::desc& weight, const dnnl::memory::desc& y);

  dnnl::memory scratchpad_in(void* workspace) const;

  DType dtype_;
  // A workspace holds the packed weight, the scratchpad and, when there is no bias, zeros in its
  // place.
  dnnl::memory::desc x_, packed_weight_, weight_, y_, bias_, scratchpad_;
  dnnl::primitive convolution_;
  dnnl::reorder pack_, unpack_, unpack_and_add_;
};

}  // namespace smtrain::cpu
