#include "guest/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guest/testing/scripted_guest.h"

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Clock::time_point soon() { return Clock::now() + std::chrono::minutes(1); }

/// A guest that has said hello, and a session with it.
struct Talk {
  explicit Talk(ScriptedGuest::React react = {}) : guest(std::move(react)), session(guest) {
    EXPECT_TRUE(session.open(soon()));
  }
  ScriptedGuest guest;
  Session session;
};

TEST(Session, open_waits_for_hello) {
  Talk talk;
  EXPECT_EQ(talk.session.state(), SessionState::ready);
  EXPECT_EQ(talk.session.hello().agent_version, "0.1.0");
}

struct BadOpening {
  const char* name;
  std::function<void(ScriptedGuest&)> arrange;
  SessionState state;
  const char* message;
};

std::string wrong_version() {
  std::string bytes = *Encoder().encode(to_frame(Hello{}));
  bytes[4] = 9;
  return bytes;
}

const BadOpening kBadOpenings[] = {
    {"silence", [](ScriptedGuest&) {}, SessionState::hung,
     "guest agent: no answer before the deadline"},
    {"garbage", [](ScriptedGuest& g) { g.say_bytes("[    0.000000] Linux version 6.1.0 (gcc)"); },
     SessionState::lost, "guest agent: not a frame: wrong magic"},
    {"another version", [](ScriptedGuest& g) { g.say_bytes(wrong_version()); }, SessionState::lost,
     "guest agent: protocol version 9, wanted 2"},
    {"closed at once", [](ScriptedGuest& g) { g.close(); }, SessionState::lost,
     "guest agent: closed"},
    {"closed in a frame",
     [](ScriptedGuest& g) {
       g.say_bytes(Encoder().encode(to_frame(Hello{}))->substr(0, 40));
       g.close();
     },
     SessionState::lost, "guest agent: closed"},
    {"another frame first",
     [](ScriptedGuest& g) {
       g.forget();
       g.say_bytes(*Encoder().encode(Frame{FrameType::done}));
     },
     SessionState::lost, "guest agent: 'done' where 'hello' was due"},
};

TEST(Session, a_bad_opening_says_what_it_was) {
  for (const BadOpening& bad : kBadOpenings) {
    ScriptedGuest guest;
    guest.forget();
    bad.arrange(guest);
    Session session(guest);
    const Result<> opened = session.open(soon());
    ASSERT_FALSE(opened) << bad.name;
    EXPECT_EQ(opened.error().message, bad.message) << bad.name;
    EXPECT_EQ(session.state(), bad.state) << bad.name;
  }
}

TEST(Session, an_unopened_session_sends_nothing) {
  ScriptedGuest guest;
  Session session(guest);
  EXPECT_EQ(session.write("/x", "y", soon()).error().message,
            "guest agent: the session is unopened");
}

/// Stores what it is sent, as the agent does.
struct Store {
  std::string path{};
  std::string bytes{};
  std::size_t chunks = 0;
  std::int64_t wanted = 0;
  void operator()(ScriptedGuest& guest, const Frame& frame) {
    if (frame.type == FrameType::put_file) {
      path = from_frame<PutFile>(frame)->path;
      wanted = from_frame<PutFile>(frame)->bytes;
    } else {
      bytes += frame.blob;
      ++chunks;
    }
    const auto size = static_cast<std::int64_t>(bytes.size());
    if (size == wanted) guest.say(to_frame(Stored{size, crc32c(bytes)}));
  }
};

TEST(Session, a_large_file_goes_in_chunks) {
  Store store;
  Talk talk([&](ScriptedGuest& guest, const Frame& frame) { store(guest, frame); });
  const std::string bytes(3 * kChunkBytes + 1, 'b');
  ASSERT_TRUE(talk.session.put_file("/run/bpfmatrix/kernel.btf", bytes, 0644, soon()));
  EXPECT_EQ(store.path, "/run/bpfmatrix/kernel.btf");
  EXPECT_EQ(store.bytes, bytes);
  EXPECT_EQ(store.chunks, 4U);
}

TEST(Session, an_empty_file_can_be_put) {
  Store store;
  Talk talk([&](ScriptedGuest& guest, const Frame& frame) { store(guest, frame); });
  EXPECT_TRUE(talk.session.put_file("/run/bpfmatrix/empty", "", 0644, soon()));
}

TEST(Session, a_file_stored_wrongly_ends_the_session) {
  Talk talk([](ScriptedGuest& guest, const Frame& frame) {
    if (frame.type == FrameType::file_chunk) guest.say(to_frame(Stored{5, 0}));
  });
  EXPECT_EQ(talk.session.put_file("/run/bpfmatrix/x", "bytes", 0644, soon()).error().message,
            "guest agent: '/run/bpfmatrix/x' was not stored as it was sent");
  EXPECT_EQ(talk.session.state(), SessionState::lost);
}

TEST(Session, a_posted_file_is_looked_at_when_the_program_has_run) {
  Store store;
  Talk talk([&](ScriptedGuest& guest, const Frame& frame) {
    if (frame.type == FrameType::run) return guest.say(to_frame(Exited{.code = 0}));
    store(guest, frame);
  });
  ASSERT_TRUE(talk.session.post_file("/run/bpfmatrix/x", "bytes", 0644, soon()));
  const auto exited = talk.session.run(RunRequest{}, "", {}, soon());
  ASSERT_TRUE(exited) << exited.error().message;
  EXPECT_EQ(exited->code, 0);
  EXPECT_EQ(store.bytes, "bytes");
}

TEST(Session, what_the_guest_says_of_posted_files_can_be_waited_for) {
  Store store;
  Talk talk([&](ScriptedGuest& guest, const Frame& frame) { store(guest, frame); });
  ASSERT_TRUE(talk.session.post_file("/run/bpfmatrix/x", "bytes", 0644, soon()));
  const Result<> stored = talk.session.take_stored(soon());
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(store.bytes, "bytes");
  EXPECT_TRUE(talk.session.take_stored(soon())) << "there is nothing more to wait for";
  EXPECT_EQ(talk.session.state(), SessionState::ready);
}

TEST(Session, a_posted_file_that_cannot_be_stored_is_named) {
  Talk talk([](ScriptedGuest& guest, const Frame& frame) {
    if (frame.type == FrameType::file_chunk) guest.say(to_frame(Failed{"/x: no space"}));
  });
  ASSERT_TRUE(talk.session.post_file("/x", "bytes", 0644, soon()));
  EXPECT_EQ(talk.session.take_stored(soon()).error().message, "guest agent: /x: no space");
  EXPECT_EQ(talk.session.state(), SessionState::lost);
}

/// Whatever the program said: it had another file before it, or none.
TEST(Session, a_posted_file_that_did_not_arrive_ends_the_session) {
  for (const Frame& answer : {to_frame(Stored{5, 0}), to_frame(Failed{"/x: no space"})}) {
    Talk talk([&](ScriptedGuest& guest, const Frame& frame) {
      if (frame.type == FrameType::file_chunk) guest.say(answer);
      if (frame.type == FrameType::run) guest.say(to_frame(Exited{.code = 0}));
    });
    ASSERT_TRUE(talk.session.post_file("/run/bpfmatrix/x", "bytes", 0644, soon()));
    EXPECT_FALSE(talk.session.run(RunRequest{}, "", {}, soon()));
    EXPECT_EQ(talk.session.state(), SessionState::lost);
  }
}

TEST(Session, what_the_agent_cannot_do_leaves_the_session_ready) {
  Talk talk(
      [](ScriptedGuest& guest, const Frame&) { guest.say(to_frame(Failed{"/x: not there"})); });
  EXPECT_EQ(talk.session.read_file("/x", 10, soon()).error().message, "guest agent: /x: not there");
  EXPECT_EQ(talk.session.run(RunRequest{}, "", {}, soon()).error().message,
            "guest agent: /x: not there");
  EXPECT_EQ(talk.session.write("/x", "c", soon()).error().message, "guest agent: /x: not there");
  EXPECT_EQ(talk.session.state(), SessionState::ready);
}

TEST(Session, a_guest_file_arrives_in_pieces) {
  Talk talk([](ScriptedGuest& guest, const Frame&) {
    guest.say({FrameType::file_chunk, Json::object(), "one "});
    guest.say({FrameType::file_chunk, Json::object(), "two"});
    guest.say(to_frame(FileEnd{7, false}));
  });
  EXPECT_EQ(*talk.session.read_file("/proc/version", 100, soon()), "one two");
}

TEST(Session, a_guest_file_over_the_limit_is_an_error_and_not_a_part_of_it) {
  Talk talk([](ScriptedGuest& guest, const Frame&) {
    guest.say({FrameType::file_chunk, Json::object(), "1234"});
    guest.say(to_frame(FileEnd{4, true}));
  });
  EXPECT_EQ(talk.session.read_file("/x", 4, soon()).error().message,
            "guest agent: '/x': larger than the limit of 4 bytes");
  EXPECT_EQ(talk.session.state(), SessionState::ready);
}

TEST(Session, a_guest_that_sends_more_than_was_asked_for_is_lost) {
  Talk talk([](ScriptedGuest& guest, const Frame&) {
    guest.say({FrameType::file_chunk, Json::object(), "12345"});
  });
  EXPECT_FALSE(talk.session.read_file("/x", 4, soon()));
  EXPECT_EQ(talk.session.state(), SessionState::lost);
}

TEST(Session, a_guest_file_with_a_piece_missing_is_lost) {
  Talk talk([](ScriptedGuest& guest, const Frame&) { guest.say(to_frame(FileEnd{4, false})); });
  EXPECT_FALSE(talk.session.read_file("/x", 4, soon()));
  EXPECT_EQ(talk.session.state(), SessionState::lost);
}

/// What a run brings.
struct Output {
  std::vector<std::string> lines{};
  std::string err{};
  RunEvents events{[this](std::string_view line) { lines.emplace_back(line); },
                   [this](std::string_view bytes) { err += bytes; }};
};

TEST(Session, a_run_hands_over_lines_and_how_it_ended) {
  Talk talk([](ScriptedGuest& guest, const Frame& frame) {
    EXPECT_EQ(frame.blob, "request\n");
    guest.say_out("{\"event\":");
    guest.say({FrameType::err, Json::object(), "libbpf: hm"});
    guest.say_out("\"done\"}\nrest");
    guest.say(to_frame(Exited{0}));
  });
  Output output;
  const auto exited = talk.session.run(RunRequest{{"/loader"}}, "request\n", output.events, soon());
  ASSERT_TRUE(exited);
  EXPECT_EQ(exited->code, 0);
  EXPECT_THAT(output.lines, ElementsAre("{\"event\":\"done\"}", "rest"));
  EXPECT_EQ(output.err, "libbpf: hm");
}

TEST(Session, while_a_program_runs_it_can_be_written_to_and_files_too) {
  Talk talk([](ScriptedGuest& guest, const Frame& frame) {
    if (frame.type == FrameType::run) guest.say_out("ready\n");
    if (frame.type == FrameType::write) {
      EXPECT_EQ(from_frame<Write>(frame)->path, "/proc/sysrq-trigger");
      guest.say_out("between\n");  // output that crosses the answer is not lost
      guest.say(Frame{FrameType::done});
    }
    if (frame.type == FrameType::input) {
      EXPECT_TRUE(from_frame<Input>(frame)->last);
      guest.say_out("done\n");
      guest.say(to_frame(Exited{0}));
    }
  });
  std::vector<std::string> lines;
  RunEvents events;
  events.on_out_line = [&](std::string_view line) {
    lines.emplace_back(line);
    if (line != "ready") return;
    EXPECT_TRUE(talk.session.write("/proc/sysrq-trigger", "h", soon()));
    EXPECT_TRUE(talk.session.input("go\n", true, soon()));
  };
  ASSERT_TRUE(talk.session.run(RunRequest{{"/loader"}}, "", events, soon()));
  EXPECT_THAT(lines, ElementsAre("ready", "between", "done"));
}

TEST(Session, while_a_program_runs_the_trigger_can_be_pulled) {
  Talk talk([](ScriptedGuest& guest, const Frame& frame) {
    if (frame.type == FrameType::run) guest.say_out("ready\n");
    if (frame.type == FrameType::trigger) {
      guest.say_out("between\n");  // output that crosses the answer is not lost
      guest.say(to_frame(
          Triggered{.numbers = {{"pid", 77}}, .texts = {}, .performed = {{"getpid", 77}}}));
      guest.say(to_frame(Exited{0}));
    }
  });
  std::vector<std::string> lines;
  std::optional<Triggered> triggered;
  RunEvents events;
  events.on_out_line = [&](std::string_view line) {
    lines.emplace_back(line);
    if (line == "ready") triggered = *talk.session.trigger({}, soon());
  };
  ASSERT_TRUE(talk.session.run(RunRequest{{"/loader"}}, "", events, soon()));
  EXPECT_THAT(lines, ElementsAre("ready", "between"));
  ASSERT_TRUE(triggered);
  EXPECT_EQ(triggered->numbers.at("pid"), 77);
  EXPECT_EQ(triggered->performed.at(0).name, "getpid");
}

TEST(Session, while_a_program_runs_the_kernel_can_be_asked_what_it_holds) {
  Talk talk([](ScriptedGuest& guest, const Frame& frame) {
    if (frame.type == FrameType::run) guest.say_out("ready\n");
    if (frame.type == FrameType::take_inventory) {
      guest.say(to_frame(Inventory{{{17, 2, "on_connect", 1}}, {}, {}, {17}, true}));
      guest.say(to_frame(Exited{0}));
    }
  });
  std::optional<Inventory> inventory;
  RunEvents events;
  events.on_out_line = [&](std::string_view) { inventory = *talk.session.inventory(soon()); };
  ASSERT_TRUE(talk.session.run(RunRequest{{"/loader"}}, "", events, soon()));
  ASSERT_TRUE(inventory);
  EXPECT_EQ(inventory->programs.at(0).id, 17U);
  EXPECT_EQ(inventory->attached.at(0), 17U);
}

TEST(Session, an_inventory_that_is_no_json_ends_it) {
  Talk talk([](ScriptedGuest& guest, const Frame& frame) {
    if (frame.type == FrameType::take_inventory) {
      guest.say(Frame{FrameType::inventory, Json::object(), "{"});
    }
  });
  EXPECT_FALSE(talk.session.inventory(soon()));
  EXPECT_EQ(talk.session.state(), SessionState::lost);
}

/// Agrees to be parked, and to a refresh says hello as the agent of a clone does.
void sleep_and_wake(ScriptedGuest& guest, const Frame& frame) {
  if (frame.type == FrameType::park) {
    guest.say({FrameType::done});
    guest.start_over();
  } else {
    EXPECT_EQ(from_frame<Refresh>(frame)->unix_ns, 1'700'000'000'123'456'789);
    EXPECT_EQ(from_frame<Refresh>(frame)->random, "random");
    guest.say(to_frame(Hello{"of the clone"}));
  }
}
const Refresh kNow{1'700'000'000'123'456'789, "random"};

TEST(Session, after_park_another_session_counts_from_the_beginning) {
  ScriptedGuest guest(sleep_and_wake);
  {
    Session before(guest);
    ASSERT_TRUE(before.open(soon()));
    ASSERT_TRUE(before.park({}, soon()));
    EXPECT_EQ(before.state(), SessionState::unopened);
  }
  Session after(guest);
  ASSERT_TRUE(after.refresh(kNow, soon()));
  const Result<> opened = after.open(soon());
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(after.hello().agent_version, "of the clone");
}

TEST(Session, a_parked_session_can_go_on_itself) {
  Talk talk(sleep_and_wake);
  ASSERT_TRUE(talk.session.park({}, soon()));
  EXPECT_FALSE(talk.session.write("/x", "y", soon()));
  ASSERT_TRUE(talk.session.refresh(kNow, soon()));
  ASSERT_TRUE(talk.session.open(soon()));
  EXPECT_EQ(talk.session.hello().agent_version, "of the clone");
}

TEST(Session, only_a_parked_agent_is_refreshed) {
  Talk talk(sleep_and_wake);
  EXPECT_EQ(talk.session.refresh(kNow, soon()).error().message, "guest agent: it is not parked");
  EXPECT_EQ(talk.session.state(), SessionState::ready);
}

TEST(Session, an_agent_that_does_not_stop_talking_cannot_be_parked) {
  Talk talk([](ScriptedGuest& guest, const Frame&) {
    guest.say_bytes(*Encoder().encode(Frame{FrameType::done}) + "more");
  });
  EXPECT_FALSE(talk.session.park({}, soon()));
  EXPECT_EQ(talk.session.state(), SessionState::lost);
}

TEST(Session, a_trigger_that_the_agent_cannot_pull_leaves_the_session_ready) {
  Talk talk([](ScriptedGuest& guest, const Frame&) { guest.say(to_frame(Failed{"fork: no"})); });
  EXPECT_EQ(talk.session.trigger({}, soon()).error().message, "guest agent: fork: no");
  EXPECT_EQ(talk.session.state(), SessionState::ready);
}

TEST(Session, an_answer_that_is_not_the_triggers_ends_the_session) {
  Talk talk([](ScriptedGuest& guest, const Frame&) { guest.say(Frame{FrameType::done}); });
  EXPECT_EQ(talk.session.trigger({}, soon()).error().message,
            "guest agent: 'done' where 'triggered' was due");
  EXPECT_EQ(talk.session.state(), SessionState::lost);
}

TEST(Session, a_trigger_that_kills_the_guest_ends_the_run) {
  Talk talk([](ScriptedGuest& guest, const Frame& frame) {
    if (frame.type == FrameType::run) guest.say_out("ready\n");
  });
  RunEvents events;
  events.on_out_line = [&](std::string_view) {
    EXPECT_FALSE(talk.session.write("/proc/sysrq-trigger", "c", soon()));
  };
  const auto exited = talk.session.run(RunRequest{{"/loader"}}, "", events, soon());
  ASSERT_FALSE(exited);
  EXPECT_EQ(talk.session.state(), SessionState::hung);
}

TEST(Session, a_line_beyond_the_limit_counts_as_dropped) {
  Talk talk([](ScriptedGuest& guest, const Frame&) {
    for (int i = 0; i < 5; ++i) guest.say_out(std::string(kChunkBytes, 'x'));
    guest.say_out("\n{}\n");
    guest.say(to_frame(Exited{0}));
  });
  Output output;
  const auto exited = talk.session.run(RunRequest{{"/loader"}}, "", output.events, soon());
  ASSERT_TRUE(exited);
  EXPECT_THAT(output.lines, ElementsAre("{}"));
  EXPECT_EQ(exited->dropped_out_bytes, static_cast<std::int64_t>(5 * kChunkBytes));
}

TEST(Session, a_flood_ends_the_session) {
  class Flood : public ScriptedGuest {
   public:
    using ScriptedGuest::ScriptedGuest;
    Result<std::string> receive(std::size_t max, Clock::time_point deadline) override {
      if (flooding) say_out(std::string(kChunkBytes, 'x'));
      return ScriptedGuest::receive(max, deadline);
    }
    bool flooding = false;
  };
  Flood guest;
  Session session(guest, 4 * kChunkBytes);
  ASSERT_TRUE(session.open(soon()));
  guest.flooding = true;
  const auto exited = session.run(RunRequest{{"/loader"}}, "", {}, soon());
  ASSERT_FALSE(exited);
  EXPECT_EQ(exited.error().message, "guest agent: floods the channel with output");
  EXPECT_EQ(session.state(), SessionState::lost);
}

struct BadRun {
  const char* name;
  std::function<void(ScriptedGuest&)> arrange;
  SessionState state;
};

const BadRun kBadRuns[] = {
    {"silence after output", [](ScriptedGuest& g) { g.say_out("{}\n"); }, SessionState::hung},
    {"closed before the end",
     [](ScriptedGuest& g) {
       g.say_out("{}\n");
       g.close();
     },
     SessionState::lost},
    {"garbage amid output",
     [](ScriptedGuest& g) {
       g.say_out("{}\n");
       g.say_bytes(
           "Oops: 0002 [#1]"
           " PREEMPT SMP NOPTI");
     },
     SessionState::lost},
    {"an answer to something else", [](ScriptedGuest& g) { g.say(to_frame(Stored{})); },
     SessionState::lost},
    {"a frame twice",
     [](ScriptedGuest& g) {
       const std::string again = *Encoder().encode(to_frame(Exited{0}));
       g.say_bytes(again);
     },
     SessionState::lost},
    {"an end with unknown keys",
     [](ScriptedGuest& g) {
       Frame frame = to_frame(Exited{0});
       frame.header["result"] = "fine";
       g.say(frame);
     },
     SessionState::lost},
};

TEST(Session, a_run_that_goes_wrong_is_hung_or_lost_and_never_a_result) {
  for (const BadRun& bad : kBadRuns) {
    Talk talk([&](ScriptedGuest& guest, const Frame&) { bad.arrange(guest); });
    EXPECT_FALSE(talk.session.run(RunRequest{{"/loader"}}, "", {}, soon())) << bad.name;
    EXPECT_EQ(talk.session.state(), bad.state) << bad.name;
    EXPECT_THAT(talk.session.write("/x", "", soon()).error().message, HasSubstr("the session is"));
  }
}

TEST(Session, shutdown_is_agreed_upon) {
  Talk talk([](ScriptedGuest& guest, const Frame& frame) {
    EXPECT_EQ(frame.type, FrameType::shutdown);
    guest.say(Frame{FrameType::done});
  });
  EXPECT_TRUE(talk.session.shutdown(soon()));
}

}  // namespace
}  // namespace bpfmatrix
