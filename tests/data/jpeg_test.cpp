// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/jpeg.h"

#include "smtrain/data/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <stdexcept>

namespace smtrain::data {
namespace {

using ::testing::ThrowsMessage;

TEST(EncodeJpeg, ComesBackButForItsLoss) {
  for (const int64_t channels : {1, 3}) {
    Image image{.height = 13, .width = 21, .channels = channels, .pixels = {}};
    for (int64_t y = 0; y < 13; ++y) {
      for (int64_t x = 0; x < 21; ++x) {
        for (int64_t c = 0; c < channels; ++c)
          image.pixels.push_back(static_cast<uint8_t>(40 + 8 * y + 4 * x));
      }
    }
    const Image back = decode(encode_jpeg(image, 100), "x.jpg", {.channels = channels});
    ASSERT_EQ(back.height, 13);
    ASSERT_EQ(back.width, 21);
    for (size_t i = 0; i < image.pixels.size(); ++i)
      EXPECT_LE(std::abs(int{back.pixels[i]} - int{image.pixels[i]}), 4) << i;
    EXPECT_LT(encode_jpeg(image, 10).size(), encode_jpeg(image, 100).size());
  }
}

TEST(EncodeJpeg, NamesWhatItCannotWrite) {
  const auto refuses = [](const Image& image, const char* message, int quality = 90) {
    EXPECT_THAT([&] { encode_jpeg(image, quality); },
                ThrowsMessage<std::invalid_argument>(message));
  };
  refuses({1, 1, 2, {1, 2}}, "encode_jpeg: expected 1 or 3 channels, got 2");
  refuses({1, 2, 1, {1}}, "encode_jpeg: 1 pixel values for a picture of 1 x 2 x 1");
  refuses({0, 2, 1, {}}, "encode_jpeg: 0 pixel values for a picture of 0 x 2 x 1");
  refuses({1, 65501, 1, std::vector<uint8_t>(65501)},
          "encode_jpeg: 65501 pixel values for a picture of 1 x 65501 x 1");
  refuses({1, 1, 1, {1}}, "encode_jpeg: expected a quality of 1 to 100, got 0", 0);
}

}  // namespace
}  // namespace smtrain::data
