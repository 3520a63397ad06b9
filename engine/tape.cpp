// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/tape.h"

#include <stdexcept>

namespace smtrain {

void throw_reported_failure(Device device) {
  if (const char* message = device.memory().take_failure()) [[unlikely]]
    throw std::runtime_error(message);
}

void Tape::replay() const {
  for (const Record& record : records_) {
    record.run(record.function, bytes_.data() + record.args, record.stream);
    throw_reported_failure(record.device);
  }
}

}  // namespace smtrain
