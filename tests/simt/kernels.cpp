// SPDX-License-Identifier: Apache-2.0
#include "smtrain/tests/simt/kernels.h"

#include <cxxabi.h>
#include <elf.h>
#include <link.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>

namespace smtrain::simt {
namespace {

std::set<const void*>& kernels_that_ran() {
  static std::set<const void*> addresses;
  return addresses;
}

/// Where the program's addresses begin: the first object of the list.
const char* program_base() {
  const char* base = nullptr;
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* result) {
        *static_cast<const char**>(result) = reinterpret_cast<const char*>(info->dlpi_addr);
        return 1;
      },
      &base);
  return base;
}

void erase_all(std::string& text, const std::string& part) {
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at))
    text.erase(at, part.size());
}

/// Without namespaces, result and parameters; empty for what is not a kernel.
Kernel kernel_of_symbol(const char* symbol) {
  const std::string mangled = symbol;
  // Not what is within a function, nor a compiler's copy of one or part of it.
  if (!mangled.starts_with("_ZN") || mangled.find('.') != std::string::npos) return {};
  const std::unique_ptr<char, decltype(&std::free)> demangled(
      abi::__cxa_demangle(symbol, nullptr, nullptr, nullptr), &std::free);
  if (demangled == nullptr) return {};
  std::string name = demangled.get();
  for (const char* part : {"(anonymous namespace)::", "smtrain::", "cuda::", "simt::"})
    erase_all(name, part);
  if (name.starts_with("void ")) name.erase(0, 5);
  name.erase(std::min(name.find('('), name.size()));
  const std::string function = name.substr(0, name.find('<'));
  if (!function.ends_with("_kernel")) return {};
  return {.function = function, .name = name};
}

}  // namespace

void note_run(const void* kernel) { kernels_that_ran().insert(kernel); }

std::vector<Kernel> kernels_of_program() {
  std::ifstream file("/proc/self/exe", std::ios::binary);
  const std::vector<char> program((std::istreambuf_iterator<char>(file)), {});
  const auto* header = reinterpret_cast<const ElfW(Ehdr)*>(program.data());
  const auto* sections = reinterpret_cast<const ElfW(Shdr)*>(program.data() + header->e_shoff);
  std::vector<Kernel> kernels;
  for (const ElfW(Shdr)* section = sections; section != sections + header->e_shnum; ++section) {
    if (section->sh_type != SHT_SYMTAB) continue;
    const char* names = program.data() + sections[section->sh_link].sh_offset;
    const auto* symbols = reinterpret_cast<const ElfW(Sym)*>(program.data() + section->sh_offset);
    for (const ElfW(Sym)* symbol = symbols;
         symbol != symbols + section->sh_size / sizeof(ElfW(Sym)); ++symbol) {
      if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC || symbol->st_value == 0) continue;
      Kernel kernel = kernel_of_symbol(names + symbol->st_name);
      if (kernel.name.empty()) continue;
      kernel.has_run = kernels_that_ran().contains(program_base() + symbol->st_value);
      kernels.push_back(std::move(kernel));
    }
  }
  std::sort(kernels.begin(), kernels.end(),
            [](const Kernel& a, const Kernel& b) { return a.name < b.name; });
  return kernels;
}

}  // namespace smtrain::simt
