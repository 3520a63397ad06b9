// SPDX-License-Identifier: Apache-2.0
// Generator::normal. Box-Muller in the two forms that PyTorch's CPU kernels have, with the same
// roundings.
#include "smtrain/engine/error.h"
#include "smtrain/engine/random.h"
#include "smtrain/kernels/vectorize.h"

#include <bit>
#include <cmath>
#include <numbers>

namespace smtrain {
namespace {

constexpr int kBlock = 16;  // 8 radii, then 8 angles; becomes 8 cosines, then 8 sines

// Cephes logf for normal x > 0, with the roundings of PyTorch's AVX2 code (avx_mathfun.h).
[[gnu::always_inline]] inline float cephes_log(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  const float mantissa = std::bit_cast<float>((bits & 0x007fffffu) | 0x3f000000u);  // in [0.5, 1)
  const bool low = mantissa < 0.70710678f;
  const float e = static_cast<float>(static_cast<int32_t>(bits >> 23) - (low ? 127 : 126));
  const float m = (mantissa - 1.0f) + (low ? mantissa : 0.0f);
  const float z = m * m;
  float y = 7.0376836292e-2f;
  y = std::fma(y, m, -1.1514610310e-1f);
  y = std::fma(y, m, 1.1676998740e-1f);
  y = std::fma(y, m, -1.2420140846e-1f);
  y = std::fma(y, m, 1.4249322787e-1f);
  y = std::fma(y, m, -1.6668057665e-1f);
  y = std::fma(y, m, 2.0000714765e-1f);
  y = std::fma(y, m, -2.4999993993e-1f);
  y = std::fma(y, m, 3.3333331174e-1f);
  y = y * m;
  y = std::fma(y, z, e * -2.12194440e-4f);
  y = std::fma(-z, 0.5f, y);
  return std::fma(e, 0.693359375f, m + y);
}

// Cephes sinf and cosf together, for x >= 0.
[[gnu::always_inline]] inline void cephes_sincos(float x, float& sine, float& cosine) {
  const int32_t octant = (static_cast<int32_t>(x * 1.27323954473516f) + 1) & ~1;
  const float y = static_cast<float>(octant);
  float t = std::fma(y, -0.78515625f, x);  // x - octant * pi / 4 in three steps
  t = std::fma(y, -2.4187564849853515625e-4f, t);
  t = std::fma(y, -3.77489497744594108e-8f, t);
  const float z = t * t;
  float c = 2.443315711809948e-5f;
  c = std::fma(c, z, -1.388731625493765e-3f);
  c = std::fma(c, z, 4.166664568298827e-2f);
  c = c * z;
  c = std::fma(c, z, -(0.5f * z));
  c = c + 1.0f;
  float s = -1.9515295891e-4f;
  s = std::fma(s, z, 8.3321608736e-3f);
  s = std::fma(s, z, -1.6666654611e-1f);
  s = s * z;
  s = std::fma(s, t, t);
  const bool swapped = (octant & 2) != 0;
  const float sine_value = swapped ? c : s;
  const float cosine_value = swapped ? s : c;
  sine = (octant & 4) != 0 ? -sine_value : sine_value;
  cosine = ((octant - 2) & 4) == 0 ? -cosine_value : cosine_value;
}

// y [blocks, 16], uniform in [0, 1), becomes normal.
SMTRAIN_VECTORIZED void box_muller(float* __restrict y, int64_t blocks, float mean, float std) {
  for (int64_t b = 0; b < blocks; ++b, y += kBlock) {
    for (int j = 0; j < kBlock / 2; ++j) {
      const float radius = std::sqrt(-2.0f * cephes_log(1.0f - y[j]));
      float sine, cosine;
      cephes_sincos(static_cast<float>(2 * std::numbers::pi) * y[j + 8], sine, cosine);
      y[j] = std::fma(radius * cosine, std, mean);
      y[j + 8] = std::fma(radius * sine, std, mean);
    }
  }
}

void box_muller(double* y, int64_t blocks, double mean, double std) {
  for (int64_t b = 0; b < blocks; ++b, y += kBlock) {
    for (int j = 0; j < kBlock / 2; ++j) {
      const double radius = std::sqrt(-2.0 * std::log(1.0 - y[j]));
      const double angle = 2 * std::numbers::pi * y[j + 8];
      y[j] = std::fma(radius * std::cos(angle), std, mean);
      y[j + 8] = std::fma(radius * std::sin(angle), std, mean);
    }
  }
}

double unit53(Mt19937& engine) {
  return static_cast<double>(engine.next64() & ((uint64_t{1} << 53) - 1)) * 0x1p-53;
}

// The first value of a fresh pair, or the second of the last one.
double normal_of_pair(Mt19937& engine) {
  if (engine.has_cached_normal != 0) {
    engine.has_cached_normal = 0;
    return engine.cached_normal;
  }
  const double u1 = unit53(engine);
  const double u2 = unit53(engine);
  const double radius = std::sqrt(-2.0 * std::log(1.0 - u2));
  const double angle = 2 * std::numbers::pi * u1;
  engine.cached_normal = radius * std::sin(angle);
  engine.has_cached_normal = 1;
  return radius * std::cos(angle);
}

template <typename T>
void fill_normal(Generator& generator, T* y, int64_t count, double mean, double std) {
  check(std >= 0, "normal: expected std >= 0, got ", std);
  if (count < kBlock) {
    for (int64_t i = 0; i < count; ++i) {
      y[i] = static_cast<T>(std::fma(normal_of_pair(*generator.engine()), std, mean));
    }
    return;
  }
  generator.uniform(y, count);
  box_muller(y, count / kBlock, static_cast<T>(mean), static_cast<T>(std));
  if (count % kBlock != 0) {  // a last block of fresh draws, over values already made
    T* last = y + count - kBlock;
    generator.uniform(last, kBlock);
    box_muller(last, 1, static_cast<T>(mean), static_cast<T>(std));
  }
}

}  // namespace

void Generator::normal(float* y, int64_t count, double mean, double std) {
  fill_normal(*this, y, count, mean, std);
}

void Generator::normal(double* y, int64_t count, double mean, double std) {
  fill_normal(*this, y, count, mean, std);
}

}  // namespace smtrain
