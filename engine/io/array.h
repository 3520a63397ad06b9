// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/shape.h"
#include "smtrain/kernels/dtype.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace smtrain {

/// Numbers as they come out of an array file (.npy, .npz, IDX): row-major, in this machine's byte
/// order.
struct Array {
  DType dtype = DType::f32;
  Shape shape;                 // {} for a scalar
  std::vector<uint8_t> bytes;  // product(shape) * size_of(dtype)

  int64_t numel() const { return shape.numel(); }

  /// The elements; T must be the C++ type of `dtype`.
  template <typename T>
  std::span<const T> values() const {
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
};

/// How a file stores an element: NumPy's kind letter (f, i, u, b), its size in bytes and its byte
/// order.
struct StoredType {
  char kind = 'f';
  int size = 4;
  bool big_endian = false;
};

/// Whether some DType holds all values of a stored type; none does for complex numbers, text and
/// 128-bit floats.
bool has_dtype(StoredType type);

/// That DType: the type itself, or the next wider one for the integers that DType lacks.
DType dtype_for(StoredType type);

/// product(shape) * element_size. Throws BadInput, opening with `name`, when that
/// overflows.
uint64_t checked_size_bytes(const Shape& shape, int element_size, const std::string& name);

/// Makes an array of row-major raw elements: orders their bytes and widens them to dtype_for(type).
/// `raw` holds exactly product(shape) elements. Throws BadInput for an unsigned number
/// above the range of i64.
Array array_of(StoredType type, const Shape& shape, std::vector<uint8_t> raw,
               const std::string& name);

}  // namespace smtrain
