#include "aggregator/http/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "aggregator/http/gzip.h"
#include "storage/env/real_clock.h"
#include "tests/fakes/memory_log_sink.h"

namespace ora::aggregator {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// A connection of a client.
class Client {
 public:
  explicit Client(const HttpServer& server) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    const std::string& address = server.address();
    int port = 0;
    EXPECT_TRUE(absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port)) << address;
    sockaddr_in target = {};
    target.sin_family = AF_INET;
    target.sin_port = htons(static_cast<uint16_t>(port));
    target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(socket_, reinterpret_cast<const sockaddr*>(&target), sizeof(target)), 0);
  }
  ~Client() { Close(); }

  void Close() {
    if (socket_ >= 0) close(socket_);
    socket_ = -1;
  }
  void Send(absl::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      text.remove_prefix(static_cast<size_t>(sent));
    }
  }
  // All that comes until the server closes.
  std::string ReadAll() {
    std::string text;
    char buffer[4096];
    for (ssize_t size; (size = recv(socket_, buffer, sizeof(buffer), 0)) > 0;) {
      text.append(buffer, static_cast<size_t>(size));
    }
    return text;
  }
  // What comes up to and with `end`, or until the server closes.
  std::string ReadUntil(absl::string_view end) {
    std::string text;
    char byte;
    while (!absl::EndsWith(text, end) && recv(socket_, &byte, 1, 0) == 1) text += byte;
    return text;
  }
  bool HasAnswer() const {
    char byte;
    return recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
  }

 private:
  int socket_;
};

class HttpServerTest : public testing::Test {
 protected:
  void Start(AnswerFn answer) {
    options_.listen = "127.0.0.1:0";
    auto started = HttpServer::Start(options_, {on_workers_, clock_, log_, counters_}, answer);
    ASSERT_TRUE(started.ok()) << started.status();
    server_ = *std::move(started);
  }
  // Answers with the path and the parameters.
  void StartEcho() {
    Start([](const HttpRequest& request, const ConnectedFn&) {
      HttpResponse response;
      response.body = request.path;
      for (const HttpParameter& one : request.parameters) {
        absl::StrAppend(&response.body, "|", one.name, "=", one.value);
      }
      return response;
    });
  }
  std::string Ask(absl::string_view request) {
    Client client(*server_);
    client.Send(request);
    return client.ReadAll();
  }
  std::string AskForm(size_t bytes) {
    return Ask(absl::StrCat("POST /f HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ",
                            bytes, "\r\n\r\n", std::string(bytes, 'a')));
  }

  storage::RealClock clock_;
  fakes::MemoryLogSink log_;
  storage::Counters counters_;
  WorkerPool workers_{{.threads = 2, .queue_max = 1}, clock_};
  HttpServerOptions options_;
  size_t client_max_ = 0;
  const WorkersFn on_workers_ = [this](const std::string& path) {
    return HttpWorkers{workers_, path == "/any" ? 0 : client_max_};
  };
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AClientsRequestsTakeTurnsBeyondWhatItMayHaveAtOnce) {
  client_max_ = 1;
  absl::Notification go_on;
  absl::Notification first_runs;
  std::atomic<int> running{0};
  std::atomic<int> most{0};
  Start([&](const HttpRequest& request, const ConnectedFn&) {
    HttpResponse response;
    response.body = request.path;
    if (request.path == "/any") return response;
    most = std::max(most.load(), ++running);
    if (request.path == "/0") {
      first_runs.Notify();
      go_on.WaitForNotification();
    }
    --running;
    return response;
  });
  constexpr absl::string_view kHead = " HTTP/1.0\r\nHost: x\r\n\r\n";
  Client first(*server_);
  first.Send(absl::StrCat("GET /0", kHead));
  first_runs.WaitForNotification();
  // More than the two workers and the one place of their queue: they wait without either.
  std::vector<std::unique_ptr<Client>> others;
  for (int i = 1; i <= 20; ++i) {
    others.push_back(std::make_unique<Client>(*server_));
    others.back()->Send(absl::StrCat("GET /", i, kHead));
  }
  EXPECT_THAT(Ask(absl::StrCat("GET /any", kHead)), testing::EndsWith("/any"));
  EXPECT_FALSE(others.front()->HasAnswer());
  go_on.Notify();
  EXPECT_THAT(first.ReadAll(), testing::EndsWith("/0"));
  for (int i = 1; i <= 20; ++i) {
    EXPECT_THAT(others[static_cast<size_t>(i) - 1]->ReadAll(),
                testing::EndsWith(absl::StrCat("\r\n\r\n/", i)));
  }
  EXPECT_EQ(most, 1);
}

// The body of an answer whose connection was closed after it, decompressed.
std::string Gunzip(const std::string& answer) {
  std::string body = answer.substr(answer.find("\r\n\r\n") + 4);
  z_stream stream = {};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(body.data());
  stream.avail_in = static_cast<uInt>(body.size());
  std::string text(size_t{8} << 20, 0);
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  EXPECT_EQ(stream.avail_in, 0u);
  text.resize(stream.total_out);
  inflateEnd(&stream);
  return text;
}

constexpr char kGzipRequest[] =
    "GET / HTTP/1.0\r\nHost: x\r\nAccept-Encoding: deflate, gzip;q=0.5\r\n\r\n";

TEST_F(HttpServerTest, AnAnswerGoesOutInGzipWhereTheClientTakesIt) {
  std::string body(1'024, 'a');
  Start([&body](const HttpRequest&, const ConnectedFn&) {
    HttpResponse response;
    response.body = body;
    return response;
  });
  const std::string answer = Ask(kGzipRequest);
  EXPECT_THAT(answer, HasSubstr("Content-Encoding: gzip\r\n"));
  EXPECT_THAT(answer, HasSubstr("Vary: Accept-Encoding\r\n"));
  EXPECT_EQ(Gunzip(answer), body);
  EXPECT_THAT(Ask("GET / HTTP/1.0\r\nHost: x\r\n\r\n"),
              testing::AllOf(testing::EndsWith("\r\n\r\n" + body),
                             testing::Not(HasSubstr("Content-Encoding"))));
  body.pop_back();  // Less than a kilobyte.
  EXPECT_THAT(Ask(kGzipRequest), testing::EndsWith("\r\n\r\n" + body));
}

TEST_F(HttpServerTest, AnAnswerInPartsGoesOutInGzipToo) {
  Start([](const HttpRequest&, const ConnectedFn&) {
    HttpResponse response;
    response.body = "begin ";
    response.more = [left = 2'000](std::string& block) mutable {
      absl::StrAppend(&block, left, std::string(1'000, ' '));
      return --left > 0;
    };
    return response;
  });
  std::string expected = "begin ";
  for (int left = 2'000; left > 0; --left)
    absl::StrAppend(&expected, left, std::string(1'000, ' '));
  const std::string answer = Ask(kGzipRequest);
  EXPECT_LT(answer.size(), expected.size() / 10);
  EXPECT_EQ(Gunzip(answer), expected);
}

TEST(GzipTest, AHeaderSaysWhetherGzipIsTaken) {
  for (const char* yes : {"gzip", "GZIP", "deflate, gzip", "br;q=1.0, gzip;q=0.1"}) {
    EXPECT_TRUE(AcceptsGzip(yes)) << yes;
  }
  for (const char* no : {"", "identity", "gzip;q=0", "gzip; q=0.0", "xgzip", "br"}) {
    EXPECT_FALSE(AcceptsGzip(no)) << no;
  }
}

TEST_F(HttpServerTest, GivesTheParametersOfFormAndUrl) {
  StartEcho();
  EXPECT_THAT(Ask("GET /a%20b?x=1%202&y HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              testing::AllOf(StartsWith("HTTP/1.1 200 OK\r\n"),
                             HasSubstr("Content-Type: application/json\r\n"),
                             testing::EndsWith("\r\n\r\n/a%20b|x=1 2|y=")));
  EXPECT_THAT(Ask("POST /f?u=2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: "
                  "application/x-www-form-urlencoded\r\nContent-Length: 7\r\n\r\nq=1%2B1"),
              testing::EndsWith("/f|q=1+1|u=2"));
}

TEST_F(HttpServerTest, ServesManyRequestsOnAConnection) {
  StartEcho();
  EXPECT_THAT(Ask("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\nGET /3 "
                  "HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              testing::AllOf(HasSubstr("/1HTTP/1.1 200"), HasSubstr("/2HTTP/1.1 200"),
                             testing::EndsWith("/3")));
}

TEST_F(HttpServerTest, AFormIsTakenAtItsLimitAndRefusedPastIt) {
  options_.body_bytes_max = 1'000;
  StartEcho();
  EXPECT_THAT(AskForm(1'000), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(AskForm(1'001), testing::AllOf(StartsWith("HTTP/1.1 413"),
                                             HasSubstr("has 1001 bytes; at most 1000")));
  const std::string chunked =
      absl::StrCat("POST /f HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n",
                   std::string(1'001, 'a'), "\r\n0\r\n\r\n");
  EXPECT_EQ(Ask(chunked), "");  // It does not say its length, so it is cut off.
}

TEST_F(HttpServerTest, RefusesOtherMethodsAndBadEscapesAndLongHeads) {
  options_.head_bytes_max = 4'096;
  StartEcho();
  EXPECT_THAT(Ask("DELETE /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 405"));
  EXPECT_THAT(Ask("GET /a?b=%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              testing::AllOf(StartsWith("HTTP/1.1 400"), HasSubstr("%zz")));
  EXPECT_THAT(Ask(absl::StrCat("GET /", std::string(8'000, 'a'),
                               " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")),
              StartsWith("HTTP/1.1 4"));
}

TEST_F(HttpServerTest, SendsAnAnswerThatIsMadeInParts) {
  Start([](const HttpRequest&, const ConnectedFn&) {
    HttpResponse response;
    response.body = "begin";
    response.more = [left = 1'000](std::string& block) mutable {
      block.append(1'000, 'x');
      return --left > 0;
    };
    return response;
  });
  const std::string answer = Ask("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(std::count(answer.begin(), answer.end(), 'x'), 1'000'000);
  EXPECT_THAT(answer, HasSubstr("begin"));
}

TEST_F(HttpServerTest, AClientThatGoesAwayEndsTheWorkWithin100Milliseconds) {
  absl::Notification begun, ended;
  absl::Duration took;
  absl::Status why;
  Start([&](const HttpRequest&, const ConnectedFn& connected) {
    begun.Notify();
    while (why.ok()) why = connected();
    took = clock_.Monotonic();
    ended.Notify();
    return HttpResponse();
  });
  Client client(*server_);
  client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  begun.WaitForNotification();
  const absl::Duration left = clock_.Monotonic();
  client.Close();
  ended.WaitForNotification();
  EXPECT_EQ(why.code(), absl::StatusCode::kCancelled);
  EXPECT_LT(took - left, absl::Milliseconds(100));
}

TEST_F(HttpServerTest, StopEndsWhatIsBeingAnswered) {
  absl::Notification begun;
  Start([&](const HttpRequest&, const ConnectedFn& connected) {
    begun.Notify();
    absl::Status status;
    while (status.ok()) status = connected();
    HttpResponse response;
    response.body = std::string(status.message());
    return response;
  });
  Client client(*server_);
  client.Send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  begun.WaitForNotification();
  server_->Stop();
  EXPECT_THAT(client.ReadAll(), testing::EndsWith("the aggregator is stopping"));
}

TEST_F(HttpServerTest, ARequestThatFindsNoWorkerIsRefused) {
  absl::Notification release;
  absl::Notification busy[2];
  std::atomic<int> working{0};
  Start([&](const HttpRequest&, const ConnectedFn&) {
    const int place = working++;
    if (place < 2) busy[place].Notify();
    release.WaitForNotification();
    return HttpResponse();
  });
  constexpr absl::string_view kRequest = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  Client first(*server_), second(*server_), third(*server_), fourth(*server_);
  first.Send(kRequest);
  busy[0].WaitForNotification();
  second.Send(kRequest);
  busy[1].WaitForNotification();
  // One of these two waits in the queue of 1, the other is refused.
  third.Send(kRequest);
  fourth.Send(kRequest);
  while (counters_.Get("ora_http_refused_requests_total").Value() == 0) {
  }
  release.Notify();
  const std::string both = third.ReadAll() + fourth.ReadAll();
  EXPECT_THAT(both, testing::AllOf(HasSubstr("HTTP/1.1 503"), HasSubstr("HTTP/1.1 200")));
}

TEST_F(HttpServerTest, AConnectionPastTheLimitWaitsUntilAnotherGoes) {
  options_.connections_max = 1;
  StartEcho();
  Client first(*server_);
  first.Send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(first.ReadUntil("\n/1"), StartsWith("HTTP/1.1 200"));
  Client second(*server_);
  second.Send("GET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  first.Send("GET /3 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(first.ReadUntil("\n/3"), StartsWith("HTTP/1.1 200"));
  EXPECT_FALSE(second.HasAnswer());
  first.Close();
  EXPECT_THAT(second.ReadAll(), testing::EndsWith("/2"));
}

TEST_F(HttpServerTest, AConnectionOnWhichNothingMovesIsClosed) {
  options_.idle_max = absl::Seconds(1);
  StartEcho();
  Client client(*server_);
  client.Send("GET /1 HTTP/1.1\r\nHost: x\r\n");  // The head does not end.
  const absl::Duration begin = clock_.Monotonic();
  EXPECT_THAT(client.ReadAll(), testing::Not(HasSubstr("200 OK")));
  EXPECT_GE(clock_.Monotonic() - begin, absl::Milliseconds(500));
}

TEST_F(HttpServerTest, AnAddressThatIsTakenOrNoneIsSaid) {
  StartEcho();
  HttpServerOptions taken;
  taken.listen = server_->address();
  const auto answer = [](const HttpRequest&, const ConnectedFn&) { return HttpResponse(); };
  const auto again = HttpServer::Start(taken, {on_workers_, clock_, log_, counters_}, answer);
  EXPECT_EQ(again.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(again.status().message()), HasSubstr(taken.listen));
  taken.listen = "nowhere.invalid:1";
  EXPECT_EQ(
      HttpServer::Start(taken, {on_workers_, clock_, log_, counters_}, answer).status().code(),
      absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace ora::aggregator
