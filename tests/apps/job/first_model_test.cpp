// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/job/first_model.h"

#include "smtrain/apps/config/recipe_reader.h"
#include "smtrain/apps/job/job.h"
#include "smtrain/apps/model/model_file.h"
#include "smtrain/engine/context.h"
#include "smtrain/nn/formats/pytorch.h"
#include "smtrain/nn/formats/safetensors.h"
#include "smtrain/nn/layers/linear.h"
#include "smtrain/nn/models/resnet.h"
#include "smtrain/tests/engine/op_test.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace smtrain::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class FirstModelTest : public testing::Test {
 protected:
  /// The model of a job whose weights begin with the file; `more` are keys of the recipe.
  FirstModel first(const std::string& model, const Shape& input, int64_t classes,
                   const std::string& more = "") {
    const std::string half = input[0] == 1 ? "[0.5]" : "[0.5, 0.5, 0.5]";
    const Recipe recipe = read_recipe("model: {name: " + model + ", pretrained: " + file_ +
                                          "}\ndata: {train: x, transform: [to_tensor, {normalize: "
                                          "{mean: " +
                                          half + ", std: " + half + "}}]}\n" + more,
                                      "recipe.yaml");
    Context context({.seed = 7});
    const ContextGuard guard(context);
    return first_model(recipe, input, classes, preprocessing(recipe.data, input[0]));
  }

  test::TemporaryDirectory directory_;
  const std::string file_ = directory_ / "weights.pth";
};

// As a script does that makes torchvision's model for 1000 classes, loads weights into it, and puts
// another layer in place of `fc`: with the same seed that layer has the same weights.
TEST_F(FirstModelTest, HeadIsDrawnAfterTheModelOfTheFile) {
  nn::write_pytorch(file_, nn::ResNet({.depth = 20, .classes = 10}).state_dict());
  const FirstModel job = first("resnet20", {3, 32, 32}, 4);

  Context context({.seed = 7});
  const ContextGuard guard(context);
  nn::ResNet script({.depth = 20, .classes = 10});
  script.load_state_dict(nn::read_pytorch(file_));
  script.replace("fc", nn::linear(64, 4));
  const nn::StateDict expected = script.state_dict(), actual = job.model->state_dict();
  ASSERT_EQ(actual.size(), expected.size());
  for (const auto& [name, tensor] : expected)
    EXPECT_EQ(actual.at(name).to_vector<double>(), tensor.to_vector<double>()) << name;
  EXPECT_THAT(job.notes,
              ElementsAre("model.pretrained: 128 of the model's 128 tensors are those of " + file_,
                          "model.pretrained: the head 'fc' for 10 classes is replaced by a new one "
                          "for 4"));
  EXPECT_THAT(job.warnings, IsEmpty());
}

TEST_F(FirstModelTest, GreyPicturesTakeWeightsForColor) {
  nn::write_pytorch(file_, nn::ResNet({.depth = 20, .classes = 4}).state_dict());
  const FirstModel job = first("resnet20", {1, 32, 32}, 4);
  EXPECT_EQ(job.notes.back(), "model.pretrained: 'conv1.weight' is for 3 channels, made fit for 1");
  EXPECT_EQ((*job.model)(zeros({2, 1, 32, 32})).shape(), (Shape{2, 4}));
}

TEST_F(FirstModelTest, WeightsThatExpectOtherPicturesAreWarnedOf) {
  nn::write_pytorch(file_, nn::ResNet({.depth = 18}).state_dict());
  EXPECT_THAT(
      first("resnet18", {3, 96, 64}, 4).warnings,
      ElementsAre(
          "pretrained_statistics: model.pretrained: the weights of " + file_ +
              " expect pictures with mean [0.485, 0.456, 0.406] and std [0.229, 0.224, 0.225] "
              "taken off, this job takes [0.5, 0.5, 0.5] and [0.5, 0.5, 0.5]; they get what they "
              "expect from data.transform: {normalize: {mean: [0.485, 0.456, 0.406], std: [0.229, "
              "0.224, 0.225]}}",
          "pretrained_statistics: model.pretrained: the weights of " + file_ +
              " were learned from pictures of 224x224, this job's are 96x64; data.image_size: "
              "[224, 224] makes them as large"));
}

TEST_F(FirstModelTest, OfAModelOfOursTheCardSaysWhatItExpects) {
  const nn::ResNet model({.depth = 20, .classes = 4});
  Recipe recipe = read_recipe("model: resnet20\ndata: {train: x, transform: [to_tensor]}", "card");
  write_model(file_,
              {.recipe = recipe,
               .classes = {"a", "b", "c", "d"},
               .input = {3, 32, 32},
               .metric = "",
               .data_hash = "",
               .version = ""},
              model);
  EXPECT_THAT(
      first("resnet20", {3, 32, 32}, 4).warnings,
      ElementsAre(
          "pretrained_statistics: model.pretrained: the weights of " + file_ +
          " expect pictures with mean [0, 0, 0] and std [1, 1, 1] taken off, this job takes "
          "[0.5, 0.5, 0.5] and [0.5, 0.5, 0.5]; they get what they expect from "
          "data.transform: {normalize: {mean: [0, 0, 0], std: [1, 1, 1]}}"));
}

TEST_F(FirstModelTest, WhatDoesNotFitIsATable) {
  nn::write_pytorch(file_, nn::ResNet({.depth = 32, .classes = 4}).state_dict());
  const std::vector<std::string> warnings = first("resnet20", {3, 32, 32}, 4).warnings;
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_THAT(warnings[0],
              testing::StartsWith("pretrained_mismatch: model.pretrained: not all of " + file_ +
                                  " fits\n"));
  EXPECT_THAT(warnings[0], testing::HasSubstr("layer1.3.conv1.weight"));
}

TEST_F(FirstModelTest, FreezesWhatIsNamed) {
  nn::write_pytorch(file_, nn::ResNet({.depth = 20, .classes = 4}).state_dict());
  const FirstModel job =
      first("resnet20", {3, 32, 32}, 4, "train: {freeze: ['layer1.*', conv1.weight]}\n");
  for (const auto& [name, parameter] : job.model->named_parameters()) {
    EXPECT_EQ(parameter.requires_grad(), !name.starts_with("layer1.") && name != "conv1.weight")
        << name;
  }
}

}  // namespace
}  // namespace smtrain::app
