// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/schema.h"

#include "smtrain/apps/config/bind.h"
#include "smtrain/apps/config/key_text.h"
#include "smtrain/apps/config/scalar.h"
#include "smtrain/engine/error.h"

#include <algorithm>
#include <cmath>

namespace smtrain::app {

bool Range::holds(double x) const {
  return (above_least ? x > least : x >= least) && (below_most ? x < most : x <= most);
}

std::string Range::text() const {
  const bool has_least = std::isfinite(least);
  std::string text;
  if (has_least) text += (above_least ? ", above " : ", at least ") + number_text(least);
  if (std::isfinite(most)) {
    text += has_least ? " and " : ", ";
    text += (below_most ? "below " : "at most ") + number_text(most);
  }
  return text;
}

namespace {

constexpr double kMaxClasses = 1 << 20;
constexpr double kMaxSamples = int64_t{1} << 40;

}  // namespace

Key pretrained(std::string& path) {
  return {"pretrained", &path,
          "Weights to begin with: a file of any format that smtrain inspect reads, or a folder or "
          ".tar.gz with one; empty: new ones."};
}

std::vector<Key> keys_of_any(NamedModel& o) {
  return {{"classes", &o.classes, "Classes told apart; auto: those of the data.",
           between(1, kMaxClasses)},
          {"channels", &o.channels, "Channels of a picture; auto: those of the data.", at_least(1)},
          {"image_size", &o.image_size, "Height and width; auto: those of the data.", at_least(1)},
          pretrained(o.pretrained)};
}

Group keys_of(NetModel& o) {
  Group group{keys_of_any(o)};
  group.keys.push_back(
      {"dropout", &o.dropout, "Probability of a zero before the last layer.", from_to_below(0, 1)});
  return group;
}

Group keys_of(MnistCnnModel& o) {
  Group group{keys_of_any(o)};
  group.keys.push_back({"conv_dropout", &o.conv_dropout, "Probability of a zero after the pooling.",
                        from_to_below(0, 1)});
  group.keys.push_back({"dense_dropout", &o.dense_dropout,
                        "Probability of a zero before the last layer.", from_to_below(0, 1)});
  return group;
}

template <int64_t kDepth>
Group keys_of(ResNetModel<kDepth>& o) {
  return {keys_of_any(o)};
}

Choice choice_of(ModelOptions& model) {
  return choice(model, "name",
                {{{"net", "Three convolutions and five linear layers."},
                  {"mnist_cnn", "Two convolutions and two linear layers."},
                  {"resnet18", "Residual network, blocks of two convolutions."},
                  {"resnet34", "Residual network, blocks of two convolutions."},
                  {"resnet50", "Residual network, bottleneck blocks."},
                  {"resnet101", "Residual network, bottleneck blocks."},
                  {"resnet152", "Residual network, bottleneck blocks."},
                  {"resnet200", "Residual network, bottleneck blocks."},
                  {"resnet20", "Residual network for small images (CIFAR)."},
                  {"resnet32", "Residual network for small images (CIFAR)."},
                  {"resnet44", "Residual network for small images (CIFAR)."},
                  {"resnet56", "Residual network for small images (CIFAR)."},
                  {"resnet110", "Residual network for small images (CIFAR)."},
                  {"layers", "A network of your own."}}});
}

Group keys_of(SplitOptions& o) {
  return with_leading_key(
      {{"path", &o.path, "A folder (image_folder, idx, cifar) or a .npz file."},
       {"images", &o.images, "Instead of path: a file; with a .npz path: an array's name."},
       {"labels", &o.labels, "As images."}});
}

Group keys_of(DataOptions& o) {
  return {{
      {"format", one_of(o.format, {"image_folder", "idx", "npz", "cifar"}), "How data is stored."},
      {"train", keys_of(o.train), "What is learned from.", {}, kRequired},
      {"validation", keys_of(o.validation), "What is evaluated on."},
      {"transform", list(o.transform, [](Transform& t) { return choice_of(t); }),
       "What happens to a picture, in order."},
      {"image_size", &o.image_size,
       "Height and width that pictures are resized to; auto: what transform says.",
       between(1, 1 << 14)},
      {"threads", &o.threads, "Threads that load; 0: loading waits.", between(0, 256)},
      {"prefetch", &o.prefetch, "Batches loaded ahead.", between(1, 1024)},
      {"cache", one_of(o.cache, {"auto", "none", "ram", "disk", "device"}),
       "Where decoded pictures are kept; but for none also in a GPU's memory where they fit."},
      {"cache_dir", &o.cache_dir, "The folder for cache: disk; empty: TMPDIR or /tmp."},
      {"corrupt", one_of(o.corrupt, {"skip", "replace", "fail"}), "What an unreadable file does."},
      {"exif", one_of(o.exif, {"ignore", "apply"}), "Whether a photograph is turned upright."},
      {"limit", &o.limit, "At most so many samples of each split, evenly spaced; auto: all.",
       between(1, kMaxSamples)},
      {"fraction", &o.fraction, "The first part of each class of each split.",
       Range{.least = 0, .most = 1, .above_least = true}},
  }};
}

Group keys_of(DistributedOptions& o) {
  return {{{"backend", &o.backend, "Of a job of several hosts; one host needs none."},
           {"hosts", &o.hosts, "Names of all hosts."},
           {"current_host", &o.current_host, "Name of this host."}}};
}

Group keys_of(LogOptions& o) {
  return {{{"style", one_of(o.style, {"pytorch", "pytorch_script", "keras"}),
            "The wording of the lines: the first article's log, its script's, the second's."},
           {"interval", &o.interval, "Steps between two lines.", at_least(1)},
           {"level", one_of(o.level, {"auto", "debug", "info", "warning", "error"}),
            "Which lines of the program's own go to stderr; auto: SM_LOG_LEVEL, else info."}}};
}

Group keys_of(KerasOptions& o) {
  return {
      {{"epsilon", &o.epsilon, "The eps of a keras_ optimizer that is given none.", scale_above(0)},
       {"floatx", one_of(o.floatx, {"float32"}), "Of the arithmetic."},
       {"image_data_format", one_of(o.image_data_format, {"channels_last", "channels_first"}),
        "Pictures in npz and npy files are [N, H, W, C] or [N, C, H, W]."},
       {"backend", &o.backend, "What Keras computed with; any text, without effect."}}};
}

Group keys_of(QuirksOptions& o) {
  return {{{"sample_counter", one_of(o.sample_counter, {"samples", "batch_len"}),
            "batch_len: log lines count batches times the current batch's size."},
           {"test_loss", one_of(o.test_loss, {"mean", "sum_of_batch_means"}),
            "sum_of_batch_means: a validation loss is that, divided by the number of samples."},
           {"set_epoch", one_of(o.set_epoch, {"every_epoch", "never"}),
            "never: several processes see the first epoch's order in each."},
           {"keras_lr", one_of(o.keras_lr, {"used", "ignored"}),
            "ignored: the optimizer's default takes the place of train.optimizer.lr."},
           {"sampler_order", one_of(o.sampler_order, {"sequential", "test_shuffled"}),
            "test_shuffled: validation shuffles too."}}};
}

Group keys_of(OutputOptions& o) {
  return {{{"dir", &o.dir, "Folder for metrics and pictures; empty: a new one in runs/."},
           {"model_dir", &o.model_dir, "Folder for the model's files; empty: dir."},
           {"pth_format", one_of(o.pth_format, {"zip", "legacy"}),
            "Of model.pth: as PyTorch writes since 1.6, or before."},
           {"pth_module_prefix", &o.pth_module_prefix,
            "Names in model.pth begin with 'module.', as torch.nn.DataParallel expects."},
           {"export", &o.exports, "What else the model is written as: keras, mxnet, npz, onnx."},
           {"name",
            &o.name,
            "Of those files, without their endings; ${train.epochs} is that key's value.",
            {},
            {.refers_to_keys = true}}}};
}

Group keys_of(Recipe& o) {
  return {{
      {"recipe", one_of(o.preset, {"none", "finetune", "linear_probe"}),
       "What keys that are not given begin with; finetune: the last layer learns for an epoch "
       "alone, then all, earlier layers slower; linear_probe: the last layer alone learns."},
      {"model", choice_of(o.model), "The network.", {}, kRequired},
      {"data", keys_of(o.data), "The samples.", {}, kRequired},
      {"train", keys_of(o.train), "How it learns."},
      {"distributed", keys_of(o.distributed), "The hosts of the job."},
      {"device", &o.device, "auto, cpu, cuda or cuda:N."},
      {"precision", one_of(o.precision, {"f32", "tf32", "bf16"}),
       "Of convolutions and linear layers: IEEE's f32; a GPU's TF32, which on the CPU is f32; or "
       "bf16 with parameters, gradients and losses in f32."},
      {"rng", one_of(o.rng, {"pytorch", "philox"}),
       "What dropout draws on the CPU: PyTorch's numbers, or those that a GPU draws, which always "
       "are Philox's."},
      {"log", keys_of(o.log), "What is printed."},
      {"keras", keys_of(o.keras), "Keras' settings; defaults are those of ~/.keras/keras.json."},
      {"quirks", keys_of(o.quirks), "The articles' bugs, one switch each."},
      {"output", keys_of(o.output), "Where the results go."},
  }};
}

std::string_view doc_of(std::string_view key) {
  Recipe recipe;
  Group group = keys_of(recipe);
  std::string_view rest = key;
  while (true) {
    const std::string_view name = rest.substr(0, rest.find('.'));
    const Key* found = find_key(group, name);
    check(found != nullptr, "doc_of: there is no key '", key, "'");
    if (name.size() == rest.size()) return found->doc;
    rest.remove_prefix(name.size() + 1);
    const Value value = found->value;
    if (const auto* choice = std::get_if<Choice>(&value)) {
      if (rest == choice->tag) return found->doc;
      group = choice->choose(choice->chosen());
    } else {
      check(std::holds_alternative<Group>(value), "doc_of: there is no key '", key, "'");
      group = std::get<Group>(value);
    }
  }
}

namespace {

void add_names(const Group& group, const std::string& prefix, std::vector<std::string>& names) {
  const auto add = [&names](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const Key& key : group.keys) {
    const std::string name = prefix + std::string(key.name);
    add(name);
    if (const auto* inner = std::get_if<Group>(&key.value)) add_names(*inner, name + ".", names);
    if (const auto* choice = std::get_if<Choice>(&key.value)) {
      add(name + "." + std::string(choice->tag));
      for (size_t kind = 0; kind < choice->kinds.size(); ++kind) {
        add_names(choice->choose(kind), name + ".", names);
      }
    }
  }
}

}  // namespace

std::vector<std::string> key_names() {
  Recipe recipe;
  std::vector<std::string> names;
  add_names(keys_of(recipe), "", names);
  return names;
}

}  // namespace smtrain::app
