// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/blame/own_code.h"

#include <gtest/gtest.h>

namespace leaktrack {
namespace {

ModuleRole RoleOf(const std::string& executable, const std::string& module) {
  ResolvedFrame frame;
  frame.module = module;
  return OwnCode(executable).RoleOf(frame);
}

TEST(OwnCodeTest, TheExecutableAndWhatLiesInItsPackageAreTheProgram) {
  EXPECT_EQ(RoleOf("/opt/app/bin/svc", "/opt/app/bin/svc"), ModuleRole::kOwn);
  EXPECT_EQ(RoleOf("/opt/app/bin/svc", "/opt/app/lib/libcore.so"), ModuleRole::kOwn);
  EXPECT_EQ(RoleOf("/srv/build/svc", "/srv/build/plugins/a.so"), ModuleRole::kOwn);
  EXPECT_EQ(RoleOf("/usr/lib/postgresql/15/bin/postgres", "/usr/lib/postgresql/15/lib/ltree.so"),
            ModuleRole::kOwn);
}

TEST(OwnCodeTest, WhatTheSystemSharesIsSomebodyElses) {
  for (const char* module : {"/usr/lib/x86_64-linux-gnu/libfoo.so.1", "/lib64/libbar.so.2",
                             "/usr/local/lib/libbaz.so", "/nix/store/abc-zlib/lib/libqux.so"})
    EXPECT_EQ(RoleOf("/usr/bin/svc", module), ModuleRole::kLibrary) << module;
  EXPECT_EQ(RoleOf("/usr/bin/svc", "/usr/lib/x86_64-linux-gnu/libc.so.6"), ModuleRole::kRuntime);
}

TEST(OwnCodeTest, LibrariesAndPluginsThatAreNamedAfterTheProgramAreItsOwn) {
  EXPECT_EQ(RoleOf("/usr/sbin/nginx", "/usr/lib/nginx/modules/ngx_stream_module.so"),
            ModuleRole::kOwn);
  EXPECT_EQ(RoleOf("/usr/bin/redis-server", "/usr/lib/redis/modules/search.so"), ModuleRole::kOwn);
  EXPECT_EQ(RoleOf("/usr/bin/vlc", "/usr/lib/x86_64-linux-gnu/libvlc.so.5"), ModuleRole::kOwn);
  EXPECT_EQ(RoleOf("/usr/bin/app", "/usr/lib/x86_64-linux-gnu/libapparmor.so.1"),
            ModuleRole::kLibrary)
      << "three letters are no name to go by";
  EXPECT_EQ(RoleOf("/usr/bin/d", "/usr/lib/x86_64-linux-gnu/libdrm.so.2"), ModuleRole::kLibrary);
}

TEST(OwnCodeTest, AKnownLibraryBesideTheProgramIsStillALibrary) {
  EXPECT_EQ(RoleOf("/opt/app/bin/svc", "/opt/app/lib/libtalloc.so.2"), ModuleRole::kLibrary);
  EXPECT_EQ(RoleOf("/opt/app/bin/svc", "/opt/app/lib/libpython3.11.so.1.0"), ModuleRole::kLibrary);
}

TEST(OwnCodeTest, ALibraryThatEverybodyUsesIsItsOwnOnlyUnderTheProgramsWholeName) {
  const std::string libraries = "/usr/lib/x86_64-linux-gnu/";
  EXPECT_EQ(RoleOf("/usr/bin/curl", libraries + "libcurl.so.4"), ModuleRole::kOwn);
  EXPECT_EQ(RoleOf("/usr/bin/sqlite3", libraries + "libsqlite3.so.0"), ModuleRole::kOwn);
  EXPECT_EQ(RoleOf("/usr/bin/glib-compile-schemas", libraries + "libglib-2.0.so.0"),
            ModuleRole::kLibrary);
  EXPECT_EQ(RoleOf("/usr/bin/gpg", libraries + "libgpg-error.so.0"), ModuleRole::kLibrary);
}

TEST(OwnCodeTest, AnInterpreterIsAHostAndTheModulesItLoadsAreTheProgram) {
  EXPECT_EQ(RoleOf("/usr/bin/python3.11", "/usr/bin/python3.11"), ModuleRole::kHost);
  EXPECT_EQ(RoleOf("/usr/bin/ruby3.1", "/usr/lib/x86_64-linux-gnu/libruby-3.1.so.3.1.2"),
            ModuleRole::kHost);
  EXPECT_EQ(RoleOf("/usr/bin/python3.11", "/usr/lib/python3/dist-packages/a.cpython-311.so"),
            ModuleRole::kOwn);
  EXPECT_EQ(RoleOf("/usr/lib/jvm/java-17/bin/java", "/usr/lib/jvm/java-17/lib/server/libjvm.so"),
            ModuleRole::kHost);
  EXPECT_EQ(RoleOf("/usr/bin/python3.11", "/tmp/ext.so"), ModuleRole::kOwn);
  EXPECT_EQ(RoleOf("/usr/bin/python-agent", "/usr/bin/python-agent"), ModuleRole::kOwn);
}

TEST(OwnCodeTest, CodeWithoutAFileIsTheProgramsWhereItHasAName) {
  ResolvedFrame made;
  const OwnCode own("/usr/bin/node");
  EXPECT_EQ(own.RoleOf(made), ModuleRole::kLibrary);
  made.function = "onRequest app.js:7";
  EXPECT_EQ(own.RoleOf(made), ModuleRole::kOwn);
}

TEST(OwnCodeTest, WithoutAnExecutableAllIsTheProgram) {
  EXPECT_EQ(RoleOf("", "/usr/lib/libfoo.so"), ModuleRole::kOwn);
  EXPECT_EQ(RoleOf("", "/usr/lib/libc.so.6"), ModuleRole::kRuntime);
}

}  // namespace
}  // namespace leaktrack
