// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace smtrain {

/// Element types of a tensor.
enum class DType : uint8_t { f32, f64, bf16, f16, i64, i32, u8, boolean };

constexpr size_t size_of(DType dtype) {
  switch (dtype) {
    case DType::f64:
    case DType::i64: return 8;
    case DType::f32:
    case DType::i32: return 4;
    case DType::bf16:
    case DType::f16: return 2;
    case DType::u8:
    case DType::boolean: return 1;
  }
  return 0;
}

constexpr const char* name_of(DType dtype) {
  switch (dtype) {
    case DType::f32: return "f32";
    case DType::f64: return "f64";
    case DType::bf16: return "bf16";
    case DType::f16: return "f16";
    case DType::i64: return "i64";
    case DType::i32: return "i32";
    case DType::u8: return "u8";
    case DType::boolean: return "bool";
  }
  return "?";
}

constexpr bool is_floating(DType dtype) { return dtype <= DType::f16; }

/// The upper half of a float32, rounded to nearest even.
struct BFloat16 {
  uint16_t bits = 0;

  BFloat16() = default;
  constexpr BFloat16(float value) {
    const uint32_t u = std::bit_cast<uint32_t>(value);
    const bool nan = (u & 0x7fffffffu) > 0x7f800000u;
    bits = static_cast<uint16_t>(nan ? (u >> 16) | 0x40u : (u + 0x7fffu + ((u >> 16) & 1u)) >> 16);
  }
  constexpr operator float() const { return std::bit_cast<float>(uint32_t{bits} << 16); }
};

/// IEEE 754 binary16, rounded to nearest even.
struct Float16 {
  uint16_t bits = 0;

  Float16() = default;
  constexpr Float16(float value) {
    const uint32_t u = std::bit_cast<uint32_t>(value);
    const uint32_t sign = (u >> 16) & 0x8000u;
    const uint32_t magnitude = u & 0x7fffffffu;
    uint32_t half;
    if (magnitude > 0x7f800000u) {
      half = 0x7e00u | ((magnitude >> 13) & 0x3ffu);
    } else if (magnitude >= 0x477ff000u) {  // rounds to at least 65520: infinity
      half = 0x7c00u;
    } else if (magnitude < 0x38800000u) {
      // Subnormal: adding 0.5 leaves the 10 rounded bits in place.
      half = std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) - 0x3f000000u;
    } else {
      half = (magnitude - 0x38000000u + 0xfffu + ((magnitude >> 13) & 1u)) >> 13;
    }
    bits = static_cast<uint16_t>(sign | half);
  }
  constexpr operator float() const {
    const uint32_t sign = (bits & 0x8000u) << 16;
    const uint32_t magnitude = bits & 0x7fffu;
    if (magnitude >= 0x7c00u)
      return std::bit_cast<float>(sign | 0x7f800000u | ((magnitude & 0x3ffu) << 13));
    if (magnitude < 0x400u) {  // exact: at most 10 bits, scaled by 2^-24
      const float value = static_cast<float>(magnitude) * 0x1p-24f;
      return sign != 0 ? -value : value;
    }
    return std::bit_cast<float>(sign | ((magnitude << 13) + 0x38000000u));
  }
};

template <typename T>
struct DTypeOf;
template <>
struct DTypeOf<float> {
  static constexpr DType value = DType::f32;
};
template <>
struct DTypeOf<double> {
  static constexpr DType value = DType::f64;
};
template <>
struct DTypeOf<BFloat16> {
  static constexpr DType value = DType::bf16;
};
template <>
struct DTypeOf<Float16> {
  static constexpr DType value = DType::f16;
};
template <>
struct DTypeOf<int64_t> {
  static constexpr DType value = DType::i64;
};
template <>
struct DTypeOf<int32_t> {
  static constexpr DType value = DType::i32;
};
template <>
struct DTypeOf<uint8_t> {
  static constexpr DType value = DType::u8;
};
template <>
struct DTypeOf<bool> {
  static constexpr DType value = DType::boolean;
};

template <typename T>
constexpr DType dtype_of = DTypeOf<T>::value;

/// Calls `f.template operator()<T>()` with the element type of a dtype.
template <typename F>
constexpr decltype(auto) dispatch(DType dtype, F&& f) {
  switch (dtype) {
    case DType::f32: return f.template operator()<float>();
    case DType::f64: return f.template operator()<double>();
    case DType::bf16: return f.template operator()<BFloat16>();
    case DType::f16: return f.template operator()<Float16>();
    case DType::i64: return f.template operator()<int64_t>();
    case DType::i32: return f.template operator()<int32_t>();
    case DType::u8: return f.template operator()<uint8_t>();
    case DType::boolean: break;
  }
  return f.template operator()<bool>();
}

/// The same for the four floating types; the caller has checked is_floating(dtype).
template <typename F>
constexpr decltype(auto) dispatch_floating(DType dtype, F&& f) {
  switch (dtype) {
    case DType::f64: return f.template operator()<double>();
    case DType::bf16: return f.template operator()<BFloat16>();
    case DType::f16: return f.template operator()<Float16>();
    default: return f.template operator()<float>();
  }
}

/// Calls `f.template operator()<T, Out>()` for a floating dtype and what is made from it: that
/// dtype, or f32 where it has 16 bits.
template <typename F>
constexpr decltype(auto) dispatch_floating(DType dtype, DType out, F&& f) {
  return dispatch_floating(dtype, [&]<typename T>() -> decltype(auto) {
    if constexpr (sizeof(T) == 2) {
      if (out == DType::f32) return f.template operator()<T, float>();
    }
    return f.template operator()<T, T>();
  });
}

/// x as a U. Floating to integer truncates, gives the nearest end of U's range beyond it and 0 for
/// NaN; anything to bool is "not zero".
template <typename U, typename T>
constexpr U convert_to(T x) {
  if constexpr (std::is_same_v<U, bool>) {
    return x != T(0);
  } else if constexpr (std::is_integral_v<U> && std::is_floating_point_v<T>) {
    constexpr T least = static_cast<T>(std::numeric_limits<U>::min());
    constexpr T beyond = 2 * static_cast<T>(std::numeric_limits<U>::max() / 2 + 1);
    if (!(x > least)) return x != x ? U(0) : std::numeric_limits<U>::min();
    return x >= beyond ? std::numeric_limits<U>::max() : static_cast<U>(x);
  } else {
    return static_cast<U>(x);
  }
}

/// The type that sums of T are kept in.
template <typename T>
struct AccumulatorOf {
  using type = float;
};
template <>
struct AccumulatorOf<double> {
  using type = double;
};
template <>
struct AccumulatorOf<int64_t> {
  using type = int64_t;
};
template <>
struct AccumulatorOf<int32_t> {
  using type = int64_t;
};
template <>
struct AccumulatorOf<uint8_t> {
  using type = int64_t;
};
template <>
struct AccumulatorOf<bool> {
  using type = int64_t;
};
template <typename T>
using acc_t = typename AccumulatorOf<T>::type;

}  // namespace smtrain
