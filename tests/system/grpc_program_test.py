"""Any gRPC program may talk to the aggregator: health, reflection, errors that name the field, limits. Runs under Debian's Python,
which has Debian's grpcio; the messages are small enough to write by hand."""

import threading
import unittest

import grpc

from fleet import FleetTest

RAW = {"request_serializer": bytes, "response_deserializer": bytes}
SERVICES = ["AdminService", "AlertService", "FleetService", "IngestService", "LogService", "QueryService", "RuleService"]
SERVING = b"\x08\x01"


def text_field(number, text):
    """One length-delimited field of at most 2 MiB."""
    size, length = len(text), b""
    while size > 0x7F:
        length += bytes([size & 0x7F | 0x80])
        size >>= 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + text


class GrpcProgramTest(FleetTest):
    def setUp(self):
        super().setUp()
        self.fleet.start_aggregator()
        self.channel = grpc.insecure_channel(f"127.0.0.1:{self.fleet.port}")
        self.addCleanup(self.channel.close)

    def call(self, method, request=b"", timeout=10):
        return self.channel.unary_unary(method, **RAW)(request, timeout=timeout)

    def error(self, method, request=b""):
        with self.assertRaises(grpc.RpcError) as raised:
            self.call(method, request)
        return raised.exception

    def test_health_is_told_overall_and_for_each_service(self):
        for service in ["", *(f"ora.v1.{name}" for name in SERVICES)]:
            request = text_field(1, service.encode()) if service else b""
            self.assertEqual(self.call("/grpc.health.v1.Health/Check", request), SERVING, service)
        self.assertEqual(self.error("/grpc.health.v1.Health/Check", text_field(1, b"no.such.Service")).code(), grpc.StatusCode.NOT_FOUND)

    def test_reflection_lists_every_service(self):
        reflect = self.channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", **RAW)
        answer = next(iter(reflect(iter([text_field(7, b"*")]), timeout=10)))
        for name in SERVICES:
            self.assertIn(f"ora.v1.{name}".encode(), answer)

    def test_a_bad_request_is_invalid_argument_and_names_the_field_and_the_value(self):
        for method, request, named in [
            ("/ora.v1.QueryService/Query", b"", ["expression"]),
            ("/ora.v1.QueryService/Query", text_field(1, b"sum("), ["1:"]),
            ("/ora.v1.QueryService/ListLabelValues", text_field(1, b"9-not-a-label"), ["label", "9-not-a-label"]),
            ("/ora.v1.QueryService/ListSeries", b"", ["selectors"]),
            ("/ora.v1.FleetService/ListHosts", b"\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", ["page_size", "-1"]),
            ("/ora.v1.FleetService/GetHost", b"", ["instance"]),
        ]:
            with self.subTest(method=method, request=request):
                error = self.error(method, request)
                self.assertEqual(error.code(), grpc.StatusCode.INVALID_ARGUMENT, error.details())
                for part in named:
                    self.assertIn(part, error.details())

    def test_what_does_not_exist_is_not_found(self):
        self.assertEqual(self.error("/ora.v1.FleetService/GetHost", text_field(1, b"nobody")).code(), grpc.StatusCode.NOT_FOUND)
        self.assertEqual(self.error("/ora.v1.AlertService/GetAlert", text_field(1, b"0123456789abcdef")).code(), grpc.StatusCode.NOT_FOUND)

    def test_a_message_over_the_limit_is_refused_and_the_next_is_served(self):
        self.assertEqual(self.error("/ora.v1.QueryService/Query", bytes(5 << 20)).code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
        self.assertTrue(self.call("/ora.v1.AdminService/GetStatus"))

    def test_a_stream_that_does_not_say_hello_first_is_told_so(self):
        stream = self.channel.stream_stream("/ora.v1.IngestService/Stream", **RAW)
        with self.assertRaises(grpc.RpcError) as raised:
            list(stream(iter([b"\x22\x00"]), timeout=10))  # A heartbeat.
        self.assertEqual(raised.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
        self.assertIn("hello", raised.exception.details())

    def test_stopping_tells_watchers_of_health_first(self):
        watch = self.channel.unary_stream("/grpc.health.v1.Health/Watch", **RAW)(b"", timeout=60)
        self.assertEqual(next(watch), SERVING)
        stopping = threading.Thread(target=self.fleet.aggregator.stop)
        stopping.start()
        self.assertNotEqual(next(watch), SERVING)
        stopping.join()
        self.assertEqual(self.fleet.aggregator.process.returncode, 0, self.explain())


if __name__ == "__main__":
    unittest.main()
