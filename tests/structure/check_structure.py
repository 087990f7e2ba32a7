#!/usr/bin/env python3
"""Holds the tree against the house's rules: include edges, sizes, banned words, sources that the build forgets.

    check_structure.py [ROOT]        checks the tree; one line a finding; exit status 1 if there is any
    check_structure.py --self-test   shows on made-up files that each rule can fail
"""

import pathlib
import re
import sys
import tempfile

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 100
FOLDER_SOURCES_MAX = 12
ROOT_CMAKE_LINES_MAX = 150

TOP_LEVEL = {"CMakeLists.txt", "README.md", "proto", "storage", "collector", "aggregator", "cli", "tests", "deploy"}

# Who may include whom, by folder; the longest prefix that fits an including file counts, each folder may include itself.
# "storage/" alone means the headers directly in that folder.
PROTO = ("ora/v1", "ora/config/v1", "proto/status", "proto/contract")
STORAGE = ("storage/", "storage/env")
EDGES = {
    "proto": ("ora/v1", "ora/config/v1", "proto/status"),
    "proto/contract": ("ora/v1", "ora/config/v1", "proto/status"),
    "proto/transport": ("proto/status", "proto/contract"),
    "proto/yaml": ("proto/status",),
    "storage": ("storage/", "storage/env", "ora/v1", "proto/status"),
    "storage/env": (),
    "storage/open": STORAGE + ("storage/chunk",),
    "storage/tsdb": STORAGE + ("storage/chunk", "storage/index", "storage/open", "storage/retention", "storage/rocks", "storage/state", "proto/status",
                               "storage/tsdb/hot", "storage/tsdb/partitions", "storage/tsdb/upkeep"),
    "storage/state": STORAGE + ("storage/rocks", "proto/status"),
    "storage/retention": STORAGE + ("storage/chunk", "storage/rocks", "proto/status"),
    "storage/rocks": STORAGE + ("storage/rocks/rescue", "proto/status"),
    "storage/rocks/rescue": STORAGE,
    "collector": PROTO + ("proto/transport", "proto/yaml", "storage/env", "ora/state/v1", "collector/"),
    "collector/config": PROTO + ("proto/yaml", "storage/env"),
    "collector/series": PROTO + ("storage/env", "storage/"),  # storage/sample.h: one definition of the staleness marker
    "collector/tail": PROTO + ("storage/env", "ora/state/v1", "collector/tail/archive", "collector/tail/hints"),
    "collector/tail/archive": ("proto/status", "storage/env"),
    "collector/tail/hints": ("storage/env",),
    "collector/tail/journal": ("proto/status", "storage/env", "ora/state/v1", "collector/tail"),
    "collector/classify": PROTO + ("storage/env", "ora/state/v1", "collector/tail", "collector/series", "collector/classify/samples"),
    "collector/process": PROTO + ("storage/env", "collector/series"),
    "collector/spool": PROTO + ("storage/env",),
    # The collector's one thread: it drives all the parts that read.
    "collector/tick": PROTO + ("storage/env", "collector/classify", "collector/process", "collector/series", "collector/spool", "collector/tail"),
    "collector/ship": PROTO + ("proto/transport", "storage/env", "collector/spool"),
    "aggregator/promql": ("proto/status", "storage/", "aggregator/promql"),
    "aggregator/config": PROTO + ("proto/yaml", "storage/env", "aggregator/rules", "aggregator/rules/files"),
    "aggregator/fleet": PROTO + STORAGE,
    "aggregator/ingest": PROTO + STORAGE + ("aggregator/fleet",),
    "aggregator/rules": PROTO + STORAGE + ("ora/state/v1", "aggregator/promql", "aggregator/promql/parser", "aggregator/rules",
                                           "aggregator/rules/templates", "proto/yaml"),
    "aggregator/logs": PROTO + STORAGE + ("aggregator/promql",),
    "aggregator/server": PROTO + STORAGE,
    "aggregator/metrics": (),
    "aggregator/admission": ("storage/env",),
    "aggregator/http": PROTO + STORAGE + ("aggregator",),
    "aggregator/services": PROTO + STORAGE + ("aggregator",),
    "cli": PROTO + ("proto/transport", "proto/yaml", "storage/env", "collector/run", "cli"),
    "tests": ("",),
}
# The files that know concrete types: they wire the parts of their program.
WIRING = {
    "collector/main.cc": ("collector", "storage/env", "proto", "ora/"),
    "collector/collector.cc": ("collector", "storage/env", "proto", "ora/"),
    "collector/collector.h": ("collector", "storage/env", "proto", "ora/"),
    "aggregator/main.cc": ("aggregator", "storage/", "storage/env", "proto", "ora/"),
    "aggregator/aggregator.cc": ("aggregator", "storage/", "storage/env", "proto", "ora/"),
    "aggregator/aggregator.h": ("aggregator", "storage/", "storage/env", "proto", "ora/"),
}
# Heavy or private headers, and the only folders that may see them.
CONFINED = {
    "microhttpd.h": ("aggregator/http/http_server.cc",),
    "rocksdb/": ("storage/rocks", "tests/fakes/rocks"),
    "grpcpp/": ("proto/status", "proto/transport", "collector/ship", "collector/collector.cc", "collector/main.cc", "aggregator/server",
                "aggregator/services", "aggregator/aggregator.cc", "cli", "tests"),
    "CLI/": ("collector/main.cc", "aggregator/main.cc", "cli", "tests"),
    "yaml-cpp/": ("proto/yaml",),
    "spdlog/": ("storage/env",),
    "systemd/": ("collector/tail/journal/system_journal.cc",),
    "zlib.h": ("aggregator/http/gzip.cc", "collector/tail/archive", "tests"),
}
BANNED = [  # (pattern, where it is allowed, what to do instead)
    (r"absl::Now\(", ("storage/env/", "cli/main.cc", "tests/bench/", "tests/system/"), "take a Clock"),
    (r"\b(absl::SleepFor|sleep_for|usleep|nanosleep)\b", ("storage/env/",), "wait with Clock::Await"),
    (r"(?<![\w.>:])(::)?(open|openat|fopen)\(", ("storage/env/", "tests/"), "use FileSystem"),
    (r"\.detach\(\)", (), "own the thread and join it"),
    (r"(?<![\w:])s?rand\(", (), "take a seed"),
    (r"\b(TODO|FIXME|XXX)\b", ("tests/structure/",), "do it, or say in an issue who does and when"),
    (r"\busing namespace\b", (), "name what you use"),
    (r"\bGTEST_SKIP\b|\bDISABLED_", (), "a test that does not run is no test"),
    (r"\b(try|catch)\s*[({]", ("proto/yaml/", "aggregator/http/", "cli/arguments.cc", "collector/main.cc", "aggregator/main.cc", "tests/"),
     "return a Status"),
]
VAGUE_NAME = re.compile(r"\b(?:class|struct|enum(?: class)?)\s+(\w*(?:Manager|Helper|Util|Utils|Common|Handler|Processor|Data|Info))\b")
VAGUE_FILE = re.compile(r"(manager|helper|util|utils|common|handler|processor)\.(h|cc)$")


def code_files(root):
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root).as_posix()
        if relative.startswith((".", "build")) or "/." in relative:
            continue
        if path.suffix in (".h", ".cc") and path.is_file():
            yield relative


def allowed_edges(relative):
    if relative in WIRING:
        return WIRING[relative]
    folder = relative.rsplit("/", 1)[0]
    while folder not in EDGES and "/" in folder:
        folder = folder.rsplit("/", 1)[0]
    return EDGES.get(folder, ())


def edge_is_allowed(relative, include):
    if "/" not in include:
        return False  # Every include of ours says its folder.
    own = relative.rsplit("/", 1)[0]
    target = include.rsplit("/", 1)[0]
    if target == own:
        return True
    for edge in allowed_edges(relative):
        if edge == "" or target == edge or (edge.endswith("/") and target == edge[:-1]):
            return True
        if not edge.endswith("/") and edge.count("/") == 0 and target.startswith(edge + "/"):
            return True
        if edge == "ora/" and target.startswith("ora/"):
            return True
        if edge == "aggregator/promql" and target.startswith("aggregator/promql/") and own.startswith("aggregator/promql"):
            return True
    return False


def check_includes(relative, lines):
    for number, line in enumerate(lines, 1):
        match = re.match(r'#include ([<"])([^>"]+)', line)
        if not match:
            continue
        kind, include = match.groups()
        for prefix, folders in CONFINED.items():
            if include.startswith(prefix) and not relative.startswith(folders):
                yield f"{relative}:{number}: {include} may only be included in {', '.join(folders)}"
        ours = include.split("/")[0] in ("proto", "ora", "storage", "collector", "aggregator", "cli", "tests")
        if kind == '"' and ours and not edge_is_allowed(relative, include):
            yield f"{relative}:{number}: {include} is not an allowed edge; see the table in tests/structure"


def check_sizes(relative, lines):
    if len(lines) > FILE_LINES_MAX:
        yield f"{relative}: {len(lines)} lines, at most {FILE_LINES_MAX}: split it by noun"
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS_MAX and "http" not in line and 'R"' not in line:
            yield f"{relative}:{number}: {len(line)} columns, at most {COLUMNS_MAX}"
    yield from check_functions(relative, lines)


def check_functions(relative, lines):
    """Functions at no indentation and methods at two, as the formatter lays them out."""
    for indent in ("", "  "):
        start = None
        for number, line in enumerate(lines, 1):
            inside = line.startswith(indent) and len(line) > len(indent)
            if not inside:
                continue
            first = line[len(indent)]
            if first == "}" and start is not None:
                length = number - start + 1
                if length > FUNCTION_LINES_MAX:
                    yield f"{relative}:{start}: a function of {length} lines, at most {FUNCTION_LINES_MAX}"
                start = None
            elif first not in " }#/)" and start is None and line.rstrip().endswith("{"):
                text = line.strip()
                if not re.match(r"(namespace|class|struct|enum|union|extern|template|constexpr|const|static const|inline constexpr)\b", text) and "(" in text:
                    start = number
            elif first not in " }#/)":
                start = None if not line.rstrip().endswith((",", "(")) else start


def check_words(relative, text):
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        code = line.split("//")[0]
        for pattern, allowed, instead in BANNED:
            if relative.startswith(allowed) and allowed:
                continue
            searched = line if "TODO" in pattern else code
            if re.search(pattern, searched):
                yield f"{relative}:{number}: `{line.strip()}`: {instead}"
        match = VAGUE_NAME.search(code)
        if match:
            yield f"{relative}:{number}: {match.group(1)} does not say what it is"
    if VAGUE_FILE.search(relative):
        yield f"{relative}: the file's name does not say what it holds"
    if relative.endswith(".h") and "#pragma once" not in text:
        yield f"{relative}: no #pragma once"
    if relative.endswith(".h") and not text.startswith("//"):
        yield f"{relative}: a header begins with what it is for"


def check_build(root, files):
    """Every source is named by the CMakeLists.txt of its folder or of one above."""
    for relative in files:
        if not relative.endswith(".cc"):
            continue
        folder = pathlib.PurePosixPath(relative).parent
        named = False
        for above in [folder, *folder.parents]:
            listing = root / above / "CMakeLists.txt"
            name = str(pathlib.PurePosixPath(relative).relative_to(above)) if str(above) != "." else relative
            if listing.is_file() and re.search(rf"(?<![\w/.-]){re.escape(name)}(?![\w.-])", listing.read_text()):
                named = True
                break
            if relative == "tests/fuzz/replay_main.cc" and "tests/fuzz/replay_main.cc" in (root / "CMakeLists.txt").read_text():
                named = True
        if not named:
            yield f"{relative}: no CMakeLists.txt names it, so nothing builds or runs it"


def check_folders(root, files):
    counts = {}
    for relative in files:
        if relative.endswith(".cc") and not relative.startswith("tests/"):
            folder = relative.rsplit("/", 1)[0]
            counts[folder] = counts.get(folder, 0) + 1
    for folder, count in sorted(counts.items()):
        if count > FOLDER_SOURCES_MAX:
            yield f"{folder}: {count} sources, at most {FOLDER_SOURCES_MAX}: split it by noun"
    for entry in sorted(root.iterdir()):
        if not entry.name.startswith((".", "build")) and entry.name not in TOP_LEVEL:
            yield f"{entry.name}: not part of the top level ({', '.join(sorted(TOP_LEVEL))})"
    for listing in [root / "CMakeLists.txt"]:
        if listing.is_file() and len(listing.read_text().splitlines()) > ROOT_CMAKE_LINES_MAX:
            yield f"CMakeLists.txt: more than {ROOT_CMAKE_LINES_MAX} lines"
    for listing in sorted(root.rglob("CMakeLists.txt")):
        relative = listing.relative_to(root)
        if relative.parts[0].startswith((".", "build")) or len(relative.parts) == 1:
            continue
        parent = listing.parent.parent / "CMakeLists.txt"
        text = parent.read_text() if parent.is_file() else ""
        if "ora_subfolders()" not in text and f"add_subdirectory({listing.parent.name})" not in text:
            yield f"{relative}: the CMakeLists.txt above does not take it in"


def check_protos(root):
    """Every element of the API has a comment."""
    for path in sorted((root / "proto").rglob("*.proto")):
        relative = path.relative_to(root).as_posix()
        previous = ""
        for number, line in enumerate(path.read_text().split("\n"), 1):
            text = line.strip()
            is_field = re.match(r"(repeated |optional )?[\w.<>, ]+ \w+ = \d+( \[.*\])?;$", text)
            is_value = re.match(r"[A-Z_0-9]+ = \d+;$", text)
            is_element = re.match(r"(message|enum|service|rpc|oneof) ", text)
            # A request or response without a comment is described by its call.
            described = re.match(r"message \w+(Request|Response) ", text)
            if (is_field or is_value or is_element) and not described and not previous.startswith("//"):
                yield f"{relative}:{number}: `{text}` has no comment"
            if text:
                previous = text


def check(root):
    files = list(code_files(root))
    for relative in files:
        text = (root / relative).read_text(errors="replace")
        lines = text.splitlines()
        yield from check_includes(relative, lines)
        yield from check_sizes(relative, lines)
        yield from check_words(relative, text)
    yield from check_build(root, files)
    yield from check_folders(root, files)
    yield from check_protos(root)


SELF_TEST = {  # Name of the file: (its text, a part of the finding that it must cause)
    "storage/env/up.h": ('// x\n#pragma once\n#include "storage/labels.h"\n', "not an allowed edge"),
    "collector/tail/peek.cc": ('#include "aggregator/fleet/fleet.h"\n', "not an allowed edge"),
    "aggregator/promql/deep.cc": ('#include <rocksdb/db.h>\n', "may only be included"),
    "cli/long.cc": ("int x;\n" * 601, "601 lines"),
    "cli/wide.cc": ("int " + "x" * 120 + ";\n", "columns"),
    "cli/tall.cc": ("int F() {\n" + "  x();\n" * 80 + "}\n", "a function of 82 lines"),
    "cli/now.cc": ("auto t = absl::Now();\n", "take a Clock"),
    "cli/later.cc": ("// TODO: everything\n", "do it"),
    "cli/vague.cc": ("class JobManager {};\n", "does not say what it is"),
    "cli/skip_test.cc": ("TEST(A, DISABLED_B) {}\n", "no test"),
    "cli/forgotten.cc": ("int y;\n", "no CMakeLists.txt names it"),
    "proto/ora/v1/bare.proto": ("message A {\n}\n", "has no comment"),
    "src/odd.cc": ("int z;\n", "not part of the top level"),
}


def self_test():
    failed = 0
    for name, (text, expected) in SELF_TEST.items():
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
            findings = list(check(root))
            if not any(expected in finding for finding in findings):
                print(f"{name}: expected a finding with `{expected}`, got {findings}")
                failed += 1
    print(f"{len(SELF_TEST) - failed} passed, {failed} failed")
    return failed


def main(arguments):
    if "--self-test" in arguments:
        return 1 if self_test() else 0
    root = pathlib.Path(arguments[0] if arguments else ".").resolve()
    findings = list(check(root))
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
