// Prints the kernel targets that this CPU can run, one per line, for the tests that force each in turn.
#include <cstdio>

#include "kernels/kernels.hpp"

int main() {
  for (const auto& name : kernad::kernels::available_targets()) std::puts(name.c_str());
}
