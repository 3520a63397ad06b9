// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace smtrain::app {

/// What is known about a run when it fails, filled in while it goes on.
struct RunRecord {
  struct Place {
    std::string value;  // that a message may name: a folder of data
    std::string place;  // where the recipe gives it: "cats.yaml:9:10"
  };

  std::string recipe;         // its file
  std::vector<Place> places;  // of the recipe
  std::string checkpoint;     // the last that is whole; empty: none
  std::string host;           // the host's name in a job of several
};

/// The most characters of a failure that the platform shows.
inline constexpr size_t kMaxFailureBytes = 1024;

/// A failure for people, in UTF-8 of at most kMaxFailureBytes: the cause in the first line, then
/// the recipe with its line, the file of data, the checkpoint to go on from, and the command that
/// was run. A cause that is too long is cut in its middle. Values of secrets in the
/// command are masked.
std::string failure_text(const std::string& cause, int exit_code, const RunRecord& record,
                         const std::vector<std::string>& command);

/// <base>/output/failure and <base>/output/success of a container.
class OutcomeFiles {
 public:
  /// Without `base` there are none. A file of an earlier run is removed.
  explicit OutcomeFiles(std::filesystem::path base);

  /// Writes the failure, unless this run has written one. Returns why it can't be written; empty
  /// where it was. From now on a signal that ends the process adds nothing.
  std::string failed(const std::string& text);

  void succeeded() noexcept;

  /// From now on a signal that a fault raises leaves a failure of one line.
  void watch_faults() const;

 private:
  std::filesystem::path failure_, success_;
};

}  // namespace smtrain::app
