// The commands. Each adds itself to the app: options, help, and the function to run after parsing.
#pragma once

namespace CLI {
class App;
}

namespace kernad::cli {

void add_fit(CLI::App& app);
void add_sketch(CLI::App& app);
void add_calibrate(CLI::App& app);
void add_predict(CLI::App& app);
void add_embed(CLI::App& app);
void add_watch(CLI::App& app);
void add_test(CLI::App& app);
void add_explain(CLI::App& app);
void add_info(CLI::App& app);

}  // namespace kernad::cli
