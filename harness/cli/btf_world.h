// For tests of `kernels btf`: kernels that a few words describe, and a store of its own.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/temp_dir.h"
#include "cli/command_test_support.h"
#include "kernels/testing/fake_archive.h"
#include "kernels/testing/fake_btf.h"
#include "kernels/testing/fake_image.h"

namespace bpfmatrix {

class BtfWorld {
 public:
  using Environment = std::vector<std::pair<std::string, std::string>>;

  /// Enough of them that kallsyms has a table.
  static std::vector<std::string> functions() {
    std::vector<std::string> names{"do_exit", "do_fork"};
    for (int i = 0; i < 600; ++i) names.push_back("function" + std::to_string(i));
    return names;
  }
  /// A bzImage with those functions among its symbols; `btf` may be empty.
  static std::string image(const std::string& release, const std::string& btf, char build_id) {
    constexpr std::uint64_t kBase = 0xffffffff81000000;
    std::vector<KernelSymbol> symbols;
    for (const std::string& name : functions()) {
      symbols.push_back({'T', name, kBase + symbols.size()});
    }
    return fake_bzimage_around(
        pack(fake_vmlinux({.text = fake_kallsyms(symbols, KallsymsLayout::v6_4) + "Linux version " +
                                   release + " (me) #1\n",
                           .notes = elf_note("GNU", 3, std::string(20, build_id)),
                           .btf = btf}),
             Packing::gzip));
  }

  std::string path(const std::string& name) const { return (dir_.path() / name).string(); }
  std::string put(const std::string& name, const std::string& bytes) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    EXPECT_TRUE(write_file(path(name), bytes));
    return path(name);
  }
  std::string get(const std::string& name) const {
    const Result<std::string> bytes = read_file(path(name), 64 << 20);
    return bytes ? *bytes : "no file: " + bytes.error().message;
  }

  /// `kernels` with these words.
  Said kernels(std::vector<std::string> arguments, const Environment& more = {}) const {
    arguments.insert(arguments.begin(), "kernels");
    return bpfmatrix_says(std::move(arguments), std::chrono::seconds(60), environment(more));
  }
  Environment environment(const Environment& more = {}) const {
    // Nobody listens on the discard port.
    Environment all{{"XDG_CACHE_HOME", path("cache")},
                    {"BPFMATRIX_MIRROR", "http://127.0.0.1:9/debian"}};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  void add(const std::string& id, const std::string& image) const {
    const Said added = kernels({"add", id, "--image", put(id + ".image", image)});
    EXPECT_EQ(added.exit_code, 0) << added.err;
  }

 private:
  TempDir dir_ = *TempDir::create();
};

}  // namespace bpfmatrix
