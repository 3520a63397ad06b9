// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/jpeg.h"

#include "smtrain/engine/error.h"

// Each of these needs the one before it.
// clang-format off
#include <cstdio>
#include <jpeglib.h>
// clang-format on

#include <csetjmp>
#include <cstdlib>
#include <new>

namespace smtrain::data {
namespace {

// libjpeg reports an error by a call that must not return; with a picture that was checked only
// memory can be missing. write() leaves by longjmp and holds no objects with destructors.
class JpegWriter {
 public:
  JpegWriter() {
    info_.err = jpeg_std_error(&errors_);
    info_.client_data = this;
    errors_.error_exit = [](j_common_ptr info) {
      std::longjmp(static_cast<JpegWriter*>(info->client_data)->on_error_, 1);
    };
  }
  JpegWriter(const JpegWriter&) = delete;
  ~JpegWriter() {
    jpeg_destroy_compress(&info_);
    std::free(bytes_);
  }

  bool write(const Image& image, int quality) {
    if (setjmp(on_error_)) return false;
    jpeg_create_compress(&info_);
    jpeg_mem_dest(&info_, &bytes_, &size_);
    info_.image_height = static_cast<JDIMENSION>(image.height);
    info_.image_width = static_cast<JDIMENSION>(image.width);
    info_.input_components = static_cast<int>(image.channels);
    info_.in_color_space = image.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&info_);
    jpeg_set_quality(&info_, quality, TRUE);
    jpeg_start_compress(&info_, TRUE);
    while (info_.next_scanline < info_.image_height) {
      // libjpeg does not write to the rows that it takes as mutable.
      auto* row = const_cast<JSAMPLE*>(image.pixels.data()) +
                  image.width * image.channels * int64_t{info_.next_scanline};
      jpeg_write_scanlines(&info_, &row, 1);
    }
    jpeg_finish_compress(&info_);
    return true;
  }

  std::vector<uint8_t> bytes() const { return {bytes_, bytes_ + size_}; }

 private:
  jpeg_compress_struct info_{};
  jpeg_error_mgr errors_{};
  std::jmp_buf on_error_;
  unsigned char* bytes_ = nullptr;
  unsigned long size_ = 0;
};

}  // namespace

std::vector<uint8_t> encode_jpeg(const Image& image, int quality) {
  constexpr int64_t kMaxSide = JPEG_MAX_DIMENSION;
  check(image.channels == 1 || image.channels == 3, "encode_jpeg: expected 1 or 3 channels, got ",
        image.channels);
  check(quality >= 1 && quality <= 100, "encode_jpeg: expected a quality of 1 to 100, got ",
        quality);
  check(
      image.height > 0 && image.width > 0 && image.height <= kMaxSide && image.width <= kMaxSide &&
          static_cast<int64_t>(image.pixels.size()) == image.height * image.width * image.channels,
      "encode_jpeg: ", image.pixels.size(), " pixel values for a picture of ", image.height, " x ",
      image.width, " x ", image.channels);
  JpegWriter writer;
  if (!writer.write(image, quality)) throw std::bad_alloc();
  return writer.bytes();
}

}  // namespace smtrain::data
