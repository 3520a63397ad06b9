// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/pytorch.h"

#include "smtrain/engine/io/npz.h"
#include "smtrain/tests/shared_data.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smtrain::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::vector<double> doubles(const Array& array) {
  std::vector<double> result;
  dispatch(array.dtype, [&]<typename T>() {
    for (const T value : array.values<T>()) result.push_back(static_cast<double>(value));
  });
  return result;
}

std::vector<std::string> names(const StateDict& state_dict) {
  std::vector<std::string> result;
  for (const auto& entry : state_dict) result.push_back(entry.name);
  return result;
}

/// Every golden exists once per container; the parameter is the end of its name.
class Pytorch : public ::testing::TestWithParam<std::string> {
 protected:
  static std::filesystem::path file(const std::string& stem) {
    return test::golden("files/" + stem + "_" + GetParam() + ".pth");
  }

  static void expect_equal(const Tensor& tensor, const std::string& name) {
    const auto found = expected().find(name);
    ASSERT_NE(found, expected().end()) << name;
    EXPECT_EQ(tensor.shape(), found->second.shape) << name;
    EXPECT_EQ(tensor.to_vector<double>(), doubles(found->second)) << name;
  }

 private:
  static const std::map<std::string, Array>& expected() {
    static const auto arrays = read_npz(test::golden("files/expected.npz"));
    return arrays;
  }
};

INSTANTIATE_TEST_SUITE_P(Containers, Pytorch, ::testing::Values("zip", "legacy"),
                         [](const auto& container) { return container.param; });

TEST_P(Pytorch, ReadsAStateDict) {
  const StateDict state_dict = read_pytorch(file("state_dict"));
  EXPECT_THAT(names(state_dict),
              ElementsAre("module.0.weight", "module.0.bias", "module.1.weight", "module.1.bias",
                          "module.1.running_mean", "module.1.running_var",
                          "module.1.num_batches_tracked", "module.3.weight", "module.3.bias"));
  for (const auto& [name, tensor] : state_dict) expect_equal(tensor, "sd/" + name);
  EXPECT_EQ(state_dict.at("module.0.weight").dtype(), DType::f32);
  EXPECT_EQ(state_dict.at("module.1.num_batches_tracked").dtype(), DType::i64);
}

TEST_P(Pytorch, ReadsTheStateDictOfACheckpoint) {
  const StateDict state_dict = read_pytorch(file("checkpoint"));
  EXPECT_EQ(state_dict.size(), 9u);
  for (const auto& [name, tensor] : state_dict) expect_equal(tensor, "sd/" + name);
}

TEST_P(Pytorch, ReadsTheOptimizerOfACheckpoint) {
  PytorchFile checkpoint(file("checkpoint"));
  const auto& root = *checkpoint.root().as<PickleDict>();
  EXPECT_EQ(*root.find("epoch")->as<const int64_t>(), 3);
  EXPECT_EQ(*root.find("model_name")->as<std::string>(), "tiny");
  EXPECT_EQ(*root.find("best_acc1")->as<const double>(), 12.5);
  const auto& optimizer = *root.find("optimizer")->as<PickleDict>();
  const auto& group =
      *optimizer.find("param_groups")->as<PickleList>()->items.at(0).as<PickleDict>();
  EXPECT_EQ(*group.find("momentum")->as<const double>(), 0.9);
  EXPECT_EQ(group.find("params")->as<PickleList>()->items.size(), 6u);
  const auto& state = *optimizer.find("state")->as<PickleDict>();
  for (int64_t i = 0; i < 6; ++i) {
    const auto& of_parameter = *state.find(i)->as<PickleDict>();
    const auto& buffer = *of_parameter.find("momentum_buffer")->as<PickleTensor>();
    expect_equal(checkpoint.tensor(buffer, "momentum"), "momentum/" + std::to_string(i));
  }
}

TEST_P(Pytorch, ReadsOddTensors) {
  PytorchFile odd(file("odd_tensors"));
  std::map<std::string, Tensor> tensors;
  for (const auto& [key, value] : odd.root().as<PickleDict>()->items) {
    const std::string& name = *key.as<std::string>();
    if (name == "i16" || name == "i8") continue;
    tensors[name] = odd.tensor(*value.as<PickleTensor>(), name);
    expect_equal(tensors[name], "odd/" + name);
  }
  EXPECT_EQ(tensors.size(), 15u);
  EXPECT_EQ(tensors["bf16"].dtype(), DType::bf16);
  EXPECT_EQ(tensors["b"].dtype(), DType::boolean);
  EXPECT_EQ(tensors["scalar"].ndim(), 0);
  EXPECT_TRUE(tensors["channels_last"].is_contiguous(MemoryFormat::channels_last));
  EXPECT_EQ(tensors["transposed"].strides(), Shape({1, 12, 4}));
  EXPECT_EQ(tensors["shared_b"].storage(), tensors["sliced"].storage());
  EXPECT_EQ(static_cast<float*>(tensors["shared_b"].data()),
            static_cast<float*>(tensors["shared_a"].data()) + 4);
}

TEST_P(Pytorch, RefusesDTypesTheEngineLacksByName) {
  EXPECT_THAT([] { read_pytorch(file("odd_tensors")); },
              ThrowsMessage<std::runtime_error>(
                  file("odd_tensors").string() +
                  ": 'i16' has dtype i16, expected one of f32, f64, bf16, f16, i64, i32, u8 and "
                  "bool"));
}

TEST_P(Pytorch, ReadsWhatItWrites) {
  const PytorchFormat format = GetParam() == "zip" ? PytorchFormat::zip : PytorchFormat::legacy;
  PytorchFile odd(file("odd_tensors"));
  StateDict written;
  for (const auto& [key, value] : odd.root().as<PickleDict>()->items) {
    const std::string& name = *key.as<std::string>();
    if (name == "i16" || name == "i8") continue;
    written.add(name, odd.tensor(*value.as<PickleTensor>(), name));
  }
  const test::TemporaryDirectory directory;
  const std::string path = directory / "model.pth";
  write_pytorch(path, written, {.format = format});
  const StateDict read = read_pytorch(path);
  EXPECT_EQ(names(read), names(written));
  for (const auto& [name, tensor] : written) {
    EXPECT_EQ(read.at(name).dtype(), tensor.dtype());
    EXPECT_EQ(read.at(name).shape(), tensor.shape());
    EXPECT_TRUE(read.at(name).is_contiguous());
    EXPECT_EQ(read.at(name).to_vector<double>(), tensor.to_vector<double>()) << name;
  }
  const auto bytes = read_file(path, 100'000);
  write_pytorch(path, written, {.format = format});
  EXPECT_EQ(read_file(path, 100'000), bytes);  // the same state, the same file

  write_pytorch(path, written, {.format = format, .module_prefix = true});
  EXPECT_EQ(names(read_pytorch(path)), names(add_module_prefix(written)));
  write_pytorch(path, StateDict(), {.format = format});
  EXPECT_TRUE(read_pytorch(path).empty());
}

TEST_P(Pytorch, WritesNothingWhenItFails) {
  const test::TemporaryDirectory directory;
  const PytorchFormat format = GetParam() == "zip" ? PytorchFormat::zip : PytorchFormat::legacy;
  StateDict undefined;
  undefined.add("a", Tensor());
  EXPECT_THROW(write_pytorch(directory / "model.pth", undefined, {.format = format}),
               std::invalid_argument);
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(PytorchFile, MissingFile) {
  EXPECT_THAT([] { read_pytorch("absent.pth"); },
              ThrowsMessage<std::runtime_error>(HasSubstr("absent.pth: cannot open: ")));
}

}  // namespace
}  // namespace smtrain::nn
