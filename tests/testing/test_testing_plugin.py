from __future__ import annotations

import pytest

pytestmark = pytest.mark.long

pytest_plugins = ["pytester"]

GOOD = """
from iso15118.testing import virtual_time

@virtual_time
async def test_it(station, car):
    async with station(services=["DC"]) as charger, car(charger, loops=3) as driver:
        assert (await driver.ended()).clean
"""


def run_here(pytester: pytest.Pytester, source: str) -> pytest.RunResult:
    """pytest over one test module that asks for the plugin."""
    pytester.makepyfile(test_bench_example=f'pytest_plugins = ["iso15118.testing.plugin"]\n{source}')
    return pytester.runpytest_subprocess("-p", "no:cacheprovider")


def test_the_fixtures_are_the_functions(pytester: pytest.Pytester) -> None:
    run_here(pytester, GOOD).assert_outcomes(passed=1)


def test_a_failed_test_shows_what_was_said(pytester: pytest.Pytester) -> None:
    result = run_here(pytester, GOOD.replace("loops=3", "loops=3, evcc_id='X' * 255").replace(".clean", ".clean is None"))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*what was said at charger 1*", "*car -> DC_CableCheckReq", "*<- DC_CableCheckRes OK", "*ended in order: *"],
    )
