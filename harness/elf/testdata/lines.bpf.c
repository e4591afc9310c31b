// Compiled by source_lines_test.cpp.
#define SEC(name) __attribute__((section(name), used))

static __attribute__((noinline)) int helps(int *p) {
  return *p;
}

SEC("socket")
int first(int *ctx) {
  int n = ctx[0];
  return n * 3;
}

SEC("socket")
int second(int *ctx) {
  return helps(ctx);
}
