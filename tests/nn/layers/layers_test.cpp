// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/autograd.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/io/sha256.h"
#include "smtrain/engine/ops/arithmetic.h"
#include "smtrain/engine/ops/concat.h"
#include "smtrain/engine/ops/linear.h"
#include "smtrain/engine/ops/unary.h"
#include "smtrain/nn/layers/activation.h"
#include "smtrain/nn/layers/batch_norm2d.h"
#include "smtrain/nn/layers/conv2d.h"
#include "smtrain/nn/layers/dropout.h"
#include "smtrain/nn/layers/flatten.h"
#include "smtrain/nn/layers/heads.h"
#include "smtrain/nn/layers/linear.h"
#include "smtrain/nn/layers/pool.h"
#include "smtrain/nn/layers/residual.h"
#include "smtrain/nn/layers/sequential.h"
#include "smtrain/tests/engine/op_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smtrain::nn {
namespace {

using testing::Each;
using testing::ElementsAre;

std::vector<float> values(const Tensor& x) { return x.to_vector<float>(); }

Tensor images(const Shape& shape = {2, 4, 7, 9}) { return test::randn(shape, DType::f32, 1); }

TEST(Layers, GiveWhatTheirOpsGive) {
  const Tensor x = images();
  const Conv2dOptions options = {.stride = 2, .padding = {1, 0, 2, 1}, .dilation = 2, .groups = 2};
  const auto conv = conv2d(4, 6, {2, 3}, options);
  EXPECT_EQ(values((*conv)(x)), values(smtrain::conv2d(x, conv->weight(), conv->bias(), options)));
  const auto fc = linear(9, 5);
  EXPECT_EQ(values((*fc)(x)), values(smtrain::linear(x, fc->weight(), fc->bias())));
  EXPECT_EQ((*fc)(x).shape(), (Shape{2, 4, 7, 5}));

  EXPECT_EQ(values((*relu())(x)), values(smtrain::relu(x)));
  EXPECT_EQ(values((*softmax())(x)), values(smtrain::softmax(x, -1)));
  EXPECT_EQ(values((*log_softmax())(x)), values(smtrain::log_softmax(x, -1)));
  EXPECT_EQ((*flatten())(x).shape(), (Shape{2, 252}));
  EXPECT_EQ(values((*flatten())(x)), values(x));

  const MaxPool2dOptions max = {.kernel_size = 3, .stride = 2, .padding = 1, .ceil_mode = true};
  EXPECT_EQ(values((*max_pool2d(max))(x)), values(smtrain::max_pool2d(x, max)));
  EXPECT_EQ(values((*max_pool2d(2))(x)), values(smtrain::max_pool2d(x, {.kernel_size = 2})));
  const AvgPool2dOptions average = {.kernel_size = 3, .padding = 1, .count_include_pad = false};
  EXPECT_EQ(values((*avg_pool2d(average))(x)), values(smtrain::avg_pool2d(x, average)));
  EXPECT_EQ(values((*adaptive_avg_pool2d({2, 3}))(x)),
            values(smtrain::adaptive_avg_pool2d(x, {2, 3})));
}

TEST(Layers, BatchNormUsesTheBatchInTrainingAndItsMemoryInEvaluation) {
  const Tensor x = images();
  const auto layer = batch_norm2d(4, /*eps=*/1e-3, /*momentum=*/0.25);
  BatchNormRunning running = {zeros({4}), ones({4}), zeros({}, {.dtype = DType::i64})};
  const auto expected = [&](bool training) {
    return values(batch_norm(x, ones({4}), zeros({4}), running,
                             {.training = training, .momentum = 0.25, .eps = 1e-3}));
  };
  EXPECT_EQ(values((*layer)(x)), expected(true));
  const auto buffers = layer->named_buffers();
  EXPECT_EQ(values(buffers[0].tensor), values(running.mean));
  EXPECT_EQ(values(buffers[1].tensor), values(running.var));
  EXPECT_EQ(buffers[2].tensor.item(), 1);
  layer->eval();
  EXPECT_EQ(values((*layer)(x)), expected(false));
  EXPECT_EQ(buffers[2].tensor.item(), 1);
}

TEST(Layers, DropoutDrawsInTrainingOnly) {
  Context context;
  const ContextGuard guard(context);
  const Tensor x = images();
  const auto drawn = [&](auto&& f) {
    context.generator().manual_seed(4);
    return values(f(x));
  };
  const auto plain = dropout(0.25);
  const auto channels = dropout2d(0.75);
  const auto both = sequential({plain, channels});
  EXPECT_EQ(drawn(*plain), drawn([](const Tensor& t) { return smtrain::dropout(t, 0.25); }));
  EXPECT_EQ(drawn(*channels), drawn([](const Tensor& t) { return smtrain::dropout2d(t, 0.75); }));
  EXPECT_EQ(drawn(*both), drawn([](const Tensor& t) {
              return smtrain::dropout2d(smtrain::dropout(t, 0.25), 0.75);
            }));
  EXPECT_NE(drawn(*both), values(x));
  both->eval();
  context.generator().manual_seed(4);
  const int64_t next = context.generator().random();
  EXPECT_EQ(drawn(*both), values(x));
  EXPECT_EQ(context.generator().random(), next);
}

// Digests of what torch.nn of PyTorch 1.13 draws after manual_seed(7), layer by layer.
TEST(Layers, StartAsPyTorchsInEveryBit) {
  Context context({.seed = 7});
  const ContextGuard guard(context);
  const auto digest = [](const Tensor& t) {
    const auto* bytes = static_cast<const uint8_t*>(t.data());
    return sha256({bytes, static_cast<size_t>(t.numel()) * sizeof(float)});
  };
  const auto conv = conv2d(4, 6, {3, 5}, {.groups = 2});
  const auto fc = linear(7, 3);
  const auto norm = batch_norm2d(3);  // draws nothing
  const auto unbiased = conv2d(2, 3, 1, {}, /*bias=*/false);
  EXPECT_EQ(digest(conv->weight()),
            "bd25a57ea5dec80c3702d684feca928b3c0869845937a17eb2fac13429d36191");
  EXPECT_EQ(digest(conv->bias()),
            "6abd45b860da2ffa40769d2a992c555ef17c93b62e0365b77115e987fc355ade");
  EXPECT_EQ(digest(fc->weight()),
            "9220b62e83052459098ab40127b4e4821963db9c61c75aea3159d2b0ee3f2169");
  EXPECT_EQ(digest(fc->bias()), "91617a8e7784e4182502d9a2ba615febb690f7b04a83e96f4ec1eabc80b4ffb5");
  EXPECT_EQ(digest(unbiased->weight()),
            "17649659e51b0f58ab7e3f1dc05fa704c7792ed0fd3b67b5937fc5cb1fbde09b");
  EXPECT_FALSE(unbiased->bias().defined());
  EXPECT_THAT(values(norm->parameters()[0]), Each(1));
  EXPECT_THAT(values(norm->parameters()[1]), Each(0));
}

TEST(Layers, DescribeThemselves) {
  const std::vector<std::pair<ModulePtr, const char*>> layers = {
      {conv2d(3, 6, 7), "Conv2d(3, 6, kernel_size=7x7, stride=1x1)"},
      {conv2d(4, 6, {3, 5}, {.stride = {2, 1}, .padding = Size2d(1, 2), .dilation = 2, .groups = 2},
              false),
       "Conv2d(4, 6, kernel_size=3x5, stride=2x1, padding=1x2, dilation=2x2, groups=2, "
       "bias=False)"},
      {conv2d(1, 1, {2, 3}, {.padding = Padding2d::same({2, 3})}),
       "Conv2d(1, 1, kernel_size=2x3, stride=1x1, padding=(top 0, bottom 1, left 1, right 1))"},
      {linear(3, 5), "Linear(3, 5)"},
      {linear(3, 5, false), "Linear(3, 5, bias=False)"},
      {batch_norm2d(8), "BatchNorm2d(8, eps=1e-05, momentum=0.1)"},
      {relu(), "ReLU()"},
      {softmax(), "Softmax(dim=-1)"},
      {log_softmax(), "LogSoftmax(dim=-1)"},
      {flatten(), "Flatten()"},
      {dropout(0.25), "Dropout(p=0.25)"},
      {dropout2d(), "Dropout2d(p=0.5)"},
      {max_pool2d(2), "MaxPool2d(kernel_size=2x2, stride=2x2)"},
      {max_pool2d({.kernel_size = {3, 2},
                   .stride = 1,
                   .padding = 1,
                   .dilation = {1, 2},
                   .ceil_mode = true}),
       "MaxPool2d(kernel_size=3x2, stride=1x1, padding=1x1, dilation=1x2, ceil_mode=True)"},
      {avg_pool2d({.kernel_size = 3, .stride = 2, .padding = 1, .ceil_mode = true}),
       "AvgPool2d(kernel_size=3x3, stride=2x2, padding=1x1, ceil_mode=True)"},
      {adaptive_avg_pool2d({1, 2}), "AdaptiveAvgPool2d(output_size=1x2)"},
      {sequential({relu()}), "Sequential"},
      {std::make_shared<Residual>(relu()), "Residual"},
      {std::make_shared<Heads>(std::vector<Module::NamedModule>{}), "Heads"},
  };
  for (const auto& [layer, text] : layers) EXPECT_EQ(layer->describe(), text);
}

TEST(Residual, AddsWhatItSkipped) {
  const Tensor x = images();
  const auto layers = conv2d(4, 4, 3, {.padding = 1});
  const auto shortcut = conv2d(4, 4, 1);
  Residual plain(layers);
  Residual projected(layers, shortcut);
  EXPECT_EQ(values(plain(x)), values((*layers)(x) + x));
  EXPECT_EQ(values(projected(x)), values((*layers)(x) + (*shortcut)(x)));
  EXPECT_EQ(plain.named_parameters()[0].name, "layers.weight");
  EXPECT_EQ(projected.named_parameters()[3].name, "shortcut.bias");
}

TEST(Residual, IsTheSameWhereABatchNormAddsTheShortcut) {
  const Tensor x = images();
  const auto layers = sequential({conv2d(4, 5, 3, {.padding = 1}, false), batch_norm2d(5)});
  const auto shortcut = sequential({conv2d(4, 5, 1, {}, false), batch_norm2d(5)});
  Residual residual(layers, shortcut);
  const Tensor expected = (*layers)(x) + (*shortcut)(x);
  EXPECT_CLOSE(residual(x), expected, 1e-6);
  EXPECT_CLOSE(residual.forward_relu(x), smtrain::relu(expected), 1e-6);
  EXPECT_EQ(residual.named_parameters()[1].name, "layers.1.weight");
}

TEST(Residual, PassesTheGradientThroughBothPaths) {
  const auto layers = linear(3, 3, /*bias=*/false);
  Residual residual(layers);
  layers->to(DType::f64);
  test::check_gradient([&](const Tensor& x) { return residual(x); }, {2, 3});
}

TEST(Heads, StandSideBySideInTheirOrder) {
  const Tensor x = test::randn({3, 6}, DType::f32, 1);
  const auto root = linear(6, 4), vowel = linear(6, 2);
  Heads heads({{"root", root}, {"vowel", vowel}});
  const Tensor y = heads(x);
  EXPECT_EQ(y.shape(), (Shape{3, 6}));
  EXPECT_EQ(values(y), values(concat({(*root)(x), (*vowel)(x)}, 1)));
  EXPECT_EQ(heads.named_parameters()[2].name, "vowel.weight");

  const Tensor dy = test::randn(y.shape(), DType::f32, 2);
  backward(y, dy);
  const Tensor dy_vowel = dy.view_of_storage({3, 2}, {6, 1}, 4);
  for (int64_t k = 0; k < 2; ++k) {
    double sum = 0;
    for (int64_t n = 0; n < 3; ++n) sum += values(dy_vowel)[static_cast<size_t>(n * 2 + k)];
    EXPECT_NEAR(values(vowel->bias().grad())[static_cast<size_t>(k)], sum, 1e-6);
  }
}

TEST(LayerErrors, NameWhatWasWrong) {
  EXPECT_THROW_WITH(conv2d(0, 6, 3),
                    "Conv2d: channels and kernel_size must be at least 1, got 0 to 6 channels, "
                    "kernel_size 3x3");
  EXPECT_THROW_WITH(conv2d(3, 6, {3, 0}),
                    "Conv2d: channels and kernel_size must be at least 1, got 3 to 6 channels, "
                    "kernel_size 3x0");
  EXPECT_THROW_WITH(conv2d(4, 6, 3, {.groups = 4}),
                    "Conv2d: groups 4 does not divide 4 and 6 channels");
  EXPECT_THROW_WITH(conv2d(4, 6, 3, {.groups = 0}),
                    "Conv2d: groups 0 does not divide 4 and 6 channels");
  EXPECT_THROW_WITH(linear(3, 0), "Linear: features must be at least 1, got 3 to 0");
  EXPECT_THROW_WITH(batch_norm2d(0), "BatchNorm2d: features must be at least 1, got 0");
  EXPECT_THROW_WITH((*batch_norm2d(3))(zeros({2, 3})),
                    "BatchNorm2d: expected [N, C, H, W], got shape [2, 3]");
  Residual residual(conv2d(4, 5, 1));
  EXPECT_THROW_WITH(residual(images()),
                    "Residual: layers give [2, 5, 7, 9], the shortcut [2, 4, 7, 9]");
  Heads heads({{"flat", linear(9, 2)}});
  EXPECT_THROW_WITH(heads(images()),
                    "Heads: head 'flat' gives [2, 4, 7, 2], expected [N, classes]");
  EXPECT_THROW_WITH(Heads({{"a", relu()}, {"a", relu()}}), "register: 'a' is there already");
  EXPECT_THROW_WITH(sequential({relu(), std::shared_ptr<ReLU>()}), "register: '1' is no module");
}

TEST(Sequential, DrawsWeightsInTheOrderOfItsLayers) {
  Context::current().generator().manual_seed(3);
  const auto model = sequential({linear(2, 3), linear(3, 4), linear(4, 5)});
  Context::current().generator().manual_seed(3);
  const auto first = linear(2, 3);
  const auto second = linear(3, 4);
  const auto third = linear(4, 5);
  EXPECT_EQ(model->state_dict().at("0.weight").to_vector<float>(),
            first->weight().to_vector<float>());
  EXPECT_EQ(model->state_dict().at("1.weight").to_vector<float>(),
            second->weight().to_vector<float>());
  EXPECT_EQ(model->state_dict().at("2.weight").to_vector<float>(),
            third->weight().to_vector<float>());
}

}  // namespace
}  // namespace smtrain::nn
