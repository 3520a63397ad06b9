// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/cudnn_plan.h"

#include <sstream>
#include <stdexcept>
#include <utility>

namespace smtrain::cuda {

using cudnn::check;
using cudnn::get;
using cudnn::get_list;
using cudnn::is_not_supported;
using cudnn::set;

namespace {

template <typename Note, size_t N>
void get_notes(const CudnnDescriptor& engine, cudnnBackendAttributeName_t name,
               std::bitset<N>& notes) {
  std::array<Note, N> found;
  int64_t count = 0;
  check(
      cudnnBackendGetAttribute(engine.raw(), name, cudnn::kTypeName<Note>, N, &count, found.data()),
      "reading notes");
  for (int64_t i = 0; i < count; ++i) {
    if (found[i] < N) notes.set(found[i]);  // a newer cuDNN may know more
  }
}

struct Knob {
  cudnnBackendKnobType_t type;
  int64_t value;
};

std::vector<Knob> knobs_of(const CudnnDescriptor& config) {
  std::vector<CudnnDescriptor> choices;
  for (int i = 0; i < CUDNN_KNOB_TYPE_COUNTS; ++i)
    choices.emplace_back(CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR);
  std::vector<Knob> knobs;
  for (const CudnnDescriptor& choice :
       get_list(config, CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, std::move(choices))) {
    knobs.push_back({get<cudnnBackendKnobType_t>(choice, CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE),
                     get<int64_t>(choice, CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE)});
  }
  return knobs;
}

void read_notes(const CudnnDescriptor& engine, CudnnProposal& proposal) {
  get_notes<cudnnBackendNumericalNote_t>(engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE,
                                         proposal.numerical);
  get_notes<cudnnBackendBehaviorNote_t>(engine, CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, proposal.behavior);
}

void read_engine(CudnnProposal& proposal) {
  const CudnnDescriptor engine(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
  cudnnBackendDescriptor_t raw = engine.raw();
  int64_t count = 0;
  check(cudnnBackendGetAttribute(proposal.config.raw(), CUDNN_ATTR_ENGINECFG_ENGINE,
                                 CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &count, &raw),
        "reading an engine");
  proposal.name = std::to_string(get<int64_t>(engine, CUDNN_ATTR_ENGINE_GLOBAL_INDEX));
  for (const Knob& knob : knobs_of(proposal.config))
    proposal.name += " " + std::to_string(knob.type) + "=" + std::to_string(knob.value);
  read_notes(engine, proposal);
}

CudnnDescriptor described(const Knob& knob) {
  CudnnDescriptor choice(CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR);
  set(choice, CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, knob.type);
  set(choice, CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, knob.value);
  check(cudnnBackendFinalize(choice.raw()), "setting a knob");
  return choice;
}

/// Of a name's beginning: what follows it is not looked at.
CudnnProposal proposal_named(const CudnnGraph& graph, const std::string& name) {
  std::istringstream words(name);
  int64_t index = -1, type = 0, value = 0;
  words >> index;
  const CudnnDescriptor engine(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
  set(engine, CUDNN_ATTR_ENGINE_OPERATION_GRAPH, graph.descriptor());
  set(engine, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, index);
  graph.target().set_properties_on(engine, CUDNN_ATTR_ENGINE_DEVICEPROP);
  check(cudnnBackendFinalize(engine.raw()), "naming an engine");

  std::vector<CudnnDescriptor> choices;
  for (char equals = 0; words >> type >> equals >> value;)
    choices.push_back(described({static_cast<cudnnBackendKnobType_t>(type), value}));
  CudnnProposal proposal;
  set(proposal.config, CUDNN_ATTR_ENGINECFG_ENGINE, engine);
  set(proposal.config, CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, choices);
  check(cudnnBackendFinalize(proposal.config.raw()), "setting an engine");
  read_engine(proposal);
  return proposal;
}

}  // namespace

std::vector<CudnnProposal> propose(const CudnnGraph& graph, cudnnBackendHeurMode_t mode) {
  const CudnnDescriptor heuristics(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
  set(heuristics, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph.descriptor());
  set(heuristics, CUDNN_ATTR_ENGINEHEUR_MODE, mode);
  graph.target().set_properties_on(heuristics, CUDNN_ATTR_ENGINEHEUR_DEVICEPROP);
  const cudnnStatus_t status = cudnnBackendFinalize(heuristics.raw());
  if (is_not_supported(status)) return {};
  check(status, "asking for engines");

  int64_t count = 0;
  check(cudnnBackendGetAttribute(heuristics.raw(), CUDNN_ATTR_ENGINEHEUR_RESULTS,
                                 CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, &count, nullptr),
        "counting engines");
  std::vector<CudnnDescriptor> configs;
  for (int64_t i = 0; i < count; ++i) configs.emplace_back(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
  std::vector<CudnnProposal> proposals;
  for (CudnnDescriptor& config :
       get_list(heuristics, CUDNN_ATTR_ENGINEHEUR_RESULTS, std::move(configs))) {
    proposals.push_back({.config = std::move(config)});
    read_engine(proposals.back());
  }
  return proposals;
}

std::optional<CudnnProposal> propose(const CudnnGraph& graph, const std::string& name) {
  try {
    CudnnProposal proposal = proposal_named(graph, name);
    return proposal.name == name ? std::optional(std::move(proposal)) : std::nullopt;
  } catch (const std::runtime_error&) {
    return std::nullopt;
  }
}

CudnnPlan::CudnnPlan(std::shared_ptr<const CudnnGraph> graph, CudnnProposal proposal)
    : graph_(std::move(graph)), proposal_(std::move(proposal)) {}

std::optional<CudnnPlan> CudnnPlan::build(std::shared_ptr<const CudnnGraph> graph,
                                          CudnnProposal proposal) {
  CudnnPlan plan(std::move(graph), std::move(proposal));
  set(plan.plan_, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, plan.proposal_.config);
  const CudnnTarget& target = plan.graph_->target();
  if (target.has_handle()) set(plan.plan_, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, target.handle());
  target.set_properties_on(plan.plan_, CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP);
  if (cudnnBackendFinalize(plan.plan_.raw()) != CUDNN_STATUS_SUCCESS) return std::nullopt;
  plan.workspace_bytes_ =
      static_cast<size_t>(get<int64_t>(plan.plan_, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE));
  return plan;
}

void CudnnPlan::execute(std::span<const Buffer> buffers, void* workspace, Stream stream) const {
  std::vector<int64_t> uids;
  std::vector<void*> addresses;
  for (const Buffer& buffer : buffers) {
    if (reinterpret_cast<uintptr_t>(buffer.data) % kCudnnAlignment != 0)
      throw std::runtime_error("cuDNN: buffer " + std::to_string(buffer.uid) +
                               " does not lie at a multiple of " + std::to_string(kCudnnAlignment) +
                               " bytes");
    uids.push_back(buffer.uid);
    addresses.push_back(const_cast<void*>(buffer.data));
  }
  const CudnnDescriptor pack(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
  set(pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, uids);
  set(pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, addresses);
  set(pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, workspace);
  check(cudnnBackendFinalize(pack.raw()), "naming buffers");
  const cudnnHandle_t handle = graph_->target().handle();
  check(cudnnSetStream(handle, static_cast<cudaStream_t>(stream.handle)), "choosing a stream");
  check(cudnnBackendExecute(handle, plan_.raw(), pack.raw()), "executing a plan");
}

}  // namespace smtrain::cuda
