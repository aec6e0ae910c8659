from __future__ import annotations

import copy
from typing import Any

from rgraph.expressions import Scope
from rgraph.importing.drafts import comment_of, noted
from rgraph.importing.expanding import expanded
from rgraph.importing.lifting import lifted
from tests.unit.importing.drafts import lines

Data = dict[str, Any]


def openmpi(version: str) -> list[Data]:
    return [
        {"env": {"OPENMPI_VERSION": version}},
        {
            "source": {
                "name": "openmpi",
                "version": version,
                "url": f"https://x.org/openmpi-{version}.tar.gz",
                "configure": ["--with-ucx=/usr/local", "--enable-mca-no-build=btl-uct", "--enable-orterun"],
                "make": ["all", "install"],
                "directory": "openmpi",
                "run": [f"a long command that says many words, the {n}th" for n in ("first", "last")],
            }
        },
    ]


def layer(name: str, *steps: Data, **more: Any) -> Data:
    return {"kind": "base", "name": name, "steps": list(steps), **more}


def lift(*documents: Data) -> tuple[list[Data], list[Data]]:
    """Lifts, and shows that all lists of steps come to the same, and that nothing became longer."""
    before = copy.deepcopy(list(documents))
    made, recipes = lifted(documents, lines)
    known = {each["name"]: each for each in recipes}
    values = Scope({"mpi": "5.0", "ucx": True})
    for old, new in zip(before, made, strict=True):
        assert expanded(new["steps"], values, known) == expanded(old["steps"], values, {})
        for first, second in zip(old.get("stages", []), new.get("stages", []), strict=True):
            assert expanded(second["steps"], values, known) == expanded(first["steps"], values, {})
    assert list(documents) == before
    if recipes:
        assert sum(map(lines, [*made, *recipes])) < sum(map(lines, before))
    return made, recipes


def test_a_block_that_recurs() -> None:
    made, recipes = lift(
        layer("a", {"user": "root"}, *openmpi("4.1.0")),
        layer("b", *openmpi("3.1.2"), {"workdir": "/app"}),
    )
    [recipe] = recipes
    assert (recipe["kind"], recipe["name"], recipe["params"]) == ("recipe", "openmpi", {"openmpi": None})
    assert recipe["steps"][0] == {"env": {"OPENMPI_VERSION": "${{ openmpi }}"}}
    assert made[0]["steps"] == [{"user": "root"}, {"use": "openmpi", "with": {"openmpi": "4.1.0"}}]
    assert made[1]["steps"] == [{"use": "openmpi", "with": {"openmpi": "3.1.2"}}, {"workdir": "/app"}]


def test_what_is_the_same_needs_no_parameter() -> None:
    made, [recipe] = lift(layer("a", *openmpi("4.1.0")), layer("b", *openmpi("4.1.0")))
    assert "params" not in recipe
    assert made[0]["steps"] == [{"use": "openmpi"}]


def test_short_blocks_stay() -> None:
    documents = [layer(name, {"user": "root"}, {"apt": ["curl"]}) for name in "abcd"]
    assert lift(*documents) == (documents, [])


def test_expressions_become_parameters() -> None:
    made, [recipe] = lift(layer("a", *openmpi("${{ mpi }}")), layer("b", *openmpi("4.1.0")))
    assert list(recipe["params"]) == ["openmpi"]
    assert made[0]["steps"] == [{"use": "openmpi", "with": {"openmpi": "${{ mpi }}"}}]


def test_a_name_that_all_use_is_still_the_layers_own() -> None:
    made, [recipe] = lift(layer("a", *openmpi("${{ mpi }}")), layer("b", *openmpi("${{ mpi }}")))
    assert list(recipe["params"]) == ["mpi"]
    assert made[1]["steps"] == [{"use": "openmpi", "with": {"mpi": "${{ mpi }}"}}]


def test_a_condition_goes_to_the_use() -> None:
    conditional = [{**step, "when": "${{ ucx }}"} for step in openmpi("4.1.0")]
    made, [recipe] = lift(layer("a", *conditional), layer("b", *openmpi("3.1.2")))
    assert made[0]["steps"] == [{"use": "openmpi", "with": {"openmpi": "4.1.0"}, "when": "${{ ucx }}"}]
    assert not any("when" in step for step in recipe["steps"])


def test_a_block_does_not_reach_over_conditions() -> None:
    first, second = openmpi("4.1.0")
    torn = [first, {**second, "when": "${{ ucx }}"}]
    made, recipes = lift(layer("a", *torn), layer("b", *openmpi("3.1.2")), layer("c", *openmpi("3.1.3")))
    assert made[0]["steps"][0] == first
    assert made[0]["steps"][1]["when"] == "${{ ucx }}"
    assert recipes


def test_stages_use_recipes_too() -> None:
    stage = {"name": "build", "from": "debian12", "steps": openmpi("4.1.0")}
    made, _ = lift(layer("a", {"user": "x"}, stages=[stage]), layer("b", *openmpi("4.1.0")))
    assert made[0]["stages"][0]["steps"] == [{"use": "openmpi"}]


def test_repetition_within_one_list() -> None:
    made, _ = lift(layer("a", *openmpi("4.1.0"), *openmpi("4.1.1"), *openmpi("4.1.2")))
    assert [step["with"]["openmpi"] for step in made[0]["steps"]] == ["4.1.0", "4.1.1", "4.1.2"]


def test_too_many_differences_leave_those_that_are_the_same() -> None:
    def many(seed: int) -> list[Data]:
        return [{"run": [f"step {n} of {seed * (n + 3)}" for n in range(9)], "provides": []}]

    _, recipes = lift(*(layer(f"l{n}", *many(n % 3)) for n in range(6)))
    assert len(recipes) == 3
    assert all("params" not in each for each in recipes)


def test_keys_with_numbers_are_no_parameters() -> None:
    def env(number: int) -> Data:
        return {"env": {f"A{number}": "x" * 60, f"B{number}": "y" * 60, "C": "z" * 60}}

    assert lift(*(layer(f"l{n}", env(n)) for n in range(5)))[1] == []


def test_comments_give_names() -> None:
    def steps(version: str) -> list[Data]:
        first, second = openmpi(version)
        return [noted(first, "Install the MPI library"), second]

    made, [recipe] = lift(layer("a", *steps("1.0")), layer("b", *steps("2.0")))
    assert recipe["name"] == "mpi-library"
    assert comment_of(made[0]["steps"][0]) == "Install the MPI library"


def test_names_are_unique() -> None:
    other = openmpi("1.0")
    other[1]["source"] = {**other[1]["source"], "prepare": ["./autogen.sh", "./prepare.sh with care"]}
    _, recipes = lift(
        layer("a", *openmpi("4.1.0")), layer("b", *openmpi("3.1.2")), layer("c", *other), layer("d", *other)
    )
    assert [each["name"] for each in recipes] == ["openmpi", "openmpi-2"]
