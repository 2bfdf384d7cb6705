// SPDX-License-Identifier: Apache-2.0
// An SQLite extension with one function, digest(TEXT). Its buffer is never freed if FORGET is set.
#include <sqlite3ext.h>
#include <stdlib.h>
#include <string.h>
SQLITE_EXTENSION_INIT1

__attribute__((noinline)) static unsigned char* NewDigest(const unsigned char* text) {
  unsigned char* const digest = calloc(1, 300);
  for (size_t i = 0; text != NULL && text[i] != 0; ++i) digest[i % 300] ^= text[i];
  return digest;
}

static void Digest(sqlite3_context* context, int count, sqlite3_value** values) {
  (void)count;
  unsigned char* const digest = NewDigest(sqlite3_value_text(values[0]));
  sqlite3_result_int(context, digest[0]);
  if (getenv("FORGET") == NULL) free(digest);
}

int sqlite3_extension_init(sqlite3* db, char** error, const sqlite3_api_routines* api) {
  (void)error;
  SQLITE_EXTENSION_INIT2(api);
  return sqlite3_create_function(db, "digest", 1, SQLITE_UTF8, NULL, Digest, NULL, NULL);
}
