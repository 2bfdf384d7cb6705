// SPDX-License-Identifier: Apache-2.0
//
// Runs reduced to sums: what is counted once, what adds up, and what is dropped when there is too
// much.
#include "tools/compare/fleet_sums.h"

#include <gtest/gtest.h>

#include <optional>

namespace leaktrack {
namespace {

constexpr size_t kLeak = static_cast<size_t>(Verdict::kLeak),
                 kNone = static_cast<size_t>(Verdict::kNone);

capture::Capture ARun(uint64_t run_id, const std::string& program = "service",
                      const std::string& build_id = "ab12") {
  capture::Capture capture;
  capture.path = program + "." + std::to_string(run_id) + ".ltk";
  capture.process.run_id = run_id;
  capture.process.program = program;
  capture.process.host = "node" + std::to_string(run_id % 3);
  capture.modules.push_back({.number = 1, .path = "/bin/" + program, .build_id = build_id});
  return capture;
}

SiteResult Site(const std::string& function, Verdict verdict, double live_bytes,
                std::optional<Rate> growth = {}) {
  SiteResult site;
  site.stack = {{function, "a.cc", 1, "/bin/service", "ab12", 1, false},
                {"main", "a.cc", 9, "/bin/service", "ab12", 2, false}};
  site.verdict = verdict;
  site.significant = verdict >= Verdict::kSuspect;
  site.live_bytes = live_bytes;
  site.live_objects = 2;
  site.born_bytes = 10 * live_bytes;
  site.growth = growth;
  return site;
}

Analysis Of(std::vector<SiteResult> sites, double seconds = 60) {
  Analysis analysis;
  analysis.duration_seconds = seconds;
  analysis.sites = std::move(sites);
  for (const SiteResult& site : analysis.sites) {
    if (site.verdict >= Verdict::kSuspect) analysis.conclusion = Conclusion::kFound;
  }
  return analysis;
}

const ProgramSum& Only(const FleetSums& sums) {
  EXPECT_EQ(sums.programs().size(), 1u);
  return sums.programs().begin()->second;
}

TEST(FleetSumsTest, WorkersOfOneExecutableAreOneProgramWhateverTheyCallThemselves) {
  FleetSums sums;
  uint64_t run_id = 0;
  for (const char* title : {"nginx: master process nginx", "nginx: worker process",
                            "nginx: worker process", "nginx: cache manager 17"}) {
    capture::Capture run = ARun(++run_id, title);  // as in captures before format 1.3
    run.process.command = title;
    run.modules[0].path = "/usr/sbin/nginx (deleted)";
    sums.Add(run, Of({}));
  }
  ASSERT_EQ(sums.programs().size(), 1u);
  EXPECT_EQ(sums.programs().begin()->first, (ProgramVersion{"nginx", "ab12"}));
  EXPECT_EQ(Only(sums).roles, (std::map<std::string, uint64_t>{{"nginx: master process nginx", 1},
                                                               {"nginx: worker process", 2},
                                                               {"nginx: cache manager N", 1}}));
}

TEST(FleetSumsTest, OfProcessesWithoutTitlesTheForkedAreToldFromOthersAndRolesHaveABound) {
  FleetSums sums;
  capture::Capture parent = ARun(1), child = ARun(2);
  child.process.parent_run_id = 1;
  sums.Add(parent, Of({}));
  sums.Add(child, Of({}));
  EXPECT_EQ(Only(sums).roles,
            (std::map<std::string, uint64_t>{{"service", 1}, {"service (forked)", 1}}));
  for (uint64_t run = 3; run < 300; ++run) {
    capture::Capture named = ARun(run);
    named.process.command = "service: serves " + std::string(run, 'x');
    sums.Add(named, Of({}));
  }
  EXPECT_LE(Only(sums).roles.size(), ProgramSum::kMostRoles + 1);
  EXPECT_GT(Only(sums).roles.at("others"), 250u);
}

TEST(FleetSumsTest, SitesOfTheSameNamesAddUpOverRuns) {
  FleetSums sums;
  for (uint64_t run = 1; run <= 4; ++run) {
    const bool leaks = run != 2;
    EXPECT_TRUE(sums.Add(ARun(run), Of({Site("Grow", leaks ? Verdict::kLeak : Verdict::kNone, 100,
                                             Rate{10.0 * double(run), 0, 100})})));
  }
  const ProgramSum& program = Only(sums);
  EXPECT_EQ(program.runs, 4u);
  EXPECT_EQ(program.hosts.size(), 3u);
  EXPECT_EQ(program.watched_seconds, 240);
  ASSERT_EQ(program.sites.size(), 1u);
  const auto& [key, site] = *program.sites.begin();
  EXPECT_EQ(key, "Grow < main");
  EXPECT_EQ(site.runs, 4u);
  EXPECT_EQ(site.verdicts[kLeak], 3u);
  EXPECT_EQ(site.verdicts[kNone], 1u);
  EXPECT_EQ(site.live_bytes, 400);
  EXPECT_EQ(site.born_bytes, 4000);
  EXPECT_EQ(site.growth.mid, 80);  // from the runs that accuse it: 10 + 30 + 40
  EXPECT_EQ(site.fastest_path, "service.4.ltk");
  EXPECT_EQ(sums.conclusion(), Conclusion::kFound);
}

TEST(FleetSumsTest, APluginWithoutNamesIsOneSiteWhereverEachRunLoadedItFrom) {
  FleetSums sums;
  for (uint64_t run_id = 1; run_id <= 2; ++run_id) {
    SiteResult site = Site("", Verdict::kLeak, 100);
    const std::string path = "/tmp/tmp-" + std::to_string(run_id) + ".so";
    site.stack = {{"", "", 0, path, "cd34", 1, false},
                  {"main", "a.cc", 9, "/bin/service", "ab12", 2, false}};
    sums.Add(ARun(run_id), Of({site}));
  }
  ASSERT_EQ(Only(sums).sites.size(), 1u);
  EXPECT_EQ(Only(sums).sites.begin()->second.runs, 2u);
}

TEST(FleetSumsTest, ErrorsOfRunsAreIndependent) {
  RateSum sum;
  for (int i = 0; i < 4; ++i) sum.Add(Rate{100, 90, 120});
  EXPECT_DOUBLE_EQ(sum.Get().mid, 400);
  EXPECT_DOUBLE_EQ(sum.Get().low, 380);
  EXPECT_DOUBLE_EQ(sum.Get().high, 440);
}

TEST(FleetSumsTest, ARunThatComesTwiceCountsOnce) {
  FleetSums sums;
  EXPECT_TRUE(sums.Add(ARun(1), Of({Site("Grow", Verdict::kLeak, 100)})));
  EXPECT_FALSE(sums.Add(ARun(1), Of({Site("Grow", Verdict::kLeak, 100)})));
  EXPECT_EQ(sums.runs(), 1u);
  EXPECT_EQ(Only(sums).sites.begin()->second.live_bytes, 100);
  EXPECT_TRUE(sums.Add(ARun(0), Of({})));  // runs without a known id are different runs
  EXPECT_TRUE(sums.Add(ARun(0), Of({})));
}

TEST(FleetSumsTest, SitesOfOneRunWithTheSameNamesAreOneAppearanceWithTheWorstVerdict) {
  FleetSums sums;
  sums.Add(ARun(1),
           Of({Site("Grow", Verdict::kNone, 1), Site("Grow", Verdict::kLeak, 2, Rate{5, 4, 6}),
               Site("Grow", Verdict::kWatch, 4)}));
  const SiteSum& site = Only(sums).sites.begin()->second;
  EXPECT_EQ(site.runs, 1u);
  EXPECT_EQ(site.verdicts, (std::array<uint64_t, 4>{0, 0, 0, 1}));
  EXPECT_EQ(site.live_bytes, 7);
}

TEST(FleetSumsTest, BuildsAndMappingsAreKeptApart) {
  FleetSums sums;
  sums.Add(ARun(1), Of({Site("Grow", Verdict::kNone, 1)}));
  sums.Add(ARun(2, "service", "cd34"), Of({Site("Grow", Verdict::kNone, 1)}));
  SiteResult mapping = Site("Grow", Verdict::kNone, 1);
  mapping.kind = capture::SiteKind::kMapping;
  sums.Add(ARun(3, "other", ""), Of({Site("Grow", Verdict::kNone, 1), mapping}));
  EXPECT_EQ(sums.programs().size(), 3u);
  EXPECT_EQ(sums.programs().at({"other", ""}).sites.size(), 2u);
}

TEST(FleetSumsTest, TheConclusionIsThatOfTheLongestRunUnlessOneGrowsOrHasLostData) {
  FleetSums sums;
  EXPECT_EQ(sums.conclusion(), Conclusion::kTooShort);
  Analysis brief = Of({}, 1);
  brief.conclusion = Conclusion::kTooShort;
  sums.Add(ARun(1), brief);
  EXPECT_EQ(sums.conclusion(), Conclusion::kTooShort);
  sums.Add(ARun(2), Of({}, 600));
  EXPECT_EQ(sums.conclusion(), Conclusion::kClean);
  Analysis lost = Of({}, 5);
  lost.conclusion = Conclusion::kDataLost;
  sums.Add(ARun(3), lost);
  EXPECT_EQ(sums.conclusion(), Conclusion::kDataLost);
  sums.Add(ARun(4), Of({Site("Grow", Verdict::kSuspect, 1)}));
  EXPECT_EQ(sums.conclusion(), Conclusion::kFound);
}

TEST(FleetSumsTest, WhereThereAreTooManySitesTheLeastTellingAreGivenUpAndCounted) {
  FleetSums sums(200'000);
  sums.Add(ARun(1), Of({Site("Culprit", Verdict::kLeak, 1, Rate{5, 4, 6})}));
  double live = 1;
  for (uint64_t run = 2; run < 40; ++run) {
    std::vector<SiteResult> sites;
    for (int i = 0; i < 100; ++i)
      sites.push_back(
          Site("Once" + std::to_string(run * 100) + std::to_string(i), Verdict::kNone, i + 1));
    for (const SiteResult& site : sites) live += site.live_bytes;
    sums.Add(ARun(run), Of(std::move(sites)));
  }
  const ProgramSum& program = Only(sums);
  EXPECT_LT(program.sites.size(), 1000u);
  EXPECT_EQ(program.sites.count("Culprit < main"), 1u);
  EXPECT_EQ(program.sites_given_up + program.sites.size(), 3801u);
  double kept = program.live_bytes_given_up;
  for (const auto& [key, site] : program.sites) kept += site.live_bytes;
  EXPECT_DOUBLE_EQ(kept, live);
}

TEST(FleetSumsTest, HostileNamesAreCut) {
  FleetSums sums;
  SiteResult site = Site(std::string(100'000, 'x') + "\x1b[31m", Verdict::kNone, 1);
  site.stack.Change([](auto& frames) {
    for (int i = 0; i < 2000; ++i)
      frames.insert(frames.begin() + 1,
                    {"deep" + std::to_string(i), "", 0, "/bin/x", "", 1, false});
  });
  sums.Add(ARun(1), Of({site}));
  const std::string& key = Only(sums).sites.begin()->first;
  EXPECT_LT(key.size(), 64u * 410);
  EXPECT_EQ(key.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace leaktrack
