// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/doctor/doctor.h"

#include "smtrain/apps/doctor/probe.h"

#include <fmt/format.h>
#include <fmt/ostream.h>
#include <nlohmann/json.hpp>

#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace smtrain::app {
namespace {

using nlohmann::ordered_json;

/// Between what a slow laptop and a large server reach.
struct PlausibleSpeed {
  std::string_view name;
  double least, most;
};

constexpr PlausibleSpeed kPlausibleSpeeds[] = {
    {CopyProbe::kName, 2, 200},               // GB/s
    {MatmulProbe::kName, 20, 20'000},         // GFLOP/s
    {FirstConv2dProbe::kName, 5, 10'000},     // GFLOP/s
    {Conv2dProbe::kName, 20, 20'000},         // GFLOP/s
    {DecodeProbe::kName, 100, 5'000},         // images/s
    {DecodeOnAllProbe::kName, 200, 500'000},  // images/s
    {DiskWriteProbe::kName, 50, 20'000},      // MB/s
    {DiskReadProbe::kName, 100, 50'000},      // MB/s
};

std::string verdict_on(std::string_view name, const Finding& finding) {
  if (!finding.number) return "";
  for (const PlausibleSpeed& plausible : kPlausibleSpeeds) {
    if (plausible.name != name) continue;
    if (*finding.number < plausible.least)
      return fmt::format("low: below {} {}", plausible.least, finding.unit);
    if (*finding.number > plausible.most)
      return fmt::format("high: above {} {}", plausible.most, finding.unit);
    return "ok";
  }
  return "";
}

/// Prints rows as they come, or collects them.
class Report {
 public:
  Report(bool as_json, std::ostream& out) : as_json_(as_json), out_(out) {}

  template <typename Probe>
  void add(const Probe& probe) {
    Finding finding;
    std::string verdict;
    bool usable = true;
    try {
      finding = probe.run();
      verdict = verdict_on(Probe::kName, finding);
    } catch (const std::exception& error) {
      finding.text = error.what();
      usable = false;
    }
    all_usable_ = all_usable_ && usable;
    if (as_json_) {
      collect(Probe::kName, finding, verdict, usable);
    } else {
      if (!usable) finding.text = "unusable: " + finding.text;
      print(Probe::kName, finding, verdict);
    }
  }

  int finish() {
    if (as_json_) {
      const ordered_json report = {{"usable", all_usable_}, {"rows", rows_}};
      out_ << report.dump(2, ' ', false, ordered_json::error_handler_t::replace) << '\n';
    }
    return all_usable_ ? 0 : 1;
  }

 private:
  void print(const char* name, const Finding& finding, const std::string& verdict) {
    const std::string found =
        finding.number ? fmt::format("{:.1f} {}", *finding.number, finding.unit) : finding.text;
    if (verdict.empty()) {
      fmt::print(out_, "{:<18} {}\n", name, found);
    } else {
      fmt::print(out_, "{:<18} {:<20} {}\n", name, found, verdict);
    }
    out_.flush();
  }

  void collect(const char* name, const Finding& finding, const std::string& verdict, bool usable) {
    ordered_json row = {{"name", name}, {"usable", usable}};
    if (finding.number) {
      row["number"] = *finding.number;
      row["unit"] = finding.unit;
    } else {
      row["text"] = finding.text;
    }
    if (!verdict.empty()) row["verdict"] = verdict;
    rows_.push_back(std::move(row));
  }

  const bool as_json_;
  std::ostream& out_;
  ordered_json rows_ = ordered_json::array();
  bool all_usable_ = true;
};

}  // namespace

int doctor(const DoctorCommand& command, std::ostream& out) {
  Report report(command.json, out);
  report.add(BuildProbe{});
  report.add(ProcessorProbe{});
  report.add(OneDnnProbe{});
  report.add(GpuProbe{});
  report.add(MemoryProbe{});
  report.add(ProcessorsProbe{});
  report.add(SharedMemoryProbe{});
  report.add(ScratchProbe{});
  report.add(SageMakerProbe{});
  report.add(CopyProbe{});
  report.add(MatmulProbe{});
  report.add(FirstConv2dProbe{});
  report.add(Conv2dProbe{});
  report.add(DecodeProbe{});
  report.add(DecodeOnAllProbe{});
  report.add(DiskWriteProbe{});
  report.add(DiskReadProbe{});
  return report.finish();
}

}  // namespace smtrain::app
