"""Small suites for tools of Node: each way to fail that the tool has."""

from __future__ import annotations


JEST = {
    "package.json": "{}\n",
    "calc.test.js": """\
const assert = require("node:assert");

test("CALC-1 adds", () => assert.equal(1 + 1, 2));
test("subtracts", () => assert.equal(2 - 1, 2));
test.skip("skipped", () => {});
test.todo("to do");
test.failing("expected to fail", () => assert.equal(1, 2));

describe("needs a database", () => {
  beforeAll(() => { throw new Error("no database"); });
  test("reads", () => {});
});

describe("cleans", () => {
  afterAll(() => { throw new Error("cannot clean"); });
  test("writes", () => {});
});
""",
    "broken.test.js": 'require("./no-such-module");\n',
}
VITEST = {
    "package.json": "{}\n",
    "calc.test.js": """\
import { beforeAll, describe, expect, test } from "vitest";

test("CALC-1 adds", () => expect(1 + 1).toBe(2));
test("subtracts", () => expect(2 - 1).toBe(2));
test.skip("skipped", () => {});
test.todo("to do");
test.fails("expected to fail", () => expect(1).toBe(2));

describe("needs a database", () => {
  beforeAll(() => { throw new Error("no database"); });
  test("reads", () => {});
});
""",
    "broken.test.js": 'import "./no-such-module";\n',
}
MOCHA = {
    "package.json": "{}\n",
    "test/calc.js": """\
const assert = require("node:assert");

describe("calc", () => {
  it("CALC-1 adds", () => assert.equal(1 + 1, 2));
  it("subtracts", () => assert.equal(2 - 1, 2));
  it.skip("skipped", () => {});
  it("to do");
});

describe("needs a database", () => {
  before(() => { throw new Error("no database"); });
  it("reads", () => {});
});

describe("cleans", () => {
  after(() => { throw new Error("cannot clean"); });
  it("writes", () => {});
});
""",
}
ALLURE_VITEST = {
    **VITEST,
    "vitest.config.js": """\
export default {
  test: {
    setupFiles: ["allure-vitest/setup"],
    reporters: ["default", "allure-vitest/reporter"],
  },
};
""",
}
LAB = {
    "package.json": "{}\n",
    "test/calc.js": """\
const Lab = require("@hapi/lab");
const assert = require("node:assert");

const lab = (exports.lab = Lab.script());
lab.test("CALC-1 adds", () => assert.equal(1 + 1, 2));
lab.test("subtracts", () => assert.equal(2 - 1, 2));
lab.test.skip("skipped", () => {});
lab.test("to do");

lab.experiment("needs a database", () => {
  lab.before(() => { throw new Error("no database"); });
  lab.test("reads", () => {});
});

lab.experiment("cleans", () => {
  lab.after(() => { throw new Error("cannot clean"); });
  lab.test("writes", () => {});
});
""",
}
AVA = {
    "package.json": "{}\n",
    "calc.mjs": """\
import test from "ava";

test("CALC-1 adds", (t) => t.is(1 + 1, 2));
test("subtracts", (t) => t.is(2 - 1, 2));
test.skip("skipped", (t) => t.pass());
test.todo("to do");
test.failing("expected to fail", (t) => t.is(1, 2));
""",
    "hook.mjs": """\
import test from "ava";

test.before(() => { throw new Error("no database"); });
test("reads", (t) => t.pass());
""",
}
QUNIT = {
    "calc.js": """\
QUnit.module("calc");
QUnit.test("CALC-1 adds", (assert) => assert.equal(1 + 1, 2));
QUnit.test("subtracts", (assert) => assert.equal(2 - 1, 2));
QUnit.test.skip("skipped", (assert) => assert.ok(true));
QUnit.test.todo("to do", (assert) => assert.ok(false));

QUnit.module("needs a database", {
  before() { throw new Error("no database"); },
});
QUnit.test("reads", (assert) => assert.ok(true));
""",
}
TAPE = {
    "calc.js": """\
const test = require("tape");

test("adds", (t) => { t.equal(1 + 1, 2, "CALC-1 two"); t.end(); });
test("subtracts", (t) => { t.equal(2 - 1, 2, "one"); t.end(); });
test("skips", (t) => { t.skip("no server"); t.end(); });
test("plans", (t) => { t.plan(2); t.pass("one of two"); });
test("never ends", (t) => { t.pass("begun"); });
""",
}
JASMINE = {
    "spec/calc.spec.js": """\
describe("calc", () => {
  it("CALC-1 adds", () => expect(1 + 1).toBe(2));
  it("subtracts", () => expect(2 - 1).toBe(2));
  xit("skipped", () => {});
  it("to do");
});

describe("needs a database", () => {
  beforeAll(() => { throw new Error("no database"); });
  it("reads", () => expect(1).toBe(1));
});

describe("cleans", () => {
  afterAll(() => { throw new Error("cannot clean"); });
  it("writes", () => expect(1).toBe(1));
});
""",
    "spec/support/jasmine.mjs": """\
import reporters from "jasmine-reporters";

export default {
  spec_dir: "spec",
  spec_files: ["**/*.spec.js"],
  random: false,
  reporters: [new reporters.JUnitXmlReporter({ savePath: "report" })],
};
""",
}
CUCUMBER = {
    "features/calc.feature": """\
Feature: Calc

  @CALC-1
  Scenario: Adds
    Given a number

  @CALC-2
  Scenario: Subtracts
    Given a wrong number

  @CALC-3
  Scenario: Is not defined
    Given nothing of the kind

  @CALC-4
  Scenario: Is ambiguous
    Given twofold

  @CALC-5
  Scenario: Is pending
    Given something to do

  @CALC-6
  Scenario: Skips itself
    Given no server

  @CALC-7 @broken
  Scenario: Has a broken hook
    Given a number

  @CALC-8
  Scenario: Is empty
""",
    "features/steps.js": """\
const assert = require("node:assert");
const { Before, Given } = require("@cucumber/cucumber");

Before({ tags: "@broken" }, () => { throw new Error("no database"); });
Given("a number", () => {});
Given("a wrong number", () => assert.equal(1, 2));
Given("twofold", () => {});
Given(/two.*/, () => {});
Given("something to do", () => "pending");
Given("no server", () => "skipped");
""",
}
NEWMAN = {
    "server.js": """\
const server = require("node:http").createServer((_, answer) => answer.end("2"));
server.listen(0, "127.0.0.1", () => {
  const url = `http://127.0.0.1:${server.address().port}/`;
  const said = (name, exec, address = url) => ({
    name,
    request: { method: "GET", url: address },
    event: [{ listen: "test", script: { exec } }],
  });
  const item = [
    said("adds", ['pm.test("CALC-1 is two", () => pm.response.to.have.body("2"));']),
    said("subtracts", ['pm.test("is one", () => pm.response.to.have.body("1"));']),
    said("skips", ['pm.test.skip("has no server", () => {});']),
    said("dies", ['throw new Error("script");']),
    said("is not there", [], "http://127.0.0.1:1/"),
  ];
  require("newman").run({
    collection: { info: { name: "calc" }, item },
    reporters: ["cli", "json", "junit"],
    reporter: {
      cli: { noColor: true },
      json: { export: "report.json" },
      junit: { export: "report.xml" },
    },
  }, () => server.close());
});
""",
}
BATS = {
    "calc.bats": """\
@test "CALC-1 adds" {
  [ $((1 + 1)) -eq 2 ]
}

@test "subtracts" {
  [ $((2 - 1)) -eq 2 ]
}

@test "skipped" {
  skip "no server"
}
""",
    "file.bats": """\
setup_file() {
  false
}

@test "reads" {
  true
}

@test "writes" {
  true
}
""",
    "teardown.bats": """\
teardown_file() {
  false
}

@test "cleans" {
  true
}
""",
}
