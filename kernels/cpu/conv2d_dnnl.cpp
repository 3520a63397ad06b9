// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cpu/conv2d_dnnl.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace smtrain::cpu {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

const dnnl::engine& cpu_engine() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

// A CPU stream keeps no state between executions, but an object must not be shared by threads.
dnnl::stream& cpu_stream() {
  thread_local dnnl::stream stream(cpu_engine());
  return stream;
}

constexpr size_t kAlignment = 64;
size_t aligned(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

memory view(const memory::desc& description, const void* data) {
  return memory(description, cpu_engine(), const_cast<void*>(data));
}

// What the descriptors of all three directions share.
struct Descriptions {
  memory::desc x, bias, y;
  memory::desc weight, any_weight;
  memory::dims strides, dilations, pad_begin, pad_end;
  dnnl::primitive_attr attributes;

  explicit Descriptions(const Conv2dShape& s)
      : x({s.batch, s.in_channels, s.in_height, s.in_width}, memory::data_type::f32, Tag::nhwc),
        bias({s.out_channels}, memory::data_type::f32, Tag::x),
        y({s.batch, s.out_channels, s.out_height, s.out_width}, memory::data_type::f32, Tag::nhwc),
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
    weight = memory::desc(dims, memory::data_type::f32, s.groups > 1 ? Tag::goihw : Tag::oihw);
    any_weight = memory::desc(dims, memory::data_type::f32, Tag::any);
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  }

  // The forward description, which oneDNN also wants as a hint for both gradients.
  dnnl::convolution_forward::primitive_desc forward() const {
    return {{dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct, x, any_weight,
             bias, y, strides, dilations, pad_begin, pad_end},
            attributes,
            cpu_engine()};
  }
};

template <typename PrimitiveDesc>
bool is_reference(const PrimitiveDesc& description) {
  return std::string_view(description.impl_info_str()).starts_with("ref");
}

}  // namespace

DnnlConv2d::DnnlConv2d(const dnnl::primitive_desc_base& description, dnnl::primitive convolution,
                       const memory::desc& x, const memory::desc& packed_weight,
                       const memory::desc& weight, const memory::desc& y)
    : x_(x),
      packed_weight_(packed_weight),
      weight_(weight),
      y_(y),
      bias_({y.dims()[1]}, memory::data_type::f32, Tag::x),
      scratchpad_(description.scratchpad_desc()),
      convolution_(std::move(convolution)),
      pack_(dnnl::reorder::primitive_desc(cpu_engine(), weight, cpu_engine(), packed_weight)),
      unpack_(dnnl::reorder::primitive_desc(cpu_engine(), packed_weight, cpu_engine(), weight)) {
  dnnl::post_ops add;
  add.append_sum(1.0f);
  dnnl::primitive_attr adding;
  adding.set_post_ops(add);
  unpack_and_add_ = dnnl::reorder(
      dnnl::reorder::primitive_desc(cpu_engine(), packed_weight, cpu_engine(), weight, adding));
}

std::optional<DnnlConv2d> DnnlConv2d::forward(const Conv2dShape& shape) {
  const Descriptions d(shape);
  const auto description = d.forward();
  if (is_reference(description)) return std::nullopt;
  return DnnlConv2d(description, dnnl::convolution_forward(description), d.x,
                    description.weights_desc(), d.weight, d.y);
}

std::optional<DnnlConv2d> DnnlConv2d::backward_input(const Conv2dShape& shape) {
  const Descriptions d(shape);
  const dnnl::convolution_backward_data::primitive_desc description(
      {dnnl::algorithm::convolution_direct, d.x, d.any_weight, d.y, d.strides, d.dilations,
       d.pad_begin, d.pad_end},
      d.attributes, cpu_engine(), d.forward());
  if (is_reference(description)) return std::nullopt;
  return DnnlConv2d(description, dnnl::convolution_backward_data(description), d.x,
                    description.weights_desc(), d.weight, d.y);
}

std::optional<DnnlConv2d> DnnlConv2d::backward_weight(const Conv2dShape& shape) {
  const Descriptions d(shape);
  const dnnl::convolution_backward_weights::primitive_desc description(
      {dnnl::algorithm::convolution_direct, d.x, d.any_weight, d.y, d.strides, d.dilations,
       d.pad_begin, d.pad_end},
      d.attributes, cpu_engine(), d.forward());
  if (is_reference(description)) return std::nullopt;
  return DnnlConv2d(description, dnnl::convolution_backward_weights(description), d.x,
                    description.diff_weights_desc(), d.weight, d.y);
}

size_t DnnlConv2d::workspace_bytes() const {
  return aligned(packed_weight_.get_size()) + aligned(scratchpad_.get_size()) +
         aligned(bias_.get_size());
}

memory DnnlConv2d::scratchpad_in(void* workspace) const {
  return view(scratchpad_, static_cast<std::byte*>(workspace) + aligned(packed_weight_.get_size()));
}

void DnnlConv2d::run_forward(const float* x, const float* weight, const float* bias, float* y,
                             void* workspace) const {
  const memory packed = view(packed_weight_, workspace);
  const memory scratchpad = scratchpad_in(workspace);
  const memory::dim channels = y_.dims()[1];
  if (bias == nullptr) {
    float* zeros =
        reinterpret_cast<float*>(static_cast<std::byte*>(workspace) + workspace_bytes()) - channels;
    bias = std::fill_n(zeros, channels, 0.0f) - channels;
  }
  pack_.execute(cpu_stream(), {{DNNL_ARG_FROM, view(weight_, weight)}, {DNNL_ARG_TO, packed}});
  convolution_.execute(cpu_stream(), {{DNNL_ARG_SRC, view(x_, x)},
                                      {DNNL_ARG_WEIGHTS, packed},
                                      {DNNL_ARG_BIAS, view(bias_, bias)},
                                      {DNNL_ARG_DST, view(y_, y)},
                                      {DNNL_ARG_SCRATCHPAD, scratchpad}});
}

void DnnlConv2d::run_backward_input(const float* dy, const float* weight, float* dx,
                                    void* workspace) const {
  const memory packed = view(packed_weight_, workspace);
  const memory scratchpad = scratchpad_in(workspace);
  pack_.execute(cpu_stream(), {{DNNL_ARG_FROM, view(weight_, weight)}, {DNNL_ARG_TO, packed}});
  convolution_.execute(cpu_stream(), {{DNNL_ARG_DIFF_DST, view(y_, dy)},
                                      {DNNL_ARG_WEIGHTS, packed},
                                      {DNNL_ARG_DIFF_SRC, view(x_, dx)},
                                      {DNNL_ARG_SCRATCHPAD, scratchpad}});
}

void DnnlConv2d::run_backward_weight(const float* x, const float* dy, float* dw, bool accumulate,
                                     void* workspace) const {
  const memory packed = view(packed_weight_, workspace);
  const memory scratchpad = scratchpad_in(workspace);
  convolution_.execute(cpu_stream(), {{DNNL_ARG_SRC, view(x_, x)},
                                      {DNNL_ARG_DIFF_DST, view(y_, dy)},
                                      {DNNL_ARG_DIFF_WEIGHTS, packed},
                                      {DNNL_ARG_SCRATCHPAD, scratchpad}});
  const dnnl::reorder& unpack = accumulate ? unpack_and_add_ : unpack_;
  unpack.execute(cpu_stream(), {{DNNL_ARG_FROM, packed}, {DNNL_ARG_TO, view(weight_, dw)}});
}

}  // namespace smtrain::cpu
