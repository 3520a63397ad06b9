// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/pickle_reader.h"

#include "smtrain/engine/io/file.h"
#include "smtrain/nn/formats/pickle_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace smtrain::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using namespace std::string_literals;

/// Reads the program `code` between PROTO and STOP, so that it begins at offset 2.
Unpickled read(const std::string& code) {
  const std::string pickle = "\x80\x02" + code + ".";
  ByteReader in(bytes_of(pickle), "x");
  Unpickled result = read_pickle(in);
  EXPECT_EQ(in.remaining(), 0u);
  return result;
}

void expect_refused(const std::string& code, const std::string& message) {
  EXPECT_THAT([&] { read(code); }, ThrowsMessage<std::runtime_error>("x: pickle opcode " + message))
      << code;
}

std::string text(const std::string& value) {
  return "X" + std::string(1, static_cast<char>(value.size())) + "\0\0\0"s + value;
}

/// A storage of `numel` floats.
std::string storage(const std::string& numel, const std::string& rest = "") {
  return "(" + text("storage") + "ctorch\nFloatStorage\n" + text("0") + text("cpu") + numel + rest +
         "tQ";
}

/// A tensor on the storage with offset, tuples of sizes and strides.
std::string tensor(const std::string& storage, const std::string& place) {
  return "ctorch._utils\n_rebuild_tensor_v2\n(" + storage + place + "\x89}tR";
}

TEST(PickleReader, Scalars) {
  EXPECT_TRUE(read("N").value.is_none());
  EXPECT_TRUE(*read("\x88").value.as<const bool>());
  EXPECT_FALSE(*read("\x89").value.as<const bool>());
  EXPECT_EQ(*read("K\xff").value.as<const int64_t>(), 255);
  EXPECT_EQ(*read("M\xff\xff").value.as<const int64_t>(), 65535);
  EXPECT_EQ(*read("J\xfe\xff\xff\xff").value.as<const int64_t>(), -2);
  EXPECT_EQ(*read("\x8a\0"s).value.as<const int64_t>(), 0);
  EXPECT_EQ(*read("\x8a\x02\x00\xff"s).value.as<const int64_t>(), -256);
  EXPECT_EQ(*read("\x8a\x08\0\0\0\0\0\0\0\x80"s).value.as<const int64_t>(),
            std::numeric_limits<int64_t>::min());
  EXPECT_EQ(*read("G\x3f\xf8\0\0\0\0\0\0"s).value.as<const double>(), 1.5);
  EXPECT_EQ(*read(text("h\xc3\xa9")).value.as<std::string>(), "h\xc3\xa9");
  EXPECT_EQ(*read("U\x02hi").value.as<std::string>(), "hi");
}

TEST(PickleReader, ReadsWhatTheWriterWrites) {
  for (const int64_t value : std::vector<int64_t>{0, 255, 256, 65535, 65536, -1, 1LL << 31,
                                                  std::numeric_limits<int64_t>::min(),
                                                  std::numeric_limits<int64_t>::max()}) {
    const std::string pickle = PickleWriter().integer(value).finish();
    ByteReader in(bytes_of(pickle), "x");
    EXPECT_EQ(*read_pickle(in).value.as<const int64_t>(), value);
  }
  EXPECT_THROW(PickleWriter().global("print"), std::invalid_argument);
}

TEST(PickleReader, Containers) {
  EXPECT_EQ(read("(K\1K\2t").value.as<PickleTuple>()->items.size(), 2u);
  EXPECT_EQ(read(")").value.as<PickleTuple>()->items.size(), 0u);
  EXPECT_EQ(read("K\1K\2K\3\x87").value.as<PickleTuple>()->items.size(), 3u);
  EXPECT_EQ(read("]K\1a(K\2K\3e").value.as<PickleList>()->items.size(), 3u);
  const PickleValue dict = read("}" + text("a") + "K\1s(K\5K\2" + text("b") + "K\3u").value;
  EXPECT_EQ(*dict.as<PickleDict>()->find("a")->as<const int64_t>(), 1);
  EXPECT_EQ(*dict.as<PickleDict>()->find(int64_t{5})->as<const int64_t>(), 2);
  EXPECT_EQ(dict.as<PickleDict>()->find("c"), nullptr);
  // A list filled after it was stored is the one that is fetched.
  const PickleValue shared = read("]q\0K\7ah\0\x86"s).value;
  const auto& items = shared.as<PickleTuple>()->items;
  EXPECT_EQ(items[0].as<PickleList>(), items[1].as<PickleList>());
  EXPECT_EQ(items[1].as<PickleList>()->items.size(), 1u);
}

TEST(PickleReader, GlobalsAreOnlyNames) {
  EXPECT_EQ(read("ctorch\nfloat32\n").value.as<const PickleGlobal>()->name, "torch.float32");
  EXPECT_EQ(read("ctorch\nSize\nK\2\x85\x85R").value.as<PickleTuple>()->items.size(), 1u);
  EXPECT_EQ(*read("ctorch\ndevice\n" + text("cuda") + "K\0\x86R"s).value.as<std::string>(), "cuda");
  const std::string ordered = "ccollections\nOrderedDict\n)R";
  const std::string state = "}" + text("_metadata") + ordered + "s";
  EXPECT_NE(read(ordered + text("a") + "Ns" + state + "b").value.as<PickleDict>()->find("a"),
            nullptr);
}

TEST(PickleReader, TensorsAreDescriptions) {
  const std::string six = storage("K\6");
  const Unpickled result = read(tensor(six, "K\1K\2K\2\x86K\2K\1\x86"));
  const auto& read_back = *result.value.as<PickleTensor>();
  EXPECT_EQ(read_back.storage.key, "0");
  EXPECT_EQ(read_back.storage.type->dtype, DType::f32);
  EXPECT_EQ(read_back.offset, 1);
  EXPECT_EQ(read_back.shape, Shape({2, 2}));
  EXPECT_EQ(read_back.strides, Shape({2, 1}));
  EXPECT_EQ(result.storages.at("0").total, 6);
  const std::string parameter =
      "ctorch._utils\n_rebuild_parameter\n" + tensor(six, "K\0))"s) + "\x88}\x87R";
  EXPECT_EQ(read(parameter).value.as<PickleTensor>()->shape, Shape());
  const std::string view = storage("K\6", text("1") + "K\2K\3\x87");
  EXPECT_EQ(read(tensor(view, "K\0K\3\x85K\1\x85"s)).value.as<PickleTensor>()->storage.begin, 2);
}

TEST(PickleReaderErrors, NamesOpcodesOutsideTheList) {
  expect_refused("NNi__main__\nX\n",
                 "INST at offset 4: is not allowed in a file of tensors and "
                 "plain values");
  expect_refused("\x93",
                 "STACK_GLOBAL at offset 2: is not allowed in a file of tensors and plain "
                 "values");
  expect_refused("\xfe", "0xfe at offset 2: is not allowed in a file of tensors and plain values");
  expect_refused("\x80\x02",
                 "PROTO at offset 2: is not allowed in a file of tensors and plain "
                 "values");
  ByteReader newer(bytes_of("\x80\x04N."), "x");
  EXPECT_THAT([&] { read_pickle(newer); },
              ThrowsMessage<std::runtime_error>(
                  "x: pickle opcode PROTO at offset 0: protocol 4, expected 2"));
  ByteReader bare(bytes_of("N."), "x");
  EXPECT_THAT([&] { read_pickle(bare); },
              ThrowsMessage<std::runtime_error>(
                  "x: pickle opcode NONE at offset 0: a pickle begins with PROTO"));
}

TEST(PickleReaderErrors, EveryOtherOpcodeIsRefused) {
  const std::string allowed = "()].GJKMNQRUXabcehjqrstu}\x80\x85\x86\x87\x88\x89\x8a";
  for (int byte = 0; byte < 256; ++byte) {
    if (allowed.find(static_cast<char>(byte)) != std::string::npos) continue;
    EXPECT_THAT([&] { read(std::string(1, static_cast<char>(byte))); },
                ThrowsMessage<std::runtime_error>(HasSubstr("is not allowed")))
        << byte;
  }
}

TEST(PickleReaderErrors, NamesGlobalsOutsideTheList) {
  const std::string rule = "' is not allowed: only tensors and plain values are read";
  expect_refused("cposix\nsystem\n" + text("true") + "\x85R",
                 "GLOBAL at offset 2: 'posix.system" + rule);
  expect_refused("cnumpy.core.multiarray\nscalar\n",
                 "GLOBAL at offset 2: 'numpy.core.multiarray.scalar" + rule);
  expect_refused("ctorch\nLoad\n", "GLOBAL at offset 2: 'torch.Load" + rule);
  expect_refused("c" + std::string(1000, 'a'), "GLOBAL at offset 2: a name without an end");
  expect_refused("ctorch\nfloat32\n)R", "REDUCE at offset 18: 'torch.float32' can't be called");
  expect_refused("K\1)R",
                 "REDUCE at offset 5: expected a global and a tuple, got an int and a "
                 "tuple");
  expect_refused("ccollections\nOrderedDict\nN\x85R",
                 "REDUCE at offset 29: OrderedDict takes no arguments here");
  expect_refused("]}b",
                 "BUILD at offset 4: expected the attributes of an OrderedDict, got a dict "
                 "for a list");
}

TEST(PickleReaderErrors, StackAndMemo) {
  expect_refused("", "STOP at offset 2: needs 1 values on the stack");
  expect_refused("NN", "STOP at offset 4: values are left over");
  expect_refused("N(", "STOP at offset 4: needs 1 values on the stack");
  expect_refused("t", "TUPLE at offset 2: needs a MARK");
  expect_refused("N(\x85", "TUPLE1 at offset 4: needs 1 values on the stack");
  expect_refused("h\5", "BINGET at offset 2: nothing is stored as 5");
  expect_refused("j\xff\xff\xff\xff", "LONG_BINGET at offset 2: nothing is stored as 4294967295");
  expect_refused("q\5", "BINPUT at offset 2: needs 1 values on the stack");
  expect_refused("NNa", "APPEND at offset 4: expected a list, got None");
  expect_refused("NNNs", "SETITEM at offset 5: expected a dict, got None");
  expect_refused("}(Nu", "SETITEMS at offset 5: a key without a value");
  expect_refused("}(NNu", "SETITEMS at offset 6: text or an int expected as key, got None");
  expect_refused("}(K\1NK\1Nu", "SETITEMS at offset 10: a dict has the same key twice: '1'");
  expect_refused("}(" + text("a") + "N" + text("a") + "Nu",
                 "SETITEMS at offset 18: a dict has the same key twice: 'a'");
  expect_refused("\x8a\x09" + std::string(9, 'x'), "LONG1 at offset 2: an integer of 9 bytes");
  EXPECT_THAT([] { read("X\xff\xff\xff\xff"); },
              ThrowsMessage<std::runtime_error>("x: text needs 4294967295 bytes at offset 7, 1 are "
                                                "left"));
}

TEST(PickleReaderErrors, NoCyclesAndNoBombs) {
  expect_refused("]q\0h\0a"s, "APPEND at offset 7: a container would contain itself");
  expect_refused("]q\0]h\0ah\0K\1a"s,
                 "APPEND at offset 13: a container that is part of another can't change");
  expect_refused("N" + std::string(101, '\x85'), "TUPLE1 at offset 103: nested more than 100 deep");
  EXPECT_EQ(read("N" + std::string(100, '\x85')).value.as<PickleTuple>()->depth, 100);
  // Each list holds the one before twice: few bytes, 2^n values to whoever walks them.
  std::string doubling = "NN\x86";
  for (int i = 0; i < 30; ++i) doubling += "q\0h\0\x86"s;
  EXPECT_THAT([&] { read(doubling); },
              ThrowsMessage<std::runtime_error>(HasSubstr("more than 1000000 values in one")));
  EXPECT_THAT([] { read(std::string(1'000'001, 'N')); },
              ThrowsMessage<std::runtime_error>(
                  "x: pickle opcode NONE at offset 1000002: more than 1000000 values"));
  EXPECT_THAT([] { read(std::string(1'001, '(')); },
              ThrowsMessage<std::runtime_error>(HasSubstr("more than 1000 marks are open")));
  EXPECT_THAT([] { read("}X\x01\x10\0\0"s + std::string(4097, 'k') + "Ns"); },
              ThrowsMessage<std::runtime_error>(HasSubstr("a key of 4097 bytes")));
}

TEST(PickleReaderErrors, TensorsStayInsideTheirStorage) {
  const std::string six = storage("K\6");
  const auto refused = [&](const std::string& place, const std::string& message) {
    EXPECT_THAT([&] { read(tensor(six, place)); },
                ThrowsMessage<std::runtime_error>(HasSubstr(": " + message)))
        << message;
  };
  const std::string large = "\x8a\x08\0\0\0\0\0\0\0\x40"s;  // 2^62
  refused("K\0K\7\x85K\1\x85"s,
          "a tensor of shape [7], strides [1] and offset 0 does not lie inside its storage '0' of "
          "6 elements");
  refused("K\1K\6\x85K\1\x85"s, "a tensor of shape [6], strides [1] and offset 1 does not lie");
  refused("K\6))", "a tensor of shape [], strides [] and offset 6 does not lie");
  refused("K\0K\2K\3\x86K\4K\1\x86"s, "a tensor of shape [2, 3], strides [4, 1] and offset 0 does");
  refused("K\0K\5\x85"s + large + "\x85", "a tensor of shape [5], strides [4611686018427387904]");
  refused(large + "K\2\x85"s + large + "\x85", "a tensor of shape [2], strides [46116860184273879");
  refused("K\0"s + large + large + "\x86K\0K\0\x86"s, "a tensor of shape [4611686018427387904, 46");
  refused("K\0"s + large + "\x85K\0\x85"s,
          "a tensor of shape [4611686018427387904] fits no memory");
  refused("K\0K\7\x85K\0\x85"s,
          "a tensor of shape [7] repeats the 6 elements of its storage '0' "
          "(strides [0])");
  refused("J\xff\xff\xff\xffK\1\x85K\1\x85", "a tensor has the negative storage offset -1");
  refused("K\0J\xff\xff\xff\xff\x85K\1\x85"s, "a tensor has the negative size -1");
  refused("K\0K\2\x85J\xff\xff\xff\xff\x85"s, "a tensor has the negative stride -1");
  refused("K\0K\2\x85)"s, "a tensor of shape [2] has the strides []");
  refused("K\0(K\1K\1K\1K\1K\1K\1K\1K\1K\1t)"s, "a tensor of 9 dimensions, expected at most 8");
  refused("K\0N)"s, "tuple of sizes expected, got None");
  EXPECT_THAT([] { read("ctorch._utils\n_rebuild_tensor_v2\n)R"); },
              ThrowsMessage<std::runtime_error>(HasSubstr(": storage is missing")));
}

TEST(PickleReaderErrors, Storages) {
  const auto refused = [](const std::string& code, const std::string& message) {
    EXPECT_THAT([&] { read(code); },
                ThrowsMessage<std::runtime_error>(HasSubstr("BINPERSID at offset")))
        << code;
    EXPECT_THAT([&] { read(code); }, ThrowsMessage<std::runtime_error>(HasSubstr(": " + message)));
  };
  refused("NQ", "tuple expected as persistent id, got None");
  refused(")Q", "'storage' is missing");
  refused("(" + text("module") + "tQ", "'storage' expected, got another persistent id");
  refused("(" + text("storage") + "ctorch\nfloat32\ntQ",
          "storage type expected, got 'torch.float32'");
  refused("(" + text("storage") + "ctorch\nByteStorage\n" + text("../x") + "tQ",
          "a storage key is expected to be a decimal number");
  refused(storage("J\xff\xff\xff\xff"), "storage '0' has -1 elements");
  refused(storage("N"), "element count expected, got None");
  refused(storage("K\6", text("1") + "K\4K\3\x87"),
          "3 elements from 4 are not part of storage '0' of 6");
  refused(storage("K\6") + storage("K\7"),
          "storage '0' has 7 f32 elements here and 6 f32 elsewhere");
}

}  // namespace
}  // namespace smtrain::nn
