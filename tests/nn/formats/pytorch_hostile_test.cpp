// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/io/file.h"
#include "smtrain/engine/io/zip_writer.h"
#include "smtrain/nn/formats/pickle_writer.h"
#include "smtrain/nn/formats/pytorch.h"
#include "smtrain/tests/little_endian.h"
#include "smtrain/tests/shared_data.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smtrain::nn {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

StateDict read(std::span<const uint8_t> bytes) { return PytorchFile(bytes, "x").state_dict(); }

void expect_refused(const std::string& file, const std::string& message) {
  EXPECT_THAT([&] { read(bytes_of(file)); }, ThrowsMessage<std::runtime_error>(message));
}

/// {"a": tensor of `numel` elements of storage 5} as a pickle; `legacy` adds the view, none.
std::string state_dict_pickle(int64_t numel, bool legacy, const std::string& type = "Float") {
  PickleWriter pickle;
  pickle.op(PickleOpcode::EMPTY_DICT).text("a").global("torch._utils._rebuild_tensor_v2");
  pickle.op(PickleOpcode::MARK).op(PickleOpcode::MARK).text("storage");
  pickle.global("torch." + type + "Storage").text("5").text("cpu").integer(numel);
  if (legacy) pickle.op(PickleOpcode::NONE);
  pickle.op(PickleOpcode::TUPLE).op(PickleOpcode::BINPERSID).integer(0);
  pickle.integer(numel).op(PickleOpcode::TUPLE1).integer(1).op(PickleOpcode::TUPLE1);
  return pickle.op(PickleOpcode::TUPLE).op(PickleOpcode::REDUCE).op(PickleOpcode::SETITEM).finish();
}

using Records = std::vector<std::pair<std::string, std::string>>;

std::string zip_of(const Records& records) {
  const test::TemporaryDirectory directory;
  write_file_atomically(directory / "x.zip", [&](FileWriter& out) {
    ZipWriter zip(out, ZipLayout::pytorch);
    for (const auto& [name, content] : records) zip.add("x/" + name, bytes_of(content));
    zip.finish();
  });
  const auto bytes = read_file(directory / "x.zip", 1'000'000);
  return {bytes.begin(), bytes.end()};
}

std::string keys_pickle(const std::vector<std::string>& keys) {
  PickleWriter pickle;
  pickle.op(PickleOpcode::EMPTY_LIST).op(PickleOpcode::MARK);
  for (const auto& key : keys) pickle.text(key);
  return pickle.op(PickleOpcode::APPENDS).finish();
}

const std::string kMachine = PickleWriter()
                                 .op(PickleOpcode::EMPTY_DICT)
                                 .text("little_endian")
                                 .boolean(true)
                                 .op(PickleOpcode::SETITEM)
                                 .finish();

std::string legacy_of(const std::string& rest, const std::string& machine = kMachine) {
  return std::string(kPytorchLegacyMagic) + PickleWriter().integer(1001).finish() + machine + rest;
}

TEST(PytorchHostile, TheHandMadeFilesAreFineWithoutTheirLies) {
  const std::string floats(12, '\0');
  EXPECT_EQ(read(bytes_of(zip_of({{"data.pkl", state_dict_pickle(3, false)}, {"data/5", floats}})))
                .size(),
            1u);
  EXPECT_EQ(read(bytes_of(legacy_of(state_dict_pickle(3, true) + keys_pickle({"5"}) +
                                    test::little8(3) + floats)))
                .size(),
            1u);
}

TEST(PytorchHostile, TruncatedAnywhere) {
  for (const char* name :
       {"state_dict_zip", "checkpoint_zip", "state_dict_legacy", "checkpoint_legacy"}) {
    const auto bytes = read_file(test::golden(std::string("files/") + name + ".pth"), 100'000);
    for (size_t size = 0; size < bytes.size(); ++size) {
      // A copy of its own, so that AddressSanitizer sees a read beyond the end.
      const std::vector<uint8_t> truncated(bytes.begin(), bytes.begin() + size);
      EXPECT_THROW(read(truncated), std::runtime_error) << name << " " << size;
    }
  }
}

TEST(PytorchHostile, OneByteChangedAnywhere) {
  for (const char* name : {"state_dict_zip", "state_dict_legacy"}) {
    auto bytes = read_file(test::golden(std::string("files/") + name + ".pth"), 100'000);
    for (size_t i = 0; i < bytes.size(); ++i) {
      for (const uint8_t change : {0x01, 0x80, 0xff}) {
        bytes[i] ^= change;
        try {
          read(bytes);  // a changed value or padding byte goes unnoticed
        } catch (const std::runtime_error& error) {
          EXPECT_THAT(error.what(), ::testing::StartsWith("x: "));
        }
        bytes[i] ^= change;
      }
    }
  }
}

TEST(PytorchHostile, OtherFiles) {
  expect_refused("", "x: not a PyTorch file (neither a zip archive nor the legacy magic number)");
  std::string tar(512, '\0');
  tar.replace(257, 5, "ustar");
  expect_refused(tar,
                 "x: a tar archive of PyTorch 0.1; load and save it with a newer version first");
  expect_refused(zip_of({{"constants.pkl", ""}}),
                 "x: a TorchScript archive (torch.jit.save), expected what torch.save writes");
  expect_refused(zip_of({{"weights", ""}}),
                 "x: not a PyTorch file (a zip archive without data.pkl)");
  EXPECT_THAT([] { read_pytorch(test::golden("files/deflated.npz")); },
              ThrowsMessage<std::runtime_error>(HasSubstr("(a zip archive without data.pkl)")));
}

TEST(PytorchHostile, CompressedEntries) {
  std::string deflated = zip_of({{"data.pkl", "x"}});
  deflated[deflated.find("PK\1\2") + 10] = 8;
  expect_refused(deflated, "x: entry 'x/data.pkl' is compressed, expected stored");
}

TEST(PytorchHostile, ZipStorages) {
  const std::string pickle = state_dict_pickle(3, false);
  expect_refused(zip_of({{"data.pkl", pickle}}), "x: storage '5' is missing");
  expect_refused(zip_of({{"data.pkl", pickle}, {"data/5", "short"}}),
                 "x: storage '5' of 3 f32 elements has 5 bytes");
  expect_refused(
      zip_of({{"data.pkl", pickle}, {"data/5", std::string(12, 'x')}, {"byteorder", "big"}}),
      "x: byteorder is not little, big-endian files are not supported");
  expect_refused(zip_of({{"data.pkl", state_dict_pickle(int64_t{1} << 40, false)}, {"data/5", ""}}),
                 "x: storage '5' of 1099511627776 f32 elements has 0 bytes");
  EXPECT_THAT(
      [] {
        read(bytes_of(
            zip_of({{"data.pkl", state_dict_pickle(int64_t{1} << 62, false)}, {"data/5", ""}})));
      },
      ThrowsMessage<std::runtime_error>(HasSubstr("[4611686018427387904] fits no memory")));
  expect_refused(zip_of({{"data.pkl", state_dict_pickle(1, false, "Bool")}, {"data/5", "\2"}}),
                 "x: 'a': holds the byte 2 where a bool is 0 or 1");
  std::string damaged = zip_of({{"data.pkl", pickle}, {"data/5", "twelve bytes"}});
  damaged[damaged.find("twelve")] = 'T';
  expect_refused(damaged, "x: entry 'x/data/5': CRC mismatch, the archive is damaged");
}

TEST(PytorchHostile, LegacyParts) {
  const std::string pickle = state_dict_pickle(3, true);
  const std::string floats(12, '\0');
  const auto machine = [](bool little_endian) {
    return PickleWriter()
        .op(PickleOpcode::EMPTY_DICT)
        .text("little_endian")
        .boolean(little_endian)
        .op(PickleOpcode::SETITEM)
        .finish();
  };
  expect_refused(std::string(kPytorchLegacyMagic) + PickleWriter().integer(7).finish(),
                 "x: a version other than 1001 follows the magic number");
  expect_refused(legacy_of(pickle, PickleWriter().integer(7).finish()),
                 "x: a dict with 'little_endian' must follow the version");
  expect_refused(legacy_of(pickle, machine(false)),
                 "x: little_endian is False, big-endian files are not supported");
  expect_refused(legacy_of(pickle + PickleWriter().integer(7).finish()),
                 "x: a list of storage keys must follow the object, got an int");
  expect_refused(legacy_of(pickle + keys_pickle({})), "x: storage '5' is missing");
  expect_refused(legacy_of(pickle + keys_pickle({"6"})), "x: no tensor uses storage '6'");
  expect_refused(legacy_of(pickle + keys_pickle({"5"}) + test::little8(4) + floats),
                 "x: storage '5' has 4 elements, its tensors expect 3");
  expect_refused(legacy_of(pickle + keys_pickle({"5", "5"}) + test::little8(3) + floats +
                           test::little8(3) + floats),
                 "x: storage '5' is listed twice");
  EXPECT_THAT(
      [&] { read(bytes_of(legacy_of(pickle + keys_pickle({"5"}) + test::little8(3) + "abc"))); },
      ThrowsMessage<std::runtime_error>(HasSubstr("x: storage '5' needs 12 bytes at offset ")));
}

TEST(PytorchHostile, WhatIsNoStateDict) {
  const auto zip = [](PickleWriter& pickle) { return zip_of({{"data.pkl", pickle.finish()}}); };
  PickleWriter list, number, keyed;
  list.op(PickleOpcode::EMPTY_LIST);
  number.op(PickleOpcode::EMPTY_DICT).text("epoch").integer(3).op(PickleOpcode::SETITEM);
  keyed.op(PickleOpcode::EMPTY_DICT).integer(3).integer(3).op(PickleOpcode::SETITEM);
  expect_refused(zip(list), "x: expected a state dict, got a list");
  expect_refused(zip(number),
                 "x: 'epoch' is an int, expected a tensor (of a state dict, or of one "
                 "under 'state_dict' or 'model')");
  expect_refused(zip(keyed), "x: a key of the state dict is an int");
  PickleWriter module;
  module.global("__main__.Net");
  expect_refused(zip(module),
                 "x: data.pkl: pickle opcode GLOBAL at offset 2: '__main__.Net' is not "
                 "allowed: only tensors and plain values are read");
}

}  // namespace
}  // namespace smtrain::nn
