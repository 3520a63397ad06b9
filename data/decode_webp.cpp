// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/decoders.h"
#include "smtrain/engine/error.h"

#include <webp/decode.h>

namespace smtrain::data {
namespace {

std::string_view reason(VP8StatusCode status) {
  switch (status) {
    case VP8_STATUS_OUT_OF_MEMORY: return "out of memory";
    case VP8_STATUS_BITSTREAM_ERROR: return "the bit stream is wrong";
    case VP8_STATUS_UNSUPPORTED_FEATURE: return "the bit stream has an unknown feature";
    case VP8_STATUS_SUSPENDED:
    case VP8_STATUS_NOT_ENOUGH_DATA: return "the data end before the picture is complete";
    default: return "the decoder refused it";
  }
}

}  // namespace

Image decode_webp(Bytes bytes, const std::string& name, int64_t max_pixels) {
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config))
    fail("decode: ", name, ": libwebp has another version than its header");
  VP8StatusCode status = WebPGetFeatures(bytes.data(), bytes.size(), &config.input);
  if (status != VP8_STATUS_OK) fail_damaged(name, "WebP", reason(status));
  if (config.input.has_animation) bad_input("decode: ", name, ": animated WebP is not supported");

  Image image = make_image(name, config.input.height, config.input.width, 3, max_pixels);
  config.output.colorspace = MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA = {image.pixels.data(), static_cast<int>(3 * image.width),
                          image.pixels.size()};
  status = WebPDecode(bytes.data(), bytes.size(), &config);
  WebPFreeDecBuffer(&config.output);
  if (status != VP8_STATUS_OK) fail_damaged(name, "WebP", reason(status));
  return image;
}

}  // namespace smtrain::data
