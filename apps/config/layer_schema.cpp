// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/bind.h"

namespace smtrain::app {

List layers_of(std::vector<Layer>& layers) {
  return list(layers, [](Layer& layer) { return choice_of(layer); });
}

Group keys_of(Conv2dLayer& o) {
  return with_leading_key(
      {{"out_channels", &o.out_channels, "Channels of the output.", at_least(1), kRequired},
       {"kernel_size", &o.kernel_size, "Height and width.", at_least(1), kRequired},
       {"stride", &o.stride, "Distance between two outputs.", at_least(1)},
       {"padding", &o.padding, "Zeros added on every side.", at_least(0)},
       {"dilation", &o.dilation, "Distance between two taps of the kernel.", at_least(1)},
       {"groups", &o.groups, "Divides input and output channels into groups.", at_least(1)},
       {"bias", &o.bias, "Adds a learned number to every channel."}});
}

Group keys_of(LinearLayer& o) {
  return with_leading_key(
      {{"out_features", &o.out_features, "Size of the output.", at_least(1), kRequired},
       {"bias", &o.bias, "Adds a learned number to every feature."}});
}

template <typename Pool>
Group keys_of_pool(Pool& o) {
  return with_leading_key(
      {{"kernel_size", &o.kernel_size, "Height and width.", at_least(1), kRequired},
       {"stride", &o.stride, "Distance between two windows; auto: kernel_size.", at_least(1)},
       {"padding", &o.padding, "Added on every side, at most half a kernel.", at_least(0)}});
}

Group keys_of(MaxPool2dLayer& o) { return keys_of_pool(o); }
Group keys_of(AvgPool2dLayer& o) { return keys_of_pool(o); }

Group keys_of(AdaptiveAvgPool2dLayer& o) {
  return with_leading_key({{"output_size", &o.output_size, "Height and width.", at_least(1)}});
}

Group keys_of(BatchNorm2dLayer& o) {
  return {{{"eps", &o.eps, "Added to the variance.", above(0)},
           {"momentum", &o.momentum, "Part of a batch in the running statistics.", between(0, 1)}}};
}

template <typename Dropout>
Group keys_of_dropout(Dropout& o) {
  return with_leading_key({{"p", &o.p, "Probability of a zero.", from_to_below(0, 1)}});
}

Group keys_of(DropoutLayer& o) { return keys_of_dropout(o); }
Group keys_of(Dropout2dLayer& o) { return keys_of_dropout(o); }

Group keys_of(ReluLayer&) { return {}; }
Group keys_of(FlattenLayer&) { return {}; }
Group keys_of(LogSoftmaxLayer&) { return {}; }
Group keys_of(SoftmaxLayer&) { return {}; }

Group keys_of(ResidualLayer& o) {
  return with_leading_key(
      {{"layers", layers_of(o.layers), "The branch that is learned.", {}, kRequired},
       {"shortcut", layers_of(o.shortcut), "The other branch; empty: the input itself."}});
}

NamedLists layers_of(std::vector<Head>& heads) {
  return {.size = [&heads] { return heads.size(); },
          .at =
              [&heads](size_t index) {
                return std::pair(heads[index].name, layers_of(heads[index].layers));
              },
          .append =
              [&heads](const std::string& name) {
                return layers_of(heads.emplace_back(Head{name, {}}).layers);
              },
          .clear = [&heads] { heads.clear(); }};
}

Group keys_of(HeadsLayer& o) {
  return with_leading_key(
      {{"heads", layers_of(o.heads), "The layers of each output, by its name.", {}, kRequired}});
}

Choice choice_of(Layer& layer) {
  return choice(layer.kind, "",
                {{{"conv2d", "2-D convolution."},
                  {"linear", "y = x W^T + b."},
                  {"relu", "max(x, 0)."},
                  {"max_pool2d", "The largest value of each window."},
                  {"avg_pool2d", "The mean of each window."},
                  {"adaptive_avg_pool2d", "Means over as many windows as the output has pixels."},
                  {"batch_norm2d", "Normalises each channel over the batch."},
                  {"dropout", "Zeroes single elements while training."},
                  {"dropout2d", "Zeroes whole channels while training."},
                  {"flatten", "[N, C, H, W] becomes [N, C * H * W]."},
                  {"log_softmax", "Logarithms of the classes' probabilities."},
                  {"softmax", "The classes' probabilities."},
                  {"residual", "The sum of two branches."},
                  {"heads", "Several outputs from one input."}}});
}

Group keys_of(LayersModel& o) {
  return {{{"layers", layers_of(o.layers), "The layers, in order.", {}, kRequired},
           pretrained(o.pretrained)}};
}

}  // namespace smtrain::app
