// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/conv2d_plans.h"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// Whether cuDNN has plans for the convolutions that models are made of is asked here without a GPU,
// for one described by h200.json. That file was typed by hand from an H200's published numbers: it
// was not read off a device, whose own answers may differ in a field that cuDNN looks at.

namespace smtrain::cuda {
namespace {

const CudnnTarget& h200() {
  static const CudnnTarget target = [] {
    std::ifstream file(std::string(SMTRAIN_SOURCE_DIR) + "/tests/kernels/cuda/h200.json");
    return CudnnTarget::described_by({std::istreambuf_iterator<char>(file), {}});
  }();
  return target;
}

struct Layer {
  std::string name;
  int64_t batch, in_channels, size, out_channels, kernel;
  int64_t stride = 1, padding = 0, padding_after = padding, dilation = 1, groups = 1;

  Conv2dShape shape(DType dtype, bool tf32 = false) const {
    const int64_t reach = dilation * (kernel - 1) + 1;
    const int64_t out = (size + padding + padding_after - reach) / stride + 1;
    return {.dtype = dtype,
            .gradient_dtype = dtype == DType::f64 ? DType::f64 : DType::f32,
            .tf32 = tf32,
            .batch = batch,
            .in_channels = in_channels,
            .in_height = size,
            .in_width = size,
            .out_channels = out_channels,
            .out_height = out,
            .out_width = out,
            .kernel_height = kernel,
            .kernel_width = kernel,
            .stride_height = stride,
            .stride_width = stride,
            .pad_top = padding,
            .pad_left = padding,
            .dilation_height = dilation,
            .dilation_width = dilation,
            .groups = groups};
  }
};

// The convolutions of nn/models/net.cpp on 96x96 images, of mnist_cnn.cpp, and the kinds that a
// ResNet-50 has on 224x224 images.
std::vector<Layer> layers_of_models() {
  std::vector<Layer> layers;
  for (const int64_t batch : {4, 128}) {
    const std::string n = " of " + std::to_string(batch);
    layers.push_back({"net.conv1" + n, batch, 3, 96, 6, 7});
    layers.push_back({"net.conv2" + n, batch, 6, 45, 16, 3});
    layers.push_back({"net.conv3" + n, batch, 16, 21, 64, 3});
    layers.push_back({"mnist_cnn.conv1" + n, batch, 1, 28, 32, 3});
    layers.push_back({"mnist_cnn.conv2" + n, batch, 32, 26, 64, 3});
  }
  layers.push_back({"resnet stem", 32, 3, 224, 64, 7, 2, 3});
  layers.push_back({"resnet 1x1", 32, 64, 56, 256, 1});
  layers.push_back({"resnet 3x3", 32, 128, 28, 128, 3, 1, 1});
  layers.push_back({"resnet 3x3, stride 2", 32, 256, 28, 256, 3, 2, 1});
  layers.push_back({"resnet 1x1, stride 2", 32, 256, 56, 512, 1, 2});
  return layers;
}

std::vector<Conv2dOperation> all_operations() {
  constexpr auto kForward = ConvolutionDirection::forward;
  constexpr auto kFilter = ConvolutionDirection::backward_filter;
  return {{.direction = kForward},
          {.direction = kForward, .bias = true},
          {.direction = ConvolutionDirection::backward_data},
          {.direction = kFilter},
          {.direction = kFilter, .accumulate = true}};
}

CudnnPlan first_plan(const Conv2dShape& shape, const Conv2dOperation& operation) {
  return std::move(candidate_plans(h200(), shape, operation, 1).front());
}

void expect_plans(const Layer& layer, DType dtype, bool tf32 = false) {
  for (const Conv2dOperation& operation : all_operations()) {
    SCOPED_TRACE(layer.name + ", " + (tf32 ? "tf32" : name_of(dtype)) + ", direction " +
                 std::to_string(static_cast<int>(operation.direction)) +
                 (operation.bias ? ", bias" : "") + (operation.accumulate ? ", accumulate" : ""));
    try {
      const CudnnPlan plan = first_plan(layer.shape(dtype, tf32), operation);
      EXPECT_FALSE(plan.numerical().test(CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC));
      EXPECT_TRUE(dtype != DType::f32 || tf32 ||
                  !plan.numerical().test(CUDNN_NUMERICAL_NOTE_TENSOR_CORE));
      EXPECT_LE(plan.workspace_bytes(), kConv2dWorkspaceLimit);
    } catch (const std::runtime_error& error) {
      ADD_FAILURE() << error.what();
    }
  }
}

class Conv2dPlans : public testing::TestWithParam<DType> {};

TEST_P(Conv2dPlans, ExistForLayersOfModels) {
  for (const Layer& layer : layers_of_models()) expect_plans(layer, GetParam());
}

TEST_P(Conv2dPlans, ExistForUnusualLayers) {
  expect_plans({.name = "depthwise",
                .batch = 8,
                .in_channels = 32,
                .size = 28,
                .out_channels = 32,
                .kernel = 3,
                .padding = 1,
                .groups = 32},
               GetParam());
  expect_plans({.name = "groups",
                .batch = 8,
                .in_channels = 32,
                .size = 28,
                .out_channels = 64,
                .kernel = 3,
                .padding = 1,
                .groups = 4},
               GetParam());
  expect_plans({.name = "dilation",
                .batch = 8,
                .in_channels = 16,
                .size = 28,
                .out_channels = 16,
                .kernel = 3,
                .padding = 2,
                .dilation = 2},
               GetParam());
  expect_plans({.name = "unequal padding",
                .batch = 8,
                .in_channels = 16,
                .size = 28,
                .out_channels = 16,
                .kernel = 3,
                .stride = 2,
                .padding = 0,
                .padding_after = 1},
               GetParam());
}

INSTANTIATE_TEST_SUITE_P(DTypes, Conv2dPlans,
                         testing::Values(DType::f32, DType::f64, DType::bf16, DType::f16),
                         [](const auto& info) { return name_of(info.param); });

TEST(Conv2dPlansOfTF32, ExistAndUseTensorCores) {
  for (const Layer& layer : layers_of_models()) expect_plans(layer, DType::f32, /*tf32=*/true);
  const Layer layer = {"resnet 3x3", 32, 128, 28, 128, 3, 1, 1};
  for (const bool tf32 : {false, true}) {
    for (const Conv2dOperation& operation : all_operations()) {
      const CudnnPlan plan = first_plan(layer.shape(DType::f32, tf32), operation);
      EXPECT_EQ(plan.numerical().test(CUDNN_NUMERICAL_NOTE_TENSOR_CORE), tf32);
    }
  }
}

std::string failure_of(const Conv2dShape& shape) {
  try {
    first_plan(shape, {});
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

TEST(Conv2dPlan, MissingOneIsNamedWithItsSizes) {
  Conv2dShape shape = layers_of_models()[0].shape(DType::f32);
  shape.batch = int64_t{1} << 40;
  EXPECT_EQ(failure_of(shape),
            "cuDNN has no plan for the result of a f32 convolution (input [1099511627776, 3, 96, "
            "96], weight [6, 3, 7, 7], groups 1): 0 are not exact enough, 0 are not for this GPU, "
            "0 need more than 256 MiB of workspace");
}

TEST(Conv2dPlan, SizesThatDoNotFitEachOtherAreRefused) {
  Conv2dShape shape = layers_of_models()[0].shape(DType::f32);
  shape.out_height -= 4;
  EXPECT_THAT(failure_of(shape), testing::StartsWith("cuDNN: describing an operation: "));
}

// What a machine remembers of a plan is its name: cuDNN is not asked for proposals again, which
// takes it some 20 ms for each operation.
TEST(Conv2dPlan, EachIsFoundByItsName) {
  constexpr size_t kAll = 1000;
  size_t plans = 0;
  for (const DType dtype : {DType::f32, DType::bf16}) {
    for (const Layer& layer : {layers_of_models()[1], layers_of_models().back()}) {
      for (const Conv2dOperation& operation : all_operations()) {
        const Conv2dShape shape = layer.shape(dtype);
        for (const CudnnPlan& plan : candidate_plans(h200(), shape, operation, kAll)) {
          SCOPED_TRACE(text_of(shape, operation) + ": " + plan.name());
          const auto found = plan_named(h200(), shape, operation, plan.name());
          ASSERT_TRUE(found);
          EXPECT_EQ(found->name(), plan.name());
          EXPECT_EQ(found->workspace_bytes(), plan.workspace_bytes());
          EXPECT_EQ(found->numerical(), plan.numerical());
          ++plans;
        }
      }
    }
  }
  EXPECT_GT(plans, 100u);
}

TEST(Conv2dPlan, NamesThatCudnnDoesNotHaveAreNoPlans) {
  const Conv2dShape shape = layers_of_models()[1].shape(DType::f32);
  const std::string name = first_plan(shape, {}).name();
  const std::vector<std::string> wrong_names = {"",
                                                "x",
                                                "-1",
                                                "999999",
                                                std::string(100'000, '7'),
                                                name + " ",
                                                name + " 1",
                                                name + " x=1",
                                                name + " 2=99999999",
                                                name + " -7=1"};
  for (const std::string& wrong : wrong_names) {
    EXPECT_FALSE(plan_named(h200(), shape, {}, wrong)) << wrong.substr(0, 80);
  }
}

TEST(Conv2dPlan, NameOfOneThatIsNotExactEnoughIsNotTaken) {
  const Conv2dShape shape = layers_of_models()[1].shape(DType::f32);
  const CudnnGraph graph = conv2d_graph(h200(), shape, {});
  int inexact = 0;
  for (const CudnnProposal& proposal : propose(graph, CUDNN_HEUR_MODE_A)) {
    const bool is_taken = plan_named(h200(), shape, {}, proposal.name).has_value();
    EXPECT_TRUE(!is_taken || is_exact_enough(DType::f32, false, proposal.numerical))
        << proposal.name;
    inexact += is_exact_enough(DType::f32, false, proposal.numerical) ? 0 : 1;
  }
  EXPECT_GT(inexact, 0);
}

std::vector<std::string> chosen(const PlanChoices& choices) {
  std::vector<std::string> lines;
  choices.visit(
      [](const PlanChoice& choice, void* context) {
        static_cast<std::vector<std::string>*>(context)->push_back(
            std::string(choice.operation) + " -> " + choice.plan + ", " +
            std::to_string(choice.milliseconds));
      },
      &lines);
  return lines;
}

TEST(Conv2dPlan, ToldOneIsTakenElseTheFirstWhereNothingIsTimed) {
  const Conv2dShape shape = layers_of_models()[1].shape(DType::bf16);
  const std::vector<CudnnPlan> plans = candidate_plans(h200(), shape, {}, 2);
  ASSERT_EQ(plans.size(), 2u);
  ASSERT_NE(plans[0].name(), plans[1].name());
  const std::string text = text_of(shape, {});

  PlanChoices untold;
  EXPECT_EQ(choose_plan(h200(), shape, {}, untold, {}).name(), plans[0].name());
  EXPECT_THAT(chosen(untold), testing::ElementsAre(text + " -> " + plans[0].name() + ", 0.000000"));

  PlanChoices told;
  told.tell({text.c_str(), plans[1].name().c_str(), 0.5F});
  EXPECT_THAT(chosen(told), testing::IsEmpty());
  EXPECT_EQ(choose_plan(h200(), shape, {}, told, {}).name(), plans[1].name());
  EXPECT_THAT(chosen(told), testing::ElementsAre(text + " -> " + plans[1].name() + ", 0.500000"));

  PlanChoices foreign;
  foreign.tell({text.c_str(), "another library's", 0.5F});
  EXPECT_EQ(choose_plan(h200(), shape, {}, foreign, {}).name(), plans[0].name());
  EXPECT_THAT(chosen(foreign),
              testing::ElementsAre(text + " -> " + plans[0].name() + ", 0.000000"));
}

TEST(Conv2dPlan, IsChosenByAllThatItDependsOn) {
  const Conv2dShape shape = layers_of_models()[1].shape(DType::f32);
  EXPECT_EQ(text_of(shape, {.bias = true}),
            "result + bias of a f32 convolution (input [4, 6, 45, 45], weight [16, 6, 3, 3], "
            "groups 1), output [43, 43], stride [1, 1], padding [0, 0], dilation [1, 1], "
            "channels-last, weight row-major");
  std::set<std::string> texts;
  for (const Conv2dOperation& operation : all_operations()) texts.insert(text_of(shape, operation));
  int64_t Conv2dShape::*const sizes[] = {
      &Conv2dShape::batch,         &Conv2dShape::in_channels,     &Conv2dShape::in_height,
      &Conv2dShape::in_width,      &Conv2dShape::out_channels,    &Conv2dShape::out_height,
      &Conv2dShape::out_width,     &Conv2dShape::kernel_height,   &Conv2dShape::kernel_width,
      &Conv2dShape::stride_height, &Conv2dShape::stride_width,    &Conv2dShape::pad_top,
      &Conv2dShape::pad_left,      &Conv2dShape::dilation_height, &Conv2dShape::dilation_width};
  for (const auto size : sizes) {
    Conv2dShape other = shape;
    other.*size += 1;
    texts.insert(text_of(other, {}));
  }
  for (const DType dtype : {DType::f64, DType::bf16, DType::f16}) {
    Conv2dShape other = shape;
    other.dtype = dtype;
    texts.insert(text_of(other, {}));
  }
  Conv2dShape grouped = shape;
  grouped.groups = 2;
  texts.insert(text_of(grouped, {}));
  EXPECT_EQ(texts.size(), all_operations().size() + std::size(sizes) + 3 + 1);
}

TEST(CudnnTarget, BadDescriptionIsRefused) {
  EXPECT_THROW(CudnnTarget::described_by("{}"), std::runtime_error);
  EXPECT_THROW(CudnnTarget::described_by("no JSON"), std::runtime_error);
}

TEST(ExactEnough, MeansDeterministicAndWideSums) {
  NumericalNotes notes;
  EXPECT_TRUE(is_exact_enough(DType::f32, false, notes));
  notes.set(CUDNN_NUMERICAL_NOTE_TENSOR_CORE);
  EXPECT_FALSE(is_exact_enough(DType::f32, false, notes));
  EXPECT_TRUE(is_exact_enough(DType::f32, true, notes));
  EXPECT_TRUE(is_exact_enough(DType::bf16, false, notes));
  EXPECT_TRUE(is_exact_enough(DType::f64, false, notes));
  notes.set(CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC);
  EXPECT_FALSE(is_exact_enough(DType::bf16, false, notes));
  EXPECT_FALSE(is_exact_enough(DType::f32, true, notes));
}

}  // namespace
}  // namespace smtrain::cuda
