// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/error.h"
#include "smtrain/nn/formats/keras_weights.h"
#include "smtrain/nn/formats/mxnet.h"
#include "smtrain/nn/formats/tensor_bytes.h"

#include <utility>

namespace smtrain::nn {
namespace {

class MxnetFit {
 public:
  MxnetFit(const StateDict& arrays, const std::string& name, const Graph& graph,
           const MxnetSymbol* symbol)
      : name_(name), graph_(graph) {
    if (symbol == nullptr) {
      for (const auto& entry : arrays) take_in(entry);
      return;
    }
    mxnet_inputs(*symbol, arrays);
    std::map<std::string_view, const StateDict::Entry*> by_name;
    for (const auto& entry : arrays) {
      const bool has_kind = entry.name.starts_with("arg:") || entry.name.starts_with("aux:");
      by_name.emplace(std::string_view(entry.name).substr(has_kind ? 4 : 0), &entry);
    }
    for (const auto& node : symbol->nodes) {
      const auto entry = by_name.find(node.name);
      if (node.op == "null" && entry != by_name.end()) take_in(*entry->second);
    }
  }

  StateDict state_dict() {
    for (const auto& node : graph_.nodes()) {
      node_ = &node;
      std::visit([this](const auto& operation) { take(operation); }, node.operation);
    }
    for (const Queue* queue : {&weights_, &statistics_}) {
      if (queue->next < queue->entries.size()) {
        bad_input(name_, ": '", queue->entries[queue->next]->name,
                  "' has no place in the model, nor have the ",
                  queue->entries.size() - queue->next - 1, " after it");
      }
    }
    return std::move(result_);
  }

 private:
  struct Queue {
    std::vector<const StateDict::Entry*> entries;
    size_t next = 0;
  };

  void take_in(const StateDict::Entry& entry) {
    (entry.name.starts_with("aux:") ? statistics_ : weights_).entries.push_back(&entry);
  }

  const StateDict::Entry& next(Queue& queue, const char* what) {
    if (queue.next == queue.entries.size()) {
      bad_input(name_, ": has no more arrays for the model's ", dotted(node_->name, what));
    }
    return *queue.entries[queue.next++];
  }

  const Tensor& expect(const StateDict::Entry& entry, const Shape& shape, const char* what) const {
    if (entry.tensor.shape() != shape || !is_floating(entry.tensor.dtype())) {
      bad_input(name_, ": '", entry.name, "' has shape ", entry.tensor.shape(), " and dtype ",
                entry.tensor.dtype(), ", the model's ", dotted(node_->name, what),
                " wants floats of ", shape);
    }
    return entry.tensor;
  }

  void add(const char* what, const Tensor& tensor) {
    result_.add(dotted(node_->name, what), to_host_row_major(tensor, DType::f32));
  }

  void take_next(Queue& queue, const char* what, const Tensor& like) {
    if (like.defined()) add(what, expect(next(queue, what), like.shape(), what));
  }

  void take(const graph::Conv2d& conv) {
    take_next(weights_, "weight", conv.weight);
    take_next(weights_, "bias", conv.bias);
  }

  void take(const graph::Linear& linear) {
    const StateDict::Entry& entry = next(weights_, "weight");
    const int64_t out = linear.weight.size(0), in = linear.weight.size(1);
    if (entry.name.find("kernel") != std::string::npos) {
      add("weight", from_keras_dense(expect(entry, {in, out}, "weight"), std::nullopt, {}));
    } else {
      add("weight", expect(entry, {out, in}, "weight"));
    }
    take_next(weights_, "bias", linear.bias);
  }

  void take(const graph::BatchNorm2d& norm) {
    take_next(weights_, "weight", norm.weight);
    take_next(weights_, "bias", norm.bias);
    take_next(statistics_, "running_mean", norm.running_mean);
    take_next(statistics_, "running_var", norm.running_var);
    result_.add(dotted(node_->name, "num_batches_tracked"),
                zeros({}, {.dtype = DType::i64}, Device::cpu()));
  }

  /// The others have no arrays.
  template <typename Operation>
  void take(const Operation&) {}

  const std::string& name_;
  const Graph& graph_;
  Queue weights_, statistics_;         // "arg:" and "aux:"
  const Graph::Node* node_ = nullptr;  // the one whose arrays are being taken
  StateDict result_;
};

}  // namespace

StateDict mxnet_state_dict(const StateDict& arrays, const std::string& name, const Graph& graph,
                           const MxnetSymbol* symbol) {
  return MxnetFit(arrays, name, graph, symbol).state_dict();
}

}  // namespace smtrain::nn
