// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/model/build_layers.h"

#include "smtrain/apps/config/bind.h"
#include "smtrain/engine/autograd.h"
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

#include <algorithm>
#include <stdexcept>
#include <string>

namespace smtrain::app {
namespace {

constexpr double kMaxActivation = 1 << 28;  // numbers that one image becomes between two layers
constexpr int64_t kMaxSize = 1 << 24;       // of a kernel, a stride, a padding

/// The message of a layer that does not fit, its position said.
class Misfit : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

std::string name_of(Layer layer) {
  return std::string(choice_of(layer).kinds[layer.kind.index()].name);
}

Size2d checked(Size2d size) {
  check(std::max(size.height, size.width) <= kMaxSize, "expected sizes up to ", kMaxSize, ", got [",
        size.height, ", ", size.width, "]");
  return size;
}

/// [C, H, W] of the one image that x is.
Shape image_shape(const Tensor& x) {
  check(x.ndim() == 4, "expected [N, C, H, W], got ", x.shape());
  return {x.size(1), x.size(2), x.size(3)};
}

void check_activation(int64_t channels, double height, double width) {
  check(static_cast<double>(channels) * height * width <= kMaxActivation, "an image would become ",
        channels, " channels of ", height, "x", width);
}

/// Makes layers while one image of zeros goes through them.
class LayersBuilder {
 public:
  explicit LayersBuilder(int64_t max_parameters) : max_parameters_(max_parameters) {}

  /// The layers as one module; x becomes what they give. `path` is their place in the recipe.
  nn::ModulePtr build(const std::vector<Layer>& layers, Tensor& x, const std::string& path) {
    std::vector<nn::ModulePtr> modules;
    for (size_t i = 0; i < layers.size(); ++i) {
      const std::string element = path + "[" + std::to_string(i) + "]";
      try {
        const auto make_layer = [&](const auto& layer) { return make(layer, x, element); };
        modules.push_back(std::visit(make_layer, layers[i].kind));
        modules.back()->eval();
        x = (*modules.back())(x);
      } catch (const Misfit&) {
        throw;  // of a layer inside this one
      } catch (const std::invalid_argument& error) {
        throw Misfit(element + " (" + name_of(layers[i]) + "): " + error.what());
      }
    }
    return std::make_shared<nn::Sequential>(std::move(modules));
  }

 private:
  nn::ModulePtr make(const Conv2dLayer& o, const Tensor& x, const std::string&) {
    const Shape image = image_shape(x);
    const Size2d kernel = checked(o.kernel_size), padding = checked(o.padding);
    add_parameters(static_cast<double>(o.out_channels) *
                   (static_cast<double>(image[0]) / static_cast<double>(o.groups) *
                        static_cast<double>(kernel.height * kernel.width) +
                    (o.bias ? 1 : 0)));
    check_activation(o.out_channels, static_cast<double>(image[1] + 2 * padding.height),
                     static_cast<double>(image[2] + 2 * padding.width));
    return nn::conv2d(image[0], o.out_channels, kernel,
                      {.stride = checked(o.stride),
                       .padding = padding,
                       .dilation = checked(o.dilation),
                       .groups = o.groups},
                      o.bias);
  }

  nn::ModulePtr make(const LinearLayer& o, const Tensor& x, const std::string&) {
    check(x.ndim() == 2, "expected [N, features], got ", x.shape(), "; put flatten before it");
    add_parameters(static_cast<double>(o.out_features) *
                   (static_cast<double>(x.size(1)) + (o.bias ? 1 : 0)));
    return nn::linear(x.size(1), o.out_features, o.bias);
  }

  nn::ModulePtr make(const MaxPool2dLayer& o, const Tensor& x, const std::string&) {
    image_shape(x);
    return nn::max_pool2d({.kernel_size = checked(o.kernel_size),
                           .stride = checked(o.stride.value_or(o.kernel_size)),
                           .padding = checked(o.padding)});
  }

  nn::ModulePtr make(const AvgPool2dLayer& o, const Tensor& x, const std::string&) {
    image_shape(x);
    return nn::avg_pool2d({.kernel_size = checked(o.kernel_size),
                           .stride = checked(o.stride.value_or(o.kernel_size)),
                           .padding = checked(o.padding)});
  }

  nn::ModulePtr make(const AdaptiveAvgPool2dLayer& o, const Tensor& x, const std::string&) {
    const Size2d size = checked(o.output_size);
    check_activation(image_shape(x)[0], static_cast<double>(size.height),
                     static_cast<double>(size.width));
    return nn::adaptive_avg_pool2d(size);
  }

  nn::ModulePtr make(const BatchNorm2dLayer& o, const Tensor& x, const std::string&) {
    return nn::batch_norm2d(image_shape(x)[0], o.eps, o.momentum);
  }

  nn::ModulePtr make(const ReluLayer&, const Tensor&, const std::string&) { return nn::relu(); }
  nn::ModulePtr make(const DropoutLayer& o, const Tensor&, const std::string&) {
    return nn::dropout(o.p);
  }
  nn::ModulePtr make(const Dropout2dLayer& o, const Tensor&, const std::string&) {
    return nn::dropout2d(o.p);
  }
  nn::ModulePtr make(const FlattenLayer&, const Tensor&, const std::string&) {
    return nn::flatten();
  }
  nn::ModulePtr make(const LogSoftmaxLayer&, const Tensor&, const std::string&) {
    return nn::log_softmax();
  }
  nn::ModulePtr make(const SoftmaxLayer&, const Tensor&, const std::string&) {
    return nn::softmax();
  }

  nn::ModulePtr make(const ResidualLayer& o, const Tensor& x, const std::string& path) {
    Tensor y = x, skipped = x;
    nn::ModulePtr layers = build(o.layers, y, path + ".residual.layers");
    nn::ModulePtr shortcut;
    if (!o.shortcut.empty()) shortcut = build(o.shortcut, skipped, path + ".residual.shortcut");
    return std::make_shared<nn::Residual>(std::move(layers), std::move(shortcut));
  }

  nn::ModulePtr make(const HeadsLayer& o, const Tensor& x, const std::string& path) {
    std::vector<nn::Module::NamedModule> heads;
    for (const Head& head : o.heads) {
      Tensor y = x;
      heads.push_back({head.name, build(head.layers, y, path + ".heads." + head.name)});
    }
    return std::make_shared<nn::Heads>(heads);
  }

  void add_parameters(double count) {
    parameters_ += count;
    check(parameters_ <= static_cast<double>(max_parameters_), "with this layer the model has ",
          parameters_, " weights, more than ", max_parameters_);
  }

  int64_t max_parameters_;
  double parameters_ = 0;
};

}  // namespace

nn::ModulePtr build_layers(const std::vector<Layer>& layers, const Shape& input, int64_t classes,
                           int64_t max_parameters) {
  check_activation(input[0], static_cast<double>(input[1]), static_cast<double>(input[2]));
  const NoGradGuard no_grad;
  Tensor x = zeros({1, input[0], input[1], input[2]}, {}, Device::cpu());
  nn::ModulePtr model = LayersBuilder(max_parameters).build(layers, x, "model.layers");
  check(x.shape() == Shape{1, classes}, "model.layers: the data has ", classes,
        " classes, so the last layer must give [1, ", classes, "], got ", x.shape());
  model->train();
  return model;
}

}  // namespace smtrain::app
