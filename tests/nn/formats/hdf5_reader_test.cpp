// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/hdf5_reader.h"

#include "smtrain/engine/io/file.h"
#include "smtrain/tests/shared_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smtrain::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::ThrowsMessage;

std::string golden_bytes(const std::string& name) {
  return read_text(test::golden("files/" + name), 100'000);
}

/// Everything that can be asked of a file, so that a damaged one has every chance to do harm.
void read_everything(const Hdf5Group& group, int depth = 0) {
  if (depth > 8) return;  // groups may hold each other
  for (const char* attribute : {"layer_names", "weight_names", "backend", "model_config"}) {
    if (group.has_attribute(attribute)) group.texts(attribute);
  }
  for (const std::string& member : group.members()) {
    try {
      group.dataset(member).read();
    } catch (const BadInput&) {  // a group, or a damaged dataset
    }
    try {
      read_everything(group.group(member), depth + 1);
    } catch (const BadInput&) {
    }
  }
}

void read_everything(const std::string& bytes) {
  read_everything(Hdf5File(bytes_of(bytes), "x").root());
}

/// The golden with `bytes` at an offset.
std::string patched(std::string file, size_t offset, std::string_view bytes) {
  return file.replace(offset, bytes.size(), bytes);
}

TEST(Hdf5Reader, ReadsWhatH5pyWrites) {
  const Hdf5File file(test::golden("files/h5py_kinds.h5"));
  const Hdf5Group root = file.root();
  EXPECT_THAT(root.members(), ElementsAre("big_endian", "chunked", "compact", "f16", "gzip", "i16",
                                          "i8", "links", "scalar", "u16", "u32", "u64"));
  EXPECT_THAT(root.dataset("i8").read().to_vector<int32_t>(), ElementsAre(-128, 127));
  EXPECT_THAT(root.dataset("i16").read().to_vector<int32_t>(), ElementsAre(-32768, 32767));
  EXPECT_THAT(root.dataset("u16").read().to_vector<int32_t>(), ElementsAre(0, 65535));
  EXPECT_THAT(root.dataset("u32").read().to_vector<int64_t>(), ElementsAre(0, 4294967295));
  EXPECT_THAT(root.dataset("f16").read().to_vector<float>(), ElementsAre(1.5, -2));
  EXPECT_THAT(root.dataset("compact").read().to_vector<float>(), ElementsAre(1, 2, 3));
  EXPECT_EQ(root.dataset("scalar").shape, Shape());
  EXPECT_EQ(root.dataset("scalar").read().item(), 2.5);
  EXPECT_EQ(root.text("variable"), "caf\xc3\xa9");
  EXPECT_EQ(root.text("\xc3\xa9"), "x");
  EXPECT_THAT(root.texts("many"), ElementsAre("a", "", "ccc"));
  EXPECT_THAT(root.texts("none"), IsEmpty());
}

TEST(Hdf5Reader, NamesWhatItLeavesOut) {
  const Hdf5File file(test::golden("files/h5py_kinds.h5"));
  const std::string where = file.name() + ": /";
  const auto expect_refused = [&](const char* name, const std::string& message) {
    EXPECT_THAT([&] { file.root().dataset(name); }, ThrowsMessage<BadInput>(where + message));
  };
  expect_refused("chunked", "chunked: its data are chunked, which this reader leaves out");
  expect_refused("gzip", "gzip: its data are compressed or filtered, which this reader leaves out");
  expect_refused("big_endian", "big_endian: holds big-endian floats");
  expect_refused("u64", "u64: holds unsigned integers of 8 bytes");
  expect_refused("nothing", ": has no member 'nothing'");
  EXPECT_THAT([&] { file.root().group("i8"); },
              ThrowsMessage<BadInput>(where + "i8: expected a group, found a dataset"));
  EXPECT_THAT([&] { file.root().group("links"); },
              ThrowsMessage<BadInput>(
                  where + "links: 'soft' is a link to another name, which this reader leaves out"));
  EXPECT_THAT(
      [&] { file.root().text("number"); },
      ThrowsMessage<BadInput>(where + ": attribute 'number': expected text, found numbers"));
  EXPECT_THAT([&] { file.root().text("many"); },
              ThrowsMessage<BadInput>(where + ": attribute 'many' holds 3 texts, expected one"));
  EXPECT_THAT([&] { file.root().text("nothing"); },
              ThrowsMessage<BadInput>(where + ": attribute 'nothing' is not there"));
  EXPECT_THAT([] { Hdf5File(test::golden("files/h5py_latest.h5")); },
              ThrowsMessage<BadInput>(HasSubstr(
                  "h5py_latest.h5: has a superblock of version 3, which this reader leaves out")));
}

TEST(Hdf5Reader, FollowsASuperblockOfVersion1) {
  std::string file = golden_bytes("keras2_channels_last_fixed.h5");
  // 4 more bytes before the base address, in place of the last 4, which are a cache.
  file[8] = 1;
  file.insert(24, std::string("\x20\0\0\0", 4));
  file.erase(96, 4);
  EXPECT_EQ(Hdf5File(bytes_of(file), "x").root().text("keras_version"), "2.2.4");
}

TEST(Hdf5Reader, EveryTruncationIsRefused) {
  const std::string file = golden_bytes("keras2_channels_last_vlen.h5");
  for (size_t size = 0; size < file.size(); ++size) {
    EXPECT_THROW(read_everything(file.substr(0, size)), BadInput) << size;
  }
  EXPECT_THAT([&] { read_everything(file.substr(0, 2000)); },
              ThrowsMessage<BadInput>("x: is cut off: 17040 bytes were written, 2000 are there"));
}

TEST(Hdf5Reader, AFlippedBitInAnyByteIsReadOrRefused) {
  std::string file = golden_bytes("keras2_channels_last_vlen.h5");
  for (size_t i = 0; i < file.size(); ++i) {
    const char byte = file[i];
    file[i] = static_cast<char>(byte ^ (1 << i % 8));
    try {
      read_everything(file);
    } catch (const BadInput&) {
    }
    file[i] = byte;
  }
}

TEST(Hdf5Reader, StructuresThatServeTwiceRunOut) {
  // The root's B-tree (at 136) has the root's own B-tree for its child, one level up.
  std::string file = golden_bytes("keras2_channels_last_fixed.h5");
  ASSERT_EQ(file.substr(136, 4), "TREE");
  file = patched(file, 136 + 5, "\x01");
  file = patched(file, 136 + 32, std::string("\x88\0\0\0\0\0\0\0", 8));
  EXPECT_THAT(
      [&] { read_everything(file); },
      ThrowsMessage<BadInput>("x: /: the B-tree node at offset 136 has level 1, expected 0"));
  // Its one header claims as many messages as fit, over and over, by a continuation to itself.
  std::string cycle = golden_bytes("keras2_channels_last_fixed.h5");
  const std::string self("\x10\0\x10\0\0\0\0\0\x70\0\0\0\0\0\0\0\x18\0\0\0\0\0\0\0", 24);
  cycle = patched(cycle, 96 + 2, "\xff\xff");
  cycle = patched(cycle, 112, self);
  EXPECT_THAT([&] { read_everything(cycle); },
              ThrowsMessage<BadInput>("x: /: the structures of the file overlap: together they are "
                                      "larger than it"));
}

TEST(Hdf5Reader, RefusesOtherFiles) {
  EXPECT_THAT(
      [] { read_everything("HDF"); },
      ThrowsMessage<BadInput>("x: superblock: signature needs 8 bytes at offset 0, 3 are left"));
  EXPECT_THAT([] { read_everything("PK\3\4 a zip file"); },
              ThrowsMessage<BadInput>("x: is not an HDF5 file"));
  const std::string file = golden_bytes("keras2_channels_last_fixed.h5");
  EXPECT_THAT(
      [&] { read_everything(patched(file, 13, "\x04")); },
      ThrowsMessage<BadInput>("x: has offsets of 4 and lengths of 8 bytes, expected 8 and 8"));
  EXPECT_THAT([&] { read_everything(patched(file, 64, "\xff\xff\xff")); },
              ThrowsMessage<BadInput>("x: /: the object header lies at offset 16777215, beyond the "
                                      "end (14696 bytes)"));
}

}  // namespace
}  // namespace smtrain::nn
