// SPDX-License-Identifier: Apache-2.0
#include "bench/verdicts/site_maker.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <numbers>

namespace leaktrack::verdicts {
namespace {

constexpr double kDay = 24 * kHour;
constexpr double kAngular = 2 * std::numbers::pi / kDay;

double SampledShare(double size, double interval) { return -std::expm1(-size / interval); }

}  // namespace

double Load::At(double ms) const {
  return 1 + rise * ms / end_ms + depth * std::sin(kAngular * ms + phase);
}

double Load::Until(double ms) const {
  return ms + rise * ms * ms / end_ms / 2 -
         depth / kAngular * (std::cos(kAngular * ms + phase) - std::cos(phase));
}

double Load::TimeOf(double work) const {
  double low = 0, high = work / std::max(1 - depth, 0.05) + kDay;
  for (int i = 0; i < 40; ++i) {
    const double middle = (low + high) / 2;
    (Until(middle) < work ? low : high) = middle;
  }
  return low;
}

Unit& SiteMaker::AddUnit(const std::string& kind) {
  Unit unit;
  unit.kind = kind;
  const size_t number = program_.units.size();
  unit.culprit = "app::Part" + std::to_string(number % 37) + "::Make" + std::to_string(number);
  program_.units.push_back(std::move(unit));
  return program_.units.back();
}

// Outer frames are few and shared by many sites, as in a server with some dozens of request
// handlers.
std::vector<std::string> SiteMaker::Callers() {
  std::vector<std::string> callers;
  const uint64_t depth = 1 + random_.Below(5);
  for (uint64_t i = 0; i < depth; ++i)
    callers.push_back("app::Step" + std::to_string(random_.Below(400)));
  callers.push_back("app::Handle" + std::to_string(random_.Below(30)));
  callers.push_back(random_.Chance(.2) ? "app::Worker" : "app::Serve");
  callers.push_back("main");
  return callers;
}

uint32_t SiteMaker::AddSite() {
  std::vector<std::string> functions;
  switch (random_.Below(4)) {
    case 0:
      functions = {"malloc"};
      break;
    case 1:
      functions = {"operator new(unsigned long)"};
      break;
    case 2:
      functions = {"operator new(unsigned long)",
                   "std::__new_allocator<app::Item>::allocate(unsigned long, void const*)",
                   "std::vector<app::Item>::push_back(app::Item const&)"};
      break;
    default:
      functions = {"malloc", "app::base::TakeMemory"};
      // A wrapper that is in no list.
      break;
  }
  functions.push_back(program_.units.back().culprit);
  const std::vector<std::string> callers = Callers();
  functions.insert(functions.end(), callers.begin(), callers.end());
  return AddSite(std::move(functions));
}

uint32_t SiteMaker::AddSite(std::vector<std::string> functions) {
  program_.sites.push_back(
      {static_cast<uint32_t>(program_.units.size() - 1), std::move(functions)});
  return static_cast<uint32_t>(program_.sites.size() - 1);
}

double SiteMaker::DrawBytes(double most) {
  const double bytes = random_.LogUniform(100, 500e3) * end() / kSecond;
  return std::min(bytes, random_.Uniform(.3, 1) * most * interval());
}

// Three sizes per site, a factor of four apart, each for a third of the blocks.
void SiteMaker::Pour(uint32_t site, double bytes, double size, const TimeMap& birth,
                     const TimeMap& death) {
  for (const double factor : {0.5, 1.0, 2.0}) {
    const double actual = std::max(16.0, std::round(size * factor));
    const double blocks = bytes / (size * 3.5);
    const uint64_t sampled = random_.Poisson(blocks * SampledShare(actual, interval()));
    for (uint64_t i = 0; i < sampled; ++i) {
      const double born = birth(random_.Uniform(0, 1));
      if (born < 0 || born >= end()) continue;
      program_.blocks.push_back({born, death(born), static_cast<uint64_t>(actual), site, -1});
    }
  }
}

void SiteMaker::Grow(uint32_t site, double first_bytes, double factor, double until,
                     bool by_realloc, const std::function<double(double)>& when) {
  int32_t previous = -1;
  for (double bytes = first_bytes; bytes < 1e12; bytes *= factor) {
    // It is needed when the previous block is full.
    const double born = when(bytes / factor);
    const double full = when(bytes);
    if (born >= end() || born > until) return;
    const bool last = full > until;
    if (!random_.Chance(SampledShare(bytes, interval()))) {
      previous = -1;
      continue;
    }
    program_.blocks.push_back(
        {born, last ? kForever : full, static_cast<uint64_t>(bytes), site, previous});
    if (by_realloc) previous = static_cast<int32_t>(program_.blocks.size() - 1);
  }
}

}  // namespace leaktrack::verdicts
