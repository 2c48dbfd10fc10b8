"""Small suites for tools that the system has."""

from __future__ import annotations


NODE_TEST = {
    "calc.test.mjs": """\
import { after, before, describe, it, test } from "node:test";
import assert from "node:assert";

test("CALC-1 adds", () => assert.equal(1 + 1, 2));
test("subtracts", () => assert.equal(2 - 1, 2));
test("skipped", { skip: "no server" }, () => {});
test("to do", { todo: true }, () => {});

describe("needs a database", () => {
  before(() => { throw new Error("no database"); });
  it("reads", () => {});
});

describe("cleans", () => {
  after(() => { throw new Error("cannot clean"); });
  it("writes", () => {});
});
""",
    "broken.test.mjs": 'import "./no-such-module.mjs";\n',
}
CTEST = {
    "CMakeLists.txt": """\
cmake_minimum_required(VERSION 3.20)
project(calc NONE)
enable_testing()
add_test(NAME adds COMMAND true)
add_test(NAME subtracts COMMAND false)
add_test(NAME is_not_there COMMAND no-such-command)
add_test(NAME expected COMMAND false)
set_tests_properties(expected PROPERTIES WILL_FAIL TRUE)
add_test(NAME skipped COMMAND sh -c "exit 77")
set_tests_properties(skipped PROPERTIES SKIP_RETURN_CODE 77)
add_test(NAME disabled COMMAND true)
set_tests_properties(disabled PROPERTIES DISABLED TRUE)
add_test(NAME database COMMAND false)
set_tests_properties(database PROPERTIES FIXTURES_SETUP db)
add_test(NAME reads COMMAND true)
set_tests_properties(reads PROPERTIES FIXTURES_REQUIRED db)
""",
}
PERL = {
    "t/calc.t": """\
use strict;
use warnings;
use Test::More tests => 6;

ok(1 + 1 == 2, 'CALC-1 adds');
ok(2 - 1 == 2, 'subtracts');
SKIP: { skip 'no server', 1; }
TODO: { local $TODO = 'open'; ok(0, 'still to do'); }
subtest 'rows' => sub { plan tests => 2; ok(1, 'one'); ok(0, 'two'); };
ok(1, 'ends');
""",
}
