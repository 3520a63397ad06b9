// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/decode.h"

#include "smtrain/engine/io/file.h"
#include "smtrain/engine/io/sha256.h"
#include "smtrain/tests/shared_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string_view>

namespace smtrain::data {
namespace {

using namespace std::string_view_literals;
using test::golden;
using ::testing::ThrowsMessage;

std::vector<uint8_t> read(const std::filesystem::path& path) { return read_file(path, 1 << 24); }

std::vector<uint8_t> text_file(std::string_view text) { return {text.begin(), text.end()}; }

/// The message of what decode() throws, or "decoded".
std::string message_of(const std::vector<uint8_t>& bytes, const DecodeOptions& options = {}) {
  try {
    decode(bytes, "a.jpg", options);
    return "decoded";
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

/// One line of goldens/image/digests.txt: what Pillow finds in a file.
struct Digest {
  std::string path;
  int64_t height, width;
  std::string rgb, gray, upright;
};

/// The lines whose path starts with `prefix`, without it.
std::vector<Digest> digests(const std::string& prefix) {
  std::ifstream file(golden("image/digests.txt"));
  std::vector<Digest> found;
  for (Digest d; file >> d.path >> d.height >> d.width >> d.rgb >> d.gray >> d.upright;) {
    if (!d.path.starts_with(prefix)) continue;
    d.path.erase(0, prefix.size());
    found.push_back(d);
  }
  return found;
}

void expect_equals_pillow(const Digest& expected, const std::filesystem::path& path) {
  SCOPED_TRACE(path.string());
  const auto bytes = read(path);
  const Image rgb = decode(bytes, path);
  EXPECT_EQ(rgb.height, expected.height);
  EXPECT_EQ(rgb.width, expected.width);
  EXPECT_EQ(rgb.channels, 3);
  EXPECT_EQ(sha256(rgb.pixels), expected.rgb);
  const Image gray = decode(bytes, path, {.channels = 1});
  EXPECT_EQ(gray.channels, 1);
  EXPECT_EQ(sha256(gray.pixels), expected.gray);
  const Image upright = decode(bytes, path, {.apply_exif_orientation = true});
  EXPECT_EQ(sha256(upright.pixels), expected.upright);
}

TEST(Decode, EqualsPillowForEveryKindOfFile) {
  const auto expected = digests("image/");
  ASSERT_GT(expected.size(), 100u);
  for (const Digest& digest : expected)
    expect_equals_pillow(digest, golden("image/" + digest.path));
}

TEST(Decode, EqualsPillowForFoundFiles) {
  const auto images = test::shared_data("images");
  const auto cats = test::shared_data("cats");
  if (!images || !cats) GTEST_SKIP() << "shared/data/images and shared/data/cats are not here";
  const auto expected = digests("data/");
  ASSERT_GT(expected.size(), 60u);
  for (const Digest& digest : expected) {
    expect_equals_pillow(digest, images->parent_path() / digest.path);
  }
}

TEST(Decode, TurnsAPictureUprightOnlyWhenAsked) {
  const auto bytes = read(golden("image/cases/orientation_6.jpg"));
  const Image stored = decode(bytes, "6");
  const Image upright = decode(bytes, "6", {.apply_exif_orientation = true});
  EXPECT_EQ(stored.height, upright.width);
  EXPECT_EQ(stored.width, upright.height);
}

TEST(Decode, NeverLooksAtTheName) {
  const auto bytes = read(golden("image/files/rgb.png"));
  EXPECT_EQ(decode(bytes, "rgb.jpg").pixels, decode(bytes, "rgb.png").pixels);
}

TEST(DecodeErrors, NameTheFormat) {
  EXPECT_EQ(message_of({}), "decode: a.jpg: the file is empty");
  EXPECT_EQ(
      message_of(text_file("<html>not a picture</html>")),
      "decode: a.jpg: expected JPEG, PNG, WebP, BMP, GIF, TGA or PNM, but the file starts with "
      "3c 68 74 6d 6c 3e 6e 6f");
  EXPECT_EQ(message_of(text_file("II*\0\x08\0\0\0"sv)),
            "decode: a.jpg: TIFF is not supported, convert the file to PNG");
  EXPECT_EQ(message_of(text_file("MM\0*\0\0\0\x08"sv)),
            "decode: a.jpg: TIFF is not supported, convert the file to PNG");
  EXPECT_EQ(message_of(text_file("RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\x06\0\0\x08\0\0"sv)),
            "decode: a.jpg: animated WebP is not supported");
  auto bmp = read(golden("image/cases/24.bmp"));
  bmp[28] = 16;
  EXPECT_EQ(message_of(bmp),
            "decode: a.jpg: BMP of 16 bits per pixel is not supported, convert the file to PNG");
}

// A height below zero says that the first row comes first.
TEST(Decode, ReadsATopDownBmp) {
  const auto bottom_up = read(golden("image/cases/24.bmp"));
  const Image expected = decode(bottom_up, "a.bmp");
  auto top_down = bottom_up;
  const auto rows_begin = top_down.begin() + bottom_up[10];
  const auto row_bytes = (3 * expected.width + 3) / 4 * 4;
  for (int64_t y = 0; y < expected.height; ++y) {
    std::copy_n(bottom_up.begin() + bottom_up[10] + (expected.height - 1 - y) * row_bytes,
                row_bytes, rows_begin + y * row_bytes);
  }
  const auto height = static_cast<int32_t>(-expected.height);
  std::memcpy(&top_down[22], &height, sizeof height);
  const Image image = decode(top_down, "a.bmp");
  EXPECT_EQ(image.height, expected.height);
  EXPECT_EQ(image.pixels, expected.pixels);
}

TEST(DecodeErrors, RefuseOtherChannels) {
  EXPECT_THAT([] { decode({}, "a.jpg", {.channels = 4}); },
              ThrowsMessage<std::invalid_argument>("decode: channels must be 1 or 3, got 4"));
}

TEST(DecodeErrors, NameWhatIsDamaged) {
  const auto folder = test::shared_data("images");
  if (!folder) GTEST_SKIP() << "shared/data/images is not here";
  const auto message = [&](const char* file) {
    return message_of(read(*folder / "broken" / file));
  };
  EXPECT_EQ(message("truncated_jpeg.jpg"),
            "decode: a.jpg: damaged JPEG: Premature end of input file");
  EXPECT_EQ(message("truncated_image.png"),
            "decode: a.jpg: damaged PNG: the data end before the picture is complete");
  EXPECT_EQ(message("broken_data_stream.png"),
            "decode: a.jpg: damaged PNG: bad adaptive filter value");
  EXPECT_EQ(message("broken.png"),
            "decode: a.jpg: damaged PNG: [F4][A8][81][E1]: invalid chunk type");
  // What is broken here is a segment and a colour profile, neither of which is needed.
  EXPECT_EQ(message("truncated_app14.jpg"), "decoded");
  EXPECT_EQ(message("unknown_compression_method.png"), "decoded");
}

TEST(DecodeErrors, PngWithWrongChecksum) {
  auto png = read(golden("image/files/rgb.png"));
  png[png.size() - 13] ^= 1;
  EXPECT_EQ(message_of(png), "decode: a.jpg: damaged PNG: IDAT: CRC error");
}

TEST(DecodeErrors, PnmValuesOutOfRange) {
  EXPECT_EQ(message_of(text_file("P2 2 1 9 1 12")),
            "decode: a.jpg: damaged PNM: a value is 12, above the largest, 9");
  EXPECT_EQ(message_of(text_file("P5 2 1 65536 ab")),
            "decode: a.jpg: damaged PNM: the largest value is 65536, it must be 1 to 65535");
  EXPECT_EQ(message_of(text_file("P5 2 x 255 ab")),
            "decode: a.jpg: damaged PNM: expected a number");
  EXPECT_EQ(message_of(text_file("P5 2 99999999999 255 ab")),
            "decode: a.jpg: damaged PNM: a number has more than ten digits");
  EXPECT_EQ(message_of(text_file("P5 0 1 255 ab")),
            "decode: a.jpg: the picture is empty, 0x1 pixels");
  EXPECT_EQ(message_of(text_file("P1 2 1 1 7")), "decode: a.jpg: damaged PNM: expected 0 or 1");
}

/// `file` with the bytes at `at` replaced.
std::vector<uint8_t> patched(const char* file, size_t at, std::string_view bytes) {
  auto content = read(golden(std::string("image/") + file));
  std::copy(bytes.begin(), bytes.end(), content.begin() + at);
  return content;
}

TEST(DecodeErrors, HugePicturesAreRefusedByTheirHeader) {
  const auto too_large = [](const std::string& size) {
    return "decode: a.jpg: the picture is too large, " + size +
           " pixels (at most 178956970 are allowed)";
  };
  // A PNG header of 100000 x 100000 with its check sum.
  EXPECT_EQ(
      message_of(patched("files/rgb.png", 16,
                         "\x00\x01\x86\xa0\x00\x01\x86\xa0\x08\x02\x00\x00\x00\x27\x30\x9c\x9f"sv)),
      too_large("100000x100000"));
  EXPECT_EQ(message_of(patched("cases/24.bmp", 18, "\xa0\x86\x01\x00\xa0\x86\x01\x00"sv)),
            too_large("100000x100000"));
  EXPECT_EQ(message_of(patched("cases/palette.gif", 6, "\xff\xff\xff\xff"sv)),
            too_large("65535x65535"));
  EXPECT_EQ(message_of(patched("cases/rgb_rle.tga", 12, "\xff\xff\xff\xff"sv)),
            too_large("65535x65535"));
  EXPECT_EQ(message_of(text_file("P5 100000 100000 255 ")), too_large("100000x100000"));
  EXPECT_EQ(message_of(text_file("P5 9999999999 9999999999 255 ")),
            too_large("9999999999x9999999999"));

  auto jpeg = read(golden("image/cases/gray.jpg"));
  const auto frame =
      std::string_view(reinterpret_cast<const char*>(jpeg.data()), jpeg.size()).find("\xff\xc0"sv);
  for (size_t i = 5; i < 9; ++i) jpeg[frame + i] = i % 2 == 0 ? 0xdc : 0xff;
  EXPECT_EQ(message_of(jpeg), too_large("65500x65500"));

  const auto small = read(golden("image/files/rgb.png"));
  EXPECT_EQ(message_of(small, {.max_pixels = 53 * 37 - 1}),
            "decode: a.jpg: the picture is too large, 53x37 pixels (at most 1960 are allowed)");
  EXPECT_EQ(message_of(small, {.max_pixels = 53 * 37}), "decoded");
}

// Pillow refuses a JPEG whose end-of-image marker is missing, too.
TEST(DecodeErrors, TruncatedFilesAreRefused) {
  for (const char* file : {"420.jpg", "420_progressive.jpg", "cmyk.jpg", "rgb_lossy.webp",
                           "rgba_lossless.webp", "24.bmp", "palette.gif", "rgb.tga", "rgb_rle.tga",
                           "raw_255.ppm", "raw_1000.pgm", "raw.pbm", "plain.pbm"}) {
    SCOPED_TRACE(file);
    auto bytes = read(golden(std::string("image/cases/") + file));
    // A GIF may lack its terminator, a TGA its footer, a BMP what fills up its last row.
    const std::string_view name = file;
    const size_t optional_end = name.ends_with(".gif")   ? 1
                                : name.ends_with(".tga") ? 26
                                : name.ends_with(".bmp") ? 3
                                                         : 0;
    bytes.resize(bytes.size() - optional_end);
    while (!bytes.empty()) {
      bytes.pop_back();
      EXPECT_NE(message_of(bytes), "decoded") << bytes.size() << " bytes";
    }
  }
}

// Whatever a damaged file does, it ends in pixels or a runtime_error.
TEST(DecodeErrors, DamagedFilesDoNotCrash) {
  for (const auto& file : std::filesystem::directory_iterator(golden("image/cases"))) {
    const auto bytes = read(file.path());
    for (size_t at = 0; at < bytes.size(); ++at) {
      auto damaged = bytes;
      damaged[at] ^= static_cast<uint8_t>(1 + at * 37 % 255);
      const std::string message =
          message_of(damaged, {.apply_exif_orientation = true, .max_pixels = 1 << 16});
      EXPECT_TRUE(message == "decoded" || message.starts_with("decode: a.jpg: ")) << message;
    }
  }
}

}  // namespace
}  // namespace smtrain::data
