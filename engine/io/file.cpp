// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/io/file.h"

#include "smtrain/engine/error.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <system_error>
#include <utility>

namespace smtrain {
namespace {

/// Throws "<path>: cannot <verb>: <reason>" for the current errno.
[[noreturn]] void fail_with_errno(const std::filesystem::path& path, const char* verb) {
  const std::string reason = system_message();
  fail(path.native(), ": cannot ", verb, ": ", reason);
}

/// As above of a file that is read: BadInput, unless the process has used up what it may have.
[[noreturn]] void refuse_with_errno(const std::filesystem::path& path, const char* verb) {
  if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) fail_with_errno(path, verb);
  const std::string reason = system_message();
  bad_input(path.native(), ": cannot ", verb, ": ", reason);
}

/// An open file, closed on every way out.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return fd_; }
  int close() { return fd_ < 0 ? 0 : ::close(std::exchange(fd_, -1)); }

 private:
  int fd_;
};

struct OpenedFile {
  Descriptor descriptor;
  uint64_t size;
};

OpenedFile open_regular_file(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a pipe that nobody writes to returns, and is then refused as not regular.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) refuse_with_errno(path, "open");
  struct stat status;
  if (::fstat(fd, &status) != 0) {
    const int error = errno;
    ::close(fd);
    errno = error;
    refuse_with_errno(path, "read");
  }
  if (!S_ISREG(status.st_mode)) {
    ::close(fd);
    bad_input(path.native(),
              ": cannot read: ", S_ISDIR(status.st_mode) ? "is a directory" : "not a regular file");
  }
  return {Descriptor(fd), static_cast<uint64_t>(status.st_size)};
}

/// A new file beside the target; removed when it goes away before rename_to_target().
class TemporaryFile : public FileWriter {
 public:
  explicit TemporaryFile(const std::filesystem::path& target)
      : target_(target), path_(target), descriptor_(create()) {}

  ~TemporaryFile() override {
    if (!renamed_) ::unlink(path_.c_str());
  }

  using FileWriter::write;
  void write(std::span<const uint8_t> bytes) override {
    size_ += bytes.size();
    if (buffer_.size() + bytes.size() <= kBufferBytes) {
      buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    } else {
      flush();
      write_through(bytes);
    }
  }

  uint64_t size() const override { return size_; }

  void rename_to_target() {
    flush();
    if (::fsync(descriptor_.get()) != 0 || descriptor_.close() != 0)
      fail_with_errno(target_, "write");
    if (::rename(path_.c_str(), target_.c_str()) != 0) fail_with_errno(target_, "replace");
    renamed_ = true;
    sync_directory();
  }

 private:
  static constexpr size_t kBufferBytes = size_t{1} << 16;

  int create() {
    if (target_.native().find('\0') != std::string::npos)
      fail(target_.c_str(), ": a file's name can't hold a NUL character");
    static std::atomic<uint64_t> counter = 0;
    for (;;) {
      path_.replace_filename(concat_text(".smtrain-", ::getpid(), "-", counter++, ".tmp"));
      const int fd = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (fd >= 0) return fd;
      if (errno != EEXIST) fail_with_errno(target_, "write");
    }
  }

  void flush() {
    write_through(buffer_);
    buffer_.clear();
  }

  void write_through(std::span<const uint8_t> bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_.get(), bytes.data(), bytes.size());
      if (written >= 0) {
        bytes = bytes.subspan(static_cast<size_t>(written));
      } else if (errno != EINTR) {
        fail_with_errno(target_, "write");
      }
    }
  }

  /// Makes the new name durable. Some file systems refuse to sync a directory; the file itself is
  /// safe by then.
  void sync_directory() const {
    const std::filesystem::path parent = target_.has_parent_path() ? target_.parent_path() : ".";
    const Descriptor directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory.get() >= 0) ::fsync(directory.get());
  }

  std::filesystem::path target_;
  std::filesystem::path path_;
  Descriptor descriptor_;
  std::vector<uint8_t> buffer_;
  uint64_t size_ = 0;
  bool renamed_ = false;
};

}  // namespace

bool is_file(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored);
}

bool is_folder(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

std::vector<uint8_t> read_file(const std::filesystem::path& path, uint64_t max_bytes) {
  const OpenedFile file = open_regular_file(path);
  if (file.size > max_bytes) {
    bad_input(path.native(), ": cannot read: ", file.size, " bytes, expected at most ", max_bytes);
  }
  std::vector<uint8_t> bytes(file.size);
  size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = ::read(file.descriptor.get(), bytes.data() + filled, bytes.size() - filled);
    if (got > 0) {
      filled += static_cast<size_t>(got);
    } else if (got == 0) {
      bad_input(path.native(), ": cannot read: ended after ", filled, " of ", bytes.size(),
                " bytes");
    } else if (errno != EINTR) {
      refuse_with_errno(path, "read");
    }
  }
  return bytes;
}

std::string read_text(const std::filesystem::path& path, uint64_t max_bytes) {
  const auto bytes = read_file(path, max_bytes);
  return {bytes.begin(), bytes.end()};
}

MappedFile::MappedFile(const std::filesystem::path& path) {
  const OpenedFile file = open_regular_file(path);
  if (file.size == 0) return;  // an empty mapping is an error to the system
  void* address = ::mmap(nullptr, file.size, PROT_READ, MAP_PRIVATE, file.descriptor.get(), 0);
  if (address == MAP_FAILED) refuse_with_errno(path, "map");
  bytes_ = {static_cast<const uint8_t*>(address), file.size};
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<uint8_t*>(bytes_.data()), bytes_.size());
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

void FileWriter::write(std::string_view text) { write(bytes_of(text)); }

void write_file_atomically(const std::filesystem::path& path,
                           const std::function<void(FileWriter&)>& write) {
  TemporaryFile file(path);
  write(file);
  file.rename_to_target();
}

void write_file_atomically(const std::filesystem::path& path, std::span<const uint8_t> bytes) {
  write_file_atomically(path, [&](FileWriter& out) { out.write(bytes); });
}

void write_file_atomically(const std::filesystem::path& path, std::string_view text) {
  write_file_atomically(path, bytes_of(text));
}

}  // namespace smtrain
