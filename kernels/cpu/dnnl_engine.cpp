// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cpu/dnnl_engine.h"

namespace smtrain::cpu {

const dnnl::engine& dnnl_engine() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::stream& dnnl_stream() {
  thread_local dnnl::stream stream(dnnl_engine());
  return stream;
}

dnnl::memory DnnlScratchpad::of(const dnnl::memory::desc& description) {
  const size_t size = description.get_size();
  if (size > size_) {
    bytes_.reset(new (kAlignment) std::byte[size]);
    size_ = size;
  }
  return dnnl_view(description, bytes_.get());
}

}  // namespace smtrain::cpu
