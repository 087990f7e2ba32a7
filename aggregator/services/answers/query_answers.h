// Results of queries as the bytes of their messages, written straight from the result: labels are
// kept as such bytes already, and message objects would hold a copy of each name and value.
#pragma once

#include <cstddef>
#include <vector>

#include "aggregator/promql/engine.h"
#include "aggregator/server/message_bytes.h"
#include "ora/v1/query_service.pb.h"

namespace ora::aggregator {

// An ora.v1.QueryResponse: the value, warnings, infos and statistics.
MessageBytes EncodeAnswer(const promql::QueryResult& result, const v1::QueryStatistics& statistics);

// A matrix as messages ora.v1.QueryRangeResponse of about `bytes_max`, at least one; the last bears
// warnings, infos and statistics. A series is let go of as soon as it is written, so that a long
// answer is not kept twice.
std::vector<MessageBytes> EncodeAnswers(promql::QueryResult result,
                                        const v1::QueryStatistics& statistics, size_t bytes_max);

}  // namespace ora::aggregator
