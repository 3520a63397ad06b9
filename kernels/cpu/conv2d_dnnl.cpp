// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cpu/conv2d_dnnl.h"

#include "smtrain/kernels/cpu/dnnl_engine.h"

#include <algorithm>
#include <cstddef>

namespace smtrain::cpu {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

constexpr size_t kAlignment = 64;
size_t aligned(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

// What the descriptors of all three directions share.
struct Descriptions {
  memory::desc x, bias, y;
  memory::desc weight, any_weight;
  memory::dims strides, dilations, pad_begin, pad_end;
  dnnl::primitive_attr attributes;

  /// `weight_dtype` is that of the weight or of its gradient.
  Descriptions(const Conv2dShape& s, DType dtype, DType weight_dtype)
      : x({s.batch, s.in_channels, s.in_height, s.in_width}, dnnl_type(dtype), Tag::nhwc),
        bias({s.out_channels}, dnnl_type(dtype), Tag::x),
        y({s.batch, s.out_channels, s.out_height, s.out_width}, dnnl_type(dtype), Tag::nhwc),
        strides{s.stride_height, s.stride_width},
        dilations{s.dilation_height - 1, s.dilation_width - 1},
        pad_begin{s.pad_top, s.pad_left} {
    const auto pad_after = [](int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t pad,
                              int64_t dilation) {
      return std::max<int64_t>(0, (out - 1) * stride + (kernel - 1) * dilation + 1 - pad - in);
    };
    pad_end = {pad_after(s.in_height, s.out_height, s.kernel_height, s.stride_height, s.pad_top,
                         s.dilation_height),
               pad_after(s.in_width, s.out_width, s.kernel_width, s.stride_width, s.pad_left,
                         s.dilation_width)};
    memory::dims dims = {s.group_outputs(), s.group_inputs(), s.kernel_height, s.kernel_width};
    if (s.groups > 1) dims.insert(dims.begin(), s.groups);
    weight = memory::desc(dims, dnnl_type(weight_dtype), s.groups > 1 ? Tag::goihw : Tag::oihw);
    any_weight = memory::desc(dims, dnnl_type(weight_dtype), Tag::any);
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  }

  // The forward description, which oneDNN also wants as a hint for both gradients.
  dnnl::convolution_forward::primitive_desc forward() const {
    return {{dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct, x, any_weight,
             bias, y, strides, dilations, pad_begin, pad_end},
            attributes,
            dnnl_engine(),
            /*allow_empty=*/true};
  }
};

}  // namespace

DnnlConv2d::DnnlConv2d(DType dtype, const dnnl::primitive_desc_base& description,
                       dnnl::primitive convolution, const memory::desc& x,
                       const memory::desc& packed_weight, const memory::desc& weight,
                       const memory::desc& y)
    : dtype_(dtype),
      x_(x),
      packed_weight_(packed_weight),
      weight_(weight),
      y_(y),
      bias_({y.dims()[1]}, dnnl_type(dtype), Tag::x),
      scratchpad_(description.scratchpad_desc()),
      convolution_(std::move(convolution)),
      pack_(dnnl::reorder::primitive_desc(dnnl_engine(), weight, dnnl_engine(), packed_weight)),
      unpack_(dnnl::reorder::primitive_desc(dnnl_engine(), packed_weight, dnnl_engine(), weight)) {
  dnnl::post_ops add;
  add.append_sum(1.0f);
  dnnl::primitive_attr adding;
  adding.set_post_ops(add);
  unpack_and_add_ = dnnl::reorder(
      dnnl::reorder::primitive_desc(dnnl_engine(), packed_weight, dnnl_engine(), weight, adding));
}

std::optional<DnnlConv2d> DnnlConv2d::forward(const Conv2dShape& shape, DType dtype) {
  const Descriptions d(shape, dtype, dtype);
  const auto description = d.forward();
  if (is_reference_or_missing(description)) return std::nullopt;
  return DnnlConv2d(dtype, description, dnnl::convolution_forward(description), d.x,
                    description.weights_desc(), d.weight, d.y);
}

std::optional<DnnlConv2d> DnnlConv2d::backward_input(const Conv2dShape& shape, DType dtype) {
  const Descriptions d(shape, dtype, dtype);
  const auto hint = d.forward();
  if (!hint) return std::nullopt;
  const dnnl::convolution_backward_data::primitive_desc description(
      {dnnl::algorithm::convolution_direct, d.x, d.any_weight, d.y, d.strides, d.dilations,
       d.pad_begin, d.pad_end},
      d.attributes, dnnl_engine(), hint, /*allow_empty=*/true);
  if (is_reference_or_missing(description)) return std::nullopt;
  return DnnlConv2d(dtype, description, dnnl::convolution_backward_data(description), d.x,
                    description.weights_desc(), d.weight, d.y);
}

std::optional<DnnlConv2d> DnnlConv2d::backward_weight(const Conv2dShape& shape, DType dtype) {
  const Descriptions d(shape, dtype, dtype == DType::f32 ? DType::f32 : shape.gradient_dtype);
  const auto hint = Descriptions(shape, dtype, dtype).forward();
  if (!hint) return std::nullopt;
  const dnnl::convolution_backward_weights::primitive_desc description(
      {dnnl::algorithm::convolution_direct, d.x, d.any_weight, d.y, d.strides, d.dilations,
       d.pad_begin, d.pad_end},
      d.attributes, dnnl_engine(), hint, /*allow_empty=*/true);
  if (is_reference_or_missing(description)) return std::nullopt;
  return DnnlConv2d(dtype, description, dnnl::convolution_backward_weights(description), d.x,
                    description.diff_weights_desc(), d.weight, d.y);
}

size_t DnnlConv2d::workspace_bytes() const {
  return aligned(packed_weight_.get_size()) + aligned(scratchpad_.get_size()) +
         aligned(bias_.get_size());
}

memory DnnlConv2d::scratchpad_in(void* workspace) const {
  return dnnl_view(scratchpad_,
                   static_cast<std::byte*>(workspace) + aligned(packed_weight_.get_size()));
}

void DnnlConv2d::run_forward(const void* x, const void* weight, const void* bias, void* y,
                             void* workspace) const {
  const memory packed = dnnl_view(packed_weight_, workspace);
  const memory scratchpad = scratchpad_in(workspace);
  if (bias == nullptr) {
    std::byte* zeros = static_cast<std::byte*>(workspace) + workspace_bytes() - bias_.get_size();
    std::fill_n(zeros, bias_.get_size(), std::byte{0});
    bias = zeros;
  }
  pack_.execute(dnnl_stream(),
                {{DNNL_ARG_FROM, dnnl_view(weight_, weight)}, {DNNL_ARG_TO, packed}});
  convolution_.execute(dnnl_stream(), {{DNNL_ARG_SRC, dnnl_view(x_, x)},
                                       {DNNL_ARG_WEIGHTS, packed},
                                       {DNNL_ARG_BIAS, dnnl_view(bias_, bias)},
                                       {DNNL_ARG_DST, dnnl_view(y_, y)},
                                       {DNNL_ARG_SCRATCHPAD, scratchpad}});
}

void DnnlConv2d::run_backward_input(const void* dy, const void* weight, void* dx,
                                    void* workspace) const {
  const memory packed = dnnl_view(packed_weight_, workspace);
  const memory scratchpad = scratchpad_in(workspace);
  pack_.execute(dnnl_stream(),
                {{DNNL_ARG_FROM, dnnl_view(weight_, weight)}, {DNNL_ARG_TO, packed}});
  convolution_.execute(dnnl_stream(), {{DNNL_ARG_DIFF_DST, dnnl_view(y_, dy)},
                                       {DNNL_ARG_WEIGHTS, packed},
                                       {DNNL_ARG_DIFF_SRC, dnnl_view(x_, dx)},
                                       {DNNL_ARG_SCRATCHPAD, scratchpad}});
}

void DnnlConv2d::run_backward_weight(const void* x, const void* dy, void* dw, bool accumulate,
                                     void* workspace) const {
  const memory packed = dnnl_view(packed_weight_, workspace);
  const memory scratchpad = scratchpad_in(workspace);
  convolution_.execute(dnnl_stream(), {{DNNL_ARG_SRC, dnnl_view(x_, x)},
                                       {DNNL_ARG_DIFF_DST, dnnl_view(y_, dy)},
                                       {DNNL_ARG_DIFF_WEIGHTS, packed},
                                       {DNNL_ARG_SCRATCHPAD, scratchpad}});
  const dnnl::reorder& unpack = accumulate ? unpack_and_add_ : unpack_;
  unpack.execute(dnnl_stream(), {{DNNL_ARG_FROM, packed}, {DNNL_ARG_TO, dnnl_view(weight_, dw)}});
}

}  // namespace smtrain::cpu
