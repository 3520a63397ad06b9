// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/pytorch_zip_writer.h"

#include "smtrain/engine/io/zip.h"
#include "smtrain/tests/shared_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smtrain::nn {
namespace {

using ::testing::HasSubstr;

/// Keeps what is written, as if it stood behind `before` other bytes.
class MemoryWriter : public FileWriter {
 public:
  explicit MemoryWriter(uint64_t before = 0) : before_(before) {}

  using FileWriter::write;
  void write(std::span<const uint8_t> bytes) override { text_.append(bytes.begin(), bytes.end()); }
  uint64_t size() const override { return before_ + text_.size(); }
  const std::string& text() const { return text_; }

 private:
  uint64_t before_;
  std::string text_;
};

class PytorchZipWriterGoldens : public ::testing::TestWithParam<std::string> {};

TEST_P(PytorchZipWriterGoldens, GivesTorchsBytesForTorchsRecords) {
  const std::string folder = GetParam();
  const MappedFile file(test::golden("files/" + folder + ".pth"));
  const ZipReader zip(file.bytes(), folder);
  MemoryWriter out;
  PytorchZipWriter writer(out, folder);
  for (const ZipEntry& entry : zip.entries()) {
    ASSERT_TRUE(entry.name.starts_with(folder + "/"));
    writer.add(std::string_view(entry.name).substr(folder.size() + 1), zip.read(entry));
  }
  writer.finish();
  const std::string expected(file.bytes().begin(), file.bytes().end());
  EXPECT_TRUE(out.text() == expected);
}

INSTANTIATE_TEST_SUITE_P(Files, PytorchZipWriterGoldens,
                         ::testing::Values("state_dict_zip", "checkpoint_zip", "odd_tensors_zip"),
                         [](const auto& file) { return file.param; });

TEST(PytorchZipWriter, DataBeginAtMultiplesOf64) {
  for (size_t length = 1; length < 70; ++length) {
    MemoryWriter out;
    PytorchZipWriter writer(out, std::string(length, 'n'));
    writer.add("a", bytes_of("first"));
    EXPECT_EQ(out.text().find("first") % 64, 0u) << length;
    writer.add("b", bytes_of("second"));
    EXPECT_EQ(out.text().find("second") % 64, 0u) << length;
    writer.finish();
    const ZipReader zip(bytes_of(out.text()), "x");
    EXPECT_EQ(zip.read(zip.entries()[1]).size(), 6u);
  }
}

TEST(PytorchZipWriter, PlacesBeyond4GiBAreIn64Bits) {
  MemoryWriter out(0x1'2345'6780);
  PytorchZipWriter writer(out, "x");
  writer.add("a", bytes_of("abc"));
  writer.finish();
  using namespace std::string_literals;
  const std::string extra = "\1\0\x08\0\x80\x67\x45\x23\1\0\0\0"s;  // zip64, 8 bytes: the place
  EXPECT_THAT(out.text(), HasSubstr("x/a" + extra + "FB"));         // local header
  EXPECT_EQ((0x1'2345'6780 + out.text().find("abc")) % 64, 0u);
  EXPECT_THAT(out.text(), HasSubstr("\3\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0PK\1\2"s));  // descriptor
  EXPECT_THAT(out.text(), HasSubstr("\xff\xff\xff\xffx/a" + extra + "PK\6\6"));   // central entry
}

}  // namespace
}  // namespace smtrain::nn
