// A port that speaks HTTP/1.1: connections and their limits, and the way of a request to a worker
// and back. What is asked and answered is not its matter.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "aggregator/http/form.h"
#include "aggregator/server/worker_pool.h"
#include "storage/env/clock.h"
#include "storage/env/counters.h"
#include "storage/env/log_sink.h"

namespace ora::aggregator {

enum class HttpMethod { kGet, kHead, kPost };

struct HttpRequest {
  std::string client;  // The address of the host that asks, without its port.
  HttpMethod method = HttpMethod::kGet;
  std::string path;                       // As it was sent, `%` not decoded; without the `?`.
  std::vector<HttpParameter> parameters;  // Of the form, then of the URL.
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  // What follows `body`, for answers that are not to be held in memory as text: appends to `block`
  // until it returns false. Called on the server's thread, so a call is to be short. May be empty.
  std::function<bool(std::string& block)> more;
};

// An error when the answer is no longer wanted: CANCELLED, the client is gone; UNAVAILABLE, the
// server stops. Thread-safe; valid as long as the request is being answered.
using ConnectedFn = std::function<absl::Status()>;

// Called on a worker, several at a time.
using AnswerFn = std::function<HttpResponse(const HttpRequest&, const ConnectedFn&)>;

struct HttpServerOptions {
  std::string listen;                           // HOST:PORT; port 0 takes a free one.
  size_t connections_max = 512;                 // More wait in the system's own queue.
  size_t head_bytes_max = 128 << 10;            // Of the request line and the headers.
  size_t body_bytes_max = 512 << 10;            // Of a form.
  absl::Duration idle_max = absl::Minutes(1);   // A connection on which nothing moves is closed.
  absl::Duration drain_max = absl::Seconds(2);  // For answers that are on their way at Stop.
};

// Who answers a path.
struct HttpWorkers {
  WorkerPool& pool;       // Must outlive the server.
  size_t client_max = 0;  // Requests of one client that are with the pool at once; 0: any number.
};
using WorkersFn = std::function<HttpWorkers(const std::string& path)>;

// What it works with; all must outlive it.
struct HttpEnvironment {
  WorkersFn workers;
  storage::Clock& clock;
  storage::LogSink& log;
  storage::Counters& counters;
};

// An answer of a kilobyte and more goes out in gzip where the client takes it.
//
// Requests of a client that has as many with the workers as it may wait for their turn, in the
// order in which they came: panels of a dashboard come together. They cost no thread meanwhile.
//
// One thread carries every connection; answers are worked out on the workers. What the server
// itself refuses, it says in plain text: 400 a request that is none, 405 a method, 413 a long form,
// 414 and 431 a long head, 503 no worker is free.
class HttpServer {
 public:
  virtual ~HttpServer() = default;

  // INVALID_ARGUMENT: `listen` is no address. UNAVAILABLE: it is taken.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const HttpServerOptions& options,
                                                           const HttpEnvironment& environment,
                                                           AnswerFn answer);

  // Where it listens, with the real port.
  virtual const std::string& address() const = 0;

  // Takes no more requests, tells those that are being answered, waits for them, and closes the
  // connections. The workers must still run. A second call does nothing; the destructor calls it.
  virtual void Stop() = 0;
};

}  // namespace ora::aggregator
