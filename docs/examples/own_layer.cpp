// SPDX-License-Identifier: Apache-2.0

// A layer with a gradient of its own: swish, y = x * sigmoid(b * x), whose b is learned. Written
// with operations alone it would need no gradient, at the price of a node of the graph and a saved
// tensor for each of them; record() makes it one node that saves three.

#include <smtrain/smtrain.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

using namespace smtrain;

// x of any shape, b of any shape that broadcasts to it.
Tensor swish(const Tensor& x, const Tensor& b) {
  Tensor gate, y;
  {
    const NoGradGuard no_grad;  // record() below says what the gradient is
    gate = sigmoid(b * x);
    y = x * gate;
  }
  // detach(): a gradient keeps values, never the graph that they came from. (A gradient that kept
  // its own result y undetached would keep itself alive.)
  return record("swish", y, {x, b},
                [gate, x = x.detach(), b = b.detach()](const Tensor& dy, GradientSink& sink) {
                  const Tensor slope = gate * (1 - gate);  // of the sigmoid
                  if (sink.needs(0)) sink.give(0, dy * (gate + b * x * slope));
                  if (sink.needs(1)) sink.give(1, sum_to(dy * x * x * slope, b.shape()));
                });
}

class Swish : public nn::Module {
 public:
  Swish() : b_(register_parameter("b", ones({1}))) {}

  Tensor forward(const Tensor& x) override { return swish(x, b_); }
  std::string describe() const override { return "Swish()"; }

 private:
  Tensor b_;
};

// Standard normal numbers from the current context's generator.
Tensor randn(const Shape& shape) {
  std::vector<double> values(static_cast<size_t>(shape.numel()));
  Context::current().generator().normal(values.data(), shape.numel());
  return from_vector(values, shape);
}

int main() {
  Context context({.seed = 1});
  const ContextGuard guard(context);

  // The gradient against central differences, in double precision: for one b, and for one in each
  // column.
  const auto f = [](const std::vector<Tensor>& in) { return swish(in[0], in[1]); };
  for (const Shape& shape_of_b : {Shape{1}, Shape{5}}) {
    const double error = gradient_error(f, {randn({4, 5}), randn(shape_of_b)});
    std::printf("gradient is off by %.1e\n", error);
    if (error > 1e-7) return 1;
  }

  // y = x * sigmoid(3 x), from 64 points at a time: the layer has to find the 3.
  Swish layer;
  optim::Adam adam(layer.parameters(), {.lr = 0.05});
  for (int step = 1; step <= 300; ++step) {
    const Tensor x = to(randn({64, 1}), DType::f32);
    const Tensor loss = mse_loss(layer(x), x * sigmoid(3 * x));
    adam.zero_grad();
    loss.backward();
    adam.step();
  }
  const double b = layer.state_dict().at("b").item();
  std::printf("b is %.3f\n", b);
  return b > 2.9 && b < 3.1 ? 0 : 1;
}
