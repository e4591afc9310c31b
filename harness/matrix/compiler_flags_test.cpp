#include "matrix/compiler_flags.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

/// A case's folder with a folder of headers, a link out of it and a link that stays in it.
class CompilerFlags : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder() / "include");
    fs::create_directories(folder() / "src");
    fs::create_directories(dir_->path() / "outside");
    fs::create_directory_symlink("../outside", folder() / "out");
    fs::create_directory_symlink("include", folder() / "in");
    ASSERT_TRUE(write_file(folder() / "file.h", ""));
  }
  fs::path folder() const { return dir_->path() / "case"; }
  /// What clang gets, or the error.
  Words taken(const Words& words) const {
    const auto flags = compiler_flags(words, folder(), folder());
    return flags ? *flags : Words{"error: " + flags.error().message};
  }
  bool allows(const Words& words) const {
    return compiler_flags(words, folder(), folder()).has_value();
  }

  Result<TempDir> dir_ = TempDir::create();
};

TEST_F(CompilerFlags, what_only_changes_the_object_is_allowed) {
  const Words all{"-DX",
                  "-DX=1 + 2",
                  "-DMAX(a, b)=((a) > (b))",
                  "-UX",
                  "-O0",
                  "-Oz",
                  "-O",
                  "-g",
                  "-g0",
                  "-gdwarf-4",
                  "-Wall",
                  "-Wno-unused-variable",
                  "-Werror=shadow",
                  "-W",
                  "-Wframe-larger-than=512",
                  "-std=gnu11",
                  "-mcpu=v3",
                  "-mbig-endian",
                  "-mlittle-endian",
                  "-emit-llvm",
                  "-fno-builtin",
                  "-fno-builtin-memcpy",
                  "-fms-extensions",
                  "-funroll-loops"};
  EXPECT_EQ(taken(all), all);
}

TEST_F(CompilerFlags, an_argument_may_stand_in_a_word_of_its_own) {
  EXPECT_EQ(taken({"-D", "X=1", "-U", "Y", "-I", "include"}), (Words{"-DX=1", "-UY", "-Iinclude"}));
  EXPECT_EQ(taken({"-D"}), Words{"error: '-D' has no argument"});
}

TEST_F(CompilerFlags, what_loads_code_reads_or_writes_files_or_means_another_tool_is_refused) {
  for (const Words& words : std::vector<Words>{
           {"-fplugin=./evil.so"},
           {"-fpass-plugin=./evil.so"},
           {"-fplugin", "./evil.so"},
           {"-fplugin-arg-x-y"},
           {"-Xclang", "-load"},
           {"-Xclang=-load"},
           {"-Xpreprocessor", "x"},
           {"-mllvm", "-load=./evil.so"},
           {"-mllvm=-load=x"},
           {"-mcpu=probe"},
           {"-cc1"},
           {"-MF", "/tmp/x"},
           {"-MF/tmp/x"},
           {"-MD"},
           {"-MMD"},
           {"-MJ", "x"},
           {"-o", "/tmp/x"},
           {"-o/tmp/x"},
           {"-o=x"},
           {"--output=x"},
           {"-save-temps"},
           {"-gsplit-dwarf"},
           {"-gcc-toolchain", "/x"},
           {"--gcc-toolchain=/x"},
           {"-ftime-trace"},
           {"-fprofile-generate"},
           {"-fprofile-use=x"},
           {"-fmodules"},
           {"-fmodule-file=x"},
           {"-fmodule-map-file=/etc/shadow"},
           {"-fsanitize-ignorelist=/etc/shadow"},
           {"-fsanitize-blacklist=x"},
           {"-fxray-instrument"},
           {"-fthinlto-index=x"},
           {"-fcrash-diagnostics-dir=x"},
           {"-fdebug-prefix-map=a=/etc"},
           {"-ffile-prefix-map=a=/etc"},
           {"-include", "/etc/shadow"},
           {"-include=/etc/shadow"},
           {"-include/etc/shadow"},
           {"--include=/etc/shadow"},
           {"-imacros", "x"},
           {"-include-pch", "x"},
           {"-isystem", "/etc"},
           {"-isystem/etc"},
           {"-iquote/etc"},
           {"-idirafter/etc"},
           {"-iprefix", "x"},
           {"-isysroot/x"},
           {"--sysroot=/x"},
           {"-ivfsoverlay", "x"},
           {"-resource-dir", "x"},
           {"--config", "x"},
           {"--config=x"},
           {"-specs=x"},
           {"-specs", "x"},
           {"-B."},
           {"-B", "."},
           {"-x", "assembler"},
           {"-xc++"},
           {"@flags"},
           {"/etc/shadow"},
           {"evil.c"},
           {"-"},
           {"--"},
           {""},
           {"-target", "x86_64"},
           {"-Wl,-rpath"},
           {"-Wa,-x"},
           {"-Wp,-MD,x"},
           {"-Wp,-MF"},
           {"-E"},
           {"-S"},
           {"-P"},
           {"-v"},
           {"-###"},
           {"-lc"},
           {"-L."},
           {"-T", "x"},
           {"-serialize-diagnostics", "x"},
           {"--language=c++"},
           {"-DX\n-load"},
           {"-O4"},
           {"-Ofast"},
           {"-D@x"},
           {"-D", "-include"},
       }) {
    EXPECT_FALSE(allows(words)) << words.front();
  }
}

TEST_F(CompilerFlags, a_refusal_names_the_flag_and_what_is_allowed) {
  const auto flags = compiler_flags({"-DX", "-fplugin=./evil.so"}, folder(), folder());
  ASSERT_FALSE(flags);
  EXPECT_EQ(flags.error().message, "'-fplugin=./evil.so' is not an allowed flag");
  EXPECT_EQ(flags.error().hint,
            "allowed are -D, -U, -O, -g, -W, -std=, -I with a folder of the case, -mcpu=, "
            "-mlittle-endian, -mbig-endian, -emit-llvm and the -f of docs/runs.md");
}

TEST_F(CompilerFlags, a_folder_of_headers_is_inside_the_case_links_followed) {
  EXPECT_EQ(taken({"-Iinclude"}), Words{"-Iinclude"});
  EXPECT_EQ(taken({"-I."}), Words{"-I."});
  EXPECT_EQ(taken({"-Isrc/../include"}), Words{"-Iinclude"});
  EXPECT_EQ(taken({"-Iin"}), Words{"-Iin"});
  for (const char* flag : {"-I..", "-I../outside", "-I../../..", "-I/etc", "-Iout", "-Iout/deeper",
                           "-Isrc/../../outside", "-Ifile.h", "-Imissing", "-I"}) {
    EXPECT_FALSE(allows({flag})) << flag;
  }
  EXPECT_EQ(taken({"-Iout"}), Words{"error: '-Iout' does not name a folder inside the case's own"});
}

TEST_F(CompilerFlags, folders_of_headers_are_given_as_seen_from_the_source) {
  const auto flags = compiler_flags({"-I", "include"}, folder(), folder() / "src");
  ASSERT_TRUE(flags) << flags.error().message;
  EXPECT_EQ(*flags, Words{"-I../include"});
}

}  // namespace
}  // namespace bpfmatrix
