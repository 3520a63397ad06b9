// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/batch_norm.h"

#include "smtrain/kernels/cpu/parallel.h"
#include "smtrain/kernels/stream.h"
#include "smtrain/kernels/vectorize.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace smtrain::cpu {
namespace {

constexpr int64_t kChannels = 64;  // worked on together: sums stay in registers or L1

// First and second sums of a channel over some rows, as they are merged.
struct Sums {
  double* first;   // [channels]
  double* second;  // [channels]
};

Sums sums_at(void* workspace, int64_t part, int64_t channels) {
  double* data = static_cast<double*>(workspace) + 2 * part * channels;
  return {data, data + channels};
}

// The mean and the sum of squared deviations from it over one part of the rows. Values are shifted
// by the part's first row, so that a mean much larger than the standard deviation does not cancel.
template <typename T>
SMTRAIN_VECTORIZED void moments_of_part(int64_t rows, int64_t channels, const T* __restrict x,
                                        Sums out) {
  using Acc = acc_t<T>;
  for (int64_t c0 = 0; c0 < channels; c0 += kChannels) {
    const int64_t width = std::min(kChannels, channels - c0);
    Acc shift[kChannels], sum[kChannels] = {}, squares[kChannels] = {};
    for (int64_t c = 0; c < width; ++c) shift[c] = static_cast<Acc>(x[c0 + c]);
    for (int64_t r = 0; r < rows; ++r) {
      const T* row = x + r * channels + c0;
      for (int64_t c = 0; c < width; ++c) {
        const Acc d = static_cast<Acc>(row[c]) - shift[c];
        sum[c] += d;
        squares[c] += d * d;
      }
    }
    const double n = static_cast<double>(rows);
    for (int64_t c = 0; c < width; ++c) {
      const double mean = static_cast<double>(sum[c]) / n;
      out.first[c0 + c] = static_cast<double>(shift[c]) + mean;
      out.second[c0 + c] =
          std::max(0.0, static_cast<double>(squares[c]) - mean * static_cast<double>(sum[c]));
    }
  }
}

// y = max(y, 0) for n elements, of which NaN stays, and their bits of a mask: the first begins a
// byte.
template <typename T>
SMTRAIN_VECTORIZED void clip(int64_t n, T* __restrict y, uint8_t* __restrict mask) {
  using Acc = acc_t<T>;
  constexpr int64_t kChunk = 512;
  for (int64_t begin = 0; begin < n; begin += kChunk) {
    const int64_t count = std::min(kChunk, n - begin);
    T* part = y + begin;
    uint8_t positive[kChunk] = {};
    for (int64_t i = 0; i < count; ++i) {
      positive[i] = static_cast<Acc>(part[i]) > 0;
      part[i] = static_cast<Acc>(part[i]) < 0 ? T{} : part[i];
    }
    for (int64_t i = 0; i < count; i += 8) {
      uint64_t flags;  // the lowest bit of byte k moves to bit 56 + k
      std::memcpy(&flags, positive + i, 8);
      mask[(begin + i) / 8] = static_cast<uint8_t>((flags * 0x0102040810204080u) >> 56);
    }
  }
}

// dy where a mask's bits, from its element `first` on, let it pass, and 0.
template <typename T>
SMTRAIN_VECTORIZED void pass(int64_t n, const T* __restrict dy, const uint8_t* __restrict mask,
                             int64_t first, T* __restrict passed) {
  constexpr int64_t kChunk = 512;
  const int64_t skipped = first % 8;
  for (int64_t begin = 0; begin < n; begin += kChunk) {
    const int64_t count = std::min(kChunk, n - begin);
    const uint8_t* bytes = mask + (first + begin) / 8;
    uint8_t flags[kChunk + 8];
    for (int64_t i = 0; 8 * i < skipped + count; ++i) {
      const uint64_t bits = (bytes[i] * 0x0101010101010101u) & 0x8040201008040201u;
      std::memcpy(flags + 8 * i, &bits, 8);
    }
    for (int64_t i = 0; i < count; ++i)
      passed[begin + i] = flags[skipped + i] != 0 ? dy[begin + i] : T{};
  }
}

// Adds sum(dy) and sum(dy * normalised x) over some rows.
template <typename T>
SMTRAIN_VECTORIZED void add_gradient_sums(int64_t rows, int64_t channels, const T* __restrict x,
                                          const T* __restrict dy, const acc_t<T>* __restrict mean,
                                          const acc_t<T>* __restrict inverse_std, Sums out) {
  using Acc = acc_t<T>;
  for (int64_t c0 = 0; c0 < channels; c0 += kChannels) {
    const int64_t width = std::min(kChannels, channels - c0);
    Acc sum[kChannels] = {}, products[kChannels] = {};
    for (int64_t r = 0; r < rows; ++r) {
      const T* x_row = x + r * channels + c0;
      const T* dy_row = dy + r * channels + c0;
      for (int64_t c = 0; c < width; ++c) {
        const Acc d = static_cast<Acc>(dy_row[c]);
        sum[c] += d;
        products[c] += d * (static_cast<Acc>(x_row[c]) - mean[c0 + c]);
      }
    }
    for (int64_t c = 0; c < width; ++c) {
      out.first[c0 + c] += static_cast<double>(sum[c]);
      out.second[c0 + c] +=
          static_cast<double>(products[c]) * static_cast<double>(inverse_std[c0 + c]);
    }
  }
}

// y = (x - center) * scale + shift for some rows.
template <typename T>
SMTRAIN_VECTORIZED void normalize_rows(int64_t rows, int64_t channels, const T* __restrict x,
                                       const acc_t<T>* __restrict center,
                                       const acc_t<T>* __restrict scale,
                                       const acc_t<T>* __restrict shift, T* __restrict y) {
  using Acc = acc_t<T>;
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < channels; ++c) {
      y[r * channels + c] =
          static_cast<T>((static_cast<Acc>(x[r * channels + c]) - center[c]) * scale[c] + shift[c]);
    }
  }
}

// The same + residual.
template <typename T>
SMTRAIN_VECTORIZED void normalize_and_add_rows(int64_t rows, int64_t channels,
                                               const T* __restrict x, const T* __restrict residual,
                                               const acc_t<T>* __restrict center,
                                               const acc_t<T>* __restrict scale,
                                               const acc_t<T>* __restrict shift, T* __restrict y) {
  using Acc = acc_t<T>;
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < channels; ++c) {
      const int64_t i = r * channels + c;
      y[i] = static_cast<T>((static_cast<Acc>(x[i]) - center[c]) * scale[c] + shift[c] +
                            static_cast<Acc>(residual[i]));
    }
  }
}

// dx = dy * a + (x - center) * b + c for some rows, (+ dx) with `accumulate`.
template <typename T>
SMTRAIN_VECTORIZED void input_gradient_rows(int64_t rows, int64_t channels, bool accumulate,
                                            const T* __restrict x, const T* __restrict dy,
                                            const acc_t<T>* __restrict center,
                                            const acc_t<T>* __restrict a,
                                            const acc_t<T>* __restrict b,
                                            const acc_t<T>* __restrict constant, T* __restrict dx) {
  using Acc = acc_t<T>;
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < channels; ++c) {
      const int64_t i = r * channels + c;
      const Acc value = static_cast<Acc>(dy[i]) * a[c] +
                        (static_cast<Acc>(x[i]) - center[c]) * b[c] + constant[c];
      dx[i] = static_cast<T>(accumulate ? static_cast<Acc>(dx[i]) + value : value);
    }
  }
}

// Calls body(element, rows, channel, channels, dy) for pieces of some rows, which lie densely, with
// the dy that a mask, unless null, lets pass.
template <typename T, typename Body>
void for_each_passing(int64_t first_row, int64_t rows, int64_t channels, const T* dy,
                      const uint8_t* mask, const Body& body) {
  constexpr int64_t kElements = 4096;
  T passed[kElements];
  const int64_t width = std::min(channels, kElements), height = kElements / width;
  for (int64_t row = first_row; row < first_row + rows; row += height) {
    const int64_t count = std::min(height, first_row + rows - row);
    for (int64_t c = 0; c < channels; c += width) {
      const int64_t element = row * channels + c, columns = std::min(width, channels - c);
      if (mask != nullptr) pass<T>(count * columns, dy + element, mask, element, passed);
      body(element, count, c, columns, mask == nullptr ? dy + element : passed);
    }
  }
}

// Calls body(first row, rows) for blocks of rows that begin a byte of a mask, on the compute
// threads.
template <typename Body>
void for_each_block(int64_t rows, int64_t channels, const Body& body) {
  constexpr int64_t kRows = 64;
  parallel_for((rows + kRows - 1) / kRows, grain_of(kRows * channels),
               [&](int64_t begin, int64_t end) {
                 for (int64_t row = begin * kRows; row < std::min(end * kRows, rows); row += kRows)
                   body(row, std::min(kRows, rows - row));
               });
}

// Calls body(part, first row, rows) for each part, on the compute threads.
template <typename Body>
void for_each_part(int64_t rows, int64_t channels, const Body& body) {
  const int64_t parts = batch_norm_parts(rows);
  if (parts == 0) return;
  parallel_for(parts, grain_of(rows / parts * channels), [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      const int64_t first = rows * part / parts;
      body(part, first, rows * (part + 1) / parts - first);
    }
  });
}

// The batch's mean and sum of squared deviations of one channel, from those of its parts (Chan,
// Golub & LeVeque, 1979).
struct Moments {
  double count = 0, mean = 0, squares = 0;

  void merge(double n, double part_mean, double part_squares) {
    const double delta = part_mean - mean;
    const double total = count + n;
    mean += delta * n / total;
    squares += part_squares + delta * delta * count * n / total;
    count = total;
  }
};

// Three factors per channel for the last pass, at the tail of the workspace.
template <typename Acc>
struct Factors {
  Acc* a;
  Acc* b;
  Acc* c;

  Factors(void* workspace, int64_t rows, int64_t channels)
      : a(reinterpret_cast<Acc*>(sums_at(workspace, batch_norm_parts(rows), channels).first)),
        b(a + channels),
        c(b + channels) {}
};

// The batch's statistics of every channel, and the running values moved towards them.
template <typename T>
void find_batch_statistics(const BatchNormArgs& args) {
  using Acc = acc_t<T>;
  const int64_t rows = args.rows, channels = args.channels;
  for_each_part(rows, channels, [&](int64_t part, int64_t first, int64_t count) {
    moments_of_part<T>(count, channels, static_cast<const T*>(args.x) + first * channels,
                       sums_at(args.workspace, part, channels));
  });

  double momentum = args.momentum;
  if (args.num_batches_tracked != nullptr) {
    const int64_t batches = ++*args.num_batches_tracked;
    if (momentum < 0) momentum = 1.0 / static_cast<double>(batches);
  }
  Acc* running_mean = static_cast<Acc*>(args.running_mean);
  Acc* running_var = static_cast<Acc*>(args.running_var);
  const int64_t parts = batch_norm_parts(rows);
  for (int64_t c = 0; c < channels; ++c) {
    Moments moments;
    for (int64_t part = 0; part < parts; ++part) {
      const Sums sums = sums_at(args.workspace, part, channels);
      const int64_t count = rows * (part + 1) / parts - rows * part / parts;
      moments.merge(static_cast<double>(count), sums.first[c], sums.second[c]);
    }
    static_cast<Acc*>(args.mean)[c] = static_cast<Acc>(moments.mean);
    static_cast<Acc*>(args.inverse_std)[c] =
        static_cast<Acc>(1.0 / std::sqrt(moments.squares / moments.count + args.eps));
    if (running_mean != nullptr) {
      const double unbiased = moments.squares / (moments.count - 1);
      running_mean[c] =
          static_cast<Acc>((1 - momentum) * running_mean[c] + momentum * moments.mean);
      running_var[c] = static_cast<Acc>((1 - momentum) * running_var[c] + momentum * unbiased);
    }
  }
}

template <typename T>
void take_running_statistics(const BatchNormArgs& args) {
  using Acc = acc_t<T>;
  for (int64_t c = 0; c < args.channels; ++c) {
    static_cast<Acc*>(args.mean)[c] = static_cast<const Acc*>(args.running_mean)[c];
    const double variance = static_cast<const Acc*>(args.running_var)[c];
    static_cast<Acc*>(args.inverse_std)[c] = static_cast<Acc>(1.0 / std::sqrt(variance + args.eps));
  }
}

}  // namespace

void batch_norm_forward(const BatchNormArgs& args, Stream) {
  dispatch_floating(args.dtype, [&]<typename T>() {
    using Acc = acc_t<T>;
    if (args.training) {
      find_batch_statistics<T>(args);
    } else {
      take_running_statistics<T>(args);
    }
    const Acc* mean = static_cast<const Acc*>(args.mean);
    const Acc* weight = static_cast<const Acc*>(args.weight);
    const Acc* bias = static_cast<const Acc*>(args.bias);
    const Factors<Acc> factors(args.workspace, args.rows, args.channels);
    for (int64_t c = 0; c < args.channels; ++c) {
      factors.a[c] =
          static_cast<const Acc*>(args.inverse_std)[c] * (weight != nullptr ? weight[c] : Acc{1});
      factors.b[c] = bias != nullptr ? bias[c] : Acc{0};
    }
    for_each_block(args.rows, args.channels, [&](int64_t first, int64_t count) {
      const int64_t offset = first * args.channels;
      const T* x = static_cast<const T*>(args.x) + offset;
      T* y = static_cast<T*>(args.y) + offset;
      if (args.residual == nullptr) {
        normalize_rows<T>(count, args.channels, x, mean, factors.a, factors.b, y);
      } else {
        normalize_and_add_rows<T>(count, args.channels, x,
                                  static_cast<const T*>(args.residual) + offset, mean, factors.a,
                                  factors.b, y);
      }
      if (args.mask != nullptr) clip<T>(count * args.channels, y, args.mask + offset / 8);
    });
  });
}

// With n rows, normalised x̂ and s = weight * inverse_std:
//   training    dx = s * (dy - sum(dy) / n - x̂ * sum(dy * x̂) / n)
//   evaluation  dx = s * dy
void batch_norm_backward(const BatchNormBackwardArgs& args, Stream) {
  dispatch_floating(args.dtype, [&]<typename T>() {
    using Acc = acc_t<T>;
    const int64_t rows = args.rows, channels = args.channels;
    const T* x = static_cast<const T*>(args.x);
    const T* dy = static_cast<const T*>(args.dy);
    const Acc* weight = static_cast<const Acc*>(args.weight);
    const Acc* mean = static_cast<const Acc*>(args.mean);
    const Acc* inverse_std = static_cast<const Acc*>(args.inverse_std);
    for_each_part(rows, channels, [&](int64_t part, int64_t first, int64_t count) {
      const Sums sums = sums_at(args.workspace, part, channels);
      std::fill_n(sums.first, channels, 0.0);
      std::fill_n(sums.second, channels, 0.0);
      for_each_passing(first, count, channels, dy, args.mask,
                       [&](int64_t i, int64_t height, int64_t c, int64_t width, const T* passed) {
                         add_gradient_sums<T>(height, width, x + i, passed, mean + c,
                                              inverse_std + c, {sums.first + c, sums.second + c});
                       });
    });

    Acc* dw = static_cast<Acc*>(args.dw);
    Acc* db = static_cast<Acc*>(args.db);
    const Factors<Acc> factors(args.workspace, rows, channels);
    const double n = static_cast<double>(rows);
    for (int64_t c = 0; c < channels; ++c) {
      double sum_dy = 0, sum_dy_x = 0;
      for (int64_t part = 0; part < batch_norm_parts(rows); ++part) {
        sum_dy += sums_at(args.workspace, part, channels).first[c];
        sum_dy_x += sums_at(args.workspace, part, channels).second[c];
      }
      if (dw != nullptr)
        dw[c] = static_cast<Acc>(args.accumulate_weight ? dw[c] + sum_dy_x : sum_dy_x);
      if (db != nullptr) db[c] = static_cast<Acc>(args.accumulate_bias ? db[c] + sum_dy : sum_dy);
      const double scale =
          static_cast<double>(inverse_std[c]) * (weight != nullptr ? weight[c] : Acc{1});
      factors.a[c] = static_cast<Acc>(scale);
      factors.b[c] = static_cast<Acc>(args.training ? -scale * sum_dy_x * inverse_std[c] / n : 0.0);
      factors.c[c] = static_cast<Acc>(args.training ? -scale * sum_dy / n : 0.0);
    }
    T *dx = static_cast<T*>(args.dx), *dresidual = static_cast<T*>(args.dresidual);
    if (dx == nullptr && dresidual == nullptr) return;
    for_each_block(rows, channels, [&](int64_t first, int64_t count) {
      for_each_passing(first, count, channels, dy, args.mask,
                       [&](int64_t i, int64_t height, int64_t c, int64_t width, const T* passed) {
                         if (dresidual != nullptr)
                           std::copy_n(passed, height * width, dresidual + i);
                         if (dx == nullptr) return;
                         input_gradient_rows<T>(height, width, args.accumulate_input, x + i, passed,
                                                mean + c, factors.a + c, factors.b + c,
                                                factors.c + c, dx + i);
                       });
    });
  });
}

}  // namespace smtrain::cpu
