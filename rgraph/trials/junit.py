"""Results of tests as JUnit XML, which the pages of CI systems show.

The form is that of Ant's JUnit task as Jenkins, GitLab and Azure Pipelines read it (their documentation of
published test results): `testsuites` > `testsuite`, one for each image > `testcase` > `failure` or `error`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from xml.sax.saxutils import quoteattr

from rgraph.builds.record import TestedImage, TestResult

_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold (section 2.2, "Characters")."""


def junit_xml(number: str, tested: Mapping[str, TestedImage], untested: Mapping[str, str]) -> bytes:
    """The document: a suite for each image that was tested, and one with an error for each that could not be;
    `untested` says why not.
    """
    suites = [_suite(id, image.tests) for id, image in tested.items()]
    suites += [_not_tested(id, why) for id, why in untested.items()]
    results = [result for image in tested.values() for result in image.tests]
    head = _counts(len(results) + len(untested), _failed(results), len(untested), _seconds(results))
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f"<testsuites {_attributes(name=f'rgraph test, build {number}')} {head}>",
            *suites,
            "</testsuites>\n",
        ]
    ).encode()


def _suite(id: str, results: tuple[TestResult, ...]) -> str:
    head = _counts(len(results), _failed(results), 0, _seconds(results))
    cases = [_case(id, result) for result in results]
    return "\n".join([f"  <testsuite {_attributes(name=id)} {head}>", *cases, "  </testsuite>"])


def _case(id: str, result: TestResult) -> str:
    head = f"    <testcase {_attributes(classname=id, name=result.name, time=f'{result.seconds:.3f}')}"
    if result.state == "passed":
        return f"{head}/>"
    first, _, rest = result.message.partition("\n")
    failure = f"<failure {_attributes(type=result.state, message=first)}>{_text(rest)}</failure>"
    return f"{head}>\n      {failure}\n    </testcase>"


def _not_tested(id: str, why: str) -> str:
    head = f"  <testsuite {_attributes(name=id)} {_counts(1, 0, 1, 0.0)}>"
    case = f"    <testcase {_attributes(classname=id, name='tested', time='0.000')}>"
    error = f"      <error {_attributes(type='not tested', message=why)}/>"
    return "\n".join([head, case, error, "    </testcase>", "  </testsuite>"])


def _counts(tests: int, failures: int, errors: int, seconds: float) -> str:
    values = {"tests": str(tests), "failures": str(failures), "errors": str(errors), "skipped": "0"}
    return _attributes(**values, time=f"{seconds:.3f}")


def _failed(results: tuple[TestResult, ...] | list[TestResult]) -> int:
    return sum(result.state != "passed" for result in results)


def _seconds(results: tuple[TestResult, ...] | list[TestResult]) -> float:
    return sum(result.seconds for result in results)


def _attributes(**values: str) -> str:
    return " ".join(f"{name}={quoteattr(_plain(value))}" for name, value in values.items())


def _text(value: str) -> str:
    return _plain(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _plain(value: str) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", value)
