#include "cell/module_btf.h"

#include <gtest/gtest.h>

#include "elf/testing/module_types.h"
#include "images/modinfo.h"

namespace bpfmatrix {
namespace {

class ModuleBtf : public testing::Test {
 protected:
  std::string said_of(const std::map<std::string, std::string>& sections) {
    write_module(compiler_, compiler_.directory(), "veth", sections);
    const std::string bytes = *read_module(compiler_.directory() / "kernel/veth.ko");
    return said(module_btf({.name = "veth", .bytes = bytes}));
  }
  static std::string said(const Result<std::string>& read) {
    return read ? *read : read.error().message;
  }

  BpfCompiler compiler_{};
};

TEST_F(ModuleBtf, is_the_section_of_that_name) { EXPECT_EQ(said_of({{".BTF", "types"}}), "types"); }

TEST_F(ModuleBtf, that_is_not_there_is_said) {
  EXPECT_EQ(said_of({}), "module 'veth': no BTF in it");
  EXPECT_EQ(said_of({{".BTF", "types"}, {".BTF.base", "base"}}),
            "module 'veth': its base is its own .BTF.base, not the kernel's BTF");
}

TEST_F(ModuleBtf, of_what_is_no_elf_file_is_none) {
  EXPECT_NE(said(module_btf({.name = "veth", .bytes = "text"})).find("malformed ELF"),
            std::string::npos);
}

TEST_F(ModuleBtf, of_a_kernel_is_found_by_the_modules_name) {
  const Kernel kernel{.id = "mine", .modules = compiler_.directory()};
  write_module(compiler_, compiler_.directory(), "ring_buf", {{".BTF", "types"}});
  write_module(compiler_, compiler_.directory(), "veth", {});
  compiler_.write("modules.builtin", "kernel/fs/ext4.ko\n");
  EXPECT_EQ(said(module_btf(kernel, "ring-buf")), "types");
  EXPECT_EQ(said(module_btf(kernel, "veth")), "kernel 'mine': module 'veth': no BTF in it");
  EXPECT_EQ(said(module_btf(kernel, "ext4")), "kernel 'mine': 'ext4' is built in");
  EXPECT_EQ(said(module_btf(kernel, "gone")),
            "kernel 'mine': module gone: neither built in nor a module file");
  EXPECT_EQ(module_btf(kernel, "gone").error().hint,
            "its modules are the files *.ko* below '" +
                (compiler_.directory() / "kernel").string() + "'");
  EXPECT_EQ(said(module_btf(Kernel{.id = "mine"}, "veth")), "kernel 'mine': it has no modules");
}

}  // namespace
}  // namespace bpfmatrix
