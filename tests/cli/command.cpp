#include "cli/command.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <stdexcept>

#include "support/data.hpp"

namespace kernad::testing {
namespace {

/// The writing end of a pipe whose reader has gone.
int broken_pipe() {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
  ::close(ends[0]);
  return ends[1];
}

/// err: a file, or "" for where out goes.
int spawn_and_wait(const char* program, std::vector<std::string> words, const std::string& in, int out,
                   const std::string& err) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, in.c_str(), O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  if (err.empty()) {
    ::posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
  } else {
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  }
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  pid_t child = 0;
  const int error = ::posix_spawnp(&child, program, &actions, nullptr, argv.data(), ::environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::runtime_error(std::string("cannot start ") + program);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

}  // namespace

Outcome Command::operator()(const std::vector<std::string>& arguments, const std::string& in,
                            const std::string& out) const {
  std::vector<std::string> words = {"kernad"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  const std::string out_path = out.empty() ? captured_.path("out") : out;
  const int out_file =
      out == "|" ? broken_pipe() : ::open(out_path.c_str(), O_WRONLY | O_CREAT | (out.empty() ? O_TRUNC : 0), 0600);
  if (out_file < 0) throw std::runtime_error("cannot open " + out_path);

  Outcome outcome;
  outcome.status =
      spawn_and_wait(KERNAD_TEST_BINARY, std::move(words), captured_.write("in", in), out_file, captured_.path("err"));
  ::close(out_file);
  if (out.empty()) outcome.out = captured_.read("out");
  outcome.err = captured_.read("err");
  return outcome;
}

bool Command::has_terminals() {
  const int screen = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (screen >= 0) ::close(screen);
  return screen >= 0;
}

std::string Command::on_terminal(const std::vector<std::string>& arguments) const {
  std::vector<std::string> words = {"kernad"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  const int screen = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (screen < 0 || ::grantpt(screen) != 0 || ::unlockpt(screen) != 0) throw std::runtime_error("no terminal");
  const int terminal = ::open(::ptsname(screen), O_RDWR | O_NOCTTY);
  if (terminal < 0) throw std::runtime_error("cannot open a terminal");
  spawn_and_wait(KERNAD_TEST_BINARY, std::move(words), "/dev/null", terminal, captured_.path("err"));
  std::string shown(16384, '\0');
  const ssize_t size = ::read(screen, shown.data(), shown.size());
  ::close(terminal);
  ::close(screen);
  shown.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  std::erase(shown, '\r');  // a terminal's line ends
  return shown;
}

Outcome run_program(const std::vector<std::string>& words) {
  const TemporaryFolder captured;
  const int out = ::open(captured.path("out").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  Outcome outcome;
  outcome.status = spawn_and_wait(words[0].c_str(), words, "/dev/null", out, "");
  ::close(out);
  outcome.out = captured.read("out");
  return outcome;
}

std::string labelled_csv(std::size_t rows, std::size_t anomalies) {
  Random random(3);
  std::string csv = "a,b,c,d,class\n";
  for (std::size_t i = 0; i < rows + anomalies; ++i) {
    for (int j = 0; j < 4; ++j) csv += std::to_string(random.normal() + (i < rows ? 0 : 8)) + ",";
    csv += i < rows ? "good\n" : "bad\n";
  }
  return csv;
}

std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace kernad::testing
