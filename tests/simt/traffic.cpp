// SPDX-License-Identifier: Apache-2.0
#include "smtrain/tests/simt/traffic.h"

#include "smtrain/tests/simt/source_line.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace smtrain::simt {
namespace {

constexpr unsigned kLanes = 32;
constexpr unsigned kBanks = 32;
constexpr unsigned kBankBytes = 4;
constexpr unsigned kSectorBytes = 32;

bool takes_part(uint32_t lanes, unsigned lane) { return (lanes >> lane & 1) != 0; }

}  // namespace

void TrafficCounter::clear() {
  executions_.clear();
  requests_.clear();
  instructions_.clear();
}

void TrafficCounter::access(uintptr_t instruction, unsigned thread, uint64_t offset, unsigned bytes,
                            bool shared, bool store) {
  const uint32_t execution = executions_[uint64_t{instruction} << 10 | thread]++;
  Request& request = requests_[{instruction, execution, thread / kLanes}];
  const unsigned lane = thread % kLanes;
  request.instruction = instruction;
  request.lanes |= 1u << lane;
  request.offsets[lane] = offset;
  request.bytes[lane] = bytes;
  LineTraffic& traffic = instructions_[instruction];
  traffic.shared = shared;
  traffic.store = store;
}

// Each bank gives one word at a time; accesses of 8 or 16 bytes go by half or quarter warps.
int64_t TrafficCounter::wavefronts(const Request& request, unsigned widest) {
  const unsigned words = std::max(widest / kBankBytes, 1u);
  const unsigned lanes_at_once = std::max(kLanes / words, 1u);
  int64_t total = 0;
  for (unsigned first = 0; first < kLanes; first += lanes_at_once) {
    std::array<std::set<uint64_t>, kBanks> wanted;
    size_t most = 0;
    for (unsigned lane = first; lane < first + lanes_at_once; ++lane) {
      if (!takes_part(request.lanes, lane)) continue;
      for (unsigned w = 0; w < std::max(request.bytes[lane] / kBankBytes, 1u); ++w) {
        const uint64_t word = request.offsets[lane] / kBankBytes + w;
        auto& bank = wanted[word % kBanks];
        bank.insert(word);
        most = std::max(most, bank.size());
      }
    }
    total += static_cast<int64_t>(most);
  }
  return total;
}

int64_t TrafficCounter::sectors(const Request& request) {
  std::set<uint64_t> wanted;
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    if (!takes_part(request.lanes, lane)) continue;
    const uint64_t last = (request.offsets[lane] + request.bytes[lane] - 1) / kSectorBytes;
    for (uint64_t s = request.offsets[lane] / kSectorBytes; s <= last; ++s) wanted.insert(s);
  }
  return static_cast<int64_t>(wanted.size());
}

void TrafficCounter::block_ends() {
  for (const auto& [key, request] : requests_) {
    LineTraffic& traffic = instructions_[request.instruction];
    ++traffic.requests;
    unsigned widest = 0;
    std::set<std::pair<uint64_t, unsigned>> distinct;  // lanes that share a value need it once
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      if (!takes_part(request.lanes, lane)) continue;
      widest = std::max(widest, request.bytes[lane]);
      distinct.emplace(request.offsets[lane], request.bytes[lane]);
    }
    unsigned bytes = 0;
    for (const auto& [offset, size] : distinct) bytes += size;
    if (traffic.shared) {
      traffic.transactions += wavefronts(request, widest);
      traffic.least += (bytes + kBanks * kBankBytes - 1) / (kBanks * kBankBytes);
    } else {
      traffic.transactions += sectors(request);
      traffic.least += (bytes + kSectorBytes - 1) / kSectorBytes;
    }
  }
  requests_.clear();
  executions_.clear();
}

std::vector<LineTraffic> TrafficCounter::lines() const {
  std::vector<uintptr_t> addresses;
  for (const auto& [address, traffic] : instructions_) addresses.push_back(address);
  const std::vector<SourceLine> sources = source_lines(addresses);
  std::map<std::tuple<std::string, int, bool, bool>, LineTraffic> by_line;
  size_t i = 0;
  for (const auto& [address, traffic] : instructions_) {
    const SourceLine& source = sources[i++];
    LineTraffic& line = by_line[{source.file, source.line, traffic.shared, traffic.store}];
    line.file = source.file;
    line.line = source.line;
    line.shared = traffic.shared;
    line.store = traffic.store;
    line.requests += traffic.requests;
    line.transactions += traffic.transactions;
    line.least += traffic.least;
  }
  std::vector<LineTraffic> lines;
  for (auto& [key, line] : by_line) lines.push_back(std::move(line));
  return lines;
}

}  // namespace smtrain::simt
