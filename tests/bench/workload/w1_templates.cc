#include "tests/bench/workload/w1_templates.h"

namespace ora::bench {
namespace {

constexpr SeriesTemplate Make(SeriesKind kind, absl::string_view name) { return {name, kind}; }
constexpr SeriesTemplate Counter(absl::string_view name) {
  return Make(SeriesKind::kCounter, name);
}
constexpr SeriesTemplate Integer(absl::string_view name) {
  return Make(SeriesKind::kIntegerGauge, name);
}
constexpr SeriesTemplate Large(absl::string_view name) {
  return Make(SeriesKind::kLargeGauge, name);
}
constexpr SeriesTemplate Decimal(absl::string_view name) {
  return Make(SeriesKind::kDecimalGauge, name);
}
constexpr SeriesTemplate Bytes(absl::string_view name) {
  return Make(SeriesKind::kByteCounter, name);
}
constexpr SeriesTemplate Constant(absl::string_view name) {
  return Make(SeriesKind::kConstant, name);
}

constexpr SeriesTemplate kTemplates[] = {
    Counter("diskio_reads"),
    Counter("diskio_writes"),
    Counter("diskio_read_time"),
    Counter("diskio_write_time"),
    Counter("diskio_io_time"),
    Counter("kernel_interrupts"),
    Counter("kernel_context_switches"),
    Counter("kernel_processes_forked"),
    Counter("kernel_disk_pages_in"),
    Counter("kernel_disk_pages_out"),
    Counter("net_packets_sent"),
    Counter("net_packets_recv"),
    Counter("net_err_in"),
    Counter("net_err_out"),
    Counter("net_drop_in"),
    Counter("net_drop_out"),
    Counter("nginx_accepts"),
    Counter("nginx_handled"),
    Counter("nginx_requests"),
    Counter("postgresql_blk_read_time"),
    Counter("postgresql_blk_write_time"),
    Counter("postgresql_blks_hit"),
    Counter("postgresql_blks_read"),
    Counter("postgresql_conflicts"),
    Counter("postgresql_deadlocks"),
    Counter("postgresql_temp_bytes"),
    Counter("postgresql_temp_files"),
    Counter("postgresql_tup_deleted"),
    Counter("postgresql_tup_fetched"),
    Counter("postgresql_tup_inserted"),
    Counter("postgresql_tup_returned"),
    Counter("postgresql_tup_updated"),
    Counter("postgresql_xact_commit"),
    Counter("postgresql_xact_rollback"),
    Counter("redis_expired_keys"),
    Counter("redis_evicted_keys"),
    Counter("redis_keyspace_hits"),
    Counter("redis_keyspace_misses"),
    Counter("redis_connections_received"),
    Counter("redis_commands_processed"),
    Counter("redis_rejected_connections"),
    Counter("redis_sync_full"),
    Counter("redis_sync_partial_ok"),
    Counter("redis_sync_partial_err"),
    Integer("cpu_usage_user"),
    Integer("cpu_usage_system"),
    Integer("cpu_usage_idle"),
    Integer("cpu_usage_nice"),
    Integer("cpu_usage_iowait"),
    Integer("cpu_usage_irq"),
    Integer("cpu_usage_softirq"),
    Integer("cpu_usage_steal"),
    Integer("cpu_usage_guest"),
    Integer("cpu_usage_guest_nice"),
    Integer("disk_used_percent"),
    Integer("nginx_active"),
    Integer("nginx_reading"),
    Integer("nginx_waiting"),
    Integer("nginx_writing"),
    Integer("postgresql_numbackends"),
    Integer("redis_connected_clients"),
    Integer("redis_connected_slaves"),
    Integer("redis_blocked_clients"),
    Integer("redis_pubsub_channels"),
    Integer("redis_pubsub_patterns"),
    Large("disk_free"),
    Large("disk_used"),
    Large("disk_inodes_free"),
    Large("disk_inodes_used"),
    Large("mem_available"),
    Large("mem_used"),
    Large("mem_free"),
    Large("mem_cached"),
    Large("mem_buffered"),
    Large("redis_used_memory"),
    Large("redis_used_memory_rss"),
    Large("redis_used_memory_peak"),
    Large("redis_used_memory_lua"),
    Large("redis_repl_offset"),
    Decimal("mem_used_percent"),
    Decimal("mem_available_percent"),
    Decimal("mem_buffered_percent"),
    Decimal("redis_mem_fragmentation_ratio"),
    Decimal("redis_used_cpu_sys"),
    Decimal("redis_used_cpu_user"),
    Decimal("redis_used_cpu_sys_children"),
    Decimal("redis_used_cpu_user_children"),
    Decimal("redis_ops_per_sec"),
    Decimal("system_load1"),
    Decimal("system_load5"),
    Decimal("system_load15"),
    Bytes("diskio_read_bytes"),
    Bytes("diskio_write_bytes"),
    Bytes("net_bytes_sent"),
    Bytes("net_bytes_recv"),
    Bytes("redis_net_output_bytes"),
    Constant("kernel_boot_time"),
    Constant("disk_total"),
    Constant("disk_inodes_total"),
    Constant("mem_total"),
    Constant("redis_repl_backlog_size"),
};

constexpr size_t CountOf(SeriesKind kind) {
  size_t count = 0;
  for (const SeriesTemplate& series : kTemplates) count += series.kind == kind;
  return count;
}
static_assert(CountOf(SeriesKind::kCounter) == 44);
static_assert(CountOf(SeriesKind::kIntegerGauge) == 21);
static_assert(CountOf(SeriesKind::kLargeGauge) == 14);
static_assert(CountOf(SeriesKind::kDecimalGauge) == 12);
static_assert(CountOf(SeriesKind::kByteCounter) == 5);
static_assert(CountOf(SeriesKind::kConstant) == 5);

}  // namespace

absl::Span<const SeriesTemplate> W1Templates() { return kTemplates; }

}  // namespace ora::bench
