#include "vm/channel.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <thread>

namespace bpfmatrix {
namespace {

using namespace std::chrono_literals;

Clock::time_point in(std::chrono::milliseconds time) { return Clock::now() + time; }

class FdChannelTest : public ::testing::Test {
 protected:
  FdChannelTest() : FdChannelTest(socket_pair()) {}

  FdChannel host_;
  FdChannel guest_;

 private:
  explicit FdChannelTest(std::pair<Fd, Fd> ends)
      : host_(std::move(ends.first)), guest_(std::move(ends.second)) {}
};

TEST_F(FdChannelTest, gives_what_is_there_and_no_more_than_asked_for) {
  ASSERT_TRUE(host_.send("hello", in(10s)));
  EXPECT_EQ(*guest_.receive(3, in(10s)), "hel");
  EXPECT_EQ(*guest_.receive(100, in(10s)), "lo");
}

TEST_F(FdChannelTest, an_empty_string_means_the_deadline_passed_first) {
  const Result<std::string> nothing = host_.receive(10, in(1ms));
  ASSERT_TRUE(nothing) << nothing.error().message;
  EXPECT_EQ(*nothing, "");
}

TEST_F(FdChannelTest, a_deadline_already_passed_still_takes_what_is_there) {
  ASSERT_TRUE(guest_.send("x", in(10s)));
  EXPECT_EQ(*host_.receive(10, Clock::now() - 1s), "x");
}

TEST_F(FdChannelTest, what_was_sent_before_the_end_arrives_before_the_error) {
  {
    FdChannel brief = std::move(guest_);
    ASSERT_TRUE(brief.send("last", in(10s)));
  }
  EXPECT_EQ(*host_.receive(10, in(10s)), "last");
  EXPECT_EQ(host_.receive(10, in(10s)).error().message, "channel closed");
  EXPECT_EQ(host_.send("x", in(10s)).error().message, "channel closed: Broken pipe");
}

TEST_F(FdChannelTest, a_guest_that_takes_nothing_does_not_block_the_host) {
  const Result<> sent = host_.send(std::string(8 << 20, 'x'), in(50ms));
  ASSERT_FALSE(sent);
  EXPECT_TRUE(sent.error().message.ends_with("of 8388608 bytes not accepted before the deadline"))
      << sent.error().message;
}

TEST_F(FdChannelTest, more_than_the_socket_holds_goes_through_whole) {
  const std::string sent(3 << 20, 'y');
  std::string received;
  std::thread reader([&] {
    while (received.size() < sent.size()) received += *guest_.receive(1 << 20, in(10s));
  });
  EXPECT_TRUE(host_.send(sent, in(10s)));
  reader.join();
  EXPECT_EQ(received, sent);
}

}  // namespace
}  // namespace bpfmatrix
