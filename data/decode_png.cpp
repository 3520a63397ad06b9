// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/decoders.h"
#include "smtrain/engine/error.h"

#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>

namespace smtrain::data {
namespace {

// libpng reports an error by a call that must not return, so the two calls below that run it leave
// by longjmp. They hold no objects with destructors; everything that owns memory is a member or the
// caller's.
class PngReader {
 public:
  explicit PngReader(Bytes bytes) : rest_(bytes) {}
  PngReader(const PngReader&) = delete;
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }

  /// Reads up to the pixels and asks for 8-bit grey, 16-bit grey or 8-bit R, G, B.
  bool read_header() {
    if (setjmp(on_error_)) return false;
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning);
    info_ = png_ == nullptr ? nullptr : png_create_info_struct(png_);
    if (info_ == nullptr) throw OutOfMemory("decode: out of memory");
    png_set_read_fn(png_, this, read);
    // Text and colour profiles are of no use here, and some of them are compressed without a bound.
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    png_read_info(png_, info_);

    const int color_type = png_get_color_type(png_, info_);
    if (color_type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png_);
    if (color_type == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(png_);
    if (color_type != PNG_COLOR_TYPE_GRAY) png_set_strip_16(png_);
    png_set_strip_alpha(png_);
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    return true;
  }

  bool read_pixels(uint8_t** rows) {
    if (setjmp(on_error_)) return false;
    png_read_image(png_, rows);
    return true;
  }

  int64_t height() const { return png_get_image_height(png_, info_); }
  int64_t width() const { return png_get_image_width(png_, info_); }
  int64_t channels() const { return png_get_channels(png_, info_); }
  bool is_16_bit() const { return png_get_bit_depth(png_, info_) == 16; }
  const char* message() const { return message_; }

 private:
  static void on_error(png_structp png, const char* message) {
    auto* self = static_cast<PngReader*>(png_get_error_ptr(png));
    std::snprintf(self->message_, sizeof self->message_, "%s", message);
    std::longjmp(self->on_error_, 1);
  }

  static void on_warning(png_structp, const char*) {}

  static void read(png_structp png, uint8_t* out, size_t size) {
    auto* self = static_cast<PngReader*>(png_get_io_ptr(png));
    if (size > self->rest_.size()) png_error(png, "the data end before the picture is complete");
    std::memcpy(out, self->rest_.data(), size);
    self->rest_ = self->rest_.subspan(size);
  }

  Bytes rest_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::jmp_buf on_error_;
  char message_[256] = "";
};

}  // namespace

Image decode_png(Bytes bytes, const std::string& name, int64_t max_pixels) {
  PngReader reader(bytes);
  if (!reader.read_header()) fail_damaged(name, "PNG", reader.message());
  const int64_t height = reader.height(), width = reader.width(), channels = reader.channels();

  const int64_t bytes_per_value = reader.is_16_bit() ? 2 : 1;
  Image image = make_image(name, height, width, channels * bytes_per_value, max_pixels);
  std::vector<uint8_t*> rows(height);
  for (int64_t y = 0; y < height; ++y) rows[y] = &image.pixels[y * width * image.channels];
  if (!reader.read_pixels(rows.data())) fail_damaged(name, "PNG", reader.message());

  if (reader.is_16_bit()) {  // grey, high byte first: clipped at 255
    for (int64_t i = 0; i < height * width; ++i) {
      image.pixels[i] = image.pixels[2 * i] != 0 ? 255 : image.pixels[2 * i + 1];
    }
    image.channels = channels;
    image.pixels.resize(height * width);
  }
  return image;
}

}  // namespace smtrain::data
