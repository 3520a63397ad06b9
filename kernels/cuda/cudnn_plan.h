// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/cuda/cudnn_graph.h"
#include "smtrain/kernels/stream.h"

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

// How cuDNN's engines compute graphs.

namespace smtrain::cuda {

/// Facts about an engine, by cudnnBackendNumericalNote_t and cudnnBackendBehaviorNote_t.
using NumericalNotes = std::bitset<CUDNN_NUMERICAL_NOTE_TYPE_COUNT>;
using BehaviorNotes = std::bitset<CUDNN_BEHAVIOR_NOTE_TYPE_COUNT>;

/// An engine, with its settings, that may compute a graph.
struct CudnnProposal {
  CudnnDescriptor config{CUDNN_BACKEND_ENGINECFG_DESCRIPTOR};
  std::string name;  // "70 2=5 14=3": the engine and its settings, by cudnnBackendKnobType_t
  NumericalNotes numerical;
  BehaviorNotes behavior;
};

/// What cuDNN proposes, the one it expects to be fastest first; nothing where no engine knows such
/// graphs.
std::vector<CudnnProposal> propose(const CudnnGraph& graph, cudnnBackendHeurMode_t mode);

/// The engine of a proposal's name, made without asking cuDNN for proposals, which takes it
/// milliseconds. None where the name is not one that this cuDNN has for the graph.
std::optional<CudnnProposal> propose(const CudnnGraph& graph, const std::string& name);

/// A proposal made ready for execution.
class CudnnPlan {
 public:
  /// None where the engine turns out not to support the graph.
  static std::optional<CudnnPlan> build(std::shared_ptr<const CudnnGraph> graph,
                                        CudnnProposal proposal);

  const std::string& name() const { return proposal_.name; }
  const NumericalNotes& numerical() const { return proposal_.numerical; }
  const BehaviorNotes& behavior() const { return proposal_.behavior; }
  size_t workspace_bytes() const { return workspace_bytes_; }

  struct Buffer {
    int64_t uid;
    const void* data;
  };
  /// The handle is the target's, and no other thread uses it meanwhile.
  void execute(std::span<const Buffer> buffers, void* workspace, Stream stream) const;

 private:
  CudnnPlan(std::shared_ptr<const CudnnGraph> graph, CudnnProposal proposal);

  std::shared_ptr<const CudnnGraph> graph_;
  CudnnProposal proposal_;
  CudnnDescriptor plan_{CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR};
  size_t workspace_bytes_ = 0;
};

}  // namespace smtrain::cuda
