// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/compute_copy.h"
#include "smtrain/engine/ops/softmax.h"
#include "smtrain/engine/ops/unary.h"
#include "smtrain/nn/graph.h"
#include "smtrain/nn/module.h"

#include <memory>

namespace smtrain::nn {

/// max(x, 0), element by element.
class ReLU final : public Module {
 public:
  Tensor forward(const Tensor& x) override { return smtrain::relu(x); }
  std::string describe() const override { return "ReLU()"; }
  size_t trace(Graph& graph, const std::string& name, size_t x) const override {
    return graph.add(name, graph::ReLU{}, {x});
  }
};

/// log(softmax(x)) over the last dimension, in f32 or wider: what nll_loss() takes.
class LogSoftmax final : public Module {
 public:
  Tensor forward(const Tensor& x) override {
    return smtrain::log_softmax(to_full_precision(x), -1);
  }
  std::string describe() const override { return "LogSoftmax(dim=-1)"; }
  size_t trace(Graph& graph, const std::string& name, size_t x) const override {
    return graph.add(name, graph::LogSoftmax{}, {x});
  }
};

/// exp(x) over its sum along the last dimension, in f32 or wider.
class Softmax final : public Module {
 public:
  Tensor forward(const Tensor& x) override { return smtrain::softmax(to_full_precision(x), -1); }
  std::string describe() const override { return "Softmax(dim=-1)"; }
  size_t trace(Graph& graph, const std::string& name, size_t x) const override {
    return graph.add(name, graph::Softmax{}, {x});
  }
};

inline std::shared_ptr<ReLU> relu() { return std::make_shared<ReLU>(); }
inline std::shared_ptr<LogSoftmax> log_softmax() { return std::make_shared<LogSoftmax>(); }
inline std::shared_ptr<Softmax> softmax() { return std::make_shared<Softmax>(); }

}  // namespace smtrain::nn
