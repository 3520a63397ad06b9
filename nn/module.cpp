// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/module.h"

#include "smtrain/engine/context.h"
#include "smtrain/nn/init.h"
#include "smtrain/nn/state_dict_fit.h"

#include <algorithm>
#include <utility>

namespace smtrain::nn {
namespace {

using Tensors = std::vector<Module::NamedTensor>;

void collect(const Module& module, const std::string& prefix,
             const std::function<void(const Module&, const std::string&)>& visit) {
  visit(module, prefix);
  for (const auto& [name, child] : module.children()) collect(*child, prefix + name + ".", visit);
}

}  // namespace

std::vector<Module::NamedTensor> Module::named_parameters() const {
  Tensors all;
  collect(*this, "", [&](const Module& module, const std::string& prefix) {
    for (const auto& [name, tensor] : module.parameters_) all.push_back({prefix + name, tensor});
  });
  return all;
}

std::vector<Module::NamedTensor> Module::named_buffers() const {
  Tensors all;
  collect(*this, "", [&](const Module& module, const std::string& prefix) {
    for (const auto& [name, tensor] : module.buffers_) all.push_back({prefix + name, tensor});
  });
  return all;
}

std::vector<Tensor> Module::parameters() const {
  std::vector<Tensor> all;
  for (auto& [name, tensor] : named_parameters()) all.push_back(tensor);
  return all;
}

StateDict Module::state_dict() const {
  StateDict all;
  collect(*this, "", [&](const Module& module, const std::string& prefix) {
    for (const auto& [name, tensor] : module.parameters_) all.add(prefix + name, tensor.detach());
    for (const auto& [name, tensor] : module.buffers_) all.add(prefix + name, tensor.detach());
  });
  return all;
}

void Module::load_state_dict(const StateDict& state_dict, std::string_view source) {
  const StateDict given = strip_module_prefix(state_dict);
  const StateDict own = this->state_dict();
  check_fit(own, given, source);
  for (const auto& [name, tensor] : own) copy_into(given.at(name).detach(), tensor);
}

size_t Module::trace(Graph&, const std::string& name, size_t) const {
  mistake("trace: ", name.empty() ? "the model" : name, " (", describe(),
          ") does not say what operations it consists of");
}

void Module::for_each_tensor(
    const std::function<void(const Module& owner, const Tensor&)>& visit) const {
  for (const auto& [name, tensor] : parameters_) visit(*this, tensor);
  for (const auto& [name, tensor] : buffers_) visit(*this, tensor);
  for (const auto& [name, child] : children_) child->for_each_tensor(visit);
}

void Module::to(Device device) {
  for_each_tensor([&](const Module&, const Tensor& tensor) {
    if (tensor.device() == device) return;
    const Tensor moved =
        empty_strided(tensor.shape(), empty_like(tensor).strides(), tensor.dtype(), device);
    copy_into(tensor.detach(), moved);
    tensor.reseat(moved);
  });
}

void Module::to(DType dtype) {
  check(is_floating(dtype), "to: expected a floating dtype, got ", dtype);
  for_each_tensor([&](const Module& owner, const Tensor& tensor) {
    const DType own = owner.own_dtype(dtype);
    if (!is_floating(tensor.dtype()) || tensor.dtype() == own) return;
    const Tensor converted =
        empty_strided(tensor.shape(), empty_like(tensor).strides(), own, tensor.device());
    copy_into(tensor.detach(), converted);
    tensor.reseat(converted);
  });
}

void Module::train(bool training) {
  training_ = training && !stays_in_evaluation_;
  for (const auto& [name, child] : children_) child->train(training);
}

void Module::stay_in_evaluation(bool stay) {
  stays_in_evaluation_ = stay;
  if (stay) training_ = false;
}

void Module::check_name(const std::string& name) const {
  check(!name.empty() && name.find('.') == std::string::npos,
        "register: expected a name without dots, got '", name, "'");
  const auto is_taken = [&name](const auto& registered) {
    return std::any_of(registered.begin(), registered.end(),
                       [&name](const auto& entry) { return entry.name == name; });
  };
  check(!is_taken(parameters_) && !is_taken(buffers_) && !is_taken(children_), "register: '", name,
        "' is there already");
}

void Module::replace_child(const std::string& name, ModulePtr child) {
  for (NamedModule& own : children_) {
    if (own.name != name) continue;
    own.module = std::move(child);
    return;
  }
  mistake("replace: ", describe(), " has no '", name, "'");
}

Tensor Module::register_parameter(std::string name, Tensor value) {
  check_name(name);
  value.set_requires_grad(true);
  parameters_.push_back({std::move(name), value});
  return value;
}

Tensor Module::register_buffer(std::string name, Tensor value) {
  check_name(name);
  buffers_.push_back({std::move(name), value});
  return value;
}

Tensor default_parameter(const Shape& shape, int64_t fan_in) {
  Tensor parameter = empty(shape, {.dtype = DType::f32}, Device::cpu());
  init::layer_default(parameter.data<float>(), parameter.numel(), fan_in,
                      Context::current().generator());
  return parameter;
}

}  // namespace smtrain::nn
