"""Execution match: what counts, what does not, what cannot fool it, and that it always ends."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shortcuts
from common import metrics
from common.metrics.execution_match import LIMITS, MOST_EFFECTS, WORLDS, bare_list, behaviour, execution_match, gold_worlds
from shortcuts import plist
from shortcuts.control_flow import ID, PARAMETERS
from shortcuts.machine import run
from tests.mutations import mutated_code
from tests.test_trace import HOSTILE

EXAMPLES = sorted((Path(__file__).resolve().parents[1] / "examples").glob("*.shortcut"))
SLOW = "flat ifs", "a long list", "a long chain", "doubling"  # to compile
IS = "is_workflow_actions_"
ASKS = f"""\
name = {IS}ask(WFAskActionPrompt='Who?')
{IS}showresult(Text=f'Hello {{name}}')
{IS}setclipboard(WFInput=f'<{{name}}>')
"""


def score(gold: str, prediction: str) -> float:
    found = execution_match(gold, prediction).match
    assert found is not None
    return found


# ---------------------------------------------------------------------------------------------------------------------------------
# what counts


def test_a_program_that_does_the_same_in_another_way_is_equal() -> None:
    same = f"""\
who = {IS}ask(WFAskActionPrompt='What is your name?')
tag = {IS}gettext(WFTextActionText=f'<{{who}}>')
{IS}setclipboard(WFInput=tag)
greeting = f'Hello {{who}}'
{IS}alert(WFAlertActionTitle='', WFAlertActionMessage=greeting)
"""
    assert execution_match(ASKS, same) == execution_match(ASKS, ASKS) == (1.0, True, True)


def test_natural_python_runs_as_what_it_compiles_to() -> None:
    natural = "name = input('Who?')\nprint(f'Hello {name}')\n" f"{IS}setclipboard(WFInput='<' + name + '>')\n"
    assert execution_match(ASKS, natural).equal


@pytest.mark.parametrize(("change", "by"), [
    pytest.param(("Hello", "Hi"), 0.5, id="another text of one of two effects"),
    pytest.param((f"{IS}ask(WFAskActionPrompt='Who?')", "'Ada'"), 1.0, id="the same whatever is answered"),
    pytest.param((f"{IS}setclipboard(WFInput=f'<{{name}}>')\n", ""), 1 / 3, id="an effect that is missing"),
    pytest.param(("Who?')\n", f"Who?')\n{IS}vibrate()\n"), 0.2, id="one that is too many"),
    pytest.param(("Who?')\n", f"Who?')\n{IS}exit()\n"), 1.0, id="it stops before"),
])  # fmt: skip
def test_each_difference_costs_its_share(change: tuple[str, str], by: float) -> None:
    assert ASKS.replace(*change) != ASKS and score(ASKS, ASKS.replace(*change)) == pytest.approx(1 - by)


def test_order_counts_for_what_a_person_sees_and_for_what_is_written_to_one_place() -> None:
    one, two = (f"{IS}showresult(Text='{word}')\n" for word in ("one", "two"))
    a, b = f"{IS}setclipboard(WFInput='a')\n", f"{IS}setvolume(WFVolume=0.3)\n"
    assert score(one + two + a + b, one + b + two + a) == 1 and score(one + two, two + one) == 0.5


SURE = f"f = {IS}documentpicker_open(WFGetFilePath='notes.txt')\n"


@pytest.mark.parametrize("sure", [f"{IS}alert(WFAlertActionMessage='Delete it?')\n", f"{IS}alert(WFAlertActionTitle='Sure?')\n"])
def test_who_is_asked_after_the_deletion_cannot_stop_it(sure: str) -> None:
    delete = f"{IS}file_delete(WFInput=f)\n"
    assert execution_match(SURE + sure + delete, SURE + sure + delete).equal
    assert not execution_match(SURE + sure + delete, SURE + delete + sure).equal
    told = sure.replace("')", "', WFAlertActionCancelButtonShown=False)")  # nobody can cancel this one
    assert execution_match(SURE + told + delete, SURE + delete + told).equal
    assert [world.cancels for world in gold_worlds(SURE + sure + delete)][-1] and not any(world.cancels for world in gold_worlds(SURE + told + delete))


SAVE = IS + "documentpicker_save(WFInput='{}', WFFileDestinationPath='{}', WFAskWhereToSave=False, WFSaveFileOverwrite=True)\n"


@pytest.mark.parametrize(("first", "second", "by"), [
    pytest.param(f"{IS}setclipboard(WFInput='a')\n", f"{IS}setclipboard(WFInput='b')\n", 0.5, id="the clipboard"),
    pytest.param(SAVE.format("a", "x.txt"), SAVE.format("b", "x.txt"), 0.5, id="a file"),
    pytest.param(SAVE.format("a", "x.txt"), SAVE.format("b", "y.txt"), 1.0, id="two files"),
    pytest.param(f"{IS}setvolume(WFVolume=0.3)\n", f"{IS}setvolume(WFVolume=0.6)\n", 0.5, id="a setting"),
    pytest.param(f"{IS}setvolume(WFVolume=0.3)\n", f"{IS}setbrightness(WFBrightness=0.3)\n", 1.0, id="two settings"),
])  # fmt: skip
def test_what_is_written_last_to_a_place_stays_there(first: str, second: str, by: float) -> None:
    assert score(first + second, second + first) == by
    assert execution_match(first + second, first + second).equal


@pytest.mark.parametrize(("gold", "other"), [
    pytest.param("match menu('Which?'):\n    case 'Tea':\n        @showresult(Text='tea')\n    case 'Coffee':\n        @vibrate()\n",
                 "match menu('Which?'):\n    case 'Coffee':\n        @vibrate()\n    case 'Tea':\n        @showresult(Text='tea')\n", id="menu"),
    pytest.param("a = ['b', 'a', 'c']\nx = @choosefromlist(WFInput=a)\n@showresult(Text=f'{x}')\n",
                 "a = ['a', 'c', 'b']\nx = @choosefromlist(WFInput=a)\n@showresult(Text=f'{x}')\n", id="list"),
    pytest.param("a = ['b', 'a']\nx = @choosefromlist(WFInput=a, WFChooseFromListActionSelectMultiple=True)\n@count(Input=x)\n@vibrate()\n"
                 "for one in x:\n    @savetocameraroll(WFInput=one)\n",
                 "a = ['a', 'b']\nx = @choosefromlist(WFInput=a, WFChooseFromListActionSelectMultiple=True)\n@count(Input=x)\n@vibrate()\n"
                 "for one in x:\n    @savetocameraroll(WFInput=one)\n", id="several of a list"),
])  # fmt: skip
def test_choices_in_another_order_are_the_same_choices(gold: str, other: str) -> None:
    assert execution_match(gold.replace("@", IS), other.replace("@", IS)).equal


@pytest.mark.parametrize("gold", [
    pytest.param("n = 0\nfor one in shortcut_input():\n    n = @math(WFInput=n, WFMathOperand=1)\n@showresult(Text=f'{n}')\n", id="of the input"),
    pytest.param("d = @downloadurl(WFURL='https://a.example')\nt = ''\nfor one in d['articles']:\n    t = f\"{t}{one['title']}\"\n@showresult(Text=t)\n",
                 id="of a list of dictionaries"),
    pytest.param("d = @downloadurl(WFURL='https://a.example')\nt = ''\nfor one in d['tags']:\n    t = f'{t}{one}'\n@showresult(Text=t)\n",
                 id="of a list of texts"),
    pytest.param("p = @selectphoto(WFSelectMultiplePhotos=True)\nn = 0\nfor one in p:\n    n = @math(WFInput=n, WFMathOperand=1)\n@showresult(Text=f'{n}')\n", id="of photos"),
])  # fmt: skip
def test_what_stands_behind_a_repeat_is_not_the_same_inside_it(gold: str) -> None:
    gold = gold.replace("@", IS)
    moved = gold.replace(f"\n{IS}showresult", f"\n    {IS}showresult")
    assert moved != gold and execution_match(gold, gold).equal and not execution_match(gold, moved).equal


def test_both_branches_of_gold_are_compared() -> None:
    code = f"number = {IS}ask(WFAskActionPrompt='How many?', WFInputType='Number')\nif number > 9:\n    {IS}showresult(Text='many')\n" \
        f"else:\n    {IS}showresult(Text='few')\n"  # fmt: skip
    assert {execution_match(code, f"{IS}showresult(Text='{word}')\n").equal for word in ("many", "few")} == {False}
    assert 0 < score(code, f"{IS}showresult(Text='few')\n") < 1 and score(code, code.replace("> 9", "<= 9")) == 0


@pytest.mark.parametrize(("name", "least", "never"), [("Chance of Precipitation", 50, 101), ("UV Index", 6, 12), ("Humidity", 60, 100)])
def test_what_a_shortcut_compares_of_the_weather_takes_both_branches(name: str, least: int, never: int) -> None:
    code = f"now = {IS}weather_currentconditions()\nfound = {IS}properties_weather_conditions(WFInput=now, WFContentItemPropertyName='{name}')\n" \
        f"if found >= {least}:\n    {IS}showresult(Text='yes')\nelse:\n    {IS}showresult(Text='no')\n"  # fmt: skip
    assert score(code, code) == 1 and 0 < score(code, code.replace(f">= {least}", f">= {never}")) < 1


def test_doing_something_where_gold_does_nothing_costs() -> None:
    asked = f"number = {IS}ask(WFAskActionPrompt='How many?', WFInputType='Number')\n"
    gold = f"{asked}if number > 9:\n    {IS}setclipboard(WFInput='x')\n"
    assert score(gold, f"{IS}setclipboard(WFInput='x')\n") < 1 == score(gold, gold)


def test_what_is_unknown_is_compared_by_what_it_comes_from() -> None:
    def reads(image: str, find: str = "a") -> str:
        return f"picture = {image}\ntext = {IS}extracttextfromimage(WFImage=picture)\n" \
            f"short = {IS}text_replace(WFInput=text, WFReplaceTextFind='{find}')\n{IS}setclipboard(WFInput=f'{{short}}!')\n"  # fmt: skip

    gold = reads(f"{IS}selectphoto()")
    assert execution_match(gold, gold) == (1.0, True, False)
    assert score(gold, reads(f"{IS}selectphoto()", "b")) == 0 and score(gold, reads(f"{IS}getlatestphotoimport()")) < 1


def test_a_gold_without_effects_is_compared_by_its_output() -> None:
    gold = f"number = {IS}number(WFNumberActionNumber=2)\n{IS}math(WFInput=number, WFMathOperation='+', WFMathOperand=3)\n"
    assert score(gold, gold) == score(gold, f"{IS}gettext(WFTextActionText='5')\n") == 1
    assert score(gold, f"{IS}gettext(WFTextActionText='6')\n") == score(gold, "") == 0


@pytest.mark.parametrize("gold", ["", "x = ", "pass\n", f"{IS}vibrate()\n", f"{IS}comment(WFCommentActionText='x')\n"])
def test_a_gold_that_says_nothing_is_not_scored(gold: str) -> None:
    assert execution_match(gold, gold).match is None
    scores = metrics.score(gold, "x = 1")
    assert scores["execution_match"] is None and scores["execution_equal"] is None and scores["executed"] == 0.0


@pytest.mark.parametrize("prediction", ["", "x = (", f"{IS}no_such_action(WFInput=5)\n", "print(", "Sorry, I cannot do that."])
def test_what_does_nothing_or_no_program_is_scores_nothing(prediction: str) -> None:
    assert execution_match(ASKS, prediction) == (0.0, False, True) and metrics.score(ASKS, prediction)["execution_match"] == 0.0


# ---------------------------------------------------------------------------------------------------------------------------------
# real programs


@pytest.fixture(scope="module")
def golds() -> list[str]:
    """The programs of examples/ that can be judged."""
    codes = [shortcuts.to_python(plist.read_shortcut(path.read_bytes()))[0] for path in EXAMPLES]
    covered = [code for code in codes if execution_match(code, code).match is not None]
    assert len(covered) >= 0.9 * len(codes)
    return covered


def mean(golds: list[str], predictions: list[str]) -> float:
    return sum(map(score, golds, predictions)) / len(golds)


@pytest.mark.ci
def test_gold_and_its_renamed_copy_are_equal(golds: list[str]) -> None:
    for gold in golds:
        renamed = shortcuts.rename(gold, {name: f"name{number}x" for number, name in enumerate(shortcuts.bound_names(gold))})
        assert execution_match(gold, gold).equal and execution_match(gold, renamed).equal
        assert 1 <= len(gold_worlds(gold)) <= WORLDS


@pytest.mark.ci
def test_cheap_answers_get_at_most_five(golds: list[str]) -> None:
    everywhere = "".join(f"{IS}{name}({key}=x)\n" for name, key in (
        ("showresult", "Text"), ("notification", "WFNotificationActionBody"), ("speaktext", "WFText"), ("setclipboard", "WFInput"),
        ("share", "WFInput"), ("openurl", "WFInput"), ("previewdocument", "WFInput")))  # fmt: skip
    for made in ("", f"{IS}showresult(Text='Done')\n", f"x = shortcut_input()\n{everywhere}", f"x = {IS}ask(WFAskActionPrompt='?')\n{everywhere}"):
        assert mean(golds, [made] * len(golds)) <= (0.05 if made else 0), made
    assert mean(golds, golds[1:] + golds[:1]) <= 0.05 and mean(golds, list(map(bare_list, golds))) <= 0.05


@pytest.mark.ci
def test_each_effect_that_is_dropped_costs(golds: list[str]) -> None:
    tried = 0
    for gold in golds:
        actions = shortcuts.to_shortcut(gold)["WFWorkflowActions"]
        for index in {effect.index for world in gold_worlds(gold) for effect in run(gold, world, LIMITS).effects if any(effect.what.values())}:
            shortcut = shortcuts.to_shortcut(gold)
            shortcut["WFWorkflowActions"] = [*actions[:index], {ID: "is.workflow.actions.comment", PARAMETERS: {}}, *actions[index + 1 :]]
            assert score(gold, shortcuts.to_python(shortcut)[0]) < 1, (gold, index)
            tried += 1
    assert tried >= 30


def test_the_worlds_of_a_gold_do_not_depend_on_the_order_of_sets() -> None:
    paths = [f"place{number}" for number in range(40)]
    gold = "".join(f"v{path} = dk_simonbs_DataJar_GetValueIntent(keyPath='{path}')\n{IS}showresult(Text=f'<{{v{path}}}>')\n" for path in paths)
    assert [list(world.stored) for world in gold_worlds(gold)] == [sorted(paths)] * WORLDS


# ---------------------------------------------------------------------------------------------------------------------------------
# it always ends


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in HOSTILE])
def test_hostile_code_on_either_side_is_no_trouble(name: str) -> None:
    code = HOSTILE[name]
    assert 0 <= score(ASKS, code) <= 1 and execution_match(code, ASKS).match in (None, 0.0)


@pytest.mark.ci
@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_a_damaged_program_gets_a_score(golds: list[str], seed: int) -> None:
    gold = golds[seed % len(golds)]
    assert 0 <= score(gold, mutated_code(gold, random.Random(seed))) <= 1


@pytest.mark.ci
def test_a_program_that_floods_is_cut() -> None:
    flood = f"for i in range(1200):\n    x = {IS}gettext(WFTextActionText='{'y' * 200}')\n    {IS}showresult(Text=x)\n    {IS}setclipboard(WFInput=x)\n"
    assert score(ASKS, flood) == 0 and score(flood, flood) == 1
    assert {len(behaviour(run(flood, world, LIMITS), world).seen) for world in gold_worlds(flood)} <= set(range(MOST_EFFECTS + 1))


IF = "x = is_workflow_actions_ask(WFAskActionPrompt='Word?'{kind})\nif x {test}:\n    is_workflow_actions_showresult(Text='Welcome')\n"
ELSE = "else:\n    is_workflow_actions_showresult(Text='Wrong')\n"
NUMBER = ", WFInputType='Number'"


@pytest.mark.parametrize(("gold", "guess"), [
    (IF.format(kind="", test="== 'sesame'"), IF.format(kind="", test="== 'other'")),
    (IF.format(kind="", test="== 'sesame'"), "x = is_workflow_actions_ask(WFAskActionPrompt='Word?')\n"),
    (IF.format(kind="", test="== 'sesame'") + ELSE, "is_workflow_actions_showresult(Text='Wrong')\n"),
    (IF.format(kind="", test="== 'sesame' or x == 'open'") + ELSE, IF.format(kind="", test="== 'a' or x == 'b'") + ELSE),
    (IF.format(kind=NUMBER, test="> 40") + ELSE, IF.format(kind=NUMBER, test="> 50") + ELSE),
    (IF.format(kind=NUMBER, test="> 40") + ELSE, IF.format(kind=NUMBER, test=">= 40") + ELSE),
])
def test_a_person_says_what_gold_asks_about(gold, guess):
    assert execution_match(gold, gold).equal
    assert execution_match(gold, guess).match <= 0.75 and not execution_match(gold, guess).equal


def test_what_no_world_reaches_is_not_judged_by_the_output():
    gold = "x = is_workflow_actions_ask(WFAskActionPrompt='Go?')\nif x.startswith('yes') and x.endswith('sir'):\n    is_workflow_actions_showresult(Text='done')\n"
    assert execution_match(gold, "x = is_workflow_actions_ask(WFAskActionPrompt='Go?')\n").match in (None, 0)


@pytest.mark.parametrize("gold", [
    "level = is_workflow_actions_getbatterylevel()\nif level < 30:\n    is_workflow_actions_setbrightness(WFBrightness=0.2)\n",
    "n = shortcut_input()\nif n > 12:\n    is_workflow_actions_showresult(Text='many')\nelse:\n    is_workflow_actions_showresult(Text='few')\n",
    "mode = dk_simonbs_DataJar_GetValueIntent(keyPath='mode')\nif mode == 'day':\n    is_workflow_actions_showresult(Text='a')\nelse:\n"
    "    is_workflow_actions_showresult(Text='b')\n",
])
def test_another_threshold_is_another_program(gold):
    other = gold.replace("30", "31").replace("> 12", ">= 12").replace("'day'", "'night'")
    assert execution_match(gold, gold).equal and not execution_match(gold, other).equal
