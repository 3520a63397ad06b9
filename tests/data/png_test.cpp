// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/png.h"

#include "smtrain/data/decode.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace smtrain::data {
namespace {

using ::testing::ThrowsMessage;

TEST(WritePng, ComesBack) {
  const test::TemporaryDirectory directory;
  for (const int64_t channels : {1, 3}) {
    Image image{.height = 5, .width = 7, .channels = channels, .pixels = {}};
    for (int64_t i = 0; i < 5 * 7 * channels; ++i) {
      image.pixels.push_back(static_cast<uint8_t>(i * 37));
    }
    write_png(directory / "x.png", image);
    const Image back =
        decode(read_file(directory / "x.png", 10000), "x.png", {.channels = channels});
    EXPECT_EQ(back.height, 5);
    EXPECT_EQ(back.width, 7);
    EXPECT_EQ(back.pixels, image.pixels);
  }
}

TEST(WritePng, NamesWhatItCannotWrite) {
  EXPECT_THAT(
      [] {
        encode_png({.height = 1, .width = 1, .channels = 2, .pixels = {1, 2}});
      },
      ThrowsMessage<std::invalid_argument>("encode_png: expected 1 or 3 channels, got 2"));
  EXPECT_THAT([] { encode_png({.height = 1, .width = 2, .channels = 1, .pixels = {1}}); },
              ThrowsMessage<std::invalid_argument>(
                  "encode_png: 1 pixel values for a picture of 1 x 2 x 1"));
  EXPECT_THROW(encode_png({.height = 0, .width = 2, .channels = 1, .pixels = {}}),
               std::invalid_argument);
}

}  // namespace
}  // namespace smtrain::data
