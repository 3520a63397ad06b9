// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/dtype.h"

#include <oneapi/dnnl/dnnl.hpp>

#include <cstddef>
#include <memory>
#include <new>
#include <string_view>

namespace smtrain::cpu {

// What the entries that oneDNN computes have in common.

const dnnl::engine& dnnl_engine();

/// The calling thread's. It keeps no state between executions, but an object must not be shared by
/// threads.
dnnl::stream& dnnl_stream();

/// f32 or bf16.
constexpr dnnl::memory::data_type dnnl_type(DType dtype) {
  return dtype == DType::bf16 ? dnnl::memory::data_type::bf16 : dnnl::memory::data_type::f32;
}

/// Memory that oneDNN reads or writes where it lies.
inline dnnl::memory dnnl_view(const dnnl::memory::desc& description, const void* data) {
  return dnnl::memory(description, dnnl_engine(), const_cast<void*>(data));
}

/// Whether oneDNN has nothing for this machine but its reference code, which is slower than plain
/// loops, or not even that.
template <typename PrimitiveDesc>
bool is_reference_or_missing(const PrimitiveDesc& description) {
  return !description || std::string_view(description.impl_info_str()).starts_with("ref");
}

/// Scratch memory for one execution at a time; it only grows.
class DnnlScratchpad {
 public:
  dnnl::memory of(const dnnl::memory::desc& description);

 private:
  static constexpr std::align_val_t kAlignment{64};
  struct Delete {
    void operator()(std::byte* bytes) const { ::operator delete[](bytes, kAlignment); }
  };

  std::unique_ptr<std::byte[], Delete> bytes_;
  size_t size_ = 0;
};

}  // namespace smtrain::cpu
