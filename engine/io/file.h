// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace smtrain {

/// Whether a regular file, or a folder, is there, also by a link; false where it can't be known.
bool is_file(const std::filesystem::path& path);
bool is_folder(const std::filesystem::path& path);

/// All bytes of a file. Throws BadInput naming the file and the system's reason when it
/// can't be read, when it is not a regular file, or when it holds more than `max_bytes`; nothing is
/// allocated before its size is known.
std::vector<uint8_t> read_file(const std::filesystem::path& path, uint64_t max_bytes);
std::string read_text(const std::filesystem::path& path, uint64_t max_bytes);

/// A file's bytes, mapped read-only for as long as the object lives. The file must not shrink
/// meanwhile.
class MappedFile {
 public:
  /// Throws BadInput as read_file() does.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  std::span<const uint8_t> bytes() const { return bytes_; }

 private:
  std::span<const uint8_t> bytes_;
};

/// Where write_file_atomically() lets its caller write.
class FileWriter {
 public:
  virtual ~FileWriter() = default;

  /// Appends. Throws std::runtime_error naming the file and the system's reason (a full disk, for
  /// example).
  virtual void write(std::span<const uint8_t> bytes) = 0;
  void write(std::string_view text);

  /// Bytes written so far.
  virtual uint64_t size() const = 0;
};

/// Makes or replaces `path`, so that at any moment, also after a crash, it holds either its old
/// content or all of the new one: writes to a temporary file beside it, syncs, renames, syncs the
/// directory. When `write` or the system fails, the temporary file is removed, `path` is left as it
/// was, and the exception goes on to the caller.
void write_file_atomically(const std::filesystem::path& path,
                           const std::function<void(FileWriter&)>& write);
void write_file_atomically(const std::filesystem::path& path, std::span<const uint8_t> bytes);
void write_file_atomically(const std::filesystem::path& path, std::string_view text);

/// The bytes of a text.
inline std::span<const uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace smtrain
