// SPDX-License-Identifier: Apache-2.0
// A Redis module with one command, "notes.add TEXT", which keeps a copy of the text for too long:
// for ever, if FORGET is set. It finds the module API as Redis documents it: the first word of the
// context is the function that finds all others.
#include <stdlib.h>
#include <string.h>

typedef struct Context Context;
typedef struct String String;
typedef int (*Command)(Context*, String**, int);

static int (*create_command)(Context*, const char*, Command, const char*, int, int, int);
static const char* (*string_text)(const String*, size_t*);
static int (*reply_long)(Context*, long long);

__attribute__((noinline)) static char* CopyOfNote(const String* text) {
  size_t length = 0;
  const char* const from = string_text(text, &length);
  return memcpy(malloc(length + 200), from, length);
}

static int Add(Context* context, String** words, int count) {
  char* const note = count > 1 ? CopyOfNote(words[1]) : NULL;
  if (getenv("FORGET") == NULL) free(note);
  return reply_long(context, 1);
}

int RedisModule_OnLoad(Context* context, String** words, int count) {
  (void)words, (void)count;
  int (*const find)(const char*, void*) = *(int (**)(const char*, void*))context;
  void (*set_attributes)(Context*, const char*, int, int) = NULL;
  find("RedisModule_SetModuleAttribs", &set_attributes);
  find("RedisModule_CreateCommand", &create_command);
  find("RedisModule_StringPtrLen", &string_text);
  find("RedisModule_ReplyWithLongLong", &reply_long);
  if (set_attributes == NULL || create_command == NULL || string_text == NULL || reply_long == NULL)
    return 1;
  set_attributes(context, "notes", 1, 1);
  return create_command(context, "notes.add", Add, "write", 0, 0, 0);
}
