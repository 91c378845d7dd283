// The commands. Each adds itself to the app: options, help, and the function to run after parsing.
#pragma once

namespace CLI {
class App;
}

namespace kernad::cli {

/// A command that has done its work ends with this exit status, not 0: its result is an answer to a script.
struct Verdict {
  int status;
};
inline constexpr int kDriftStatus = 3;

void add_fit(CLI::App& app);
void add_sketch(CLI::App& app);
void add_calibrate(CLI::App& app);
void add_predict(CLI::App& app);
void add_embed(CLI::App& app);
void add_watch(CLI::App& app);
void add_test(CLI::App& app);
void add_compare(CLI::App& app);
void add_explain(CLI::App& app);
void add_info(CLI::App& app);

}  // namespace kernad::cli
