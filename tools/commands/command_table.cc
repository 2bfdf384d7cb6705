// SPDX-License-Identifier: Apache-2.0
#include <span>
#include <string>

#include "tools/commands/command.h"

namespace leaktrack {
namespace {

constexpr const Command* kCommands[] = {&kRun,  &kReport, &kTriage, &kTop,  &kServe,
                                        &kLook, &kMerge,  &kPush,   &kDiff, &kGate,
                                        &kSeal, &kDoctor, &kDump};

}  // namespace

std::span<const Command* const> Commands() { return kCommands; }

const Command* FindCommand(const std::string& name) {
  for (const Command* command : kCommands) {
    if (name == command->name) return command;
  }
  return nullptr;
}

}  // namespace leaktrack
