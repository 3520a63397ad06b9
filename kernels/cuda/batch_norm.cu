// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/batch_norm.h"
#include "smtrain/kernels/cuda/for_each.cuh"
#include "smtrain/kernels/divisor.h"

#include <cmath>

namespace smtrain::cuda {
namespace {

constexpr int kColumns = 32, kLines = 8;
constexpr int kGroup =
    8;  // neighbouring elements of a thread, in the last pass: a byte of the mask

/// Rows are cut into parts that are summed apart, in f32 or wider, and merged in order, in double:
/// two numbers for each part and channel at the front of the workspace, then three factors for each
/// channel that the last pass multiplies by.
struct Workspace {
  double* sums;
  int64_t channels, parts;

  static Workspace of(void* memory, int64_t rows, int64_t channels) {
    return {static_cast<double*>(memory), channels, batch_norm_parts(rows)};
  }

  __device__ double* first(int64_t part) const { return sums + 2 * part * channels; }
  __device__ double* second(int64_t part) const { return first(part) + channels; }

  template <typename Acc>
  __device__ Acc* factor(int i) const {
    return reinterpret_cast<Acc*>(sums + 2 * parts * channels) + i * channels;
  }
};

__device__ int64_t part_begin(int64_t rows, int64_t part, int64_t parts) {
  return rows * part / parts;
}

template <typename Acc>
struct BatchNormShared {
  Acc first[kLines][kColumns], second[kLines][kColumns];
};

/// A block of 32 x 8 threads for 32 neighbouring channels of one part of the rows. Calls
/// add(begin, row, channel, first, second) for the rows of a thread's line, begin being the part's
/// first, and on the first line put(channel, part, first, second) with the sums of all lines, in
/// order.
template <typename Acc, typename Add, typename Put>
__device__ void sum_parts(int64_t rows, int64_t channels, int64_t parts, const Add& add,
                          const Put& put) {
  auto& shared = block_shared<BatchNormShared<Acc>>();
  const int column = static_cast<int>(threadIdx.x), line = static_cast<int>(threadIdx.y);
  const int64_t tiles = (channels + kColumns - 1) / kColumns;
  for (int64_t i = blockIdx.x; i < tiles * parts; i += gridDim.x) {
    const int64_t part = i / tiles, channel = i % tiles * kColumns + column;
    Acc first = 0, second = 0;
    if (channel < channels) {
      const int64_t begin = part_begin(rows, part, parts);
      const int64_t end = part_begin(rows, part + 1, parts);
      for (int64_t row = begin + line; row < end; row += kLines)
        add(begin, row, channel, first, second);
    }
    shared.first[line][column] = first;
    shared.second[line][column] = second;
    __syncthreads();
    if (line == 0 && channel < channels) {
      for (int k = 1; k < kLines; ++k) {
        first += shared.first[k][column];
        second += shared.second[k][column];
      }
      put(channel, part, first, second);
    }
    __syncthreads();
  }
}

/// The mean of each part of each channel, and its sum of squared deviations. Sums are of distances
/// from the part's first value, so that a mean far from 0 cancels nothing.
template <typename T>
__global__ void __launch_bounds__(kColumns* kLines)
    moments_kernel(int64_t rows, int64_t channels, const T* __restrict__ x, Workspace w) {
  using Acc = acc_t<T>;
  sum_parts<Acc>(
      rows, channels, w.parts,
      [&](int64_t begin, int64_t row, int64_t c, Acc& sum, Acc& squares) {
        const Acc d = widen(x[row * channels + c]) - widen(x[begin * channels + c]);
        sum += d;
        squares += d * d;
      },
      [&](int64_t c, int64_t part, Acc sum, Acc squares) {
        const int64_t begin = part_begin(rows, part, w.parts);
        const double n = static_cast<double>(part_begin(rows, part + 1, w.parts) - begin);
        const double shift = widen(x[begin * channels + c]), total = sum;
        w.first(part)[c] = shift + total / n;
        w.second(part)[c] = fmax(0.0, squares - total * total / n);
      });
}

/// A thread for each channel: the batch's mean and variance from those of its parts (Chan, Golub &
/// LeVeque, 1979), the running values, and the factors of y = (x - mean) * a + b.
template <typename T>
struct FindStatistics {
  BatchNormArgs a;
  Workspace w;

  template <int lanes>
  __device__ void run(int64_t c) const {
    using Acc = acc_t<T>;
    Acc* mean = static_cast<Acc*>(a.mean);
    Acc* inverse_std = static_cast<Acc*>(a.inverse_std);
    Acc* running_mean = static_cast<Acc*>(a.running_mean);
    Acc* running_var = static_cast<Acc*>(a.running_var);
    if (a.training) {
      double count = 0, center = 0, squares = 0;
      for (int64_t part = 0; part < w.parts; ++part) {
        const double n = static_cast<double>(part_begin(a.rows, part + 1, w.parts) -
                                             part_begin(a.rows, part, w.parts));
        const double delta = w.first(part)[c] - center, total = count + n;
        center += delta * n / total;
        squares += w.second(part)[c] + delta * delta * count * n / total;
        count = total;
      }
      mean[c] = static_cast<Acc>(center);
      inverse_std[c] = static_cast<Acc>(1.0 / sqrt(squares / count + a.eps));
      if (running_mean != nullptr) {
        const double momentum =
            a.momentum < 0 ? 1.0 / static_cast<double>(*a.num_batches_tracked) : a.momentum;
        running_mean[c] = static_cast<Acc>((1 - momentum) * running_mean[c] + momentum * center);
        running_var[c] =
            static_cast<Acc>((1 - momentum) * running_var[c] + momentum * squares / (count - 1));
      }
    } else {
      mean[c] = running_mean[c];
      inverse_std[c] = static_cast<Acc>(1.0 / sqrt(static_cast<double>(running_var[c]) + a.eps));
    }
    const Acc* weight = static_cast<const Acc*>(a.weight);
    const Acc* bias = static_cast<const Acc*>(a.bias);
    w.factor<Acc>(0)[c] = inverse_std[c] * (weight != nullptr ? weight[c] : Acc(1));
    w.factor<Acc>(1)[c] = bias != nullptr ? bias[c] : Acc(0);
  }
};

/// One thread: this batch counts before its momentum is asked for.
__global__ void count_batch_kernel(int64_t* batches) { ++*batches; }

/// x[0 .. n - 1], n <= kGroup, and 0.
template <typename T>
__device__ __forceinline__ Vec<T, kGroup> load_group(const T* x, int64_t n, bool aligned) {
  if (aligned && n >= kGroup) return load<kGroup>(x);
  Vec<T, kGroup> values{};
  for (int lane = 0; lane < kGroup; ++lane) {
    if (lane < n) values[lane] = x[lane];
  }
  return values;
}

template <typename T>
__device__ __forceinline__ void store_group(T* y, const Vec<T, kGroup>& values, int64_t n,
                                            bool aligned) {
  if (aligned && n >= kGroup) return store(y, values);
  for (int lane = 0; lane < kGroup; ++lane) {
    if (lane < n) y[lane] = values[lane];
  }
}

/// y = (x - mean) * a + b (+ residual), with a mask no less than 0, for a group of neighbours.
template <typename T>
struct NormalizeRows {
  int64_t count;
  Divisor channels;
  bool aligned = false;
  const T *x, *residual;
  const acc_t<T>* mean;
  Workspace w;
  T* y;
  uint8_t* mask;

  template <int lanes>
  __device__ void run(int64_t group) const {
    using Acc = acc_t<T>;
    const int64_t i = group * kGroup, n = count - i;
    const Acc *a = w.factor<Acc>(0), *b = w.factor<Acc>(1);
    int64_t c = i % channels;
    Vec<T, kGroup> values = load_group(x + i, n, aligned), added{};
    if (residual != nullptr) added = load_group(residual + i, n, aligned);
    unsigned positive = 0;
    for (int lane = 0; lane < kGroup; ++lane) {
      const Acc normal = (widen(values[lane]) - mean[c]) * a[c] + b[c];
      T value = narrow<T>(residual != nullptr ? normal + widen(added[lane]) : normal);
      if (mask != nullptr) {
        if (widen(value) > 0 && lane < n) positive |= 1u << lane;
        if (widen(value) < 0) value = T{};  // NaN stays
      }
      values[lane] = value;
      c = c + 1 == channels ? 0 : c + 1;
    }
    store_group(y + i, values, n, aligned);
    if (mask != nullptr) mask[group] = static_cast<uint8_t>(positive);
  }
};

__device__ bool passes(const uint8_t* mask, int64_t element) {
  return mask == nullptr || (mask[element / 8] >> (element % 8) & 1) != 0;
}

/// sum(dy) and sum(dy * normalised x) of each part of each channel, dy where the mask lets it pass.
template <typename T>
__global__ void __launch_bounds__(kColumns* kLines)
    gradient_sums_kernel(BatchNormBackwardArgs a, Workspace w) {
  using Acc = acc_t<T>;
  const T *x = static_cast<const T*>(a.x), *dy = static_cast<const T*>(a.dy);
  const Acc* mean = static_cast<const Acc*>(a.mean);
  const Acc* inverse_std = static_cast<const Acc*>(a.inverse_std);
  sum_parts<Acc>(
      a.rows, a.channels, w.parts,
      [&](int64_t /*begin*/, int64_t row, int64_t c, Acc& sum, Acc& products) {
        const int64_t i = row * a.channels + c;
        if (!passes(a.mask, i)) return;
        const Acc d = widen(dy[i]);
        sum += d;
        products += d * (widen(x[i]) - mean[c]);
      },
      [&](int64_t c, int64_t part, Acc sum, Acc products) {
        w.first(part)[c] = static_cast<double>(sum);
        w.second(part)[c] = static_cast<double>(products) * static_cast<double>(inverse_std[c]);
      });
}

/// A thread for each channel: its weight's and bias's gradients, and with n rows, normalised x̂ and
/// s = weight * inverse_std the factors of
///   training    dx = s * (dy - sum(dy) / n - x̂ * sum(dy * x̂) / n)
///   evaluation  dx = s * dy
template <typename T>
struct ParameterGradients {
  BatchNormBackwardArgs a;
  Workspace w;

  template <int lanes>
  __device__ void run(int64_t c) const {
    using Acc = acc_t<T>;
    double sum_dy = 0, sum_dy_x = 0;
    for (int64_t part = 0; part < w.parts; ++part) {
      sum_dy += w.first(part)[c];
      sum_dy_x += w.second(part)[c];
    }
    Acc *dw = static_cast<Acc*>(a.dw), *db = static_cast<Acc*>(a.db);
    if (dw != nullptr) dw[c] = static_cast<Acc>(a.accumulate_weight ? dw[c] + sum_dy_x : sum_dy_x);
    if (db != nullptr) db[c] = static_cast<Acc>(a.accumulate_bias ? db[c] + sum_dy : sum_dy);
    const Acc* weight = static_cast<const Acc*>(a.weight);
    const double inverse_std = static_cast<const Acc*>(a.inverse_std)[c];
    const double scale = inverse_std * (weight != nullptr ? weight[c] : Acc(1));
    const double n = static_cast<double>(a.rows);
    w.factor<Acc>(0)[c] = static_cast<Acc>(scale);
    w.factor<Acc>(1)[c] = static_cast<Acc>(a.training ? -scale * sum_dy_x * inverse_std / n : 0.0);
    w.factor<Acc>(2)[c] = static_cast<Acc>(a.training ? -scale * sum_dy / n : 0.0);
  }
};

/// dx = dy * a + (x - mean) * b + c, (+ dx) with `accumulate`, and dresidual = dy, for a group of
/// neighbours; dy where the mask lets it pass.
template <typename T>
struct InputGradient {
  int64_t count;
  Divisor channels;
  bool aligned = false, accumulate;
  const T *x, *dy;
  const uint8_t* mask;
  const acc_t<T>* mean;
  Workspace w;
  T *dx, *dresidual;

  template <int lanes>
  __device__ void run(int64_t group) const {
    using Acc = acc_t<T>;
    const int64_t i = group * kGroup, n = count - i;
    const unsigned passing = mask == nullptr ? 0xff : mask[group];
    Vec<T, kGroup> gradient = load_group(dy + i, n, aligned);
    for (int lane = 0; lane < kGroup; ++lane) {
      if ((passing >> lane & 1) == 0) gradient[lane] = T{};
    }
    if (dresidual != nullptr) store_group(dresidual + i, gradient, n, aligned);
    if (dx == nullptr) return;
    const Acc *a = w.factor<Acc>(0), *b = w.factor<Acc>(1), *constant = w.factor<Acc>(2);
    int64_t c = i % channels;
    const Vec<T, kGroup> in = load_group(x + i, n, aligned);
    Vec<T, kGroup> out{};
    if (accumulate) out = load_group(dx + i, n, aligned);
    for (int lane = 0; lane < kGroup; ++lane) {
      const Acc value =
          widen(gradient[lane]) * a[c] + (widen(in[lane]) - mean[c]) * b[c] + constant[c];
      out[lane] = narrow<T>(accumulate ? widen(out[lane]) + value : value);
      c = c + 1 == channels ? 0 : c + 1;
    }
    store_group(dx + i, out, n, aligned);
  }
};

LaunchShape shape_of_sums(const Workspace& w) {
  const int64_t tiles = (w.channels + kColumns - 1) / kColumns;
  return {.grid = blocks_for(tiles * w.parts, 1), .block = dim3(kColumns, kLines)};
}

int64_t groups_of(int64_t count) { return (count + kGroup - 1) / kGroup; }

}  // namespace

void batch_norm_forward(const BatchNormArgs& a, Stream stream) {
  constexpr char kEntry[] = "batch_norm_forward";
  if (a.channels == 0) return;
  const Workspace w = Workspace::of(a.workspace, a.rows, a.channels);
  dispatch_floating(a.dtype, [&]<typename T>() {
    const T* x = static_cast<const T*>(a.x);
    if (a.training && a.rows > 0) {
      launch(kEntry, moments_kernel<T>, shape_of_sums(w), stream, a.rows, a.channels, x, w);
      if (a.num_batches_tracked != nullptr)
        launch(kEntry, count_batch_kernel, {}, stream, a.num_batches_tracked);
    }
    for_each<1>(kEntry, a.channels, true, FindStatistics<T>{a, w}, stream);
    const int64_t count = a.rows * a.channels;
    NormalizeRows<T> f = {.count = count,
                          .channels = Divisor(a.channels),
                          .x = x,
                          .residual = static_cast<const T*>(a.residual),
                          .mean = static_cast<const acc_t<T>*>(a.mean),
                          .w = w,
                          .y = static_cast<T*>(a.y),
                          .mask = a.mask};
    f.aligned =
        is_aligned<kGroup>(f.x) && is_aligned<kGroup>(f.residual) && is_aligned<kGroup>(f.y);
    for_each<1>(kEntry, groups_of(count), true, f, stream);
  });
}

void batch_norm_backward(const BatchNormBackwardArgs& a, Stream stream) {
  constexpr char kEntry[] = "batch_norm_backward";
  if (a.channels == 0) return;
  const Workspace w = Workspace::of(a.workspace, a.rows, a.channels);
  dispatch_floating(a.dtype, [&]<typename T>() {
    if (a.rows > 0) launch(kEntry, gradient_sums_kernel<T>, shape_of_sums(w), stream, a, w);
    for_each<1>(kEntry, a.channels, true, ParameterGradients<T>{a, w}, stream);
    if (a.dx == nullptr && a.dresidual == nullptr) return;
    const int64_t count = a.rows * a.channels;
    InputGradient<T> f = {.count = count,
                          .channels = Divisor(a.channels),
                          .accumulate = a.accumulate_input,
                          .x = static_cast<const T*>(a.x),
                          .dy = static_cast<const T*>(a.dy),
                          .mask = a.mask,
                          .mean = static_cast<const acc_t<T>*>(a.mean),
                          .w = w,
                          .dx = static_cast<T*>(a.dx),
                          .dresidual = static_cast<T*>(a.dresidual)};
    f.aligned = is_aligned<kGroup>(f.x) && is_aligned<kGroup>(f.dy) && is_aligned<kGroup>(f.dx) &&
                is_aligned<kGroup>(f.dresidual);
    for_each<1>(kEntry, groups_of(count), true, f, stream);
  });
}

}  // namespace smtrain::cuda
