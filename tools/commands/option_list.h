// SPDX-License-Identifier: Apache-2.0
//
// The options of one command, while they are described: what a command says to CLI11.
//
// Why: each file that includes CLI11 takes six seconds longer to compile. Here its templates are
// made once, for the few types that options have.
// Promises: values are stored where the command asked, once the line was understood.
// Limits: the variables must live as long as the line is parsed.
#ifndef LEAKTRACK_TOOLS_COMMANDS_OPTION_LIST_H_
#define LEAKTRACK_TOOLS_COMMANDS_OPTION_LIST_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace leaktrack {

// One option. Each call returns the option again.
class OptionEntry {
 public:
  explicit OptionEntry(CLI::Option* option) : option_(option) {}

  OptionEntry& Type(const std::string& name);  // the kind of value in the help: --keep DIR
  OptionEntry& Required();
  OptionEntry& OneValueEach();  // of a list: the next argument is no value of it
  OptionEntry& ShowDefault();
  OptionEntry& Excludes(const OptionEntry& other);
  OptionEntry& OneOf(const std::vector<std::string>& values);
  OptionEntry& Between(double low, double high);
  OptionEntry& ExistingDirectory();

  // The text is what was given, and may be changed. Returns why it cannot be, or "".
  OptionEntry& Check(const std::function<std::string(std::string& text)>& problem);

 private:
  CLI::Option* option_;
};

// Cheap to copy: a handle.
class OptionList {
 public:
  explicit OptionList(CLI::App& app);

  // Names such as "-o,--output"; one without dashes is a positional argument.
  OptionEntry Add(const std::string& name, std::string& value, const std::string& help);
  OptionEntry Add(const std::string& name, std::vector<std::string>& values,
                  const std::string& help);
  OptionEntry Add(const std::string& name, int& value, const std::string& help);
  OptionEntry Add(const std::string& name, size_t& value, const std::string& help);
  OptionEntry Add(const std::string& name, double& value, const std::string& help);
  OptionEntry Add(const std::string& name, std::optional<unsigned>& value, const std::string& help);
  OptionEntry Flag(const std::string& name, bool& value, const std::string& help);
  // "--name" alone stores `alone`, "--name=VALUE" the value. `value` stays empty if it is not
  // given.
  OptionEntry FlagOrValue(const std::string& name, const std::string& alone, std::string& value,
                          const std::string& help);

  // Calls `store` with what was given. It returns why that cannot be, or "".
  OptionEntry AddRead(const std::string& name,
                      const std::function<std::string(const std::string& text)>& store,
                      const std::string& help);

  // What stands below the options in the help: examples, then the exit status.
  void Footer(const std::string& text);

  // The help's first line instead of CLI11's, and what is no option is left to Rest().
  void RunsCommand(const std::string& usage);

  bool Given(const std::string& name) const;
  std::vector<std::string> Rest() const;

  // After all were read: names what is missing, or "".
  void Demand(const std::function<std::string()>& missing);

 private:
  CLI::App* app_;
};

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_OPTION_LIST_H_
