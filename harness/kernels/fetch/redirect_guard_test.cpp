#include "kernels/fetch/redirect_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "kernels/fetch/download.h"
#include "kernels/testing/fake_server.h"

namespace bpfmatrix {
namespace {

using ::testing::EndsWith;
using ::testing::StartsWith;

TEST(Redirect, never_goes_from_https_to_http_or_to_another_scheme) {
  EXPECT_FALSE(redirect_problem("http://a/x", "http://b/x"));
  EXPECT_FALSE(redirect_problem("http://a/x", "https://b/x"));
  EXPECT_FALSE(redirect_problem("https://a/x", "https://b/x"));
  EXPECT_EQ(redirect_problem("https://a/x", "http://b/x"), "from https to http");
  EXPECT_EQ(redirect_problem("HTTPS://a/x", "HTTP://a/x"), "from https to http");
  for (const char* to : {"file:///etc/hostname", "ftp://a/x", "gopher://a/x", "", "x"}) {
    EXPECT_TRUE(redirect_problem("http://a/x", to)) << to;
  }
}

/// The mirror is on 127.0.0.1; any other private address is somebody else's.
class PrivateRedirect : public testing::Test {
 protected:
  PrivateRedirect() {
    limits_.retries = 3;
    limits_.retry_pause = std::chrono::seconds(30);  // nothing is tried again
    server_.put("/a", "text");
  }

  Result<std::string> redirect_to(const std::string& location) {
    server_.put("/old", FakePage{.status = 302, .location = location});
    return download_text(server_.url() + "/old", 100, limits_);
  }
  void expect_refused(const std::string& location, const std::string& address) {
    const auto text = redirect_to(location);
    ASSERT_FALSE(text) << location;
    EXPECT_EQ(text.error().message, "'" + server_.url() + "/old': redirects to '" + location +
                                        "': to the private address " + address);
    EXPECT_THAT(text.error().hint, StartsWith("a mirror may redirect to public addresses"));
  }

  FakeServer server_{};
  TransferLimits limits_{};
};

TEST_F(PrivateRedirect, inside_the_mirror_itself_is_followed) {
  EXPECT_EQ(*redirect_to("/a"), "text");
  EXPECT_EQ(*redirect_to(server_.url() + "/a"), "text");
}

TEST_F(PrivateRedirect, to_another_server_on_the_mirror_s_address_is_followed) {
  FakeServer other;
  other.put("/b", "more");
  EXPECT_EQ(*redirect_to(other.url() + "/b"), "more");
}

TEST_F(PrivateRedirect, to_any_other_private_address_is_refused_before_it_is_reached) {
  expect_refused("http://127.0.0.2:9/x", "127.0.0.2");
  expect_refused("http://10.0.0.1/x", "10.0.0.1");
  expect_refused("http://169.254.169.254/latest/meta-data/", "169.254.169.254");
  expect_refused("http://[::1]/x", "::1");
  expect_refused("http://[::ffff:192.168.0.1]/x", "::ffff:192.168.0.1");
  expect_refused("https://10.0.0.1/x", "10.0.0.1");
}

TEST_F(PrivateRedirect, is_refused_however_the_address_is_written) {
  for (const char* location : {"http://2130706434/x", "http://0x7f.2/x", "http://0177.0.0.2/x"}) {
    const auto text = redirect_to(location);
    ASSERT_FALSE(text) << location;
    EXPECT_THAT(text.error().message, EndsWith("to the private address 127.0.0.2"));
  }
}

TEST_F(PrivateRedirect, a_second_step_is_looked_at_as_the_first_is) {
  server_.put("/step", FakePage{.status = 302, .location = "http://10.0.0.1/x"});
  const auto text = redirect_to("/step");
  ASSERT_FALSE(text);
  EXPECT_THAT(text.error().message, EndsWith("to the private address 10.0.0.1"));
}

/// The proxy is reached, and would reach others for us.
TEST_F(PrivateRedirect, through_a_proxy_is_refused_by_what_the_url_says) {
  ::setenv("http_proxy", server_.url().c_str(), 1);
  server_.put("http://mirror.invalid/a", FakePage{.status = 302, .location = "http://10.0.0.1/x"});
  server_.put("http://mirror.invalid/b",
              FakePage{.status = 302, .location = "http://other.invalid/x"});
  server_.put("http://other.invalid/x", "text");
  const auto refused = download_text("http://mirror.invalid/a", 100, limits_);
  const auto followed = download_text("http://mirror.invalid/b", 100, limits_);
  ::unsetenv("http_proxy");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, EndsWith("to the private address 10.0.0.1"));
  ASSERT_TRUE(followed) << followed.error().message;
  EXPECT_EQ(*followed, "text");
  EXPECT_EQ(server_.count("http://10.0.0.1/x"), 0);
}

}  // namespace
}  // namespace bpfmatrix
