// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/blame/blame.h"

#include <gtest/gtest.h>

namespace leaktrack {
namespace {

ResolvedFrame F(const std::string& function, const std::string& module = "/bin/app") {
  return {function, "", 0, module, "", 0x1234, false};
}

std::string Blamed(const std::vector<ResolvedFrame>& stack) {
  return stack[BlameIndex(stack)].function;
}

TEST(BlameTest, SkipsTheAllocatorAndTheStandardLibrary) {
  EXPECT_EQ(Blamed({F("operator new(unsigned long)", "/usr/lib/libstdc++.so.6"),
                    F("std::__new_allocator<int>::allocate(unsigned long, void const*)"),
                    F("void std::vector<int, std::allocator<int> >::_M_realloc_insert<int "
                      "const&>(int const&)"),
                    F("Cache::Add(std::vector<int, std::allocator<int> > const&)"), F("main")}),
            "Cache::Add(std::vector<int, std::allocator<int> > const&)");
}

TEST(BlameTest, NamesTheRubyFunctionThatAskedThoughItsHelpersAreStripped) {
  const std::string ruby = "/usr/lib/x86_64-linux-gnu/libruby-3.1.so.3.1.2";
  EXPECT_EQ(Blamed({F("", ruby), F("ruby_xmalloc", ruby), F("onig_new", ruby),
                    F("rb_reg_prepare_re", ruby)}),
            "onig_new");
  EXPECT_EQ(Blamed({F("", ruby), F("ruby_xmalloc", ruby), F("", ruby), F("", ruby),
                    F("onig_compile_ruby", ruby), F("onig_new", ruby)}),
            "onig_compile_ruby");
}

TEST(BlameTest, NamesTheListNotTheAllocatorOfRedis) {
  EXPECT_EQ(Blamed({F("zmalloc"), F("lpNew"), F("quicklistPushHead"), F("listTypePush"),
                    F("pushGenericCommand")}),
            "quicklistPushHead");
  EXPECT_EQ(Blamed({F("ztrymalloc_usable"), F("_sdsnewlen"), F("createEmbeddedStringObject")}),
            "createEmbeddedStringObject");
}

TEST(BlameTest, NamesTheCallerOfTheCLibrary) {
  EXPECT_EQ(
      Blamed({F("__fopen_internal", "/lib/x86_64-linux-gnu/libc.so.6"), F("OpenLog"), F("main")}),
      "OpenLog");
}

TEST(BlameTest, NamesTheExtensionNotPython) {
  EXPECT_EQ(Blamed({F("_PyMem_RawMalloc", "/usr/bin/python3.11"),
                    F("PyMem_Malloc", "/usr/bin/python3.11"), F("leak_some", "/tmp/ext.so"),
                    F("PyObject_Vectorcall", "/usr/bin/python3.11")}),
            "leak_some");
}

TEST(BlameTest, AStackOfWrappersAloneStillHasAnAnswer) {
  EXPECT_EQ(BlameIndex({F("malloc"), F("calloc")}), 0u);
  EXPECT_EQ(BlameIndex({}), 0u);
}

TEST(BlameTest, AnUnnamedFrameIsNotBlamedOnAnotherModule) {
  EXPECT_EQ(
      BlameIndex({F("", "/bin/stripped"), F("", "/bin/stripped"), F("qsort", "/lib/other.so")}),
      0u);
}

TEST(BlameTest, QualifiedNameDropsReturnTypeAndParameters) {
  EXPECT_EQ(QualifiedName("void std::sort<int*>(int*, int*)"), "std::sort<int*>");
  EXPECT_EQ(QualifiedName("operator new(unsigned long)"), "operator new(unsigned long)");
  EXPECT_EQ(QualifiedName("(anonymous namespace)::Grow(int)"), "(anonymous namespace)::Grow");
  EXPECT_EQ(QualifiedName("main"), "main");
  EXPECT_EQ(QualifiedName(""), "");
  EXPECT_EQ(QualifiedName("auto main::{lambda(int, char const*)#1}::operator()<int>(int) const"),
            "main::{lambda(int, char const*)#1}::operator()<int>");
  EXPECT_EQ(QualifiedName("void operators::Apply(int)"), "operators::Apply");
  EXPECT_EQ(QualifiedName("main.(*Server).Keep"), "main.(*Server).Keep");
}

TEST(BlameTest, WhatAnAllocatorPutsBetweenItselfAndMallocGoesWithIt) {
  EXPECT_EQ(Blamed({F("malloc"), F("base::CheckedMalloc(unsigned long)"),
                    F("base::xmalloc(unsigned long)"), F("Remember")}),
            "Remember");
  EXPECT_EQ(Blamed({F("malloc"), F("Fill"), F("std::vector<int>::push_back(int)"), F("main")}),
            "Fill")
      << "a container calls back, an allocator does not";
}

TEST(BlameTest, AFunctionThatOnlyBeginsLikeAWrapperIsNotOne) {
  EXPECT_FALSE(IsWrapper(F("mallocate_things")));
  EXPECT_FALSE(IsWrapper(F("stdx::Keep()")));
  EXPECT_TRUE(IsWrapper(F("xmalloc_array")));
}

ResolvedFrame In(const std::string& module, const std::string& function) {
  ResolvedFrame frame;
  frame.function = function;
  frame.module = module;
  return frame;
}

TEST(BlameTest, FramesOutsideOfMainAreNotTheProgramsOwn) {
  const std::string app = "/bin/app", libc = "/lib/libc.so.6";
  const auto shown = [](std::vector<ResolvedFrame> stack) { return FramesOfTheProgram(stack, 1); };
  const auto stack = [&](std::vector<ResolvedFrame> outer) {
    outer.insert(outer.begin(), {In(libc, "malloc"), In(app, "Push"), In(app, "main")});
    return outer;
  };
  EXPECT_EQ(shown(stack({In(libc, "__libc_start_call_main"),
                         In(libc, "__libc_start_main@@GLIBC_2.34"), In(app, "_start")})),
            3u);
  EXPECT_EQ(shown(stack({In(libc, ""), In(libc, "__libc_start_main_impl"), In(app, "")})),
            3u);  // stripped
  EXPECT_EQ(shown(stack({In(libc, "start_thread"), In(libc, "clone3")})), 3u);
  EXPECT_EQ(shown(stack({In(libc, ""), In(libc, "")})), 3u);
  EXPECT_EQ(shown(stack({In(app, "")})), 4u) << "an unnamed frame of the program stays";
  EXPECT_EQ(shown({In(libc, "malloc"), In(libc, "fopen"), In(libc, "")}), 2u)
      << "what is blamed stays";
  EXPECT_EQ(FramesOfTheProgram({}, 0), 0u);
}

}  // namespace
}  // namespace leaktrack
