// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cpu/conv2d_direct.h"

#include "smtrain/kernels/cpu/parallel.h"
#include "smtrain/kernels/vectorize.h"

#include <algorithm>

namespace smtrain::cpu {
namespace {

// y[0:n] += a * x[0:n]
template <typename T>
[[gnu::always_inline]] inline void add_scaled(int64_t n, T a, const T* __restrict x,
                                              T* __restrict y) {
  for (int64_t i = 0; i < n; ++i) y[i] += a * x[i];
}

// Weights as [groups, kernel_height, kernel_width, I, O]: the innermost loop of forward and of the
// weight's gradient runs over outputs. Of the same numbers as [..., O, I] for the input's gradient.
template <typename T>
struct PackedWeight {
  const Conv2dShape& s;
  T* data;
  bool outputs_innermost;

  T* at(int64_t group, int64_t tap) const {
    const int64_t taps = s.kernel_height * s.kernel_width;
    return data + (group * taps + tap) * s.group_inputs() * s.group_outputs();
  }
  T& at(int64_t group, int64_t tap, int64_t input, int64_t output) const {
    return at(group, tap)[outputs_innermost ? input * s.group_outputs() + output
                                            : output * s.group_inputs() + input];
  }

  // Visits each element with its place in the row-major [out_channels, I, kernel_height,
  // kernel_width] weight.
  template <typename Visit>
  void for_each(const Visit& visit) const {
    const int64_t taps = s.kernel_height * s.kernel_width;
    int64_t place = 0;
    for (int64_t g = 0; g < s.groups; ++g) {
      for (int64_t o = 0; o < s.group_outputs(); ++o) {
        for (int64_t i = 0; i < s.group_inputs(); ++i) {
          for (int64_t tap = 0; tap < taps; ++tap) visit(at(g, tap, i, o), place++);
        }
      }
    }
  }
};

// One row of outputs: y[n, oh, :, :].
template <typename T>
SMTRAIN_VECTORIZED void forward_row(const Conv2dShape& s, int64_t n, int64_t oh, const T* x,
                                    PackedWeight<T> weight, const T* bias, T* y) {
  const int64_t inputs = s.group_inputs(), outputs = s.group_outputs();
  for (int64_t ow = 0; ow < s.out_width; ++ow) {
    T* out = y + ((n * s.out_height + oh) * s.out_width + ow) * s.out_channels;
    for (int64_t o = 0; o < s.out_channels; ++o) out[o] = bias != nullptr ? bias[o] : T{0};
    for (int64_t kh = 0; kh < s.kernel_height; ++kh) {
      const int64_t h = oh * s.stride_height - s.pad_top + kh * s.dilation_height;
      if (h < 0 || h >= s.in_height) continue;
      for (int64_t kw = 0; kw < s.kernel_width; ++kw) {
        const int64_t w = ow * s.stride_width - s.pad_left + kw * s.dilation_width;
        if (w < 0 || w >= s.in_width) continue;
        const T* in = x + ((n * s.in_height + h) * s.in_width + w) * s.in_channels;
        for (int64_t g = 0; g < s.groups; ++g) {
          const T* tap = weight.at(g, kh * s.kernel_width + kw);
          for (int64_t i = 0; i < inputs; ++i) {
            add_scaled(outputs, in[g * inputs + i], tap + i * outputs, out + g * outputs);
          }
        }
      }
    }
  }
}

// One row of input gradients, dx[n, h, :, :], gathered from the outputs that saw it.
template <typename T>
SMTRAIN_VECTORIZED void backward_input_row(const Conv2dShape& s, int64_t n, int64_t h, const T* dy,
                                           PackedWeight<T> weight, T* dx) {
  const int64_t inputs = s.group_inputs(), outputs = s.group_outputs();
  for (int64_t w = 0; w < s.in_width; ++w) {
    T* in = dx + ((n * s.in_height + h) * s.in_width + w) * s.in_channels;
    std::fill_n(in, s.in_channels, T{0});
    for (int64_t kh = 0; kh < s.kernel_height; ++kh) {
      const int64_t top = h + s.pad_top - kh * s.dilation_height;  // stride_height * oh
      if (top < 0 || top % s.stride_height != 0 || top / s.stride_height >= s.out_height) continue;
      for (int64_t kw = 0; kw < s.kernel_width; ++kw) {
        const int64_t left = w + s.pad_left - kw * s.dilation_width;
        if (left < 0 || left % s.stride_width != 0 || left / s.stride_width >= s.out_width)
          continue;
        const T* out = dy + ((n * s.out_height + top / s.stride_height) * s.out_width +
                             left / s.stride_width) *
                                s.out_channels;
        for (int64_t g = 0; g < s.groups; ++g) {
          const T* tap = weight.at(g, kh * s.kernel_width + kw);
          for (int64_t o = 0; o < outputs; ++o) {
            add_scaled(inputs, out[g * outputs + o], tap + o * inputs, in + g * inputs);
          }
        }
      }
    }
  }
}

// The gradient of one tap of one group, summed over all outputs.
template <typename T>
SMTRAIN_VECTORIZED void backward_weight_tap(const Conv2dShape& s, int64_t g, int64_t tap,
                                            const T* x, const T* dy, PackedWeight<T> weight) {
  const int64_t inputs = s.group_inputs(), outputs = s.group_outputs();
  const int64_t kh = tap / s.kernel_width, kw = tap % s.kernel_width;
  T* sums = weight.at(g, tap);
  std::fill_n(sums, inputs * outputs, T{0});
  for (int64_t n = 0; n < s.batch; ++n) {
    for (int64_t oh = 0; oh < s.out_height; ++oh) {
      const int64_t h = oh * s.stride_height - s.pad_top + kh * s.dilation_height;
      if (h < 0 || h >= s.in_height) continue;
      for (int64_t ow = 0; ow < s.out_width; ++ow) {
        const int64_t w = ow * s.stride_width - s.pad_left + kw * s.dilation_width;
        if (w < 0 || w >= s.in_width) continue;
        const T* in = x + ((n * s.in_height + h) * s.in_width + w) * s.in_channels + g * inputs;
        const T* out =
            dy + ((n * s.out_height + oh) * s.out_width + ow) * s.out_channels + g * outputs;
        for (int64_t i = 0; i < inputs; ++i) add_scaled(outputs, in[i], out, sums + i * outputs);
      }
    }
  }
}

// Multiplications in one row of width * channels, for parallel_for.
int64_t row_cost(const Conv2dShape& s, int64_t width, int64_t channels) {
  return width * s.weight_numel() / std::max<int64_t>(1, s.out_channels) * channels;
}

}  // namespace

template <typename T>
void direct_conv2d(const Conv2dShape& s, const T* x, const T* weight, const T* bias, T* y,
                   T* workspace) {
  const PackedWeight<T> packed{s, workspace, /*outputs_innermost=*/true};
  packed.for_each([&](T& value, int64_t place) { value = weight[place]; });
  const int64_t grain = grain_of(row_cost(s, s.out_width, s.out_channels));
  parallel_for(s.batch * s.out_height, grain, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      forward_row<T>(s, row / s.out_height, row % s.out_height, x, packed, bias, y);
    }
  });
}

template <typename T>
void direct_conv2d_backward_input(const Conv2dShape& s, const T* dy, const T* weight, T* dx,
                                  T* workspace) {
  const PackedWeight<T> packed{s, workspace, /*outputs_innermost=*/false};
  packed.for_each([&](T& value, int64_t place) { value = weight[place]; });
  const int64_t grain = grain_of(row_cost(s, s.in_width, s.out_channels));
  parallel_for(s.batch * s.in_height, grain, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      backward_input_row<T>(s, row / s.in_height, row % s.in_height, dy, packed, dx);
    }
  });
}

template <typename T>
void direct_conv2d_backward_weight(const Conv2dShape& s, const T* x, const T* dy, T* dw,
                                   bool accumulate, T* workspace) {
  const PackedWeight<T> packed{s, workspace, /*outputs_innermost=*/true};
  const int64_t taps = s.kernel_height * s.kernel_width;
  const int64_t grain = grain_of(s.y_numel() * s.group_inputs());
  parallel_for(s.groups * taps, grain, [&](int64_t begin, int64_t end) {
    for (int64_t item = begin; item < end; ++item) {
      backward_weight_tap<T>(s, item / taps, item % taps, x, dy, packed);
    }
  });
  packed.for_each(
      [&](T& value, int64_t place) { dw[place] = accumulate ? dw[place] + value : value; });
}

#define SMTRAIN_INSTANTIATE_DIRECT(T)                                                              \
  template void direct_conv2d<T>(const Conv2dShape&, const T*, const T*, const T*, T*, T*);        \
  template void direct_conv2d_backward_input<T>(const Conv2dShape&, const T*, const T*, T*, T*);   \
  template void direct_conv2d_backward_weight<T>(const Conv2dShape&, const T*, const T*, T*, bool, \
                                                 T*);
SMTRAIN_INSTANTIATE_DIRECT(float)
SMTRAIN_INSTANTIATE_DIRECT(double)
#undef SMTRAIN_INSTANTIATE_DIRECT

}  // namespace smtrain::cpu
