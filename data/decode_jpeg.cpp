// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/color.h"
#include "smtrain/data/decoders.h"
#include "smtrain/engine/error.h"

// Each of these needs the one before it.
// clang-format off
#include <cstdio>
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include <algorithm>
#include <csetjmp>

namespace smtrain::data {
namespace {

// libjpeg reports an error by a call that must not return, so the two calls below that run it leave
// by longjmp. They hold no objects with destructors; everything that owns memory is a member or the
// caller's.
//
// As in Pillow, damage inside the data is only a warning, which libjpeg conceals, and data that end
// early are an error.
class JpegReader {
 public:
  explicit JpegReader(Bytes bytes) {
    info_.err = jpeg_std_error(&errors_);
    info_.client_data = this;
    errors_.error_exit = [](j_common_ptr info) {
      auto* self = static_cast<JpegReader*>(info->client_data);
      info->err->format_message(info, self->message_);
      std::longjmp(self->on_error_, 1);
    };
    errors_.emit_message = [](j_common_ptr, int) {};

    source_.next_input_byte = bytes.data();
    source_.bytes_in_buffer = bytes.size();
    source_.init_source = source_.term_source = [](j_decompress_ptr) {};
    source_.fill_input_buffer = [](j_decompress_ptr info) -> boolean {
      ERREXIT(info, JERR_INPUT_EOF);
      return FALSE;
    };
    source_.skip_input_data = [](j_decompress_ptr info, long count) {
      const size_t step =
          std::min(static_cast<size_t>(std::max(count, 0L)), info->src->bytes_in_buffer);
      info->src->next_input_byte += step;
      info->src->bytes_in_buffer -= step;
    };
    source_.resync_to_restart = jpeg_resync_to_restart;

    // A few bytes make a scan, and every scan is a pass over the whole picture; real files have
    // about ten.
    progress_.progress_monitor = [](j_common_ptr info) {
      constexpr int kMaxScans = 500;
      if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number > kMaxScans)
        ERREXIT(info, JERR_BAD_PROGRESSION);
    };
  }
  JpegReader(const JpegReader&) = delete;
  ~JpegReader() { jpeg_destroy_decompress(&info_); }

  bool read_header() {
    if (setjmp(on_error_)) return false;
    jpeg_create_decompress(&info_);
    info_.src = &source_;
    info_.progress = &progress_;
    jpeg_read_header(&info_, TRUE);
    return true;
  }

  /// Pixels as stored in `rows`, one after the other, in `color_space`; `stride` bytes to a row.
  bool read_pixels(J_COLOR_SPACE color_space, uint8_t* rows, int64_t stride) {
    if (setjmp(on_error_)) return false;
    info_.out_color_space = color_space;
    jpeg_start_decompress(&info_);
    while (info_.output_scanline < info_.output_height) {
      JSAMPROW row = rows + stride * info_.output_scanline;
      jpeg_read_scanlines(&info_, &row, 1);
    }
    jpeg_finish_decompress(&info_);
    return true;
  }

  const jpeg_decompress_struct& info() const { return info_; }
  const char* message() const { return message_; }

 private:
  jpeg_decompress_struct info_{};
  jpeg_error_mgr errors_{};
  jpeg_source_mgr source_{};
  jpeg_progress_mgr progress_{};
  std::jmp_buf on_error_;
  char message_[JMSG_LENGTH_MAX] = "";
};

}  // namespace

Image decode_jpeg(Bytes bytes, const std::string& name, int64_t max_pixels) {
  JpegReader reader(bytes);
  if (!reader.read_header()) fail_damaged(name, "JPEG", reader.message());
  const int64_t height = reader.info().image_height, width = reader.info().image_width;
  const int components = reader.info().num_components;
  if (components != 1 && components != 3 && components != 4) {
    bad_input("decode: ", name, ": expected a JPEG of 1, 3 or 4 components, got ", components);
  }

  const bool is_cmyk = components == 4;
  Image image = make_image(name, height, width, components, max_pixels);
  const J_COLOR_SPACE color_space = is_cmyk ? JCS_CMYK : components == 3 ? JCS_RGB : JCS_GRAYSCALE;
  if (!reader.read_pixels(color_space, image.pixels.data(), width * components)) {
    fail_damaged(name, "JPEG", reader.message());
  }
  if (!is_cmyk) return image;

  // Adobe stores the inks inverted, and every writer of CMYK JPEGs follows it.
  for (uint8_t& ink : image.pixels) ink = 255 - ink;
  Image rgb = make_image(name, height, width, 3, max_pixels);
  cmyk_to_rgb(image.pixels.data(), rgb.pixels.data(), height * width);
  return rgb;
}

}  // namespace smtrain::data
