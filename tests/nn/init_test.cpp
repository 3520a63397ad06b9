// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/init.h"

#include "smtrain/engine/io/sha256.h"
#include "smtrain/tests/shared_data.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>
#include <string>
#include <vector>

namespace smtrain::nn::init {
namespace {

using ::testing::Each;
using ::testing::StrEq;
using ::testing::ThrowsMessage;

using Json = nlohmann::ordered_json;

Json read_json(const std::string& name) {
  std::ifstream file(test::golden(name));
  return Json::parse(file);
}

std::string digest(const std::vector<float>& values) {
  const auto* first = reinterpret_cast<const uint8_t*>(values.data());
  return sha256({first, values.size() * sizeof(float)});
}

Shape shape_of(const Json& tensor) { return Shape(tensor.at("shape").get<std::vector<int64_t>>()); }

// Draws the layers of a model in the order of their declaration, weight before bias.
void expect_layers(const std::string& name, int64_t parameters) {
  const Json golden = read_json(name);
  Generator generator(golden.at("seed").get<uint64_t>());
  int64_t total = 0;
  int64_t fan_in = 0;
  for (const auto& [key, tensor] : golden.at("tensors").items()) {
    const Shape shape = shape_of(tensor);
    if (shape.ndim() > 1) fan_in = fans(shape).in;  // a bias has that of its weight
    std::vector<float> values(shape.numel());
    layer_default(values.data(), shape.numel(), fan_in, generator);
    EXPECT_EQ(digest(values), tensor.at("sha256")) << key;
    total += shape.numel();
  }
  EXPECT_EQ(total, parameters);
}

TEST(Init, DrawsPyTorchsNetInEveryBit) { expect_layers("init/net_seed1.json", 2769337); }

TEST(Init, DrawsPyTorchsMnistCnnInEveryBit) { expect_layers("init/mnist_seed1.json", 1199882); }

// Digests of what torch.nn.init of PyTorch 1.13 draws from seed 7.
TEST(Init, EqualsPyTorchsInitialisersInEveryBit) {
  const auto drawn = [](int64_t count, auto&& draw) {
    Generator generator(7);
    std::vector<float> values(count);
    draw(values.data(), count, generator);
    return digest(values);
  };
  const Fans conv = fans({8, 4, 3, 3});
  const Fans linear = fans({5, 7});
  EXPECT_EQ(drawn(288, [&](float* w, int64_t n,
                           Generator& g) { kaiming_uniform(w, n, conv.in, kReluGain, g); }),
            "89e145dcd830c3469e57c532190ae98a0ba67aea8aecb6f2bfcfd32772703bb0");
  EXPECT_EQ(drawn(288, [&](float* w, int64_t n,
                           Generator& g) { kaiming_normal(w, n, conv.out, kReluGain, g); }),
            "cd1f6210c1a2e3cb1fed79368771ad5e00122b1443e187c582de0d9631143e4b");
  EXPECT_EQ(drawn(35, [&](float* w, int64_t n,
                          Generator& g) { kaiming_normal(w, n, linear.in, kLinearGain, g); }),
            "753379625d1fb07297b38496898301ca61b4bf2857299e000f2cb9251da6bb50");
  EXPECT_EQ(drawn(288, [&](float* w, int64_t n,
                           Generator& g) { xavier_uniform(w, n, conv, kLinearGain, g); }),
            "5486d64c9dc8458cde136b1eb5d20859ef58907e227dd17bebef602e866b9515");
  EXPECT_EQ(drawn(35, [&](float* w, int64_t n,
                          Generator& g) { xavier_uniform(w, n, linear, kLinearGain, g); }),
            "48b0dc5c1ca48774f5a786a4b42d07899cfece8a0d12c590aed84f4a239ef266");
  EXPECT_EQ(drawn(288,
                  [&](float* w, int64_t n, Generator& g) {  // the gain of tanh
                    xavier_normal(w, n, conv, 5.0 / 3, g);
                  }),
            "8be28591d7b7e3a9101ba397dc39d93eb438cbd9bdda7e19ff21267d09d643a6");
}

TEST(Init, KaimingUniformWithPyTorchsSlopeIsTheDefaultOfLayers) {
  const double gain = std::sqrt(2.0 / (1.0 + std::sqrt(5.0) * std::sqrt(5.0)));
  for (const int64_t fan_in : {1, 9, 147, 288, 5184, 9216, 99999}) {
    Generator a(1), b(1);
    float x[17], y[17];
    kaiming_uniform(x, 17, fan_in, gain, a);
    layer_default(y, 17, fan_in, b);
    EXPECT_TRUE(std::equal(x, x + 17, y)) << "fan_in " << fan_in;
  }
}

TEST(Init, FansCountTheKernel) {
  EXPECT_EQ(fans({10, 128}).in, 128);
  EXPECT_EQ(fans({10, 128}).out, 10);
  EXPECT_EQ(fans({32, 1, 3, 3}).in, 9);
  EXPECT_EQ(fans({32, 1, 3, 3}).out, 288);
}

TEST(Init, KerasMxnetReadsItsKernelsAsChannelsLast) {
  const Fans first = keras_mxnet_channels_first_fans({32, 1, 3, 3});
  EXPECT_EQ(first.in, 96);
  EXPECT_EQ(first.out, 96);
  const Fans second = keras_mxnet_channels_first_fans({64, 32, 3, 3});
  EXPECT_EQ(second.in + second.out, 12288);
}

TEST(InitErrors, NameWhatWasWrong) {
  Generator generator(1);
  float y[4] = {5, 5, 5, 5};
  const auto throws = [](const char* message) {
    return ThrowsMessage<std::invalid_argument>(StrEq(message));
  };
  EXPECT_THAT([] { fans({3}); },
              throws("fans: expected a weight of at least 2 dimensions, got [3]"));
  EXPECT_THAT(
      [] {
        keras_mxnet_channels_first_fans({3, 4});
      },
      throws("keras_mxnet_channels_first_fans: expected a weight of 4 dimensions, got "
             "[3, 4]"));
  EXPECT_THAT([&] { layer_default(y, 4, 0, generator); },
              throws("layer_default: expected a fan_in of at least 1, got 0"));
  EXPECT_THAT([&] { kaiming_normal(y, 4, 0, kReluGain, generator); },
              throws("kaiming: expected a fan of at least 1, got 0"));
  EXPECT_THAT([&] { xavier_uniform(y, 4, {.in = 0, .out = 2}, kLinearGain, generator); },
              throws("xavier: expected fans of at least 1, got in 0 and out 2"));
  EXPECT_THAT(y, Each(5.0f));
}

}  // namespace
}  // namespace smtrain::nn::init
