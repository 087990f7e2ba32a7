#include "aggregator/http/http_server.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <deque>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/optional.h"
#include "aggregator/http/gzip.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {
namespace {

constexpr size_t kBlockBytes = size_t{64} << 10;
// Less is not worth compressing.
constexpr size_t kGzipBytesMin = 1'024;
// A client that is gone is noticed within this time, and no sooner asked about.
constexpr absl::Duration kLookInterval = absl::Milliseconds(20);
constexpr char kPlainText[] = "text/plain; charset=utf-8";

// Where a request stands. All but `answered` belongs to the server's thread, or to the worker
// between the handing over and `answered`.
struct Exchange {
  std::string uri;
  std::string client;
  HttpMethod method = HttpMethod::kGet;
  std::string form;
  bool begun = false;
  bool takes_gzip = false;
  bool handed_over = false;
  bool takes_turns = false;
  std::atomic<bool> answered{false};
  int socket = -1;
  absl::Duration looked_at;  // When it was last asked whether the client is there.
  HttpResponse response;
  std::string block;  // Of the response's `more`, from `block_sent` on not yet sent.
  size_t block_sent = 0;
  bool ended = false;
  std::unique_ptr<GzipStream> gzip;  // Where the answer goes out compressed.

  // Adds to `block`, as it goes out.
  void Add(absl::string_view text) {
    if (gzip == nullptr) {
      block.append(text.data(), text.size());
    } else {
      gzip->Append(text, block);
    }
  }
};

HttpResponse PlainAnswer(int status, absl::string_view text) {
  HttpResponse response;
  response.status = status;
  response.content_type = kPlainText;
  response.body = absl::StrCat(text, "\n");
  return response;
}

bool PeerIsGone(int socket) {
  char byte;
  const ssize_t size = recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return size == 0 || (size < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

std::string HostOf(const sockaddr& address) {
  char host[INET6_ADDRSTRLEN] = "";
  if (address.sa_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, host, sizeof(host));
  } else if (address.sa_family == AF_INET6) {
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, host,
              sizeof(host));
  }
  return host;
}

absl::string_view PathOf(absl::string_view uri) { return uri.substr(0, uri.find('?')); }

// The address that the system has for HOST:PORT.
class SocketAddress {
 public:
  static absl::StatusOr<SocketAddress> Resolve(const std::string& listen) {
    const size_t colon = listen.rfind(':');
    if (colon == std::string::npos) {
      return absl::InvalidArgumentError(
          absl::StrCat("http.listen: is `", listen, "`; write HOST:PORT"));
    }
    SocketAddress resolved;
    resolved.host_ = listen.substr(0, colon);
    std::string bare = resolved.host_;
    if (bare.size() > 1 && bare.front() == '[' && bare.back() == ']') {
      bare = bare.substr(1, bare.size() - 2);
    }
    addrinfo hints = {};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const int error = getaddrinfo(bare.c_str(), listen.c_str() + colon + 1, &hints, &found);
    if (error != 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("http.listen: `", listen, "`: ", gai_strerror(error)));
    }
    resolved.family_ = found->ai_family;
    std::memcpy(&resolved.storage_, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return resolved;
  }

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  bool is_ipv6() const { return family_ == AF_INET6; }
  const std::string& host() const { return host_; }

 private:
  sockaddr_storage storage_ = {};
  int family_ = AF_INET;
  std::string host_;
};

class MicroHttpServer final : public HttpServer {
 public:
  MicroHttpServer(const HttpServerOptions& options, const HttpEnvironment& environment,
                  AnswerFn answer)
      : options_(options),
        environment_(environment),
        answer_(std::move(answer)),
        requests_(environment.counters.Get("ora_http_requests_total")),
        refused_(environment.counters.Get("ora_http_refused_requests_total")) {}
  ~MicroHttpServer() override { Stop(); }

  absl::Status Listen();
  const std::string& address() const override { return address_; }
  void Stop() override ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  static void* Begun(void* self, const char* uri, MHD_Connection* connection);
  static void Ended(void* self, MHD_Connection*, void** context, MHD_RequestTerminationCode);
  static MHD_Result Arrived(void* self, MHD_Connection* connection, const char*, const char* method,
                            const char*, const char* upload, size_t* upload_size, void** context);
  static ssize_t ReadMore(void* exchange, uint64_t, char* buffer, size_t size);

  MHD_Result Begin(MHD_Connection& connection, Exchange& exchange, absl::string_view method);
  // A request, suspended, that is to be answered on its workers.
  struct Job {
    MHD_Connection* connection = nullptr;
    Exchange* exchange = nullptr;
  };
  // Of one client: requests that wait for their turn, and how many are with the workers.
  struct Turns {
    size_t running = 0;
    std::deque<Job> waiting;
  };
  void HandOver(MHD_Connection& connection, Exchange& exchange) ABSL_LOCKS_EXCLUDED(mutex_);
  void Start(Job job) ABSL_LOCKS_EXCLUDED(mutex_);
  void End(const Job& job) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::optional<Job> NextOf(const std::string& client) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Answer(Exchange& exchange);
  static void Compress(Exchange& exchange);
  absl::Status Connected(Exchange& exchange) const;
  MHD_Result Send(MHD_Connection& connection, Exchange& exchange);
  MHD_Result Refuse(MHD_Connection& connection, Exchange& exchange, int status,
                    absl::string_view text);

  const HttpServerOptions options_;
  const HttpEnvironment environment_;
  const AnswerFn answer_;
  storage::Counter &requests_, &refused_;
  MHD_Daemon* daemon_ = nullptr;
  std::string address_;
  std::atomic<bool> stopping_{false};

  absl::Mutex mutex_;
  absl::flat_hash_map<Exchange*, std::unique_ptr<Exchange>> exchanges_ ABSL_GUARDED_BY(mutex_);
  size_t handed_over_ ABSL_GUARDED_BY(mutex_) = 0;
  // Of clients that have a request with workers of which they may not have any number.
  absl::flat_hash_map<std::string, Turns> turns_ ABSL_GUARDED_BY(mutex_);
};

absl::Status MicroHttpServer::Listen() {
  ORA_ASSIGN_OR_RETURN(const SocketAddress address, SocketAddress::Resolve(options_.listen));
  // Not epoll: with it version 0.9.75 leaves a connection that is resumed while nothing else
  // happens alone until something does.
  unsigned int flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
  if (address.is_ipv6()) flags |= MHD_USE_IPv6;
  errno = 0;
  daemon_ = MHD_start_daemon(
      flags, 0, nullptr, nullptr, &Arrived, this, MHD_OPTION_SOCK_ADDR, address.get(),
      MHD_OPTION_CONNECTION_LIMIT, static_cast<unsigned int>(options_.connections_max),
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, options_.head_bytes_max, MHD_OPTION_CONNECTION_TIMEOUT,
      static_cast<unsigned int>(absl::ToInt64Seconds(options_.idle_max)),
      MHD_OPTION_URI_LOG_CALLBACK, &Begun, this, MHD_OPTION_NOTIFY_COMPLETED, &Ended, this,
      MHD_OPTION_END);
  if (daemon_ == nullptr) {
    return absl::UnavailableError(absl::StrCat("http.listen: cannot listen on ", options_.listen,
                                               ": ", std::strerror(errno),
                                               "; is another program there?"));
  }
  const MHD_DaemonInfo* bound = MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_BIND_PORT);
  address_ = absl::StrCat(address.host(), ":", bound == nullptr ? 0 : bound->port);
  return absl::OkStatus();
}

void* MicroHttpServer::Begun(void* self, const char* uri, MHD_Connection* connection) {
  auto& server = *static_cast<MicroHttpServer*>(self);
  auto exchange = std::make_unique<Exchange>();
  Exchange* key = exchange.get();
  exchange->uri = uri;
  const MHD_ConnectionInfo* socket =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  if (socket != nullptr) exchange->socket = socket->connect_fd;
  const MHD_ConnectionInfo* client =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  if (client != nullptr) exchange->client = HostOf(*client->client_addr);
  server.requests_.Increment();
  absl::MutexLock lock(&server.mutex_);
  server.exchanges_[key] = std::move(exchange);
  return key;
}

void MicroHttpServer::Ended(void* self, MHD_Connection*, void** context,
                            MHD_RequestTerminationCode) {
  auto& server = *static_cast<MicroHttpServer*>(self);
  absl::MutexLock lock(&server.mutex_);
  server.exchanges_.erase(static_cast<Exchange*>(*context));
  *context = nullptr;
}

// Called once when the head is there, then for each part of the form, then when all is there, and
// again when the answer is.
MHD_Result MicroHttpServer::Arrived(void* self, MHD_Connection* connection, const char*,
                                    const char* method, const char*, const char* upload,
                                    size_t* upload_size, void** context) {
  auto& server = *static_cast<MicroHttpServer*>(self);
  auto& exchange = *static_cast<Exchange*>(*context);
  if (!exchange.begun) {
    exchange.begun = true;
    return server.Begin(*connection, exchange, method);
  }
  if (*upload_size > 0) {
    // Of a form that does not say its length only this end can be made.
    if (exchange.form.size() + *upload_size > server.options_.body_bytes_max) return MHD_NO;
    exchange.form.append(upload, *upload_size);
    *upload_size = 0;
    return MHD_YES;
  }
  if (exchange.answered.load(std::memory_order_acquire)) {
    return server.Send(*connection, exchange);
  }
  if (!exchange.handed_over) server.HandOver(*connection, exchange);
  return MHD_YES;
}

MHD_Result MicroHttpServer::Begin(MHD_Connection& connection, Exchange& exchange,
                                  absl::string_view method) {
  if (method == MHD_HTTP_METHOD_GET) {
    exchange.method = HttpMethod::kGet;
  } else if (method == MHD_HTTP_METHOD_HEAD) {
    exchange.method = HttpMethod::kHead;
  } else if (method == MHD_HTTP_METHOD_POST) {
    exchange.method = HttpMethod::kPost;
  } else {
    return Refuse(connection, exchange, MHD_HTTP_METHOD_NOT_ALLOWED, "Method Not Allowed");
  }
  const char* encodings =
      MHD_lookup_connection_value(&connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT_ENCODING);
  exchange.takes_gzip = encodings != nullptr && AcceptsGzip(encodings);
  const char* length =
      MHD_lookup_connection_value(&connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
  uint64_t bytes = 0;
  if (length != nullptr && absl::SimpleAtoi(length, &bytes) && bytes > options_.body_bytes_max) {
    return Refuse(
        connection, exchange, MHD_HTTP_CONTENT_TOO_LARGE,
        absl::StrCat("the form has ", bytes, " bytes; at most ", options_.body_bytes_max));
  }
  return MHD_YES;
}

void MicroHttpServer::HandOver(MHD_Connection& connection, Exchange& exchange) {
  exchange.handed_over = true;
  // First, since the worker may be done before this function is.
  MHD_suspend_connection(&connection);
  const size_t client_max = environment_.workers(std::string(PathOf(exchange.uri))).client_max;
  exchange.takes_turns = client_max > 0;
  {
    absl::MutexLock lock(&mutex_);
    ++handed_over_;
    if (exchange.takes_turns) {
      Turns& turns = turns_[exchange.client];
      if (turns.running >= client_max) {
        turns.waiting.push_back({&connection, &exchange});
        return;
      }
      ++turns.running;
    }
  }
  Start({&connection, &exchange});
}

void MicroHttpServer::Start(Job job) {
  const HttpWorkers workers = environment_.workers(std::string(PathOf(job.exchange->uri)));
  const absl::Status status = workers.pool.Submit([this, job] {
    Answer(*job.exchange);
    End(job);
  });
  if (status.ok()) return;
  refused_.Increment();
  job.exchange->response = PlainAnswer(MHD_HTTP_SERVICE_UNAVAILABLE, status.message());
  End(job);
}

// The request is answered: sends it on its way, and begins that of its client whose turn is next.
void MicroHttpServer::End(const Job& job) {
  absl::optional<Job> next;
  {
    absl::MutexLock lock(&mutex_);
    if (job.exchange->takes_turns) next = NextOf(job.exchange->client);
  }
  job.exchange->answered.store(true, std::memory_order_release);
  MHD_resume_connection(job.connection);
  if (next.has_value()) Start(*next);
  absl::MutexLock lock(&mutex_);
  --handed_over_;
}

absl::optional<MicroHttpServer::Job> MicroHttpServer::NextOf(const std::string& client) {
  const auto turns = turns_.find(client);
  if (turns->second.waiting.empty()) {
    if (--turns->second.running == 0) turns_.erase(turns);
    return absl::nullopt;
  }
  const Job next = turns->second.waiting.front();
  turns->second.waiting.pop_front();
  return next;
}

void MicroHttpServer::Answer(Exchange& exchange) {
  const absl::string_view uri = exchange.uri;
  const size_t mark = uri.find('?');
  HttpRequest request;
  request.method = exchange.method;
  request.client = exchange.client;
  request.path = std::string(PathOf(uri));
  absl::Status parsed = ParseForm(exchange.form, request.parameters);
  if (mark != absl::string_view::npos) {
    parsed.Update(ParseForm(uri.substr(mark + 1), request.parameters));
  }
  exchange.response = parsed.ok()
                          ? answer_(request, [this, &exchange] { return Connected(exchange); })
                          : PlainAnswer(MHD_HTTP_BAD_REQUEST, parsed.message());
  Compress(exchange);
}

// An answer that is whole is compressed here, on a worker; one in parts as they go out.
void MicroHttpServer::Compress(Exchange& exchange) {
  HttpResponse& answer = exchange.response;
  if (!exchange.takes_gzip || (!answer.more && answer.body.size() < kGzipBytesMin)) return;
  exchange.gzip = GzipStream::Make();
  if (exchange.gzip == nullptr || answer.more) return;
  std::string compressed;
  exchange.gzip->Append(answer.body, compressed);
  exchange.gzip->Finish(compressed);
  answer.body = std::move(compressed);
}

absl::Status MicroHttpServer::Connected(Exchange& exchange) const {
  if (stopping_.load(std::memory_order_relaxed)) {
    return absl::UnavailableError("the aggregator is stopping");
  }
  const absl::Duration now = environment_.clock.Monotonic();
  if (now - exchange.looked_at < kLookInterval) return absl::OkStatus();
  exchange.looked_at = now;
  if (!PeerIsGone(exchange.socket)) return absl::OkStatus();
  return absl::CancelledError("the client is gone");
}

MHD_Result MicroHttpServer::Refuse(MHD_Connection& connection, Exchange& exchange, int status,
                                   absl::string_view text) {
  refused_.Increment();
  exchange.response = PlainAnswer(status, text);
  return Send(connection, exchange);
}

MHD_Result MicroHttpServer::Send(MHD_Connection& connection, Exchange& exchange) {
  HttpResponse& answer = exchange.response;
  MHD_Response* response = nullptr;
  if (answer.more) {
    exchange.Add(answer.body);
    response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, kBlockBytes, &ReadMore,
                                                 &exchange, nullptr);
  } else {
    response = MHD_create_response_from_buffer(answer.body.size(), answer.body.data(),
                                               MHD_RESPMEM_PERSISTENT);
  }
  if (response == nullptr) return MHD_NO;
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer.content_type.c_str());
  MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT_ENCODING);
  if (exchange.gzip != nullptr) {
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
  }
  const MHD_Result result =
      MHD_queue_response(&connection, static_cast<unsigned int>(answer.status), response);
  MHD_destroy_response(response);  // The connection keeps its own count.
  return result;
}

ssize_t MicroHttpServer::ReadMore(void* context, uint64_t, char* buffer, size_t size) {
  auto& exchange = *static_cast<Exchange*>(context);
  while (exchange.block_sent == exchange.block.size()) {
    if (exchange.ended) return MHD_CONTENT_READER_END_OF_STREAM;
    exchange.block.clear();
    exchange.block_sent = 0;
    std::string text;
    exchange.ended = !exchange.response.more(text);
    exchange.Add(text);
    if (exchange.ended && exchange.gzip != nullptr) exchange.gzip->Finish(exchange.block);
  }
  const size_t sent = std::min(size, exchange.block.size() - exchange.block_sent);
  std::memcpy(buffer, exchange.block.data() + exchange.block_sent, sent);
  exchange.block_sent += sent;
  return static_cast<ssize_t>(sent);
}

void MicroHttpServer::Stop() {
  if (daemon_ == nullptr) return;
  stopping_.store(true, std::memory_order_relaxed);
  const MHD_socket listener = MHD_quiesce_daemon(daemon_);
  {
    absl::MutexLock lock(&mutex_);
    // A connection must not be ended under a worker.
    const auto none_works = [this]()
                                ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return handed_over_ == 0; };
    mutex_.Await(absl::Condition(&none_works));
    const auto none_open = [this]()
                               ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return exchanges_.empty(); };
    environment_.clock.Await(mutex_, absl::Condition(&none_open), options_.drain_max);
  }
  MHD_stop_daemon(daemon_);
  daemon_ = nullptr;
  if (listener != MHD_INVALID_SOCKET) close(listener);
}

}  // namespace

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const HttpServerOptions& options,
                                                              const HttpEnvironment& environment,
                                                              AnswerFn answer) {
  auto server = std::make_unique<MicroHttpServer>(options, environment, std::move(answer));
  ORA_RETURN_IF_ERROR(server->Listen());
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace ora::aggregator
