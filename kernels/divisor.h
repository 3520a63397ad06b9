// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/host_device.h"

#include <bit>
#include <cstdint>

namespace smtrain {

/// Divides numbers from 0 to 2^63 - 1 by one that they share, with a multiplication and a shift
/// where a GPU would call a function (Granlund & Montgomery, PLDI 1994, with 63 bits).
class Divisor {
 public:
  /// At least 0; what is empty divides nothing by a 0.
  explicit Divisor(int64_t value) : value_(value) {
    if (value <= 1) return;
    const auto d = static_cast<uint64_t>(value);
    const int bits = std::bit_width(d - 1);  // 2^bits >= d
    const unsigned __int128 power = static_cast<unsigned __int128>(1) << (63 + bits);
    multiplier_ = static_cast<uint64_t>((power + d - 1) / d);
    shift_ = bits - 1;
  }

  SMTRAIN_HOST_DEVICE operator int64_t() const { return value_; }

  friend SMTRAIN_HOST_DEVICE int64_t operator/(int64_t x, const Divisor& d) {
    if (d.multiplier_ == 0) return x;
    const auto product = static_cast<unsigned __int128>(d.multiplier_) * static_cast<uint64_t>(x);
    return static_cast<int64_t>(static_cast<uint64_t>(product >> 64) >> d.shift_);
  }

  friend SMTRAIN_HOST_DEVICE int64_t operator%(int64_t x, const Divisor& d) {
    return x - x / d * d.value_;
  }

 private:
  int64_t value_;
  uint64_t multiplier_ = 0;  // 2^(63 + bits) / value, rounded up; 0 for a value of 1
  int shift_ = 0;
};

}  // namespace smtrain
