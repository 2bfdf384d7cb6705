// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/blame/wrappers.h"

#include <algorithm>

#include "libtrack/capture/allocators.h"

namespace leaktrack {
namespace {

// A name that ends in '*' stands for all names that begin so. Add a line where a report blames the
// messenger.
//
// The C family and what others call it, in any namespace or class.
constexpr std::string_view kFamily[] = {
    "malloc",         "calloc",         "realloc",         "reallocarray",  "memalign",
    "posix_memalign", "aligned_alloc",  "valloc",          "pvalloc",       "mmap",
    "mmap64",         "mremap",         "__libc_malloc",   "__libc_calloc", "__libc_realloc",
    "strdup",         "__strdup",       "strndup",         "__strndup",     "asprintf",
    "vasprintf",      "__asprintf_chk", "__vasprintf_chk", "getline",       "getdelim",
    "xmalloc*",       "xcalloc*",       "xrealloc*",       "xstrdup*",      "xstrndup*",
    "xzalloc*",       "xmemdup*",       "xnmalloc*",       "xnrealloc*",
};

// Further functions that do nothing but allocate: whatever stands between one of them and malloc is
// theirs.
constexpr std::string_view kAllocators[] = {
    "operator new*",
    // GLib, APR, OpenSSL, SQLite, libxml.
    "g_malloc*",
    "g_realloc*",
    "g_try_malloc*",
    "g_try_realloc*",
    "g_slice_alloc*",
    "g_slice_copy",
    "g_strdup*",
    "g_strndup",
    "g_strconcat",
    "g_memdup*",
    "g_new*",
    "apr_palloc*",
    "apr_pcalloc*",
    "apr_allocator_*",
    "CRYPTO_malloc*",
    "CRYPTO_zalloc*",
    "CRYPTO_realloc*",
    "CRYPTO_clear_realloc*",
    "CRYPTO_strdup",
    "CRYPTO_strndup",
    "CRYPTO_memdup",
    "sqlite3MemMalloc",
    "sqlite3Malloc*",
    "sqlite3_malloc*",
    "sqlite3DbMalloc*",
    "sqlite3Realloc",
    "xmlStrdup",
    "xmlStrndup",
    "xmlMalloc*",
    // Ruby.
    "ruby_xmalloc*",
    "ruby_xcalloc*",
    "ruby_xrealloc*",
    "ruby_strdup",
    "ruby_mimmalloc",
    "objspace_*",
    "rb_xmalloc_*",
    "rb_xcalloc_*",
    "rb_xrealloc_*",
    "rb_alloc_tmp_buffer*",
    // Python.
    "PyMem_*",
    "_PyMem_*",
    "PyObject_Malloc",
    "PyObject_Calloc",
    "PyObject_Realloc",
    "_PyObject_Malloc*",
    "_PyObject_Calloc",
    "_PyObject_Realloc",
    // Redis and its strings and listpacks; nginx; Perl; PHP; Lua.
    "zmalloc*",
    "zcalloc*",
    "zrealloc*",
    "ztrymalloc*",
    "ztrycalloc*",
    "ztryrealloc*",
    "zstrdup",
    "sds*",
    "_sds*",
    "s_malloc*",
    "s_realloc*",
    "lpNew",
    "lpInsert*",
    "lpPrepend*",
    "lpAppend*",
    "lpReplace*",
    "lpShrinkToFit",
    "lpBatch*",
    "ngx_alloc",
    "ngx_calloc",
    "ngx_memalign",
    "ngx_palloc*",
    "ngx_pcalloc",
    "ngx_pnalloc",
    "Perl_safesys*",
    "Perl_more_bodies",
    "_emalloc*",
    "_ecalloc*",
    "_erealloc*",
    "_estrdup*",
    "__zend_malloc*",
    "l_alloc",
    "luaM_*",
    // The linker's --wrap, and the program's own pools.
    "__wrap_malloc",
    "__wrap_calloc",
    "__wrap_realloc",
    "leaktrack_pool_alloc",
    "leaktrack::Pool::Alloc*",
};

// Containers and run-times: they allocate on behalf of their caller, and call back into the program
// too.
constexpr std::string_view kContainers[] = {
    // C++: the standard library, and containers that stand in for it.
    "std::*",
    "__gnu_cxx::*",
    "boost::container::*",
    "boost::detail::*",
    "boost::make_shared*",
    "boost::allocate_shared*",
    "absl::container_internal::*",
    "absl::lts_*",
    "absl::inlined_vector_internal::*",
    "absl::cord_internal::*",
    "absl::flat_hash_*",
    "absl::node_hash_*",
    "absl::InlinedVector*",
    "Json::Value::*",
    "Json::Value*",
    "nlohmann::*",
    "google::protobuf::internal::*",
    "google::protobuf::Arena*",
    // Rust.
    "__rust_alloc*",
    "__rust_realloc*",
    "__rdl_*",
    "__rg_*",
    "alloc::*",
    "<alloc::*",
    "core::*",
    "<core::*",
    "hashbrown::*",
    "<hashbrown::*",
    "<T as alloc::*",
    "<T as core::*",
    // Ruby.
    "rb_gc_*",
    "heap_page_*",
    "newobj_*",
    "rb_newobj*",
    "rb_wb_*newobj*",
    "rb_data_object_*alloc",
    "rb_data_typed_object_*alloc",
    "rb_eb_*",
    // Python.
    "_PyObject_New*",
    "_PyObject_GC_*",
    "PyObject_GC_*",
    "PyType_GenericAlloc",
    "_PyType_AllocNoTrack",
};

// Prefixes of library file names. The C library is here because the caller of fopen or getaddrinfo
// is the one to name.
constexpr std::string_view kRuntimeModules[] = {
    "libc.so.",  "libc-2.",      "libc.musl",   "ld-linux",        "ld-musl",   "libstdc++.so",
    "libc++.so", "libc++abi.so", "libgcc_s.so", "libleaktrack.so", "libpthread"};

bool AnyMatches(const auto& patterns, std::string_view name) {
  // "[clone .isra.0]" and "malloc.part.0" are the same function, cut up by the compiler.
  name = name.substr(0, name.find(" [clone"));
  return std::ranges::any_of(
      patterns, [&](std::string_view pattern) { return MatchesPattern(name, pattern); });
}

// Of an allocator that is linked into the program.
bool IsLinkedAllocatorName(std::string_view name) {
  return std::ranges::any_of(capture::kAllocators, [&](const capture::AllocatorFacts& one) {
    return AnyMatches(one.functions, name);
  });
}

}  // namespace

bool MatchesPattern(std::string_view name, std::string_view pattern) {
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos) return name == pattern;
  if (!name.starts_with(pattern.substr(0, star))) return false;
  const std::string_view rest = pattern.substr(star + 1);
  return rest.empty() ||
         (rest.ends_with('*') ? name.find(rest.substr(0, rest.size() - 1)) != std::string_view::npos
                              : name.ends_with(rest));
}

bool IsAllocatorName(std::string_view name) {
  const size_t scope = name.rfind("::");
  const std::string_view own = scope == std::string_view::npos ? name : name.substr(scope + 2);
  return AnyMatches(kFamily, own) || AnyMatches(kAllocators, name) || IsLinkedAllocatorName(name);
}

bool IsWrapperName(std::string_view name) {
  return IsAllocatorName(name) || AnyMatches(kContainers, name);
}

bool IsRuntimeModule(std::string_view file_name) {
  return capture::AllocatorOfLibrary(file_name) != capture::Allocator::kUnknown ||
         std::ranges::any_of(kRuntimeModules, [&](std::string_view prefix) {
           return file_name.starts_with(prefix);
         });
}

}  // namespace leaktrack
