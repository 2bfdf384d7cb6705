// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/option_list.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace leaktrack {
namespace {

// CLI11 writes a value that may be left out as "--name{alone} :{alone,other}".
class OwnNames : public CLI::Formatter {
 public:
  std::string make_option_name(const CLI::Option* option, bool positional) const override {
    const std::string name = CLI::Formatter::make_option_name(option, positional);
    return name.substr(0, name.find('{'));
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    constexpr std::string_view kChoices = " :{";
    std::string text = CLI::Formatter::make_option_opts(option);
    if (!text.starts_with(kChoices) || !text.ends_with('}')) return text;
    text = text.substr(kChoices.size(), text.size() - kChoices.size() - 1);
    std::replace(text.begin(), text.end(), ',', '|');
    return " [=" + text + "]";
  }
};

// CLI11 does not know of what comes after the "--".
class OwnUsage : public OwnNames {
 public:
  explicit OwnUsage(std::string usage) : usage_(std::move(usage)) {}
  std::string make_usage(const CLI::App*, std::string) const override { return usage_; }

 private:
  const std::string usage_;
};

}  // namespace

OptionEntry& OptionEntry::Type(const std::string& name) {
  option_->type_name(name);
  return *this;
}

OptionEntry& OptionEntry::Required() {
  option_->required();
  return *this;
}

OptionEntry& OptionEntry::OneValueEach() {
  option_->allow_extra_args(false);
  return *this;
}

OptionEntry& OptionEntry::ShowDefault() {
  option_->capture_default_str();
  return *this;
}

OptionEntry& OptionEntry::Excludes(const OptionEntry& other) {
  option_->excludes(other.option_);
  return *this;
}

OptionEntry& OptionEntry::OneOf(const std::vector<std::string>& values) {
  option_->check(CLI::IsMember(values));
  return *this;
}

OptionEntry& OptionEntry::Between(double low, double high) {
  option_->check(CLI::Range(low, high).description(""));
  return *this;
}

OptionEntry& OptionEntry::ExistingDirectory() {
  // Without a description: CLI11 would show "DIR:DIR".
  option_->check(CLI::Validator(CLI::ExistingDirectory).description(""));
  return *this;
}

OptionEntry& OptionEntry::Check(const std::function<std::string(std::string&)>& problem) {
  option_->transform(CLI::Validator(problem, ""));
  return *this;
}

OptionEntry OptionList::Add(const std::string& name, std::string& value, const std::string& help) {
  return OptionEntry(app_->add_option(name, value, help));
}

OptionEntry OptionList::Add(const std::string& name, std::vector<std::string>& values,
                            const std::string& help) {
  return OptionEntry(app_->add_option(name, values, help));
}

OptionEntry OptionList::Add(const std::string& name, int& value, const std::string& help) {
  return OptionEntry(app_->add_option(name, value, help));
}

OptionEntry OptionList::Add(const std::string& name, size_t& value, const std::string& help) {
  return OptionEntry(app_->add_option(name, value, help));
}

OptionEntry OptionList::Add(const std::string& name, double& value, const std::string& help) {
  return OptionEntry(app_->add_option(name, value, help));
}

OptionEntry OptionList::Add(const std::string& name, std::optional<unsigned>& value,
                            const std::string& help) {
  return OptionEntry(app_->add_option(name, value, help));
}

OptionEntry OptionList::Flag(const std::string& name, bool& value, const std::string& help) {
  return OptionEntry(app_->add_flag(name, value, help));
}

OptionList::OptionList(CLI::App& app) : app_(&app) {
  app_->formatter(std::make_shared<OwnNames>());
}

OptionEntry OptionList::FlagOrValue(const std::string& name, const std::string& alone,
                                    std::string& value, const std::string& help) {
  return OptionEntry(app_->add_flag(name + "{" + alone + "}", value, help));
}

OptionEntry OptionList::AddRead(const std::string& name,
                                const std::function<std::string(const std::string&)>& store,
                                const std::string& help) {
  const auto read = [name, store](const std::string& text) {
    const std::string problem = store(text);
    if (!problem.empty()) throw CLI::ValidationError(name, problem);
  };
  return OptionEntry(app_->add_option_function<std::string>(name, read, help));
}

void OptionList::Footer(const std::string& text) { app_->footer(text); }

void OptionList::RunsCommand(const std::string& usage) {
  app_->formatter(std::make_shared<OwnUsage>(usage));
  app_->prefix_command();
}

bool OptionList::Given(const std::string& name) const { return app_->count(name) > 0; }

std::vector<std::string> OptionList::Rest() const { return app_->remaining(); }

void OptionList::Demand(const std::function<std::string()>& missing) {
  app_->callback([missing] {
    const std::string what = missing();
    if (!what.empty()) throw CLI::RequiredError(what);
  });
}

}  // namespace leaktrack
